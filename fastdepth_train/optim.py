"""Optimizer and learning-rate schedule from a configuration."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from torch import nn
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import (
    LambdaLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)

from fastdepth.metrics import HIGHER_IS_BETTER, METRIC_KEYS
from fastdepth_train.errors import ConfigError

Algorithm = Literal["adamw", "sgd"]
Schedule = Literal["none", "one_cycle", "cosine", "step", "plateau"]
# When a schedule moves on: with each optimizer step, each epoch, or each validation.
Pace = Literal["step", "epoch", "validation"]
Mode = Literal["min", "max"]


@dataclass(frozen=True)
class PlateauConfig:
    """What schedule `plateau` waits for.

    Attributes:
        enabled: off, the rate stays as it is: a recipe can say plainly that it never falls.
        metric: of the validation.
        factor: of the rate each time it falls.
        patience: validations without a better value that are borne.
        threshold: how much better, as a share, counts as better.
        lowest: learning rate at which it ends.

    """

    enabled: bool = True
    metric: str = "rmse"
    factor: float = 0.1
    patience: int = 2
    threshold: float = 1e-3
    lowest: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible settings; raise ConfigError."""
        best_mode(self.metric)
        is_possible = self.patience >= 0 and self.threshold >= 0 and self.lowest >= 0
        if not (is_possible and 0 < self.factor < 1):
            msg = (
                f"plateau factor={self.factor}, patience={self.patience}, threshold="
                f"{self.threshold}, lowest={self.lowest}; expected a factor between 0 and 1 and "
                "nothing below 0"
            )
            raise ConfigError(msg)


@dataclass(frozen=True)
class OptimizerConfig:
    """The optimizer and how its learning rate moves.

    Attributes:
        name: `adamw`, or `sgd` with momentum.
        lr: learning rate at its peak.
        encoder_lr: share of it that the encoder gets: trained weights want small steps while a
            decoder from nothing wants large ones.
        weight_decay: of convolution weights.
        decay_all: let biases and batch norms decay as well, as plain SGD recipes do.
        momentum: of `sgd`.
        schedule: `one_cycle` warms up and then falls along a cosine to nothing, from a 25th;
            `cosine` warms up along a line and falls along a cosine; `step` falls by `step_factor`
            every `step_epochs`; `plateau` falls when the validation gets no better; `none` stays.
        warm_up: share of the steps that `one_cycle` and `cosine` rise; 0 is none, for `cosine`.
        step_epochs: epochs between two falls of `step`.
        step_factor: of the rate at each.
        plateau: when `plateau` falls.

    """

    name: Algorithm = "adamw"
    lr: float = 1e-3
    encoder_lr: float = 1.0
    weight_decay: float = 0.02
    decay_all: bool = False
    momentum: float = 0.9
    schedule: Schedule = "one_cycle"
    warm_up: float = 0.1
    step_epochs: int = 5
    step_factor: float = 0.1
    plateau: PlateauConfig = field(default_factory=PlateauConfig)

    def __post_init__(self) -> None:
        """Refuse impossible settings; raise ConfigError."""
        is_possible = self.lr > 0 and self.encoder_lr > 0 and self.weight_decay >= 0
        if not (is_possible and 0 <= self.warm_up < 1 and 0 <= self.momentum < 1):
            msg = (
                f"optimizer lr={self.lr}, encoder_lr={self.encoder_lr}, "
                f"weight_decay={self.weight_decay}, warm_up={self.warm_up}, momentum="
                f"{self.momentum}; expected lr and encoder_lr above 0, weight_decay not below 0, "
                "warm_up and momentum from 0 to below 1"
            )
            raise ConfigError(msg)
        if self.schedule == "one_cycle" and self.warm_up == 0:
            msg = "schedule one_cycle with warm_up 0; expected a share above 0, or schedule cosine"
            raise ConfigError(msg)
        if self.step_epochs < 1 or not 0 < self.step_factor < 1:
            msg = (
                f"step_epochs={self.step_epochs}, step_factor={self.step_factor}; expected at "
                "least one epoch and a factor between 0 and 1"
            )
            raise ConfigError(msg)
        for what, value, kind in (
            ("name", self.name, Algorithm),
            ("schedule", self.schedule, Schedule),
        ):
            if value not in get_args(kind):
                msg = f"optimizer {what} is {value!r}; expected one of {', '.join(get_args(kind))}"
                raise ConfigError(msg)


