"""Prune step by step until a network is cheap enough, after NetAdapt (Yang et al., ECCV 2018).

As there, every group of channels makes a proposal in every step, and proposals are compared by the
loss that was measured with them. Otherwise than there, a proposal is not fine-tuned before it is
measured and a step takes the best several: hours on a CPU become minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch

from fastdepth_train.errors import PruneError
from fastdepth_train.prune.budgets import Budget
from fastdepth_train.prune.surgery import Surgeon
from fastdepth_train.prune.tuning import Tuner

# Share of its channels that a group proposes to lose in one step.
_BLOCK = 1 / 8


@dataclass(frozen=True)
class PruneConfig:
    """How a network is pruned.

    Attributes:
        steps: in how many steps the cost falls, evenly.
        tune: batches of fine-tuning after each step.
        final: batches of fine-tuning at the end.
        lr: learning rate at the start of each fine-tuning; it falls along a cosine.
        unit: channels stay, and go, in multiples of this, which suits vector units; no group gets
            fewer.
        measured: batches that the loss of proposals is measured on.

    """

    steps: int = 10
    tune: int = 40
    final: int = 400
    lr: float = 3e-4
    unit: int = 8
    measured: int = 3

    def __post_init__(self) -> None:
        """Refuse impossible settings; raise PruneError."""
        if min(self.steps, self.unit, self.measured) < 1 or min(self.tune, self.final) < 0:
            msg = (
                f"steps={self.steps}, unit={self.unit}, measured={self.measured}, tune={self.tune},"
                f" final={self.final}; expected the first three at least 1 and none below 0"
            )
            raise PruneError(msg)
        if self.lr <= 0:
            msg = f"lr is {self.lr}; expected more than 0"
            raise PruneError(msg)


class Step(NamedTuple):
    """What one step did.

    Attributes:
        number: counted from 1.
        share: of the given network's cost afterwards.
        removed: channels by group.
        before: loss on the fixed batches before it.
        cut: without these channels.
        tuned: after fine-tuning.

    """

    number: int
    share: float
    removed: dict[str, int]
    before: float
    cut: float
    tuned: float


class Watch(NamedTuple):
    """Whom to tell how it goes.

    Attributes:
        work: called for each proposal measured and each batch tuned.
        step: called after each step.

    """

    work: Callable[[], None] = lambda: None
    step: Callable[[Step], None] = lambda _: None


class _Proposal(NamedTuple):
    """Channels that a group would lose, and the rise of the loss for each operation saved."""

    price: float
    group: str
    channels: list[int]


def prune(
    surgeon: Surgeon,
    tuner: Tuner,
    budget: Budget,
    config: PruneConfig,
    watch: Watch | None = None,
) -> float:
    """Prune a network in place.

    Args:
        surgeon: of the network to prune.
        tuner: of the same network.
        budget: what it may cost.
        config: how.
        watch: whom to tell.

    Returns:
        Its cost, as a share of what it was.

    Raises:
        PruneError: it cannot become so cheap, which `check_reachable` knows beforehand, or
            fine-tuning failed.

    """
    watch = watch or Watch()
    share, number = 1.0, 0
    while share > budget.goal:
        number += 1
        wanted = max(budget.goal, 1 - (1 - budget.goal) * number / config.steps)
        if share <= wanted:
            continue
        before = tuner.loss()
        chosen = _choose(surgeon, tuner, surgeon.macs() * wanted / share, config.unit, watch)
        if not chosen:
            msg = (
                f"nothing is left to prune at {budget.describe(share)}; "
                f"the target is {budget.describe(budget.goal)}"
            )
            raise PruneError(msg)
        surgeon.remove(chosen)
        cut = tuner.loss()
        tuner.tune(config.tune, config.lr, watch.work)
        share = budget.share(surgeon.network)
        counts = {group: len(channels) for group, channels in chosen.items()}
        watch.step(Step(number, share, counts, before, cut, tuner.loss()))
    tuner.tune(config.final, config.lr, watch.work)
    return share


def check_reachable(surgeon: Surgeon, budget: Budget, unit: int) -> None:
    """Raise PruneError unless the network with the fewest channels allowed is cheap enough."""
    smallest = surgeon.copy()
    smallest.remove(
        {
            group: range(unit, smallest.channels(group))
            for group in smallest.groups
            if smallest.channels(group) > unit
        }
    )
    share = budget.share(smallest.network)
    if share > budget.goal:
        msg = (
            f"the target {budget.describe(budget.goal)} is out of reach: with {unit} channels in "
            f"every group the network costs {budget.describe(share)}; give a higher target or a "
            "smaller --unit, or start from a smaller network"
        )
        raise PruneError(msg)


def block(channels: int, unit: int) -> int:
    """Return how many of its channels a group proposes to lose; 0 if it has none to give.

    What is left is a multiple of `unit`, unless it was fewer before.
    """
    if channels <= unit:
        return 0
    left = -int(-channels * (1 - _BLOCK) // unit) * unit
    if left >= channels:
        left = (channels - 1) // unit * unit
    return channels - left


def _choose(
    surgeon: Surgeon, tuner: Tuner, allowed: float, unit: int, watch: Watch
) -> dict[str, list[int]]:
    """Return the channels that cost the least loss for each operation saved, down to `allowed`."""
    groups = [group for group in surgeon.groups if block(surgeon.channels(group), unit)]
    importance = {group: torch.zeros(surgeon.channels(group)) for group in groups}
    for _ in tuner.gradients():
        for group in groups:
            importance[group] += surgeon.importance(group)
    base = tuner.loss()
    proposals = []
    for group in groups:
        count = block(surgeon.channels(group), unit)
        channels = sorted(importance[group].argsort()[:count].tolist())
        with surgeon.hidden({group: channels}):
            rise = tuner.loss() - base
        proposals.append(_Proposal(rise / surgeon.saving({group: channels}), group, channels))
        watch.work()
    chosen: dict[str, list[int]] = {}
    for proposal in sorted(proposals):
        if surgeon.macs() - surgeon.saving(chosen) <= allowed:
            break
        chosen[proposal.group] = proposal.channels
    return chosen
