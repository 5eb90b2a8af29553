"""What /diagnostics says (REP 107): how the node is, why nothing is published, all counters."""

from __future__ import annotations

from dataclasses import dataclass

from fastdepth_ros.stats import FAULTS, Counts, DropCause, Summary

OK, WARN, ERROR = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is known of the image topic.

    Attributes:
        topic: its full name.
        publishers: how many there are.

    """

    topic: str
    publishers: int


@dataclass(frozen=True, slots=True)
class Status:
    """One diagnostic status: level (OK, WARN, ERROR), a sentence, and values by key."""

    level: int
    message: str
    values: dict[str, str]


class Reporter:
    """Makes a status of the counters, and of how they changed since the last one."""

    def __init__(self, now: float, identity: dict[str, str]) -> None:
        """Begin.

        Args:
            now: seconds of a steady clock.
            identity: values that do not change (model, engine, ...).

        """
        self._identity = identity
        self._time = now
        self._before = Counts(0, 0, dict.fromkeys(DropCause, 0))
        self._last_input = now

    def report(
        self,
        now: float,
        counts: Counts,
        timings: dict[str, Summary],
        inputs: Inputs,
        reasons: dict[DropCause, str],
    ) -> Status:
        """Return the status of the time since the last report.

        Args:
            now: seconds of the same clock.
            counts: the counters now.
            timings: series in seconds by name; mean and 95th percentile are reported in ms.
            inputs: of the image topic.
            reasons: the last reason for each kind of fault.

        """
        elapsed = max(now - self._time, 1e-6)
        before, self._before, self._time = self._before, counts, now
        received = counts.received - before.received
        published = counts.published - before.published
        dropped = {cause: counts.dropped[cause] - before.dropped[cause] for cause in DropCause}
        if received:
            self._last_input = now
        rates = (received / elapsed, published / elapsed)
        faults = {cause: dropped[cause] for cause in FAULTS if dropped[cause]}
        fault = ""
        if faults:
            worst = max(faults, key=lambda cause: faults[cause])
            fault = f"{worst.value}: {reasons.get(worst, 'see the log')}"
        if not received and not published and not faults:
            level, message = WARN, self._silence(now, counts, inputs)
        elif not published and faults:
            level, message = ERROR, f"nothing is published: {fault}"
        elif not published:
            level, message = WARN, "no depth in this interval: the model is slower than that"
        else:
            level, message = OK, f"publishing at {rates[1]:.1f} Hz, images at {rates[0]:.1f} Hz"
            if faults:
                level, message = WARN, f"{message}; {sum(faults.values())} dropped: {fault}"
        return Status(level, message, self._values(counts, rates, timings, fault))

    def _silence(self, now: float, counts: Counts, inputs: Inputs) -> str:
        if not inputs.publishers:
            why = "nobody publishes that topic (is the camera running, is the remapping right?)"
        else:
            why = f"{inputs.publishers} publisher(s) are known, but nothing arrives"
        if not counts.received:
            return f"nothing is published: no image yet on {inputs.topic}; {why}"
        seconds = now - self._last_input
        return f"nothing is published: no image on {inputs.topic} for {seconds:.0f} s; {why}"

    def _values(
        self,
        counts: Counts,
        rates: tuple[float, float],
        timings: dict[str, Summary],
        fault: str,
    ) -> dict[str, str]:
        values = {
            "received": str(counts.received),
            "published": str(counts.published),
            "in_flight": str(counts.in_flight),
            "dropped_total": str(counts.dropped_total),
        }
        for cause, count in counts.dropped.items():
            values[f"dropped.{cause.value}"] = str(count)
        values["input_rate_hz"] = f"{rates[0]:.2f}"
        values["output_rate_hz"] = f"{rates[1]:.2f}"
        for name, summary in timings.items():
            values[f"{name}_ms"] = f"{1e3 * summary.mean:.3f}"
            values[f"{name}_p95_ms"] = f"{1e3 * summary.p95:.3f}"
        values["fault"] = fault
        return values | self._identity
