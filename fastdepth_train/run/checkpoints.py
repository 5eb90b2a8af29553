"""Which checkpoints a run keeps."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from fastdepth.files import whole_file
from fastdepth_train.errors import ConfigError
from fastdepth_train.optim import best_mode
from fastdepth_train.run.folder import RunFolder


class BestCheckpoints(ModelCheckpoint):
    """Keeps the best few networks by a validation metric; `best.ckpt` is always the best."""

    def __init__(self, folder: RunFolder, metric: str, keep: int) -> None:
        """Keep `keep` checkpoints; with more than one each is named after its step as well.

        Raises:
            ConfigError: an unknown metric, or nothing to keep.

        """
        if keep < 1:
            msg = f"keep is {keep}; expected at least 1 checkpoint to keep"
            raise ConfigError(msg)
        super().__init__(
            dirpath=folder.checkpoints,
            filename=folder.best.stem if keep == 1 else "step-{step:06d}",
            auto_insert_metric_name=False,
            monitor=f"val/{metric}",
            mode=best_mode(metric),
            save_top_k=keep,
            # Lightning would choose by how often there is a validation.
            save_on_train_epoch_end=False,
            enable_version_counter=False,
        )
        self._best = folder.best

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save if the network is among the best, and let `best.ckpt` be the very best."""
        super().on_validation_end(trainer, pl_module)
        best = Path(self.best_model_path)
        if self.save_top_k > 1 and trainer.is_global_zero and best.is_file():
            _same_file(best, self._best)


def last_checkpoints(folder: RunFolder, minutes: float) -> list[ModelCheckpoint]:
    """Return what keeps the network as it was last: after each epoch, and in a long one as well.

    Args:
        folder: of the run.
        minutes: between two in an epoch; 0 saves after epochs only.

    Raises:
        ConfigError: minutes below 0.

    """
    if minutes < 0:
        msg = f"save_minutes is {minutes}; expected minutes, or 0 to save after epochs only"
        raise ConfigError(msg)
    # Apart from the best: those are written only where a network is among them.
    after_epochs = ModelCheckpoint(
        dirpath=folder.checkpoints,
        filename=folder.last.stem,
        save_on_train_epoch_end=True,
        enable_version_counter=False,
    )
    if minutes == 0:
        return [after_epochs]
    in_epochs = ModelCheckpoint(
        dirpath=folder.checkpoints,
        filename=folder.last.stem,
        train_time_interval=timedelta(minutes=minutes),
        save_on_train_epoch_end=False,
        enable_version_counter=False,
    )
    return [after_epochs, in_epochs]


def _same_file(source: Path, target: Path) -> None:
    """Let `target` be `source`, without a second copy where the file system can do that."""
    with whole_file(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
