"""Frames are checked together before the first step, those to validate on too."""

import dataclasses

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from fastdepth.cli.main import main  # noqa: E402
from fastdepth.errors import SourceError  # noqa: E402
from fastdepth.sources import MixedSource  # noqa: E402
from fastdepth_train.data.checking import check_frames  # noqa: E402
from fastdepth_train.data.module import DepthData  # noqa: E402
from fastdepth_train.data.sources import Frames  # noqa: E402
from fastdepth_train.data.store import FrameStore  # noqa: E402
from fastdepth_train.errors import ConfigError  # noqa: E402
from test.fastdepth_train.conftest import write_config  # noqa: E402
from test.fastdepth_train.frames import ListSource, kaggle_folder, room  # noqa: E402


class Counting(ListSource):
    def __init__(self, frames, name):
        super().__init__(frames, name)
        self.reads = 0

    def __getitem__(self, index):
        self.reads += 1
        return super().__getitem__(index)


class Damaged(ListSource):
    def __getitem__(self, index):
        if index == 1:
            msg = f"{self.name}/1.png is cut short"
            raise SourceError(msg)
        return super().__getitem__(index)


def rooms(count, kind=ListSource, name="made up", size=(96, 72)):
    return kind([room(i, *size) for i in range(count)], name)


def without_depth(number):
    return dataclasses.replace(room(number), depth=None)


def all_invalid(number):
    return dataclasses.replace(room(number), depth=np.full((72, 96), np.nan, np.float32))


def store_of(train, val, *unlabelled):
    parts = (train, *unlabelled)
    labelled = (True, *(False for _ in unlabelled))
    return FrameStore(Frames(parts, labelled, MixedSource(parts), val), 1.0)


def test_all_frames_that_cannot_be_used_are_reported_together():
    train = Damaged([room(0), room(1), without_depth(2), all_invalid(3)], "train")
    more = rooms(3, Damaged, "more")
    val = rooms(5, Damaged, "val")
    with pytest.raises(SourceError) as error:
        check_frames(store_of(train, val, more))
    text = str(error.value)
    assert "train: 4 frames read, 3 of them bad" in text
    assert "more: 3 frames read, 1 of them bad" in text
    assert "val (to validate on): 5 frames read, 1 of them bad" in text
    for name in ("train/1.png", "room 2", "room 3", "more/1.png", "val/1.png"):
        assert name in text


def test_every_frame_is_read_once_and_those_to_train_on_are_kept():
    train, val = rooms(4, Counting, "train"), rooms(3, Counting, "val")
    store = store_of(train, val)
    told = []
    checked = check_frames(store, lambda done, total: told.append((done, total)))
    assert checked.warnings == []
    store[3], store[0]
    assert (train.reads, val.reads) == (4, 3)
    assert told == [(n, 7) for n in range(1, 8)]


def test_frames_in_millimetres_are_used_with_a_warning():
    wrong = [dataclasses.replace(room(i), depth=room(i).depth * 0.001) for i in range(2)]
    checked = check_frames(store_of(ListSource(wrong, "wrong"), ListSource(wrong, "val")))
    first, second = checked.warnings
    assert first.startswith("wrong: ")
    assert second.startswith("val (to validate on): ")
    assert "metres" in first


def test_some_frames_to_validate_on_may_lack_ground_truth_but_not_all():
    check_frames(store_of(rooms(2), ListSource([without_depth(0), room(1), all_invalid(2)])))
    with pytest.raises(SourceError, match="2 frames read, none has ground truth"):
        check_frames(store_of(rooms(2), ListSource([without_depth(0), all_invalid(1)])))
    with pytest.raises(SourceError, match="no frames"):
        check_frames(store_of(rooms(2), ListSource([])))


def test_sizes_of_the_frames_to_validate_on_are_told():
    # A depth image may be smaller than its image.
    small = dataclasses.replace(room(0), depth=room(0, 48, 36).depth)
    val = ListSource([small, room(1), room(2, 640, 480)])
    checked = check_frames(store_of(rooms(2, size=(32, 24)), val))
    assert checked.val_sizes == [(48, 36), (96, 72), (640, 480)]


@pytest.mark.parametrize(
    ("size", "auto", "of_nyu"), [((640, 480), "fastdepth", True), ((96, 72), "full", False)]
)
def test_the_protocol_goes_by_the_frames_to_validate_on(tmp_path, size, auto, of_nyu):
    width, height = size
    root = kaggle_folder(tmp_path / "rooms", train=2, val=1, width=width, height=height)
    data = DepthData(root=str(root), batch_size=1, input_size=(64, 64))
    data.setup("fit")
    assert data.protocol("auto") == auto
    assert data.protocol("full") == "full"
    if of_nyu:
        assert data.protocol("eigen") == "eigen"
    else:
        with pytest.raises(ConfigError, match=r"eigen .* are 96x72; give --model.protocol full"):
            data.protocol("eigen")


def test_a_run_does_not_begin_with_a_broken_frame_to_validate_on(tmp_path, capsys):
    root = kaggle_folder(tmp_path / "rooms")
    broken = root / "data" / "rooms" / "102.png"
    broken.write_bytes(broken.read_bytes()[:60])
    assert cv2.imwrite(str(root / "data" / "rooms" / "101.jpg"), np.zeros((72, 72, 3), np.uint8))
    config = write_config(tmp_path / "tiny.yaml", root, data__val_split="val")
    assert main(["train", "--config", str(config), "--run", str(tmp_path / "run")]) == 1
    text = capsys.readouterr().err
    assert "4 frames read, 2 of them bad" in text
    assert "102.png" in text
    assert "72x72" in text
    assert not (tmp_path / "run" / "run.json").exists()
