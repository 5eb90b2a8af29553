"""The soak of the node, a process beside all other tests: it takes two minutes, mostly waiting."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from test.fastdepth_ros.isolation import ROOT
from test.mock_model import build_mock_model

MINUTES = 2.0
_DEADLINE = 300  # seconds


class Soaked(NamedTuple):
    """What came of it."""

    code: int
    said: str
    report: dict[str, Any]


class Soaking:
    """Runs tools/soak.py from when it is made until it ends or is ended."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="fastdepth_soak_test_"))
        self._log = self._folder / "log"
        self._json = self._folder / "soak.json"
        model = build_mock_model(self._folder / "mock.onnx")
        command = [sys.executable, str(ROOT / "tools" / "soak.py"), "--minutes", str(MINUTES)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--model", str(model), "--json", str(self._json)],
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C ends it by `end`
            )

    def wait(self) -> Soaked:
        """Return what came of it."""
        code = self._process.wait(_DEADLINE)
        report = json.loads(self._json.read_text()) if self._json.exists() else {}
        return Soaked(code, self._log.read_text(errors="replace"), report)

    def end(self) -> None:
        """End it if it still runs, with the node that it has started."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        shutil.rmtree(self._folder)


SOAKING = pytest.StashKey[Soaking]()
