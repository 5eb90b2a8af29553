"""report.html: what a run came to, for a person."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from fastdepth.evaluation.gallery import gallery
from fastdepth.evaluation.page import page, paragraphs, table
from fastdepth.evaluation.report import MEANINGS
from fastdepth.files import whole_file
from fastdepth.metrics import METRIC_KEYS
from fastdepth.pictures import write_picture
from fastdepth_train.data.sources import Frames
from fastdepth_train.run.curves import Curve, chart, curves, write_curves
from fastdepth_train.run.findings import Findings, findings
from fastdepth_train.run.folder import RunFolder
from fastdepth_train.run.history import read_history, write_history
from fastdepth_train.run.looking import Seen, look
from fastdepth_train.run.pictures import sheet
from fastdepth_train.run.record import read_record

_PRE = (
    "background:var(--soft);padding:12px 14px;border-radius:6px;overflow-x:auto;"
    "font-size:.85rem;line-height:1.45"
)


class Content(NamedTuple):
    """Everything that a report is made of."""

    record: dict[str, Any]
    found: Findings
    plots: list[Curve]
    seen: Seen | None
    settings: str
    root: Path


def write_report(folder: RunFolder, frames: Frames, pictures: int = 2) -> bool:
    """Write report.html, metrics.csv, curves.png and validation.png of a run.

    Args:
        folder: of the run, which has ended or was stopped.
        frames: that it was trained and validated on.
        pictures: validation frames of each kind (best, median, worst) to show.

    Returns:
        Whether there was anything to tell: not before the first step.

    Raises:
        OutputError: a file cannot be written.
        SourceError: a frame cannot be read.

    """
    record = read_record(folder)
    if not record:
        return False
    history = read_history(folder, record["steps_per_epoch"])
    checkpoint = folder.best if folder.best.is_file() else folder.last
    seen = None
    if checkpoint.is_file():
        seen = look(checkpoint, frames, record["protocol"], pictures)
    plots = curves(history)
    write_history(folder.metrics, history)
    if plots:
        write_curves(folder.curves, plots)
    if seen is not None:
        footer = f"{record['name']}: best, median and worst validation frames by AbsRel"
        write_picture(folder.sheet, sheet([each.snapshot for each in seen.chosen], footer))
    settings = folder.config.read_text(encoding="utf-8") if folder.config.is_file() else ""
    found = findings(record, history, seen)
    text = report_page(Content(record, found, plots, seen, settings, folder.root))
    with whole_file(folder.report) as file:
        file.write_text(text, encoding="utf-8")
    return True


def report_page(content: Content) -> str:
    """Return the page."""
    record = content.record
    title = f"Training {record['name']}"
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in content.found.said)
    parts = [
        f"<h1>{escape(title)}</h1>",
        paragraphs([_subtitle(record)], "pale"),
        *(f'<div class="alert">{escape(text)}</div>' for text in content.found.warnings),
        f'<ul class="said">{said}</ul>' if said else "",
        _cards(content),
        _curves(content.plots),
        gallery(content.seen.chosen, int(content.seen.validation["frames"]))
        if content.seen
        else "",
        _metrics(content.seen),
        _what(record),
        _time(record),
        _next(content),
        _settings(content.settings),
    ]
    return page(title, [part for part in parts if part])


def _subtitle(record: dict[str, Any]) -> str:
    width, height = record["input"]
    last = record["starts"][-1]
    return (
        f"{last['state']} \u00b7 {record['parameters'] / 1e6:.2f} M parameters, "
        f"{record['macs'] / 1e6:.0f} MMACs at {width}x{height} \u00b7 "
        f"{record['training_frames']} training and {record['validation_frames']} validation "
        f"frames \u00b7 began {record['starts'][0]['began']}"
    )


def _cards(content: Content) -> str:
    record, seen = content.record, content.seen
    cards: list[tuple[str, str]] = []
    if seen is not None:
        figures = seen.validation
        cards += [
            (f"{figures['rmse']:.3f} m", "RMSE on validation frames"),
            (f"{figures['delta1']:.1%}", "of pixels within 25 % (\u03b41)"),
            (f"{figures['abs_rel']:.1%}", "mean error, of the distance (AbsRel)"),
        ]
        if seen.training:
            cards.append((f"{seen.training['rmse']:.3f} m", "RMSE on frames trained on"))
    seconds, images = _sums(record)
    cards.append((_duration(seconds), "for all of it, validation too"))
    if seconds and images:
        cards.append((f"{images / seconds:.1f}", "training images a second"))
    items = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(what)}</span></div>'
        for value, what in cards
    )
    return f'<div class="cards">{items}</div>'


def _curves(plots: list[Curve]) -> str:
    if not plots:
        return ""
    figures = "".join(
        f"<figure><figcaption>{escape(plot.caption)}</figcaption>{chart(plot)}</figure>"
        for plot in plots
    )
    note = (
        "Frames trained on are scored as validation frames are, without augmentation: a gap "
        "between both is what the network knows by heart."
    )
    return f'<h2>Curves</h2>{paragraphs([note])}<div class="plots">{figures}</div>'


def _metrics(seen: Seen | None) -> str:
    if seen is None:
        return ""
    rows = []
    for key in METRIC_KEYS:
        unit, meaning = MEANINGS[key]
        values = [
            f"{metrics[key]:.4f} {unit}".strip() if metrics else ""
            for metrics in (seen.validation, seen.training)
        ]
        rows.append((key, meaning, *values))
    head = (
        "metric",
        "what it is",
        f"validation ({seen.validation['frames']:.0f})",
        f"trained on ({seen.training.get('frames', 0):.0f})",
    )
    return "<h2>All metrics of the best network</h2>" + table(head, rows, texts=2)


def _what(record: dict[str, Any]) -> str:
    rows = [("trained on", text) for text in record["training_data"][:1]]
    rows += [("", text) for text in record["training_data"][1:]]
    rows += [
        ("protocol of the validation", record["protocol"]),
        ("best network chosen by", record["chosen_by"]),
        ("batch", _batch(record)),
        ("steps in an epoch", str(record["steps_per_epoch"])),
        ("epochs asked for", str(record["epochs"])),
    ]
    return "<h2>What was trained</h2>" + table(("", ""), rows, texts=2)


def _batch(record: dict[str, Any]) -> str:
    batch, processes = record["batch"], record["processes"]
    if processes == 1:
        return f"{batch} images"
    return f"{batch} images, {batch // processes} in each of {processes} processes"


def _time(record: dict[str, Any]) -> str:
    rows = [
        (
            start["began"],
            start["state"],
            _duration(start["seconds"]),
            str(start["steps"]),
            start["precision"],
            start["commit"][:12] + ("-dirty" if start["commit"].endswith("-dirty") else ""),
            start["from"] or "the beginning",
        )
        for start in record["starts"]
    ]
    head = ("started", "ended", "time", "steps", "precision", "commit", "went on from")
    machine = record["starts"][-1]["machine"]
    text = (
        f"{machine['device']}, {machine['cpus']} CPUs, {machine['threads']} threads of torch "
        f"{machine['torch']}, Python {machine['python']}, {machine['platform']}; fastdepth "
        f"{record['fastdepth']}."
    )
    return "<h2>Time and machine</h2>" + table(head, rows, texts=7) + paragraphs([text], "pale")


def _next(content: Content) -> str:
    if content.seen is None:
        return ""
    command = (
        f"fastdepth export {content.root}/checkpoints/best.ckpt {content.record['name']}.onnx "
        "--evaluate DATA --split val"
    )
    files = (
        "metrics.csv has every logged number, curves.png and validation.png the pictures of this "
        f"page; tensorboard --logdir {content.root} shows the same while a run goes on. "
        "checkpoints/best.ckpt is the network of this page, checkpoints/last.ckpt the one to go on "
        "from with --resume auto."
    )
    shown = f'<pre style="{_PRE}">{escape(command)}</pre>'
    return f"<h2>From here</h2>{shown}{paragraphs([files], 'pale')}"


def _settings(text: str) -> str:
    if not text:
        return ""
    return (
        "<h2>Settings</h2><details><summary>config.yaml: every setting of the run</summary>"
        f'<pre style="{_PRE}">{escape(text)}</pre></details>'
    )


def _sums(record: dict[str, Any]) -> tuple[float, int]:
    starts = record["starts"]
    return sum(s["seconds"] for s in starts), sum(s["images"] for s in starts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
