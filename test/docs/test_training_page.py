"""docs/training.md: every command on it, in its order, with as little work as they can be given."""

import json
import os
import re
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("torch")

from fastdepth.cli.main import main
from fastdepth.engines import read_card
from test.docs.pages import DOCS, blocks, commands, words
from test.fastdepth_train.frames import room

ROOT = DOCS.parent
PAGE = "training.md"
# Runs that differ from others on the page in nothing that a test this small could tell.
ONLY_READ = ("runs/chosen", "runs/two")
LITTLE = {
    "train": """--trainer.max_epochs 1 --trainer.limit_train_batches 1 --trainer.limit_val_batches 1
        --trainer.check_val_every_n_epoch 1 --trainer.num_sanity_val_steps 0
        --data.batch_size 2 --data.input_size [64,64] --trainer.enable_progress_bar false""",
    "quantize": "--frames 2 --method MinMax --keep-float none",
    "prune": """--prune.steps 1 --prune.tune 1 --prune.final 1 --prune.measured 1
        --data.batch_size 2""",
    "evaluate": "--pictures 1 --record-rate 0",
}


def kaggle_download(folder: Path) -> None:
    """Lay out made-up frames as the Kaggle download has them: scenes in parts, two lists."""
    scenes = [f"den_{number:04d}{part}_out" for number in range(13) for part in "ab"]
    rows = []
    for seed, scene in enumerate(scenes):
        frame = room(seed, 640, 480)
        place = folder / "data" / "nyu2_train" / scene
        place.mkdir(parents=True)
        cv2.imwrite(str(place / "1.jpg"), frame.image[..., ::-1])
        cv2.imwrite(str(place / "1.png"), np.nan_to_num(frame.depth * 25.5).astype(np.uint8))
        rows.append(",".join(f"data/nyu2_train/{scene}/1.{kind}" for kind in ("jpg", "png")))
    (folder / "data" / "nyu2_train.csv").write_text("\n".join(rows) + "\n")
    test = folder / "data" / "nyu2_test"
    test.mkdir()
    frame = room(99, 640, 480)
    cv2.imwrite(str(test / "00000_colors.png"), frame.image[..., ::-1])
    cv2.imwrite(str(test / "00000_depth.png"), np.nan_to_num(frame.depth * 1000).astype(np.uint16))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Do everything on the page in a folder like the project's, once."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("config", "samples"):
        (folder / name).symlink_to(ROOT / name)
    environment = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in blocks(PAGE):
            if (block.language, block.mark) != ("sh", ""):
                continue
            for command in commands(block):
                do(command, folder, environment)
    return folder


def do(command, folder, environment):
    if command.startswith("DATA="):
        environment["DATA"] = command.removeprefix("DATA=")
        kaggle_download(folder / environment["DATA"])
    elif command.startswith("fastdepth "):
        fastdepth(words(command, folder, environment)[1:])
    elif command.startswith("python tools/"):
        assert (ROOT / command.split()[1]).is_file()
    elif not command.startswith("pip install"):
        subprocess.run(["bash", "-euc", command], cwd=folder, env=environment, check=True)


def fastdepth(args):
    verb = args[0]
    if verb == "train":
        if any(run in args for run in ONLY_READ):
            with pytest.raises(SystemExit) as ended:
                main([*args, "--print_config"])
            assert ended.value.code == 0
            return
        args = [*args, *LITTLE[verb].split()]
        if "--model.start" not in args:
            args += ["--model.encoder_weights", "none"]
        if "--resume" in args:
            args += ["--trainer.max_epochs", "2"]
    else:
        args = [*args, *LITTLE.get(verb, "").split()]
    assert main(args) == 0, args


def test_validation_scenes_are_in_no_training_frame(place):
    data = place / "nyu" / "nyu_data" / "data"
    train, val = ((data / f"nyu2_{split}.csv").read_text() for split in ("train", "val"))
    # Both parts of the 13th scene, and no other.
    assert re.findall(r"(\w+)/1.jpg", val) == ["den_0012a_out", "den_0012b_out"]
    assert len(train.splitlines()) == 24
    assert "den_0012" not in train


def test_the_way_ends_in_measured_files(place):
    for name in ("mine.onnx", "mine_int8.onnx", "pruned.onnx"):
        protocols = {accuracy.protocol for accuracy in read_card(place / name).accuracy}
        assert protocols == {"fastdepth", "eigen"}, name
    assert read_card(place / "named.onnx").version == "2"
    assert (place / "mine_int8.onnx").stat().st_size < (place / "mine.onnx").stat().st_size
    assert (place / "out" / "mine" / "report.html").is_file()
    assert (place / "out" / "pictures" / "00000_colors_depth.npy").is_file()


def test_the_run_folder_holds_what_the_table_lists(place):
    text = (DOCS / PAGE).read_text()
    table = text[text.index("## The run folder") :].split("\n\n")[1]
    names = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)[1:]
    listed = {name for cell in names for name in re.findall(r"`([^`]+)`", cell)}
    assert {"report.html", "checkpoints/best.ckpt"} <= listed
    for name in listed:
        assert (place / "runs" / "mine" / name).exists(), name
    starts = json.loads((place / "runs" / "mine" / "run.json").read_text())["starts"]
    assert len(starts) == 2


def test_recipes_that_are_listed_are_there():
    text = (DOCS / PAGE).read_text()
    table = text[text.index("## Recipes") :].split("\n\n")[1]
    listed = set(re.findall(r"^\| `(\w+\.yaml)`", table, re.MULTILINE))
    there = {path.name for path in (ROOT / "config" / "train").glob("*.yaml")}
    assert {"smoke.yaml", "fastdepth.yaml"} <= listed <= there


def test_snippets_of_recipes_are_accepted(tmp_path):
    for number, block in enumerate(b for b in blocks(PAGE) if b.language == "yaml"):
        snippet = tmp_path / f"{number}.yaml"
        snippet.write_text(block.text)
        assert yaml.safe_load(block.text)
        config = ROOT / "config" / "train" / "smoke.yaml"
        with pytest.raises(SystemExit) as ended:
            main(["train", "--config", str(config), "--config", str(snippet), "--print_config"])
        assert ended.value.code == 0


def test_what_is_not_run_here_is_there():
    (launch,) = (b.text for b in blocks(PAGE) if b.mark == "robot")
    assert launch.startswith("ros2 launch fastdepth depth.launch.py model:=")
    assert '"model"' in (ROOT / "launch" / "depth.launch.py").read_text()
    extras = {e for b in blocks(PAGE) for e in re.findall(r"fastdepth\[(\w+)\]", b.text)}
    assert extras
    assert all(f'"{extra}":' in (ROOT / "setup.py").read_text() for extra in extras)
