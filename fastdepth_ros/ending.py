"""End the process on SIGINT and SIGTERM: in order, or at once where that takes too long.

rclpy's own handlers wake the executor first and end the context afterwards, on another thread. An
executor that looks at the context in between finds it as it was, waits again, and nothing wakes it
any more: a node that is told to stop while the machine is busy may go on for ever. So the node
installs handlers of its own (and has rclpy install none). They also work while the main thread is
held up by the loading of a model or by a terminal that takes no more lines.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable
from threading import Event, Lock, Thread
from time import sleep
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 30.0  # seconds; a machine with twenty processes for two CPUs took half of that
_SPARE = 5  # seconds that the end of the interpreter may take beyond that


class Ending:
    """Takes SIGINT and SIGTERM from when it is made to the end of the process.

    The first of them calls what `call_when_told` named. If the process is still there `patience`
    seconds later it is ended with exit code 1 and a line that says so.
    """

    def __init__(self, name: str, patience: float = PATIENCE) -> None:
        """Install the handlers; only the main thread can.

        Args:
            name: of the program, for the line.
            patience: seconds.

        """
        self._name = name
        self._patience = patience
        self._told = Event()
        self._lock = Lock()
        self._wake: Callable[[], None] | None = None
        # Python calls handlers on the main thread, which may be waiting in C. What the C layer
        # writes to this socket comes at once, whichever thread got the signal.
        self._reading, self._writing = socket.socketpair()
        self._writing.setblocking(False)
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, _do_nothing)
        Thread(target=self._run, name="depth-ending", daemon=True).start()

    @property
    def is_told(self) -> bool:
        """Whether a signal came."""
        return self._told.is_set()

    def call_when_told(self, wake: Callable[[], None] | None) -> None:
        """Name what the first signal calls, on a thread of its own; at once if it came already.

        Args:
            wake: must not block; None to call nothing any more.

        """
        with self._lock:
            self._wake = wake
            if wake is not None and self.is_told:
                wake()

    def _run(self) -> None:
        number = 0
        while number not in SIGNALS:  # handlers of other signals write too
            number = self._reading.recv(1)[0]
        signal.alarm(int(self._patience) + _SPARE)  # the kernel ends what this thread cannot
        with self._lock:
            self._told.set()
            if self._wake is not None:
                self._wake()
        sleep(self._patience)
        _say(
            f"{self._name}: did not end within {self._patience:g} s of "
            f"{signal.Signals(number).name}, so it is ended at once\n"
        )
        os._exit(1)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    pass


def _say(text: str) -> None:
    """Write to standard error past all locks and buffers, unless that would block."""
    if select.select([], [2], [], 0)[1]:
        os.write(2, text.encode())
