"""MobileNetV4-Conv-Small (Qin et al. 2024, arXiv 2404.10518, table 11), at any width."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from torch import Tensor, nn

from fastdepth_train.networks.config import EncoderConfig
from fastdepth_train.networks.encoders.blocks import rounded
from fastdepth_train.networks.encoders.encoder import StagesEncoder


class _Bottleneck(NamedTuple):
    """One universal inverted bottleneck; a kernel of 0 is a convolution that is not there."""

    start: int
    middle: int
    stride: int
    expansion: int
    channels: int


_STEM = 32
# (kernel, stride, channels) of the two stages of plain convolutions.
_CONVS = (((3, 2, 32), (1, 1, 32)), ((3, 2, 96), (1, 1, 64)))
_BOTTLENECKS = (
    (
        _Bottleneck(5, 5, 2, 3, 96),
        *(_Bottleneck(0, 3, 1, 2, 96),) * 4,
        _Bottleneck(3, 0, 1, 4, 96),
    ),
    (
        _Bottleneck(3, 3, 2, 6, 128),
        _Bottleneck(5, 5, 1, 4, 128),
        _Bottleneck(0, 5, 1, 4, 128),
        _Bottleneck(0, 5, 1, 3, 128),
        *(_Bottleneck(0, 3, 1, 4, 128),) * 2,
    ),
)


def build_mobilenet_v4_conv_small(config: EncoderConfig) -> StagesEncoder:
    """Return MobileNetV4-Conv-Small up to its last bottleneck, 128 channels at H/32.

    The 1x1 convolutions to 960 and 1280 channels serve the classifier alone and are left out.
    Layers are named as in timm's `mobilenetv4_conv_small`, whose stem is never narrower than its
    32 channels.
    """
    width = config.width
    stem = channels = max(_STEM, rounded(_STEM * width))
    taps = [channels]
    stages = []
    for convs in _CONVS:
        stage: list[nn.Module] = []
        for kernel, stride, out in convs:
            stage.append(ConvNormAct(channels, rounded(out * width), kernel, stride))
            channels = rounded(out * width)
        stages.append(nn.Sequential(*stage))
        taps.append(channels)
    for bottlenecks in _BOTTLENECKS:
        stage = []
        for bottleneck in bottlenecks:
            stage.append(
                UniversalBottleneck(channels, rounded(bottleneck.channels * width), bottleneck)
            )
            channels = rounded(bottleneck.channels * width)
        stages.append(nn.Sequential(*stage))
        taps.append(channels)
    return StagesEncoder(
        stem,
        nn.ReLU(inplace=True),
        nn.Sequential(*stages),
        taps=range(-1, len(stages)),
        channels=taps,
    )


class ConvNormAct(nn.Module):
    """A convolution with batch norm and ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> None:
        """Build with random weights."""
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=False
        )
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map BxCxHxW to Bxout_channelsxH/stridexW/stride."""
        y: Tensor = self.act(self.bn1(self.conv(x)))
        return y


class UniversalBottleneck(nn.Module):
    """The paper's universal inverted bottleneck (section 3).

    Up to two depthwise convolutions, before and after the expansion: both (ExtraDW), only the
    second (MobileNetV2's), only the first (ConvNext's). Residual where shapes agree.
    """

    def __init__(self, in_channels: int, out_channels: int, shape: _Bottleneck) -> None:
        """Build with random weights; strides fall on the second depthwise convolution."""
        super().__init__()
        hidden = rounded(in_channels * shape.expansion)
        self.is_residual = shape.stride == 1 and in_channels == out_channels
        parts: OrderedDict[str, nn.Module] = OrderedDict()
        if shape.start:
            parts["dw_start"] = _depthwise(in_channels, shape.start, 1, is_active=False)
        parts["pw_exp"] = _conv_norm(in_channels, hidden, is_active=True)
        if shape.middle:
            parts["dw_mid"] = _depthwise(hidden, shape.middle, shape.stride, is_active=True)
        parts["pw_proj"] = _conv_norm(hidden, out_channels, is_active=False)
        for name, part in parts.items():
            self.add_module(name, part)
        self._order = tuple(parts)

    def forward(self, x: Tensor) -> Tensor:
        """Map BxCxHxW to Bxout_channelsxH/stridexW/stride."""
        y = x
        for name in self._order:
            y = self.get_submodule(name)(y)
        return x + y if self.is_residual else y


def _depthwise(channels: int, kernel: int, stride: int, *, is_active: bool) -> nn.Sequential:
    conv = nn.Conv2d(
        channels, channels, kernel, stride, padding=kernel // 2, groups=channels, bias=False
    )
    return _named(conv, channels, is_active=is_active)


def _conv_norm(in_channels: int, out_channels: int, *, is_active: bool) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    return _named(conv, out_channels, is_active=is_active)


def _named(conv: nn.Conv2d, channels: int, *, is_active: bool) -> nn.Sequential:
    parts: OrderedDict[str, nn.Module] = OrderedDict(conv=conv, bn=nn.BatchNorm2d(channels))
    if is_active:
        parts["act"] = nn.ReLU(inplace=True)
    return nn.Sequential(parts)
