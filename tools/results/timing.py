"""How long model files take beside the original FastDepth, in turns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch

from fastdepth.bench.timing import Subject, interleave
from fastdepth.card import InputSpec, ModelCard
from fastdepth.engines import OnnxRuntimeEngine, read_card
from fastdepth_train.export import export_network
from fastdepth_train.networks import PRESETS
from fastdepth_train.networks.build import build_network

ORIGINALS = ("fastdepth", "fastdepth-pruned")
_SIDE = 224


def export_original(preset: str, path: Path) -> Path:
    """Write a published shape with random weights, which take as long as trained ones."""
    torch.manual_seed(0)
    card = ModelCard(preset, "1", InputSpec(_SIDE, _SIDE), (_SIDE, _SIDE), (0.1, 10.0))
    export_network(build_network(PRESETS[preset]).eval(), card, path)
    return path


def time_files(
    files: Mapping[str, Path], reference: str, threads: int, seconds: float
) -> dict[str, dict[str, float]]:
    """Return median ms of each file on the clock and the CPU, and by the reference's."""
    subjects = {}
    for name, path in files.items():
        engine = OnnxRuntimeEngine(path, threads=threads)
        spec = read_card(path).input
        tensor = np.random.default_rng(0).random((1, 3, spec.height, spec.width), np.float32)
        subjects[name] = Subject(partial(engine.run, tensor))
    found = interleave(subjects, seconds, yardsticks=dict.fromkeys(files, reference))
    return {
        name: {
            "clock_ms": timing.wall.median,
            "cpu_ms": timing.cpu.median,
            "of_original": timing.ratio.median if timing.ratio else math.nan,
        }
        for name, timing in found.items()
    }
