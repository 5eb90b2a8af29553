"""What /diagnostics says (REP 107): how the node is, why nothing is published, all counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fastdepth_ros.reasons import Silence
from fastdepth_ros.stats import FAULTS, Counts, DropCause, Summary

OK, WARN, ERROR = 0, 1, 2
ACTIVE = "active"

KEYS: Mapping[str, str] = MappingProxyType(
    {
        "state": "of the managed node: unconfigured, inactive, active, finalized; configuring "
        "while a model is loaded",
        "why": "why nothing is published, by its name in the table above; empty if something is",
        "fault": "what was wrong with the frames that were dropped since the last report",
        "received": "images that came in since the process started",
        "published": "images that left as depth",
        "in_flight": "images under way: at most one that waits and one in the network",
        "dropped_total": "images dropped for any cause; received = published + dropped_total + "
        "in_flight at every moment",
        "dropped.CAUSE": "the same by cause, every cause of the table of drops",
        "input_rate_hz": "images a second since the last report",
        "output_rate_hz": "depth images a second since the last report",
        "listeners": "subscriptions to topics with depth on them",
        "image_topic": "full name of the topic of the images",
        "image_publishers": "publishers on it",
        "image_age_ms": "age of the image, by its stamp and the node's clock, when its depth was "
        "published; mean",
        "image_age_p95_ms": "95th percentile of that",
        "processing_time_ms": "of the last frame, from taking it up to its depth being published",
        "processing_time_mean_ms": "mean of that (all means and percentiles: last 128 frames)",
        "processing_time_p95_ms": "95th percentile of that",
        "is_processing_time_ms_in_expected_range": "False: over `max_allowed_processing_time_ms`, "
        "which is WARN",
        "consecutive_processing_delay_ms": "how long all frames have been over it",
        "is_consecutive_processing_delay_in_range": "False: that is over "
        "`max_acceptable_consecutive_delay_ms`, which is ERROR",
        "latency_ms": "from an image's receipt to its depth being published (waiting included); "
        "mean",
        "latency_median_ms": "median of that",
        "latency_p95_ms, latency_p99_ms": "95th and 99th percentile of that",
        "decode_ms, decode_p95_ms": "finding pixels and camera of the message",
        "prepare_ms, prepare_p95_ms": "making the network's input",
        "infer_ms, infer_p95_ms": "the network",
        "finish_ms, finish_p95_ms": "scale, correction, size and mask",
        "publish_ms, publish_p95_ms": "making and handing over the messages",
        "model, model_version": "name and version on the model card",
        "model_file, model_sha256": "path and content of the model's file",
        "engine": "engine, provider or device, and threads at work",
        "engine_notes": "what was asked for and could not be had, and why",
        "threads": "of the engine",
        "input_size, output_size": "of the network, width x height",
        "depth_range_m": "depth that may be believed, metres",
        "calibration": "file of the field calibration; empty if none",
    }
)
"""Every key with its meaning, for the documentation."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the node knows besides its counters.

    Attributes:
        state: of the managed node.
        refusal: why the last transition was refused, or nothing.
        image_topic: full name of the topic of the images.
        image_publishers: publishers on it.
        hint: where images are instead, or nothing.
        qos: which QoS on the image topic does not fit, or nothing.
        listeners: subscriptions to depth.
        max_processing_time: milliseconds that a frame may take.
        max_delay: milliseconds for which all frames may take longer.
        identity: model and engine.

    """

    state: str
    refusal: str = ""
    image_topic: str = ""
    image_publishers: int = 0
    hint: str = ""
    qos: str = ""
    listeners: int = 0
    max_processing_time: float = 200.0
    max_delay: float = 1000.0
    identity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """One diagnostic status.

    Attributes:
        level: OK, WARN or ERROR.
        message: a sentence.
        silence: why nothing is published although no frame had a fault.
        values: by key.

    """

    level: int
    message: str
    silence: Silence | None
    values: dict[str, str]


_Verdict = tuple[int, str, Silence | None]


@dataclass(frozen=True, slots=True)
class _Interval:
    """What happened since the last report."""

    now: float
    counts: Counts
    received: int
    published: int
    dropped: dict[DropCause, int]
    rates: tuple[float, float]
    situation: Situation
    reasons: Mapping[DropCause, str]

    @property
    def faults(self) -> int:
        return sum(self.dropped[cause] for cause in FAULTS)

    @property
    def fault(self) -> str:
        """The most frequent fault with its last reason, or nothing."""
        if not self.faults:
            return ""
        worst = max(FAULTS, key=lambda cause: self.dropped[cause])
        return f"{worst.value}: {self.reasons.get(worst, 'see the log')}"


class Reporter:
    """Makes a status of the counters, and of how they changed since the last one."""

    def __init__(self, now: float) -> None:
        """Begin; `now` is in seconds of a steady clock."""
        self._time = now
        self._before = Counts(0, 0, dict.fromkeys(DropCause, 0))
        self._last_input = now
        self._last_in_time = now

    def report(
        self,
        now: float,
        counts: Counts,
        timings: Mapping[str, Summary],
        situation: Situation,
        reasons: Mapping[DropCause, str],
    ) -> Status:
        """Return the status of the time since the last report.

        Args:
            now: seconds of the same clock.
            counts: the counters now.
            timings: series in seconds by name.
            situation: what else is known.
            reasons: the last reason for each kind of fault.

        """
        elapsed = max(now - self._time, 1e-6)
        before, self._before, self._time = self._before, counts, now
        received, published = counts.received - before.received, counts.published - before.published
        interval = _Interval(
            now,
            counts,
            received,
            published,
            {cause: counts.dropped[cause] - before.dropped[cause] for cause in DropCause},
            (received / elapsed, published / elapsed),
            situation,
            reasons,
        )
        if received:
            self._last_input = now
        level, message, silence = self._judge(interval)
        fault = interval.fault
        why = silence.value if silence else "" if published else fault.partition(":")[0]
        times = self._times(interval, timings)
        if times["is_consecutive_processing_delay_in_range"] == "False":
            level = max(level, ERROR)
            message += f"; every frame takes over {situation.max_processing_time:g} ms"
        elif times["is_processing_time_ms_in_expected_range"] == "False":
            level = max(level, WARN)
            message += f"; a frame took {times['processing_time_ms']} ms"
        values = {"state": situation.state, "why": why, "fault": fault}
        values |= _counters(interval)
        values["listeners"] = str(situation.listeners)
        values["image_topic"] = situation.image_topic
        values["image_publishers"] = str(situation.image_publishers)
        return Status(level, message, silence, values | times | dict(situation.identity))

    def _judge(self, interval: _Interval) -> _Verdict:
        """Return level, sentence, and why there is silence if there is."""
        if interval.situation.state != ACTIVE:
            return _inactive(interval.situation)
        if interval.published:
            images, depths = interval.rates
            message = f"publishing at {depths:.1f} Hz, images at {images:.1f} Hz"
            if interval.faults:
                return WARN, f"{message}; {interval.faults} dropped: {interval.fault}", None
            return OK, message, None
        if interval.faults:
            return ERROR, f"nothing is published: {interval.fault}", None
        level, why, silence = (
            _not_worked(interval) if interval.received else self._no_image(interval)
        )
        return level, f"nothing is published: {why}", silence

    def _no_image(self, interval: _Interval) -> _Verdict:
        situation = interval.situation
        what, silence = f"no image yet on {situation.image_topic}", Silence.NO_IMAGE
        if interval.counts.received:
            seconds = interval.now - self._last_input
            what = f"no image on {situation.image_topic} for {seconds:.0f} s"
            silence = Silence.CAMERA_STOPPED
        if situation.qos:
            return WARN, f"{what}; {situation.qos}", Silence.INCOMPATIBLE_QOS
        if situation.image_publishers:
            why = f"{situation.image_publishers} publisher(s) are known, but nothing arrives"
            return WARN, f"{what}; {why}", silence
        if silence is Silence.NO_IMAGE:
            silence = Silence.NO_PUBLISHER
        why = "nobody publishes that topic (is the camera running, is the remapping right?)"
        hint = f"; {situation.hint}" if situation.hint else ""
        return WARN, f"{what}; {why}{hint}", silence

    def _times(self, interval: _Interval, timings: Mapping[str, Summary]) -> dict[str, str]:
        values = {}
        for name, summary in timings.items():
            mean = f"{name}_mean_ms" if name == "processing_time" else f"{name}_ms"
            values[mean] = f"{1e3 * summary.mean:.3f}"
            values[f"{name}_p95_ms"] = f"{1e3 * summary.p95:.3f}"
        if "latency" in timings:
            values["latency_median_ms"] = f"{1e3 * timings['latency'].median:.3f}"
            values["latency_p99_ms"] = f"{1e3 * timings['latency'].p99:.3f}"
        last = 0.0
        if "processing_time" in timings and interval.published:
            last = 1e3 * timings["processing_time"].last
        is_in_range = last <= interval.situation.max_processing_time
        if is_in_range:
            self._last_in_time = interval.now
        delay = 1e3 * (interval.now - self._last_in_time)
        # The keys and the spelling of Autoware's nodes, which tools look for.
        values["processing_time_ms"] = f"{last:.3f}"
        values["is_processing_time_ms_in_expected_range"] = str(is_in_range)
        values["consecutive_processing_delay_ms"] = f"{delay:.3f}"
        values["is_consecutive_processing_delay_in_range"] = str(
            delay <= interval.situation.max_delay
        )
        return values


def _not_worked(interval: _Interval) -> _Verdict:
    """Return why images come and no depth leaves, although nothing is wrong with them."""
    if interval.dropped[DropCause.NO_LISTENER]:
        why = "nobody subscribes to a depth topic, so no frame goes through the network"
        return OK, why, Silence.NO_LISTENER
    if interval.dropped[DropCause.REPEATED_STAMP]:
        why = "every image has the stamp of the last depth: the camera repeats itself"
        return WARN, why, Silence.REPEATED_STAMP
    if interval.dropped[DropCause.RATE_LIMITED] == interval.received:
        return OK, "no frame was due (max_rate)", Silence.RATE_LIMITED
    why = "no frame is through the network yet; it is slower than this report"
    return WARN, why, Silence.TOO_SLOW


def _counters(interval: _Interval) -> dict[str, str]:
    counts = interval.counts
    values = {
        "received": str(counts.received),
        "published": str(counts.published),
        "in_flight": str(counts.in_flight),
        "dropped_total": str(counts.dropped_total),
    }
    for cause, count in counts.dropped.items():
        values[f"dropped.{cause.value}"] = str(count)
    values["input_rate_hz"] = f"{interval.rates[0]:.2f}"
    values["output_rate_hz"] = f"{interval.rates[1]:.2f}"
    return values


def _inactive(situation: Situation) -> _Verdict:
    state = situation.state
    silence = Silence.INACTIVE if state == "inactive" else Silence.UNCONFIGURED
    message = f"nothing is published: the node is {state}"
    if situation.refusal:
        return ERROR, f"{message}: {situation.refusal}", silence
    return OK, message, silence
