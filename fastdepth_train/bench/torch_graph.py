"""A model file run by torch, to see torch beside the engines."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from fastdepth.errors import EngineError
from fastdepth.frame import F32Array

Step = Callable[..., Tensor]


def open_torch(
    path: Path, threads: int
) -> tuple[Callable[[F32Array], F32Array], Callable[[], object], str]:
    """Open a float model in torch.

    Args:
        path: of the ONNX file.
        threads: that torch may use.

    Returns:
        What maps a 1x3xHxW float32 input to the network's output, what sets torch's number of
        threads for the whole process, and a description.

    Raises:
        EngineError: the file has an operator that is not known here (a quantised one, say).

    """
    graph = TorchGraph(path).eval()

    def run(tensor: F32Array) -> F32Array:
        with torch.inference_mode():
            image = torch.from_numpy(tensor).contiguous(memory_format=torch.channels_last)
            output: F32Array = graph(image).numpy()
        return output

    description = f"torch {torch.__version__}, CPU, {threads} thread(s)"
    return run, partial(torch.set_num_threads, threads), description


class TorchGraph(nn.Module):
    """Runs the nodes of an ONNX graph of one input and one output, one after the other."""

    def __init__(self, path: Path) -> None:
        """Read a file.

        Raises:
            EngineError: it has an operator or a setting that is not known here.

        """
        super().__init__()
        graph = onnx.load(str(path)).graph
        self._constants = {
            item.name: torch.from_numpy(numpy_helper.to_array(item).copy())
            for item in graph.initializer
        }
        self._input = graph.input[0].name
        self._output = graph.output[0].name
        self._steps: list[tuple[Step, list[str], str]] = []
        for node in graph.node:
            step, names = self._step(node)
            self._steps.append((step, names, node.output[0]))
        last_use = {
            name: index for index, (_, names, _) in enumerate(self._steps) for name in names
        }
        self._done = [
            [name for name, last in last_use.items() if last == index and name != self._output]
            for index in range(len(self._steps))
        ]

    def forward(self, image: Tensor) -> Tensor:
        """Return the output for an input."""
        values = {**self._constants, self._input: image}
        for (step, names, written), done in zip(self._steps, self._done, strict=True):
            values[written] = step(*(values[name] for name in names))
            for name in done:
                del values[name]
        return values[self._output]

    def _step(self, node: Any) -> tuple[Step, list[str]]:
        """Return what computes a node, and the values that it takes."""
        kind = node.op_type
        if kind in _PLAIN:
            return _PLAIN[kind], list(node.input)
        makers = {
            "Conv": self._convolution,
            "Resize": self._resize,
            "Clip": self._clip,
            "Concat": self._concat,
            "ReduceMean": self._mean,
            "GlobalAveragePool": lambda *_: partial(torch.mean, dim=(2, 3), keepdim=True),
        }
        if kind not in makers:
            msg = f"torch: the operator {kind} is not known to this benchmark"
            raise EngineError(msg)
        settings = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
        names = list(node.input) if kind == "Concat" else [node.input[0]]
        return makers[kind](node, settings), names

    def _clip(self, node: Any, settings: dict[str, Any]) -> Step:
        del settings
        low, high = (
            float(self._constants[name]) if name else None for name in (*node.input[1:], "", "")[:2]
        )
        return partial(torch.clamp, min=low, max=high)

    def _concat(self, node: Any, settings: dict[str, Any]) -> Step:
        del node
        axis = settings["axis"]
        return lambda *parts: torch.cat(parts, axis)

    def _mean(self, node: Any, settings: dict[str, Any]) -> Step:
        axes = self._constants[node.input[1]].tolist() if len(node.input) > 1 else settings["axes"]
        return partial(torch.mean, dim=axes, keepdim=bool(settings.get("keepdims", 1)))

    def _convolution(self, node: Any, settings: dict[str, Any]) -> Step:
        pads = settings.get("pads", [0, 0, 0, 0])
        weight = self._constants.get(node.input[1])
        if settings.get("auto_pad", b"NOTSET") != b"NOTSET" or weight is None:
            msg = "torch: a convolution without its own padding or weights is not known here"
            raise EngineError(msg)
        weight = weight.contiguous(memory_format=torch.channels_last)
        bias = self._constants[node.input[2]] if len(node.input) > 2 else None
        is_even = pads[:2] == pads[2:]
        convolve = partial(
            functional.conv2d,
            weight=weight,
            bias=bias,
            stride=settings.get("strides", [1, 1]),
            padding=pads[:2] if is_even else 0,
            dilation=settings.get("dilations", [1, 1]),
            groups=settings.get("group", 1),
        )
        if is_even:
            return convolve
        top, left, bottom, right = pads
        return lambda x: convolve(functional.pad(x, (left, right, top, bottom)))

    def _resize(self, node: Any, settings: dict[str, Any]) -> Step:
        scales = self._constants.get(node.input[2]) if len(node.input) > 2 else None
        mode = settings.get("mode", b"nearest").decode()
        rule = settings.get("coordinate_transformation_mode", b"half_pixel").decode()
        known = {
            ("nearest", "asymmetric"),
            ("linear", "half_pixel"),
            ("linear", "pytorch_half_pixel"),
        }
        if scales is None or len(scales) != 4 or (mode, rule) not in known:
            msg = f"torch: a resize of mode {mode} and {rule} is not known to this benchmark"
            raise EngineError(msg)
        factors = tuple(np.asarray(scales[2:]).tolist())
        if mode == "nearest":
            return partial(functional.interpolate, scale_factor=factors, mode="nearest")
        return partial(
            functional.interpolate, scale_factor=factors, mode="bilinear", align_corners=False
        )


_PLAIN: dict[str, Step] = {
    "Add": torch.add,
    "Exp": torch.exp,
    "HardSwish": functional.hardswish,
    "Identity": lambda x: x,
    "Mul": torch.mul,
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
}
