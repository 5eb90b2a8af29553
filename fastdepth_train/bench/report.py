"""What the times of training steps say: images a second by stage, and scaling over processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from fastdepth.bench.report import Table
from fastdepth.bench.timing import Times, spread

END_TO_END = "end to end"
_WORDS = {
    "load": "loader alone: view, resize, collate",
    "colours": "colours and normalisation alone",
    "step": "bare step: forward, loss, backward, optimizer",
    END_TO_END: "training, end to end",
}


def section_of(stages: Mapping[str, Any], runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the `train` section of the document.

    Args:
        stages: what `fastdepth_train.bench.steps` wrote of a run with stages.
        runs: the same of runs with several numbers of processes and threads, without stages.

    """
    batch = stages["settings"]["batch_size"]
    times = {
        **{name: _times(found) for name, found in stages["stages"].items()},
        END_TO_END: _times(stages["end_to_end"]),
    }
    found: dict[str, Any] = {
        "preset": stages["settings"]["preset"],
        "precision": stages["settings"]["precision"],
        "batch_size": batch,
        "threads": stages["settings"]["threads"],
        "peak_mb": stages["peak_mb"],
        "stages": {
            name: {
                "cpu": spread([one.cpu for one in samples])._asdict(),
                "wall": spread([one.wall for one in samples])._asdict(),
                "images_per_s": 1e3 * batch / median(one.wall for one in samples),
                "images_per_cpu_s": 1e3 * batch / median(one.cpu for one in samples),
            }
            for name, samples in times.items()
        },
        "scaling": [_scaling(run) for run in runs],
    }
    # Between two steps of one process everything was timed in turn, so neighbours are compared.
    pairs = list(zip(times["step"], times[END_TO_END][1:], strict=False))
    over_cpu = spread([bare.cpu / whole.cpu for bare, whole in pairs])
    over_wall = spread([bare.wall / whole.wall for bare, whole in pairs])
    found["end_to_end_over_step"] = {"cpu": over_cpu._asdict(), "wall": over_wall._asdict()}
    found["aims"] = {"end_to_end": over_cpu.median}
    return found


def stage_table(section: Mapping[str, Any]) -> Table:
    """Return the table of stages."""
    rows = [
        (
            _WORDS[name],
            f"{stage['images_per_s']:.1f}",
            f"{stage['images_per_cpu_s']:.1f}",
            f"{stage['cpu']['median'] / section['batch_size']:.2f}",
        )
        for name, stage in section["stages"].items()
    ]
    share = section["end_to_end_over_step"]["cpu"]
    note = (
        f"end to end runs at {share['median']:.1%} of the bare step's speed "
        f"({share['p5']:.1%} .. {share['p95']:.1%}, processor time of neighbouring steps)"
    )
    return Table(
        f"Training {section['preset']}, batches of {section['batch_size']}, "
        f"{section['precision']}, {section['threads']} thread(s)",
        ("stage", "images/s", "a CPU second", "CPU ms an image"),
        rows,
        [note],
    )


def scaling_table(section: Mapping[str, Any]) -> Table:
    """Return the table of processes."""
    first = section["scaling"][0]["images_per_s"]
    rows = [
        (
            str(run["processes"]),
            str(run["threads"]),
            f"{run['images_per_s']:.1f}",
            f"{run['images_per_s'] / first:.2f}",
        )
        for run in section["scaling"]
    ]
    return Table(
        "Scaling, by the clock", ("processes", "threads each", "images/s", "of the first"), rows
    )


def _scaling(run: Mapping[str, Any]) -> dict[str, Any]:
    settings = run["settings"]
    wall = [one.wall for one in _times(run["end_to_end"])]
    images = settings["batch_size"] * settings["processes"]
    return {
        "processes": settings["processes"],
        "threads": settings["threads"],
        "step_ms": spread(wall)._asdict(),
        "images_per_s": 1e3 * images / median(wall),
    }


def _times(found: Sequence[Sequence[float]]) -> list[Times]:
    return [Times(*one) for one in found]
