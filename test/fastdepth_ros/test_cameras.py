"""Which camera_info belongs to which image."""

from __future__ import annotations

import threading
from time import perf_counter

from fastdepth_ros.cameras import CameraInfos
from test.fastdepth_ros.fakes import fake_info

LONG = 30.0  # seconds of patience that no test uses up


def found_stamp(infos: CameraInfos, stamp: int) -> int:
    info = infos.find(stamp)
    assert info is not None
    nanoseconds: int = info.header.stamp.nanosec
    return nanoseconds


def test_nothing_is_found_before_anything_came() -> None:
    assert CameraInfos(patience=0.0).find(1) is None


def test_the_same_stamp_is_preferred_to_the_latest() -> None:
    infos = CameraInfos(patience=LONG)
    messages = {stamp: fake_info(stamp) for stamp in (1, 2, 3)}
    for message in messages.values():
        infos.add(message)
    for stamp in (2, 1, 3):
        assert infos.find(stamp) is messages[stamp]


def test_the_latest_serves_where_no_stamp_agrees() -> None:
    infos = CameraInfos(patience=0.0)
    first, second = fake_info(5), fake_info(4)  # the clock jumped back
    infos.add(first)
    assert infos.find(100) is first
    infos.add(second)
    assert infos.find(101) is second
    infos.add(first)
    assert infos.find(102) is first


def test_a_message_that_comes_after_its_image_is_waited_for() -> None:
    infos = CameraInfos(patience=LONG)
    infos.add(fake_info(1))
    assert infos.find(1) is not None
    late = fake_info(2)
    adder = threading.Timer(0.02, lambda: infos.add(late))
    adder.start()
    assert infos.find(2) is late
    adder.join()


def test_a_camera_whose_stamps_never_agree_costs_no_waiting() -> None:
    infos = CameraInfos(patience=0.2)
    info = fake_info(1)
    infos.add(info)
    assert infos.find(10) is info  # waits once
    start = perf_counter()
    for stamp in range(11, 1011):
        assert infos.find(stamp) is info
    assert perf_counter() - start < 100.0  # 200 s with waiting


def test_one_lost_message_does_not_end_the_pairing() -> None:
    infos = CameraInfos(patience=0.01)
    infos.add(fake_info(1))
    assert infos.find(1) is not None
    assert found_stamp(infos, 2) == 1  # 2 got lost
    assert found_stamp(infos, 3) == 1  # not waited for
    infos.add(fake_info(3))  # but came after its image: the stamps do agree
    infos._patience = LONG
    late = fake_info(4)
    adder = threading.Timer(0.02, lambda: infos.add(late))
    adder.start()
    assert infos.find(4) is late
    adder.join()


def test_old_messages_are_forgotten() -> None:
    infos = CameraInfos(patience=0.0, keep=3)
    for stamp in range(10):
        infos.add(fake_info(stamp))
    assert found_stamp(infos, 7) == 7
    assert found_stamp(infos, 6) == 9  # gone: the latest instead
