"""The comparison of decoders, with one of them and hardly any training."""

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
