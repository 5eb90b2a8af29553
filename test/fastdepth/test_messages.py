from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, EncodingError, ImageError
from fastdepth.geometry import InputGeometry, Rect
from fastdepth.messages import (
    COLOUR_ENCODINGS,
    DEPTH_ENCODINGS,
    Pixels,
    camera_from_info,
    camera_info_fields,
    decode_compressed,
    decode_compressed_depth,
    decode_depth,
    decode_image,
    depth_fields,
    image_fields,
    intrinsics_fields,
    stamp_ns,
    to_rgb,
)
from test.fastdepth import ros_messages

K = [500.0, 0.0, 320.5, 0.0, 400.0, 240.25, 0.0, 0.0, 1.0]
P = [450.0, 0.0, 310.0, -45.0, 0.0, 440.0, 230.0, 22.0, 0.0, 0.0, 1.0, 0.0]


@pytest.fixture(params=ros_messages.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def padded(rows: list[bytes], padding: int) -> bytes:
    return b"".join(row + b"\xee" * padding for row in rows)


def make(kind: str, encoding: str, rows: list[bytes], width: int, **fields: Any) -> Any:
    padding = fields.pop("padding", 0)
    values = {
        "height": len(rows),
        "width": width,
        "encoding": encoding,
        "is_bigendian": 0,
        "step": len(rows[0]) + padding,
        "data": padded(rows, padding),
    } | fields
    return ros_messages.image(kind, **values)


# Two rows of two pixels, red, green / blue, an odd one, in every order.
COLOURS = {
    "rgb8": [b"\xff\x00\x00\x00\xff\x00", b"\x00\x00\xff\x01\x02\x03"],
    "bgr8": [b"\x00\x00\xff\x00\xff\x00", b"\xff\x00\x00\x03\x02\x01"],
    "rgba8": [b"\xff\x00\x00\x09\x00\xff\x00\x09", b"\x00\x00\xff\x09\x01\x02\x03\x09"],
    "bgra8": [b"\x00\x00\xff\x09\x00\xff\x00\x09", b"\xff\x00\x00\x09\x03\x02\x01\x09"],
}
EXPECTED = [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [1, 2, 3]]]


@pytest.mark.parametrize("encoding", COLOURS)
@pytest.mark.parametrize("padding", [0, 5])
def test_colour_is_read_in_its_order_and_without_its_padding(
    kind: str, encoding: str, padding: int
) -> None:
    msg = make(kind, encoding, COLOURS[encoding], 2, padding=padding)

    pixels = decode_image(msg)

    assert pixels.order == encoding[:-1]
    assert pixels.array.shape == (2, 2, len(encoding) - 1)
    rgb = to_rgb(pixels)
    assert rgb.flags.c_contiguous
    assert rgb.tolist() == EXPECTED


@pytest.mark.parametrize("padding", [0, 3])
def test_mono_is_grey(kind: str, padding: int) -> None:
    pixels = decode_image(
        make(kind, "mono8", [b"\x01\x02\x03", b"\x04\x05\x06"], 3, padding=padding)
    )

    assert pixels.order == "mono"
    assert pixels.array.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert to_rgb(pixels)[1, 2].tolist() == [6, 6, 6]


@pytest.mark.parametrize("padding", [0, 5])
def test_pixels_are_the_memory_of_the_message(kind: str, padding: int) -> None:
    msg = make(kind, "bgr8", COLOURS["bgr8"], 2, padding=padding)

    assert np.shares_memory(decode_image(msg).array, np.frombuffer(msg.data, np.uint8))


def test_rgb_without_padding_is_not_copied_for_a_frame(kind: str) -> None:
    msg = make(kind, "rgb8", COLOURS["rgb8"], 2)

    assert np.shares_memory(to_rgb(decode_image(msg)), np.frombuffer(msg.data, np.uint8))


def test_the_last_row_may_lack_its_padding(kind: str) -> None:
    data = padded(COLOURS["rgb8"], 5)[:-5]
    msg = make(kind, "rgb8", COLOURS["rgb8"], 2, step=11, data=data)

    assert to_rgb(decode_image(msg)).tolist() == EXPECTED


