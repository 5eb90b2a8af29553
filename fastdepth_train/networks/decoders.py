"""Decoders: stages that convolve and then upsample x2, with skips from the encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import DecoderConfig


def nnconv(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return NNConvK's convolution: KxK, batch norm, ReLU."""
    return nn.Sequential(*_conv_bn_relu(in_channels, out_channels, kernel))


def nnconv_dw(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return NNConvKdw's convolutions: depthwise KxK, then 1x1, each with batch norm and ReLU."""
    return nn.Sequential(
        *_conv_bn_relu(in_channels, in_channels, kernel, groups=in_channels),
        *_conv_bn_relu(in_channels, out_channels, 1),
    )


STAGES: dict[str, Callable[[int, int, int], nn.Sequential]] = {
    "nnconv": nnconv,
    "nnconv_dw": nnconv_dw,
}


class Decoder(nn.Module):
    """One stage a halving of the encoder; every stage but the last upsamples and adds a skip.

    The last stage's upsample is left to the network, which puts its head before it.
    """

    def __init__(self, config: DecoderConfig, encoder_channels: Sequence[int]) -> None:
        """Build for an encoder whose maps have `encoder_channels`, fine to coarse.

        Raises:
            NetworkError: unknown stage, wrong number of stages, or a skip whose channels differ
                from what it is added to.

        """
        super().__init__()
        if config.name not in STAGES:
            msg = f"unknown decoder {config.name!r}; expected one of {', '.join(sorted(STAGES))}"
            raise NetworkError(msg)
        if len(config.channels) != len(encoder_channels):
            msg = (
                f"the decoder has {len(config.channels)} stages {config.channels}; expected "
                f"{len(encoder_channels)}, one for each halving in the encoder"
            )
            raise NetworkError(msg)
        coarse_to_fine = list(reversed(encoder_channels))
        self.adds_skips = config.skip == "add"
        skips = tuple(coarse_to_fine[1:])
        if self.adds_skips and config.channels[:-1] != skips:
            msg = (
                f"decoder channels are {config.channels[:-1]} before the last stage; expected the "
                f"encoder's {skips}, since skips are added"
            )
            raise NetworkError(msg)
        inputs = (coarse_to_fine[0], *config.channels[:-1])
        self.stages = nn.ModuleList(
            STAGES[config.name](i, o, config.kernel)
            for i, o in zip(inputs, config.channels, strict=True)
        )
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        self.out_channels = config.channels[-1]

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the encoder's feature maps, fine to coarse, to one at the size of the finest."""
        x = maps[-1]
        for stage, skip in zip(self.stages[:-1], reversed(maps[:-1]), strict=True):
            x = self.upsample(stage(x))
            if self.adds_skips:
                x = x + skip
        finest: Tensor = self.stages[-1](x)
        return finest


def _conv_bn_relu(
    in_channels: int, out_channels: int, kernel: int, groups: int = 1
) -> list[nn.Module]:
    return [
        nn.Conv2d(
            in_channels, out_channels, kernel, padding=kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]
