"""Which camera_info belongs to which image."""

from __future__ import annotations

import threading
from time import perf_counter
from typing import Any

from fastdepth_ros.cameras import CameraInfos

LONG = 30.0  # seconds of patience that no test uses up


def found(infos: CameraInfos, stamp: int) -> Any:
    """What the policy `latest` takes."""
    info = infos.find(stamp)
    if info is None and (latest := infos.latest()) is not None:
        return latest[1]
    return info


def test_nothing_is_found_before_anything_came() -> None:
    infos = CameraInfos(patience=0.0)
    assert infos.find(1) is None
    assert infos.latest() is None


def test_the_same_stamp_is_preferred_to_the_latest() -> None:
    infos = CameraInfos(patience=LONG)
    for stamp in (1, 2, 3):
        infos.add(stamp, f"of {stamp}")
    for stamp in (2, 1, 3):
        assert infos.find(stamp) == f"of {stamp}"
    assert infos.latest() == (3, "of 3")


def test_the_latest_is_the_one_that_came_last() -> None:
    infos = CameraInfos(patience=0.0)
    infos.add(5, "first")
    assert found(infos, 100) == "first"
    infos.add(4, "second")  # the clock jumped back
    assert found(infos, 101) == "second"
    infos.add(5, "first")
    assert found(infos, 102) == "first"


def test_a_message_that_comes_after_its_image_is_waited_for() -> None:
    infos = CameraInfos(patience=LONG)
    infos.add(1, "first")
    assert infos.find(1) == "first"
    adder = threading.Timer(0.02, lambda: infos.add(2, "late"))
    adder.start()
    assert infos.find(2) == "late"
    adder.join()


def test_a_camera_whose_stamps_never_agree_costs_no_waiting() -> None:
    infos = CameraInfos(patience=0.2)
    infos.add(1, "info")
    assert found(infos, 10) == "info"  # waits once
    start = perf_counter()
    for stamp in range(11, 1011):
        assert found(infos, stamp) == "info"
    assert perf_counter() - start < 100.0  # 200 s with waiting


def test_one_lost_message_does_not_end_the_pairing() -> None:
    infos = CameraInfos(patience=0.01)
    infos.add(1, "of 1")
    assert infos.find(1) == "of 1"
    assert infos.find(2) is None  # 2 got lost
    assert infos.find(3) is None  # not waited for
    infos.add(3, "of 3")  # but came after its image: the stamps do agree
    infos._patience = LONG
    adder = threading.Timer(0.02, lambda: infos.add(4, "late"))
    adder.start()
    assert infos.find(4) == "late"
    adder.join()


def test_old_messages_are_forgotten() -> None:
    infos = CameraInfos(patience=0.0, keep=3)
    for stamp in range(10):
        infos.add(stamp, stamp)
    assert infos.find(7) == 7
    assert infos.find(6) is None
    infos.clear()
    assert infos.latest() is None
