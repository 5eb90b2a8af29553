"""Pair images with depth by time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from fastdepth.errors import SourceError


def nanoseconds(seconds: str) -> int:
    """Return decimal seconds as nanoseconds, exactly (a float keeps only some 0.2 us of 2011).

    Raises:
        SourceError: it is no decimal number, or has more than nine decimals.

    """
    whole, _, fraction = seconds.partition(".")
    digits = whole + fraction
    if not (whole and digits.isascii() and digits.isdigit()) or len(fraction) > 9:
        text = f"{seconds!r} is no time stamp; expected seconds like 1305031239.529662"
        raise SourceError(text)
    return int(whole) * 1_000_000_000 + int(fraction.ljust(9, "0"))


def pair_stamps(
    images: Sequence[int], depths: Sequence[int], max_difference: int
) -> dict[int, int]:
    """Pair each image with the depth nearest in time; each is used once at most.

    The nearest two of all are paired first, then the nearest two of the rest, and so on, as the
    TUM RGB-D benchmark's own association does.

    Args:
        images: stamps, nanoseconds, in any order.
        depths: stamps, nanoseconds, in any order.
        max_difference: the most two stamps of a pair may differ, nanoseconds.

    Returns:
        Index of the depth by index of the image.

    """
    order = sorted(range(len(depths)), key=depths.__getitem__)
    sorted_depths = [depths[index] for index in order]
    candidates = []
    for image, stamp in enumerate(images):
        first = bisect_left(sorted_depths, stamp - max_difference)
        last = bisect_right(sorted_depths, stamp + max_difference)
        candidates += [
            (abs(sorted_depths[place] - stamp), image, order[place]) for place in range(first, last)
        ]
    pairs: dict[int, int] = {}
    used: set[int] = set()
    for _, image, depth in sorted(candidates):
        if image not in pairs and depth not in used:
            pairs[image] = depth
            used.add(depth)
    return pairs
