from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import IndexedSource
from fastdepth.sources import ListSource
from test.fastdepth.sources import making

PAIR = "kitchen/rgb_00045.png kitchen/sync_depth_00045.png 518.8579"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write pairs 0 and 1 of a kitchen below sync/."""
    for n, name in enumerate(("00045", "00046")):
        making.save(tmp_path / f"sync/kitchen/rgb_{name}.png", making.rgb(n))
        making.save(tmp_path / f"sync/kitchen/sync_depth_{name}.png", making.units(n))
    return tmp_path


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_frames_are_rgb_millimetres_and_focal_length(root: Path) -> None:
    other = "kitchen/rgb_00046.png kitchen/sync_depth_00046.png 721.5377"
    source = ListSource(write(root / "list.txt", PAIR, "", other))

    assert isinstance(source, IndexedSource)
    assert source.root == root / "sync"
    assert len(source) == 2
    for n, frame in enumerate(source):
        np.testing.assert_array_equal(frame.image, making.rgb(n))
        np.testing.assert_array_equal(frame.depth, making.metres(n))
    assert source[1].name == "kitchen/rgb_00046.png"
    # Of 8x6 pixels, whose centre is between the two in the middle.
    assert source[1].intrinsics == Intrinsics(8, 6, 721.5377, 721.5377, 3.5, 2.5)
    with pytest.raises(IndexError):
        source[2]


def test_the_focal_length_of_nyu_stands_for_its_calibration(root: Path) -> None:
    making.save(root / "sync/kitchen/rgb_00045.png", making.rgb(0, 480, 640))
    full = ListSource(write(root / "list.txt", PAIR))[0].intrinsics
    assert full == Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)
    near = ListSource(write(root / "list.txt", PAIR.replace("518.8579", "518.8")))[0].intrinsics
    assert near == Intrinsics(640, 480, 518.8, 518.8, 319.5, 239.5)


@pytest.mark.parametrize("place", ["list.txt", "sync/list.txt", "sync/lists/list.txt"])
def test_the_root_is_found_with_a_leading_slash_or_without(root: Path, place: str) -> None:
    for line in (PAIR, "/" + PAIR.replace(" kitchen", " /kitchen")):
        source = ListSource(write(root / place, line))
        np.testing.assert_array_equal(source[0].image, making.rgb(0))
        assert source[0].name == "kitchen/rgb_00045.png"


def test_the_official_test_frames_are_found(root: Path) -> None:
    (root / "official_splits").mkdir()
    (root / "sync").rename(root / "official_splits/test")
    assert len(ListSource(write(root / "list.txt", PAIR))) == 1


def test_absolute_names_are_found(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    line = " ".join(str(root / "sync" / word) for word in PAIR.split()[:2]) + " 500"
    source = ListSource(write(tmp_path_factory.mktemp("x") / "list.txt", line))
    np.testing.assert_array_equal(source[0].image, making.rgb(0))


def test_a_root_that_is_given_counts(root: Path) -> None:
    elsewhere = write(root / "far/away/list.txt", PAIR)
    with pytest.raises(SourceError, match=r"rgb_00045\.png, the first picture of .*name the root"):
        ListSource(elsewhere)
    assert len(ListSource(elsewhere, root=root / "sync")) == 1
    with pytest.raises(SourceError, match=r"names 2 files that do not exist: .*away/kitchen/rgb_"):
        ListSource(elsewhere, root=root / "far/away")


def test_lines_without_depth_are_left_out_and_counted(root: Path) -> None:
    nothing = "kitchen/rgb_1.png None 518.8579"
    source = ListSource(write(root / "list.txt", nothing, PAIR, nothing))
    assert (len(source), source.without_depth) == (1, 2)
    np.testing.assert_array_equal(source[0].image, making.rgb(0))
    with pytest.raises(SourceError, match="names no pair of pictures"):
        ListSource(write(root / "list.txt", nothing))


def test_other_units_can_be_given(root: Path) -> None:
    source = ListSource(write(root / "list.txt", PAIR), units_per_metre=256)
    np.testing.assert_array_equal(source[0].depth, making.metres(0, 256))


def test_a_folder_of_lists_has_splits(root: Path) -> None:
    write(root / "nyudepthv2_train_files_with_gt.txt", PAIR)
    source = ListSource(root)
    assert source.file.name == "nyudepthv2_train_files_with_gt.txt"
    write(root / "nyudepthv2_test_files_with_gt.txt", PAIR, PAIR)
    assert len(ListSource(root, "test")) == 2
    with pytest.raises(SourceError, match="several splits; choose one: test, train"):
        ListSource(root)
    with pytest.raises(SourceError, match="is one file; a split"):
        ListSource(source.file, "train")
    with pytest.raises(
        SourceError, match=r"has no splits: there is no nyudepthv2_\*_files_with_gt"
    ):
        ListSource(root / "sync")


@pytest.mark.parametrize(
    "line", ["a.png b.png", "a.png b.png c.png", "a.png b.png 5 6", "a.png b.png 0", "a b nan"]
)
def test_a_bad_line_is_named(root: Path, line: str) -> None:
    with pytest.raises(SourceError, match=r"list\.txt line 2 is 'a.*expected `rgb depth focal`"):
        ListSource(write(root / "list.txt", PAIR, line))


def test_missing_files_are_counted_and_named_together(root: Path) -> None:
    lines = [PAIR, *(PAIR.replace("00045", f"{n}") for n in range(8))]
    words = r"names 16 files that do not exist: .*rgb_0\.png.*depth_0\.png.* and 11 more"
    with pytest.raises(SourceError, match=words):
        ListSource(write(root / "list.txt", *lines))


def test_depth_of_eight_bits_is_refused(root: Path) -> None:
    making.save(root / "sync/kitchen/sync_depth_00045.png", np.ones((6, 8), np.uint8))
    with pytest.raises(SourceError, match=r"00045\.png has 8 bits; expected 16 \(1000 = 1 m\)"):
        ListSource(write(root / "list.txt", PAIR))[0]
