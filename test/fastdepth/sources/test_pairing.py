from __future__ import annotations

import random

import pytest

from fastdepth.errors import SourceError
from fastdepth.sources.pairing import nanoseconds, pair_stamps


def test_each_image_gets_the_nearest_depth() -> None:
    assert pair_stamps([100, 200, 300], [98, 203, 299], 5) == {0: 0, 1: 1, 2: 2}


def test_what_is_too_far_stays_alone() -> None:
    assert pair_stamps([100, 200], [110, 205], 5) == {1: 1}
    assert pair_stamps([100], [], 5) == {}
    assert pair_stamps([], [100], 5) == {}


def test_a_depth_is_used_once_by_the_nearest() -> None:
    assert pair_stamps([100, 106], [104], 10) == {1: 0}


def test_the_loser_gets_the_next_nearest() -> None:
    # 104 is nearest to both; 106 is nearer, so 100 falls back to 93.
    assert pair_stamps([100, 106], [93, 104], 10) == {0: 0, 1: 1}


def test_lists_need_not_be_in_order() -> None:
    assert pair_stamps([300, 100], [203, 98, 299], 5) == {0: 2, 1: 1}


def test_pairs_are_those_of_the_plain_rule() -> None:
    rng = random.Random(3)
    for _ in range(50):
        images = [rng.randrange(1000) for _ in range(rng.randrange(30))]
        depths = [rng.randrange(1000) for _ in range(rng.randrange(30))]
        found = pair_stamps(images, depths, 60)
        # Step by step: the nearest two of all that are left.
        left_images, left_depths = set(range(len(images))), set(range(len(depths)))
        total = []
        while True:
            near = [
                (abs(images[i] - depths[d]), i, d)
                for i in left_images
                for d in left_depths
                if abs(images[i] - depths[d]) <= 60
            ]
            if not near:
                break
            difference, i, d = min(near)
            left_images.discard(i)
            left_depths.discard(d)
            total.append(difference)
        assert sorted(abs(images[i] - depths[d]) for i, d in found.items()) == sorted(total)
        assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1305031239.529662", 1305031239529662000),
        ("1305031239.5", 1305031239500000000),
        ("1305031239", 1305031239000000000),
        ("0.000000001", 1),
        ("1700000000.123456789", 1700000000123456789),
    ],
)
def test_stamps_are_exact(text: str, expected: int) -> None:
    assert nanoseconds(text) == expected


@pytest.mark.parametrize(
    "text", ["", "1e9", "-1.0", "1.0000000001", "abc", ".5", "1.2.3", "\uff11.5"]
)
def test_what_is_no_stamp_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="is no time stamp; expected seconds like"):
        nanoseconds(text)
