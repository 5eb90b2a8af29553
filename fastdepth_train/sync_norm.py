"""Batch normalisation over the batches of all processes, on the CPU as well as on a GPU."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from lightning.pytorch.plugins.layer_sync import TorchSyncBatchNorm
from torch import Tensor, nn


class _SumOfAll(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(_ctx: Any, value: Tensor) -> Tensor:
        total = value.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_ctx: Any, *grads: Tensor) -> Tensor:
        total = grads[0].clone()
        dist.all_reduce(total)
        return total


class SharedBatchNorm(nn.BatchNorm2d):
    """A BatchNorm2d whose mean and variance are of all processes' batches.

    Torch's SyncBatchNorm does the same on GPUs alone. Every process must bring a batch of the same
    shape, as training does.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise BxCxHxW."""
        if not (self.training and dist.is_initialized()):
            return super().forward(x)
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        mean = wide.mean((0, 2, 3))
        variance = wide.var((0, 2, 3), unbiased=False)
        # The mean of equal parts' means is the mean; their variances lack the spread of the means.
        parts = torch.stack([mean, variance, mean.square()])
        total: Tensor = _SumOfAll.apply(parts)
        both = total / dist.get_world_size()
        mean, variance = both[0], both[1] + both[2] - both[0].square()
        self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1])
        scale = torch.rsqrt(variance + self.eps) * self.weight
        shift = self.bias - mean * scale
        result: Tensor = wide * scale[:, None, None] + shift[:, None, None]
        return result.to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, pixels: int) -> None:
        """Move the running statistics, which keep the unbiased variance, as torch's do."""
        if self.running_mean is None or self.running_var is None:
            return
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
        number = pixels * dist.get_world_size()
        momentum = 0.0 if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance * (number / max(1, number - 1)), momentum)


class BatchNormOfAll(TorchSyncBatchNorm):
    """Lets batch norms see the batches of all processes: the n-th of a batch is too few for them.

    Without effect in a run of one process.
    """

    def apply(self, model: nn.Module) -> nn.Module:
        """Change the batch norms of a model, in place on the CPU."""
        if next(model.parameters()).device.type != "cpu":
            return super().apply(model)
        for module in model.modules():
            if type(module) is nn.BatchNorm2d:
                module.__class__ = SharedBatchNorm
        return model

    def revert(self, model: nn.Module) -> nn.Module:
        """Change them back."""
        shared: list[nn.Module] = [m for m in model.modules() if isinstance(m, SharedBatchNorm)]
        for module in shared:
            module.__class__ = nn.BatchNorm2d
        return model if shared else super().revert(model)
