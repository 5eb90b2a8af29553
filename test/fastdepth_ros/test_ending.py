"""How a process ends by a signal: real processes that end in order, and some that cannot."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from test.fastdepth_ros.isolation import ROOT

DEADLINE = 60.0  # seconds; reached only where something is broken
BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])

ENDS_IN_ORDER = """
from threading import Event, current_thread, main_thread
from fastdepth_ros.ending import Ending
ending = Ending("program")
woken = Event()
def wake():
    assert current_thread() is not main_thread()
    woken.set()
ending.call_when_told(wake)
print("ready", ending.is_told, flush=True)
woken.wait()
print("woken", ending.is_told, flush=True)
"""

# The main thread waits in C, where Python's own handlers never get a turn.
STUCK = """
import ctypes, os
from fastdepth_ros.ending import Ending
ending = Ending("program", patience=0.3)
os.write(1, b"ready\\n")
while True:
    ctypes.CDLL(None).select(0, None, None, None, None)  # a signal cuts it short
"""

# Nobody reads what it writes: the main thread waits for room in a full pipe.
UNREAD = """
import os
from fastdepth_ros.ending import Ending
ending = Ending("program", patience=0.3)
os.write(1, b"ready\\n")
while True:
    os.write(2, bytes(4096))
"""

TOLD_BEFORE = """
import os, signal
from fastdepth_ros.ending import Ending
ending = Ending("program")
os.kill(os.getpid(), {number})
while not ending.is_told:
    pass
called = []
ending.call_when_told(lambda: called.append(1))
ending.call_when_told(None)
print(called)
"""


@contextmanager
def program(code: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready")


@BOTH
def test_a_signal_wakes_the_program_which_then_ends_in_order(number: int) -> None:
    with program(ENDS_IN_ORDER) as process:
        wait_until_ready(process)
        process.send_signal(number)
        said, complaints = process.communicate(timeout=DEADLINE)
        assert (process.returncode, said, complaints) == (0, "woken True\n", "")


@BOTH
def test_a_program_whose_main_thread_is_held_up_ends_with_the_reason(number: int) -> None:
    with program(STUCK) as process:
        wait_until_ready(process)
        process.send_signal(number)
        _, complaints = process.communicate(timeout=DEADLINE)
        assert process.returncode == 1
        name = signal.Signals(number).name
        assert complaints == (
            f"program: did not end within 0.3 s of {name}, so it is ended at once\n"
        )


def test_a_program_whose_output_nobody_reads_ends() -> None:
    with program(UNREAD) as process:
        wait_until_ready(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 1


def test_a_signal_before_there_is_something_to_wake_is_not_lost() -> None:
    with program(TOLD_BEFORE.format(number=int(signal.SIGTERM))) as process:
        said, complaints = process.communicate(timeout=DEADLINE)
        assert (process.returncode, said, complaints) == (0, "[1]\n", "")
