"""The memory of frames is kept, that of models is given back."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from test.fastdepth_ros.isolation import ROOT

PROGRAM = """
import re, resource
import numpy as np
from fastdepth_ros.memory import keep_memory, return_memory

def resident():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1])

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):  # a frame is held a few times over on its way
        [bytearray(921600) for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

assert keep_memory()
faults()
print("faults", faults())
kept = [bytearray(b"x") * 2**20 for _ in range(100)]
before = resident()
del kept
return_memory()
print("returned", before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_frames_cost_no_page_faults_and_models_leave_nothing_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told = dict(line.split() for line in done.stdout.splitlines())
    assert int(told["faults"]) < 500  # 45000 pages otherwise
    assert int(told["returned"]) > 90 * 1024
