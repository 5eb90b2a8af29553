from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.evaluation import evaluate_source
from fastdepth.evaluation.comparing import compare_runs, comparison_page
from fastdepth.evaluation.many import Job, Outcome
from fastdepth.evaluation.summary import write_summary
from test.fastdepth.evaluation import making
from test.fastdepth.evaluation.browser import inspect

WIDTHS = (1280, 400)


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluate a bag whose name and frames try the layout; return the output folder."""
    folder = tmp_path_factory.mktemp("report")

    def truth(number: int, predicted: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(number)
        wrong = rng.normal(1.1 + 0.1 * np.sin(number / 5), 0.1, predicted.shape)
        depth = (predicted * wrong).astype(np.float32)
        depth[:3] = np.nan
        return depth

    name = "a_bag_with_quite_a_long_name_of_2026-11-24_kitchen_<b>&_and_hall"
    bag = making.write_bag(folder / name, 30, truth)
    out = folder / "out"
    evaluate_source(bag, making.options(folder), out, lambda *_: None, lambda: False)
    return out


class Outside(HTMLParser):
    """Collects what a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href"} and not (value or "").startswith(("data:", "#")):
                self.found.append(f"{tag} {value}")
            assert tag not in {"script", "iframe"}


def test_the_report_loads_nothing_from_elsewhere(reported: Path) -> None:
    outside = Outside()
    outside.feed((reported / "report.html").read_text())
    assert outside.found == []


def test_names_are_text_and_not_markup(reported: Path) -> None:
    page = (reported / "report.html").read_text()
    assert "<b>&_and_hall" not in page
    assert "&lt;b&gt;&amp;_and_hall" in page


def test_the_report_is_laid_out_well(reported: Path) -> None:
    found, console = inspect(reported / "report.html", WIDTHS)
    assert console == []
    for width in WIDTHS:
        at = found[str(width)]
        assert at["images"] == 9 * 4 + 2  # three of each kind, and two scales
        assert at["broken"] == 0
        assert at["overflow"] == 0
        assert at["wide"] == []
        assert at["smallest"] >= 7
        assert at["text"] > 2000


def test_other_pages_are_laid_out_well(reported: Path, tmp_path: Path) -> None:
    comparison = tmp_path / "comparison.html"
    comparison.write_text(comparison_page(compare_runs(reported, reported)))
    figures = json.loads((reported / "metrics.json").read_text())
    options = making.options(tmp_path)
    jobs = [Job(name, tmp_path, options, tmp_path / name) for name in ("kitchen", "hall", "attic")]
    outcomes = [
        Outcome(jobs[0], figures),
        Outcome(jobs[1], None, "bag hall is damaged " + "and cannot be read " * 5),
        Outcome(jobs[2], None),
    ]
    write_summary(tmp_path, outcomes)
    for page in (comparison, tmp_path / "summary.html"):
        found, console = inspect(page, WIDTHS)
        assert console == []
        for width in WIDTHS:
            assert found[str(width)]["overflow"] == 0
            assert found[str(width)]["wide"] == []
    text = (tmp_path / "summary.html").read_text()
    assert "failed: bag hall is damaged" in text
    assert "not reached" in text
