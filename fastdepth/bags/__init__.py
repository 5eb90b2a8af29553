"""Read and write rosbags without ROS (extra `bags`: the rosbags library)."""

from fastdepth.errors import MissingExtraError

try:
    import rosbags.rosbag2  # noqa: F401 - only to say at once what is missing
except ModuleNotFoundError as err:
    what = "reading and writing bags"
    raise MissingExtraError(what, "bags", err) from err

from fastdepth.bags.contents import Damage, RawMessage, TopicInfo
from fastdepth.bags.reader import BagReader
from fastdepth.bags.topics import BagTopics, find_topics
from fastdepth.bags.writer import BagWriter

__all__ = [
    "BagReader",
    "BagTopics",
    "BagWriter",
    "Damage",
    "RawMessage",
    "TopicInfo",
    "find_topics",
]
