"""Figures in documents and pictures."""

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from fastdepth.bench.publish import publish, speed_table
from fastdepth.errors import OutputError
from fastdepth.paths import find_shared

MARKS = "# Title\n<!-- BEGIN bench:{0} -->\nold\n<!-- END bench:{0} -->\nafter\n"
ROOT = Path(__file__).resolve().parents[3]


def spread(median: float) -> dict[str, Any]:
    return {"median": median, "p5": 0.9 * median, "p95": 1.2 * median, "samples": 9}


def result(model: str, engine: str, ms: float, over: float) -> dict[str, Any]:
    return {
        "model": model,
        "engine": engine,
        "threads": 1,
        "ms": ms,
        "cpu": spread(ms),
        "over_original": spread(over),
        "floor_ms": 1.5,
    }


def fact(file: str, macs: float, *, yardstick: bool = False) -> dict[str, Any]:
    return {
        "file": file,
        "file_mb": 7.4,
        "macs": macs,
        "int8_macs": 1e6,
        "is_yardstick": yardstick,
    }


@pytest.fixture
def document():
    stages = ["decode", "infer"]
    return {
        "machine": {
            "cpu": "A CPU",
            "usable_cpus": 2.0,
            "logical_cpus": 4,
            "system": "Linux 6",
            "python": "3.11",
            "peaks": [{"threads": 1, "gflops": 100.4, "int8_gops": None, "bandwidth": 40.0}],
        },
        "load": {"before": 0.1, "after": 1.2},
        "model": {
            "models": {
                "fastdepth": fact("fastdepth.onnx", 294e6),
                "original": fact("fastdepth-1.onnx", 735e6, yardstick=True),
            },
            "results": [
                result("fastdepth", "onnxruntime", 3.44, 0.42),
                result("fastdepth", "openvino", 2.96, 0.36),
                result("original", "onnxruntime", 8.2, 1.0),
            ],
            "aims": {"float_over_original": 0.42},
            "recommendation": {"words": "take this"},
            "tables": [
                {"title": "Times", "columns": ["a", "b"], "rows": [["x", "1"]], "notes": ["note"]}
            ],
        },
        "pipeline": {
            "stages": stages,
            "cases": {"VGA raw": {"cpu": {stage: spread(1.0) for stage in stages}}},
            "tables": [],
        },
    }


@pytest.fixture
def files(tmp_path):
    names = ("machine", "aims", "model", "pipeline", "node", "train")
    performance, readme = tmp_path / "performance.md", tmp_path / "README.md"
    performance.write_text("".join(MARKS.format(name) for name in names))
    readme.write_text(MARKS.format("speed"))
    return readme, performance


def test_the_speed_table_has_onnxruntime_and_the_quickest(document):
    table = speed_table(document["model"])
    assert list(table.rows[0]) == [
        "`models/fastdepth.onnx`",
        "295",
        "7.4 MB",
        "3.4 ms",
        "0.42",
        "3.0 ms, openvino",
    ]
    assert table.rows[1][0] == "FastDepth as published"


def test_figures_stand_between_their_marks_and_nothing_else_changes(document, files, tmp_path):
    pytest.importorskip("matplotlib")
    readme, performance = files
    written = publish(document, readme=readme, performance=performance, images=tmp_path)
    text = performance.read_text()
    assert "| 1 | 100 GFLOP/s |  | 40 GB/s |" in text
    assert "**Times**\n\n| a | b |\n|---|---:|\n| x | 1 |\n\n* note\n\n`take this`" in text
    assert "one-thread time of the original | <= 0.45 x | 0.42 x | met |" in text
    # Sections that were not measured keep what they had.
    assert text.count("\nold\n") == 2
    assert text.count("# Title\n") == text.count("\nafter\n") == 6
    assert "| FastDepth as published | 736 |" in readme.read_text()
    assert "load 0.1 before and 1.2 after" in readme.read_text()
    for path in written:
        assert path.is_file()
        if path.suffix == ".png":
            drawn = cv2.imread(str(path))
            assert drawn is not None
            assert drawn.std() > 5
    assert {path.name for path in written} == {
        "performance.md",
        "README.md",
        "bench_models.png",
        "bench_pipeline.png",
    }
    again = performance.read_text()
    publish(document, readme=readme, performance=performance, images=tmp_path)
    assert performance.read_text() == again


def test_a_document_without_marks_is_left_as_it_is(document, files, tmp_path):
    readme, performance = files
    performance.write_text("# Title\n")
    with pytest.raises(OutputError, match="BEGIN bench:machine"):
        publish(document, readme=readme, performance=performance, images=tmp_path)
    assert performance.read_text() == "# Title\n"
    assert "old" in readme.read_text()


def test_the_documents_of_this_project_have_the_marks(document, tmp_path):
    pytest.importorskip("matplotlib")
    if find_shared("package.xml") is None or not (ROOT / "docs" / "performance.md").is_file():
        pytest.skip("not a checkout")
    copies = []
    for name in ("README.md", "docs/performance.md"):
        copy = tmp_path / Path(name).name
        copy.write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
        copies.append(copy)
    full = {**document, "node": {"tables": []}, "train": {"tables": []}}
    publish(full, readme=copies[0], performance=copies[1], images=tmp_path)
    assert json.dumps(full)
    assert "A CPU" in copies[0].read_text(encoding="utf-8")
