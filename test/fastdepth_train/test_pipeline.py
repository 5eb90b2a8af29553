"""From frames to a scored 8-bit file by the command line alone, as a user goes."""

import csv
import json
import shutil
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from fastdepth.cli.main import main
from fastdepth.engines import read_card
from fastdepth.sources import open_source
from fastdepth_train.checkpoint import load_checkpoint
from fastdepth_train.networks.cost import network_cost
from test.data import beside, shared
from test.fastdepth_train.conftest import write_config
from test.fastdepth_train.frames import kaggle_folder

FRAMES = 8


def made_up(folder):
    return kaggle_folder(folder, train=FRAMES, val=0, width=640, height=480)


def real(folder, nyu):
    """Return a data set of a few frames of another: its list is shorter, its files are theirs."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "nyu2_train").symlink_to(nyu / "data" / "nyu2_train")
    with (nyu / "data" / "nyu2_train.csv").open() as file:
        rows = list(islice(file, 0, None, 80))[:FRAMES]
    assert len(rows) == FRAMES
    (folder / "data" / "nyu2_train.csv").write_text("".join(rows))
    return folder


def run(*args):
    assert main([str(arg) for arg in args]) == 0


def last_logged(folder, key):
    with (folder / "logs" / "version_0" / "metrics.csv").open() as file:
        return [float(row[key]) for row in csv.DictReader(file) if row.get(key)][-1]


class Trained(NamedTuple):
    """A tiny network that has learnt a few frames by heart."""

    data: Path
    run: Path
    exported: Path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train and export on real frames where they are at hand, on made-up ones otherwise."""
    folder = tmp_path_factory.mktemp("pipeline")
    nyu = beside("data", "nyu_depth_v2")
    data = real(folder / "frames", nyu) if nyu.is_dir() else made_up(folder / "frames")
    config = write_config(
        folder / "tiny.yaml",
        data,
        model__protocol="fastdepth",
        trainer__max_epochs=150,
        trainer__check_val_every_n_epoch=75,
    )
    run("train", "--config", config, "--run", folder / "run")
    exported = folder / "tiny.onnx"
    checkpoint = folder / "run" / "checkpoints" / "last.ckpt"
    run("export", checkpoint, exported, "--evaluate", data, "--split", "train")
    return Trained(data, folder / "run", exported)


def evaluated(trained, model, out):
    """Return the figures that `fastdepth evaluate` writes."""
    run(
        *("evaluate", trained.data, "--split", "train", "--protocol", "fastdepth"),
        *("--model", model, "--out", out, "--json", out / "figures.json"),
        *("--pictures", 1, "--record-rate", 0),
    )
    assert (out / "report.html").is_file()
    return json.loads((out / "figures.json").read_text())


def test_eight_real_frames_are_learnt_by_heart(tmp_path):
    data = real(tmp_path / "frames", shared("data", "nyu_depth_v2"))
    config = write_config(
        tmp_path / "config.yaml",
        data,
        model__network=None,
        model__preset="tiny",
        model__loss={"l1": 0.2, "log_l1": 1.0},
        model__optimizer={"lr": 0.01},
        data__input_size=[128, 96],
        trainer__max_epochs=130,
        trainer__check_val_every_n_epoch=130,
    )
    run("train", "--config", config, "--run", tmp_path / "run")
    # Of all pixels of the whole frames, as the core's estimator and metrics see them.
    assert last_logged(tmp_path / "run", "val/delta1") > 0.97


def test_from_frames_to_a_scored_8_bit_file(trained, tmp_path):
    data, exported = trained.data, trained.exported
    quantised = tmp_path / "tiny_int8.onnx"
    calibration = ("--calibration", data, "--split", "train", "--frames", FRAMES)
    fixed = ("--method", "MinMax", "--keep-float", "none")
    run("quantize", exported, quantised, *calibration, *fixed)
    figures = evaluated(trained, exported, tmp_path / "float")
    in_8_bits = evaluated(trained, quantised, tmp_path / "int8")

    # One measure from the training loop over the card to the evaluation of the file.
    (on_card,) = (a for a in read_card(exported).accuracy if a.protocol == "fastdepth")
    assert figures["frames"] == on_card.metrics["frames"] == FRAMES
    for key in ("rmse", "abs_rel", "delta1", "accuracy15"):
        assert figures[key] == pytest.approx(on_card.metrics[key], rel=1e-6)
        assert figures[key] == pytest.approx(last_logged(trained.run, f"val/{key}"), rel=1e-3)
    # It has learnt more than how far away things are on average.
    assert figures["rmse"] < 0.85 * rmse_of_the_mean(data)
    # Eight bits cost little accuracy and save most of the file.
    assert figures["rmse"] != in_8_bits["rmse"] < 1.1 * figures["rmse"]
    assert quantised.stat().st_size < exported.stat().st_size
    assert read_card(quantised).focal_length == read_card(exported).focal_length


