"""The benchmark of the depth path runs and accounts for its parts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from test.fastdepth_ros.isolation import ROOT

pytest.importorskip("rclpy")


def test_the_parts_make_the_total(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    script = ROOT / "tools" / "bench_depth_path.py"
    subprocess.run(
        [sys.executable, str(script), "--frames", "50", "--encoding", "bgra8", "--json", str(out)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        timeout=120,
    )
    result = json.loads(out.read_text())
    assert result["frame"] == "640x480 bgra8 -> 224x224 32FC1"
    assert result["frames"] == 50
    total = result["cpu_ms"].pop("total")
    parts = result["cpu_ms"]
    assert set(parts) == {"read", "decode", "prepare_and_mask", "make_messages"}
    assert all(value > 0 for value in parts.values())
    assert total >= max(parts.values())
