"""The comparisons of decoders and of ways to train, with hardly any training."""

import importlib
import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from fastdepth_train.cli.presets import describe
from fastdepth_train.networks import PRESETS
from test.fastdepth_train.frames import kaggle_folder

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("ablate_decoders")


def test_a_variant_is_trained_once_scored_and_tabulated(tool, tmp_path):
    data = kaggle_folder(tmp_path / "rooms", train=8, val=2, width=640, height=480)
    out = tmp_path / "out"
    command = ["--data", str(data), "--weights", "none", "--out", str(out), "--rounds", "1"]
    command += ["--only", "fusion 16", "--data.input_size", "[64, 64]"]
    command += ["--trainer.max_epochs", "1", "--trainer.check_val_every_n_epoch", "1"]
    assert tool.main(command) == 0
    (row,) = json.loads((out / "results.json").read_text())["variants"]
    assert row["accuracy"]["protocol"] == "fastdepth"
    assert row["accuracy"]["frames"] == 2
    # Cost is that at 224x224, whatever it was trained at.
    known = describe(PRESETS["mobilenetv2-fusion"])
    assert (row["macs"], row["parameters"]) == (known["macs"], known["parameters"])
    head, _, line = (out / "table.md").read_text().splitlines()
    assert head.startswith("| variant |")
    assert line.startswith("| fusion 16 | 1.79 M | 296 |")
    assert line.count("|") == head.count("|")
    assert (out / "decoders.png").stat().st_size > 5_000

    (variant,) = (v for v in tool.VARIANTS if v.name == "fusion 16")
    (last,) = out.glob("fusion-16/checkpoints/last.ckpt")
    written = last.stat().st_mtime_ns
    tool.train_and_score(variant, *tool._parser().parse_known_args(command))
    assert last.stat().st_mtime_ns == written


def test_variants_differ_in_name_and_network(tool):
    names = [variant.name for variant in tool.VARIANTS]
    assert len(set(names)) == len(names)
    trained = {
        (variant.seed, json.dumps(tool._plain(variant.network))) for variant in tool.VARIANTS
    }
    assert len(trained) == len(names)


def test_a_lever_changes_the_recipe_and_is_left_out_without_what_it_needs(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.syspath_prepend(str(TOOLS))
    levers = importlib.import_module("ablate_levers")
    data = kaggle_folder(tmp_path / "nyu", train=8, val=2, width=640, height=480)
    out = tmp_path / "out"
    command = ["--data", str(data), "--weights", "none", "--out", str(out)]
    command += ["--only", "baseline", "pasted pieces", "rooms", "--data.batch_size", "2"]
    command += ["--data.input_size", "[64, 64]", "--trainer.max_steps", "3"]
    assert levers.main(command) == 0
    assert "rooms: left out" in capsys.readouterr().out
    head, _, first, second = (out / "table.md").read_text().splitlines()
    assert head.startswith("| lever |")
    assert first.startswith("| baseline |")
    assert second.startswith("| pasted pieces |")
    assert not (out / "rooms").exists()
    assert "paste: 0.3" in (out / "pasted-pieces" / "config.yaml").read_text()

    args, _ = levers._parser().parse_known_args([*command, "--rooms", "made", "--teacher", "t"])
    (lever,) = (lever for lever in levers.LEVERS if lever.name == "rooms, half blends, views")
    given = levers.arguments_of(lever, args)
    assert json.loads(given[given.index("--data.more") + 1]) == [{"root": "made", "weight": 1.0}]
    assert given[given.index("--data.teacher") + 1] == "t"
    assert given[given.index("--data.mix.share") + 1] == "0.5"


def test_every_lever_is_a_change_of_its_own(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    levers = importlib.import_module("ablate_levers").LEVERS
    assert len({lever.name for lever in levers}) == len(levers)
    assert len({json.dumps(lever[1:]) for lever in levers}) == len(levers)
