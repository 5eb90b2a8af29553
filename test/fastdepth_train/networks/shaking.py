"""Networks that no neutral value can hide a mistake in."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from fastdepth_train.networks import DecoderConfig, EncoderConfig, NetworkConfig

Network = TypeVar("Network", bound=nn.Module)

# A small network, for tests of what surrounds it.
NARROW = NetworkConfig(
    EncoderConfig(width=0.25), DecoderConfig(kernel=3, channels=(24, 8, 8, 8, 8))
)


def shake(network: Network, seed: int = 3) -> Network:
    """Give batch norms statistics that are not the neutral ones; return it for evaluation."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(std=0.2)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    return network.eval()
