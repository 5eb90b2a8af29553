"""Training frames for pruning: the loss on a few fixed batches, and short fine-tuning."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import count, islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from fastdepth_train.data.dataset import Sample
from fastdepth_train.data.module import DepthData
from fastdepth_train.errors import PruneError
from fastdepth_train.losses import LossConfig, depth_loss

_WEIGHT_DECAY = 0.01
_CLIP = 1.0


class Tuner:
    """Measures and fine-tunes one network."""

    def __init__(
        self, network: nn.Module, data: DepthData, loss: LossConfig, *, measured: int
    ) -> None:
        """Read the training frames.

        Args:
            network: in place; its device is where everything happens.
            data: of the training frames, with the network's input.
            loss: to measure and to lower.
            measured: batches on which the loss is measured, always the same.

        Raises:
            TrainingDataError: the frames cannot be trained on, or are fewer than one batch.

        """
        self.network = network
        self._data = data
        self._loss = loss
        data.setup("fit")
        self._fixed = list(islice(self._epoch(0), measured))
        self._stream = self._batches()

    def loss(self) -> float:
        """Return the mean loss on the fixed batches, in evaluation mode."""
        self.network.eval()
        with torch.no_grad():
            return sum(float(self._loss_of(batch)) for batch in self._fixed) / len(self._fixed)

    def gradients(self) -> Iterator[None]:
        """Yield once for each fixed batch, with its gradients on the network's parameters."""
        self.network.eval()
        for batch in self._fixed:
            self.network.zero_grad()
            self._loss_of(batch).backward()  # type: ignore[no-untyped-call]
            yield
        self.network.zero_grad()

    def tune(self, batches: int, lr: float, done: Callable[[], None] = lambda: None) -> None:
        """Train on the next batches with AdamW; the learning rate falls along a cosine to 0.

        Args:
            batches: how many.
            lr: at the start.
            done: called after each batch.

        Raises:
            PruneError: the loss is no number any more.

        """
        self.network.train()
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.network.parameters() if (p.ndim > 1) is is_weight]}
            for is_weight in (True, False)
        ]
        groups[0]["weight_decay"] = _WEIGHT_DECAY
        optimizer = AdamW(groups, lr=lr, weight_decay=0.0)
        schedule = LambdaLR(optimizer, lambda step: (1 + math.cos(math.pi * step / batches)) / 2)
        for batch in islice(self._stream, batches):
            optimizer.zero_grad()
            loss = self._loss_of(batch)
            if not torch.isfinite(loss):
                msg = f"the loss became {float(loss)} while fine-tuning; give a smaller --lr"
                raise PruneError(msg)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
            optimizer.step()
            schedule.step()
            done()
        self.network.eval()

    def _loss_of(self, batch: Sample) -> Tensor:
        depth = self.network(batch.image)
        if depth.shape != batch.depth.shape:
            depth = nn.functional.interpolate(depth, size=batch.depth.shape[-2:], mode="bilinear")
        return depth_loss(depth, batch.depth, self._loss)["loss"]

    def _batches(self) -> Iterator[Sample]:
        for epoch in count(1):
            yield from self._epoch(epoch)

    def _epoch(self, epoch: int) -> Iterator[Sample]:
        loader = self._data.train_dataloader()
        loader.sampler.set_epoch(epoch)  # type: ignore[attr-defined]
        device = next(self.network.parameters()).device
        for batch in loader:
            moved = self._data.transfer_batch_to_device(batch, device, 0)
            ready: Sample = self._data.on_after_batch_transfer(moved, 0)
            yield ready
