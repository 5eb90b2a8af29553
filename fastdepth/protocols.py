"""Evaluation protocols: what the model sees of a frame and which pixels are scored.

A figure means nothing without its protocol; reports name it. All give per-image values whose mean
is then taken, and none aligns the prediction to the ground truth unless asked to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fastdepth.errors import NoTruthError, ProtocolError
from fastdepth.estimator import Prediction
from fastdepth.frame import F32Array, Frame
from fastdepth.geometry import Rect
from fastdepth.metrics import frame_metrics, valid_truth

Align = Literal["none", "median", "lstsq"]
ALIGNMENTS: tuple[Align, ...] = ("none", "median", "lstsq")

# FastDepth's validation transform, 640x480 -> 333x250 -> centre 304x228, in pixels of the frame.
FASTDEPTH_CUT = Rect(27, 21, 584, 438)
FASTDEPTH_SIZE = 224
NYU_SIZE = (640, 480)
EIGEN_CROP = Rect(41, 45, 560, 426)
EIGEN_RANGE = (1e-3, 10.0)


# What a protocol needs of a model; `DepthEstimator.predict_frame` is one.
Predictor = Callable[[Frame], Prediction]


class Pair(NamedTuple):
    """Prediction and truth as a protocol compares them, HxW each, and the pixels that count."""

    prediction: F32Array
    truth: F32Array
    valid: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class FrameScore:
    """One scored frame.

    Attributes:
        metrics: of this frame, every key of METRIC_KEYS.
        pair: what was compared, after alignment.
        scale: factor that the alignment applied; 1.0 without.
        prediction: as it came from the model.

    """

    metrics: dict[str, float]
    pair: Pair
    scale: float
    prediction: Prediction


def score(protocol: str, predict: Predictor, frame: Frame, align: Align = "none") -> FrameScore:
    """Predict and score one frame: `view`, prediction and `compare` in one.

    Args:
        protocol: `fastdepth`, `eigen` or `full`.
        predict: the model.
        frame: with ground truth.
        align: how the prediction is scaled to the ground truth before scoring: not at all, by the
            ratio of medians, or by the least-squares factor.

    Raises:
        NoTruthError: the frame has no ground truth, or no valid pixel of it.
        ProtocolError: the protocol is unknown or does not fit the frame.

    """
    _truth(frame)
    prediction = predict(view(protocol, frame))
    pair, scale = compare(protocol, prediction, frame, align)
    return FrameScore(frame_metrics(*pair), pair, scale, prediction)


class Comparison(NamedTuple):
    """A prediction beside the ground truth, not scored yet.

    Attributes:
        pair: what is compared, after alignment.
        scale: factor that the alignment applied; 1.0 without.

    """

    pair: Pair
    scale: float


def view(protocol: str, frame: Frame) -> Frame:
    """Return what the model sees of a frame under a protocol: the frame, or the cut of it.

    Raises:
        ProtocolError: the protocol is unknown or does not fit the frame.

    """
    require_protocol(protocol)
    if protocol != "full":
        _require_nyu_size(protocol, frame, frame.depth)
    if protocol != "fastdepth":
        return frame
    cut = FASTDEPTH_CUT
    camera = frame.intrinsics and frame.intrinsics.crop(cut.x, cut.y, cut.width, cut.height)
    depth = None if frame.depth is None else frame.depth[cut.slices]
    return Frame(frame.image[cut.slices], depth, camera, frame.stamp, frame.name)


def compare(
    protocol: str, prediction: Prediction, frame: Frame, align: Align = "none"
) -> Comparison:
    """Bring a prediction for `view(protocol, frame)` beside the frame's ground truth.

    Raises:
        NoTruthError: the frame has no ground truth; or none that is valid, to be aligned to.
        ProtocolError: the protocol or alignment is unknown or does not fit.

    """
    truth = _truth(frame)
    require_protocol(protocol)
    if align not in ALIGNMENTS:
        msg = f"unknown alignment {align!r}; expected one of {', '.join(ALIGNMENTS)}"
        raise ProtocolError(msg)
    pair = PROTOCOLS[protocol](prediction, frame, truth)
    factor = _alignment(align, pair)
    if factor != 1.0:
        pair = pair._replace(prediction=pair.prediction * np.float32(factor))
    if protocol == "eigen":
        pair = pair._replace(prediction=np.clip(pair.prediction, *EIGEN_RANGE))
    return Comparison(pair, factor)


def require_protocol(protocol: str) -> None:
    """Raise ProtocolError where there is no such protocol."""
    if protocol not in PROTOCOLS:
        msg = f"unknown protocol {protocol!r}; expected one of {', '.join(PROTOCOLS)}"
        raise ProtocolError(msg)


def _truth(frame: Frame) -> F32Array:
    if frame.depth is None:
        msg = "no ground truth"
        raise NoTruthError(msg)
    return frame.depth


def _fastdepth(prediction: Prediction, frame: Frame, truth: F32Array) -> Pair:
    """Score the centre cut of an NYU frame at 224x224 (Wofk et al. 2019)."""
    _require_nyu_size("fastdepth", frame, truth)
    side = FASTDEPTH_SIZE
    values = _resize(_seen_whole(prediction), side, side)
    small = nearest(truth[FASTDEPTH_CUT.slices], side, side)
    return Pair(values, small, valid_truth(small))


def _eigen(prediction: Prediction, frame: Frame, truth: F32Array) -> Pair:
    """Score the Eigen crop of an NYU frame at full resolution, clamped to 10 m."""
    _require_nyu_size("eigen", frame, truth)
    crop = EIGEN_CROP.slices
    values = _resize(_seen_whole(prediction), *NYU_SIZE)[crop]
    near, far = EIGEN_RANGE
    with np.errstate(invalid="ignore"):
        valid = (truth > near) & (truth < far)
    return Pair(values, truth[crop], valid[crop])


def _full(prediction: Prediction, frame: Frame, truth: F32Array) -> Pair:
    """Score every measured pixel that the network saw, at the ground truth's resolution."""
    del frame
    height, width = truth.shape
    values = prediction.frame_values()
    if values.shape != truth.shape:
        values = _resize(values, width, height)
    valid = valid_truth(truth)
    if not prediction.geometry.sees_whole_frame:
        valid &= np.isfinite(values)
    return Pair(values, truth, valid)


