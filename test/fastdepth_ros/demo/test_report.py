import json
from dataclasses import replace
from pathlib import Path

import pytest

from fastdepth.metrics import METRIC_KEYS
from fastdepth_ros.demo.report import Report

ACCURACY = {key: index / 10 for index, key in enumerate(METRIC_KEYS)} | {
    "frames": 8,
    "coverage": 0.75,
    "protocol": "full",
    "align": "none",
}


@pytest.fixture
def report():
    return Report(
        bag="bags/kitchen",
        topics={"image": "/image", "camera_info": None, "depth": "/depth"},
        model="mock",
        model_version="3",
        model_file="models/mock.onnx",
        rate=1.0,
        frames_in=10,
        frames_out=8,
        dropped={"overwritten": 2},
        latency_ms={"median": 12.34, "p95": 45.67},
        accuracy=ACCURACY,
    )


def test_json_has_the_figures_under_their_names(report):
    value = json.loads(json.dumps(report.to_json()))
    assert value["frames_in"] == 10
    assert value["frames_out"] == 8
    assert value["dropped"] == {"overwritten": 2}
    assert value["latency_ms"] == {"median": 12.34, "p95": 45.67}
    assert {key: value[key] for key in ACCURACY} == ACCURACY
    assert value["model"] == "mock"
    assert value["bag"] == "bags/kitchen"


def test_without_ground_truth_there_are_no_metrics(report):
    value = replace(report, accuracy={}).to_json()
    assert value["frames"] == 0
    assert not set(METRIC_KEYS) & set(value)


def test_text_tells_the_figures_and_the_files(report):
    text = "\n".join(report.lines(Path("out/x"), {"strip.png": "a picture"}))
    for part in (
        "10",
        "8 (80.0%)",
        "overwritten 2",
        "12.3 ms",
        "45.7 ms",
        "75.0%",
        "protocol full",
    ):
        assert part in text
    assert "delta1" in text
    assert "out/x" in text
    assert "strip.png" in text


def test_text_without_ground_truth_says_so(report):
    text = "\n".join(replace(report, accuracy={}).lines(Path("o"), {"a": "b"}))
    assert "no depth to compare with" in text
    assert "delta1" not in text


def test_headline_is_short_and_ascii(report):
    line = report.headline()
    assert line.isascii()
    assert "mock 3 on kitchen" in line
    assert "latency 12 ms" in line
