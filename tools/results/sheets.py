"""Pictures: the best, median and worst frames, and the frame that the original network drew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from fastdepth.colour import colourise, colourise_error, metric_range
from fastdepth.estimator import DepthEstimator
from fastdepth.files import whole_file
from fastdepth.frame import F32Array, Frame, IndexedSource, U8Array
from fastdepth.pictures import depth_scale, error_scale, picture_grid
from fastdepth.protocols import score, view

_QUALITY = 82
_ERROR_LIMIT = 1.5


def ranked_sheet(
    model: Path, source: IndexedSource, rmse: Sequence[float], protocol: str, each: int = 2
) -> U8Array:
    """Return the frames of the lowest, middle and highest RMSE, as the protocol compares them."""
    order = np.argsort(rmse)
    middle = len(order) // 2 - each // 2
    chosen = [*order[:each], *order[middle : middle + each], *order[-each:]]
    estimator = DepthEstimator.load(model, threads=1)
    rows, pairs = [], []
    for index in chosen:
        frame = source[int(index)]
        pair = score(protocol, estimator.predict_frame, frame).pair
        pairs.append((frame, pair))
    near, far = metric_range([pair.truth for _, pair in pairs])
    for frame, pair in pairs:
        error = np.where(pair.valid, pair.prediction - pair.truth, np.nan).astype(np.float32)
        rows.append(
            [
                _shown(view(protocol, frame), pair.truth.shape),
                colourise(pair.truth, near, far),
                colourise(pair.prediction, near, far),
                colourise_error(error, _ERROR_LIMIT),
            ]
        )
    named = zip(["best", "median", "worst"], [0, each, 2 * each], strict=True)
    ranks = ", ".join(f"{name} {rmse[int(chosen[at])]:.2f} m" for name, at in named)
    return picture_grid(
        rows,
        ["frame", "ground truth", "prediction", "error"],
        [depth_scale(near, far, (1, 2)), error_scale(_ERROR_LIMIT, (3, 3))],
        panel_width=230,
        footer=f"{model.name}, RMSE from the top: {ranks}",
    )


def golden_sheet(image: U8Array, truth: F32Array, predictions: Mapping[str, F32Array]) -> U8Array:
    """Return a frame, its truth and what each network makes of it, side by side."""
    near, far = metric_range([truth, *predictions.values()])
    panels = [image, colourise(truth, near, far)]
    panels += [colourise(depth, near, far) for depth in predictions.values()]
    return picture_grid(
        [panels],
        ["frame", "ground truth", *predictions],
        [depth_scale(near, far, (1, len(panels) - 1))],
        panel_width=200,
    )


def write_jpeg(path: Path, picture: U8Array) -> None:
    """Write a picture for a page, whole or not at all."""
    with whole_file(path) as temporary:
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        temporary.write_bytes(data.tobytes())


def _shown(frame: Frame, shape: tuple[int, ...]) -> U8Array:
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), np.uint8)
