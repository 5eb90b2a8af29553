"""What a run's numbers mean, in sentences, and what is wrong with it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastdepth_train.optim import best_mode
from fastdepth_train.run.history import History
from fastdepth_train.run.looking import Seen

# RMSE on validation frames, as a multiple of that on training frames.
_BY_HEART = 1.3
# How much worse the last validation may be than the best, as a share.
_PAST_ITS_BEST = 0.03
# How much better the best is than the one before, as a share, for a run that is not over.
_STILL_BETTER = 0.01
_FEW_FRAMES = 50
# A network that gives every pixel the mean depth of rooms has 0.4.
_LITTLE = 0.45


class Findings(NamedTuple):
    """Sentences: what was reached, and what to mind."""

    said: list[str]
    warnings: list[str]


def findings(record: dict[str, Any], history: History, seen: Seen | None) -> Findings:
    """Return what a person should know first.

    Args:
        record: content of run.json.
        history: what was logged.
        seen: what the best network does, if there is one.

    """
    said, warnings = [], []
    metric = record["chosen_by"]
    epochs, values = history.series(f"val/{metric}")
    if values.size and np.isfinite(values).any():
        best = int(np.nanargmin(values) if best_mode(metric) == "min" else np.nanargmax(values))
        frames = _frames(record["validated_on"], record["validation_frames"])
        said.append(
            f"The best of {values.size} validations ({frames} each) was after "
            f"epoch {epochs[best]:.4g} of {record['epochs']}: {metric} {values[best]:.4f}."
        )
        warnings += _about_course(metric, epochs, values, best)
    if seen is not None:
        said.append(
            f"Its network, on {seen.validation['frames']:.0f} validation frames: RMSE "
            f"{seen.validation['rmse']:.3f} m, AbsRel {seen.validation['abs_rel']:.3f}, "
            f"\u03b41 {seen.validation['delta1']:.3f} (protocol {record['protocol']}, not aligned)."
        )
        warnings += _about_network(seen)
    _, losses = history.series("train/loss")
    if losses.size and not np.isfinite(losses).all():
        warnings.append(
            "The training loss was not a finite number at times: lower the learning rate, or clip "
            "gradients (--trainer.gradient_clip_val 1.0)."
        )
    return Findings(said, [*_about_starts(record), *warnings])


def _frames(looked_at: int, there: int) -> str:
    return f"{looked_at} frames" if looked_at >= there else f"{looked_at} of {there} frames"


def _about_course(metric: str, epochs: Any, values: Any, best: int) -> list[str]:
    """Return warnings about how the validations went."""
    sign = 1.0 if best_mode(metric) == "min" else -1.0
    worse = sign * (values[-1] - values[best]) / max(abs(values[best]), 1e-9)
    if worse > _PAST_ITS_BEST:
        text = (
            f"The network got worse after epoch {epochs[best]:.4g}: {metric} was {values[-1]:.4f} "
            "at the end. Train for fewer epochs, or stop early."
        )
        return [text]
    if best == values.size - 1 and best > 0:
        better = sign * (values[best - 1] - values[best]) / max(abs(values[best - 1]), 1e-9)
        if better > _STILL_BETTER:
            text = (
                f"It was still getting better at the end (the last validation was {better:.0%} "
                "better than the one before): more epochs would help."
            )
            return [text]
    return []


def _about_network(seen: Seen) -> list[str]:
    """Return warnings about what the best network does."""
    warnings = []
    validation, training = seen.validation, seen.training
    if training and validation["rmse"] > _BY_HEART * training["rmse"]:
        warnings.append(
            f"Over-fitting: RMSE is {training['rmse']:.3f} m on frames that it was trained on and "
            f"{validation['rmse']:.3f} m on others (\u03b41 {training['delta1']:.3f} against "
            f"{validation['delta1']:.3f}). It lacks frames of more scenes, or more augmentation."
        )
    if validation["delta1"] < _LITTLE:
        warnings.append(
            f"The network learned little: {validation['delta1']:.0%} of pixels are within 25 %. "
            "It needs more steps, another learning rate, or weights to start from."
        )
    if validation["frames"] < _FEW_FRAMES:
        warnings.append(
            f"{validation['frames']:.0f} validation frames are few: small differences between runs "
            "mean nothing."
        )
    return warnings


def _about_starts(record: dict[str, Any]) -> list[str]:
    warnings = []
    last = record["starts"][-1]
    if last["state"].startswith("failed"):
        warnings.append(f"The run {last['state']}")
    elif last["state"] == "interrupted":
        warnings.append("The run was interrupted; --resume auto goes on with it.")
    commits = {start["commit"] for start in record["starts"]}
    if any(commit.endswith("-dirty") for commit in commits):
        warnings.append("The code had changes that are not committed: the run cannot be repeated.")
    if len(commits) > 1:
        warnings.append(
            f"The run went on with other code than it began with: {len(commits)} kinds."
        )
    return warnings