def test_pruned_and_taught_networks_go_the_same_way(trained, tmp_path):
    checkpoint = trained.run / "checkpoints" / "last.ckpt"
    where = (
        "--data.root",
        trained.data,
        "--data.train_split",
        "train",
        "--data.val_split",
        "train",
    )
    hardly = (f"--prune.{name}=1" for name in ("steps", "measured"))
    run(
        *("prune", checkpoint, tmp_path / "pruned.ckpt", "--target-macs", 0.7, "--prune.unit", 4),
        *(*hardly, "--prune.tune=2", "--prune.final=10", *where, "--data.batch_size", 4),
    )
    taught = write_config(
        tmp_path / "taught.yaml",
        trained.data,
        model__protocol="fastdepth",
        model__start=str(tmp_path / "pruned.ckpt"),
        data__teacher=str(trained.exported),
        data__mix={"share": 0.5},
        trainer__max_epochs=20,
        trainer__check_val_every_n_epoch=20,
    )
    run("train", "--config", taught, "--run", tmp_path / "taught")
    exported = tmp_path / "small.onnx"
    run("export", tmp_path / "taught" / "checkpoints" / "last.ckpt", exported)
    figures = evaluated(trained, exported, tmp_path / "scored")
    assert figures["rmse"] < 0.9 * rmse_of_the_mean(trained.data)
    networks = [load_checkpoint(path).network for path in (checkpoint, tmp_path / "pruned.ckpt")]
    whole, left = (network_cost(network, 96, 64).macs for network in networks)
    assert 0.4 * whole < left <= 0.7 * whole
    assert exported.stat().st_size < trained.exported.stat().st_size


def test_predicted_files_hold_the_scored_depth(trained, tmp_path):
    frame = next(iter(open_source(trained.data, split="train")))
    picture = tmp_path / "frame.png"
    cv2.imwrite(str(picture), frame.image[..., ::-1])
    camera = frame.intrinsics
    run(
        *("predict", picture, "--out", tmp_path / "out", "--model", trained.exported),
        *("--intrinsics", f"{camera.fx},{camera.fy},{camera.cx},{camera.cy}"),
    )
    depth = cv2.imread(str(tmp_path / "out" / "frame_depth.png"), cv2.IMREAD_UNCHANGED)
    metres = np.load(tmp_path / "out" / "frame_depth.npy")
    assert depth.dtype == np.uint16
    assert np.abs(depth / 1000 - metres).max() < 1e-3
    valid = np.isfinite(frame.depth)
    error = cv2.resize(metres, frame.depth.shape[::-1])[valid] - frame.depth[valid]
    assert np.sqrt((error**2).mean()) < 0.7 * frame.depth[valid].std()


def rmse_of_the_mean(data: Path) -> float:
    """Return the RMSE of answering every pixel with the mean depth."""
    frames = [frame.depth for frame in open_source(data, split="train")]
    mean = np.nanmean(frames)
    return float(np.mean([np.sqrt(np.nanmean((depth - mean) ** 2)) for depth in frames]))


def test_verbs_refuse_each_others_files(trained, tmp_path, capsys):
    out = tmp_path / "again.onnx"
    assert main(["export", str(trained.exported), str(out)]) == 1
    assert "tiny.onnx" in capsys.readouterr().err
    named_wrong = tmp_path / "last.onnx"
    shutil.copy(trained.run / "checkpoints" / "last.ckpt", named_wrong)
    assert main(["info", str(named_wrong)]) == 1
    assert "last.onnx" in capsys.readouterr().err
    assert not out.exists()
