"""What a run prints where no progress bar can be seen: one line a validation."""

from __future__ import annotations

from lightning.pytorch import Callback, LightningModule, Trainer

_SHOWN = ("train/loss", "val/rmse", "val/abs_rel", "val/delta1")


class ValidationLines(Callback):
    """Prints epoch, loss and the leading metrics after each validation."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print one line, from the first process alone."""
        del pl_module
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        values = trainer.callback_metrics
        figures = ", ".join(f"{key} {float(values[key]):.4f}" for key in _SHOWN if key in values)
        print(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}: {figures}", flush=True)
