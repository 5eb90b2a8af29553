"""A model with a field calibration applied to what it predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fastdepth.correction import Correction
from fastdepth.estimator import Prediction
from fastdepth.evaluation.stream import Begin
from fastdepth.frame import Frame


def calibrated(begin: Begin, correction: Correction) -> Begin:
    """Return a model whose depth is `corrected`."""

    def begin_corrected(frame: Frame) -> Callable[[], Prediction]:
        finish = begin(frame)
        return lambda: corrected(finish(), correction)

    return begin_corrected


def corrected(prediction: Prediction, correction: Correction) -> Prediction:
    """Return a prediction with its depth corrected.

    Where the correction leaves no depth the figures still count the pixel: what is no distance to
    begin with stays as predicted, and what would lie beyond infinity is as far as the model's
    range goes.
    """
    values = correction.apply(prediction.values)
    lost = np.isnan(values)
    if lost.any():
        before = prediction.values[lost]
        far = np.float32(prediction.depth_range[1])
        values[lost] = np.where(before > 0, far, before)
    return replace(prediction, values=values)
