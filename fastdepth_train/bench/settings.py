"""What a timed training is run with; apart, so that who starts it need not load torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Precision = Literal["32-true", "bf16-mixed"]


@dataclass(frozen=True)
class Settings:
    """What is run.

    Attributes:
        root: of the frames.
        source: what kind of source they are; None to tell from the path.
        split: to train on; None where the source has none.
        preset: of the network.
        batch_size: of each process.
        precision: of Lightning.
        processes: that train together.
        threads: of each.
        seconds: to go on for; 0 goes by `steps`.
        steps: to take after warming up, where `seconds` is 0.
        workers: of the loader.

    """

    root: str
    source: str | None = None
    split: str | None = None
    preset: str = "mobilenetv2-nnconv5dw"
    batch_size: int = 8
    precision: Precision = "32-true"
    processes: int = 1
    threads: int = 1
    seconds: float = 0.0
    steps: int = 6
    workers: int = 0
