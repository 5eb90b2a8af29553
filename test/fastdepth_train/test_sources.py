"""What a run trains on: splits, recordings, mixes."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from fastdepth.errors import SourceError
from fastdepth_train.data.sources import MoreFrames, Where, open_frames
from fastdepth_train.errors import ConfigError
from test.fastdepth_train.frames import kaggle_folder


def where(root: Path, **changes: object) -> Where:
    plain = Where(str(root), None, None, None, None, 0.0, ())
    return plain._replace(**changes)


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    return kaggle_folder(tmp_path_factory.mktemp("sources") / "rooms", train=8, val=4)


def test_a_data_set_gives_its_own_splits(rooms):
    frames = open_frames(where(rooms))
    assert (len(frames.parts[0]), len(frames.val), len(frames.mix)) == (8, 4, 8)
    frames = open_frames(where(rooms, train_split="val", val_split="train"))
    assert (len(frames.parts[0]), len(frames.val)) == (4, 8)


def test_the_end_of_a_recording_is_validated_on(rooms):
    whole = open_frames(where(rooms)).parts[0]
    frames = open_frames(where(rooms, train_split="train", val_share=0.25))
    names = [frame.name for frame in whole]
    assert [frame.name for frame in frames.parts[0]] == names[:6]
    assert [frame.name for frame in frames.val] == names[6:]


def test_another_source_can_be_validated_on(rooms):
    csv = rooms / "data" / "nyu2_val.csv"
    frames = open_frames(where(rooms / "data" / "nyu2_train.csv", val_root=str(csv)))
    assert (len(frames.parts[0]), len(frames.val)) == (8, 4)
    with pytest.raises(ConfigError, match="not both"):
        open_frames(where(rooms, val_root=str(csv), val_share=0.5))
    with pytest.raises(ConfigError, match="share"):
        open_frames(where(rooms, val_share=1.0))


def test_more_frames_get_their_share_of_an_epoch(rooms):
    more = MoreFrames(str(rooms), "val", weight=3.0, labelled=False)
    frames = open_frames(where(rooms, more=(more,)))
    assert len(frames.mix) == 12
    assert frames.labelled == (True, False)
    assert frames.mix.shares == (0.25, 0.75)
    by_number = open_frames(where(rooms, more=(MoreFrames(str(rooms), "val"),)))
    assert by_number.mix.shares == pytest.approx((8 / 12, 4 / 12))
    assert by_number.labelled == (True, True)


def test_a_source_can_be_held_to_its_kind(rooms):
    assert len(open_frames(where(rooms, source="kaggle")).parts[0]) == 8
    with pytest.raises(SourceError, match="a bag"):
        open_frames(where(rooms, source="bag"))
    with pytest.raises(SourceError, match=r"no kind of source 'rosbag'.*bag, tum, kaggle"):
        open_frames(where(rooms, source="rosbag"))


def test_a_recording_is_trained_on_and_its_end_validated(tmp_path, monkeypatch):
    pytest.importorskip("rosbags")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    bag = Path(__file__).resolve().parents[2] / "samples" / "rooms"
    frames = open_frames(where(bag, source="bag", val_share=0.25))
    train, val = frames.parts[0], frames.val
    assert (len(train), len(val)) == (27, 9)
    assert train[0].depth is not None
    assert train[0].intrinsics is not None
    assert train[26].name < val[0].name  # the later frames
