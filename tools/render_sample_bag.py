"""Render the sample bag: three furnished rooms, filmed by a hand-held colour and depth camera.

Needs mitsuba and a denoiser beside the package; neither is a dependency of it:

    pip install mitsuba pyoidn -e .[bags]
    python tools/render_sample_bag.py --frames /tmp/rooms --out samples/rooms

Each finished frame is kept in the frames folder, and a second run goes on where the first stopped.
Everything in the rooms is made by the code in tools/rooms; no model or picture is loaded.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import mitsuba as mi
import numpy as np

from fastdepth.bags import BagWriter
from fastdepth.files import whole_file
from fastdepth.messages import image_fields

mi.set_variant("scalar_rgb")  # the rooms make mitsuba's types when they are imported

from rooms import camera, render  # noqa: E402
from rooms.kitchen import kitchen  # noqa: E402
from rooms.living import living_room  # noqa: E402
from rooms.scene import Room, load  # noqa: E402
from rooms.study import study  # noqa: E402

CUTS = ((living_room, 12), (kitchen, 12), (study, 12))  # the rooms, and how many frames of each

COLOUR = "/camera/color/image_raw"
INFO = "/camera/color/camera_info"
DEPTH = "/camera/aligned_depth_to_color/image_raw"
FRAME_ID = "camera_color_optical_frame"
EPOCH = 1_700_000_000  # the first frame's stamp, s; any would do


class Task(NamedTuple):
    """One frame to render: its number in the bag, its room, its pose and its files."""

    number: int
    room: Room
    pose: camera.Pose
    rgb: Path
    depth: Path


def tasks(frames: Path) -> Iterator[Task]:
    """Return all frames of the bag, in order."""
    number = 0
    for make, count in CUTS:
        room = make()
        for pose in camera.path(room, count):
            stem = f"{number:03d}_{room.name}"
            yield Task(number, room, pose, frames / f"{stem}_rgb.png", frames / f"{stem}_depth.png")
            number += 1


def render_all(frames: Path, samples: int) -> None:
    """Render every frame that is not in the folder yet."""
    loaded: tuple[str, mi.Scene] | None = None
    for task in tasks(frames):
        if task.rgb.exists() and task.depth.exists():
            continue
        room = task.room
        if loaded is None or loaded[0] != room.name:
            loaded = room.name, load(room, frames / "meshes" / room.name)
        start = time.perf_counter()
        shot = render.shoot(
            loaded[1], task.pose, exposure=room.exposure, samples=samples, seed=task.number
        )
        for path, pixels in ((task.rgb, shot.rgb[..., ::-1]), (task.depth, shot.depth)):
            with whole_file(path) as temporary:
                cv2.imwrite(str(temporary), pixels)
        print(f"{task.rgb.name}: {time.perf_counter() - start:.1f} s", flush=True)


def camera_info() -> dict[str, Any]:
    """Return the fields of the CameraInfo, less its header."""
    f, cx, cy = camera.FOCAL, camera.CX, camera.CY
    return {
        "height": camera.HEIGHT,
        "width": camera.WIDTH,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": [f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        "r": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        "p": [f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    }


def depth_image(depth: np.ndarray[Any, np.dtype[np.uint16]]) -> dict[str, Any]:
    """Return the fields of a 16UC1 image in millimetres, less its header."""
    height, width = depth.shape
    return {
        "height": height,
        "width": width,
        "encoding": "16UC1",
        "is_bigendian": 0,
        "step": 2 * width,
        "data": depth.astype("<u2").tobytes(),
    }


def write_bag(frames: Path, out: Path) -> None:
    """Write the rendered frames as a compressed mcap bag.

    Raises:
        FileNotFoundError: a frame has not been rendered.
        OutputError: the bag exists already or cannot be written.

    """
    with BagWriter(out, storage="mcap", compress=True) as bag:
        for task in tasks(frames):
            rgb = cv2.imread(str(task.rgb), cv2.IMREAD_COLOR)
            depth = cv2.imread(str(task.depth), cv2.IMREAD_UNCHANGED)
            if rgb is None or depth is None:
                raise FileNotFoundError(task.rgb)
            stamp = EPOCH * 10**9 + round(task.number * 10**9 / camera.RATE)
            sec, nanosec = divmod(stamp, 10**9)
            header = {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": FRAME_ID}
            image = image_fields(np.ascontiguousarray(rgb[..., ::-1]))
            bag.write(COLOUR, "sensor_msgs/msg/Image", stamp, header=header, **image)
            bag.write(INFO, "sensor_msgs/msg/CameraInfo", stamp, header=header, **camera_info())
            bag.write(DEPTH, "sensor_msgs/msg/Image", stamp, header=header, **depth_image(depth))
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    print(f"{out}: {size:.1f} MB")


def main() -> None:
    """Render what is missing, then write the bag."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--frames", type=Path, required=True, help="folder for finished frames")
    parser.add_argument("--out", type=Path, required=True, help="the bag to write; a new folder")
    parser.add_argument("--samples", type=int, default=3, help="paths a subpixel (4 subpixels)")
    args = parser.parse_args()
    render_all(args.frames, args.samples)
    write_bag(args.frames, args.out)


if __name__ == "__main__":
    main()
