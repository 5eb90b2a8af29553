"""The pictures of a report: frames with their depth and error, over common metre scales."""

from __future__ import annotations

import math
from html import escape

import numpy as np

from fastdepth.colour import (
    colourise,
    colourise_error,
    depth_colours,
    error_colours,
    metric_range,
)
from fastdepth.evaluation.page import colour_scale, picture
from fastdepth.evaluation.pool import Chosen
from fastdepth.frame import U8Array
from fastdepth.pictures import tick_values

_TITLES = {"best": "Best frames", "median": "Typical frames", "worst": "Worst frames"}


def gallery(chosen: list[Chosen], frames: int) -> str:
    """Return the section with the chosen frames; empty if there are none.

    Args:
        chosen: in the order they are shown.
        frames: how many were ranked.

    """
    if not chosen:
        return ""
    truths = [c.snapshot.truth for c in chosen if c.snapshot.truth is not None]
    near, far = metric_range(truths or [c.snapshot.prediction for c in chosen])
    limit = _error_limit(chosen)
    scales = [_metre_scale("distance", depth_colours(), near, far, signed=False)]
    note = "The same colour is the same distance in every picture; grey is no depth."
    if truths:
        scales.append(
            _metre_scale(
                "error: blue too near, red too far", error_colours(), -limit, limit, signed=True
            )
        )
        note += " Frames are ranked by AbsRel."
    parts = [
        f"<h2>Pictures</h2><p>{note}</p>",
        f'<div class="scales">{"".join(scales)}</div>',
    ]
    kind = ""
    for each in chosen:
        if truths and each.kind != kind:
            kind = each.kind
            parts.append(f"<h3>{_TITLES[kind]}</h3>")
        parts.append(_shot(each, frames, (near, far), limit, has_truth=bool(truths)))
    return "\n".join(parts)


def _shot(
    chosen: Chosen, frames: int, depths: tuple[float, float], limit: float, *, has_truth: bool
) -> str:
    snapshot = chosen.snapshot
    words = [] if snapshot.time is None else [f"at {snapshot.time:.1f} s"]
    if snapshot.error is not None:
        words.append(f"off by {snapshot.error:.1%} (AbsRel)")
        words.append(f"rank {chosen.rank} of {frames}")
    name = f'<span class="pale">frame {escape(snapshot.name)}</span>'
    caption = " \u00b7 ".join([*map(escape, words), name])
    truth = snapshot.truth
    if truth is None:
        truth = np.full_like(snapshot.prediction, np.nan)
    panels = [("camera", snapshot.image)]
    if has_truth:
        panels.append(("ground truth", colourise(truth, *depths)))
    panels.append(("prediction", colourise(snapshot.prediction, *depths)))
    if has_truth:
        panels.append(("error", colourise_error(snapshot.prediction - truth, limit)))
    images = "".join(
        f"<div>{picture(image, f'{what}, {snapshot.name}')}<span>{what}</span></div>"
        for what, image in panels
    )
    kind = "panels" if has_truth else "panels two"
    return (
        f'<figure class="shot"><figcaption>{caption}</figcaption>'
        f'<div class="{kind}">{images}</div></figure>'
    )


def _metre_scale(what: str, colours: U8Array, low: float, high: float, *, signed: bool) -> str:
    ticks = [
        ((value - low) / (high - low), f"{value:+g} m" if signed and value else f"{value:g} m")
        for value in tick_values(low, high, 6)
    ]
    return colour_scale(what, colours, ticks)


def _error_limit(chosen: list[Chosen]) -> float:
    """Return the error that the strongest colour stands for: round, over 95 % of all."""
    errors = [
        np.abs(c.snapshot.prediction - c.snapshot.truth).ravel()
        for c in chosen
        if c.snapshot.truth is not None
    ]
    known = np.concatenate(errors) if errors else np.empty(0)
    known = known[np.isfinite(known)]
    if not known.size:
        return 0.5
    return max(1, math.ceil(float(np.percentile(known, 95)) / 0.5)) * 0.5
