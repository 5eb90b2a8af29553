"""Find the image, camera_info and depth topics of a bag by type and by convention."""

from __future__ import annotations

from typing import NamedTuple

from fastdepth.bags.contents import TopicInfo
from fastdepth.bags.reader import BagReader
from fastdepth.errors import BagError
from fastdepth.messages import DEPTH_ENCODINGS

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
_PICTURES = (IMAGE, COMPRESSED_IMAGE)

# What this package publishes; depth cameras call their depth so before it is registered to colour.
_NO_TRUTH = "depth/image_rect"


class BagTopics(NamedTuple):
    """The topics a frame is made of, by name.

    Attributes:
        image: of the camera's pictures.
        camera_info: of its intrinsics, or None if the bag has none.
        depth: of the ground truth, or None if the bag has none.

    """

    image: str
    camera_info: str | None
    depth: str | None


def find_topics(
    reader: BagReader,
    image: str | None = None,
    camera_info: str | None = None,
    depth: str | None = None,
) -> BagTopics:
    """Find the topics of a bag's frames.

    An image topic that is not named is the colour topic that convention prefers (colour before
    grey, raw before compressed, more messages before fewer); its camera_info stands beside it, or
    is the only one of the bag; depth is registered to the colour camera where the name says so.
    `.../depth/image_rect` is taken for ground truth only if it is named: it is what this package
    publishes, or a depth camera's depth that is not registered.

    Args:
        reader: an open bag.
        image: name of the image topic, if convention is not to decide.
        camera_info: name of its camera_info topic.
        depth: name of the depth topic.

    Raises:
        BagError: a named topic is not there or has another type, or there is no image topic; the
            message lists what there is.

    """
    if image is None:
        image = _find_image(reader, taken={depth})
    else:
        _require(reader, image, _PICTURES)
    if camera_info is None:
        camera_info = _find_camera_info(reader, image)
    else:
        _require(reader, camera_info, (CAMERA_INFO,))
    if depth is None:
        depth = _find_depth(reader, taken={image})
    else:
        _require(reader, depth, _PICTURES)
    return BagTopics(image, camera_info, depth)


def _require(reader: BagReader, name: str, types: tuple[str, ...]) -> None:
    topic = reader.topic(name)
    if topic.type not in types:
        text = (
            f"topic {name} of {reader.path} has type {topic.type}; expected "
            f"{' or '.join(types)}; {reader.listing()}"
        )
        raise BagError(text)


def _find_image(reader: BagReader, taken: set[str | None]) -> str:
    found = [t for t in _pictures(reader) if t.name not in taken and not _is_depth(reader, t)]
    if not found:
        text = f"{reader.path} has no image topic; {reader.listing()}"
        raise BagError(text)

    def rank(topic: TopicInfo) -> tuple[bool, bool, bool, int, str]:
        words = topic.name.lower()
        infrared = "infra" in words or "/ir/" in words
        colour = "color" in words or "colour" in words or "rgb" in words
        return infrared, not colour, topic.type != IMAGE, -topic.count, topic.name

    return min(found, key=rank).name


def _find_depth(reader: BagReader, taken: set[str | None]) -> str | None:
    found = [
        topic
        for topic in _pictures(reader)
        if topic.name not in taken and not is_output(topic.name) and _is_depth(reader, topic)
    ]

    def rank(topic: TopicInfo) -> tuple[bool, bool, int, str]:
        words = topic.name.lower()
        registered = "aligned" in words or "registered" in words
        return not registered, topic.type != IMAGE, -topic.count, topic.name

    return min(found, key=rank).name if found else None


def is_output(topic: str) -> bool:
    """Tell whether a topic is called as this package's depth is (in whatever transport)."""
    name = topic.removesuffix("/compressedDepth").removesuffix("/compressed")
    return name == _NO_TRUTH or name.endswith(f"/{_NO_TRUTH}")


def _find_camera_info(reader: BagReader, image: str) -> str | None:
    infos = [topic.name for topic in reader.topics if topic.type == CAMERA_INFO and topic.count]
    beside = f"{image.removesuffix('/compressed').rpartition('/')[0]}/camera_info"
    if beside in infos:
        return beside
    return infos[0] if len(infos) == 1 and "depth" not in infos[0] else None


def _pictures(reader: BagReader) -> list[TopicInfo]:
    return [topic for topic in reader.topics if topic.type in _PICTURES and topic.count]


def _is_depth(reader: BagReader, topic: TopicInfo) -> bool:
    """Tell whether a topic carries depth: by its first message, else by its name."""
    try:
        msg = next((msg for _, msg in reader.messages([topic.name])), None)
    except BagError:  # one damaged message must not hide the others
        msg = None
    if msg is None:
        return "depth" in topic.name.lower()
    if topic.type == COMPRESSED_IMAGE:
        return "compressedDepth" in msg.format or msg.format.partition(";")[0] in DEPTH_ENCODINGS
    return msg.encoding in DEPTH_ENCODINGS
