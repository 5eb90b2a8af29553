"""Memory of a process, told apart by what it is for."""

from __future__ import annotations

import mmap
import os

import pytest

pytest.importorskip("rclpy")

from fastdepth_ros.bench.memory import memory_of, sum_up

SMAPS = """\
55d0c0000000-55d0c0100000 r-xp 00000000 08:01 42                         /usr/lib/libone.so
Size:               1024 kB
Rss:                1000 kB
Pss:                 100 kB
Private_Clean:         8 kB
Private_Dirty:         4 kB
VmFlags: rd ex mr mw me
7f31b64fc000-7f31ba7fd000 rw-s 00000000 00:19 9          /dev/shm/fastrtps_1 (deleted)
Rss:                3000 kB
Pss:                1500 kB
Private_Clean:         0 kB
Private_Dirty:         0 kB
559b4d880000-559b50fa3000 rw-p 00000000 00:00 0                          [heap]
Rss:                 500 kB
Pss:                 500 kB
Private_Clean:         0 kB
Private_Dirty:       500 kB
7f3180000000-7f3180549000 rw-p 00000000 00:00 0
Rss:                  24 kB
Pss:                  24 kB
Private_Clean:         0 kB
Private_Dirty:        24 kB
"""


def test_each_mapping_counts_once_and_where_it_belongs() -> None:
    found = sum_up(SMAPS)
    kib = 1024 / 1e6
    assert found.resident == pytest.approx(4524 * kib)
    assert found.proportional == pytest.approx(2124 * kib)
    assert found.private == pytest.approx(536 * kib)
    assert found.code == pytest.approx(1000 * kib)
    assert found.segments == pytest.approx(3000 * kib)
    assert found.anonymous == pytest.approx(524 * kib)


def test_memory_that_is_touched_is_seen() -> None:
    before = memory_of(os.getpid())
    with mmap.mmap(-1, 32 * 2**20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as block:
        block.write(bytes([1]) * len(block))
        after = memory_of(os.getpid())
    assert before is not None
    assert after is not None
    assert 30 < after.private - before.private < 45
    assert 30 < after.anonymous - before.anonymous < 45


def test_a_process_that_is_gone_has_none() -> None:
    assert memory_of(2**22 + 1) is None
