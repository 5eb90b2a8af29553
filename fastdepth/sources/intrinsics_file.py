"""The camera of a folder of pictures in a small text file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from fastdepth.camera import Intrinsics
from fastdepth.errors import CameraError, SourceError
from fastdepth.sources.reading import read_lines

INTRINSICS_FILE = "intrinsics.txt"

KEYS = ("fx", "fy", "cx", "cy")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_SIZE = re.compile(r"\b(\d+)\s*[xX×]\s*(\d+)\b")  # noqa: RUF001 - people write it
# `fx 525`, `fx: 525`, `fx=fy 525`, `fx = fy = 525`
_KEYED = re.compile(rf"\b((?:(?:fx|fy|cx|cy)[\s=:,]*)+)({_NUMBER})")
# Rounding a resized frame to whole pixels changes its shape by less than this.
_SAME_SHAPE = 0.02


class WrittenCamera(NamedTuple):
    """A camera as somebody wrote it down.

    Attributes:
        intrinsics: fx, fy, cx, cy in pixels.
        size: (width, height) of the pictures those are for; None: whatever size they have.

    """

    intrinsics: tuple[float, float, float, float]
    size: tuple[int, int] | None = None

    def of(self, width: int, height: int) -> Intrinsics:
        """Return the intrinsics of pictures of a size (the whole frame resampled).

        Raises:
            CameraError: pictures of that shape do not show the whole frame.

        """
        made_for = self.size or (width, height)
        shape = (made_for[0] * height) / (made_for[1] * width)
        if abs(shape - 1.0) > _SAME_SHAPE:
            text = (
                f"the camera is of {made_for[0]}x{made_for[1]} pixels and the picture of "
                f"{width}x{height}, which is another shape; expected the whole frame, resized at "
                "most"
            )
            raise CameraError(text)
        return Intrinsics(*made_for, *self.intrinsics).resize(width, height)


def camera_text(camera: Intrinsics) -> str:
    """Return a camera as `read_camera` reads it, every digit of it, on one line."""
    numbers = " ".join(f"{key} {float(getattr(camera, key))!r}" for key in KEYS)
    return f"{camera.width}x{camera.height} {numbers}\n"


def read_camera(path: Path) -> WrittenCamera:
    """Read a file that says what fx, fy, cx and cy are, in pixels.

    These forms are understood, on one line or several; `#` starts a comment, what stands in
    parentheses is a remark, and a comma is as good as a space:

    * `fx fy cx cy` as four numbers, or the nine numbers of K;
    * named, in any order: `fx 525 fy 525 cx 319.5 cy 239.5`, with `=` or `:` after the names, and
      `fx=fy 525` for a number that counts for both. Other words are passed over.

    A size such as `640x480` before any of it says what pictures the numbers are for. Without one,
    they are for the pictures they lie beside, whatever size those have.

    Raises:
        SourceError: the file cannot be read, or is none of this.

    """
    text = " ".join(line.partition("#")[0] for line in read_lines(path))
    text = re.sub(r"\([^)]*\)", " ", text)
    found = _SIZE.search(text)
    size = (int(found[1]), int(found[2])) if found else None
    try:
        values = _named(text) if _KEYED.search(text) else _plain(_SIZE.sub(" ", text, count=1))
        Intrinsics(*(size or (1, 1)), *values)
    except (ValueError, CameraError) as err:
        text = (
            f"{path} is no calibration ({err}); expected `fx fy cx cy`, the nine numbers of K, or "
            "`640x480 fx 525 fy 525 cx 319.5 cy 239.5`"
        )
        raise SourceError(text) from err
    return WrittenCamera(values, size)


def _named(text: str) -> tuple[float, float, float, float]:
    values: dict[str, float] = {}
    for match in _KEYED.finditer(text):
        for key in re.findall("fx|fy|cx|cy", match[1]):
            if values.setdefault(key, float(match[2])) != float(match[2]):
                msg = f"{key} is both {values[key]:g} and {match[2]}"
                raise ValueError(msg)
    missing = [key for key in KEYS if key not in values]
    if missing:
        msg = f"{', '.join(missing)} not given"
        raise ValueError(msg)
    return values["fx"], values["fy"], values["cx"], values["cy"]


def _plain(text: str) -> tuple[float, float, float, float]:
    numbers = [float(word) for word in text.replace(",", " ").split()]
    if len(numbers) == 9:
        fx, skew, cx, below, fy, cy, *last = numbers
        if (skew, below, *last) != (0.0, 0.0, 0.0, 0.0, 1.0):
            msg = "nine numbers that are not a K of rows `fx 0 cx`, `0 fy cy`, `0 0 1`"
            raise ValueError(msg)
        return fx, fy, cx, cy
    if len(numbers) != 4:
        msg = f"{len(numbers)} numbers"
        raise ValueError(msg)
    return numbers[0], numbers[1], numbers[2], numbers[3]
