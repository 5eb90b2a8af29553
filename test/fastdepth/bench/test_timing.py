"""Interleaved runs and their figures."""

import itertools
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest

from fastdepth.bench import timing
from fastdepth.bench.timing import (
    Subject,
    Times,
    cpu_seconds,
    interleave,
    peak_mb,
    resident_mb,
    rounds,
    run_once,
    spread,
)


def test_spread_has_median_and_percentiles():
    found = spread(range(101))
    assert found == (50.0, 5.0, 95.0, 101)


def test_no_samples_have_no_spread():
    with pytest.raises(ValueError, match="no samples"):
        spread([])


def test_subjects_are_run_in_turn_each_after_its_preparation():
    log: list[str] = []
    subjects = {
        name: Subject(partial(log.append, name), partial(log.append, name + "!")) for name in "ab"
    }
    interleave(subjects, 0.0, repeats=2, least_rounds=3)
    assert log == ["a!", "a", "a", "b!", "b", "b"] * 3


def test_the_fastest_of_the_repeats_counts_and_ratios_are_of_processor_time(monkeypatch):
    took = {
        "slow": itertools.cycle([(30.0, 24.0), (40.0, 20.0)]),
        "quick": itertools.cycle([(9.0, 8.0), (7.0, 10.0)]),
    }
    monkeypatch.setattr(timing, "run_once", lambda run: Times(*next(took[run()])))
    found = interleave(
        {"slow": Subject(lambda: "slow"), "quick": Subject(lambda: "quick")},
        0.0,
        yardsticks={"slow": "quick"},
        repeats=2,
        least_rounds=7,
    )
    assert found["slow"].wall == (30.0, 30.0, 30.0, 7)
    assert found["slow"].cpu.median == 20.0
    assert found["slow"].ratio == (2.5, 2.5, 2.5, 7)
    assert found["quick"].ratio is None
    assert found["slow"].as_dict()["ratio"]["median"] == 2.5


def test_waiting_takes_time_on_the_clock_but_not_on_the_processor():
    times = run_once(lambda: time.sleep(0.05))
    assert times.wall >= 50
    assert times.cpu < times.wall / 2


def test_rounds_are_at_least_as_many_as_asked_for():
    assert list(rounds(0.0, 4)) == [0, 1, 2, 3]


def test_memory_of_this_process_grows_with_what_it_holds():
    before = resident_mb()
    if before is None:
        pytest.skip("this system does not tell")
    held = np.ones(60_000_000, np.uint8)
    now, most = resident_mb(), peak_mb()
    assert now is not None
    assert most is not None
    assert 50 < now - before < 80
    assert most >= now > held.nbytes / 1e6
    assert resident_mb(2**22 + 1) is None


def test_processor_time_of_another_process():
    code = "import time\nwhile time.process_time() < .1: pass\nprint(flush=True)\ninput()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        assert 0.1 <= cpu_seconds(process.pid) < 2
    finally:
        process.communicate(b"\n")
    with pytest.raises(OSError, match="Invalid argument"):
        cpu_seconds(process.pid)
