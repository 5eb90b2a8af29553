"""Tables for a Markdown page, put between the markers that the page has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastdepth.bench.report import Table, markdown


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose first column is text and whose others are figures."""
    return markdown(Table("", tuple(head), [tuple(row) for row in rows]))


def main_table(models: Mapping[str, Any], originals: Mapping[str, Any]) -> str:
    """Return accuracy, size and time of every model."""
    head = (
        *("model", "RMSE", "AbsRel", "δ1", "δ2", "δ3", "eigen RMSE", "eigen δ1"),
        *("parameters", "GMAC", "file", "1 thread", "2 threads", "of the original"),
    )
    rows = []
    for name, row in models.items():
        own, eigen = row["accuracy"]["fastdepth"], row["accuracy"]["eigen"]
        figures = [f"{own[key]:.3f}" for key in ("rmse", "abs_rel", "delta1", "delta2", "delta3")]
        figures += [f"{eigen[key]:.3f}" for key in ("rmse", "delta1")]
        rows.append((f"`{name}`", *figures, *_size(row), *_time(row)))
    for name, row in originals.items():
        rows.append((f"{name} (random weights)", *["-"] * 7, *_size(row), *_time(row)))
    return table(head, rows)


def range_table(models: Mapping[str, Any]) -> str:
    """Return RMSE and delta1 of every model by the distance of the truth."""
    spans: dict[tuple[float, float | None], float] = {}
    for row in models.values():
        spans |= {(r["from"], r["to"]): r["share"] for r in row["ranges"]}
    head = ["metres", "share", *(f"`{name}` RMSE, δ1" for name in models)]
    rows = []
    for (low, high), share in sorted(spans.items()):
        cells = [f"{low:g} to {high:g}" if high else f"from {low:g}", f"{share:.1%}"]
        for row in models.values():
            found = [r for r in row["ranges"] if r["from"] == low]
            cells.append(f"{found[0]['rmse']:.2f}, {found[0]['delta1']:.3f}" if found else "-")
        rows.append(cells)
    return table(head, rows)


def condition_table(models: Mapping[str, Any]) -> str:
    """Return delta1 (and RMSE) of every model under each condition, by camera scaling."""
    head = ["condition"]
    for name in models:
        head += [f"`{name}`", "not scaled"]
    first = next(iter(models.values()))
    rows = []
    for index, row in enumerate(first["conditions"]):
        cells = [row["condition"]]
        for model in models.values():
            found = model["conditions"][index]
            cells += [
                f"{found[key]['delta1']:.3f} ({found[key]['rmse']:.2f} m)"
                for key in ("aware", "unaware")
            ]
        rows.append(cells)
    return table(head, rows)


def engine_table(models: Mapping[str, Any]) -> str:
    """Return how far other engines' depth is from onnxruntime's."""
    rows = []
    for name, model in models.items():
        for report in model["engines"]:
            if report["mean"] is None:
                # Without the path of the file, which the row names.
                figures = ("refused", report["reason"].splitlines()[0].split(" for /")[0])
            else:
                figures = (f"{report['mean']:.1e} m", f"{report['largest']:.1e} m")
            rows.append((f"`{name}`", report["engine"], *figures))
    return table(("model", "engine", "mean difference", "largest"), rows)


def golden_table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return every network's metrics on the golden frame."""
    rows = [
        (name, *(f"{row[key]:.3f}" for key in ("rmse", "abs_rel", "delta1")))
        for name, row in figures.items()
    ]
    return table(("network", "RMSE", "AbsRel", "δ1"), rows)


def _size(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{row['parameters'] / 1e6:.2f} M",
        f"{row['macs'] / 1e9:.3f}",
        f"{row['bytes'] / 1e6:.1f} MB",
    )


def _time(row: Mapping[str, Any]) -> tuple[str, ...]:
    one, two = row["threads"]["1"], row["threads"]["2"]
    return (
        f"{one['cpu_ms']:.1f} ms",
        f"{two['clock_ms']:.1f} ms",
        f"{one['of_original']:.2f}",
    )
