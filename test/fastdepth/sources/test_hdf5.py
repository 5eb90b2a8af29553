from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import MissingExtraError, SourceError
from fastdepth.frame import IndexedSource
from fastdepth.sources import Hdf5Source
from test.fastdepth.sources import making

h5py = pytest.importorskip("h5py", reason="the hdf5 extra is not installed")


def save(path: Path, seed: int, height: int = 6, width: int = 8, **other: np.ndarray) -> Path:
    """Write rgb(seed) and metres(seed) as sparse-to-dense has them, or others."""
    values = {
        "rgb": making.rgb(seed, height, width).transpose(2, 0, 1),
        "depth": np.nan_to_num(making.metres(seed)),
    } | other
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, value in values.items():
            file[name] = value
    return path


def test_frames_are_rgb_and_metres(tmp_path: Path) -> None:
    for n, name in enumerate(["train/kitchen/00010.h5", "train/kitchen/00002.h5", "train/a/1.H5"]):
        save(tmp_path / name, n)
    save(tmp_path / "val/official/00001.h5", 7)
    (tmp_path / "train/notes.txt").touch()

    source = Hdf5Source(tmp_path, "train")

    assert isinstance(source, IndexedSource)
    assert source.name == f"{tmp_path} train"
    # Folders and numbers in order.
    assert [f.name for f in source] == ["a/1.H5", "kitchen/00002.h5", "kitchen/00010.h5"]
    frame = source[2]
    np.testing.assert_array_equal(frame.image, making.rgb(0))
    np.testing.assert_array_equal(frame.depth, making.metres(0))
    assert frame.image.flags.c_contiguous
    assert frame.depth is not None
    assert frame.depth.dtype == np.float32
    with pytest.raises(IndexError):
        source[3]
    with pytest.raises(IndexError):
        source[-1]


def test_what_is_no_depth_is_nan(tmp_path: Path) -> None:
    depth = np.array([[0.0, -1.0, np.inf], [np.nan, 0.5, 12.25]], np.float64)
    (frame,) = Hdf5Source(save(tmp_path / "1.h5", 1, 2, 3, depth=depth))
    expected = np.array([[np.nan] * 3, [np.nan, 0.5, 12.25]], np.float32)
    np.testing.assert_array_equal(frame.depth, expected)
    assert frame.depth is not None
    assert frame.depth.dtype == np.float32


def test_the_camera_is_nyus_where_the_shape_is(tmp_path: Path) -> None:
    depth = np.ones((48, 64), np.float32)
    save(tmp_path / "1.h5", 1, 48, 64, depth=depth)
    save(tmp_path / "2.h5", 1, 48, 100, depth=depth)
    nyu, other = (frame.intrinsics for frame in Hdf5Source(tmp_path))
    assert nyu == Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736).resize(64, 48)
    assert other is None


def test_intrinsics_in_the_folder_count_first(tmp_path: Path) -> None:
    save(tmp_path / "train/1.h5", 1)
    (tmp_path / "intrinsics.txt").write_text("16x12 fx=fy 50 cx 7.5 cy 5.5")
    assert Hdf5Source(tmp_path)[0].intrinsics == Intrinsics(8, 6, 25.0, 25.0, 3.5, 2.5)
    save(tmp_path / "train/2.h5", 1, 6, 12)
    with pytest.raises(SourceError, match=r"2\.h5: the camera is of 16x12 pixels and the picture"):
        Hdf5Source(tmp_path)[1]
    (tmp_path / "train/intrinsics.txt").write_text("5 6 3 2")
    assert Hdf5Source(tmp_path)[0].intrinsics == Intrinsics(8, 6, 5, 6, 3, 2)


def test_splits_are_not_mixed(tmp_path: Path) -> None:
    save(tmp_path / "train/a/1.h5", 1)
    assert len(Hdf5Source(tmp_path)) == 1
    save(tmp_path / "val/official/2.h5", 2)
    with pytest.raises(SourceError, match="has several splits; choose one: train, val"):
        Hdf5Source(tmp_path)
    with pytest.raises(SourceError, match="has no split 'test'; expected one of: train, val"):
        Hdf5Source(tmp_path, "test")
    assert Hdf5Source(tmp_path / "val")[0].name == "official/2.h5"
    with pytest.raises(SourceError, match=r"2\.h5 is one file; a split \('val'\)"):
        Hdf5Source(tmp_path / "val/official/2.h5", "val")
    with pytest.raises(SourceError, match="no split 'val': there are no HDF5 files in folders tr"):
        Hdf5Source(tmp_path / "train", "val")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            {"rgb": making.rgb(1)},
            r"1\.h5: rgb is uint8 of shape \(6, 8, 3\); expected uint8 of \(3",
        ),
        ({"rgb": np.zeros((3, 6, 8), np.float32)}, "rgb is float32"),
        ({"depth": making.units(1)}, "depth is uint16 .* expected floating-point metres of"),
        ({"depth": np.ones((1, 6, 8))}, r"depth is float64 of shape \(1, 6, 8\)"),
    ],
)
def test_what_is_stored_otherwise_is_refused(
    tmp_path: Path, other: dict[str, np.ndarray], words: str
) -> None:
    source = Hdf5Source(save(tmp_path / "1.h5", 1, **other))
    with pytest.raises(SourceError, match=words):
        source[0]


def test_damage_is_named(tmp_path: Path) -> None:
    file = save(tmp_path / "1.h5", 1)
    source = Hdf5Source(tmp_path)
    data = file.read_bytes()
    for cut in (b"", data[:1000], data[: len(data) // 2], b"no HDF5" * 100):
        file.write_bytes(cut)
        with pytest.raises(SourceError, match=r"1\.h5 is no whole HDF5 file .*damaged, cut short"):
            source[0]
    file.unlink()
    with pytest.raises(SourceError, match=r"1\.h5 cannot be read: "):
        source[0]
    with h5py.File(file, "w") as content:
        content["image"] = 1
    with pytest.raises(SourceError, match=r"1\.h5 has no 'rgb'; it has image"):
        source[0]


def test_a_folder_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"has no frames; expected files ending in \.h5 or \.hdf5"
    ):
        Hdf5Source(tmp_path)
    with pytest.raises(SourceError, match="gone does not exist"):
        Hdf5Source(tmp_path / "gone")


def test_the_extra_is_named_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"reading HDF5 files .*'fastdepth\[hdf5\]'"):
        Hdf5Source(tmp_path)
