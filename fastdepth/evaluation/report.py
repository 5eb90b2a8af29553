"""report.html: what an evaluation found, for a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fastdepth.evaluation.gallery import gallery
from fastdepth.evaluation.page import page, paragraphs, table
from fastdepth.evaluation.records import STAGES
from fastdepth.evaluation.run import Result
from fastdepth.evaluation.svg import Bar, Series, bar_chart, line_chart
from fastdepth.evaluation.words import range_name
from fastdepth.metrics import METRIC_KEYS

MEANINGS = {
    "rmse": ("m", "root of the mean squared error; far and gross errors weigh most"),
    "mae": ("m", "mean absolute error"),
    "abs_rel": ("", "mean of |error| / distance: 0.1 is 10 % of the distance"),
    "sq_rel": ("m", "mean of error squared / distance"),
    "log10": ("", "mean of |log10(prediction / truth)|"),
    "rmse_log": ("", "root of the mean squared error of the natural logarithm"),
    "silog": ("%", "spread of the log error: what is left once the scale of each frame is right"),
    "delta1": ("", "share of pixels within a factor of 1.25"),
    "delta2": ("", "share of pixels within a factor of 1.25 squared"),
    "delta3": ("", "share of pixels within a factor of 1.25 cubed"),
    "accuracy15": ("", "share of pixels with an error below 15 % of the distance"),
}
PROTOCOLS = {
    "full": "every pixel with ground truth counts, at the ground truth's resolution",
    "eigen": "the model sees the whole 640x480 frame; its Eigen crop counts, clamped to 10 m",
    "fastdepth": "the model sees the centre cut of the 640x480 frame; it counts at 224x224",
}
STAGE_NAMES = {
    "read": "read and decode the frame",
    "prepare": "make the network's input",
    "infer": "run the network",
    "finish": "scale to the camera",
    "score": "compare, draw and record (evaluation only)",
}


def report_page(result: Result) -> str:
    """Return the page."""
    figures = result.figures
    name = Path(str(figures["source"]).partition(" ")[0]).name or "recording"
    title = f"Depth on {name}"
    parts = [f"<h1>{escape(title)}</h1>", _subtitle(figures)]
    if figures["partial"]:
        parts.append(
            f'<div class="alert"><b>Partial.</b> The evaluation was interrupted; this is of the '
            f"first {len(result.records)} of {figures['total']} frames.</div>"
        )
    parts += [f'<div class="alert">{escape(warning)}</div>' for warning in figures["warnings"]]
    said = "".join(f"<li>{_with_code(sentence)}</li>" for sentence in figures["findings"])
    parts += [f'<ul class="said">{said}</ul>', _cards(figures)]
    sections: tuple[Callable[[Result], str], ...] = (
        lambda result: gallery(result.chosen, result.figures["frames"]),
        _over_time,
        _by_distance,
        _by_region,
        _all_metrics,
        _frames,
        _times,
        _origin,
    )
    parts += [section(result) for section in sections]
    return page(title, parts)


def _with_code(text: str) -> str:
    """Return text as HTML; what is between backticks is a command."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _subtitle(figures: Mapping[str, Any]) -> str:
    align = figures["align"]
    aligned = "not aligned to the ground truth" if align == "none" else f"aligned by {align}"
    calibration = figures["calibration"]
    more = f" \u00b7 calibration {calibration['file']}" if calibration else ""
    text = (
        f"{figures['model']} {figures['model_version']} \u00b7 protocol {figures['protocol']}: "
        f"{PROTOCOLS[figures['protocol']]} \u00b7 {aligned}{more}"
    )
    return paragraphs([text], "pale")


def _cards(figures: Mapping[str, Any]) -> str:
    cards: list[tuple[str, str]] = []
    if figures["frames"]:
        cards += [
            (f"{figures['abs_rel']:.1%}", "mean error, of the distance (AbsRel)"),
            (f"{figures['rmse']:.2f} m", "RMSE"),
            (f"{figures['delta1']:.1%}", "of pixels within 25 % (\u03b41)"),
        ]
        if figures["scale"]:
            cards.append((f"\u00d7 {figures['scale']['best']:.3f}", "best single scale"))
    if figures["steadiness"]:
        cards.append((f"{figures['steadiness']['change']:.1%}", "flicker from frame to frame"))
    if figures["ms"]["infer"]:
        cards.append((f"{figures['ms']['infer']['median']:.1f} ms", "to run the network (median)"))
    items = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(what)}</span></div>'
        for value, what in cards
    )
    return f'<div class="cards">{items}</div>'


def _over_time(result: Result) -> str:
    records = result.records
    times = records.column("time")
    stamped = bool(np.isfinite(times).any()) and len(np.unique(times)) > 1
    x = times if stamped else np.arange(len(records), dtype=np.float64)
    label = "seconds since the first frame" if stamped else "frame"
    plots = []

    def add(caption: str, y_label: str, series: dict[str, str], reference: float | None) -> None:
        known = np.isfinite(x)
        lines = [
            Series(name, x[known], records.column(column)[known]) for name, column in series.items()
        ]
        if any(np.isfinite(line.y).any() for line in lines):
            chart = line_chart(caption, lines, label, y_label, reference=reference)
            plots.append(_plot(caption, chart))

    if len(records) > 1:
        add("Error of each frame", "AbsRel", {"AbsRel": "abs_rel"}, None)
        add(
            "Factor that would make each frame's scale right: 1 is right, above 1 the depth is "
            "too short",
            "truth / prediction",
            {"scale": "scale"},
            1.0,
        )
        add(
            "Share of pixels within 25 % (\u03b41) and within 56 % (\u03b42)",
            "share",
            {"\u03b41": "delta1", "\u03b42": "delta2"},
            None,
        )
        add(
            "Flicker: change of predicted depth from frame to frame where the scene is still",
            "share of depth",
            {"flicker": "steadiness"},
            None,
        )
    if not plots:
        return ""
    return f'<h2>Over time</h2><div class="plots">{"".join(plots)}</div>'


