"""Frames out of a rosbag: images paired with depth and with their camera."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from fastdepth.camera import Intrinsics
from fastdepth.errors import BagError, CameraError, EncodingError, ImageError
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.messages import (
    camera_from_info,
    decode_compressed,
    decode_compressed_depth,
    decode_depth,
    decode_image,
    to_rgb,
)
from fastdepth.sources.pairing import pair_stamps

if TYPE_CHECKING:
    from fastdepth.bags import BagReader, BagTopics, Damage, RawMessage

T = TypeVar("T")

# What may wait for its partner: about a minute of uncompressed VGA at 5 Hz.
_MOST_WAITING = 256 * 2**20

# A message with a header begins, in CDR, with 4 bytes of encapsulation (the second tells the byte
# order), then sec and nanosec of the stamp.
_STAMP_END = 12


class BagSource:
    """Frames of a bag, one for each message of its image topic, in the order they were received.

    The first iteration reads the bag once more, for the stamps alone, and pairs images with depth
    by them (each depth is used once); frames are then streamed, so memory does not grow with the
    bag. A message with no header stamp counts as stamped when it was received. The camera is that
    of the camera_info with the image's stamp, else of the latest before it, else of the first.

    Attributes:
        name: the path and the image topic.
        topics: the topics the frames are made of.
        counts: of the latest iteration: `frames` yielded; of these `without_depth` within max_dt,
            `depth_too_late` (too far from its image in the bag to wait for), `depth_unreadable`,
            `without_camera_info`, `camera_uncalibrated`, `camera_of_another_size`; and messages
            that became no frame: `image_unreadable`, and `image_lost` in a damaged part of the bag.
        notes: sentences about what the first reading found odd: damaged parts, stamps that go
            backwards.

    """

    def __init__(
        self,
        path: Path | str,
        *,
        image: str | None = None,
        camera_info: str | None = None,
        depth: str | None = None,
        max_dt: float = 0.02,
    ) -> None:
        """Open a bag to find its topics.

        Args:
            path: a rosbag2 folder, an .mcap, .db3 or ROS 1 .bag file.
            image: name of the image topic; by convention if None.
            camera_info: name of its camera_info topic; by convention if None.
            depth: name of the ground truth's topic; by convention if None.
            max_dt: the most that the stamps of an image and its depth may differ, seconds.

        Raises:
            BagError: the bag or a topic cannot be found or read.
            MissingExtraError: the rosbags library is not installed.

        """
        from fastdepth.bags import find_topics  # noqa: PLC0415 - an extra

        self.path = Path(path)
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        self._max_difference = round(max_dt * 1e9)
        self._index: _Index | None = None
        with self._open() as reader:
            self.topics = find_topics(reader, image, camera_info, depth)
            self._length = reader.topic(self.topics.image).count
        self.name = f"{self.path} {self.topics.image}"

    def __len__(self) -> int:
        """Return the number of messages of the image topic."""
        return self._length

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames.

        Raises:
            BagError: the bag is damaged, an encoding is not known, or no image can be decoded.

        """
        self.counts = counts = Counter[str]()
        with self._open() as reader:
            if self._index is None:
                self._index = self._make_index(reader)
            stream = _Stream(reader, self.topics, self._index, counts)
            yield from stream.frames()

    def _open(self) -> BagReader:
        from fastdepth.bags import BagReader  # noqa: PLC0415 - an extra

        return BagReader(self.path)

    def _make_index(self, reader: BagReader) -> _Index:
        image, info, depth = self.topics
        stamps: dict[str, list[int]] = {image: []}
        if depth:
            stamps[depth] = []
        cameras: list[tuple[int, Intrinsics | None]] = []
        known: tuple[bytes, Intrinsics | None] | None = None
        damages: list[Damage] = []
        topics = [topic for topic in self.topics if topic]
        for raw in reader.raw(topics, heads=True, on_damage=damages.append):
            if raw.topic == info:
                content = bytes(raw.cdr[_STAMP_END:])
                if known is None or known[0] != content:  # a camera seldom changes
                    known = content, _camera(reader, raw)
                cameras.append((_stamp(raw), known[1]))
            else:
                stamps[raw.topic].append(_stamp(raw))
        self._note(damages, stamps[image], reader.start)
        pairs = pair_stamps(stamps[image], stamps.get(depth or "", []), self._max_difference)
        cameras.sort(key=lambda camera: camera[0])
        return _Index(pairs, [stamp for stamp, _ in cameras], [camera for _, camera in cameras])

    def _note(self, damages: list[Damage], stamps: list[int], start: int) -> None:
        if not stamps and damages:
            raise BagError(damages[0].reason)
        self.notes = [
            f"the bag cannot be read from {(damage.start - start) / 1e9:.3f} to "
            f"{(damage.end - start) / 1e9:.3f} s after its start: {damage.reason}"
            for damage in damages
        ]
        lost = self._length - len(stamps)
        if lost > 0:
            self.notes.append(
                f"{lost} of the {self._length} images that the bag should have are missing from it "
                "(damaged, or cut short?)"
            )
        backwards = sum(after < before for before, after in pairwise(stamps))
        if backwards:
            self.notes.append(
                f"the stamps of {self.topics.image} go backwards {backwards} times (a clock that "
                "was set, or several cameras on one topic?)"
            )


class _Index(NamedTuple):
    """What the first reading of a bag finds.

    Attributes:
        pairs: number of the depth message by number of the image message.
        camera_stamps: of the camera_info messages, rising.
        cameras: of those messages; None where the camera is not calibrated.

    """

    pairs: dict[int, int]
    camera_stamps: list[int]
    cameras: list[Intrinsics | None]

    def camera_at(self, stamp: int) -> Intrinsics | None:
        """Return the camera at a time: the latest so far, or the first."""
        place = max(0, bisect_right(self.camera_stamps, stamp) - 1)
        return self.cameras[place]


