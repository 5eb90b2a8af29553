"""Decoder stages: each convolves and brings its map to twice the size (Wofk et al. 2019, III).

NNConv and BLConv convolve first, at a quarter of the cost, and upsample then; the others begin with
their upsample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from fastdepth_train.errors import NetworkError


class StageKind(NamedTuple):
    """How stages of one kind are made.

    Attributes:
        build: from input channels, output channels and kernel.
        upsample: what doubles the size after it; None if the stage does that itself.

    """

    build: Callable[[int, int, int], nn.Module]
    upsample: Literal["nearest", "bilinear"] | None


def conv(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return NNConvK's convolution: KxK, batch norm, ReLU."""
    return nn.Sequential(*_conv_norm_relu(in_channels, out_channels, kernel))


def conv_dw(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return NNConvKdw's convolutions: depthwise KxK, then 1x1, each with batch norm and ReLU."""
    return nn.Sequential(
        *_conv_norm_relu(in_channels, in_channels, kernel, groups=in_channels),
        *_conv_norm_relu(in_channels, out_channels, 1),
    )


def deconv(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return DeConvK: a transposed convolution of stride 2, batch norm, ReLU."""
    return nn.Sequential(*_deconv_norm_relu(in_channels, out_channels, kernel))


def deconv_dw(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return DeConvKdw: a depthwise transposed convolution, then 1x1."""
    return nn.Sequential(
        *_deconv_norm_relu(in_channels, in_channels, kernel, groups=in_channels),
        *_conv_norm_relu(in_channels, out_channels, 1),
    )


def upconv(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return UpConv: unpooling with zeros, then KxK, batch norm, ReLU."""
    return nn.Sequential(Unpool(), *_conv_norm_relu(in_channels, out_channels, kernel))


def shuffleconv(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return ShuffleConvK: a quarter of the channels at twice the size, then KxK.

    Raises:
        NetworkError: `in_channels` is not a multiple of 4.

    """
    return nn.Sequential(nn.PixelShuffle(2), *conv(_quarter(in_channels), out_channels, kernel))


def shuffleconv_dw(in_channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """Return ShuffleConvKdw: `shuffleconv` with a depthwise KxK and a 1x1."""
    return nn.Sequential(nn.PixelShuffle(2), *conv_dw(_quarter(in_channels), out_channels, kernel))


class Unpool(nn.Module):
    """Doubles both sides: every pixel goes to the upper left of a 2x2 field of zeros."""

    def __init__(self) -> None:
        """Unpool maps of any number of channels."""
        super().__init__()
        self.register_buffer("one", torch.ones(1, 1, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map BxCxHxW to BxCx2Hx2W."""
        channels = x.shape[1]
        one = self.get_buffer("one").expand(channels, 1, 1, 1)
        return functional.conv_transpose2d(x, one, stride=2, output_padding=1, groups=channels)


class UpProj(nn.Module):
    """UpProj (Laina et al. 2016, section 3.2): unpooling, then a residual and a projection."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        """Build with random weights; the residual's second convolution is 3x3."""
        super().__init__()
        self.unpool = Unpool()
        self.residual = nn.Sequential(
            *_conv_norm_relu(in_channels, out_channels, kernel),
            *_conv_norm_relu(out_channels, out_channels, 3)[:-1],
        )
        self.projection = nn.Sequential(*_conv_norm_relu(in_channels, out_channels, kernel)[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """Map BxCxHxW to Bxout_channelsx2Hx2W."""
        x = self.unpool(x)
        return torch.relu(self.residual(x) + self.projection(x))


STAGES: dict[str, StageKind] = {
    "nnconv": StageKind(conv, "nearest"),
    "nnconv_dw": StageKind(conv_dw, "nearest"),
    "blconv": StageKind(conv, "bilinear"),
    "blconv_dw": StageKind(conv_dw, "bilinear"),
    "deconv": StageKind(deconv, None),
    "deconv_dw": StageKind(deconv_dw, None),
    "upconv": StageKind(upconv, None),
    "upproj": StageKind(UpProj, None),
    "shuffleconv": StageKind(shuffleconv, None),
    "shuffleconv_dw": StageKind(shuffleconv_dw, None),
}


def _conv_norm_relu(
    in_channels: int, out_channels: int, kernel: int, groups: int = 1
) -> list[nn.Module]:
    return [
        nn.Conv2d(
            in_channels, out_channels, kernel, padding=kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


def _deconv_norm_relu(
    in_channels: int, out_channels: int, kernel: int, groups: int = 1
) -> list[nn.Module]:
    return [
        nn.ConvTranspose2d(
            in_channels,
            out_channels,
            kernel,
            stride=2,
            padding=kernel // 2,
            output_padding=1,
            groups=groups,
            bias=False,
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


def _quarter(channels: int) -> int:
    if channels % 4:
        msg = f"a pixel shuffle has {channels} input channels; expected a multiple of 4"
        raise NetworkError(msg)
    return channels // 4
