"""A torch network behind the core's engine protocol: validation measures as deployment does."""

from __future__ import annotations

import torch
from torch import nn

from fastdepth.frame import F32Array


class TorchEngine:
    """Runs a network in full precision, wherever its parameters are."""

    def __init__(self, network: nn.Module) -> None:
        """Wrap a network; its mode (training or evaluation) is the caller's business."""
        self._network = network

    @property
    def description(self) -> str:
        """What runs the network and where."""
        return f"torch {torch.__version__}, {self._device()}"

    def run(self, tensor: F32Array) -> F32Array:
        """Map a 1x3xHxW float32 input to the network's output, 1x1xhxw float32 metres."""
        device = self._device()
        # Mixed precision is for training; a deployed network computes in float32.
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            image = torch.from_numpy(tensor).to(device, memory_format=torch.channels_last)
            output: F32Array = self._network(image).float().cpu().numpy()
        return output

    def _device(self) -> torch.device:
        return next(self._network.parameters()).device
