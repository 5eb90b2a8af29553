"""Checkpoints: written whole or not at all, and enough to rebuild the network by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from fastdepth.card import ModelCard
from fastdepth.errors import CardError
from fastdepth.files import whole_file
from fastdepth_train.errors import CheckpointError, NetworkError, WeightsError
from fastdepth_train.networks.build import AnyConfig, Network, build_network, config_from_dict
from fastdepth_train.networks.weights import read_torch_file

RECORD_KEY = "fastdepth"
NETWORK_PREFIX = "network."


class WholeFileCheckpointIO(TorchCheckpointIO):
    """Saves to a neighbour and renames: a run killed at any moment leaves the last one intact."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write `checkpoint` to `path`.

        Raises:
            OutputError: it cannot be written (a full disk, say).

        """
        del storage_options
        with whole_file(Path(path)) as temporary:
            try:
                torch.save(checkpoint, temporary)
            except RuntimeError as err:  # torch's writer reports a full disk so
                raise OSError(str(err)) from err


def make_record(config: AnyConfig, card: ModelCard) -> dict[str, Any]:
    """Return what a checkpoint must hold beside weights: the network and its card so far."""
    return {"network": config.to_dict(), "card": card.to_json()}


def save_network(path: Path, network: Network, card: ModelCard) -> None:
    """Write a network and its card as a checkpoint, without the state of a run.

    Raises:
        OutputError: it cannot be written.

    """
    state = {f"{NETWORK_PREFIX}{key}": value for key, value in network.state_dict().items()}
    content = {RECORD_KEY: make_record(network.config, card), "state_dict": state}
    WholeFileCheckpointIO().save_checkpoint(content, path)


class Checkpoint(NamedTuple):
    """A trained network and its card, which has no accuracy yet."""

    network: Network
    card: ModelCard


def load_checkpoint(path: Path) -> Checkpoint:
    """Rebuild the network of a checkpoint, in evaluation mode on the CPU.

    Raises:
        CheckpointError: the file is missing, damaged, or not a checkpoint of this package.

    """
    if not path.is_file():
        msg = f"checkpoint {path} does not exist; expected a .ckpt file written by fastdepth train"
        raise CheckpointError(msg)
    try:
        content = read_torch_file(path)
    except WeightsError as err:
        raise CheckpointError(str(err)) from err
    try:
        record, state = content[RECORD_KEY], content["state_dict"]
        config = config_from_dict(record["network"])
        card = ModelCard.from_json(record["card"])
        network = build_network(config)
    except (KeyError, TypeError, NetworkError, CardError) as err:
        msg = f"{path} is no checkpoint of this version of fastdepth train ({err})"
        raise CheckpointError(msg) from err
    weights = {
        key.removeprefix(NETWORK_PREFIX): value
        for key, value in state.items()
        if key.startswith(NETWORK_PREFIX)
    }
    try:
        network.load_state_dict(weights)
    except RuntimeError as err:
        msg = f"{path} holds weights of another network than it describes: {err}"
        raise CheckpointError(msg) from err
    return Checkpoint(network.eval(), card)
