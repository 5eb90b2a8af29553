import struct
import zlib

import cv2
import numpy as np
import pytest

from fastdepth.compressed_depth import decode, encode, encode_millimetres
from fastdepth.errors import EncodingError, ImageError, SettingError

NAN = np.float32(np.nan)
# What the plugin computes from its defaults, depth_quantization 100 and depth_max 10.
A, B = 10100.0, 1.0 - 1010.0


def png16(rows):
    """Write a 16-bit grey PNG by hand (ISO/IEC 15948): big-endian samples, filter 0."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    height, width = len(rows), len(rows[0])
    lines = b"".join(b"\0" + struct.pack(f">{width}H", *row) for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


def header(a=A, b=B, kind=0):
    return struct.pack("<iff", kind, a, b)


def codes(message):
    """Read the 16-bit values behind the header."""
    return cv2.imdecode(np.frombuffer(message.data[12:], np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("form", ["32FC1; compressedDepth png", "32FC1; compressedDepth", "32FC1"])
def test_decoding_bytes_made_by_hand(form):
    depth = decode(form, header() + png16([[1, 0, 1011], [4041, 9091, 65535]]))
    assert depth.dtype == np.float32
    # q = 1 is depth_max; 0 is invalid; A / (q - B) for the rest.
    expected = [[10.0, np.nan, 5.0], [2.0, 1.0, 10100 / (65535 + 1009)]]
    np.testing.assert_allclose(depth, expected, rtol=1e-6)


def test_decoding_uses_the_parameters_in_the_header():
    depth = decode("32FC1; compressedDepth png", header(a=600.0, b=-199.0) + png16([[1, 401]]))
    np.testing.assert_allclose(depth, [[3.0, 1.0]], rtol=1e-6)


def test_decoding_millimetres_made_by_hand():
    for data in (header(0, 0) + png16([[0, 1], [1234, 65535]]), png16([[0, 1], [1234, 65535]])):
        depth = decode("16UC1; compressedDepth png", data)
        assert depth.dtype == np.uint16
        assert depth.tolist() == [[0, 1], [1234, 65535]]


def test_a_code_that_is_no_distance_is_invalid():
    depth = decode("32FC1; compressedDepth png", header(a=100.0, b=50.0) + png16([[49, 50, 51]]))
    np.testing.assert_array_equal(depth, [[np.nan, np.nan, 100.0]])


def test_encoding_makes_the_bytes_of_the_format():
    message = encode(np.array([[5.0, 2.0], [1.0, NAN]], np.float32))
    assert message.format == "32FC1; compressedDepth png"
    assert isinstance(message.data, bytes)
    assert struct.unpack("<iff", message.data[:12]) == (0, A, B)
    assert codes(message).tolist() == [[1011, 4041], [9091, 0]]


def test_what_is_no_distance_is_encoded_as_invalid():
    depth = np.array([[0.0, -0.0, -1.0, np.inf, -np.inf, NAN, 10.0, 11.0, 1e30]], np.float32)
    message = encode(depth)
    assert codes(message).tolist() == [[0] * 9]
    assert np.isnan(decode(*message)).all()


def test_the_range_ends_at_depth_max():
    just_inside = np.nextafter(np.float32(10), np.float32(0))
    decoded = decode(*encode(np.array([[just_inside, 10.0]], np.float32)))
    assert decoded[0, 0] == pytest.approx(10.0, abs=1e-3)
    assert np.isnan(decoded[0, 1])
    farther = decode(*encode(np.array([[15.0]], np.float32), depth_max=20.0))
    assert farther[0, 0] == pytest.approx(15.0, abs=15**2 * 0.5 / A + 1e-4)


def test_what_is_too_near_for_16_bits_is_the_nearest_that_can_be_told():
    nearest = A / (65535 - B)
    decoded = decode(*encode(np.array([[0.1, 1e-30, nearest * 1.01]], np.float32)))
    np.testing.assert_allclose(decoded, [[nearest, nearest, nearest * 1.01]], rtol=1e-4)


@pytest.mark.parametrize("quantization", [20.0, 100.0, 150.0])
def test_inverse_depth_comes_back_within_half_a_step(quantization):
    a = quantization * (quantization + 1)
    nearest = a / (65535 - 1 + a / 10)
    depth = np.linspace(nearest * 1.001, 9.999, 200_000, dtype=np.float32).reshape(400, 500)
    decoded = decode(*encode(depth, quantization=quantization))
    assert np.isfinite(decoded).all()
    error = np.abs(1 / decoded.astype(np.float64) - 1 / depth.astype(np.float64))
    assert error.max() <= 0.51 / a  # float32 adds a little to the half
    assert error.max() > 0.49 / a  # the bound is the bound
    far = depth > 9.9
    assert np.abs(decoded - depth)[far].max() <= 10**2 * 0.51 / a


def test_millimetres_come_back_exactly_up_to_depth_max():
    depth = np.array([[0, 1, 9999], [10000, 10001, 65535]], np.uint16)
    message = encode_millimetres(depth)
    assert message.format == "16UC1; compressedDepth png"
    assert message.data[:4] == b"\0\0\0\0"
    assert decode(*message).tolist() == [[0, 1, 9999], [10000, 0, 0]]
    assert decode(*encode_millimetres(depth, depth_max=100.0)).tolist() == depth.tolist()


def test_views_of_any_layout_are_encoded():
    depth = np.linspace(1, 9, 60, dtype=np.float32).reshape(6, 10)
    view = depth[::2, ::-1]
    np.testing.assert_array_equal(decode(*encode(view)), decode(*encode(view.copy())))
    assert decode(*encode(view))[0, 0] == pytest.approx(depth[0, 9], abs=0.005)


def test_a_smaller_file_holds_the_same():
    depth = np.random.default_rng(0).uniform(1, 9, (40, 50)).astype(np.float32)
    np.testing.assert_array_equal(
        decode(*encode(depth, png_level=9)), decode(*encode(depth, png_level=0))
    )
    assert len(encode(depth, png_level=9).data) < len(encode(depth, png_level=0).data)


@pytest.mark.parametrize("data", [np.uint8, bytes, bytearray, memoryview])
def test_data_of_any_kind_is_decoded(data):
    raw = header() + png16([[1011]])
    data = np.frombuffer(raw, np.uint8) if data is np.uint8 else data(raw)
    assert decode("32FC1; compressedDepth png", data)[0, 0] == 5.0


@pytest.mark.parametrize("keep", [0, 5, 12, 20, 40, 60, -1, -12])
@pytest.mark.parametrize("form", ["32FC1; compressedDepth png", "16UC1; compressedDepth"])
def test_data_that_was_cut_short_is_refused(form, keep):
    data = header() + png16(np.arange(300).reshape(15, 20).tolist())
    with pytest.raises(ImageError, match="cannot be decoded"):
        decode(form, data[:keep])


def test_a_damaged_png_is_refused():
    data = bytearray(header() + png16([[1, 2, 3]]))
    data[12 + 33 : 12 + 60] = bytes(27)
    with pytest.raises(ImageError):
        decode("32FC1; compressedDepth png", bytes(data))


def test_a_png_of_8_bits_is_refused():
    _, png = cv2.imencode(".png", np.zeros((4, 4), np.uint8))
    with pytest.raises(ImageError, match="uint8"):
        decode("16UC1; compressedDepth png", header() + png.tobytes())


def test_metres_without_parameters_are_refused():
    for data in (png16([[1]]), header(a=0.0) + png16([[1]]), header(a=NAN) + png16([[1]])):
        with pytest.raises(ImageError, match="A > 0"):
            decode("32FC1; compressedDepth png", data)


def test_another_compression_is_named():
    with pytest.raises(EncodingError, match=r"rvl.*expected PNG"):
        decode("16UC1; compressedDepth rvl", header() + bytes(40))


@pytest.mark.parametrize("bad", [0.0, -1.0, NAN, np.inf])
def test_impossible_settings_are_refused(bad):
    depth = np.ones((2, 2), np.float32)
    with pytest.raises(SettingError, match="depth_max"):
        encode(depth, depth_max=bad)
    with pytest.raises(SettingError, match="quantization"):
        encode(depth, quantization=bad)
    with pytest.raises(SettingError, match="depth_max"):
        encode_millimetres(depth.astype(np.uint16), depth_max=bad)


def test_an_impossible_level_is_refused():
    with pytest.raises(SettingError, match="png_level is 10"):
        encode(np.ones((2, 2), np.float32), png_level=10)


def test_another_kind_of_array_is_refused():
    for depth in (np.ones((2, 2)), np.ones((2, 2, 1), np.float32), np.ones((0, 2), np.float32)):
        with pytest.raises(ImageError, match="expected float32 HxW"):
            encode(depth)
    with pytest.raises(ImageError, match="expected uint16 HxW"):
        encode_millimetres(np.ones((2, 2), np.float32))
