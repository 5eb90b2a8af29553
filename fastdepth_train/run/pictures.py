"""Validation frames beside their ground truth, prediction and error, in metres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger

from fastdepth.colour import colourise, colourise_error, metric_range
from fastdepth.evaluation.pool import Snapshot, take_snapshot
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.pictures import depth_scale, error_scale, picture_grid
from fastdepth.protocols import FrameScore, view
from fastdepth_train.lit import DepthModule

_TITLES = ("frame", "ground truth", "prediction", "error: blue too near, red too far")


def sheet(snapshots: Sequence[Snapshot], footer: str = "") -> U8Array:
    """Return one picture, a row for each frame, over common scales.

    Args:
        snapshots: with ground truth.
        footer: a line below.

    Returns:
        HxWx3 uint8 RGB.

    """
    truths = [_truth(snapshot) for snapshot in snapshots]
    near, far = metric_range(truths)
    errors = [s.prediction - t for s, t in zip(snapshots, truths, strict=True)]
    limit = _error_limit(errors)
    rows = [
        (
            snapshot.image,
            colourise(truth, near, far),
            colourise(snapshot.prediction, near, far),
            colourise_error(error, limit),
        )
        for snapshot, truth, error in zip(snapshots, truths, errors, strict=True)
    ]
    scales = (depth_scale(near, far, (1, 2)), error_scale(limit, (3, 3)))
    return picture_grid(rows, _TITLES, scales, footer=footer)


def snapshot_of(protocol: str, frame: Frame, score: FrameScore) -> Snapshot:
    """Return a scored frame as it is drawn: what the model saw of it."""
    depth = score.prediction.frame_depth()
    return take_snapshot(view(protocol, frame), depth, None, score.metrics["abs_rel"])


class DepthPanels(Callback):
    """Shows the first validation frames in TensorBoard, each time they are validated on."""

    def __init__(self, most: int = 4) -> None:
        """Show that many frames."""
        self._most = most
        self._shown: list[Snapshot] = []

    def on_validation_batch_end(  # noqa: PLR0917 - Lightning's hook
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep a frame."""
        del batch_idx, dataloader_idx
        if not trainer.is_global_zero or len(self._shown) >= self._most or outputs is None:
            return
        assert isinstance(pl_module, DepthModule)  # noqa: S101 - for the type checker
        self._shown.append(snapshot_of(pl_module.protocol, batch, outputs["score"]))

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Send the frames as one picture."""
        del pl_module
        shown, self._shown = self._shown, []
        if trainer.sanity_checking or not shown:
            return
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(
                    "validation", sheet(shown), trainer.global_step, dataformats="HWC"
                )


def _truth(snapshot: Snapshot) -> F32Array:
    if snapshot.truth is None:
        return np.full_like(snapshot.prediction, np.nan)
    return snapshot.truth


def _error_limit(errors: Sequence[F32Array]) -> float:
    """Return the error that the strongest colour stands for: round, over 95 % of all."""
    known = np.concatenate([error[np.isfinite(error)] for error in errors])
    if not known.size:
        return 0.5
    return max(1, math.ceil(float(np.percentile(np.abs(known), 95)) / 0.5)) * 0.5