@pytest.mark.parametrize("big", [0, 1])
@pytest.mark.parametrize("encoding", ["16UC1", "mono16"])
@pytest.mark.parametrize("padding", [0, 3])
def test_sixteen_bit_depth_is_millimetres(kind: str, encoding: str, big: int, padding: int) -> None:
    form = ">HHH" if big else "<HHH"
    rows = [struct.pack(form, 0, 1, 258), struct.pack(form, 65535, 1000, 2500)]

    depth = decode_depth(make(kind, encoding, rows, 3, is_bigendian=big, padding=padding))

    assert depth.dtype == np.float32
    expected = np.array([[np.nan, 0.001, 0.258], [65.535, 1.0, 2.5]], np.float32)
    np.testing.assert_array_equal(depth, expected)


@pytest.mark.parametrize("big", [0, 1])
@pytest.mark.parametrize("padding", [0, 3])
def test_float_depth_is_metres_and_what_is_no_distance_is_nan(
    kind: str, big: int, padding: int
) -> None:
    form = ">ffff" if big else "<ffff"
    rows = [
        struct.pack(form, 1.5, 0.0, -1.0, np.nan),
        struct.pack(form, np.inf, -np.inf, 1e-3, 9.25),
    ]

    depth = decode_depth(make(kind, "32FC1", rows, 4, is_bigendian=big, padding=padding))

    nan = np.nan
    expected = np.array([[1.5, nan, nan, nan], [nan, nan, 1e-3, 9.25]], np.float32)
    np.testing.assert_array_equal(depth, expected)


def test_decoded_depth_leaves_the_message_alone(kind: str) -> None:
    msg = make(kind, "32FC1", [struct.pack("<ff", 0.0, 2.0)], 2)
    before = bytes(msg.data)

    decode_depth(msg)[:] = 7.0

    assert bytes(msg.data) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": padded(COLOURS["rgb8"], 0)[:-1]}, "11 bytes of data; expected 12.*cut short"),
        ({"data": b""}, "0 bytes of data; expected 12.*cut short"),
        ({"data": padded(COLOURS["rgb8"], 0) + b"\0"}, "13 bytes of data; expected 12.*wrong step"),
        ({"step": 5}, "step of 5 bytes; expected at least 6"),
        ({"step": 0}, "step of 0 bytes; expected at least 6"),
        ({"step": 7}, "12 bytes of data; expected 14"),
        ({"width": 0}, "0x2 pixels; expected at least 1x1"),
        ({"height": 0}, "2x0 pixels; expected at least 1x1"),
        ({"height": 2**32 - 1}, "cut short"),
        ({"width": 2**32 - 1}, "expected at least 12884901885"),
    ],
)
def test_an_image_that_does_not_fit_its_data_is_refused(
    kind: str, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ImageError, match=words):
        decode_image(make(kind, "rgb8", COLOURS["rgb8"], **({"width": 2} | change)))


@pytest.mark.parametrize("encoding", ["bayer_rggb8", "16UC1", "", "RGB8"])
def test_an_unknown_encoding_is_named(kind: str, encoding: str) -> None:
    with pytest.raises(EncodingError, match=rf"'{encoding}' cannot be read as an image.*rgb8"):
        decode_image(make(kind, encoding, COLOURS["rgb8"], 2))


def test_colour_is_no_depth(kind: str) -> None:
    with pytest.raises(EncodingError, match=r"'rgb8' cannot be read as depth.*16UC1"):
        decode_depth(make(kind, "rgb8", COLOURS["rgb8"], 2))


def test_data_that_is_no_buffer_is_refused() -> None:
    msg = SimpleNamespace(
        height=1, width=1, step=3, encoding="rgb8", is_bigendian=0, data="not bytes"
    )
    with pytest.raises(ImageError, match="data is a str"):
        decode_image(msg)


sizes = st.integers(0, 5) | st.integers(0, 2**32 - 1)


