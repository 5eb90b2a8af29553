from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import Frame
from fastdepth.sources import RgbdFolder, check_source
from fastdepth.sources.indexed import IndexedFrames
from test.data import shared
from test.fastdepth.sources import making


class Given(IndexedFrames):
    """Frames that are given, or errors."""

    name = "given"

    def __init__(self, *frames: Frame | Callable[[], Frame]) -> None:
        self.frames = frames

    def __len__(self) -> int:
        return len(self.frames)

    def _read(self, index: int) -> Frame:
        found = self.frames[index]
        return found if isinstance(found, Frame) else found()


def frame(metres: float = 2.0, name: str = "good") -> Frame:
    depth = np.full((6, 8), metres, np.float32)
    depth[:3] = np.nan
    return Frame(np.zeros((6, 8, 3), np.uint8), depth, Intrinsics(8, 6, 5, 5, 3, 2), name=name)


def unreadable() -> Frame:
    text = "lost.png is gone"
    raise SourceError(text)


def with_depth(name: str, depth: np.ndarray | None) -> Frame:
    return replace(frame(name=name), depth=depth)


def test_a_good_source_passes() -> None:
    seen = []
    report = check_source(Given(*(frame(m) for m in (1, 2, 6))), progress=lambda *n: seen.append(n))
    assert (report.source, report.frames, report.faults, report.warnings) == ("given", 3, (), ())
    assert report.median_depth == 2.0
    assert report.valid_share == 0.5
    assert report.lines() == ["given: 3 frames read, 0 of them bad"]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_everything_bad_is_reported_together() -> None:
    holes = np.full((6, 8), 2, np.float32)
    holes[0, :4] = [0, -1, np.inf, np.nan]
    source = Given(
        frame(),
        unreadable,
        with_depth("none", None),
        with_depth("empty", np.full((6, 8), np.nan, np.float32)),
        with_depth("holes", holes),
        with_depth("turned", np.ones((8, 6), np.float32)),
        with_depth("half", np.ones((3, 4), np.float32)),  # fits: the same frame, smaller
        replace(frame(name="camera"), intrinsics=Intrinsics(16, 12, 5, 5, 3, 2)),
        unreadable,
        with_depth("flat", np.ones((0, 0), np.float32)),
    )

    with pytest.raises(SourceError) as caught:
        check_source(source, threads=3)

    assert str(caught.value).splitlines() == [
        "given: 10 frames read, 8 of them bad",
        "  2 cannot be read:",
        "    lost.png is gone",
        "    lost.png is gone",
        "  1 have no depth:",
        "    none",
        "  1 have depth without one valid pixel:",
        "    empty",
        "  1 have depth that is zero, negative or infinite instead of NaN:",
        "    holes: 3 pixels",
        "  3 have image, depth and camera that do not fit together:",
        "    turned: image 8x6, depth of shape (8, 6)",
        "    camera: image 8x6, camera of 16x12",
        "    flat: image 8x6, depth of shape (0, 0)",
        "mend these frames or leave them out",
    ]


def test_only_the_first_are_named() -> None:
    source = Given(*(with_depth(f"frame {n}", None) for n in range(8)))
    with pytest.raises(SourceError, match=r"(?s)  8 have no depth:.*    frame 4\n    and 3 more\n"):
        check_source(source)


def test_faults_can_be_allowed() -> None:
    source = Given(frame(), with_depth("none", None), unreadable, frame())
    with pytest.raises(SourceError, match="2 of them bad"):
        check_source(source, allow={"without_depth"})
    report = check_source(source, allow={"without_depth", "unreadable"})
    assert report.counts == {"without_depth": 1, "unreadable": 1}
    assert report.bad_indices() == [1, 2]
    assert report.bad_indices({"without_depth"}) == [2]
    with pytest.raises(ValueError, match=r"no faults \['unlabelled'\]"):
        check_source(source, allow={"unlabelled"})


@pytest.mark.parametrize(("metres", "written"), [(2150.0, "2.15e+03"), (0.002, "0.002")])
def test_another_unit_than_metres_is_warned_of(metres: float, written: str) -> None:
    report = check_source(Given(*(frame(metres, f"f{n}") for n in range(7)), frame(3)))
    (warning,) = report.warnings
    assert warning.startswith(
        "7 of 8 frames have a median depth outside 0.1 to 80 m, is it in metres? "
        f"f0 {written} m, f1 {written} m"
    )
    assert warning.endswith("and 2 more")
    assert report.lines()[-1] == f"  warning: {warning}"


def test_a_source_without_frames_is_refused() -> None:
    with pytest.raises(SourceError, match="given has no frames"):
        check_source(Given())


def test_an_error_that_is_no_bad_file_comes_out() -> None:
    def bug() -> Frame:
        return Frame(1 // 0)  # type: ignore[arg-type]

    with pytest.raises(ZeroDivisionError):
        check_source(Given(frame(), bug, frame()))


def test_frames_are_read_in_parallel() -> None:
    both = threading.Barrier(2, timeout=60)

    def together() -> Frame:
        both.wait()
        return frame()

    assert check_source(Given(together, together), threads=2).frames == 2


def test_damaged_files_are_found(tmp_path: Path) -> None:
    making.rgbd(tmp_path, [str(n) for n in range(6)], "5 5 3 2")
    rgb = tmp_path / "rgb/2.png"
    rgb.write_bytes(rgb.read_bytes()[:-20])
    making.save(tmp_path / "depth/4.png", making.units(4, 4, 8))
    making.save(tmp_path / "depth/5.png", np.zeros((6, 8), np.uint16))
    with pytest.raises(SourceError) as caught:
        check_source(RgbdFolder(tmp_path))
    text = str(caught.value)
    assert "6 frames read, 3 of them bad" in text
    assert "rgb/2.png is no picture that can be decoded" in text
    assert "4: image 8x6, depth of shape (4, 8)" in text
    assert "  1 have depth without one valid pixel:\n    5" in text


def test_real_frames_are_good() -> None:
    report = check_source(RgbdFolder(shared("data", "other_cameras", "kinect_tabletop")), threads=2)
    assert (report.frames, report.warnings) == (27, ())
    assert 0.5 < report.median_depth < 1.2
    assert 0.5 < report.valid_share < 0.8