PROTOCOLS: dict[str, Callable[[Prediction, Frame, F32Array], Pair]] = {
    "fastdepth": _fastdepth,
    "eigen": _eigen,
    "full": _full,
}


def nearest(depth: F32Array, width: int, height: int) -> F32Array:
    """Sample depth at the pixel whose centre is nearest: no mixing over edges, no half-pixel shift.

    OpenCV's INTER_NEAREST takes the top-left pixel instead, so it is not used.
    """
    rows = ((np.arange(height) + 0.5) * depth.shape[0] / height).astype(np.intp)
    columns = ((np.arange(width) + 0.5) * depth.shape[1] / width).astype(np.intp)
    sampled: F32Array = depth.take(rows, axis=0).take(columns, axis=1)
    return sampled


def _resize(values: F32Array, width: int, height: int) -> F32Array:
    if values.shape == (height, width):
        return values
    resized: F32Array = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized


def _seen_whole(prediction: Prediction) -> F32Array:
    """Return the values; refuse where they do not cover the whole frame."""
    if prediction.geometry.sees_whole_frame:
        return prediction.values
    msg = (
        "the model sees only a centred part of the frame (its card says fit: crop), this protocol "
        "scores pixels outside it; use protocol full"
    )
    raise ProtocolError(msg)


def _require_nyu_size(protocol: str, frame: Frame, truth: F32Array | None) -> None:
    sizes = {"image": frame.image.shape[:2]}
    if truth is not None:
        sizes["ground truth"] = truth.shape
    for what, shape in sizes.items():
        if shape != (NYU_SIZE[1], NYU_SIZE[0]):
            msg = (
                f"protocol {protocol} is defined on 640x480 frames; the {what} of {frame.name!r} "
                f"is {shape[1]}x{shape[0]}; use protocol full"
            )
            raise ProtocolError(msg)


def _alignment(align: Align, pair: Pair) -> float:
    if align == "none":
        return 1.0
    p = pair.prediction[pair.valid].astype(np.float64)
    g = pair.truth[pair.valid].astype(np.float64)
    if g.size == 0:
        msg = "no valid ground-truth pixel"
        raise NoTruthError(msg)
    if align == "median":
        numerator, denominator = float(np.median(g)), float(np.median(p))
    else:
        numerator, denominator = float(p @ g), float(p @ p)
    if not denominator > 0:
        msg = f"the prediction cannot be aligned ({align}): it is zero where there is ground truth"
        raise ProtocolError(msg)
    return numerator / denominator
