from __future__ import annotations

import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import IndexedSource
from fastdepth.sources import NyuMatSource
from test.fastdepth.sources import making

h5py = pytest.importorskip("h5py", reason="the hdf5 extra is not installed")

FILE = "nyu_depth_v2_labeled.mat"
FRAMES, HEIGHT, WIDTH = 5, 6, 8


def depth(number: int) -> np.ndarray:
    """Return the filled-in depth of frame `number`, counted from 1."""
    return np.random.default_rng(number).uniform(0.7, 10, (HEIGHT, WIDTH)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write the labelled set as MATLAB 7.3 does: every array with its dimensions turned round."""
    images = np.stack([making.rgb(n) for n in range(1, FRAMES + 1)], axis=3)  # H x W x 3 x N
    depths = np.stack([depth(n) for n in range(1, FRAMES + 1)], axis=2)
    raw = depths + np.float32(20)
    raw[2, 3] = 0
    with h5py.File(tmp_path / FILE, "w", userblock_size=512) as file:
        file.create_dataset("images", data=images.T, chunks=(1, 1, WIDTH, HEIGHT), compression=4)
        file.create_dataset("depths", data=depths.T, chunks=True, compression=4)
        file["rawDepths"] = raw.T
        assert file["images"].shape == (FRAMES, 3, WIDTH, HEIGHT)
        assert file["depths"].shape == (FRAMES, WIDTH, HEIGHT)
    making.mat5(tmp_path / "splits.mat", {"trainNdxs": [3, 5], "testNdxs": [1, 2, 4]})
    return tmp_path


def test_frames_are_upright_rgb_and_metres(folder: Path) -> None:
    source = NyuMatSource(folder, "all")

    assert isinstance(source, IndexedSource)
    assert len(source) == FRAMES
    for number, frame in enumerate(source, 1):
        np.testing.assert_array_equal(frame.image, making.rgb(number))
        np.testing.assert_array_equal(frame.depth, depth(number))
        assert frame.image.flags.c_contiguous
        assert frame.name == f"{number:04d}"
    with pytest.raises(IndexError):
        source[FRAMES]


def test_splits_count_from_one(folder: Path) -> None:
    for split, numbers in (("train", [3, 5]), ("test", [1, 2, 4])):
        source = NyuMatSource(folder / FILE, split)
        assert [f.name for f in source] == [f"{number:04d}" for number in numbers]
        np.testing.assert_array_equal(source[1].image, making.rgb(numbers[1]))
        assert source.name == f"{folder / FILE} {split}"


def test_raw_depth_has_holes(folder: Path) -> None:
    frame = NyuMatSource(folder, "train", raw_depth=True)[0]
    expected = depth(3) + np.float32(20)
    expected[2, 3] = np.nan
    np.testing.assert_array_equal(frame.depth, expected)
    assert frame.depth is not None
    assert frame.depth.dtype == np.float32


def test_the_camera_is_nyus(folder: Path) -> None:
    nyu = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)
    assert NyuMatSource(folder, "all")[0].intrinsics == nyu.resize(WIDTH, HEIGHT)


def test_a_split_has_to_be_chosen_where_there_are_some(folder: Path) -> None:
    with pytest.raises(SourceError, match="several splits; choose one: train, test, all"):
        NyuMatSource(folder)
    with pytest.raises(SourceError, match="no split 'val'; expected one of: train, test, all"):
        NyuMatSource(folder, "val")
    (folder / "splits.mat").unlink()
    assert len(NyuMatSource(folder)) == FRAMES
    with pytest.raises(
        SourceError, match=r"splits\.mat does not exist; expected it beside nyu_dep"
    ):
        NyuMatSource(folder, "train")


@pytest.mark.parametrize("numbers", [[0, 1], [1, 6], []])
def test_splits_of_another_set_are_refused(folder: Path, numbers: list[int]) -> None:
    making.mat5(folder / "splits.mat", {"trainNdxs": numbers, "testNdxs": [1]})
    wrong = len(numbers) // 2
    words = rf"splits.mat trainNdxs has {wrong} of {len(numbers)} numbers outside 1 to 5"
    with pytest.raises(SourceError, match=words):
        NyuMatSource(folder, "train")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("images", np.zeros((FRAMES, HEIGHT, WIDTH, 3), np.uint8)),
        ("depths", np.zeros((FRAMES, HEIGHT, WIDTH), np.float32)),
        ("depths", np.zeros((FRAMES - 1, WIDTH, HEIGHT), np.float32)),
        ("images", None),
        ("depths", None),
    ],
)
def test_another_shape_is_refused(folder: Path, name: str, value: Any) -> None:
    with h5py.File(folder / FILE, "r+") as file:
        del file[name]
        if value is not None:
            file[name] = value
    with pytest.raises(SourceError, match=r"expected images of \(frames, 3, width, height\)"):
        NyuMatSource(folder, "all")


def test_a_file_cut_short_is_refused(folder: Path) -> None:
    file = folder / FILE
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(SourceError, match=rf"{FILE} is no whole HDF5 file .*cut short"):
        NyuMatSource(folder, "all")
    with pytest.raises(SourceError, match=r"splits\.mat is no whole HDF5 file"):
        NyuMatSource(folder / "splits.mat")
    with pytest.raises(SourceError, match=r"gone\.mat cannot be read: "):
        NyuMatSource(folder / "gone.mat")


def test_damage_inside_is_named_with_the_frame(folder: Path) -> None:
    with h5py.File(folder / FILE, "r") as file:
        _, red = file["images"].id.read_direct_chunk((1, 0, 0, 0))
    data = (folder / FILE).read_bytes()
    assert data.count(red) == 1
    (folder / FILE).write_bytes(data.replace(red, b"\xff" * len(red)))
    source = NyuMatSource(folder, "all")
    np.testing.assert_array_equal(source[0].image, making.rgb(1))
    with pytest.raises(SourceError, match=rf"{FILE}: frame 2 cannot be read"):
        source[1]


def read_one(source: NyuMatSource) -> int:
    return int(source[1].image.sum())


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_read_it_too(folder: Path, method: str) -> None:
    source = NyuMatSource(folder, "train")
    expected = read_one(source)  # the file is open now
    assert read_one(pickle.loads(pickle.dumps(source))) == expected
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(read_one, [source] * 4) == [expected] * 4
