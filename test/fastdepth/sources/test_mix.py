from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastdepth.errors import SourceError
from fastdepth.frame import Frame, IndexedSource
from fastdepth.sources import MixedSource, RgbdFolder, Subset, limit
from fastdepth.sources.indexed import IndexedFrames
from test.fastdepth.sources import making


class Numbers(IndexedFrames):
    """Frames whose only pixel is their number."""

    def __init__(self, name: str, count: int) -> None:
        self.name = name
        self.count = count

    def __len__(self) -> int:
        return self.count

    def _read(self, index: int) -> Frame:
        return Frame(np.full((1, 1, 3), index, np.uint8), name=str(index))


def pixels(source: IndexedSource) -> list[int]:
    return [int(frame.image[0, 0, 0]) for frame in source]


def test_a_subset_has_the_frames_chosen() -> None:
    subset = Subset(Numbers("n", 10), [7, 2, 9])
    assert isinstance(subset, IndexedSource)
    assert pixels(subset) == [7, 2, 9]
    assert subset.name == "n (3 of 10 frames)"
    with pytest.raises(IndexError):
        subset[3]
    with pytest.raises(IndexError):
        subset[-1]
    for indices in ([10], [-1]):
        with pytest.raises(SourceError, match=rf"n has 10 frames; there is no frame {indices[0]}"):
            Subset(Numbers("n", 10), indices)
    with pytest.raises(SourceError, match="names a frame twice"):
        Subset(Numbers("n", 10), [1, 2, 1])


def test_a_limit_spreads_over_the_source() -> None:
    assert pixels(limit(Numbers("n", 10), 4)) == [0, 2, 5, 7]
    assert pixels(limit(Numbers("n", 10), 10)) == list(range(10))
    source = Numbers("n", 3)
    assert limit(source, 5) is source
    with pytest.raises(SourceError, match="0 frames of n make no source"):
        limit(source, 0)


def test_a_mix_has_every_frame_once(tmp_path: Path) -> None:
    parts = [
        RgbdFolder(making.rgbd(tmp_path / name, frames, camera))
        for name, frames, camera in (("a", ["1", "2"], "5 5 3 2"), ("b", ["1"], "7 7 3 2"))
    ]
    mix = MixedSource(parts, [1, 3])
    assert isinstance(mix, IndexedSource)
    assert len(mix) == 3
    frames = list(mix)
    assert [f.name for f in frames] == [
        f"{tmp_path / 'a'}: 1",
        f"{tmp_path / 'a'}: 2",
        f"{tmp_path / 'b'}: 1",
    ]
    assert [f.intrinsics and f.intrinsics.fx for f in frames] == [5, 5, 7]
    np.testing.assert_array_equal(frames[1].depth, making.metres(1))
    np.testing.assert_array_equal(frames[2].depth, making.metres(0))
    assert [mix.locate(index) for index in range(3)] == [(0, 0), (0, 1), (1, 0)]
    for wrong in (3, -1):
        with pytest.raises(IndexError):
            mix[wrong]
        with pytest.raises(IndexError):
            mix.locate(wrong)
    # Parts of one name keep the frames' names apart.
    twice = MixedSource([parts[1], parts[1]])
    assert len({f.name for f in twice}) == 2


def test_an_epoch_without_weights_is_a_permutation() -> None:
    mix = MixedSource([Numbers("a", 3), Numbers("b", 7)])
    assert mix.shares == (0.3, 0.7)
    one = mix.epoch(np.random.default_rng(1))
    assert sorted(one.tolist()) == list(range(10))
    assert one.tolist() != sorted(one.tolist())
    assert one.tolist() == mix.epoch(np.random.default_rng(1)).tolist()
    assert one.tolist() != mix.epoch(np.random.default_rng(2)).tolist()


def test_an_epoch_keeps_the_shares_and_repeats_a_part_only_when_all_of_it_was_given() -> None:
    mix = MixedSource([Numbers("a", 100), Numbers("b", 4), Numbers("c", 5)], [6, 3, 1])
    assert mix.shares == (0.6, 0.3, 0.1)
    drawn = Counter(mix.epoch(np.random.default_rng(0), 50).tolist())
    a, b, c = range(100), range(100, 104), range(104, 109)
    assert [sum(drawn[index] for index in part) for part in (a, b, c)] == [30, 15, 5]
    assert {drawn[index] for index in a} == {0, 1}
    assert sorted(drawn[index] for index in b) == [3, 4, 4, 4]
    assert [drawn[index] for index in c] == [1] * 5
    # Which frames of a part are left out changes with the epoch.
    rng = np.random.default_rng(0)
    seen = {int(index) for _ in range(20) for index in mix.epoch(rng, 50)}
    assert seen == set(range(109))
    assert len(mix.epoch(rng)) == 109


@given(
    st.lists(st.tuples(st.integers(1, 9), st.floats(0.01, 100)), min_size=1, max_size=5),
    st.integers(0, 60),
)
def test_an_epoch_has_its_length_whatever_the_weights(
    parts: list[tuple[int, float]], length: int
) -> None:
    mix = MixedSource(
        [Numbers(str(n), size) for n, (size, _) in enumerate(parts)], [w for _, w in parts]
    )
    drawn = mix.epoch(np.random.default_rng(0), length)
    assert len(drawn) == length
    counts = Counter(mix.locate(int(index))[0] for index in drawn)
    for part, share in enumerate(mix.shares):
        assert abs(counts[part] - share * length) < 1


@pytest.mark.parametrize("weights", [[1], [1, 2, 3], [1, -1], [0, 0], [1, float("nan")]])
def test_weights_that_do_not_fit_are_refused(weights: list[float]) -> None:
    with pytest.raises(SourceError, match="for a mix of 2 sources; expected one for each"):
        MixedSource([Numbers("a", 3), Numbers("b", 7)], weights)


def test_a_part_can_be_left_out_of_epochs() -> None:
    mix = MixedSource([Numbers("a", 3), Numbers("b", 7)], [0, 1])
    assert set(mix.epoch(np.random.default_rng(0)).tolist()) == set(range(3, 10))


def test_single_draws_keep_the_shares_and_reach_every_frame() -> None:
    mix = MixedSource([Numbers("a", 100), Numbers("b", 4), Numbers("c", 5)], [0.5, 0.5, 0])
    rng = np.random.default_rng(0)
    drawn = Counter(mix.draw(rng) for _ in range(4000))
    assert set(drawn) == set(range(104))
    assert abs(sum(drawn[index] for index in range(100)) - 2000) < 200


def test_a_mix_of_nothing_is_refused() -> None:
    with pytest.raises(SourceError, match="a mix of no sources"):
        MixedSource([])
    with pytest.raises(SourceError, match="b has no frames to mix"):
        MixedSource([Numbers("a", 3), Numbers("b", 0)])
