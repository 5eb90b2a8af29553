"""The depth network: image in, metres out."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import NetworkConfig
from fastdepth_train.networks.decoders import build_decoder
from fastdepth_train.networks.decoders.decoder import upsample2
from fastdepth_train.networks.encoders import build_encoder
from fastdepth_train.networks.resizing import shrink_layers

# What an untrained network answers: about the median depth of an indoor frame, metres.
FIRST_GUESS = 2.5
# Depth beyond this is unreachable for an `exp` output; it keeps an early step from overflowing.
LOG_LIMIT = 4.0


class DepthNetwork(nn.Module):
    """Encoder, decoder with skips, and a 1x1 head.

    Attributes:
        config: what it was built from.
        stride: both sides of the input must be multiples of this.

    """

    def __init__(self, config: NetworkConfig) -> None:
        """Build with random weights.

        Raises:
            NetworkError: the configuration names an unknown part or its parts do not fit.

        """
        super().__init__()
        self.config = config
        self.encoder = build_encoder(config.encoder)
        self.decoder = build_decoder(config.decoder, self.encoder.channels)
        self.stride = 2 ** len(self.encoder.channels)
        guess = math.log(FIRST_GUESS) if config.output == "exp" else FIRST_GUESS
        self.head = _head(self.decoder.out_channels, guess, has_norm=config.output == "norm_relu")
        self.upsample: nn.Module = nn.Identity()
        if config.upsample != "none":
            if self.decoder.out_stride == 1:
                msg = (
                    f"network setting upsample is {config.upsample!r}; expected none, since the "
                    f"decoder {config.decoder.name} delivers maps of the input's size"
                )
                raise NetworkError(msg)
            self.upsample = upsample2(config.upsample)
        if config.sizes is not None:
            shrink_layers(self, config.sizes)

    def forward(self, image: Tensor) -> Tensor:
        """Map a normalised Bx3xHxW image to depth, Bx1xHxW metres (half that if not upsampled)."""
        features: Tensor = self.decoder(self.encoder(image))
        if self.config.head == "after":
            return self.to_depth(self.head(self.upsample(features)))
        depth: Tensor = self.upsample(self.to_depth(self.head(features)))
        return depth

    def to_depth(self, raw: Tensor) -> Tensor:
        """Turn the head's output into metres."""
        if self.config.output == "exp":
            return torch.exp(torch.clamp(raw, -LOG_LIMIT, LOG_LIMIT))
        return torch.relu(raw)


def head_first(network: nn.Module) -> nn.Module:
    """Return the same function with its head before the last upsample, where that is exact.

    It is for a `DepthNetwork` with `nearest`: head and output work on single pixels, and every
    pixel is there four times after the upsample. A network that has nothing to gain is returned as
    it is; another shares its weights with the one given.
    """
    if not isinstance(network, DepthNetwork):
        return network
    config = network.config
    if config.head == "before" or config.upsample != "nearest":
        return network
    faster = DepthNetwork(replace(config, head="before"))
    faster.encoder, faster.decoder, faster.head = network.encoder, network.decoder, network.head
    return faster.train(network.training)


def _head(channels: int, guess: float, *, has_norm: bool) -> nn.Module:
    """Return the 1x1 convolution to one channel, which answers about `guess` at first."""
    conv = nn.Conv2d(channels, 1, 1, bias=not has_norm)
    last = nn.BatchNorm2d(1) if has_norm else conv
    if last.bias is not None:
        nn.init.constant_(last.bias, guess)
    return nn.Sequential(conv, last) if has_norm else conv
