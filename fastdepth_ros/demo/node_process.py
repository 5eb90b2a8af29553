"""The depth node as a process of its own, ended by its id whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fastdepth.errors import FastDepthError

if TYPE_CHECKING:
    from typing_extensions import Self

MODULE = "fastdepth_ros.depth_node"
_TAIL_LINES = 15


class NodeError(FastDepthError):
    """The depth node did not start, ended by itself or did not answer."""


def node_command(remaps: Mapping[str, str], parameters: Mapping[str, Any]) -> list[str]:
    """Return the command that starts the depth node with this interpreter.

    Args:
        remaps: name in the node to topic.
        parameters: name to value (text, number or truth).

    """
    command = [sys.executable, "-m", MODULE, "--ros-args"]
    for name, topic in remaps.items():
        command += ["-r", f"{name}:={topic}"]
    for name, value in parameters.items():
        command += ["-p", f"{name}:={json.dumps(value)}"]  # JSON is YAML, quotes included
    return command


class NodeProcess:
    """Runs a command, keeps what it says, and ends it when the block ends."""

    def __init__(
        self,
        command: list[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        patience: float = 10.0,
    ) -> None:
        """Start the process.

        Args:
            command: program and arguments.
            environment: variables added to this process's own.
            log: file for all it prints.
            patience: seconds it gets to end after each of SIGINT and SIGTERM.

        """
        self._log = log
        self._patience = patience
        here = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal reaches this program alone, which then ends the node.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def check(self) -> None:
        """Raise NodeError, with the last lines it said, if the process has ended."""
        code = self._process.poll()
        if code is not None:
            reason = f"the depth node ended by itself ({_how_ended(code)})"
            raise self.error(reason)

    def said(self) -> str:
        """Return all that it has printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def error(self, reason: str) -> NodeError:
        """Return an error with a reason and the last lines that the process said."""
        lines = self.said().splitlines()
        said = "".join(f"\n  {line}" for line in lines[-_TAIL_LINES:]) or " nothing"
        return NodeError(f"{reason}; it said:{said}")

    def wait(self) -> int:
        """Wait until it ends by itself, and return its exit code."""
        return self._process.wait()

    def stop(self) -> int:
        """End the process, gently first, and return its exit code."""
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                self._process.send_signal(number)  # does nothing if it has ended
                try:
                    return self._process.wait(self._patience)
                except subprocess.TimeoutExpired:
                    continue
        finally:  # also where a second Ctrl-C cuts the waiting short
            if self._process.poll() is None:
                self._process.kill()
        return self._process.wait()

    def __enter__(self) -> Self:
        """Return the process."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.stop()


def _how_ended(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
