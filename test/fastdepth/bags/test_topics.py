from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

pytest.importorskip("rosbags", reason="the bags extra is not installed")

from fastdepth.bags import BagReader, BagTopics, BagWriter, find_topics
from fastdepth.errors import BagError

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
INFO = "sensor_msgs/msg/CameraInfo"


def make(path: Path, topics: Mapping[str, str], more: Mapping[str, int] | None = None) -> BagReader:
    """Write a bag of topics given as name to encoding, format, or `info`; return it open."""
    with BagWriter(path) as bag:
        for name, kind in topics.items():
            for _ in range((more or {}).get(name, 1)):
                if kind == "info":
                    bag.write(name, INFO, 1)
                elif kind == "text":
                    bag.write(name, "std_msgs/msg/String", 1)
                elif "jpeg" in kind or "png" in kind or "compressedDepth" in kind:
                    bag.write(name, COMPRESSED, 1, format=kind)
                else:
                    bag.write(name, IMAGE, 1, encoding=kind)
    return BagReader(path)


@pytest.mark.parametrize(
    ("topics", "expected"),
    [
        (
            # RealSense
            {
                "/camera/infra1/image_rect_raw": "mono8",
                "/camera/color/image_raw": "rgb8",
                "/camera/color/image_raw/compressed": "rgb8; jpeg compressed bgr8",
                "/camera/color/camera_info": "info",
                "/camera/depth/image_rect_raw": "16UC1",
                "/camera/depth/camera_info": "info",
                "/camera/aligned_depth_to_color/image_raw": "16UC1",
                "/camera/aligned_depth_to_color/camera_info": "info",
            },
            BagTopics(
                "/camera/color/image_raw",
                "/camera/color/camera_info",
                "/camera/aligned_depth_to_color/image_raw",
            ),
        ),
        (
            # the TUM benchmark's own bags
            {
                "/camera/depth/image": "32FC1",
                "/camera/depth/camera_info": "info",
                "/camera/rgb/image_color": "rgb8",
                "/camera/rgb/camera_info": "info",
            },
            BagTopics("/camera/rgb/image_color", "/camera/rgb/camera_info", "/camera/depth/image"),
        ),
        (
            # compressed only; depth that its name does not tell
            {
                "/cam/image_raw/compressed": "bgr8; jpeg compressed bgr8",
                "/cam/camera_info": "info",
                "/cam/range": "32FC1",
            },
            BagTopics("/cam/image_raw/compressed", "/cam/camera_info", "/cam/range"),
        ),
        (
            {
                "/cam/image": "bgr8",
                "/cam/depth/compressedDepth": "16UC1; compressedDepth png",
                "/intrinsics": "info",
            },
            BagTopics("/cam/image", "/intrinsics", "/cam/depth/compressedDepth"),
        ),
        # an info that can only be another camera's
        ({"/image": "mono8", "/depth/camera_info": "info"}, BagTopics("/image", None, None)),
        ({"/a/image": "rgb8", "/b/camera_info": "info", "/c/camera_info": "info"}, None),
        # an encoding nobody decodes is still the image: decoding says what is wrong
        ({"/image": "bayer_rggb8"}, BagTopics("/image", None, None)),
    ],
)
def test_topics_are_found_by_convention(
    tmp_path: Path, topics: dict[str, str], expected: BagTopics | None
) -> None:
    with make(tmp_path / "bag", topics) as bag:
        assert find_topics(bag) == (expected or BagTopics("/a/image", None, None))


def test_the_image_topic_with_more_messages_is_taken(tmp_path: Path) -> None:
    topics = {"/left/image": "rgb8", "/right/image": "rgb8"}
    with make(tmp_path / "bag", topics, {"/right/image": 2}) as bag:
        assert find_topics(bag).image == "/right/image"


def test_named_topics_are_taken(tmp_path: Path) -> None:
    topics = {
        "/color/image": "rgb8",
        "/color/camera_info": "info",
        "/left/image": "mono8",
        "/other": "info",
        "/range": "32FC1",
        "/depth": "16UC1",
    }
    with make(tmp_path / "bag", topics) as bag:
        assert find_topics(bag, "/left/image", "/other", "/range") == BagTopics(
            "/left/image", "/other", "/range"
        )
        assert find_topics(bag, image="/left/image").camera_info is None


@pytest.mark.parametrize("output", ["/depth/image_rect", "/robot/depth/image_rect"])
def test_this_packages_own_depth_is_no_ground_truth_unless_named(
    tmp_path: Path, output: str
) -> None:
    topics = {"/cam/image": "rgb8", output: "32FC1", f"{output}/compressedDepth": "16UC1; png"}
    with make(tmp_path / "alone", topics) as bag:
        assert find_topics(bag) == BagTopics("/cam/image", None, None)
        assert find_topics(bag, depth=output).depth == output
    with make(tmp_path / "beside", topics | {"/z/image_rect": "16UC1"}) as bag:
        assert find_topics(bag).depth == "/z/image_rect"


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"image": "/nothing"}, "has no topic /nothing; it has .*/image .*/note"),
        (
            {"image": "/note"},
            "/note of .* has type std_msgs/msg/String; expected sensor_msgs/msg/I",
        ),
        ({"camera_info": "/image"}, "has type .*Image; expected sensor_msgs/msg/CameraInfo"),
        ({"depth": "/note"}, "/note of .* has type std_msgs/msg/String"),
    ],
)
def test_a_named_topic_that_does_not_fit_is_refused(
    tmp_path: Path, named: dict[str, str], words: str
) -> None:
    bag = make(tmp_path / "bag", {"/image": "rgb8", "/note": "text"})
    with bag, pytest.raises(BagError, match=words):
        find_topics(bag, **named)


def test_a_bag_without_images_lists_what_it_has(tmp_path: Path) -> None:
    words = r"no image topic; it has /depth \(sensor_msgs/msg/Image, 1\), /note \(std_msgs"
    bag = make(tmp_path / "bag", {"/depth": "16UC1", "/note": "text"})
    with bag, pytest.raises(BagError, match=words):
        find_topics(bag)


def test_a_damaged_first_message_does_not_hide_a_topic(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as bag:
        for name in ("/image", "/depth"):
            bag.write_raw(name, IMAGE, 1, b"damaged")
    with BagReader(tmp_path / "bag") as read:
        assert find_topics(read) == BagTopics("/image", None, "/depth")
