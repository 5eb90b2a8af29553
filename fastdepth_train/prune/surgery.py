"""Which channels of a network go together, and taking them out.

torch-pruning (MIT) traces what depends on what: a depthwise convolution on the 1x1 before it, both
sides of an added skip on each other. Here its groups are named, costed, hidden and removed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import torch
import torch_pruning
from torch import Tensor, nn

from fastdepth_train.errors import PruneError
from fastdepth_train.networks.network import DepthNetwork
from fastdepth_train.networks.resizing import changed_sizes, layer_sizes

# Share of its depth by which a network without channels may differ from the one with them at zero.
EXACT = 1e-4
_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
_LAYERS = (*_CONVOLUTIONS, nn.BatchNorm2d)


class _Part(NamedTuple):
    """A layer of a group: which of its channels belong to which of the group's.

    Attributes:
        layer: a convolution or batch norm.
        is_output: whether it delivers these channels or takes them.
        places: of the channels in the layer.
        channels: of the group, one for each place.

    """

    layer: nn.Module
    is_output: bool
    places: list[int]
    channels: list[int]


class Surgeon:
    """Knows the groups of one network and changes it in place.

    Attributes:
        network: as it is now.
        groups: of channels, each named by one of the convolutions that deliver them.

    """

    def __init__(self, network: DepthNetwork, width: int, height: int) -> None:
        """Trace a network for an input of width x height.

        Raises:
            PruneError: the network has parts that the tracing does not follow.

        """
        if any(isinstance(module, nn.PixelShuffle) for module in network.modules()):
            msg = (
                f"the decoder {network.config.decoder.name} shuffles pixels into channels, which "
                "pruning does not follow; choose a network with another decoder"
            )
            raise PruneError(msg)
        self.network = network
        self._size = (width, height)
        self._names = {module: name for name, module in network.named_modules()}
        example = torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(0))
        self._example = example.to(next(network.parameters()))
        self._units = _units(network, self._example)
        was_training = network.training
        network.eval()
        try:
            self._graph = torch_pruning.DependencyGraph().build_dependency(
                network, self._example, verbose=False
            )
        finally:
            network.train(was_training)
        head = [module for module in network.head.modules() if isinstance(module, nn.Conv2d)]
        found = self._graph.get_all_groups(ignored_layers=head, root_module_types=_CONVOLUTIONS)
        self.groups: tuple[str, ...] = tuple(self._names[g[0].dep.target.module] for g in found)

    def copy(self) -> Surgeon:
        """Return a surgeon of a copy of the network."""
        return Surgeon(copy.deepcopy(self.network), *self._size)

    def channels(self, group: str) -> int:
        """Return how many channels a group has now."""
        sizes = layer_sizes(self.network.get_submodule(group))
        return sizes[""][1]

    def macs(self) -> int:
        """Return the multiply-accumulate operations of one image, of all convolutions."""
        return sum(unit * _pairs(layer) for layer, unit in self._units.items())

    def saving(self, chosen: Mapping[str, Sequence[int]]) -> int:
        """Return the multiply-accumulate operations that go with these channels of groups."""
        gone: dict[nn.Module, dict[bool, int]] = {}
        for group, channels in chosen.items():
            for part in self._parts(group, channels):
                if part.layer in self._units:
                    counts = gone.setdefault(part.layer, {False: 0, True: 0})
                    counts[part.is_output] += len(part.places)
        saved = 0
        for layer, counts in gone.items():
            left = _pairs(layer, counts[False], counts[True])
            saved += self._units[layer] * (_pairs(layer) - left)
        return saved

    def importance(self, group: str) -> Tensor:
        """Return what each channel of a group means to the loss, from the gradients at hand.

        The square of the first-order change of the loss where a channel is shut off after its
        batch norm (Molchanov et al., CVPR 2019, equation 8 with gates), summed over the layers
        that deliver it.
        """
        count = self.channels(group)
        total = torch.zeros(count)
        for part in self._parts(group, range(count)):
            if part.is_output and _is_gate(part.layer):
                change = _gate_gradient(part.layer)[part.places]
                total.index_add_(0, torch.tensor(part.channels), change.square())
        return total

    @contextmanager
    def hidden(self, chosen: Mapping[str, Sequence[int]]) -> Iterator[None]:
        """Set channels of groups to zero within the block: the network computes as without them."""
        kept: list[tuple[Tensor, Tensor]] = []
        with torch.no_grad():
            for group, channels in chosen.items():
                for part in self._parts(group, channels):
                    if not part.is_output:
                        continue
                    value: Tensor
                    for value in part.layer.parameters(recurse=False):
                        kept.append((value, value.detach().clone()))
                        value[_outputs(part.layer, value, part.places)] = 0
        try:
            yield
        finally:
            with torch.no_grad():
                # Backwards: a layer may have been changed by several groups.
                for value, before in reversed(kept):
                    value.copy_(before)

    def remove(self, chosen: Mapping[str, Sequence[int]]) -> None:
        """Take channels of groups out of the network and write that into its configuration.

        Raises:
            PruneError: the network does not deliver what it did with these channels at zero.

        """
        was_training = self.network.training
        self.network.eval()
        with self.hidden(chosen), torch.no_grad():
            expected = self.network(self._example)
        for name, channels in chosen.items():
            self._group(name, channels).prune()
        base = DepthNetwork(replace(self.network.config, sizes=None))
        self.network.config = replace(
            self.network.config, sizes=changed_sizes(self.network, base) or None
        )
        with torch.no_grad():
            largest = float(((self.network(self._example) - expected) / (1 + expected)).abs().max())
        self.network.train(was_training)
        # Not '>': NaN must not pass.
        if not largest <= EXACT:
            msg = (
                f"taking channels out of {', '.join(chosen)} changed the depth by {largest:.2g} of "
                "itself beyond what they did: this network cannot be pruned"
            )
            raise PruneError(msg)

    def _parts(self, group: str, channels: Sequence[int]) -> list[_Part]:
        parts = []
        for item in self._group(group, channels):
            layer, handler = item.dep.target.module, item.dep.handler
            if not isinstance(layer, _LAYERS):
                continue
            is_output = self._graph.is_out_channel_pruning_fn(handler)
            parts.append(_Part(layer, is_output, list(item.idxs), list(item.root_idxs)))
        return parts

    def _group(self, group: str, channels: Sequence[int]) -> Any:
        root = self.network.get_submodule(group)
        remove = self._graph.get_pruner_of_module(root).prune_out_channels
        return self._graph.get_pruning_group(root, remove, list(channels))


def _units(network: nn.Module, example: Tensor) -> dict[nn.Module, int]:
    """Return what one pair of an input and an output channel costs in each convolution, MACs."""
    units: dict[nn.Module, int] = {}

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(layer, _CONVOLUTIONS):
            # A transposed convolution multiplies at each pixel of its input.
            over = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
            positions = over.shape[-2] * over.shape[-1]
            units[layer] = positions * layer.kernel_size[0] * layer.kernel_size[1]

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            network(example)
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    return units


def _pairs(layer: nn.Module, inputs_gone: int = 0, outputs_gone: int = 0) -> int:
    """Return how many pairs of channels a convolution multiplies once some are gone."""
    if not isinstance(layer, _CONVOLUTIONS):
        return 0
    if 1 < layer.groups == layer.in_channels:
        return layer.out_channels - max(inputs_gone, outputs_gone)
    return (layer.in_channels - inputs_gone) * (layer.out_channels - outputs_gone) // layer.groups


def _outputs(layer: nn.Module, value: Tensor, places: Sequence[int]) -> Any:
    """Return the index of output channels in a layer's parameter."""
    is_transposed = isinstance(layer, nn.ConvTranspose2d) and layer.groups == 1
    if is_transposed and value.ndim > 1:
        return (slice(None), list(places))
    return list(places)


def _is_gate(layer: nn.Module) -> bool:
    """Tell whether a channel is shut off where this layer delivers nothing."""
    return isinstance(layer, nn.BatchNorm2d) or getattr(layer, "bias", None) is not None


def _gate_gradient(layer: nn.Module) -> Tensor:
    """Return the loss's derivative by a factor on each of the layer's output channels."""
    total = torch.zeros(())
    for value in layer.parameters(recurse=False):
        if value.grad is not None:
            product = (value.detach() * value.grad).cpu()
            total = total + product.flatten(1).sum(1) if value.ndim > 1 else total + product
    return total
