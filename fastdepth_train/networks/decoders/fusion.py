"""A light decoder: every scale in the same few channels, summed coarse to fine."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import DecoderConfig
from fastdepth_train.networks.decoders.decoder import Decoder, check_stages, upsample2
from fastdepth_train.networks.decoders.stages import conv_dw


class FusionDecoder(Decoder):
    """A 1x1 convolution narrows each map; the sum so far is upsampled, added to and refined.

    A feature pyramid (Lin et al. 2017) that is narrow and has depthwise convolutions.
    """

    def __init__(self, config: DecoderConfig, encoder_channels: Sequence[int]) -> None:
        """Build for an encoder whose maps have `encoder_channels`, fine to coarse.

        Raises:
            NetworkError: wrong number of stages, stages of different width, or no skips.

        """
        super().__init__()
        check_stages(config, encoder_channels)
        width = config.channels[0]
        if set(config.channels) != {width} or config.skip != "add" or config.first_skip != 1:
            msg = (
                f"the fusion decoder has channels {config.channels}, skip {config.skip} and "
                f"first_skip {config.first_skip}; expected one number of channels in all stages, "
                "skip add and first_skip 1"
            )
            raise NetworkError(msg)
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width))
            for channels in reversed(encoder_channels)
        )
        self.stages = nn.ModuleList(conv_dw(width, width, config.kernel) for _ in encoder_channels)
        self.upsample = upsample2("nearest")
        self.out_channels = width
        self.out_stride = 2

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the encoder's feature maps, fine to coarse, to one at the size of the finest."""
        coarsest, *finer = reversed(maps)
        x: Tensor = self.stages[0](self.laterals[0](coarsest))
        for lateral, stage, features in zip(self.laterals[1:], self.stages[1:], finer, strict=True):
            x = stage(self.upsample(x) + lateral(features))
        return x
