"""The depth network: image in, metres out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fastdepth_train.networks.config import NetworkConfig
from fastdepth_train.networks.decoders import Decoder
from fastdepth_train.networks.encoders import build_encoder

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
        self.decoder = Decoder(config.decoder, self.encoder.channels)
        self.head = nn.Conv2d(self.decoder.out_channels, 1, 1)
        self.stride = 2 ** len(self.encoder.channels)
        self.upsample: nn.Module = nn.Identity()
        if config.upsample == "nearest":
            self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        elif config.upsample == "bilinear":
            self.upsample = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self._start_at_first_guess()

    def forward(self, image: Tensor) -> Tensor:
        """Map a normalised Bx3xHxW image to depth, Bx1xHxW metres (half that if not upsampled)."""
        depth: Tensor = self.upsample(self.to_depth(self.head(self.decoder(self.encoder(image)))))
        return depth

    def to_depth(self, raw: Tensor) -> Tensor:
        """Turn the head's output into metres."""
        if self.config.output == "exp":
            return torch.exp(torch.clamp(raw, -LOG_LIMIT, LOG_LIMIT))
        return torch.relu(raw)

    def _start_at_first_guess(self) -> None:
        """Begin near a plausible depth: learning is not spent on finding the unit."""
        guess = torch.tensor(FIRST_GUESS)
        value = torch.log(guess) if self.config.output == "exp" else guess
        bias = self.head.bias
        if bias is not None:
            nn.init.constant_(bias, float(value))
