"""Training goes on from a checkpoint's network."""

import pytest

torch = pytest.importorskip("torch")

from fastdepth.cli.main import main  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint  # noqa: E402
from fastdepth_train.lit import DepthModule  # noqa: E402


def test_a_module_takes_network_weights_and_training_mode(tiny_run):
    path = tiny_run.folder / "checkpoints" / "last.ckpt"
    module = DepthModule(start=str(path), encoder_weights="none")
    trained = load_checkpoint(path).network
    assert module.network.config == trained.config
    # In evaluation mode batch norms would never learn the new frames.
    assert all(part.training for part in module.network.modules())
    for name, value in trained.state_dict().items():
        assert torch.equal(module.network.state_dict()[name], value), name


def test_a_run_at_another_size_starts_from_what_is_known(tiny_run, tmp_path, capsys):
    path = tiny_run.folder / "checkpoints" / "last.ckpt"
    arguments = [
        *("train", "--config", str(tiny_run.config), "--run", str(tmp_path / "run")),
        *("--model.start", str(path), "--model.optimizer.lr", "1e-4"),
        *("--data.input_size", "[128, 96]", "--data.name", "other rooms"),
        *("--trainer.max_epochs", "2", "--trainer.check_val_every_n_epoch", "2"),
    ]
    assert main(arguments) == 0
    _, card = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert (card.input.width, card.input.height) == (128, 96)
    assert [data.split(",")[0] for data in card.training_data] == ["other rooms", "rooms"]
    assert "delta1" in capsys.readouterr().out