class PacedSchedule(NamedTuple):
    """A schedule, and what it moves on with."""

    scheduler: LRScheduler
    pace: Pace


def best_mode(metric: str) -> Mode:
    """Return whether a low (`min`) or a high (`max`) value of a metric is good.

    Raises:
        ConfigError: there is no such metric.

    """
    if metric not in METRIC_KEYS:
        msg = f"unknown metric {metric!r}; expected one of {', '.join(METRIC_KEYS)}"
        raise ConfigError(msg)
    return "max" if metric in HIGHER_IS_BETTER else "min"


def make_optimizer(network: nn.Module, config: OptimizerConfig) -> Optimizer:
    """Return the optimizer over the network's parameters.

    Only convolution weights decay, unless `config.decay_all`. A network with an `encoder` has that
    part's learning rate multiplied by `config.encoder_lr`.
    """
    encoder = getattr(network, "encoder", None)
    in_encoder = {id(p) for p in encoder.parameters()} if encoder is not None else set()
    groups = []
    for is_encoder, lr in ((False, config.lr), (True, config.lr * config.encoder_lr)):
        part = [
            p
            for p in network.parameters()
            if p.requires_grad and (id(p) in in_encoder) is is_encoder
        ]
        for is_weight in (True, False):
            decay = config.weight_decay if is_weight or config.decay_all else 0.0
            chosen = [p for p in part if (p.ndim > 1) is is_weight]
            if chosen:
                groups.append({"params": chosen, "lr": lr, "weight_decay": decay})
    if config.name == "sgd":
        return SGD(groups, lr=config.lr, momentum=config.momentum)
    return AdamW(groups, lr=config.lr)


def make_schedule(
    optimizer: Optimizer, config: OptimizerConfig, steps: int
) -> PacedSchedule | None:
    """Return the schedule of a run of `steps` optimizer steps, or None for a constant rate."""
    if config.schedule == "one_cycle":
        peaks = [group["lr"] for group in optimizer.param_groups]
        total = max(4, steps)
        cycle = OneCycleLR(
            optimizer,
            peaks,
            total_steps=total,
            # Torch divides by the steps that it rises, less one.
            pct_start=max(config.warm_up, 2 / total),
            # AdamW's first beta falls while the rate rises; SGD's momentum is what the recipe says.
            cycle_momentum=config.name == "adamw",
        )
        return PacedSchedule(cycle, "step")
    if config.schedule == "cosine":
        return PacedSchedule(LambdaLR(optimizer, _cosine(steps, config.warm_up)), "step")
    if config.schedule == "step":
        falling = StepLR(optimizer, config.step_epochs, config.step_factor)
        return PacedSchedule(falling, "epoch")
    if config.schedule == "plateau" and config.plateau.enabled:
        plateau = config.plateau
        waiting = ReduceLROnPlateau(
            optimizer,
            mode=best_mode(plateau.metric),
            factor=plateau.factor,
            patience=plateau.patience,
            threshold=plateau.threshold,
            min_lr=plateau.lowest,
        )
        return PacedSchedule(waiting, "validation")
    return None


def _cosine(steps: int, warm_up: float) -> Callable[[int], float]:
    """Return the factor of the peak rate by step: up along a line, then down along a cosine."""
    rise = round(steps * warm_up)

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        share = (step - rise) / max(1, steps - rise)
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))

    return factor
