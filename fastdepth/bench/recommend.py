"""Which model, engine and number of threads to use on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ACCURACY_LOSS = 0.015
"""Share of δ1 that a model may be below the default one and still be recommended for it."""

NUMBERS_LOSS = 0.02
"""Mean difference from the file over mean depth, above which an engine's precision is too low."""

WORTH = 1.25
"""A further thread has to make a run that much shorter: it takes a CPU from the robot."""


def recommend(
    results: Sequence[Mapping[str, Any]], models: Mapping[str, Mapping[str, Any]], default: str
) -> dict[str, Any] | None:
    """Choose among the results of a run.

    Of each model the quickest engine counts that keeps its numbers; more threads only where they
    are worth it. Then the quickest model is taken whose accuracy on its card is
    close to that of the default model.

    Args:
        results: rows of the `model` section; yardsticks may be among them.
        models: of the same section.
        default: name of the default model.

    Returns:
        The choice, the best of each model, and the choice in words; None if nothing was measured.

    """
    best = {}
    for name, model in models.items():
        rows = [row for row in results if row["model"] == name and _keeps_numbers(row)]
        if rows and not model["is_yardstick"]:
            best[name] = _quickest(rows)
    if not best:
        return None
    wanted = (models.get(default) or {}).get("delta1")
    close = {
        name: row for name, row in best.items() if _is_close(models[name]["delta1"], wanted)
    } or best
    name, chosen = min(close.items(), key=lambda item: float(item[1]["ms"]))
    reference = _reference(results, default)
    taken = chosen["ms"]
    ratio = None if reference is None else reference / taken
    return {
        "model": name,
        "engine": chosen["engine"],
        "threads": chosen["threads"],
        "ms": taken,
        "times_float_default": ratio,
        "best_of_each": {
            key: {"engine": row["engine"], "threads": row["threads"], "ms": row["ms"]}
            for key, row in best.items()
        },
        "words": _words(name, chosen, ratio),
    }


def _quickest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the quickest row, with no more threads than are worth it."""
    chosen: Mapping[str, Any] | None = None
    for threads in sorted({row["threads"] for row in rows}):
        row = min(
            (row for row in rows if row["threads"] == threads),
            key=lambda row: float(row["ms"]),
        )
        if chosen is None or chosen["ms"] > WORTH * row["ms"]:
            chosen = row
    if chosen is None:
        msg = "there are no rows; expected at least one"
        raise ValueError(msg)
    return chosen


def _keeps_numbers(row: Mapping[str, Any]) -> bool:
    return bool(row["difference_m"] <= NUMBERS_LOSS * row["mean_depth_m"])


def _is_close(delta1: float | None, wanted: float | None) -> bool:
    # A model whose card tells no accuracy cannot be recommended in the place of one that does.
    if wanted is None:
        return True
    return delta1 is not None and delta1 >= wanted - ACCURACY_LOSS


def _reference(results: Sequence[Mapping[str, Any]], default: str) -> float | None:
    """Return the milliseconds of the default model as it runs if nothing is chosen."""
    for row in results:
        if (row["model"], row["engine"], row["threads"]) == (default, "onnxruntime", 1):
            return float(row["ms"])
    return None


def _words(name: str, row: Mapping[str, Any], ratio: float | None) -> str:
    threads = f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"
    gain = "" if ratio is None else f", {ratio:.1f} x the float default"
    return f"on this machine: {name}, {row['engine']}, {threads}: {row['ms']:.1f} ms{gain}"
