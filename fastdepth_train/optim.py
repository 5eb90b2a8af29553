"""Optimizer and learning-rate schedule from a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    LRScheduler,
    OneCycleLR,
)

from fastdepth_train.errors import ConfigError

Schedule = Literal["one_cycle", "cosine", "none"]


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW and how its learning rate moves.

    Attributes:
        lr: learning rate at its peak.
        encoder_lr: share of it that the encoder gets: trained weights want small steps while a
            decoder from nothing wants large ones.
        weight_decay: of convolution weights; biases and batch norms have none.
        schedule: `one_cycle` warms up and then falls along a cosine, `cosine` only falls, `none`
            stays.
        warm_up: share of the steps that `one_cycle` rises.

    """

    lr: float = 1e-3
    encoder_lr: float = 1.0
    weight_decay: float = 0.02
    schedule: Schedule = "one_cycle"
    warm_up: float = 0.1

    def __post_init__(self) -> None:
        """Refuse impossible settings; raise ConfigError."""
        is_possible = self.lr > 0 and self.encoder_lr > 0 and self.weight_decay >= 0
        if not (is_possible and 0 < self.warm_up < 1):
            msg = (
                f"optimizer lr={self.lr}, encoder_lr={self.encoder_lr}, "
                f"weight_decay={self.weight_decay}, warm_up={self.warm_up}; expected lr and "
                "encoder_lr above 0, weight_decay not below 0, warm_up between 0 and 1"
            )
            raise ConfigError(msg)
        if self.schedule not in get_args(Schedule):
            allowed = ", ".join(get_args(Schedule))
            msg = f"optimizer schedule is {self.schedule!r}; expected one of {allowed}"
            raise ConfigError(msg)


def make_optimizer(network: nn.Module, config: OptimizerConfig) -> Optimizer:
    """Return AdamW over the network's parameters, weight decay on convolution weights only.

    A network with an `encoder` has that part's learning rate multiplied by `config.encoder_lr`.
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
        for is_weight, decay in ((True, config.weight_decay), (False, 0.0)):
            chosen = [p for p in part if (p.ndim > 1) is is_weight]
            if chosen:
                groups.append({"params": chosen, "lr": lr, "weight_decay": decay})
    return AdamW(groups, lr=config.lr)


def make_schedule(optimizer: Optimizer, config: OptimizerConfig, steps: int) -> LRScheduler | None:
    """Return the schedule over `steps` optimizer steps, or None for a constant rate."""
    if config.schedule == "one_cycle":
        peaks = [group["lr"] for group in optimizer.param_groups]
        return OneCycleLR(optimizer, peaks, total_steps=max(2, steps), pct_start=config.warm_up)
    if config.schedule == "cosine":
        return CosineAnnealingLR(optimizer, T_max=max(1, steps))
    return None
