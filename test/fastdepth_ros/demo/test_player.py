"""The player and the recorder in one process, over real DDS."""

from __future__ import annotations

from threading import Event

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, Image

from fastdepth.bags import BagReader, BagWriter
from fastdepth.errors import BagError, FastDepthError
from fastdepth_ros.demo.player import Player, wire_name
from fastdepth_ros.demo.recorder import Recorder, header_stamp
from fastdepth_ros.demo.session import RosSession, message_class, wait_until
from test.fastdepth_ros.demo.bags import (
    IMAGE,
    INFO,
    START,
    header,
    picture,
    write_bag,
)
from test.fastdepth_ros.isolation import ENVIRONMENT

pytestmark = pytest.mark.dds

TIMEOUT = 30.0


@pytest.fixture
def session(domain, monkeypatch, tmp_path):
    variables = ENVIRONMENT | {"ROS_DOMAIN_ID": str(domain), "ROS_LOG_DIR": str(tmp_path)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)  # so that they are gone after the test
    with RosSession("player_test", variables) as opened:
        yield opened


def listen(session, topic, kind):
    """Subscribe; return a list that fills with serialised messages."""
    heard = []
    session.node.create_subscription(message_class(kind), topic, heard.append, 50, raw=True)
    return heard


def wait(session, condition):
    assert wait_until(condition, TIMEOUT, session.check)


def test_messages_arrive_as_the_bytes_in_the_bag_when_they_are_due(session, tmp_path):
    bag = write_bag(tmp_path / "bag", frames=5)
    images = listen(session, IMAGE, "sensor_msgs/msg/Image")
    infos = listen(session, INFO, "sensor_msgs/msg/CameraInfo")
    with BagReader(bag) as reader:
        player = Player(session.node, reader, [INFO, IMAGE], rate=2.0)
        wait(session, player.has_subscribers)
        played = list(player.play())
        wait(session, lambda: len(images) == 5 and len(infos) == 5)
        raw = list(reader.raw())
    assert [p.message.time for p in played] == [r.time for r in raw]
    assert images == [bytes(r.cdr) for r in raw if r.topic == IMAGE]
    assert infos == [bytes(r.cdr) for r in raw if r.topic == INFO]
    began = played[0].published
    for one in played:
        due = (one.message.time - START) / 2.0
        assert one.published - began >= due - 1000
    assert player.bag_time(began + 10_000_000) == pytest.approx(START + 20_000_000, abs=5_000_000)
    message = deserialize_message(images[3], Image)
    assert bytes(message.data[:3]) == bytes(picture(3)[0, 0])


def test_only_the_topics_asked_for_are_played(session, tmp_path):
    with BagReader(write_bag(tmp_path / "bag", frames=2)) as reader:
        player = Player(session.node, reader, [IMAGE], rate=10.0)
        assert {p.message.topic for p in player.play()} == {IMAGE}
        assert player.wire_topics == {IMAGE: IMAGE}


def test_playing_can_be_stopped(session, tmp_path):
    stop = Event()
    with BagReader(write_bag(tmp_path / "bag", frames=5)) as reader:
        player = Player(session.node, reader, [IMAGE], rate=1e-6)
        playing = player.play(stop)
        next(playing)
        stop.set()
        assert list(playing) == []


