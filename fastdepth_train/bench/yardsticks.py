"""Write networks with random weights: `python -m fastdepth_train.bench.yardsticks PRESET=FILE ...`.

They serve to measure time alone, which is the same as that of trained ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from fastdepth.card import InputSpec, ModelCard
from fastdepth.errors import FastDepthError
from fastdepth_train.export import export_network
from fastdepth_train.networks import preset
from fastdepth_train.networks.build import build_network

_SIZE = 224


def write_yardstick(name: str, path: Path, size: int = _SIZE) -> None:
    """Export a preset for square images, with weights that are the same every time.

    Raises:
        FastDepthError: there is no such preset, it cannot be exported or written.

    """
    torch.manual_seed(0)
    network = build_network(preset(name)).eval()
    card = ModelCard(
        name=name,
        version="1",
        input=InputSpec(size, size),
        focal_length=(float(size), float(size)),
        depth_range=(0.1, 10.0),
        notes="Random weights, to measure time.",
    )
    export_network(network, card, path)


def main(argv: list[str]) -> int:
    """Write what is asked for; return the exit code."""
    for text in argv:
        name, _, path = text.partition("=")
        try:
            write_yardstick(name, Path(path))
        except FastDepthError as err:
            sys.stderr.write(f"{err}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
