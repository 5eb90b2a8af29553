"""From image messages to depth, on a thread of its own: the newest frame wins, all are counted.

No ROS here: messages are looked at by field, results are handed to a function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from time import perf_counter
from typing import Any, NamedTuple, Protocol

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, EncodingError, FastDepthError, ImageError
from fastdepth.messages import Pixels, camera_from_info, decode_image, stamp_ns
from fastdepth_ros.cameras import CameraInfos
from fastdepth_ros.mailbox import Mailbox
from fastdepth_ros.processing import MadeDepth
from fastdepth_ros.rate_gate import RateGate
from fastdepth_ros.stats import Counters, DropCause, Timings


class Maker(Protocol):
    """What makes depth (fastdepth_ros.processing.DepthMaker does)."""

    def make(self, pixels: Pixels, camera: Intrinsics | None) -> MadeDepth:
        """Make the depth of one frame."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with frames; it is exchanged as a whole, between two frames.

    Attributes:
        maker: makes the depth.
        require_camera_info: drop frames whose camera is unknown; otherwise their depth is that of
            the camera on the model card, and goes without camera_info.
        exact: only the camera_info of the image's own stamp serves.
        camera_info: serves for every frame instead of what is received.
        lazy: drop frames while nobody wants their depth.
        max_rate: frames a second that are let in at most; 0 for all.
        max_image_age: seconds; 0 for no limit.

    """

    maker: Maker
    require_camera_info: bool = True
    exact: bool = False
    camera_info: Any | None = None
    lazy: bool = False
    max_rate: float = 0.0
    max_image_age: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class DepthResult:
    """Depth of one frame, ready to be published.

    Attributes:
        header: of the image, unchanged.
        pixels: of the image; valid as long as this result.
        made: the depth.
        info: the camera_info of the image; None where the camera is unknown.

    """

    header: Any
    pixels: Pixels
    made: MadeDepth
    info: Any | None


class Fault(NamedTuple):
    """Something about a frame that somebody should mend.

    Attributes:
        cause: what is wrong.
        reason: the same in words.
        message: the image message.
        is_dropped: whether the frame was dropped for it.

    """

    cause: DropCause
    reason: str
    message: Any
    is_dropped: bool


class ClosedError(Exception):
    """Raised by whoever takes results when there is nowhere left to send them."""


class _Job(NamedTuple):
    message: Any
    received: float  # perf_counter


class _DropError(Exception):
    def __init__(self, cause: DropCause, reason: str = "") -> None:
        super().__init__(reason)
        self.cause = cause


class DepthPipeline:
    """Turns the newest image message into depth, again and again, on one worker thread.

    `receive` never waits for the model. The frame whose inference begins is the newest that was
    received. At every moment received = published + dropped (by cause) + in flight, with at most
    two in flight: one frame that waits and one in the model.
    """

    def __init__(
        self,
        plan: Plan,
        deliver: Callable[[DepthResult], None],
        *,
        on_fault: Callable[[Fault], None] | None = None,
        on_event: Callable[[str, int], None] | None = None,
        decode: Callable[[Any], Pixels] = decode_image,
        is_wanted: Callable[[], bool] = lambda: True,
        now: Callable[[], int] = lambda: 0,
        counters: Counters | None = None,
        timings: Timings | None = None,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            plan: what is done; may be exchanged at any time.
            deliver: takes each result, on the worker thread; may raise ClosedError.
            on_fault: told of each fault, on the worker thread.
            on_event: told what happens to which stamp (nanoseconds) for a trace: `received`,
                `began` (inference), `published`; in the order in which it happens.
            decode: turns an image message into pixels.
            is_wanted: whether anybody wants depth now.
            now: time of the clock that stamps images, nanoseconds; 0 where it has none yet.
            counters: to count on; new ones if None.
            timings: to add to; new ones if None.

        """
        self.plan = plan
        self.cameras = CameraInfos()
        self.counters = counters or Counters()
        self.timings = timings or Timings()
        self._lock = self.counters.lock
        self._mailbox: Mailbox[_Job] = Mailbox(self._lock)
        self._gate = RateGate()
        self._deliver = deliver
        self._decode = decode
        self._is_wanted = is_wanted
        self._now = now
        self._on_fault = on_fault
        self._on_event = on_event
        self._published: int | None = None  # stamp of the last depth
        self._known: tuple[Any, Intrinsics] | None = None
        self._worker = Thread(target=self._run, name="depth-worker", daemon=True)

    @property
    def is_busy(self) -> bool:
        """Whether the worker is alive."""
        return self._worker.is_alive()

    def start(self) -> None:
        """Start the worker."""
        self._worker.start()

    def stop(self, timeout: float = 4.0) -> bool:
        """Stop the worker after the frame it is at; count what is left as dropped.

        Args:
            timeout: seconds to wait for that frame (ros2 launch sends SIGTERM after 5).

        Returns:
            Whether the worker has ended.

        """
        with self._lock:
            if self._mailbox.close() is not None:
                self.counters.drop(DropCause.DEACTIVATED)
        if self._worker.ident is not None:
            self._worker.join(timeout)
        return not self._worker.is_alive()

    def receive(self, message: Any) -> None:
        """Take a `sensor_msgs/Image`; an older one that still waits is dropped."""
        job = _Job(message, perf_counter())
        with self._lock:  # the counters always agree with the mailbox
            self._trace("received", stamp_ns(message.header))
            self.counters.receive()
            if self._mailbox.closed:
                self.counters.drop(DropCause.DEACTIVATED)
            elif not self._gate.admit(job.received, self.plan.max_rate):
                self.counters.drop(DropCause.RATE_LIMITED)
            elif self._mailbox.put(job) is not None:
                self.counters.drop(DropCause.OVERWRITTEN)

    def _run(self) -> None:
        while (job := self._mailbox.take()) is not None:
            try:
                self._handle(job, self.plan)
            except _DropError as drop:
                self._drop(job, drop.cause, str(drop))
            except ClosedError:
                self.counters.drop(DropCause.DEACTIVATED)
            except Exception as err:  # noqa: BLE001 - one frame must not end the worker
                self._drop(job, DropCause.INTERNAL_ERROR, _describe(err))

    def _drop(self, job: _Job, cause: DropCause, reason: str) -> None:
        if reason:
            self._tell(Fault(cause, reason, job.message, is_dropped=True))
        self.counters.drop(cause)

    def _tell(self, fault: Fault) -> None:
        if self._on_fault is not None:
            self._on_fault(fault)

    def _handle(self, job: _Job, plan: Plan) -> None:
        taken = perf_counter()
        header = job.message.header
        stamp = stamp_ns(header)
        self._refuse_unwanted(stamp, plan)
        pixels = self._pixels(job.message)
        height, width = pixels.array.shape[:2]
        info, camera = self._camera(job.message, stamp, (width, height), plan)
        decoded = perf_counter()
        if not self._begin(stamp):
            return
        try:
            made = plan.maker.make(pixels, camera)
        except FastDepthError as err:
            raise _DropError(DropCause.BAD_IMAGE, str(err)) from err
        except Exception as err:  # each engine raises its own classes
            reason = f"the model failed on this frame: {_describe(err)}"
            raise _DropError(DropCause.INFERENCE_FAILED, reason) from err
        ready = perf_counter()
        try:
            self._deliver(DepthResult(header, pixels, made, info))
        except ClosedError:
            raise
        except Exception as err:  # the middleware raises its own classes
            reason = f"the depth could not be published: {_describe(err)}"
            raise _DropError(DropCause.PUBLISH_FAILED, reason) from err
        done = perf_counter()
        seconds = made.prediction.seconds
        now = self._now()
        # A simulated clock has no time before its first message.
        age = {"image_age": 1e-9 * (now - stamp)} if now else {}
        self.timings.add(
            **age,
            decode=decoded - taken,
            prepare=seconds.prepare,
            infer=seconds.infer,
            finish=ready - decoded - seconds.prepare - seconds.infer,
            publish=done - ready,
            processing_time=done - taken,
            latency=done - job.received,
        )
        self._published = stamp
        self._trace("published", stamp)
        self.counters.publish()

    def _refuse_unwanted(self, stamp: int, plan: Plan) -> None:
        if stamp and stamp == self._published:  # cameras without a clock stamp with 0
            raise _DropError(DropCause.REPEATED_STAMP)
        if plan.lazy and not self._is_wanted():
            raise _DropError(DropCause.NO_LISTENER)
        if plan.max_image_age and (now := self._now()):
            age = 1e-9 * (now - stamp)
            if age > plan.max_image_age:
                reason = (
                    f"the image is {_duration(age)} old by its stamp; at most "
                    f"{_duration(plan.max_image_age)} are allowed (max_image_age)"
                )
                raise _DropError(DropCause.TOO_OLD, reason)

    def _begin(self, stamp: int) -> bool:
        """Return whether inference may begin: not if a newer frame came meanwhile."""
        with self._lock:
            if self._mailbox.is_full:
                self.counters.drop(DropCause.OVERWRITTEN)
                return False
            self._trace("began", stamp)
            return True

    def _trace(self, event: str, stamp: int) -> None:
        if self._on_event is not None:
            self._on_event(event, stamp)

    def _pixels(self, message: Any) -> Pixels:
        try:
            return self._decode(message)
        except EncodingError as err:
            raise _DropError(DropCause.UNSUPPORTED_ENCODING, str(err)) from err
        except ImageError as err:
            raise _DropError(DropCause.BAD_IMAGE, str(err)) from err

    def _camera(
        self, message: Any, stamp: int, size: tuple[int, int], plan: Plan
    ) -> tuple[Any | None, Intrinsics | None]:
        """Return the camera_info of a frame and the camera it describes, or two None."""
        info = plan.camera_info
        if info is None:
            info = self.cameras.find(stamp)
        try:
            if info is None:
                info = self._other_info(stamp, exact=plan.exact)
            return info, self._checked_camera(info, size)
        except _DropError as drop:
            if plan.require_camera_info:
                raise
            if info is not None:
                reason = f"{drop}; the camera of the model card is assumed"
                self._tell(Fault(drop.cause, reason, message, is_dropped=False))
            return None, None

    def _other_info(self, stamp: int, *, exact: bool) -> Any:
        latest = self.cameras.latest()
        if latest is None:
            raise _DropError(DropCause.NO_CAMERA_INFO, "no camera_info was received yet")
        if exact:
            apart = _duration(1e-9 * abs(stamp - latest[0]))
            reason = (
                f"no camera_info has the stamp of the image (the last one is {apart} apart), and "
                "camera_info_policy is exact"
            )
            raise _DropError(DropCause.NO_CAMERA_INFO, reason)
        return latest[1]

    def _checked_camera(self, info: Any, size: tuple[int, int]) -> Intrinsics:
        if self._known is None or self._known[0] is not info:
            try:
                self._known = info, camera_from_info(info)
            except CameraError as err:
                raise _DropError(DropCause.BAD_CAMERA_INFO, str(err)) from err
        camera = self._known[1]
        if (camera.width, camera.height) != size:
            reason = (
                f"camera_info is of an image of {camera.width}x{camera.height}, the image is "
                f"{size[0]}x{size[1]}; expected the same size"
            )
            raise _DropError(DropCause.CAMERA_MISMATCH, reason)
        return camera


def _describe(err: Exception) -> str:
    return f"{type(err).__name__}: {(str(err).splitlines() or [''])[0]}"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1e3 * seconds:.1f} ms"