def test_a_compressed_image_is_played_as_the_image_it_holds(session, tmp_path):
    colours = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)
    png = cv2.imencode(".png", colours[..., ::-1])[1].tobytes()
    topic = "/camera/image_raw/compressed"
    with BagWriter(tmp_path / "bag") as writer:
        writer.write(
            topic,
            "sensor_msgs/msg/CompressedImage",
            START,
            header=header(START),
            format="rgb8; png compressed bgr8",
            data=png,
        )
    heard = listen(session, "/camera/image_raw", "sensor_msgs/msg/Image")
    with BagReader(tmp_path / "bag") as reader:
        player = Player(session.node, reader, [topic], decompress=True)
        assert player.wire_topics == {topic: "/camera/image_raw"}
        wait(session, player.has_subscribers)
        list(player.play())
        wait(session, lambda: heard)
    message = deserialize_message(heard[0], Image)
    assert message.encoding == "rgb8"
    assert (message.width, message.height, message.step) == (8, 6, 24)
    assert bytes(message.data) == colours.tobytes()
    assert header_stamp(heard[0]) == START
    assert message.header.frame_id == "camera_color_optical_frame"


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_must_be_positive(session, tmp_path, rate):
    with (
        BagReader(write_bag(tmp_path / "bag", frames=1)) as reader,
        pytest.raises(ValueError, match="rate"),
    ):
        Player(session.node, reader, [IMAGE], rate=rate)


def test_a_topic_that_is_not_in_the_bag_is_refused(session, tmp_path):
    with (
        BagReader(write_bag(tmp_path / "bag", frames=1)) as reader,
        pytest.raises(BagError, match="/nothing"),
    ):
        Player(session.node, reader, ["/nothing"])


def test_what_is_recorded_is_what_was_published(session, tmp_path):
    info = CameraInfo(width=7, height=5)
    info.header.stamp.sec, info.header.stamp.nanosec = 3, 17
    cdr = serialize_message(info)
    publisher = session.node.create_publisher(CameraInfo, "/depth/camera_info", 10)
    with BagWriter(tmp_path / "bag") as writer:
        recorder = Recorder(writer, bag_time=lambda monotonic: 5000 + (monotonic > 0))
        recorder.subscribe(session.node, "/depth/camera_info", "sensor_msgs/msg/CameraInfo")
        wait(session, recorder.has_publishers)
        wait(session, lambda: publisher.get_subscription_count() == 1)
        publisher.publish(cdr)
        wait(session, lambda: recorder.arrivals("/depth/camera_info"))
        recorder.stop()
        publisher.publish(cdr)
        recorder.write("/other", "sensor_msgs/msg/CameraInfo", 6000, cdr)
    assert recorder.arrivals("/depth/camera_info")[0].stamp == 3_000_000_017
    with BagReader(tmp_path / "bag") as reader:
        found = [(m.topic, m.time, bytes(m.cdr)) for m in reader.raw()]
    assert found == [
        ("/depth/camera_info", 5001, cdr),
        ("/other", 6000, cdr),
    ]


def test_an_error_in_a_callback_reaches_the_program(session):
    def fail(_message):
        msg = "disk full"
        raise OSError(msg)

    session.node.create_subscription(CameraInfo, "/x", fail, 10)
    publisher = session.node.create_publisher(CameraInfo, "/x", 10)
    wait(session, lambda: publisher.get_subscription_count() == 1)
    publisher.publish(CameraInfo())
    with pytest.raises(OSError, match="disk full"):
        wait_until(lambda: False, TIMEOUT, session.check)


def test_a_type_that_is_not_installed_is_named():
    with pytest.raises(FastDepthError, match="no_such_msgs/msg/Thing"):
        message_class("no_such_msgs/msg/Thing")
    with pytest.raises(FastDepthError, match="sensor_msgs/msg/Thing"):
        message_class("sensor_msgs/msg/Thing")


@pytest.mark.parametrize("stamp", [START, 1, 2**31 * 10**9 - 1])
def test_the_stamp_is_read_from_the_bytes_of_a_message(stamp):
    message = Image()
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
    assert header_stamp(serialize_message(message)) == stamp
    assert header_stamp(memoryview(serialize_message(message))) == stamp


def test_the_stamp_is_read_from_big_endian_bytes():
    cdr = bytes([0, 0, 0, 0]) + (5).to_bytes(4, "big") + (6).to_bytes(4, "big")
    assert header_stamp(cdr) == 5_000_000_006


def test_ros1_names_get_their_slash():
    assert wire_name("camera/rgb/image_color") == "/camera/rgb/image_color"
    assert wire_name("/camera/image") == "/camera/image"
