"""A timed training, and what its times say."""

import json
import sys
from typing import Any

import pytest

from fastdepth.cli.main import main
from fastdepth.sources import open_source
from fastdepth_train.bench import steps
from fastdepth_train.bench.frames import HEIGHT, WIDTH, write_frames
from fastdepth_train.bench.report import scaling_table, section_of, stage_table
from fastdepth_train.bench.settings import Settings
from fastdepth_train.bench.steps import train


def test_made_up_frames_are_read_as_a_users_own(tmp_path):
    source = open_source(write_frames(tmp_path / "frames", 3))
    assert len(source) == 3
    frame = next(iter(source))
    assert frame.image.shape == (HEIGHT, WIDTH, 3)
    assert frame.depth is not None
    assert 1.0 < frame.depth.min() < frame.depth.max() < 8.0
    assert frame.intrinsics is not None
    assert frame.intrinsics.fx == 525.0


def test_steps_of_a_training_are_timed_end_to_end_and_by_stage(tmp_path):
    root = write_frames(tmp_path / "frames", 6)
    settings = Settings(
        root=str(root), source="rgbd", preset="tiny", batch_size=2, seconds=1e-9, steps=3
    )
    stopwatch = train(settings)
    assert len(stopwatch.end_to_end) == 3
    assert set(stopwatch.stages) == {"load", "colours", "step"}
    assert all(len(found) >= 3 for found in stopwatch.stages.values())
    assert all(time.wall > 0 and time.cpu > 0 for time in stopwatch.end_to_end)


def test_without_seconds_nothing_is_timed_but_the_steps(tmp_path):
    root = write_frames(tmp_path / "frames", 6)
    stopwatch = train(Settings(root=str(root), source="rgbd", preset="tiny", batch_size=2, steps=2))
    assert len(stopwatch.end_to_end) == 2
    assert stopwatch.stages == {}


def run(processes: int, threads: int, wall: float) -> dict[str, Any]:
    return {
        "settings": {
            "preset": "tiny",
            "precision": "32-true",
            "batch_size": 8,
            "processes": processes,
            "threads": threads,
        },
        "end_to_end": [[wall, wall]] * 5,
        "stages": {
            "load": [[8.0, 4.0]] * 6,
            "colours": [[6.0, 3.0]] * 6,
            "step": [[190.0, 92.0]] * 6,
        },
        "peak_mb": 900.0,
    }


@pytest.fixture
def section():
    whole = run(1, 1, 0.0) | {"end_to_end": [[200.0, 100.0]] * 5}
    return section_of(whole, [run(1, 1, 200.0), run(2, 1, 250.0)])


def test_rates_and_the_ratio_come_from_medians(section):
    assert section["stages"]["load"]["images_per_s"] == 1000.0
    assert section["stages"]["load"]["images_per_cpu_s"] == 2000.0
    assert section["aims"]["end_to_end"] == pytest.approx(0.92)
    assert section["end_to_end_over_step"]["wall"]["median"] == pytest.approx(0.95)
    assert [one["images_per_s"] for one in section["scaling"]] == [40.0, 64.0]
    assert json.loads(json.dumps(section)) == section


def test_the_tables_show_them(section):
    stages = stage_table(section)
    assert [row[1] for row in stages.rows] == ["1000.0", "1333.3", "42.1", "40.0"]
    assert "92.0%" in stages.notes[0]
    assert [list(row) for row in scaling_table(section).rows] == [
        ["1", "1", "40.0", "1.00"],
        ["2", "1", "64.0", "1.60"],
    ]


def test_a_training_that_fails_is_a_named_error(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert main(["bench", "train", "--root", str(tmp_path), "--seconds", "1"]) == 1
    assert "training could not be timed" in capsys.readouterr().err


def test_a_training_without_frames_says_so(tmp_path, capsys):
    out = tmp_path / "out.json"
    assert steps.main([json.dumps({"root": str(tmp_path / "none")}), str(out)]) == 1
    assert "none" in capsys.readouterr().err
    assert not out.exists()
