"""Encoders: classification networks cut before their classifier, giving one feature map a scale."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import EncoderConfig
from fastdepth_train.networks.encoders.blocks import replace_modules
from fastdepth_train.networks.encoders.encoder import Encoder
from fastdepth_train.networks.encoders.lcnet import build_lcnet
from fastdepth_train.networks.encoders.mobilenet_v1 import build_mobilenet_v1
from fastdepth_train.networks.encoders.mobilenet_v2 import build_mobilenet_v2
from fastdepth_train.networks.encoders.mobilenet_v3 import build_mobilenet_v3_large
from fastdepth_train.networks.encoders.mobilenet_v4 import build_mobilenet_v4_conv_small

__all__ = ["ENCODERS", "Encoder", "build_encoder"]

ENCODERS: dict[str, Callable[[EncoderConfig], Encoder]] = {
    "lcnet": build_lcnet,
    "mobilenet_v1": build_mobilenet_v1,
    "mobilenet_v2": build_mobilenet_v2,
    "mobilenet_v3_large": build_mobilenet_v3_large,
    "mobilenet_v4_conv_small": build_mobilenet_v4_conv_small,
}
# Whose every layer can be given a width of its own.
_WITH_CHANNELS = ("mobilenet_v1",)


def build_encoder(config: EncoderConfig) -> Encoder:
    """Build an encoder with random weights.

    Raises:
        NetworkError: unknown encoder, or one that takes no channels of single layers.

    """
    if config.name not in ENCODERS:
        msg = f"unknown encoder {config.name!r}; expected one of {', '.join(sorted(ENCODERS))}"
        raise NetworkError(msg)
    if config.channels is not None and config.name not in _WITH_CHANNELS:
        msg = (
            f"encoder.channels are given for {config.name}; expected one of "
            f"{', '.join(_WITH_CHANNELS)}, or encoder.width instead"
        )
        raise NetworkError(msg)
    encoder = ENCODERS[config.name](config)
    if config.activation == "relu":
        replace_modules(encoder, nn.ReLU6, lambda: nn.ReLU(inplace=True))
    return encoder
