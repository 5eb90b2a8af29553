"""PP-LCNet (Cui et al. 2021, arXiv 2109.15099, table 1) at any width: made for CPUs."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from fastdepth_train.networks.config import EncoderConfig
from fastdepth_train.networks.encoders.blocks import DepthwiseSeparable, rounded
from fastdepth_train.networks.encoders.encoder import StagesEncoder


class _Stage(NamedTuple):
    """Blocks of one kernel and width; the first has the stride."""

    kernels: tuple[int, ...]
    stride: int
    channels: int
    squeeze: float = 0.0


_STEM = 16
_STAGES = (
    _Stage((3,), 1, 32),
    _Stage((3, 3), 2, 64),
    _Stage((3, 3), 2, 128),
    _Stage((3, 5), 2, 256),
    _Stage((5, 5, 5, 5), 1, 256),
    _Stage((5, 5), 2, 512, squeeze=0.25),
)
# The fourth stage and the fifth have one resolution.
_TAPS = (0, 1, 2, 4, 5)


def build_lcnet(config: EncoderConfig) -> StagesEncoder:
    """Return PP-LCNet without its classifier, 512 channels at H/32.

    Layers are named as in timm's `lcnet_100`.
    """
    stem = channels = rounded(_STEM * config.width)
    stages = []
    widths = []
    for shape in _STAGES:
        stage = []
        for index, kernel in enumerate(shape.kernels):
            out = rounded(shape.channels * config.width)
            stage.append(
                DepthwiseSeparable(
                    channels,
                    out,
                    kernel=kernel,
                    stride=shape.stride if index == 0 else 1,
                    activation=_hardswish,
                    squeeze=shape.squeeze,
                )
            )
            channels = out
        stages.append(nn.Sequential(*stage))
        widths.append(channels)
    return StagesEncoder(
        stem,
        _hardswish(),
        nn.Sequential(*stages),
        taps=_TAPS,
        channels=[widths[tap] for tap in _TAPS],
    )


def _hardswish() -> nn.Module:
    return nn.Hardswish(inplace=True)
