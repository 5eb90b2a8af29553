"""Depthwise convolutions in float32 where mixed precision runs on the CPU.

oneDNN's bfloat16 gradients of depthwise convolutions are many times slower than its float32 ones
(most of all with stride 2), and these layers hold little of the arithmetic: keeping them in
float32 takes a third off a training step of MobileNetV2. `fastdepth bench train` measures steps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CpuFloat32Depthwise(nn.Conv2d):
    """A depthwise convolution that autocast leaves in float32 on the CPU, and there alone."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the base class's name
        """Map BxCxHxW to BxCxH'xW'."""
        if input.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        with torch.autocast("cpu", enabled=False):
            return super().forward(input.float())


def keep_depthwise_float32(network: nn.Module) -> None:
    """Make every depthwise convolution of a network a `CpuFloat32Depthwise`, with its weights."""
    for module in network.modules():
        if type(module) is nn.Conv2d and module.groups == module.in_channels > 1:
            module.__class__ = CpuFloat32Depthwise
