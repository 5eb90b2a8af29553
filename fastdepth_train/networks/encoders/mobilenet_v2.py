"""MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381) at any width: torchvision's."""

from __future__ import annotations

from torch import nn
from torchvision.models import mobilenet_v2

from fastdepth_train.networks.config import EncoderConfig
from fastdepth_train.networks.encoders.encoder import FeaturesEncoder, last_width

_TAPS = (1, 3, 6, 13, 17)


def build_mobilenet_v2(config: EncoderConfig) -> FeaturesEncoder:
    """Return MobileNetV2 up to its last block, 320 channels at H/32.

    The 1x1 convolution to 1280 channels serves the classifier alone and is left out.
    """
    features: nn.Sequential = mobilenet_v2(width_mult=config.width).features[: _TAPS[-1] + 1]
    return FeaturesEncoder(features, _TAPS, [last_width(features[tap]) for tap in _TAPS])