class _Waiting(NamedTuple):
    """An image message that waits for its depth, with its number in its topic."""

    number: int
    raw: RawMessage


class _Stream:
    """One pass over a bag: holds what waits for its partner, and makes frames."""

    def __init__(
        self,
        reader: BagReader,
        topics: BagTopics,
        index: _Index,
        counts: Counter[str],
    ) -> None:
        self._reader = reader
        self._topics = topics
        self._image = topics.image
        self._index = index
        self._counts = counts
        self._needed = set(index.pairs.values())
        self._given_up: set[int] = set()
        self._images: deque[_Waiting] = deque()
        self._depths: dict[int, RawMessage] = {}
        self._waiting_bytes = 0
        self._error: ImageError | BagError | None = None

    def frames(self) -> Iterator[Frame]:
        """Yield the frames in the order of the images."""
        seen = Counter[str]()
        # The topics of the first reading, so that both go the same way around damage.
        topics = [topic for topic in self._topics if topic]
        for raw in self._reader.raw(topics, on_damage=lambda _: None):
            if raw.topic == self._topics.camera_info:
                continue
            number = seen[raw.topic]
            seen[raw.topic] += 1
            if raw.topic == self._image:
                self._images.append(_Waiting(number, raw))
            elif number in self._needed and number not in self._given_up:
                self._depths[number] = raw
            else:
                continue
            self._waiting_bytes += len(raw.cdr)
            yield from self._ready(_MOST_WAITING)
        yield from self._ready(0)
        lost = self._reader.topic(self._image).count - seen[self._image]
        if lost > 0:
            self._counts["image_lost"] = lost
        if self._error is not None and not self._counts["frames"]:
            text = f"no image of {self._image} in {self._reader.path} can be decoded: {self._error}"
            raise BagError(text) from self._error

    def _ready(self, most_waiting: int) -> Iterator[Frame]:
        """Yield frames whose depth is here or has none, and those that waited for too long."""
        while self._images:
            number = self._images[0].number
            pair = self._index.pairs.get(number)
            if pair is not None and pair not in self._depths and pair not in self._given_up:
                if self._waiting_bytes <= most_waiting:
                    return
                self._given_up.add(pair)
            raw = self._take(self._images.popleft().raw)
            depth = None
            if pair is None:
                self._counts["without_depth"] += 1
            elif pair in self._given_up:
                self._counts["depth_too_late"] += 1
            else:
                depth = self._take(self._depths.pop(pair))
            frame = self._frame(number, raw, depth)
            if frame is not None:
                self._counts["frames"] += 1
                yield frame
        while self._depths and self._waiting_bytes > most_waiting:
            oldest = next(iter(self._depths))
            self._take(self._depths.pop(oldest))
            self._given_up.add(oldest)

    def _take(self, raw: RawMessage) -> RawMessage:
        self._waiting_bytes -= len(raw.cdr)
        return raw

    def _frame(self, number: int, raw: RawMessage, depth: RawMessage | None) -> Frame | None:
        try:
            image = to_rgb(self._decode(raw, decode_image, decode_compressed))
        except EncodingError as err:
            raise BagError(self._about(raw, err)) from err
        except (ImageError, BagError) as err:
            self._error = err
            self._counts["image_unreadable"] += 1
            return None
        stamp = _stamp(raw)
        return Frame(
            image,
            None if depth is None else self._truth(depth),
            self._camera(stamp, image),
            stamp,
            f"{number:06d}_{stamp // 1_000_000_000}.{stamp % 1_000_000_000:09d}",
        )

    def _truth(self, raw: RawMessage) -> F32Array | None:
        try:
            return self._decode(raw, decode_depth, decode_compressed_depth)
        except EncodingError as err:
            raise BagError(self._about(raw, err)) from err
        except (ImageError, BagError):
            self._counts["depth_unreadable"] += 1
            return None

    def _camera(self, stamp: int, image: U8Array) -> Intrinsics | None:
        if not self._index.cameras:
            self._counts["without_camera_info"] += 1
            return None
        camera = self._index.camera_at(stamp)
        if camera is None:
            self._counts["camera_uncalibrated"] += 1
        elif (camera.height, camera.width) != image.shape[:2]:
            self._counts["camera_of_another_size"] += 1
            return None
        return camera

    def _decode(self, raw: RawMessage, plain: Callable[[Any], T], packed: Callable[[Any], T]) -> T:
        msg = self._reader.decode(raw)
        return packed(msg) if raw.type.endswith("/CompressedImage") else plain(msg)

    def _about(self, raw: RawMessage, err: Exception) -> str:
        return f"{raw.topic} in {self._reader.path}: {err}"


def _stamp(raw: RawMessage) -> int:
    """Return the header's stamp without decoding the rest; without one, the time of receipt."""
    head = bytes(raw.cdr[:_STAMP_END])
    if len(head) < _STAMP_END:
        return raw.time
    order: Literal["little", "big"] = "little" if head[1] & 1 else "big"
    seconds = int.from_bytes(head[4:8], order, signed=True)
    stamp = seconds * 1_000_000_000 + int.from_bytes(head[8:12], order)
    return stamp or raw.time


def _camera(reader: BagReader, raw: RawMessage) -> Intrinsics | None:
    try:
        return camera_from_info(reader.decode(raw))
    except (BagError, CameraError):
        return None
