"""Encoders: classification networks cut before their classifier, giving one feature map a scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import EncoderConfig


class Encoder(nn.Module):
    """A chain of layers with taps; layer names match the classification network it is cut from.

    Attributes:
        features: the layers.
        taps: indices of the layers whose outputs are delivered, fine to coarse, one for each
            halving of the image.
        channels: of the delivered feature maps.

    """

    def __init__(
        self, features: nn.Sequential, taps: Sequence[int], channels: Sequence[int]
    ) -> None:
        """Compose an encoder from layers; the last tap must be the last layer."""
        super().__init__()
        self.features = features
        self.taps = tuple(taps)
        self.channels = tuple(channels)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map Bx3xHxW to feature maps of H/2, H/4, ... rows, fine to coarse."""
        maps = []
        x = image
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.taps:
                maps.append(x)
        return maps


def build_mobilenet_v2(config: EncoderConfig) -> Encoder:
    """Return MobileNetV2 (Sandler et al. 2018) up to its last block, 320 channels at H/32.

    The 1x1 convolution to 1280 channels serves the classifier alone and is left out.
    """
    whole = mobilenet_v2(width_mult=config.width)
    taps = (1, 3, 6, 13, 17)
    features: nn.Sequential = whole.features[:18]
    channels = [_last_width(features[tap]) for tap in taps]
    return Encoder(features, taps, channels)


ENCODERS: dict[str, Callable[[EncoderConfig], Encoder]] = {
    "mobilenet_v2": build_mobilenet_v2,
}


def build_encoder(config: EncoderConfig) -> Encoder:
    """Build an encoder with random weights; raise NetworkError for an unknown name."""
    if config.name not in ENCODERS:
        msg = f"unknown encoder {config.name!r}; expected one of {', '.join(sorted(ENCODERS))}"
        raise NetworkError(msg)
    encoder = ENCODERS[config.name](config)
    if config.activation == "relu":
        _replace_relu6(encoder)
    return encoder


def _last_width(layer: nn.Module) -> int:
    widths = [m.num_features for m in layer.modules() if isinstance(m, nn.BatchNorm2d)]
    return widths[-1]


def _replace_relu6(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.ReLU6):
            setattr(module, name, nn.ReLU(inplace=True))
        else:
            _replace_relu6(child)
