"""From message to message, stage by stage: what is there besides the network."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter_ns, process_time_ns
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np

from fastdepth.bench.candidates import made_up_picture
from fastdepth.bench.report import Table
from fastdepth.bench.timing import Spread, rounds, spread
from fastdepth.camera import Intrinsics
from fastdepth.engines import Engine
from fastdepth.errors import FastDepthError, SettingError
from fastdepth.estimator import DepthEstimator, Prediction
from fastdepth.frame import F32Array
from fastdepth.masks import DepthMask
from fastdepth.messages import Pixels, decode_compressed, decode_image, depth_fields

Kind = Literal["raw", "jpeg"]
Output = Literal["network", "frame"]

SIZES = {"VGA": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080)}
KINDS: tuple[Kind, ...] = ("raw", "jpeg")
STAGES = ("read", "decode", "prepare", "infer", "finish", "mask", "write")

_ROS_PATH = "fastdepth_ros.bench.message_path"


class MessagePath(NamedTuple):
    """How messages are read and written.

    Attributes:
        words: what it is.
        data: a camera's message, serialised where messages are.
        read: finds its fields.
        decode: finds or makes its pixels.
        write: makes the message of a depth image.

    """

    words: str
    data: Any
    read: Callable[[Any], Any]
    decode: Callable[[Any], Pixels]
    write: Callable[[Any, Pixels, Prediction, F32Array], object]


class Case(NamedTuple):
    """A camera: its size and how its images come."""

    size: str
    kind: Kind

    @property
    def key(self) -> str:
        """Its name in tables and JSON."""
        return f"{self.size} {self.kind}"


def open_path(width: int, height: int, kind: Kind) -> MessagePath:
    """Return the node's own way to read and write messages; without ROS the core's fields alone."""
    picture = made_up_picture(height, width)
    try:
        # By name: the core does not import the room of ROS.
        hook: Any = importlib.import_module(_ROS_PATH)
    except ModuleNotFoundError:
        return _plain_path(picture, kind)
    path: MessagePath = hook.open_path(picture, kind)
    return path


def _plain_path(picture: np.ndarray, kind: Kind) -> MessagePath:
    height, width = picture.shape[:2]
    if kind == "raw":
        message = SimpleNamespace(
            height=height,
            width=width,
            encoding="rgb8",
            is_bigendian=0,
            step=3 * width,
            data=picture.tobytes(),
        )
    else:
        jpeg = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()
        message = SimpleNamespace(format="rgb8; jpeg compressed bgr8", data=jpeg)
    return MessagePath(
        "fields of messages (ROS is not installed here, so nothing is serialised)",
        message,
        lambda message: message,
        decode_image if kind == "raw" else decode_compressed,
        lambda _message, _pixels, _prediction, depth: depth_fields(depth),
    )


class _Clock:
    """Marks on processor and clock, at the ends of stages."""

    def __init__(self) -> None:
        self.marks: list[tuple[int, int]] = []

    def mark(self) -> None:
        self.marks.append((process_time_ns(), perf_counter_ns()))


class _MarkedEngine:
    """Runs an engine between two marks."""

    def __init__(self, engine: Engine, clock: _Clock) -> None:
        self._engine = engine
        self._clock = clock

    @property
    def description(self) -> str:
        return self._engine.description

    def run(self, tensor: F32Array) -> F32Array:
        self._clock.mark()
        output = self._engine.run(tensor)
        self._clock.mark()
        return output


class Pipeline:
    """One camera's frames through one model, with a mark after each stage."""

    def __init__(self, estimator: DepthEstimator, case: Case, output: Output = "network") -> None:
        """Prepare.

        Args:
            estimator: of the model; its engine is used, it itself is not changed.
            case: the camera.
            output: size of the depth that is written.

        """
        width, height = SIZES[case.size]
        self.path = open_path(width, height, case.kind)
        self._clock = _Clock()
        self._estimator = DepthEstimator(
            _MarkedEngine(estimator.engine, self._clock),
            estimator.card,
            camera_aware=estimator.camera_aware,
        )
        self._camera = Intrinsics(
            width, height, 0.9 * width, 0.9 * width, (width - 1) / 2, (height - 1) / 2
        )
        self._mask = DepthMask(*estimator.card.depth_range)
        self._output = output

    def run(self) -> tuple[list[float], list[float]]:
        """Return the milliseconds of each stage on the processor and on the clock."""
        path, clock = self.path, self._clock
        clock.marks.clear()
        clock.mark()
        message = path.read(path.data)
        clock.mark()
        pixels = path.decode(message)
        clock.mark()
        prediction = self._estimator.predict(pixels.array, pixels.order, self._camera)
        clock.mark()
        values = prediction.values if self._output == "network" else prediction.frame_values()
        depth = self._mask.apply(values)
        clock.mark()
        path.write(message, pixels, prediction, depth)
        clock.mark()
        spans = np.diff(np.array(clock.marks, np.int64), axis=0) / 1e6
        return spans[:, 0].tolist(), spans[:, 1].tolist()


