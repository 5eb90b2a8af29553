from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from fastdepth.decoding import decode_picture

NOISE = np.random.default_rng(2).integers(0, 256, (64, 80, 3), np.uint8)


def encoded(suffix: str, array: Any = NOISE) -> bytes:
    return bytes(cv2.imencode(suffix, array)[1])


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff"])
def test_a_whole_picture_is_decoded(suffix: str) -> None:
    decoded = decode_picture(encoded(suffix), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded, NOISE)


def test_a_16_bit_picture_keeps_its_values() -> None:
    values = NOISE[..., 0].astype(np.uint16) * 257
    decoded = decode_picture(encoded(".png", values), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    assert decoded.dtype == np.uint16
    np.testing.assert_array_equal(decoded, values)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99, 0.9999])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_cut_picture_is_damaged_and_not_filled_up(suffix: str, share: float) -> None:
    data = encoded(suffix)
    assert decode_picture(data[: int(len(data) * share)], cv2.IMREAD_COLOR) is None


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture() -> None:
    thumbnail = encoded(".jpg", NOISE[:8, :8])
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    picture = encoded(".jpg")
    data = picture[:2] + segment + picture[2:]

    whole = decode_picture(data, cv2.IMREAD_COLOR)
    assert whole is not None
    assert whole.shape == NOISE.shape
    assert decode_picture(data[: len(data) * 2 // 3], cv2.IMREAD_COLOR) is None


def test_what_follows_the_picture_does_no_harm() -> None:
    for suffix in (".png", ".jpg"):
        decoded = decode_picture(encoded(suffix) + bytes(500), cv2.IMREAD_COLOR)
        assert decoded is not None
        assert decoded.shape == NOISE.shape


def test_what_is_no_picture_is_none() -> None:
    assert decode_picture(b"text" * 50, cv2.IMREAD_COLOR) is None
