"""What the best network of a run does on validation frames, and on frames it was trained on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fastdepth.errors import NoTruthError
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluation.pool import Chosen, Pool
from fastdepth.frame import Frame, IndexedSource
from fastdepth.metrics import MetricMean
from fastdepth.protocols import score
from fastdepth_train.checkpoint import load_checkpoint
from fastdepth_train.data.sources import Frames
from fastdepth_train.engine import TorchEngine
from fastdepth_train.run.pictures import snapshot_of

MOST_FRAMES = 200
"""Frames that are scored of each kind; of more, that many at even distances."""

Metrics = dict[str, float]


class Seen(NamedTuple):
    """Metrics of the best network, each with the number of `frames`, and pictures.

    Attributes:
        validation: over validation frames.
        training: over frames that it was trained on, not augmented.
        chosen: best, median and worst validation frames.

    """

    validation: Metrics
    training: Metrics
    chosen: list[Chosen]


def look(checkpoint: Path, frames: Frames, protocol: str, pictures: int) -> Seen | None:
    """Score a checkpoint; None if no validation frame has ground truth.

    Args:
        checkpoint: of the network.
        frames: that it was trained and validated on.
        protocol: of the scores.
        pictures: how many of each kind to choose.

    Raises:
        CheckpointError: the checkpoint cannot be read.
        SourceError: a frame cannot be read.

    """
    network, card = load_checkpoint(checkpoint)
    estimator = DepthEstimator(TorchEngine(network), card, warm_up=1)
    validation, training, pool = MetricMean(), MetricMean(), Pool(pictures)
    errors = []
    for frame in _some(frames.val):
        try:
            result = score(protocol, estimator.predict_frame, frame)
        except NoTruthError:
            continue
        validation.add(result.metrics)
        error = result.metrics["abs_rel"]
        errors.append(error)
        if pool.wants(error):
            pool.add(snapshot_of(protocol, frame, result))
        else:
            pool.skip()
    if not errors:
        return None
    for frame in _some(frames.parts[0], validation.frames):
        try:
            training.add(score(protocol, estimator.predict_frame, frame).metrics)
        except NoTruthError:
            continue
    return Seen(
        dict(validation.result()),
        dict(training.result()) if training.frames else {},
        pool.chosen(np.array(errors, np.float64)),
    )


def _some(source: IndexedSource, most: int = MOST_FRAMES) -> Iterator[Frame]:
    count = min(most, len(source))
    for number in range(count):
        yield source[number * len(source) // count]
