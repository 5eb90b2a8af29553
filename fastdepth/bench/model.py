"""Models in engines: their time against FastDepth's own networks and the machine's limit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fastdepth.bench.candidates import (
    ONNXRUNTIME,
    Candidate,
    Refusal,
    Variant,
    key_of,
    open_candidates,
    prepare_model,
)
from fastdepth.bench.machine import Machine, Peak
from fastdepth.bench.onnx_cost import OnnxCost, count_cost
from fastdepth.bench.recommend import recommend
from fastdepth.bench.report import Table
from fastdepth.bench.timing import Timing, interleave
from fastdepth.card import ModelCard
from fastdepth.engines import read_card
from fastdepth.errors import FastDepthError, MissingExtraError

ORIGINAL, PRUNED = "original", "original-pruned"
_PROTOCOL = "fastdepth"
_MEMORY_PATIENCE = 60.0
_OF_ORIGINAL = (
    "of original: processor time over that of FastDepth's own network in onnxruntime on one "
    "thread, round by round"
)


class ModelFile(NamedTuple):
    """A model to measure.

    Attributes:
        name: in the tables.
        path: of its file.
        is_yardstick: it is one of FastDepth's own networks, with random weights.

    """

    name: str
    path: Path
    is_yardstick: bool = False


class Opened(NamedTuple):
    """What can be timed, and what cannot and why."""

    candidates: list[Candidate]
    refusals: list[Refusal]


def open_all(
    files: Sequence[ModelFile],
    variants: Sequence[Variant],
    threads: Sequence[int],
    *,
    on_model: Callable[[str], object] = lambda _: None,
) -> Opened:
    """Open all models in all engines.

    A file that is no model of this project is refused like a model that an engine does not take.

    Args:
        files: of the models.
        variants: engines.
        threads: numbers of threads.
        on_model: told of each model before it is opened.

    """
    candidates: list[Candidate] = []
    refusals: list[Refusal] = []
    for file in files:
        on_model(file.name)
        try:
            opened, refused = open_candidates(file.name, file.path, variants, threads)
        except FastDepthError as err:
            reason = str(err).replace(str(file.path), file.path.name)
            opened, refused = [], [Refusal(file.name, "all", reason)]
        candidates += opened
        refusals += refused
    return Opened(candidates, refusals)


def time_all(candidates: Sequence[Candidate], seconds: float) -> dict[str, Timing]:
    """Time all candidates in turn; each is compared with the original on one thread, by round."""
    yardstick = key_of(ORIGINAL, ONNXRUNTIME.label, 1)
    subjects = {one.key: one.subject for one in candidates}
    return interleave(subjects, seconds, yardsticks=dict.fromkeys(subjects, yardstick))


def section_of(
    files: Sequence[ModelFile],
    opened: Opened,
    timings: Mapping[str, Timing],
    machine: Machine,
    default: str,
) -> dict[str, Any]:
    """Return the `model` section of the document.

    Args:
        files: that were measured.
        opened: of them.
        timings: of the candidates.
        machine: with its peaks.
        default: name of the default model.

    """
    notes: list[str] = []
    facts = {file.name: _facts(file, notes) for file in files if _is_open(file, opened)}
    costs = {name: fact.pop("cost") for name, fact in facts.items()}
    rows = []
    for one in opened.candidates:
        timing = timings[one.key]
        rows.append(
            {
                "model": one.model,
                "engine": one.variant,
                "threads": one.threads,
                "description": one.description,
                "difference_m": one.difference,
                "mean_depth_m": facts[one.model]["mean_depth_m"],
                "wall": timing.wall._asdict(),
                "cpu": timing.cpu._asdict(),
                "over_original": None if timing.ratio is None else timing.ratio._asdict(),
                "ms": _taken(timing, one.threads),
                **_limits(costs[one.model], machine.peak(one.threads), timing, one),
            }
        )
    section: dict[str, Any] = {
        "yardstick": ORIGINAL,
        "default": default,
        "models": facts,
        "results": rows,
        "refused": [refusal._asdict() for refusal in opened.refusals],
        "notes": list(dict.fromkeys(notes)),
    }
    section["aims"] = _aims(rows, default)
    section["recommendation"] = recommend(rows, facts, default)
    return section


def measure_memory(
    section: dict[str, Any], files: Sequence[ModelFile], engines: Mapping[str, Any]
) -> None:
    """Add to results on one thread, but for yardsticks, what a process with that model needs.

    Args:
        section: of `section_of`; `load_s` and `resident_mb` are added to its results.
        files: of the models.
        engines: variants by label.

    """
    paths = {file.name: file.path for file in files if not file.is_yardstick}
    for row in section["results"]:
        variant: Variant | None = engines.get(row["engine"])
        is_asked = row["threads"] == 1 and row["model"] in paths
        if not is_asked or variant is None or variant.engine is None:
            continue
        options = json.dumps([list(one) for one in variant.providers or ()])
        command = [sys.executable, "-m", "fastdepth.bench.memory"]
        command += [str(paths[row["model"]]), variant.engine, options]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, timeout=_MEMORY_PATIENCE
            )
            row.update(json.loads(done.stdout.splitlines()[-1]))
        except (OSError, subprocess.SubprocessError, ValueError, IndexError) as err:
            section["notes"].append(f"memory of {row['model']}, {row['engine']}: {err}")


def time_table(section: Mapping[str, Any]) -> Table:
    """Return the table of times, the quickest model first."""
    rows = []
    for row in sorted(section["results"], key=lambda row: float(row["ms"])):
        over = row["over_original"]
        rows.append(
            (
                row["model"],
                _engine_words(row),
                str(row["threads"]),
                _spread(row["wall"]),
                _spread(row["cpu"]),
                "" if over is None else f"{over['median']:.2f}",
                _number(row.get("over_floor"), ".1f"),
                f"{1e3 * row['difference_m']:.1f}",
                _number(row.get("resident_mb"), ".0f"),
            )
        )
    notes = [_OF_ORIGINAL]
    notes += [f"{one['model']}, {one['variant']}: {one['reason']}" for one in section["refused"]]
    return Table(
        "Time of a run, ms: median (5 % .. 95 %)",
        (
            "model",
            "engine",
            "threads",
            "clock",
            "processor",
            "of original",
            "of floor",
            "off, mm",
            "MB",
        ),
        rows,
        [*notes, *section["notes"]],
    )


def cost_table(section: Mapping[str, Any]) -> Table:
    """Return the table of what the models cost by their graphs."""
    rows = [
        (
            name,
            f"{fact['file_mb']:.1f}",
            _millions(fact["parameters"]),
            _millions(fact["macs"]),
            _millions(fact["int8_macs"]),
            _millions(fact["weight_bytes"]),
            _millions(fact["activation_bytes"]),
            _number(fact["delta1"], ".3f"),
        )
        for name, fact in section["models"].items()
    ]
    return Table(
        "Cost by the graph, millions",
        (
            "model",
            "file MB",
            "parameters",
            "MACs",
            "8-bit MACs",
            "weights B",
            "activations B",
            "δ1",
        ),
        rows,
    )


def _is_open(file: ModelFile, opened: Opened) -> bool:
    return any(one.model == file.name for one in opened.candidates)


def _facts(file: ModelFile, notes: list[str]) -> dict[str, Any]:
    card = read_card(file.path)
    cost: OnnxCost | None = None
    try:
        cost = count_cost(file.path)
    except MissingExtraError as err:
        notes.append(f"no floor: {err}")
    except FastDepthError as err:
        reason = str(err).replace(str(file.path), file.path.name)
        notes.append(f"no floor for {file.name}: {reason}")
    counts = ("macs", "int8_macs", "parameters", "weight_bytes", "activation_bytes")
    return {
        "file": file.path.name,
        "file_mb": file.path.stat().st_size / 1e6,
        "is_yardstick": file.is_yardstick,
        "input": [card.input.width, card.input.height],
        "mean_depth_m": float(np.abs(prepare_model(file.path).depth).mean()),
        "delta1": _delta1(card),
        **{name: None if cost is None else getattr(cost, name) for name in counts},
        "cost": cost,
    }


def _delta1(card: ModelCard) -> float | None:
    for result in card.accuracy:
        if result.protocol == _PROTOCOL and result.align == "none":
            return result.metrics.get("delta1")
    return None


def _taken(timing: Timing, threads: int) -> float:
    """Return the milliseconds of a run that count.

    Of one thread that is time on the processor, which other programs do not make longer.
    """
    return timing.cpu.median if threads == 1 else timing.wall.median


def _limits(
    cost: OnnxCost | None, peak: Peak | None, timing: Timing, one: Candidate
) -> dict[str, float | None]:
    names = ("floor_ms", "arithmetic_floor_ms", "memory_floor_ms", "over_floor", "over_arithmetic")
    # The peak of a lower precision was not measured.
    if cost is None or peak is None or own_precision(one.variant, one.description):
        return dict.fromkeys(names)
    arithmetic = peak.arithmetic_ms(cost.macs, int8_macs=cost.int8_macs)
    memory = peak.memory_ms(cost.moved)
    floor = max(arithmetic, memory)
    taken = _taken(timing, one.threads)
    values = (floor, arithmetic, memory, taken / floor, taken / arithmetic)
    return dict(zip(names, values, strict=True))


def _aims(rows: Sequence[Mapping[str, Any]], default: str) -> dict[str, float]:
    """Return what was reached of the aims: onnxruntime on one thread, as the node runs it."""
    plain = {
        row["model"]: row
        for row in rows
        if (row["engine"], row["threads"]) == (ONNXRUNTIME.label, 1)
    }
    found: dict[str, float] = {}
    names = {
        "float_over_original": default,
        "int8_over_original": f"{default}_int8",
        "tiny_over_original": f"{default}_tiny",
        "tiny_int8_over_original": f"{default}_tiny_int8",
    }
    for key, name in names.items():
        over = plain.get(name, {}).get("over_original")
        if over is not None:
            found[key] = over["median"]
            best = min(
                row["over_original"]["median"]
                for row in rows
                if row["model"] == name and row["threads"] == 1
            )
            found[key.replace("over", "best_engine_over")] = best
    pruned = plain.get(PRUNED, {}).get("over_original")
    if pruned is not None and "float_over_original" in found:
        found["float_over_pruned"] = found["float_over_original"] / pruned["median"]
    floor = plain.get(default, {}).get("over_arithmetic")
    if floor is not None:
        found["float_over_floor"] = floor
    return found


def own_precision(variant: str, description: str) -> str:
    """Return the precision that an engine chose by itself, where that is not float32."""
    last = description.rsplit(", ", 1)[-1]
    return last if variant == "openvino" and "thread" not in last else ""


def _engine_words(row: Mapping[str, Any]) -> str:
    return f"{row['engine']} {own_precision(row['engine'], row['description'])}".rstrip()


def _spread(value: Mapping[str, float]) -> str:
    return f"{value['median']:.2f} ({value['p5']:.2f} .. {value['p95']:.2f})"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _millions(value: float | None) -> str:
    return "" if value is None else f"{value / 1e6:.2f}"
