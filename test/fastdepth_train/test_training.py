import csv
from pathlib import Path

import pytest
import yaml

torch = pytest.importorskip("torch")

from lightning.pytorch import Callback  # noqa: E402

from fastdepth.card import ModelCard  # noqa: E402
from fastdepth.cli.main import main  # noqa: E402
from fastdepth.errors import OutputError  # noqa: E402
from fastdepth_train.checkpoint import WholeFileCheckpointIO, load_checkpoint  # noqa: E402
from fastdepth_train.errors import CheckpointError  # noqa: E402
from fastdepth_train.networks import PRESETS  # noqa: E402
from fastdepth_train.run import checkpoints  # noqa: E402
from test.fastdepth_train.conftest import write_config  # noqa: E402


def logged(run, key):
    """Return the values of a metric in the order they were logged."""
    values = []
    for path in sorted(run.glob("logs/version_*/metrics.csv")):
        with path.open() as file:
            values += [float(row[key]) for row in csv.DictReader(file) if row.get(key)]
    return values


def test_training_learns_eight_frames_by_heart(tiny_run):
    losses = logged(tiny_run.folder, "train/loss")
    assert losses[-1] < losses[0] / 4
    delta1 = logged(tiny_run.folder, "val/delta1")
    assert len(delta1) == 2
    # Boxes 1 m and more apart, seen at half of 96x64: their edges cannot be had.
    assert delta1[-1] > 0.93
    assert logged(tiny_run.folder, "val/rmse")[-1] < 0.5


def test_the_run_folder_tells_what_was_run(tiny_run):
    saved = yaml.safe_load((tiny_run.folder / "logs/version_0/config.yaml").read_text())
    assert saved["data"]["root"] == str(tiny_run.data)
    assert saved["model"]["optimizer"]["lr"] == 0.02
    assert saved["seed_everything"] == 0


def test_a_checkpoint_rebuilds_its_network_and_card(tiny_run):
    network, card = load_checkpoint(tiny_run.folder / "checkpoints" / "last.ckpt")
    assert isinstance(card, ModelCard)
    assert card.name == "tiny"
    assert (card.input.width, card.input.height) == (96, 64)
    # NYU's camera, scaled to pictures of 96 pixels and squeezed to 64 rows.
    assert card.focal_length == pytest.approx((518.858 * 96 / 640, 519.470 * 64 / 480))
    assert card.training_data == ("rooms, train, 8 frames",)
    assert card.notes == "Made up for a test."
    assert not network.training
    assert network.config.decoder.channels == (24, 8, 8, 8, 8)


class PowerCut(Callback):
    """Ends a run at the start of an epoch."""

    def __init__(self, epoch: int = 2) -> None:
        self.epoch = epoch

    def on_train_epoch_start(self, trainer, pl_module):
        if trainer.current_epoch == self.epoch:
            msg = "power cut"
            raise RuntimeError(msg)


def test_a_resumed_run_comes_to_the_numbers_of_an_unbroken_one(tiny_run, tmp_path):
    average = {
        "class_path": "lightning.pytorch.callbacks.EMAWeightAveraging",
        "init_args": {"decay": 0.8},
    }
    cut = {"class_path": "test.fastdepth_train.test_training.PowerCut"}
    settings = {
        "trainer__max_epochs": 4,
        "trainer__check_val_every_n_epoch": 1,
        "data__batch_size": 4,
        "data__augment": {"enabled": True},
    }
    plain = write_config(
        tmp_path / "plain.yaml", tiny_run.data, trainer__callbacks=[average], **settings
    )
    broken = write_config(
        tmp_path / "cut.yaml", tiny_run.data, trainer__callbacks=[average, cut], **settings
    )
    unbroken, resumed = tmp_path / "unbroken", tmp_path / "resumed"
    assert main(["train", "--config", str(plain), "--run", str(unbroken)]) == 0
    with pytest.raises(RuntimeError, match="power cut"):
        main(["train", "--config", str(broken), "--run", str(resumed)])
    assert len(logged(resumed, "val/rmse")) == 2
    assert main(["train", "--config", str(plain), "--run", str(resumed), "--resume", "auto"]) == 0
    assert logged(resumed, "val/rmse") == pytest.approx(logged(unbroken, "val/rmse"), rel=1e-5)
    first, second = (
        torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
        for run in (unbroken, resumed)
    )
    assert first["global_step"] == second["global_step"] == 8
    for key, value in first["state_dict"].items():
        assert torch.allclose(value, second["state_dict"][key], rtol=1e-4, atol=1e-6), key


