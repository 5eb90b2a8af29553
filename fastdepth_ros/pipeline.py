"""From image messages to depth, on a thread of its own: the newest frame wins, all are counted.

No ROS here: messages are looked at by field, results are handed to a function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock, Thread
from time import perf_counter
from typing import Any, NamedTuple, Protocol

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, EncodingError, FastDepthError, ImageError
from fastdepth.estimator import Prediction
from fastdepth.frame import F32Array, U8Array
from fastdepth.messages import (
    Pixels,
    camera_from_info,
    camera_info_fields,
    decode_image,
    depth_fields,
    stamp_ns,
)
from fastdepth.preprocess import PixelOrder
from fastdepth_ros.cameras import CameraInfos
from fastdepth_ros.mailbox import Mailbox
from fastdepth_ros.stats import Counters, DropCause, Timings


class Estimator(Protocol):
    """What the pipeline needs of a model (fastdepth.estimator.DepthEstimator has it)."""

    def predict(self, image: U8Array, order: PixelOrder, camera: Intrinsics | None) -> Prediction:
        """Predict metric depth for one frame."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class DepthResult:
    """Depth of one frame, ready to be published.

    Attributes:
        header: of the image, unchanged.
        image: the fields of the depth image (`sensor_msgs/Image`), all but the header.
        camera_info: the fields of its `sensor_msgs/CameraInfo`, all but the header; None where the
            camera is unknown.
        depth: HxW float32 metres, NaN where it may not be believed.
        prediction: what the depth was made from.

    """

    header: Any
    image: dict[str, Any]
    camera_info: dict[str, Any] | None
    depth: F32Array
    prediction: Prediction


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
    def __init__(self, cause: DropCause, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause


class DepthPipeline:
    """Turns the newest image message into depth, again and again, on one worker thread.

    `receive` and `receive_camera_info` never wait for the model. The frame whose inference begins
    is the newest that was received. At every moment received = published + dropped (by cause) + in
    flight, with at most two in flight: one frame that waits and one in the model.
    """

    def __init__(
        self,
        estimator: Estimator,
        deliver: Callable[[DepthResult], None],
        *,
        on_fault: Callable[[Fault], None] | None = None,
        on_event: Callable[[str, int], None] | None = None,
        decode: Callable[[Any], Pixels] = decode_image,
        require_camera_info: bool = True,
    ) -> None:
        """Prepare; `start` begins.

        Args:
            estimator: the model; used by the worker alone.
            deliver: takes each result, on the worker thread; may raise ClosedError.
            on_fault: told of each fault, on the worker thread.
            on_event: told what happens to which stamp (nanoseconds) for a trace: `received`,
                `began` (inference), `published`; in the order in which it happens.
            decode: turns an image message into pixels.
            require_camera_info: drop frames whose camera is unknown; otherwise their depth is that
                of the camera on the model card, and goes without camera_info.

        """
        self.require_camera_info = require_camera_info
        self.counters = Counters(lock := RLock())
        self.timings = Timings()
        self._mailbox: Mailbox[_Job] = Mailbox(lock)
        self._lock = lock
        self._cameras = CameraInfos()
        self._estimator = estimator
        self._deliver = deliver
        self._decode = decode
        self._on_fault = on_fault
        self._on_event = on_event
        self._worker = Thread(target=self._run, name="depth-worker", daemon=True)

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
                self.counters.drop(DropCause.SHUTTING_DOWN)
        if self._worker.ident is not None:
            self._worker.join(timeout)
        return not self._worker.is_alive()

    def receive(self, message: Any) -> None:
        """Take a `sensor_msgs/Image`; an older one that still waits is dropped."""
        job = _Job(message, perf_counter())
        with self._lock:  # the counters always agree with the mailbox
            self._trace("received", stamp_ns(message.header))
            self.counters.receive()
            if self._mailbox.put(job) is not None:
                closed = self._mailbox.closed
                cause = DropCause.SHUTTING_DOWN if closed else DropCause.OVERWRITTEN
                self.counters.drop(cause)

    def receive_camera_info(self, message: Any) -> None:
        """Take a `sensor_msgs/CameraInfo`."""
        self._cameras.add(message)

    def _run(self) -> None:
        while (job := self._mailbox.take()) is not None:
            try:
                self._handle(job)
            except _DropError as drop:
                self._drop(job, drop.cause, str(drop))
            except ClosedError:
                self.counters.drop(DropCause.SHUTTING_DOWN)
            except Exception as err:  # noqa: BLE001 - one frame must not end the worker
                self._drop(job, DropCause.INTERNAL_ERROR, _describe(err))

    def _drop(self, job: _Job, cause: DropCause, reason: str) -> None:
        self._tell(Fault(cause, reason, job.message, is_dropped=True))
        self.counters.drop(cause)

    def _tell(self, fault: Fault) -> None:
        if self._on_fault is not None:
            self._on_fault(fault)

    def _handle(self, job: _Job) -> None:
        taken = perf_counter()
        header = job.message.header
        stamp = stamp_ns(header)
        pixels = self._pixels(job.message)
        height, width = pixels.array.shape[:2]
        info, camera = self._camera(job.message, stamp, width, height)
        decoded = perf_counter()
        if not self._begin(stamp):
            return
        try:
            prediction = self._estimator.predict(pixels.array, pixels.order, camera)
        except FastDepthError as err:
            raise _DropError(DropCause.BAD_IMAGE, str(err)) from err
        except Exception as err:  # each engine raises its own classes
            reason = f"the model failed on this frame: {_describe(err)}"
            raise _DropError(DropCause.INFERENCE_FAILED, reason) from err
        predicted = perf_counter()
        depth = prediction.depth()
        fields = depth_fields(depth)
        camera_fields = None
        if info is not None:
            camera_fields = camera_info_fields(
                info, prediction.geometry, fields["width"], fields["height"]
            )
        filled = perf_counter()
        result = DepthResult(header, fields, camera_fields, depth, prediction)
        try:
            self._deliver(result)
        except ClosedError:
            raise
        except Exception as err:  # the middleware raises its own classes
            reason = f"the depth could not be published: {_describe(err)}"
            raise _DropError(DropCause.PUBLISH_FAILED, reason) from err
        done = perf_counter()
        seconds = prediction.seconds
        self.timings.add(
            decode=decoded - taken,
            prepare=seconds.prepare,
            infer=seconds.infer,
            finish=seconds.finish + filled - predicted,
            publish=done - filled,
            processing_time=done - taken,
            latency=done - job.received,
        )
        self._trace("published", stamp)
        self.counters.publish()

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
        self, message: Any, stamp: int, width: int, height: int
    ) -> tuple[Any | None, Intrinsics | None]:
        """Return the camera_info of a frame and the camera it describes, or two None."""
        info = self._cameras.find(stamp)
        try:
            return info, _checked_camera(info, width, height)
        except _DropError as drop:
            if self.require_camera_info:
                raise
            if info is not None:
                reason = f"{drop}; the camera of the model card is assumed"
                self._tell(Fault(drop.cause, reason, message, is_dropped=False))
            return None, None


def _checked_camera(info: Any | None, width: int, height: int) -> Intrinsics:
    if info is None:
        raise _DropError(DropCause.NO_CAMERA_INFO, "no camera_info was received yet")
    try:
        camera = camera_from_info(info)
    except CameraError as err:
        raise _DropError(DropCause.BAD_CAMERA_INFO, str(err)) from err
    if (camera.width, camera.height) != (width, height):
        reason = (
            f"camera_info is of an image of {camera.width}x{camera.height}, the image is "
            f"{width}x{height}; expected the same size"
        )
        raise _DropError(DropCause.CAMERA_MISMATCH, reason)
    return camera


def _describe(err: Exception) -> str:
    return f"{type(err).__name__}: {(str(err).splitlines() or [''])[0]}"
