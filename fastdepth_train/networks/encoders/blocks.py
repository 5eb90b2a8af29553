"""Blocks that several encoders share, and what their widths are rounded to."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def rounded(channels: float, unit: int = 8) -> int:
    """Return channels rounded to a multiple of `unit`, never down by more than a tenth.

    The rule of all MobileNets (Sandler et al. 2018, its reference code).
    """
    nearest = max(unit, int(channels + unit / 2) // unit * unit)
    return nearest + unit if nearest < 0.9 * channels else nearest


def replace_modules(
    within: nn.Module, kind: type[nn.Module], make: Callable[[], nn.Module]
) -> None:
    """Put a new module in place of every one of that kind, at any depth."""
    for name, child in within.named_children():
        if isinstance(child, kind):
            setattr(within, name, make())
        else:
            replace_modules(child, kind, make)


class HardSigmoid(nn.Module):
    """`nn.Hardsigmoid` in simple operations.

    OpenCV 5.0 takes an exported HardSigmoid that is multiplied with anything for a hard swish, and
    computes wrong maps.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map x to x / 6 + 1/2, cut to 0..1."""
        return torch.clamp(x * (1 / 6) + 0.5, 0, 1)


class SqueezeExcite(nn.Module):
    """Scales channels by what their means say (Hu et al. 2018), with a hard sigmoid."""

    def __init__(self, channels: int, reduced: int) -> None:
        """Build with random weights; `reduced` channels lie between."""
        super().__init__()
        self.conv_reduce = nn.Conv2d(channels, reduced, 1)
        self.act1 = nn.ReLU(inplace=True)
        self.conv_expand = nn.Conv2d(reduced, channels, 1)
        self.gate = HardSigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Map BxCxHxW to the same shape."""
        mean = torch.mean(x, dim=(2, 3), keepdim=True)
        scaled: Tensor = x * self.gate(self.conv_expand(self.act1(self.conv_reduce(mean))))
        return scaled


class DepthwiseSeparable(nn.Module):
    """A depthwise KxK and a 1x1 convolution, each with batch norm and activation."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel: int,
        stride: int,
        activation: Callable[[], nn.Module],
        squeeze: float = 0.0,
    ) -> None:
        """Build with random weights; `squeeze` is the share of a SqueezeExcite, or 0."""
        super().__init__()
        self.conv_dw = nn.Conv2d(
            in_channels,
            in_channels,
            kernel,
            stride,
            padding=kernel // 2,
            groups=in_channels,
            bias=False,
        )
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.act1 = activation()
        self.se: nn.Module = nn.Identity()
        if squeeze:
            self.se = SqueezeExcite(in_channels, rounded(in_channels * squeeze))
        self.conv_pw = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.act2 = activation()

    def forward(self, x: Tensor) -> Tensor:
        """Map BxCxHxW to Bxout_channelsxH/stridexW/stride."""
        x = self.se(self.act1(self.bn1(self.conv_dw(x))))
        y: Tensor = self.act2(self.bn2(self.conv_pw(x)))
        return y
