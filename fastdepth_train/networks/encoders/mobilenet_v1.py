"""MobileNetV1 (Howard et al. 2017, arXiv 1704.04861, table 1), at any width or pruned."""

from __future__ import annotations

from itertools import pairwise

from torch import nn

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import EncoderConfig
from fastdepth_train.networks.encoders.blocks import DepthwiseSeparable, rounded
from fastdepth_train.networks.encoders.encoder import StagesEncoder

# Output channels of the first convolution and of the thirteen blocks.
CHANNELS = (32, 64, 128, 128, 256, 256, *(512,) * 6, 1024, 1024)
# Blocks in each stage; all stages but the first halve in their first block.
_STAGES = (1, 2, 2, 6, 2)


def build_mobilenet_v1(config: EncoderConfig) -> StagesEncoder:
    """Return MobileNetV1 without its classifier, 1024 channels at H/32.

    Layers are named as in timm's `mobilenetv1_100`.

    Raises:
        NetworkError: channels are given for another number of layers.

    """
    channels = config.channels or tuple(rounded(c * config.width) for c in CHANNELS)
    if len(channels) != len(CHANNELS):
        msg = (
            f"encoder.channels has {len(channels)} numbers; expected {len(CHANNELS)} for "
            "mobilenet_v1: of the first convolution and of 13 blocks"
        )
        raise NetworkError(msg)
    pairs = iter(pairwise(channels))
    stages = []
    for index, blocks in enumerate(_STAGES):
        stage = [
            DepthwiseSeparable(
                *next(pairs),
                kernel=3,
                stride=2 if index > 0 and block == 0 else 1,
                activation=_relu6,
            )
            for block in range(blocks)
        ]
        stages.append(nn.Sequential(*stage))
    ends = [sum(_STAGES[: index + 1]) for index in range(len(_STAGES))]
    return StagesEncoder(
        channels[0],
        _relu6(),
        nn.Sequential(*stages),
        taps=range(len(_STAGES)),
        channels=[channels[end] for end in ends],
    )


def _relu6() -> nn.Module:
    return nn.ReLU6(inplace=True)
