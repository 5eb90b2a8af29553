from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import OutputError, SourceError
from fastdepth.frame import Frame, FrameSource, IndexedSource
from fastdepth.sources import RgbdFolder, TumSource, cache_source, open_indexed
from test.data import shared
from test.fastdepth.sources import making

CAMERA = Intrinsics(48, 36, 40.125, 41.0, 23.5, 17.0)


class Stream:
    """Frames that can only be read in order, as those of a bag."""

    name = "a stream"

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)


def frame(seed: int, name: str = "", camera: Intrinsics | None = CAMERA) -> Frame:
    """Return a smooth picture, so that JPEG keeps it, and depth of two metres more or less."""
    image = cv2.resize(making.rgb(seed, 3, 4), (48, 36), interpolation=cv2.INTER_LINEAR)
    depth = np.random.default_rng(seed).uniform(1, 3, (18, 24)).astype(np.float32)
    depth[1, 2] = np.nan
    return Frame(image, depth, camera, 5, name or f"{seed:06d}_1.5")


def test_frames_are_kept(tmp_path: Path) -> None:
    frames = [frame(n) for n in range(3)]
    seen = []

    source = cache_source(Stream(frames), tmp_path / "x" / "cache", lambda *n: seen.append(n))

    assert isinstance(source, IndexedSource)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert len(source) == 3
    for kept, given in zip(source, frames, strict=True):
        assert kept.name == given.name
        assert kept.intrinsics == CAMERA
        assert kept.depth is not None
        assert given.depth is not None
        np.testing.assert_array_equal(np.isnan(kept.depth), np.isnan(given.depth))
        assert float(np.nanmax(np.abs(kept.depth - given.depth))) < 0.000501
        difference = np.abs(kept.image.astype(int) - given.image)
        swapped = np.abs(kept.image.astype(int) - given.image[..., ::-1])
        assert difference.mean() < 5
        assert swapped.mean() > 20
    origin = json.loads((tmp_path / "x/cache/source.json").read_text())
    assert origin == {"source": "a stream", "frames": 3, "left_out": {}}
    assert not (tmp_path / "x/cache/intrinsics").exists()


def test_what_cannot_be_trained_on_is_left_out_and_counted(tmp_path: Path) -> None:
    nothing = np.full((18, 24), np.nan, np.float32)
    far = np.full((18, 24), 70.0, np.float32)  # does not fit 16 bits
    frames = [
        replace(frame(0), depth=None),
        frame(1),
        replace(frame(2), depth=nothing),
        replace(frame(3), depth=far),
        frame(4, camera=None),
        frame(5),
    ]
    source = cache_source(Stream(frames), tmp_path / "cache")
    assert [f.name for f in source] == ["000001_1.5", "000005_1.5"]
    origin = json.loads((tmp_path / "cache/source.json").read_text())
    assert origin["left_out"] == {"without_depth": 3, "without_camera": 1}


def test_depth_that_does_not_fit_is_no_depth(tmp_path: Path) -> None:
    given = frame(0)
    assert given.depth is not None
    given.depth[0, :5] = [65.535, 65.536, 0.0006, 0.0004, np.inf]
    (kept,) = cache_source(Stream([given]), tmp_path / "cache")
    assert kept.depth is not None
    expected = np.array([65.535, np.nan, 0.001, np.nan, np.nan], np.float32)
    np.testing.assert_array_equal(kept.depth[0, :5], expected)


def test_cameras_may_change(tmp_path: Path) -> None:
    other = Intrinsics(96, 72, 90.0, 91.0, 47.5, 36.5)  # of the full size
    source = cache_source(
        Stream([frame(0), frame(1, camera=other), frame(2, camera=None), frame(3)]),
        tmp_path / "cache",
    )
    assert [f.intrinsics for f in source] == [CAMERA, other.resize(48, 36), CAMERA]

    source = cache_source(Stream([frame(0, camera=None), frame(1)]), tmp_path / "late")
    assert [f.intrinsics for f in source] == [None, CAMERA]


def test_names_become_names_of_files(tmp_path: Path) -> None:
    frames = [frame(n, name) for n, name in enumerate(["a/b c.jpg", "a_b c.jpg", "é", "..", "a"])]
    source = cache_source(Stream(frames), tmp_path / "cache")
    assert sorted(f.name for f in source) == [".._3", "a", "a_b_c.jpg", "a_b_c.jpg_1", "é"]


