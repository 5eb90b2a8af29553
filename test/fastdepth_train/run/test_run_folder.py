import csv
import json
import resource

import cv2
import pytest

torch = pytest.importorskip("torch")

from tensorboard.backend.event_processing.event_accumulator import (  # noqa: E402
    EventAccumulator,
)

from fastdepth.cli.main import main  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint  # noqa: E402
from test.fastdepth_train.conftest import write_config  # noqa: E402
from test.fastdepth_train.test_training import failure, logged  # noqa: E402


def test_a_run_ends_in_a_report_that_needs_nothing_else(tiny_run):
    page = (tiny_run.folder / "report.html").read_text()
    assert "<h1>Training tiny</h1>" in page
    best = min(logged(tiny_run.folder, "val/rmse"))
    assert f"rmse {best:.4f}" in page
    assert page.count('<svg class="plot"') >= 5
    for words in ("Best frames", "Worst frames", "RMSE on frames trained on", "data:image/jpeg"):
        assert words in page
    assert "input_size:" in page  # the settings
    assert 'src="http' not in page


def test_the_report_warns_of_few_frames(tiny_run):
    assert "8 validation frames are few" in (tiny_run.folder / "report.html").read_text()


def test_the_pictures_of_a_run_are_pictures(tiny_run):
    for name in ("curves.png", "validation.png"):
        image = cv2.imread(str(tiny_run.folder / name))
        assert image is not None, name
        assert image.std() > 10


def test_one_table_has_what_was_logged(tiny_run):
    with (tiny_run.folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len([row for row in rows if row["train/loss"]]) == 80
    assert [float(row["val/rmse"]) for row in rows if row["val/rmse"]] == pytest.approx(
        logged(tiny_run.folder, "val/rmse")
    )
    # They are validated on the very frames that they are trained on.
    for row in rows:
        if row["val/rmse"]:
            assert row["seen/rmse"] == row["val/rmse"]


def test_the_record_says_what_ran(tiny_run):
    record = json.loads((tiny_run.folder / "run.json").read_text())
    assert (record["training_frames"], record["validated_on"], record["batch"]) == (8, 8, 8)
    (start,) = record["starts"]
    assert (start["state"], start["steps"], start["images"]) == ("finished", 80, 640)
    assert start["machine"]["device"].startswith("cpu")
    assert start["seconds"] > 0


def test_tensorboard_has_curves_and_depth(tiny_run):
    events = EventAccumulator(str(tiny_run.folder / "logs" / "version_0"))
    events.Reload()
    tags = events.Tags()
    assert {"train/loss", "val/rmse", "seen/rmse", "train/lr"} <= set(tags["scalars"])
    assert tags["images"] == ["validation"]


def test_the_best_few_are_kept_and_a_run_goes_on_from_any_of_them(tiny_run, tmp_path, capsys):
    config = write_config(
        tmp_path / "c.yaml",
        tiny_run.data,
        trainer__max_epochs=4,
        trainer__check_val_every_n_epoch=1,
        trainer__precision="bf16-mixed",
        data__batch_size=4,
        data__augment={"enabled": True},
        model__optimizer={
            "name": "sgd",
            "lr": 0.02,
            "schedule": "plateau",
            # Nothing is ever that much better: the rate falls with every validation but one.
            "plateau": {"patience": 0, "threshold": 0.9, "factor": 0.5},
        },
    )
    run, again = tmp_path / "run", tmp_path / "again"
    options = ("--keep", "2", "--choose_by", "silog")
    assert main(["train", "--config", str(config), "--run", str(run), *options]) == 0
    rates = logged(run, "train/lr")
    assert rates == pytest.approx([0.02] * 4 + [0.01] * 2 + [0.005] * 2)
    silog = logged(run, "val/silog")
    kept = {path.stem: path for path in (run / "checkpoints").iterdir()}
    order = sorted(range(4), key=silog.__getitem__)
    assert set(kept) == {"best", "last", *(f"step-{2 * (n + 1):06d}" for n in order[:2])}
    best = torch.load(kept["best"], weights_only=True)
    assert best["epoch"] == order[0]
    load_checkpoint(kept["best"])
    # Into another folder, from one that is not the last.
    start = kept[f"step-{2 * (min(order[:2]) + 1):06d}"]
    resume = ("--resume", str(start), *options)
    assert main(["train", "--config", str(config), "--run", str(again), *resume]) == 0
    rest = logged(again, "val/rmse")
    assert rest == pytest.approx(logged(run, "val/rmse")[4 - len(rest) :], rel=1e-4)
    whole, resumed = (
        torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
        for folder in (run, again)
    )
    assert whole["global_step"] == resumed["global_step"]


def test_a_run_stops_early_and_half_precision_works_on_a_cpu(tiny_run, tmp_path):
    stop = {
        "class_path": "lightning.pytorch.callbacks.EarlyStopping",
        # Nothing is ever that much better.
        "init_args": {"monitor": "val/rmse", "min_delta": 9.0, "patience": 1},
    }
    config = write_config(
        tmp_path / "c.yaml",
        tiny_run.data,
        trainer__max_epochs=9,
        trainer__check_val_every_n_epoch=1,
        trainer__precision="16-mixed",
        trainer__callbacks=[stop],
    )
    run = tmp_path / "run"
    assert main(["train", "--config", str(config), "--run", str(run)]) == 0
    assert len(logged(run, "val/rmse")) == 2
    (start,) = json.loads((run / "run.json").read_text())["starts"]
    assert start["state"] == "stopped early"
    assert start["precision"] == "bf16-mixed"  # what a CPU has instead
    assert "stopped early" in (run / "report.html").read_text()


def test_a_run_folder_that_cannot_be_made_is_named(tiny_run, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    text = failure(capsys, "--config", tiny_run.config, "--run", tmp_path / "file" / "run")
    assert "cannot make the output folder" in text


def test_a_disk_that_fills_up_leaves_the_last_checkpoint(tiny_run, tmp_path, capsys):
    config = write_config(tmp_path / "c.yaml", tiny_run.data, trainer__max_epochs=1)
    run = tmp_path / "run"
    assert main(["train", "--config", str(config), "--run", str(run)]) == 0
    capsys.readouterr()
    before = (run / "checkpoints" / "last.ckpt").read_bytes()
    longer = write_config(tmp_path / "longer.yaml", tiny_run.data, trainer__max_epochs=2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        text = failure(capsys, "--config", longer, "--run", run, "--resume", "auto")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "last.ckpt" in text
    assert (run / "checkpoints" / "last.ckpt").read_bytes() == before
    assert main(["train", "--config", str(longer), "--run", str(run), "--resume", "auto"]) == 0
