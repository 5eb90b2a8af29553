"""What every decoder is, and what its configuration must satisfy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import DecoderConfig


class Decoder(nn.Module):
    """Maps an encoder's feature maps to one of fine resolution.

    Attributes:
        out_channels: of the map it delivers.
        out_stride: size of the image in sizes of that map, 1 or 2.

    """

    out_channels: int
    out_stride: int

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the encoder's feature maps, fine to coarse, to one of `out_stride`."""
        raise NotImplementedError


def check_stages(config: DecoderConfig, encoder_channels: Sequence[int]) -> None:
    """Refuse a decoder that has not one stage for each halving; raise NetworkError."""
    if len(config.channels) != len(encoder_channels):
        msg = (
            f"the decoder has {len(config.channels)} stages {config.channels}; expected "
            f"{len(encoder_channels)}, one for each halving in the encoder"
        )
        raise NetworkError(msg)


def upsample2(mode: Literal["nearest", "bilinear"]) -> nn.Upsample:
    """Return an upsample x2 that keeps pixel edges in place."""
    # By its factor: engines disagree on sizes.
    if mode == "nearest":
        return nn.Upsample(scale_factor=2, mode="nearest")
    return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