def measure(pipelines: Mapping[str, Pipeline], seconds: float) -> dict[str, dict[str, Any]]:
    """Run pipelines in turn; return for each the spread of every stage, milliseconds.

    Returns:
        By name: `cpu` and `wall` by stage, `total` besides, and `over_inference`, the processor
        time of all stages over that of the network alone, frame by frame.

    """
    found: dict[str, tuple[list[list[float]], list[list[float]]]] = {
        name: ([], []) for name in pipelines
    }
    for number in rounds(seconds, 8):
        for name, pipeline in pipelines.items():
            cpu, wall = pipeline.run()
            if number > 0:  # the first frames find everything cold
                found[name][0].append(cpu)
                found[name][1].append(wall)
    return {name: _figures(cpu, wall) for name, (cpu, wall) in found.items()}


def section_of(
    figures: Mapping[str, Mapping[str, Any]],
    *,
    model: str,
    engine: str,
    output: Output,
    path: str,
) -> dict[str, Any]:
    """Return the `pipeline` section of the document."""
    return {
        "model": model,
        "engine": engine,
        "output": output,
        "path": path,
        "stages": list(STAGES),
        "cases": dict(figures),
        "aims": {},
    }


def pipeline_table(section: Mapping[str, Any]) -> Table:
    """Return the table of stages: processor time, medians."""
    rows = []
    for name, case in section["cases"].items():
        cells = [f"{case['cpu'][stage]['median']:.3f}" for stage in STAGES]
        total, over = case["cpu"]["total"], case["over_inference"]["median"]
        rows.append((name, *cells, f"{total['median']:.2f}", f"{over:.2f}"))
    return Table(
        f"From message to message, ms of processor time ({section['output']}-size depth)",
        ("camera", *STAGES, "total", "of network"),
        rows,
        [f"{section['model']}, {section['engine']}", section["path"]],
    )


def parse_case(text: str) -> Case:
    """Return the case of `SIZE KIND` (`VGA raw`).

    Raises:
        SettingError: there is no such size or kind.

    """
    size, _, kind = text.partition(" ")
    for known in KINDS:
        if size in SIZES and kind == known:
            return Case(size, known)
    every = ", ".join(f"'{size} {kind}'" for size in SIZES for kind in KINDS)
    msg = f"there is no camera {text!r}; choose from {every}"
    raise SettingError(msg)


def _figures(cpu: Sequence[Sequence[float]], wall: Sequence[Sequence[float]]) -> dict[str, Any]:
    infer = STAGES.index("infer")
    return {
        "cpu": _stages(cpu),
        "wall": _stages(wall),
        "over_inference": spread([sum(one) / one[infer] for one in cpu])._asdict(),
    }


def _stages(samples: Sequence[Sequence[float]]) -> dict[str, Any]:
    spans = np.array(samples)
    if spans.shape[1:] != (len(STAGES),):
        msg = f"a frame took {spans.shape[1:]} stages; expected {len(STAGES)}"
        raise FastDepthError(msg)
    found: dict[str, Spread] = {
        stage: spread(spans[:, index].tolist()) for index, stage in enumerate(STAGES)
    }
    found["total"] = spread(spans.sum(axis=1).tolist())
    return {stage: value._asdict() for stage, value in found.items()}