def test_the_last_checkpoint_is_of_the_last_epoch_whatever_the_best_is(
    tiny_run, tmp_path, monkeypatch
):
    # The worst is called the best, so that it is not the last.
    monkeypatch.setattr(checkpoints, "best_mode", lambda _: "max")
    config = write_config(
        tmp_path / "c.yaml",
        tiny_run.data,
        trainer__max_epochs=3,
        trainer__check_val_every_n_epoch=1,
    )
    assert main(["train", "--config", str(config), "--run", str(tmp_path / "run")]) == 0
    best, last = (
        torch.load(tmp_path / "run" / "checkpoints" / name, weights_only=True)
        for name in ("best.ckpt", "last.ckpt")
    )
    rmse = logged(tmp_path / "run", "val/rmse")
    assert best["epoch"] == rmse.index(max(rmse)) != 2
    assert (last["epoch"], last["global_step"]) == (2, 3)


def test_the_last_checkpoint_does_not_wait_for_a_validation(tiny_run, tmp_path):
    config = write_config(tmp_path / "c.yaml", tiny_run.data, trainer__max_epochs=2)
    assert main(["train", "--config", str(config), "--run", str(tmp_path / "run")]) == 0
    (only,) = (tmp_path / "run" / "checkpoints").iterdir()
    assert only.name == "last.ckpt"
    assert torch.load(only, weights_only=True)["epoch"] == 1


def test_each_validation_is_one_line(tiny_run, tmp_path, capsys):
    config = write_config(
        tmp_path / "short.yaml",
        tiny_run.data,
        trainer__max_epochs=2,
        trainer__check_val_every_n_epoch=1,
    )
    assert main(["train", "--config", str(config), "--run", str(tmp_path / "run")]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch ")]
    assert [line.split(":")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    rmse = logged(tmp_path / "run", "val/rmse")
    assert f"val/rmse {rmse[1]:.4f}" in lines[1]


def test_a_failing_write_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    writer = WholeFileCheckpointIO()
    writer.save_checkpoint({"epoch": 1}, path)

    def half(content, file):
        file.write_bytes(b"half of a checkpoint")
        msg = "PytorchStreamWriter failed writing file: No space left on device"
        raise RuntimeError(msg)

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OutputError, match="No space left"):
        writer.save_checkpoint({"epoch": 2}, path)
    assert torch.load(path, weights_only=True) == {"epoch": 1}
    assert list(tmp_path.iterdir()) == [path]


def failure(capsys, *args):
    """Run the training command, which must end with a named error, and return its message."""
    assert main(["train", *map(str, args)]) == 1
    return capsys.readouterr().err


def test_a_run_folder_in_use_is_not_overwritten(tiny_run, capsys):
    text = failure(capsys, "--config", tiny_run.config, "--run", tiny_run.folder)
    assert "holds a run already" in text
    assert "--resume auto" in text


def test_a_wrong_data_root_is_named(tiny_run, tmp_path, capsys):
    text = failure(
        capsys,
        *("--config", tiny_run.config, "--run", tmp_path / "run"),
        *("--data.root", tmp_path / "nowhere"),
    )
    assert "nowhere" in text


def test_missing_encoder_weights_are_named(tiny_run, tmp_path, capsys):
    text = failure(
        capsys,
        *("--config", tiny_run.config, "--run", tmp_path / "run"),
        *("--model.encoder_weights", tmp_path / "absent.pth"),
    )
    assert "absent.pth does not exist" in text


def test_too_few_frames_for_a_batch_are_named(tiny_run, tmp_path, capsys):
    text = failure(
        capsys,
        *("--config", tiny_run.config, "--run", tmp_path / "run"),
        *("--data.batch_size", 9),
    )
    assert "8 frames, fewer than one batch of 9" in text


def test_an_input_that_the_network_cannot_halve_is_named(tiny_run, tmp_path, capsys):
    text = failure(
        capsys,
        *("--config", tiny_run.config, "--run", tmp_path / "run"),
        *("--data.input_size", "[100, 64]"),
    )
    assert "100x64" in text
    assert "multiples of 32" in text


def test_a_checkpoint_of_another_network_is_refused(tiny_run, tmp_path, capsys):
    text = failure(
        capsys,
        *("--config", tiny_run.config, "--run", tmp_path / "run"),
        *("--model.network.output", "relu"),
        *("--resume", tiny_run.folder / "checkpoints" / "last.ckpt"),
    )
    assert "of another network" in text


def test_files_that_are_no_checkpoint_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        load_checkpoint(tmp_path / "absent.ckpt")
    (tmp_path / "noise.ckpt").write_bytes(b"noise")
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(tmp_path / "noise.ckpt")
    torch.save({"state_dict": {}}, tmp_path / "foreign.ckpt")
    with pytest.raises(CheckpointError, match="no checkpoint of this version"):
        load_checkpoint(tmp_path / "foreign.ckpt")


def test_the_recipes_describe_networks_that_exist():
    recipes = sorted(Path(__file__).parents[2].glob("config/train/*.yaml"))
    names = {"fastdepth.yaml", "paper.yaml", "reimplementation.yaml", "smoke.yaml"}
    assert names <= {path.name for path in recipes}
    for path in recipes:
        settings = yaml.safe_load(path.read_text())["model"]
        assert settings.get("preset", "fastdepth") in PRESETS, path.name
