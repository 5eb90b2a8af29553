"""Whatever an Image message holds: no crash, and no depth of bytes that were not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("rclpy")

from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from fastdepth.messages import COLOUR_ENCODINGS, decode_depth
from fastdepth_ros.cdr import read_compressed, read_image
from fastdepth_ros.node.decoder import ImageDecoder
from fastdepth_ros.node.moulds import DepthMoulds
from fastdepth_ros.pipeline import DepthPipeline, DepthResult, Fault
from fastdepth_ros.rig import assemble
from fastdepth_ros.settings import Settings
from fastdepth_ros.stats import DropCause
from test.fastdepth_ros.fakes import eventually
from test.mock_model import build_mock_model

SIZES = st.one_of(st.integers(0, 9), st.sampled_from([2**16, 2**31 - 1, 2**31, 2**32 - 1]))
ENCODINGS = st.one_of(
    st.sampled_from([*COLOUR_ENCODINGS, "32FC1", "bayer_rggb8", "yuv422", ""]),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6),
)
HEADERS = st.builds(
    Header,
    stamp=st.builds(Time, sec=st.integers(-(2**31), 2**31 - 1), nanosec=st.integers(0, 2**32 - 1)),
    frame_id=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6),
)
ANY_IMAGE = st.builds(
    Image,
    header=HEADERS,
    height=SIZES,
    width=SIZES,
    encoding=ENCODINGS,
    is_bigendian=st.integers(0, 255),
    step=SIZES,
    data=st.binary(max_size=300),
)


@st.composite
def good_images(draw: st.DrawFn) -> Image:
    """Images as they should be, padding and all."""
    encoding = draw(st.sampled_from(sorted(COLOUR_ENCODINGS)))
    width, height = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    step = width * COLOUR_ENCODINGS[encoding][1] + draw(st.integers(0, 5))
    size = step * height
    return Image(
        header=draw(HEADERS),
        height=height,
        width=width,
        encoding=encoding,
        step=step,
        data=draw(st.binary(min_size=size, max_size=size)),
    )


class Run:
    """The pipeline as the node has it, from serialised to serialised message."""

    def __init__(self, model: Path) -> None:
        settings_ = Settings(model=str(model), require_camera_info=False, lazy=False)
        self.images: list[Image] = []
        self.faults: list[Fault] = []
        self._moulds = DepthMoulds()
        self.pipeline = DepthPipeline(
            assemble(settings_).plan,
            self._deliver,
            on_fault=self.faults.append,
            decode=ImageDecoder(),
        )
        self.pipeline.start()

    def _deliver(self, result: DepthResult) -> None:
        self.images.append(deserialize_message(self._moulds.image(result, "32FC1"), Image))

    def put(self, view) -> Image | None:
        """Return what comes out for a message."""
        del self.images[:], self.faults[:]
        self.pipeline.receive(view)
        assert eventually(lambda: self.pipeline.counters.snapshot().in_flight == 0)
        assert self.pipeline.is_busy  # the worker lives
        return self.images[0] if self.images else None


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    made = Run(build_mock_model(tmp_path_factory.mktemp("model") / "mock.onnx"))
    yield made
    assert made.pipeline.stop()
    assert made.pipeline.counters.snapshot().dropped[DropCause.INTERNAL_ERROR] == 0


def is_whole(message: Image) -> bool:
    """Tell, independently of the code, whether the pixels are all there."""
    if message.encoding not in COLOUR_ENCODINGS or not message.width or not message.height:
        return False
    row = message.width * COLOUR_ENCODINGS[message.encoding][1]
    least = message.step * (message.height - 1) + row
    return message.step >= row and least <= len(message.data) <= message.step * message.height


def pixels_of(message: Image) -> np.ndarray:
    """Return the pixels as RGB, one byte at a time."""
    order = {"rgb": (0, 1, 2), "bgr": (2, 1, 0), "mon": (0, 0, 0)}[message.encoding[:3]]
    channels = COLOUR_ENCODINGS[message.encoding][1]
    rgb = np.empty((message.height, message.width, 3))
    for y in range(message.height):
        for x in range(message.width):
            at = y * message.step + x * channels
            rgb[y, x] = [message.data[at + c] for c in order]
    return rgb


def check(run: Run, message: Image) -> None:
    out = run.put(read_image(serialize_message(message)))
    stamp = message.header.stamp
    if not is_whole(message):
        assert out is None
        if run.faults:
            assert run.faults[0].is_dropped
        else:  # the same stamp as before, so nobody looked at the pixels
            assert (stamp.sec, stamp.nanosec) != (0, 0)
        return
    if out is None:  # the same stamp as before
        assert not run.faults
        assert (stamp.sec, stamp.nanosec) != (0, 0)
        return
    assert out.header == message.header
    depth, rgb = decode_depth(out), pixels_of(message)
    assert depth.shape == (24, 32)
    # Between what the darkest and the brightest byte of each channel would give, resized or not.
    weights = np.array([2.0, 0.5, 6.0]) / 255
    low, high = (0.5 + weights @ edge for edge in (rgb.min((0, 1)), rgb.max((0, 1))))
    assert np.isfinite(depth).all()
    assert depth.min() >= low - 0.02
    assert depth.max() <= high + 0.02


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(message=ANY_IMAGE)
def test_any_image_message(run: Run, message: Image) -> None:
    check(run, message)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(message=good_images(), data=st.data())
def test_good_images_and_those_that_are_nearly_so(
    run: Run, message: Image, data: st.DataObject
) -> None:
    check(run, message)
    name = data.draw(st.sampled_from(["height", "width", "step", "data"]))
    if name == "data":
        message.data = message.data[: data.draw(st.integers(0, len(message.data)))]
    else:
        by = data.draw(st.integers(-2, 2))
        setattr(message, name, max(0, getattr(message, name) + by))
    message.header.stamp.sec ^= 1
    check(run, message)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(message=good_images(), data=st.data())
def test_bytes_of_a_message_that_are_cut_or_changed(
    run: Run, message: Image, data: st.DataObject
) -> None:
    cdr = bytearray(serialize_message(message))
    for _ in range(data.draw(st.integers(0, 4))):
        cdr[data.draw(st.integers(0, len(cdr) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(cdr[: data.draw(st.integers(0, len(cdr)))])
    run.put(read_image(cut))
    run.put(read_compressed(cut))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(form=st.text(max_size=8).filter(lambda t: "\0" not in t), data=st.binary(max_size=200))
def test_any_compressed_message(run: Run, form: str, data: bytes) -> None:
    form = form.encode("utf-8", "ignore").decode()
    message = CompressedImage(format=form, data=data)
    assert run.put(read_compressed(serialize_message(message))) is None
    assert run.faults[0].cause is DropCause.BAD_IMAGE
