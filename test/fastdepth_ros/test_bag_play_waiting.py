"""`fastdepth bag play --wait-for`: the first message goes out when those who hear it are there."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy")

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

from fastdepth.cli.main import main
from test.fastdepth_ros.demo.bags import IMAGE, INFO, write_bag
from test.fastdepth_ros.test_bag_play import listen, playing, session, wait

__all__ = ["session"]

pytestmark = pytest.mark.dds


def test_nobody_misses_the_first_message(session, tmp_path):
    bag = write_bag(tmp_path / "bag", frames=3)
    first = listen(session, IMAGE, "sensor_msgs/msg/Image")
    wanted = ["--wait-for", f"{IMAGE}=2", "--delay", "0.5", "--topics", IMAGE]
    with playing(bag, *wanted, "--wait-limit", "60") as process:
        wait(session, lambda: session.node.count_publishers(IMAGE) == 1)
        assert not first  # one subscriber is not enough
        second = listen(session, IMAGE, "sensor_msgs/msg/Image")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "3 messages published" in out
    wait(session, lambda: len(second) == 3)
    assert [cdr for _, cdr in first] == [cdr for _, cdr in second]
    assert deserialize_message(first[0][1], Image).data[0] == 20


def test_it_tells_who_is_missing(session, tmp_path, capsys):
    bag = write_bag(tmp_path / "bag", frames=2)
    arguments = ["--wait-for", f"{IMAGE}=1", "--wait-limit", "0.1"]
    assert main(["bag", "play", str(bag), *arguments]) == 1
    assert f"{IMAGE} has 0 of 1" in capsys.readouterr().err


def test_a_topic_that_is_not_played_cannot_be_waited_for(session, tmp_path, capsys):
    bag = write_bag(tmp_path / "bag", frames=2)
    arguments = ["--topics", IMAGE, "--wait-for", f"{INFO}=1"]
    assert main(["bag", "play", str(bag), *arguments]) == 1
    assert "it is not played" in capsys.readouterr().err


def test_what_is_no_number_of_subscribers_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["bag", "play", str(tmp_path), "--wait-for", f"{IMAGE}=many"])
    assert "expected TOPIC=NUMBER" in capsys.readouterr().err
