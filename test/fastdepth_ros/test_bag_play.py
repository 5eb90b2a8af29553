"""`fastdepth bag play` as a process, heard by a node of the test over real DDS."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import pairwise
from time import monotonic_ns

import pytest

pytest.importorskip("rclpy")

from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock

from fastdepth.bags import BagReader, BagWriter
from fastdepth.cli.main import main
from fastdepth_ros.demo.session import RosSession, message_class, wait_until
from test.fastdepth_ros.demo.bags import IMAGE, INFO, PERIOD, START, write_bag
from test.fastdepth_ros.isolation import ENVIRONMENT, ROOT

pytestmark = pytest.mark.dds

TIMEOUT = 30.0
INFO_TYPE = "sensor_msgs/msg/CameraInfo"
LATCHED = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def session(domain, monkeypatch, tmp_path):
    variables = ENVIRONMENT | {"ROS_DOMAIN_ID": str(domain), "ROS_LOG_DIR": str(tmp_path)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with RosSession("bag_play_test", variables) as opened:
        yield opened


def listen(session, topic, kind, qos=1000):
    """Subscribe; return a list that fills with (monotonic nanoseconds, serialised message)."""
    heard = []

    def take(cdr):
        heard.append((monotonic_ns(), cdr))

    session.node.create_subscription(message_class(kind), topic, take, qos, raw=True)
    return heard


def wait(session, condition):
    assert wait_until(condition, TIMEOUT, session.check)


@contextmanager
def playing(*arguments):
    """Yield a process of `fastdepth bag play`."""
    with subprocess.Popen(
        [sys.executable, "-m", "fastdepth", "bag", "play", *map(str, arguments)],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def latched_bag(path):
    """Write a bag whose latched messages come long before the others; return it and those."""
    with BagWriter(path) as writer:
        writer.add_topic("/map_info", INFO_TYPE, latched=True)
        for number in range(2):
            writer.write("/map_info", INFO_TYPE, START + number, width=number + 1)
        for number in range(3):
            time = START + 10_000_000_000 + number * PERIOD
            writer.write("/late", INFO_TYPE, time, width=100 + number)
    return path


def widths(heard):
    kind = message_class(INFO_TYPE)
    return [deserialize_message(cdr, kind).width for _, cdr in list(heard)]


def times_of(clock):
    """Return what was heard on /clock, nanoseconds."""
    told = [deserialize_message(cdr, Clock).clock for _, cdr in list(clock)]
    return [time.sec * 10**9 + time.nanosec for time in told]


def test_a_loop_repeats_the_bag_with_its_clock_under_new_names(session, tmp_path):
    bag = write_bag(tmp_path / "bag", frames=6)
    images = listen(session, "/other/image", "sensor_msgs/msg/Image")
    clock = listen(session, "/clock", "rosgraph_msgs/msg/Clock")
    infos = listen(session, INFO, INFO_TYPE)
    rules = ["--remap", f"{IMAGE}:=/other/image", "--topics", IMAGE]
    with playing(bag, "--clock", "--loop", "--rate", "0.5", *rules) as process:
        wait(session, lambda: len(images) >= 14)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    assert "(interrupted)" in out
    assert "Traceback" not in err
    assert infos == []
    with BagReader(bag) as reader:
        recorded = [bytes(raw.cdr) for raw in reader.raw([IMAGE])]
    order = [recorded.index(cdr) for _, cdr in images]
    assert all(after == (before + 1) % 6 for before, after in pairwise(order))

    times = times_of(clock)
    assert all(START <= time <= START + 5 * PERIOD for time in times)
    # Every message's own time is told, and at half the speed there are three ticks between.
    assert {START + n * PERIOD for n in range(6)} <= set(times)
    between = {time for time in times if (time - START) % PERIOD}
    assert len(between) >= 10
    # It goes back once a loop, and nowhere else.
    backwards = [b for a, b in pairwise(times) if b < a]
    assert set(backwards) == {START}
    # 250 ms of the bag take 500 ms: less only where the first message of a pass was heard late.
    begun = [heard for heard, cdr in images if cdr == recorded[0]]
    ended = [heard for heard, cdr in images if cdr == recorded[5]]
    whole = [begin for begin in begun if begin < ended[-1]]
    lasted = [min(end for end in ended if end > begin) - begin for begin in whole]
    assert max(lasted) > 0.4e9


def test_latched_messages_from_before_the_start_reach_late_subscribers(session, tmp_path):
    bag = latched_bag(tmp_path / "bag")
    late = listen(session, "/late", INFO_TYPE)
    with playing(bag, "--start", "9.9", "--loop") as process:
        wait(session, lambda: late)
        latched = listen(session, "/map_info", INFO_TYPE, LATCHED)
        wait(session, lambda: {1, 2} <= set(widths(latched)))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    assert set(widths(late)) <= {100, 101, 102}


def test_an_interruption_is_told_by_the_exit_code(session, tmp_path):
    bag = write_bag(tmp_path / "bag", frames=3)
    images = listen(session, IMAGE, "sensor_msgs/msg/Image")
    clock = listen(session, "/clock", "rosgraph_msgs/msg/Clock")
    with playing(bag, "--rate", "0.001", "--clock") as process:
        # A time after the first messages is told once they are published.
        wait(session, lambda: any(time > START for time in times_of(clock)))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130, err
    assert out == f"{bag}: 2 messages published (interrupted)\n"
    assert len(images) <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start", "1e6"], "outside"),
        (["--topics", "/nothing"], "has no topic /nothing"),
        (["--remap", "/nothing:=/b"], "no such topic"),
    ],
)
def test_what_the_bag_does_not_have_is_refused(tmp_path, capsys, arguments, message):
    bag = write_bag(tmp_path / "bag", frames=1)
    assert main(["bag", "play", str(bag), *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["--rate", "0"], ["--rate", "inf"], ["--delay", "-1"], ["--remap", "a:b"], ["--remap", ":=b"]],
)
def test_impossible_arguments_are_wrong_usage(tmp_path, arguments):
    with pytest.raises(SystemExit) as ended:
        main(["bag", "play", str(tmp_path), *arguments])
    assert ended.value.code == 2


def test_what_cannot_be_published_is_left_out(tmp_path, capsys):
    with BagWriter(tmp_path / "bag") as writer:
        writer.write("/time", "builtin_interfaces/msg/Time", START, sec=1)
        writer.write("/shape", "visualization_msgs/msg/Marker", START, id=1)
    assert main(["bag", "play", str(tmp_path / "bag")]) == 0
    printed = capsys.readouterr()
    assert "1 messages published" in printed.out
    assert "/shape is left out" in printed.err
