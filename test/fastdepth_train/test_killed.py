"""A run that is killed at any moment goes on from its last good checkpoint."""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import NamedTuple

import pytest

torch = pytest.importorskip("torch")

from lightning.pytorch import Callback  # noqa: E402

from fastdepth.cli.main import main  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint  # noqa: E402
from test.fastdepth_train.conftest import write_config  # noqa: E402
from test.fastdepth_train.frames import kaggle_folder  # noqa: E402
from test.fastdepth_train.test_training import logged  # noqa: E402

MOMENTS = ("half a checkpoint", "before the rename", "in an epoch")
SECONDS = 240


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Killed(Callback):
    """Kills its own process: while it writes its second checkpoint, or in its third epoch."""

    def __init__(self, moment: str) -> None:
        self.moment = moment

    def on_train_start(self, trainer, pl_module):
        saves = []
        save, replace = torch.save, Path.replace

        def half(content, file):
            saves.append(file)
            if len(saves) == 2:
                file.write_bytes(b"half of a checkpoint")
                die()
            save(content, file)

        def renamed(path, target):
            if path.suffix == ".ckpt":
                saves.append(path)
                if len(saves) == 2:
                    die()
            return replace(path, target)

        if self.moment == "half a checkpoint":
            torch.save = half
        if self.moment == "before the rename":
            Path.replace = renamed

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if self.moment == "in an epoch" and trainer.current_epoch == 2 and batch_idx == 1:
            die()


class Unbroken(NamedTuple):
    folder: Path
    data: Path
    config: Path


SETTINGS: dict[str, object] = {
    "trainer__max_epochs": 3,
    "trainer__check_val_every_n_epoch": 1,
    "data__batch_size": 4,
    "data__augment": {"enabled": True},
}


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    data = kaggle_folder(folder / "rooms", train=12)
    config = write_config(folder / "plain.yaml", data, **SETTINGS)
    assert main(["train", "--config", str(config), "--run", str(folder / "run")]) == 0
    return Unbroken(folder / "run", data, config)


def train(config, run):
    main(["train", "--config", str(config), "--run", str(run), "--save_minutes", "1e-6"])


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_goes_on_from_its_last_checkpoint(unbroken, moment, tmp_path):
    path = "test.fastdepth_train.test_killed.Killed"
    callback = {"class_path": path, "init_args": {"moment": moment}}
    config = write_config(
        tmp_path / "killed.yaml", unbroken.data, trainer__callbacks=[callback], **SETTINGS
    )
    run = tmp_path / "run"
    # Forked, so that torch need not be imported again.
    process = multiprocessing.get_context("fork").Process(target=train, args=(config, run))
    process.start()
    process.join(SECONDS)
    killed = process.exitcode
    process.kill()
    assert killed == -signal.SIGKILL
    last = run / "checkpoints" / "last.ckpt"
    load_checkpoint(last)
    done = torch.load(last, weights_only=True)["global_step"]
    assert done == {"half a checkpoint": 1, "before the rename": 1, "in an epoch": 7}[moment]
    half_written = [path for path in last.parent.iterdir() if path.name.startswith(".")]
    assert len(half_written) == (moment != "in an epoch")
    resume = ("--run", str(run), "--resume", "auto")
    assert main(["train", "--config", str(unbroken.config), *resume]) == 0
    assert not any(path.name.startswith(".") for path in last.parent.iterdir())
    final = logged(unbroken.folder, "val/rmse")[-1]
    assert logged(run, "val/rmse")[-1] == pytest.approx(final, rel=1e-4)
    whole = torch.load(unbroken.folder / "checkpoints" / "last.ckpt", weights_only=True)
    resumed = torch.load(last, weights_only=True)
    assert resumed["global_step"] == whole["global_step"] == 9
    for name, value in whole["state_dict"].items():
        assert torch.allclose(value, resumed["state_dict"][name], rtol=1e-3, atol=1e-5), name
