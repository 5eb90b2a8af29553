"""The table over many evaluations: as text, as summary.json and as summary.html."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from fastdepth.evaluation.folder import REPORT
from fastdepth.evaluation.many import Outcome
from fastdepth.evaluation.page import page, paragraphs
from fastdepth.files import whole_file, write_json
from fastdepth.metrics import METRIC_KEYS

SUMMARY = "summary.json"
SUMMARY_PAGE = "summary.html"

HEAD = ("source", "frames", "AbsRel", "RMSE", "\u03b41", "scale", "flicker", "ms", "")


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the content of summary.json.

    `mean` has the metric keys over all frames of all sources, each frame counting once.
    """
    scored = [o.figures for o in outcomes if o.figures and o.figures["frames"]]
    frames = sum(figures["frames"] for figures in scored)
    mean = {
        key: sum(figures[key] * figures["frames"] for figures in scored) / frames
        for key in METRIC_KEYS
        if frames
    }
    return {
        "mean": mean | {"frames": frames},
        "sources": {
            outcome.job.name: _entry(outcome)
            for outcome in sorted(outcomes, key=lambda o: o.job.name)
        },
        "failed": sorted(o.job.name for o in outcomes if o.error is not None),
    }


def write_summary(out: Path, outcomes: Sequence[Outcome]) -> None:
    """Write summary.json and summary.html.

    Raises:
        OutputError: they cannot be written.

    """
    write_json(out / SUMMARY, summary(outcomes))
    with whole_file(out / SUMMARY_PAGE) as file:
        file.write_text(_page(outcomes), encoding="utf-8")


def row(outcome: Outcome) -> tuple[str, ...]:
    """Return the cells of a source, as HEAD names them."""
    figures, name = outcome.figures, outcome.job.name
    if figures is None:
        state = "not reached" if outcome.error is None else f"failed: {outcome.error}"
        return (name, *("" for _ in HEAD[2:]), state)
    state = "partial" if figures["partial"] else "done before" if outcome.reused else ""
    scale, steady, infer = figures["scale"], figures["steadiness"], figures["ms"]["infer"]
    accuracy = ("", "", "")
    if figures["frames"]:
        accuracy = (
            f"{figures['abs_rel']:.3f}",
            f"{figures['rmse']:.3f}",
            f"{figures['delta1']:.3f}",
        )
    return (
        name,
        f"{figures['frames']}/{figures['total']}",
        *accuracy,
        f"{scale['best']:.3f}" if scale else "",
        f"{steady['change']:.3f}" if steady else "",
        f"{infer['median']:.1f}" if infer else "",
        state,
    )


def table_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the table as aligned lines of text."""
    rows = [HEAD, *(row(outcome) for outcome in outcomes), _mean_row(outcomes)]
    widths = [max(len(cells[n]) for cells in rows) for n in range(len(HEAD) - 1)]
    lines = []
    for cells in rows:
        name = f"{cells[0]:<{widths[0]}}"
        numbers = [f"{c:>{w}}" for c, w in zip(cells[1:-1], widths[1:], strict=True)]
        lines.append("  ".join([name, *numbers, cells[-1]]).rstrip())
    return lines


def _mean_row(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    mean = summary(outcomes)["mean"]
    if not mean["frames"]:
        return ("all frames", "0", *("" for _ in HEAD[2:]))
    values = (f"{mean[key]:.3f}" for key in ("abs_rel", "rmse", "delta1"))
    return ("all frames", str(mean["frames"]), *values, "", "", "", "")


def _entry(outcome: Outcome) -> dict[str, Any]:
    figures = outcome.figures
    entry: dict[str, Any] = {"source": str(outcome.job.path), "error": outcome.error}
    if figures is None:
        return entry
    keys = ("frames", "total", "skipped", "partial", "scale", "steadiness", "ms", "warnings")
    metrics = [key for key in METRIC_KEYS if key in figures]
    return entry | {key: figures[key] for key in (*metrics, *keys)} | {"reused": outcome.reused}


def _page(outcomes: Sequence[Outcome]) -> str:
    head = "".join(
        f"<th{' class=number' if 0 < n < len(HEAD) - 1 else ''}>{escape(text)}</th>"
        for n, text in enumerate(HEAD)
    )
    rows = []
    for outcome in outcomes:
        cells = row(outcome)
        name = escape(cells[0])
        if outcome.figures is not None:
            name = f'<a href="{escape(outcome.job.name)}/{REPORT}">{name}</a>'
        rows.append((name, cells))
    mean = _mean_row(outcomes)
    rows.append((f"<b>{escape(mean[0])}</b>", mean))
    body = "".join(
        f"<tr><td>{name}</td>"
        + "".join(f'<td class="number">{escape(cell)}</td>' for cell in cells[1:-1])
        + f"<td>{escape(cells[-1])}</td></tr>"
        for name, cells in rows
    )
    note = (
        "AbsRel, RMSE (m) and \u03b41 are means over frames. Scale is the factor that would make "
        "depth right (above 1 it is too short), flicker the change of depth from frame to frame "
        "where the scene is still, ms the time to run the network."
    )
    return page(
        "Depth on several recordings",
        [
            "<h1>Depth on several recordings</h1>",
            paragraphs([note], "pale"),
            (
                f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
                f"<tbody>{body}</tbody></table></div>"
            ),
        ],
    )
