"""Tables, the document and the aims."""

import io
import json
import re
from pathlib import Path

import pytest

from fastdepth.bench.aims import AIMS, aims_table, judge
from fastdepth.bench.machine import describe_machine
from fastdepth.bench.report import Table, load_note, make_document, markdown, show

TABLE = Table("Title", ("model", "ms"), [("a", "10.5"), ("longer", "2")], ["a note"])


def test_a_table_is_aligned_where_nobody_draws():
    out = io.StringIO()
    show(TABLE, out)
    assert out.getvalue() == "Title\nmodel     ms\na       10.5\nlonger     2\na note\n\n"


def test_a_table_in_a_terminal_is_drawn():
    pytest.importorskip("rich")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    out = Terminal()
    show(TABLE, out)
    assert "┃" in out.getvalue()
    assert "longer" in out.getvalue()
    assert "a note" in out.getvalue()


def test_a_table_as_markdown():
    assert markdown(TABLE) == "| model | ms |\n|---|---:|\n| a | 10.5 |\n| longer | 2 |"


def test_the_document_has_machine_load_and_sections():
    document = make_document(describe_machine(), 1.5, {"model": {"aims": {}}})
    assert json.loads(json.dumps(document)) == document
    assert document["schema"] == 1
    assert document["load"]["before"] == 1.5
    assert "load 1.5 before" in load_note(document)


@pytest.mark.parametrize(("load", "is_told"), [(0.4, False), (3.0, True), (None, False)])
def test_figures_that_were_taken_beside_other_work_say_so(load, is_told):
    document = make_document(describe_machine(), load, {})
    document["machine"]["usable_cpus"] = 2.0
    assert ("beside other work" in load_note(document)) is is_told


def test_aims_are_judged_by_their_limits():
    document = {
        "model": {"aims": {"float_over_original": 0.45, "int8_over_original": 0.31}},
        "train": {"aims": {"end_to_end": 0.95}},
    }
    found = {one.aim.key: one.verdict for one in judge(document)}
    assert found["float_over_original"] == "met"
    assert found["int8_over_original"] == "not met"
    assert found["tiny_over_original"] == "not measured"
    assert found["end_to_end"] == "met"
    assert len(found) == len(AIMS)


def test_a_limit_from_below_is_missed_from_below():
    verdicts = {
        one.aim.key: one.verdict for one in judge({"train": {"aims": {"end_to_end": 0.89}}})
    }
    assert verdicts["end_to_end"] == "not met"


def test_the_table_of_aims_has_all_of_them_with_their_limits():
    table = aims_table(judge({"node": {"aims": {"avoidable_copies": 0}}}))
    assert len(table.rows) == len(AIMS)
    copies = next(row for row in table.rows if "copies" in row[0])
    assert list(copies[1:]) == ["<= 0", "0", "met"]


def test_what_is_not_met_leads_to_what_stands_in_its_way():
    document = {"node": {"aims": {"resident_mb": 201.0, "first_depth_s": 1.0}}}
    shown = {row[0]: row[3] for row in aims_table(judge(document), links=True).rows}
    assert shown["node: resident memory"].startswith("not met: [what stands")
    assert shown["node: process start to first depth, warm page cache"] == "met"
    pages = Path(__file__).resolve().parents[3] / "docs" / "performance.md"
    headings = re.findall(r"^#+ (.+)$", pages.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert [aim.key for aim in AIMS if aim.obstacle and aim.obstacle not in anchors] == []
