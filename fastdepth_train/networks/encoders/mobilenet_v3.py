"""MobileNetV3-large (Howard et al. 2019, arXiv 1905.02244, table 1) at any width: torchvision's."""

from __future__ import annotations

from torch import nn
from torchvision.models import mobilenet_v3_large

from fastdepth_train.networks.config import EncoderConfig
from fastdepth_train.networks.encoders.blocks import HardSigmoid, replace_modules
from fastdepth_train.networks.encoders.encoder import FeaturesEncoder, last_width

_TAPS = (1, 3, 6, 12, 15)


def build_mobilenet_v3_large(config: EncoderConfig) -> FeaturesEncoder:
    """Return MobileNetV3-large up to its last block, 160 channels at H/32.

    The 1x1 convolution to 960 channels serves the classifier alone and is left out.
    """
    features: nn.Sequential = mobilenet_v3_large(width_mult=config.width).features[: _TAPS[-1] + 1]
    replace_modules(features, nn.Hardsigmoid, HardSigmoid)
    return FeaturesEncoder(features, _TAPS, [last_width(features[tap]) for tap in _TAPS])