messages = st.builds(
    SimpleNamespace,
    height=sizes,
    width=sizes,
    step=st.integers(0, 64) | sizes,
    is_bigendian=st.integers(0, 255),
    encoding=st.sampled_from([*COLOUR_ENCODINGS, *DEPTH_ENCODINGS, "yuv422", ""]),
    data=st.binary(max_size=128),
)


@settings(deadline=None)
@given(messages)
def test_any_message_is_an_image_error_or_pixels_of_its_own_data(msg: Any) -> None:
    data, step = msg.data, msg.step
    try:
        pixels = decode_image(msg)
    except ImageError:
        pass
    else:
        channels = {"mono": 1}.get(pixels.order, len(pixels.order))
        for row, values in enumerate(pixels.array):
            assert values.tobytes() == data[row * step : row * step + msg.width * channels]
        assert len(pixels.array) == msg.height > 0
    try:
        depth = decode_depth(msg)
    except ImageError:
        return
    assert depth.shape == (msg.height, msg.width)
    form = (">" if msg.is_bigendian else "<") + ("f" if msg.encoding == "32FC1" else "H")
    scale = 1 if msg.encoding == "32FC1" else 1000
    for (row, column), value in np.ndenumerate(depth):
        (raw,) = struct.unpack_from(form, data, row * step + column * struct.calcsize(form))
        if 0 < raw < np.inf:
            assert value == np.float32(raw / scale)
        else:
            assert np.isnan(value)


def test_depth_fields_are_little_endian_metres() -> None:
    depth = np.array([[1.5, np.nan, 3.0], [0.25, 2.0, 7.0]], np.float32)

    fields = depth_fields(depth)

    assert isinstance(fields["data"], bytes)
    assert struct.unpack("<ffffff", fields["data"])[2:] == (3.0, 0.25, 2.0, 7.0)
    assert {k: v for k, v in fields.items() if k != "data"} == {
        "height": 2,
        "width": 3,
        "encoding": "32FC1",
        "is_bigendian": 0,
        "step": 12,
    }


@pytest.mark.parametrize("kind", ros_messages.KINDS)
def test_what_is_filled_in_is_what_comes_out(kind: str) -> None:
    rng = np.random.default_rng(5)
    depth = rng.uniform(0.5, 9, (4, 10)).astype(np.float32)[:, ::2]
    rgb = rng.integers(0, 256, (4, 10, 3), np.uint8)[:, ::2]

    np.testing.assert_array_equal(
        decode_depth(ros_messages.image(kind, **depth_fields(depth))), depth
    )
    pixels = decode_image(ros_messages.image(kind, **image_fields(rgb)))
    assert pixels.order == "rgb"
    np.testing.assert_array_equal(pixels.array, rgb)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4)])
def test_only_rgb_is_filled_in(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match="expected uint8 HxWx3"):
        image_fields(np.zeros(shape, np.uint8))


def test_the_stamp_is_exact(kind: str) -> None:
    stamp = 1_305_031_239_529_662_001

    assert stamp_ns(ros_messages.header(kind, stamp)) == stamp


def test_the_camera_is_that_of_k(kind: str) -> None:
    camera = camera_from_info(ros_messages.camera_info(kind, k=K, p=P))

    assert camera == Intrinsics(640, 480, 500.0, 400.0, 320.5, 240.25)


