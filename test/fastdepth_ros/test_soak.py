"""A short run of the long one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from test.fastdepth_ros.isolation import ROOT
from test.mock_model import build_mock_model

pytest.importorskip("rclpy")
pytestmark = pytest.mark.dds


def test_nothing_grows_and_every_frame_is_counted(tmp_path: Path) -> None:
    """Two rounds of transitions, swaps and listeners that come and go; the script judges."""
    out = tmp_path / "soak.json"
    model = build_mock_model(tmp_path / "mock.onnx")
    command = [sys.executable, str(ROOT / "tools" / "soak.py"), "--minutes", "0.34"]
    done = subprocess.run(
        [*command, "--model", str(model), "--json", str(out)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(out.read_text())
    assert report["faults"] == []
    assert report["transitions"] >= 12
    assert report["received"] == report["published"] + sum(report["dropped"].values())
    assert report["received"] <= report["sent"]
    assert 0 < report["depths"] <= report["published"]
