"""Made-up frames with depth for training tests: coloured boxes before a wall."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.frame import Frame


class ListSource:
    """An IndexedSource over frames in memory."""

    def __init__(self, frames: list[Frame], name: str = "made up") -> None:
        self.frames = frames
        self.name = name

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    def __getitem__(self, index: int) -> Frame:
        return self.frames[index]


def room(seed: int, width: int = 96, height: int = 72) -> Frame:
    """Return a frame of boxes whose colour tells their depth; every 7th column is unmeasured."""
    rng = np.random.default_rng(seed)
    depth = np.full((height, width), 5.0, np.float32)
    for metres in sorted(rng.uniform(1.0, 4.5, 4), reverse=True):
        x, y = int(rng.integers(0, width // 2)), int(rng.integers(0, height // 2))
        depth[y : y + height // 2, x : x + width // 3] = metres
    grey = 255 - depth * 40
    image = np.stack([grey, grey / 2, 255 - grey], axis=-1) + rng.normal(0, 4, (height, width, 3))
    depth[:, ::7] = np.nan
    camera = Intrinsics(width, height, width * 0.8, width * 0.8, width / 2, height / 2)
    return Frame(image.clip(0, 255).astype(np.uint8), depth, camera, name=f"room {seed}")


def kaggle_folder(
    folder: Path, *, train: int = 8, val: int = 4, width: int = 96, height: int = 72
) -> Path:
    """Write rooms in the Kaggle layout (8-bit depth) and return the folder."""
    (folder / "data" / "rooms").mkdir(parents=True)
    for split, seeds in (("train", range(train)), ("val", range(100, 100 + val))):
        rows = []
        for seed in seeds:
            frame = room(seed, width, height)
            assert frame.depth is not None
            names = [f"data/rooms/{seed}.{kind}" for kind in ("jpg", "png")]
            steps = np.nan_to_num(frame.depth * 25.5).astype(np.uint8)
            assert cv2.imwrite(str(folder / names[0]), frame.image[..., ::-1])
            assert cv2.imwrite(str(folder / names[1]), steps)
            rows.append(",".join(names))
        (folder / "data" / f"nyu2_{split}.csv").write_text("\n".join(rows) + "\n")
    return folder