def test_an_uncalibrated_camera_is_named(kind: str) -> None:
    with pytest.raises(CameraError, match="K of zeros: the camera is not calibrated"):
        camera_from_info(ros_messages.camera_info(kind))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"k": [float("nan"), *K[1:]]}, "not finite"),
        ({"k": [-1.0, *K[1:]]}, "focal length is fx=-1"),
        ({"k": K, "width": 0, "height": 0}, "0x0"),
        ({"k": K, "roi": (600, 0, 41, 10)}, r"41x10 at \(600, 0\) on a sensor of 640x480"),
        ({"k": K, "roi": (5, 0, 0, 0)}, "0x0"),
    ],
)
def test_an_impossible_camera_is_refused(kind: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(CameraError, match=words):
        camera_from_info(ros_messages.camera_info(kind, **fields))


def test_a_matrix_of_another_length_is_refused() -> None:
    with pytest.raises(CameraError, match="K has 8 numbers; expected 9"):
        camera_from_info(ros_messages.camera_info("rosbags", k=K[:8]))


def test_the_region_of_interest_moves_the_principal_point(kind: str) -> None:
    info = ros_messages.camera_info(kind, k=K, roi=(100, 40, 200, 160))

    assert camera_from_info(info) == Intrinsics(200, 160, 500.0, 400.0, 220.5, 200.25)


def test_binning_keeps_pixel_edges_in_place(kind: str) -> None:
    info = ros_messages.camera_info(kind, k=K, roi=(100, 40, 201, 160), binning_x=2, binning_y=4)

    camera = camera_from_info(info)

    assert (camera.width, camera.height, camera.fx, camera.fy) == (100, 40, 250.0, 100.0)
    # (320.5 - 100 + 0.5) / 2 - 0.5 and (240.25 - 40 + 0.5) / 4 - 0.5
    assert camera.cx == pytest.approx(110.0)
    assert camera.cy == pytest.approx(49.6875)


GEOMETRY = InputGeometry(640, 480, Rect(80, 0, 480, 480), Rect(0, 0, 240, 240))


def test_the_info_of_the_depth_follows_crop_and_resize(kind: str) -> None:
    info = ros_messages.camera_info(kind, k=K, p=P, d=[0.1, -0.2, 0.01, 0.02, 0.3])

    fields = camera_info_fields(info, GEOMETRY, 120, 240)

    assert (fields["width"], fields["height"]) == (120, 240)
    assert fields["d"] == [0.1, -0.2, 0.01, 0.02, 0.3]
    assert fields["distortion_model"] == "plumb_bob"
    assert fields["r"] == np.eye(3).ravel().tolist()
    # a quarter of the columns of the cut (80 off), half of the rows; centres are (u + .5) s - .5
    k = [125.0, 0, (240.5 + 0.5) / 4 - 0.5, 0, 200.0, (240.25 + 0.5) / 2 - 0.5, 0, 0, 1]
    assert fields["k"] == pytest.approx(k)
    p = [112.5, 0, (230 + 0.5) / 4 - 0.5, -11.25, 0, 220.0, (230 + 0.5) / 2 - 0.5, 11, 0, 0, 1, 0]
    assert fields["p"] == pytest.approx(p)


def test_the_info_of_the_depth_agrees_with_the_intrinsics(kind: str) -> None:
    info = ros_messages.camera_info(
        kind, k=K, p=P, width=1300, height=970, roi=(10, 5, 1280, 960), binning_x=2, binning_y=2
    )

    fields = camera_info_fields(info, GEOMETRY, 224, 224)

    again = ros_messages.camera_info(
        kind, **{name: fields[name] for name in ("width", "height", "k", "p", "d")}
    )
    camera = camera_from_info(info)
    assert (camera.width, camera.height) == (640, 480)
    expected = camera.crop(80, 0, 480, 480).resize(224, 224)
    result = camera_from_info(again)
    for name in ("width", "height", "fx", "fy", "cx", "cy"):
        assert getattr(result, name) == pytest.approx(getattr(expected, name), rel=1e-12)
    assert fields["binning_x"] == fields["binning_y"] == 0
    assert not any(fields["roi"].values())


def test_the_info_of_an_uncalibrated_camera_stays_uncalibrated(kind: str) -> None:
    fields = camera_info_fields(ros_messages.camera_info(kind), GEOMETRY, 240, 240)

    assert not any(fields["k"])
    assert not any(fields["p"])
    assert (fields["width"], fields["height"]) == (240, 240)


def test_the_info_of_another_image_is_refused(kind: str) -> None:
    info = ros_messages.camera_info(kind, k=K, width=1280, height=720)
    with pytest.raises(ImageError, match="1280x720, the frame is 640x480"):
        camera_info_fields(info, GEOMETRY, 240, 240)


def test_a_camera_becomes_a_camera_info_and_comes_back(kind: str) -> None:
    camera = Intrinsics(320, 240, 250.5, 251.5, 158.25, 121.75)

    fields = intrinsics_fields(camera, (0.1, -0.2, 0.01, 0.02, 0.3))

    assert camera_from_info(ros_messages.camera_info(kind, **fields)) == camera
    assert fields["d"] == [0.1, -0.2, 0.01, 0.02, 0.3]
    assert fields["p"] == [250.5, 0, 158.25, 0, 0, 251.5, 121.75, 0, 0, 0, 1, 0]
    assert intrinsics_fields(camera)["d"] == [0.0] * 5


def compressed(form: str, data: bytes) -> Any:
    return SimpleNamespace(format=form, data=np.frombuffer(data, np.uint8))


NOISE = np.random.default_rng(7).integers(0, 256, (64, 64, 3), np.uint8)


def encode(suffix: str, array: Any) -> bytes:
    return bytes(cv2.imencode(suffix, array)[1])


def test_a_compressed_picture_keeps_its_colours() -> None:
    bgr = np.zeros((16, 16, 3), np.uint8)
    bgr[..., 2] = 250

    for suffix, form in ((".png", "rgb8; png compressed bgr8"), (".jpg", "jpeg")):
        rgb = to_rgb(decode_compressed(compressed(form, encode(suffix, bgr))))
        assert rgb[8, 8].tolist() == pytest.approx([250, 0, 0], abs=6)
    unswapped = decode_compressed(compressed("rgb8; png compressed rgb8", encode(".png", bgr)))
    assert to_rgb(unswapped)[8, 8].tolist() == [0, 0, 250]


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", encode(".png", np.zeros((64, 64)))[:-5], encode(".jpg", NOISE)[:-9]],
)
def test_a_damaged_compressed_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match="cannot be decoded"):
        decode_compressed(compressed("jpeg", data))


