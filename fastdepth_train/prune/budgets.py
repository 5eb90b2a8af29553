"""What a network may cost: multiply-accumulate operations, or time of one image."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Protocol

from fastdepth.card import ModelCard
from fastdepth.preprocess import Preprocessor
from fastdepth_train.errors import PruneError
from fastdepth_train.export import made_up_frames, write_onnx
from fastdepth_train.networks.cost import network_cost
from fastdepth_train.networks.network import DepthNetwork
from fastdepth_train.side_by_side import time_together

_MACS = {"": 1.0, "M": 1e6, "G": 1e9}
_ROUNDS = 100


class Budget(Protocol):
    """A cost and the most that it may become.

    Attributes:
        goal: share of the given network's cost.

    """

    goal: float

    def share(self, network: DepthNetwork) -> float:
        """Return the cost of a network as a share of the given network's."""
        ...

    def describe(self, share: float) -> str:
        """Return a cost in words."""
        ...


class MacsBudget:
    """Multiply-accumulate operations of one image."""

    def __init__(self, network: DepthNetwork, card: ModelCard, target: str) -> None:
        """Count the given network.

        Args:
            network: unpruned.
            card: its input size counts.
            target: `0.5`, a share of what it costs, or `0.15G` or `150M`, operations.

        Raises:
            PruneError: the target is none, or not below what the network costs.

        """
        self._size = (card.input.width, card.input.height)
        self._whole = self._count(network)
        number, unit = _parse(target, "--target-macs", ("M", "G"), "0.5, 150M or 0.15G")
        self.goal = number if not unit else number * _MACS[unit] / self._whole
        _check(self.goal, f"--target-macs {target}", self.describe(1.0))

    def share(self, network: DepthNetwork) -> float:
        """Return the operations of a network as a share of the given network's."""
        return self._count(network) / self._whole

    def describe(self, share: float) -> str:
        """Return a number of operations and its share in words."""
        return f"{share * self._whole / 1e9:.4f} GMAC ({share:.3f})"

    def _count(self, network: DepthNetwork) -> int:
        return network_cost(network, *self._size).macs


class LatencyBudget:
    """Time of one image in onnxruntime on one thread, measured in turns with the given network."""

    def __init__(self, network: DepthNetwork, card: ModelCard, target: str, folder: Path) -> None:
        """Export the given network.

        Args:
            network: unpruned.
            card: its input.
            target: `0.5`, a share of its time, or `2.5ms`.
            folder: for exported files.

        Raises:
            PruneError: the target is none, or not below what the network takes.

        """
        self._card = card
        self._folder = folder
        self._given = folder / "given.onnx"
        write_onnx(network, card, self._given)
        prepare = Preprocessor(card.input)
        self._tensors = [prepare(frame.image)[0].copy() for frame in made_up_frames()]
        (self._seconds,) = time_together([self._given], self._tensors, _ROUNDS)
        number, unit = _parse(target, "--target-latency", ("ms",), "0.5 or 2.5ms")
        self.goal = number if not unit else number / 1e3 / self._seconds
        _check(self.goal, f"--target-latency {target}", self.describe(1.0))

    def share(self, network: DepthNetwork) -> float:
        """Return the time of a network as a share of the given network's."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / "pruned.onnx"
            write_onnx(network, self._card, path)
            given, pruned = time_together([self._given, path], self._tensors, _ROUNDS)
        return pruned / given

    def describe(self, share: float) -> str:
        """Return a time and its share in words."""
        return f"{share * self._seconds * 1e3:.2f} ms ({share:.3f})"


def _parse(text: str, option: str, units: tuple[str, ...], examples: str) -> tuple[float, str]:
    """Return number and unit; without one, the number must be a share."""
    found = re.fullmatch(rf"\s*([0-9.]+(?:e-?[0-9]+)?)\s*({'|'.join(units)}|)\s*", text)
    try:
        number = float(found.group(1)) if found else 0.0
    except ValueError:
        number = 0.0
    if found is None or number <= 0 or (not found.group(2) and number >= 1):
        msg = (
            f"{option} is {text!r}; expected a share below 1 or a number with its unit: {examples}"
        )
        raise PruneError(msg)
    return number, found.group(2)


def _check(goal: float, what: str, cost: str) -> None:
    if goal >= 1:
        msg = f"{what} asks for no less than the network costs: {cost}"
        raise PruneError(msg)