def test_it_is_whole_or_not_there(tmp_path: Path) -> None:
    def breaks() -> Iterator[Frame]:
        yield frame(0)
        text = "the second frame is damaged"
        raise SourceError(text)

    class Broken(Stream):
        def __iter__(self) -> Iterator[Frame]:
            return breaks()

    with pytest.raises(SourceError, match="second frame"):
        cache_source(Broken([frame(0)] * 2), tmp_path / "cache")
    with pytest.raises(SourceError, match="none of the 2 frames of a stream has depth"):
        cache_source(Stream([replace(frame(0), depth=None)] * 2), tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "cache").mkdir()
    with pytest.raises(OutputError, match="cache exists already"):
        cache_source(Stream([frame(0)]), tmp_path / "cache")


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"cannot write .*cache: No space left"):
        cache_source(Stream([frame(0)]), tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []


def test_what_has_an_index_is_opened_as_it_is(tmp_path: Path) -> None:
    folder = making.tum(tmp_path / "tum", ["1.0"], ["1.0"])
    source = open_indexed(folder, cache=tmp_path / "cache", max_dt=0.5)
    assert isinstance(source, TumSource)
    assert not (tmp_path / "cache").exists()


def write_bag(folder: Path, count: int, shift: float = 0.0) -> Path:
    bags = pytest.importorskip("fastdepth.bags", reason="the bags extra is not installed")
    making_bags = pytest.importorskip("fastdepth.bags.making")
    with bags.BagWriter(folder) as bag:
        for n in range(count):
            stamp = (n + 1) * 100_000_000
            given = frame(n)
            making_bags.write_image(bag, stamp, given.image)
            making_bags.write_camera(bag, stamp, CAMERA)
            making_bags.write_depth(bag, stamp + round(shift * 1e9), given.depth)
    return folder


def test_a_bag_is_decoded_once(tmp_path: Path) -> None:
    bag, cache = write_bag(tmp_path / "bag", 3), tmp_path / "cache"

    source = open_indexed(bag, cache=cache)

    assert isinstance(source, RgbdFolder)
    assert [f.name for f in source] == [f"{n:06d}_0.{n + 1}00000000" for n in range(3)]
    expected = frame(2)
    assert source[2].intrinsics == CAMERA
    assert source[2].depth is not None
    assert expected.depth is not None
    assert float(np.nanmax(np.abs(source[2].depth - expected.depth))) < 0.000501
    (folder,) = cache.iterdir()
    assert folder.name.startswith("bag-")
    before = (folder / "source.json").stat().st_mtime_ns
    assert len(open_indexed(bag, cache=cache)) == 3
    assert (folder / "source.json").stat().st_mtime_ns == before
    # Other options make other frames.
    assert len(open_indexed(bag, cache=cache, depth=None, max_dt=0.5)) == 3
    assert len(list(cache.iterdir())) == 2


def test_another_bag_in_its_place_is_decoded_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    bag = write_bag(tmp_path / "bag", 2)
    assert len(open_indexed(bag)) == 2
    (bag / "bag.mcap").unlink()
    (bag / "metadata.yaml").unlink()
    bag.rmdir()
    assert len(open_indexed(write_bag(bag, 3))) == 3
    assert len(list((tmp_path / "home/fastdepth").iterdir())) == 2
    # The same size at another time counts as another bag, too.
    os.utime(bag / "bag.mcap", ns=(1, 1))
    open_indexed(bag)
    assert len(list((tmp_path / "home/fastdepth").iterdir())) == 3


def test_a_bag_without_depth_cannot_be_trained_on(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", 2, shift=0.05)
    with pytest.raises(
        SourceError, match=r"none of the 2 frames of .*bag .* has depth to train on"
    ):
        open_indexed(bag, cache=tmp_path / "cache")
    assert len(open_indexed(bag, cache=tmp_path / "cache", max_dt=0.06)) == 2


def test_a_real_sequence_survives(tmp_path: Path) -> None:
    source: FrameSource = TumSource(shared("data", "tum_freiburg1_rpy"))
    few = Stream([frame for frame, _ in zip(source, range(3), strict=False)])
    for kept, given in zip(cache_source(few, tmp_path / "cache"), few, strict=True):
        assert kept.intrinsics == given.intrinsics
        assert kept.depth is not None
        assert given.depth is not None
        np.testing.assert_array_equal(np.isnan(kept.depth), np.isnan(given.depth))
        assert float(np.nanmax(np.abs(kept.depth - given.depth))) < 0.000501
        assert np.abs(kept.image.astype(int) - given.image).mean() < 2
