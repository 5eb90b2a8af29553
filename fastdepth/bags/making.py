"""Make bags of recordings that are none: TUM RGB-D folders, plain pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastdepth.bags.topics import CAMERA_INFO, IMAGE
from fastdepth.bags.writer import BagWriter
from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import F32Array, U8Array
from fastdepth.messages import depth_fields, image_fields, intrinsics_fields
from fastdepth.sources import PicturesSource, TumSource
from fastdepth.sources.reading import read_rgb
from fastdepth.sources.tum import read_tum_depth

IMAGE_TOPIC = "/camera/color/image_raw"
CAMERA_INFO_TOPIC = "/camera/color/camera_info"
DEPTH_TOPIC = "/camera/aligned_depth_to_color/image_raw"
FRAME_ID = "camera_color_optical_frame"

# A stamp of 0 means "not stamped" to much of ROS.
_FIRST_STAMP = 1_000_000_000


def write_image(bag: BagWriter, stamp: int, image: U8Array) -> None:
    """Write an HxWx3 RGB image as rgb8, received when it was taken."""
    bag.write(IMAGE_TOPIC, IMAGE, stamp, header=_header(stamp), **image_fields(image))


def write_camera(
    bag: BagWriter, stamp: int, camera: Intrinsics, distortion: Sequence[float] = ()
) -> None:
    """Write the camera_info of the image with this stamp."""
    fields = intrinsics_fields(camera, distortion)
    bag.write(CAMERA_INFO_TOPIC, CAMERA_INFO, stamp, header=_header(stamp), **fields)


def write_depth(bag: BagWriter, stamp: int, depth: F32Array) -> None:
    """Write HxW metres as 32FC1, NaN where there is none."""
    bag.write(DEPTH_TOPIC, IMAGE, stamp, header=_header(stamp), **depth_fields(depth))


def write_tum(bag: BagWriter, source: TumSource) -> Iterator[None]:
    """Write a TUM RGB-D folder: image and camera_info, and depth at stamps of its own.

    Every picture of both lists is written, paired or not, in the order of the stamps, which are
    exact. Depth is 32FC1: a 5000th of a metre is no whole number of millimetres.

    Yields:
        After each picture, for progress; `count_tum` tells how many.

    Raises:
        SourceError: a picture cannot be read.

    """
    images = [(picture.stamp, False, picture.file) for picture in source.images]
    depths = [(picture.stamp, True, picture.file) for picture in source.depths]
    for stamp, is_depth, file in sorted([*images, *depths]):
        if is_depth:
            write_depth(bag, stamp, read_tum_depth(file))
        else:
            image = read_rgb(file)
            write_image(bag, stamp, image)
            if source.camera is not None:
                height, width = image.shape[:2]
                camera = source.camera.of(width, height)
                write_camera(bag, stamp, camera, source.camera.distortion)
        yield


def count_tum(source: TumSource) -> int:
    """Return the number of pictures `write_tum` writes."""
    return len(source.images) + len(source.depths)


def write_pictures(bag: BagWriter, source: PicturesSource, rate: float) -> Iterator[None]:
    """Write pictures as images taken at a steady rate, the first at 1 s.

    Args:
        bag: to write to.
        source: the pictures, all of one size; with intrinsics, camera_info is written too.
        rate: in hertz.

    Yields:
        After each picture, for progress.

    Raises:
        SourceError: a picture cannot be read, or has another size than the first.

    """
    size = None
    for number, frame in enumerate(source):
        height, width = frame.image.shape[:2]
        if size is None:
            size = width, height
        if size != (width, height):
            text = (
                f"picture {frame.name} is {width}x{height}, the first is {size[0]}x{size[1]}; "
                "expected all of one camera"
            )
            raise SourceError(text)
        stamp = _FIRST_STAMP + round(number * 1_000_000_000 / rate)
        write_image(bag, stamp, frame.image)
        if frame.intrinsics is not None:
            write_camera(bag, stamp, frame.intrinsics)
        yield


def _header(stamp: int) -> dict[str, Any]:
    seconds, nanoseconds = divmod(stamp, 1_000_000_000)
    return {"stamp": {"sec": seconds, "nanosec": nanoseconds}, "frame_id": FRAME_ID}
