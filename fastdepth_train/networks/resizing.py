"""Networks whose layers have channel counts of their own, as pruning leaves them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from fastdepth_train.errors import NetworkError

Sizes = dict[str, tuple[int, int]]
"""Input and output channels of layers by name."""


def layer_sizes(network: nn.Module) -> Sizes:
    """Return the channels of every convolution and batch norm."""
    sizes = {}
    for name, layer in network.named_modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            sizes[name] = (layer.in_channels, layer.out_channels)
        elif isinstance(layer, nn.BatchNorm2d):
            sizes[name] = (layer.num_features, layer.num_features)
    return sizes


def changed_sizes(network: nn.Module, base: nn.Module) -> Sizes:
    """Return the channels of the layers that have others than in `base`, the unpruned network."""
    full = layer_sizes(base)
    return {name: size for name, size in layer_sizes(network).items() if size != full[name]}


def shrink_layers(network: nn.Module, sizes: Mapping[str, tuple[int, int]]) -> None:
    """Give layers fewer channels, in place: the first of their weights stay.

    Whether neighbours agree is not checked here; a forward pass does.

    Raises:
        NetworkError: there is no such layer, or it cannot have so many channels.

    """
    full = layer_sizes(network)
    for name, (inputs, outputs) in sizes.items():
        if name not in full:
            msg = f"network setting sizes names {name!r}, which is no layer of this network"
            raise NetworkError(msg)
        layer = network.get_submodule(name)
        possible = 1 <= inputs <= full[name][0] and 1 <= outputs <= full[name][1]
        if not possible or (_is_single(layer) and inputs != outputs):
            msg = (
                f"network setting sizes gives {name} {inputs} input and {outputs} output channels; "
                f"expected at most {full[name][0]} and {full[name][1]}, as many in as out where a "
                "layer works on single channels"
            )
            raise NetworkError(msg)
        if isinstance(layer, nn.BatchNorm2d):
            _shrink_norm(layer, outputs)
        elif isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            _shrink_conv(layer, inputs, outputs)


def _is_single(layer: nn.Module) -> bool:
    """Tell whether a layer treats every channel by itself."""
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        return 1 < layer.groups == layer.in_channels
    return True


def _shrink_norm(layer: nn.BatchNorm2d, channels: int) -> None:
    layer.num_features = channels
    for key in ("weight", "bias", "running_mean", "running_var"):
        _replace(layer, key, getattr(layer, key)[:channels])


def _shrink_conv(layer: nn.Conv2d | nn.ConvTranspose2d, inputs: int, outputs: int) -> None:
    if _is_single(layer):
        layer.groups = outputs
        weight = layer.weight[:outputs]
    elif isinstance(layer, nn.ConvTranspose2d):
        weight = layer.weight[:inputs, :outputs]
    else:
        weight = layer.weight[:outputs, :inputs]
    layer.in_channels, layer.out_channels = inputs, outputs
    _replace(layer, "weight", weight)
    if layer.bias is not None:
        _replace(layer, "bias", layer.bias[:outputs])


def _replace(layer: nn.Module, key: str, value: torch.Tensor) -> None:
    value = value.detach().clone()
    setattr(layer, key, nn.Parameter(value) if key in {"weight", "bias"} else value)
