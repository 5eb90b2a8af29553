"""A model with a field calibration applied to what it predicts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fastdepth.correction import Correction
from fastdepth.estimator import Prediction
from fastdepth.frame import Frame
from fastdepth.protocols import Predictor


def calibrated(predict: Predictor, correction: Correction) -> Predictor:
    """Return a predictor whose depth is corrected.

    Where the correction leaves no depth the figures still count the pixel: what is no distance to
    begin with stays as predicted, and what would lie beyond infinity is as far as the model's
    range goes.
    """

    def corrected(frame: Frame) -> Prediction:
        prediction = predict(frame)
        values = correction.apply(prediction.values)
        lost = np.isnan(values)
        if lost.any():
            before = prediction.values[lost]
            far = np.float32(prediction.depth_range[1])
            values[lost] = np.where(before > 0, far, before)
        return replace(prediction, values=values)

    return corrected
