"""What the machine is and reaches."""

import json
import os
import sys

import pytest

from fastdepth.bench.machine import Peak, describe_machine, measure_peak
from fastdepth.errors import FastDepthError

PEAK = Peak(1, gflops=100.0, int8_gops=400.0, bandwidth=10.0)


def test_the_floor_is_arithmetic_or_memory_whichever_is_longer():
    # 295 million multiply-accumulates are 590 million operations: 5.9 ms at 100 GFLOP/s.
    assert PEAK.floor_ms(295e6, 0) == pytest.approx(5.9)
    assert PEAK.floor_ms(295e6, 100e6) == pytest.approx(10.0)
    assert PEAK.arithmetic_ms(50e6, int8_macs=200e6) == pytest.approx(1.0 + 1.0)


def test_without_a_peak_in_8_bits_that_of_floats_is_taken():
    peak = Peak(1, gflops=100.0, int8_gops=None, bandwidth=10.0)
    assert peak.arithmetic_ms(0, int8_macs=50e6) == pytest.approx(1.0)


def test_this_machine_is_described():
    found = describe_machine((PEAK,))
    assert found.cpu
    assert 0 < found.usable_cpus <= found.logical_cpus == os.cpu_count()
    assert found.memory_mb > 100
    assert found.peak(1) is PEAK
    assert found.peak(2) is None
    assert json.loads(json.dumps(found.as_dict()))["peaks"][0]["gflops"] == 100.0


def test_the_peak_is_measured_in_a_process_of_its_own():
    peak = measure_peak(1, 0.1)
    assert peak.threads == 1
    assert 0.5 < peak.gflops < 2000
    assert peak.gflops == max(value for name, value in peak.by.items() if name != "int8")
    assert 0.2 < peak.bandwidth < 2000


def test_a_measuring_process_that_fails_is_a_named_error(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(FastDepthError, match="peak could not be measured"):
        measure_peak(1, 0.1)


def test_the_better_of_two_measurements_is_taken_figure_by_figure():
    other = Peak(1, gflops=90.0, int8_gops=500.0, bandwidth=12.0)
    assert PEAK.better(other) == Peak(1, gflops=100.0, int8_gops=500.0, bandwidth=12.0)
    unmeasured = Peak(1, gflops=1.0, int8_gops=None, bandwidth=1.0)
    assert PEAK.better(unmeasured) == PEAK
    assert unmeasured.better(unmeasured).int8_gops is None
