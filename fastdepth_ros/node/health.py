"""What the node says about itself: diagnostics once a second, and log lines that do not repeat."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Event, Thread
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.logging import LoggingSeverity
from rclpy.node import Node

from fastdepth_ros import topics
from fastdepth_ros.diagnostics import OK, Reporter, Situation, Status
from fastdepth_ros.node.log import log_at
from fastdepth_ros.node.qos import publish_on
from fastdepth_ros.notices import ONCE, Throttle
from fastdepth_ros.pipeline import Fault
from fastdepth_ros.reasons import Silence
from fastdepth_ros.stats import FAULTS, Counters, DropCause, Timings

PERIOD = 1.0
NOTICE_PERIOD = 5.0  # seconds between two log lines about the same fault
SILENCE_PERIOD = 30.0  # seconds between two log lines about the same silence
_UNSPOKEN = {Silence.UNCONFIGURED, Silence.INACTIVE, Silence.RATE_LIMITED}


class Health:
    """Reports on a thread of its own, so also while the executor is busy loading a model.

    A steady clock drives it: diagnostics go on when a simulated clock stands still.

    Attributes:
        counters: the fate of frames, since the process started.
        timings: of the stages.

    """

    def __init__(
        self, node: Node, situation: Callable[[], Situation], tell: Callable[[str, str], None]
    ) -> None:
        """Make the publisher; `start` begins.

        Args:
            node: whose health it is.
            situation: what the node knows now; called on the thread.
            tell: called with topic and sentence where a subscription cannot be served.

        """
        self.counters = Counters()
        self.timings = Timings()
        self._node = node
        self._situation = situation
        self._publisher = publish_on(node, topics.DIAGNOSTICS, topics.DIAGNOSTICS.name, tell)
        self._reporter = Reporter(monotonic())
        self._reasons: dict[DropCause, str] = {}
        self._throttle = Throttle()
        self._last_silence: Silence | None = None
        self._restart = Event()
        self._stopping = False
        self._thread = Thread(target=self._run, name="depth-health", daemon=True)

    def start(self, hardware_id: str) -> None:
        """Begin to report."""
        self._hardware_id = hardware_id
        self._thread.start()

    def postpone(self) -> None:
        """Let a whole period pass until the next report."""
        self._restart.set()

    def stop(self) -> None:
        """Report no more."""
        self._stopping = True
        self._restart.set()
        if self._thread.ident is not None:
            self._thread.join()

    def fault(self, fault: Fault, advice: str = "") -> None:
        """Log a fault of a frame, not too often; called by the worker.

        Args:
            fault: what was wrong.
            advice: what to do about it.

        """
        cause = fault.cause
        reason = f"{fault.reason}; {advice}" if advice else fault.reason
        self._reasons[cause] = reason
        key: Hashable = cause
        period = NOTICE_PERIOD
        if cause is DropCause.UNSUPPORTED_ENCODING:
            key, period = (cause, fault.message.encoding), ONCE
        severity = LoggingSeverity.ERROR
        if cause in {DropCause.NO_CAMERA_INFO, DropCause.TOO_OLD} or not fault.is_dropped:
            severity = LoggingSeverity.WARN
        what = f"{'frame dropped, ' if fault.is_dropped else ''}{cause.value}: {reason}"
        self.say(severity, what, key, period)

    def say(
        self, severity: LoggingSeverity, text: str, key: Hashable, period: float = NOTICE_PERIOD
    ) -> None:
        """Log a line, at most once a period for its key; tell how many were held back."""
        held = self._throttle.admit(key, period)
        if held is None or not self._node.context.ok():
            return
        again = f" ({held} more since the last notice)" if held else ""
        log_at(self._node, severity, text + again)

    def _run(self) -> None:
        while True:
            if self._restart.wait(PERIOD):
                self._restart.clear()
                if self._stopping:
                    return
                continue
            try:
                self._report()
            except Exception as err:  # noqa: BLE001 - a report that fails must not be the last
                if self._stopping or not self._node.context.ok():
                    return
                text = f"no diagnostics: {type(err).__name__}: {err}"
                self.say(LoggingSeverity.ERROR, text, "diagnostics")

    def _report(self) -> None:
        status = self._reporter.report(
            monotonic(),
            self.counters.snapshot(),
            self.timings.summary(),
            self._situation(),
            {cause: self._reasons.get(cause, "") for cause in FAULTS},
        )
        self._publish(status)
        # Once is no silence yet: a camera may be starting.
        if status.silence is not None and status.silence is self._last_silence:
            self._log_silence(status)
        self._last_silence = status.silence

    def _log_silence(self, status: Status) -> None:
        if status.silence in _UNSPOKEN:
            return
        severity = LoggingSeverity.INFO if status.level == OK else LoggingSeverity.WARN
        self.say(severity, status.message, status.silence, SILENCE_PERIOD)

    def _publish(self, status: Status) -> None:
        message = DiagnosticArray(
            status=[
                DiagnosticStatus(
                    level=bytes([status.level]),
                    name=f"{self._node.get_fully_qualified_name()}: depth",
                    message=status.message,
                    hardware_id=self._hardware_id,
                    values=[KeyValue(key=k, value=v) for k, v in status.values.items()],
                )
            ]
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
