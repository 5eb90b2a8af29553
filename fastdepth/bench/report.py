"""How results leave: tables in the terminal and in Markdown, and the JSON document."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, TextIO

from fastdepth import __version__
from fastdepth.bench.machine import Machine, load_average

SCHEMA = 1
_BUSY = 0.5  # processes that want a CPU, for each there is


class Table(NamedTuple):
    """A table of text.

    Attributes:
        title: above it.
        columns: their heads.
        rows: of as many cells; all columns but the first are aligned to the right.
        notes: below it, a line each.

    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON, from which the table can be printed again."""
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "notes": list(self.notes),
        }


def show(table: Table, stream: TextIO | None = None) -> None:
    """Print a table: drawn by rich in a terminal that has it, else in aligned columns."""
    out = stream or sys.stdout
    if not (out.isatty() and _draw(table, out)):
        out.write("\n".join([table.title, *_aligned(table), *table.notes, ""]) + "\n")
    out.flush()


def markdown(table: Table) -> str:
    """Return a table as Markdown, without its title."""
    head = "| " + " | ".join(table.columns) + " |"
    rule = "|" + "|".join(["---", *["---:"] * (len(table.columns) - 1)]) + "|"
    rows = ["| " + " | ".join(row) + " |" for row in table.rows]
    return "\n".join([head, rule, *rows])


def make_document(
    machine: Machine, load_before: float | None, sections: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the document of some sections, as it is written to JSON."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "machine": machine.as_dict(),
        "load": {"before": load_before, "after": load_average()},
        **sections,
    }


def load_note(document: Mapping[str, Any]) -> str:
    """Return one line that says on what, and beside how much other work, was measured."""
    machine, load = document["machine"], document["load"]
    around = " and ".join(
        f"{value:.1f} {when}" for when, value in load.items() if value is not None
    )
    # The load after is the benchmark's own.
    is_busy = (load["before"] or 0.0) > _BUSY * machine["usable_cpus"]
    return (
        f"{machine['cpu']}, {machine['usable_cpus']:g} of {machine['logical_cpus']} CPUs, "
        f"load {around or 'unknown'}"
        + (" (beside other work: only processor time and ratios mean much)" if is_busy else "")
    )


def _aligned(table: Table) -> list[str]:
    lines = [tuple(table.columns), *map(tuple, table.rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def _draw(table: Table, out: TextIO) -> bool:
    try:
        # By name, since rich is an extra and its types are not always there.
        console, kind = import_module("rich.console"), import_module("rich.table")
    except ModuleNotFoundError:
        return False
    drawn = kind.Table(
        title=table.title, title_justify="left", caption="\n".join(table.notes) or None
    )
    drawn.caption_justify = "left"
    for index, column in enumerate(table.columns):
        drawn.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    for row in table.rows:
        drawn.add_row(*row)
    console.Console(file=out, markup=False, highlight=False).print(drawn)
    return True
