"""What every encoder is: a classification network cut before its classifier, with taps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn


class Encoder(nn.Module):
    """Maps an image to one feature map for each halving of its size.

    Attributes:
        channels: of the delivered feature maps, fine to coarse, as built: before any pruning.

    """

    channels: tuple[int, ...]

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map Bx3xHxW to feature maps of H/2, H/4, ... rows, fine to coarse."""
        raise NotImplementedError


class FeaturesEncoder(Encoder):
    """A chain of layers that is called `features`, as torchvision names it.

    Attributes:
        features: the layers.
        taps: indices of the layers whose outputs are delivered, fine to coarse.

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


class StagesEncoder(Encoder):
    """A stem and `blocks` of stages, as timm names them: its weights fit.

    Attributes:
        conv_stem, bn1, act1: the stem, which halves the image.
        blocks: the stages, each a chain of blocks.
        taps: indices of the stages whose outputs are delivered, fine to coarse; -1 is the stem.

    """

    def __init__(
        self,
        stem: int,
        activation: nn.Module,
        blocks: nn.Sequential,
        taps: Sequence[int],
        channels: Sequence[int],
    ) -> None:
        """Compose an encoder of a stem of `stem` channels and stages, up to the last tap."""
        super().__init__()
        self.conv_stem = nn.Conv2d(3, stem, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.act1 = activation
        self.blocks = blocks
        self.taps = tuple(taps)
        self.channels = tuple(channels)
        self.apply(_start)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Map Bx3xHxW to feature maps of H/2, H/4, ... rows, fine to coarse."""
        maps = []
        x = self.act1(self.bn1(self.conv_stem(image)))
        if -1 in self.taps:
            maps.append(x)
        for index, stage in enumerate(self.blocks):
            x = stage(x)
            if index in self.taps:
                maps.append(x)
        return maps


def last_width(layer: nn.Module) -> int:
    """Return the channels that a layer delivers, those of its last batch norm."""
    widths = [m.num_features for m in layer.modules() if isinstance(m, nn.BatchNorm2d)]
    return widths[-1]


def _start(module: nn.Module) -> None:
    """Draw a convolution's weights so that the variance survives it (He et al. 2015)."""
    if isinstance(module, nn.Conv2d):
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
        nn.init.normal_(module.weight, std=math.sqrt(2 * module.groups / fan_out))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