def test_compressed_depth_is_metres() -> None:
    raw = np.array([[0, 1500], [65535, 1]], np.uint16)
    png = encode(".png", raw)
    expected = np.array([[np.nan, 1.5], [65.535, 0.001]], np.float32)

    plain = decode_compressed_depth(compressed("16UC1; png compressed ", png))
    header = struct.pack("<iff", 0, 0, 0)
    own = decode_compressed_depth(compressed("16UC1; compressedDepth png", header + png))

    np.testing.assert_array_equal(plain, expected)
    np.testing.assert_array_equal(own, expected)


def test_compressed_float_depth_is_undone() -> None:
    # What the plugin writes: value = a / depth + b, rounded.
    a, b = 1010.0, -99.5
    depth = np.array([[0.5, 2.0, 9.75]])
    png = encode(".png", np.round(a / depth + b + 0.0).astype(np.uint16))
    msg = compressed("32FC1; compressedDepth", struct.pack("<iff", 0, a, b) + png)

    np.testing.assert_allclose(decode_compressed_depth(msg)[0], [0.5, 2.0, 9.75], rtol=0.01)


@pytest.mark.parametrize(
    ("form", "data", "error", "words"),
    [
        ("16UC1; compressedDepth rvl", b"\0" * 20, EncodingError, "expected PNG"),
        ("16UC1; compressedDepth", b"\0" * 5, ImageError, "5 bytes"),
        ("16UC1; compressedDepth", b"\0" * 12, ImageError, "cannot be decoded"),
        ("16UC1; png compressed", b"", ImageError, "cannot be decoded"),
        ("png", encode(".png", np.zeros((2, 2), np.uint8)), ImageError, "expected 16-bit"),
    ],
)
def test_what_is_no_compressed_depth_is_refused(
    form: str, data: bytes, error: type[ImageError], words: str
) -> None:
    with pytest.raises(error, match=words):
        decode_compressed_depth(compressed(form, data))


def test_alpha_and_padding_do_not_reach_a_frame() -> None:
    array = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)

    assert to_rgb(Pixels(array, "bgra"))[1, 2].tolist() == [22, 21, 20]
