"""How often the pixels of an image are copied once Python has its message.

A message reaches Python as one `bytes`, which rclpy makes of what Fast DDS has taken from the
shared memory; no interface of rclpy avoids these two. From there on the node has to come to the
network's input without another copy. Python's own bookkeeping of memory (tracemalloc, which NumPy
and OpenCV's arrays take part in) shows every allocation that is large enough to hold one.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fastdepth.messages import decode_compressed, decode_image
from fastdepth_ros.bench.frames import CameraMessages, Kind
from fastdepth_ros.cdr import Stamp, read_compressed, read_image
from fastdepth_ros.rig import assemble
from fastdepth_ros.settings import Settings

_ENOUGH = 0.5  # of the image's bytes, from which an allocation counts as a copy of it


class Copies(NamedTuple):
    """What happens to the pixels of one kind of image between its message and its depth.

    Attributes:
        kind: of the images.
        image_bytes: of the pixels.
        is_view: whether the pixels that go into the preprocessing lie in the message itself.
        peak_bytes: the most that was allocated at a time while a frame became depth.
        copies: how many times the pixels would fit into that.

    """

    kind: Kind
    image_bytes: int
    is_view: bool
    peak_bytes: int
    copies: int

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        return self._asdict()


def count_copies(model: Path, kind: Kind = "raw", size: tuple[int, int] = (1920, 1080)) -> Copies:
    """Make depth of one image and watch the memory.

    Args:
        model: that makes it.
        kind: of the images; of a JPEG, the decoded picture is the first copy.
        size: of the images, large against the tensors of the network.

    """
    messages = CameraMessages(kind, *size)
    read = read_image if kind == "raw" else read_compressed
    decode = decode_image if kind == "raw" else decode_compressed
    rig = assemble(Settings(model=str(model), threads=1, require_camera_info=False))
    maker = rig.plan.maker
    cdr = messages.image(Stamp(1, 0))
    maker.make(decode(read(cdr)), None)  # what is allocated once for all is no copy of this image
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        pixels = decode(read(cdr))
        made = maker.make(pixels, None)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    del made
    is_view = np.shares_memory(pixels.array, np.frombuffer(cdr, np.uint8))
    size_bytes = pixels.array.nbytes
    return Copies(kind, size_bytes, is_view, peak, int(peak / size_bytes + 1 - _ENOUGH))
