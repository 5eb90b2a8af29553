"""The mean of the weights of several checkpoints of one network.

Networks that went on from the same weights lie in one basin, and their mean is often as good as the
best of them on the data that they were tuned to and better on other data (Wortsman et al. 2022,
"Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from fastdepth_train.checkpoint import Checkpoint, load_checkpoint
from fastdepth_train.errors import CheckpointError, ConfigError
from fastdepth_train.provenance import code_commit


def average(paths: Sequence[Path], shares: Sequence[float] | None = None) -> Checkpoint:
    """Return the mean network, statistics of batch norms included, with the last one's card.

    Args:
        paths: of the checkpoints; they must hold the same network for the same input and camera.
        shares: of each in the mean; equal if None.

    Raises:
        CheckpointError: one cannot be read, or they do not fit each other.
        ConfigError: too few checkpoints, or shares that do not sum to 1.

    """
    weights = [1 / max(1, len(paths))] * len(paths) if shares is None else list(shares)
    total = sum(weights)
    if len(paths) < 2 or len(weights) != len(paths) or min(weights) < 0 or abs(total - 1) > 1e-6:
        msg = (
            f"shares {weights} for {len(paths)} checkpoints; expected at least two checkpoints, a "
            "share from 0 for each, and 1 as their sum"
        )
        raise ConfigError(msg)
    loaded = [load_checkpoint(path) for path in paths]
    network, card = loaded[-1]
    wanted = (network.config, card.input, card.focal_length)
    for path, other in zip(paths, loaded, strict=True):
        if (other.network.config, other.card.input, other.card.focal_length) != wanted:
            msg = (
                f"{path} and {paths[-1]} hold different networks, inputs or cameras; expected runs "
                "that went on from one another (--model.start) at the same input"
            )
            raise CheckpointError(msg)
    states = [one.network.state_dict() for one in loaded]
    mean = {}
    for key, last in states[-1].items():
        mean[key] = last
        if last.dtype.is_floating_point:  # counts of batches stay the last one's
            parts = [state[key] * share for state, share in zip(states, weights, strict=True)]
            mean[key] = torch.stack(parts).sum(0)
    network.load_state_dict(mean)
    data = tuple(dict.fromkeys(line for one in reversed(loaded) for line in one.card.training_data))
    return Checkpoint(network, replace(card, training_data=data, training_commit=code_commit()))
