"""Memory does not grow with the length of a recording."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.bags import BagWriter
from fastdepth.bags.making import DEPTH_TOPIC, IMAGE_TOPIC
from fastdepth.bags.topics import IMAGE
from fastdepth.messages import depth_fields, image_fields
from test.fastdepth.evaluation import making
from test.fastdepth.evaluation.making import header, stamp_of

MEASURE = """
import math, resource, sys
from pathlib import Path
from fastdepth.evaluation import Options, evaluate_source
options = Options(Path(sys.argv[2]), threads=1, record_rate=math.inf)
figures = evaluate_source(
    Path(sys.argv[1]), options, Path(sys.argv[3]), lambda *_: None, lambda: False
)
print(figures["frames"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    """Frames of VGA: 150 more of them are 320 MB, and as much again as arrays in metres."""
    image = image_fields(np.full((480, 640, 3), 100, np.uint8))
    depth = depth_fields(np.full((480, 640), 2, np.float32))
    model = making.model(tmp_path)
    peaks = []
    for count in (30, 180):
        bag_path = tmp_path / str(count)
        with BagWriter(bag_path, compress=True) as bag:
            for number in range(count):
                at = stamp_of(number)
                bag.write(IMAGE_TOPIC, IMAGE, at, header=header(at), **image)
                bag.write(DEPTH_TOPIC, IMAGE, at, header=header(at), **depth)
        command = [sys.executable, "-c", MEASURE, str(bag_path), str(model)]
        done = subprocess.run(
            [*command, str(tmp_path / f"out{count}")], capture_output=True, text=True, check=True
        )
        frames, peak = map(int, done.stdout.split())
        assert frames == count
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 60
