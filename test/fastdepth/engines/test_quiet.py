"""onnxruntime says and keeps nothing of its own accord."""

import os
import subprocess
import sys
from pathlib import Path

from test.mock_model import build_mock_model

ROOT = Path(__file__).resolve().parents[3]
RUN = """
import sys
import numpy as np
from fastdepth.estimator import DepthEstimator
estimator = DepthEstimator.load(sys.argv[1])
try:
    estimator.predict(np.full((24, 32, 3), 255, np.uint8))
except Exception as err:
    print("raised", len(str(err)) > 10)
"""


def said(model, home):
    """Run a failing inference in a process of its own; return all it prints."""
    variables = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(model)],
        cwd=ROOT,
        env=variables | {"HOME": str(home), "XDG_CACHE_HOME": "", "XDG_DATA_HOME": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_failure_is_raised_and_nothing_else_is_printed(tmp_path):
    model = build_mock_model(tmp_path / "mock.onnx", fails_on_white=True)
    no_home = tmp_path / "no_folder"
    no_home.write_text("")
    assert said(model, no_home) == "raised True\n"


def test_the_home_folder_stays_empty(tmp_path):
    model = build_mock_model(tmp_path / "mock.onnx", fails_on_white=True)
    home = tmp_path / "home"
    home.mkdir()
    assert said(model, home) == "raised True\n"
    assert list(home.rglob("*")) == []