def _plot(caption: str, chart: str) -> str:
    return f"<figure><figcaption>{escape(caption)}</figcaption>{chart}</figure>"


def _by_distance(result: Result) -> str:
    ranges = result.figures["ranges"]
    if not ranges:
        return ""
    names = [range_name(each).replace(" m", "").replace("over ", ">") for each in ranges]
    error = [
        Bar(name, each["abs_rel"], f"{each['abs_rel']:.1%}")
        for name, each in zip(names, ranges, strict=True)
    ]
    share = [
        Bar(name, each["share"], f"{each['share']:.0%}")
        for name, each in zip(names, ranges, strict=True)
    ]
    rows = [
        (
            range_name(each),
            f"{each['share']:.1%}",
            f"{each['bias']:+.3f} m",
            *(f"{each[key]:.3f}" for key in ("rmse", "mae", "abs_rel", "delta1", "delta2")),
        )
        for each in ranges
    ]
    head = ("distance", "pixels", "mean error", "RMSE", "MAE", "AbsRel", "\u03b41", "\u03b42")
    caption = "Mean error by distance, as a share of the distance"
    intro = (
        "<h2>By distance</h2><p>Over all pixels of all frames, by their true distance. A mean "
        "error above zero says that the prediction is too far.</p>"
    )
    return "\n".join(
        [
            intro,
            '<div class="plots">',
            _plot(caption, bar_chart(caption, error, "true distance, m", "AbsRel")),
            _plot(
                "How many of the pixels lie there",
                bar_chart("pixels by distance", share, "true distance, m", "share of pixels"),
            ),
            "</div>",
            table(head, rows),
        ]
    )


def _by_region(result: Result) -> str:
    regions = result.figures["regions"]
    tiles = [tile for row in regions["grid"] for tile in row]
    known = [tile["abs_rel"] for tile in tiles if tile]
    if not known:
        return ""
    worst = max(known) or 1.0
    cells = []
    for tile in tiles:
        if tile is None:
            cells.append('<div style="background:#eee">none</div>')
            continue
        # White to a light red, on which dark text stays readable.
        fade = round(255 - 130 * tile["abs_rel"] / worst)
        cells.append(
            f'<div style="background:rgb(255,{fade},{fade})"><b>{tile["abs_rel"]:.3f}</b><br>'
            f"{tile['bias']:+.2f} m</div>"
        )
    rows = [
        (name, *(f"{regions[key][m]:.3f}" for m in ("rmse", "mae", "abs_rel", "delta1")))
        for name, key in (
            ("centre tile", "centre"),
            ("border (10 % along each edge)", "border"),
            ("without the border", "inside"),
        )
        if regions[key]
    ]
    intro = (
        "<h2>By region of the image</h2><p>AbsRel and mean error of each ninth of the image, as it "
        "lies in the picture.</p>"
    )
    return "\n".join(
        [
            intro,
            '<div class="plots"><div class="tiles">',
            *cells,
            "</div><div>",
            table(("region", "RMSE", "MAE", "AbsRel", "\u03b41"), rows),
            "</div></div>",
        ]
    )


def _all_metrics(result: Result) -> str:
    figures = result.figures
    if not figures["frames"]:
        return ""
    rows = []
    for key in METRIC_KEYS:
        unit, meaning = MEANINGS[key]
        spread = figures["spread"][key]
        values = (figures[key], spread["p5"], spread["median"], spread["p95"])
        rows.append((key, meaning, *(f"{value:.4f} {unit}".strip() for value in values)))
    head = ("metric", "what it is", "mean", "5 % of frames below", "median", "5 % above")
    return "<h2>All metrics</h2><p>Of each frame, then their mean over the frames.</p>" + table(
        head, rows, texts=2
    )


def _frames(result: Result) -> str:
    figures = result.figures
    rows = [("scored", str(figures["frames"]))]
    rows += [(reason, str(count)) for reason, count in figures["skipped"].items()]
    rows.append(("all frames", str(figures["total"])))
    return "<h2>What became of the frames</h2>" + table(("", ""), rows)


def _times(result: Result) -> str:
    figures = result.figures
    rows = [
        (STAGE_NAMES[stage], f"{times['median']:.2f} ms", f"{times['p95']:.2f} ms")
        for stage in STAGES
        if (times := figures["ms"][stage])
    ]
    rate = "" if figures["rate"] is None else f" ({figures['rate']:.1f} frames a second)"
    machine = figures["machine"]
    text = (
        "Reading, the model and the rest run side by side; all took "
        f"{figures['seconds']:.1f} s{rate}. {machine['engine']} on {machine['platform']}, "
        f"{machine['cpus']} CPUs."
    )
    head = ("stage, for each frame", "median", "95 % below")
    return "<h2>Time</h2>" + table(head, rows) + paragraphs([text], "pale")


def _origin(result: Result) -> str:
    figures = result.figures
    rows = [("source", str(figures["source"]))]
    rows += [(name, value or "none") for name, value in figures.get("topics", {}).items()]
    rows += [
        ("model file", str(figures["model_file"])),
        ("scaled to the camera", "yes" if figures["camera_aware"] else "no"),
        ("fastdepth", figures["version"]),
    ]
    files = (
        "metrics.json has every figure of this page, frames.csv those of each frame, and "
        "depth.mcap image, prediction, ground truth and error to play in Foxglove or RViz."
    )
    body = table(("", ""), rows, texts=2)
    return f"<h2>Where this comes from</h2>{body}{paragraphs([files], 'pale')}"
