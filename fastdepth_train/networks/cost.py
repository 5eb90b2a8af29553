"""What a network costs: parameters and multiply-accumulate operations."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


class Cost(NamedTuple):
    """Size of a network.

    Attributes:
        parameters: learned values of the convolutions (weights and biases).
        norm_parameters: learned values of batch norms; they fold into the convolutions.
        macs: multiply-accumulate operations of one forward pass.

    """

    parameters: int
    norm_parameters: int
    macs: int


def network_cost(network: nn.Module, width: int = 224, height: int = 224) -> Cost:
    """Count parameters and the MACs of one width x height image; the network is left as it was."""
    norms = {
        id(p)
        for module in network.modules()
        if isinstance(module, nn.BatchNorm2d)
        for p in module.parameters()
    }
    own = {id(p): p for p in network.parameters()}
    norm_parameters = sum(p.numel() for key, p in own.items() if key in norms)
    parameters = sum(p.numel() for key, p in own.items() if key not in norms)
    device = next(iter(own.values())).device
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, 3, height, width, device=device))
    finally:
        network.train(was_training)
    # One multiply-accumulate is two floating-point operations.
    return Cost(parameters, norm_parameters, counter.get_total_flops() // 2)
