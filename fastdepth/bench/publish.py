"""Bring figures of a run into the documents, between marks, and draw their pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastdepth.bench.aims import aims_table, judge
from fastdepth.bench.picture import draw_models, draw_pipeline
from fastdepth.bench.report import Table, load_note, markdown
from fastdepth.errors import OutputError
from fastdepth.files import whole_file

_SECTIONS = ("model", "pipeline", "node", "train")


def publish(
    document: Mapping[str, Any], *, readme: Path, performance: Path, images: Path
) -> list[Path]:
    """Write what a document of `fastdepth bench --json` says; sections it lacks stay as they are.

    Args:
        document: of the run.
        readme: has the mark `speed`.
        performance: has the marks `machine`, `aims`, and one for each section.
        images: folder of the pictures.

    Returns:
        The files that were written.

    Raises:
        OutputError: a document has not its marks, or cannot be written.
        MissingExtraError: matplotlib, which draws, is not installed.

    """
    texts = {
        "machine": _machine(document),
        "aims": markdown(aims_table(judge(document), links=True)),
    }
    texts |= {name: _tables(document[name]) for name in _SECTIONS if name in document}
    written = [performance]
    replace_marked(performance, texts)
    if "model" in document:
        note = f"{load_note(document)}; `make bench`"
        replace_marked(readme, {"speed": f"{markdown(speed_table(document['model']))}\n\n{note}"})
        draw_models(images / "bench_models.png", document["model"])
        written += [readme, images / "bench_models.png"]
    if "pipeline" in document:
        draw_pipeline(images / "bench_pipeline.png", document["pipeline"])
        written.append(images / "bench_pipeline.png")
    return written


def speed_table(section: Mapping[str, Any]) -> Table:
    """Return the short table of a `model` section: onnxruntime on one thread, and the best."""
    rows = []
    for name, fact in section["models"].items():
        own = [row for row in section["results"] if row["model"] == name]
        plain = [row for row in own if (row["engine"], row["threads"]) == ("onnxruntime", 1)]
        if not plain:
            continue
        best = min((row for row in own if row["threads"] == 1), key=lambda row: float(row["ms"]))
        over = plain[0]["over_original"]
        macs = fact["macs"]
        rows.append(
            (
                _label(name, fact),
                "" if macs is None else f"{(macs + fact['int8_macs']) / 1e6:.0f}",
                f"{fact['file_mb']:.1f} MB",
                f"{plain[0]['ms']:.1f} ms",
                "" if over is None else f"{over['median']:.2f}",
                f"{best['ms']:.1f} ms, {best['engine']}",
            )
        )
    columns = ("model", "MMACs", "file", "onnxruntime", "of the original", "quickest engine")
    return Table("Time of one frame on one thread", columns, rows)


def _label(name: str, fact: Mapping[str, Any]) -> str:
    if not fact["is_yardstick"]:
        return f"`models/{fact['file']}`"
    return "FastDepth as published" + (", pruned" if name.endswith("pruned") else "")


def _machine(document: Mapping[str, Any]) -> str:
    machine = document["machine"]
    rows = [
        (
            str(peak["threads"]),
            f"{peak['gflops']:.0f} GFLOP/s",
            "" if peak["int8_gops"] is None else f"{peak['int8_gops']:.0f} GOP/s",
            f"{peak['bandwidth']:.0f} GB/s",
        )
        for peak in machine["peaks"]
    ]
    table = Table("", ("threads", "float32", "8 bits", "memory"), rows)
    about = f"{load_note(document)}; {machine['system']}, Python {machine['python']}"
    return f"{about}.\n\n{markdown(table)}"


def _tables(section: Mapping[str, Any]) -> str:
    blocks = []
    for raw in section.get("tables", []):
        table = Table(raw["title"], raw["columns"], raw["rows"], raw["notes"])
        notes = "".join(f"\n* {note}" for note in table.notes)
        blocks.append(f"**{table.title}**\n\n{markdown(table)}" + (f"\n{notes}" if notes else ""))
    words = (section.get("recommendation") or {}).get("words")
    return "\n\n".join([*blocks, *([f"`{words}`"] if words else [])])


def replace_marked(path: Path, texts: Mapping[str, str], group: str = "bench") -> None:
    """Replace what stands between a document's marks `BEGIN group:name` and `END group:name`.

    Raises:
        OutputError: the document lacks a mark, or cannot be read or written.

    """
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as err:
        msg = f"{path} cannot be read: {err.strerror or err}"
        raise OutputError(msg) from err
    for name, text in texts.items():
        begin, end = f"<!-- BEGIN {group}:{name} -->\n", f"<!-- END {group}:{name} -->"
        before, opened, rest = content.partition(begin)
        _, closed, after = rest.partition(end)
        if not (opened and closed):
            msg = f"{path} has no place for figures: {begin.strip()} ... {end}"
            raise OutputError(msg)
        content = f"{before}{begin}{text}\n{end}{after}"
    with whole_file(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
