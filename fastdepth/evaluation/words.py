"""What the figures say, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SMALL_SCALE = 0.03
"""A scale error below this share is not worth a sentence of its own."""

_LEAST_SHARE = 0.02


def findings(figures: Mapping[str, Any]) -> list[str]:
    """Return what somebody should know first, most important first.

    Args:
        figures: the content of metrics.json so far.

    """
    said = [_accuracy(figures), _scale(figures), _ranges(figures), _regions(figures)]
    said += [_steadiness(figures), _speed(figures)]
    return [sentence for sentence in said if sentence]


def warnings(figures: Mapping[str, Any]) -> list[str]:
    """Return what may make the figures mean something else than they seem to."""
    said = [_unit(figures), *_cameras(figures), _few(figures)]
    return [sentence for sentence in said if sentence]


def _accuracy(figures: Mapping[str, Any]) -> str:
    if not figures["frames"]:
        return (
            "There is no ground truth to compare with: this report tells how fast and how steady "
            "the depth is, not how right."
        )
    aligned = "" if figures["align"] == "none" else ", after each was scaled to the ground truth"
    return (
        f"Over {figures['frames']} frames{aligned}, depth is off by {figures['abs_rel']:.1%} of "
        f"the distance on average (RMSE {figures['rmse']:.2f} m); {figures['delta1']:.1%} of the "
        "pixels are within 25 %."
    )


def _scale(figures: Mapping[str, Any]) -> str:
    scale = figures["scale"]
    if scale is None:
        return ""
    best = scale["best"]
    spread = f"from frame to frame it lies between {scale['p5']:.3g} and {scale['p95']:.3g}"
    if abs(best - 1) < SMALL_SCALE:
        right = f"The scale is right to {abs(best - 1):.1%}"
        return f"{right} (best single factor {best:.3f}; {spread})."
    if best > 1:
        how = f"{1 - 1 / best:.0%} short" if best < 2 else f"short by a factor of {best:.3g}"
    else:
        far = 1 / best
        how = f"{far - 1:.0%} too far" if far < 2 else f"too far by a factor of {far:.3g}"
    if figures["calibration"]:
        hint = ""
    elif scale["p5"] <= 1 <= scale["p95"]:
        hint = "; since that includes 1, no single factor makes all of them right"
    else:
        hint = "; `fastdepth calibrate` tells whether that can be taken out"
    return f"Depth is {how} here: the best single factor is {best:.3f} ({spread}){hint}."


def _ranges(figures: Mapping[str, Any]) -> str:
    ranges = [each for each in figures["ranges"] if each["share"] >= _LEAST_SHARE]
    if len(ranges) < 2:
        return ""
    best = min(ranges, key=lambda each: each["abs_rel"])
    worst = max(ranges, key=lambda each: each["abs_rel"])
    return (
        f"By distance it is best at {range_name(best)} (off by {best['abs_rel']:.1%}) and worst at "
        f"{range_name(worst)} ({worst['abs_rel']:.1%}, {worst['bias']:+.2f} m on average)."
    )


def _regions(figures: Mapping[str, Any]) -> str:
    inside, border = figures["regions"]["inside"], figures["regions"]["border"]
    if not inside or not border or inside["abs_rel"] == 0:
        return ""
    times = border["abs_rel"] / inside["abs_rel"]
    if times < 1.25:
        return ""
    return f"The border of the image is {times:.1f} times as wrong as the rest."


def _steadiness(figures: Mapping[str, Any]) -> str:
    steady = figures["steadiness"]
    if steady is None:
        return ""
    still = "measured depth stays the same" if figures["frames"] else "the image does not change"
    return f"Where {still}, predicted depth changes by {steady['change']:.1%} from frame to frame."


def _speed(figures: Mapping[str, Any]) -> str:
    ms = figures["ms"]
    if not ms["infer"]:
        return ""
    model = sum(ms[stage]["median"] for stage in ("prepare", "infer", "finish"))
    rate = 1000 / model
    return f"The model took {model:.1f} ms a frame (median) on this machine: {rate:.0f} a second."


def _unit(figures: Mapping[str, Any]) -> str:
    scale = figures["scale"]
    if scale is None or 0.2 < scale["best"] < 4:
        return ""
    best = scale["best"]
    guess = "its unit is not what its encoding says"
    for factor, what in (
        (1000, "it is in millimetres, but stored as 32FC1, which means metres"),
        (0.001, "it is in metres, but stored as 16UC1, which means millimetres"),
        (5, "5000 of its units are a metre (TUM), but 16UC1 means 1000"),
        (10, "it is in tenths of a millimetre, but 16UC1 means millimetres"),
    ):
        if 0.7 < best / factor < 1.4:
            guess = what
    return (
        f"The ground truth is {best:.3g} times the prediction. The model can hardly be so wrong; "
        f"perhaps {guess}."
    )


def _cameras(figures: Mapping[str, Any]) -> list[str]:
    if not figures["camera_aware"]:
        return ["Depth was not scaled to this camera (--no-camera-scale)."]
    counts = figures["counts"]
    causes = {
        "without_camera_info": "have no camera_info",
        "camera_uncalibrated": "have a camera_info with a K of zeros (not calibrated)",
        "camera_of_another_size": "have a camera_info of another image size",
    }
    return [
        f"{counts[key]} frames {what}: depth was not scaled to their camera, so it is metric only "
        "for a camera like the one the model was trained with."
        for key, what in causes.items()
        if counts.get(key)
    ]


def _few(figures: Mapping[str, Any]) -> str:
    total, frames = figures["total"], figures["frames"]
    if not frames or frames >= total / 2 or figures["partial"]:
        return ""
    reasons = ", ".join(f"{reason} {count}" for reason, count in figures["skipped"].items())
    return f"Only {frames} of {total} frames could be scored ({reasons})."


def range_name(each: Mapping[str, Any]) -> str:
    """Return a depth range of metrics.json as text, `2-3 m`."""
    if each["to"] is None:
        return f"over {each['from']:g} m"
    return f"{each['from']:g}-{each['to']:g} m"
