"""Encoder weights out of 8-bit TensorFlow Lite classifiers, whose batch norms are folded.

TensorFlow pads convolutions of stride 2 at the far edges only, this package at all edges, as
torchvision does: features lie half a pixel of their map further up and left than in the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from fastdepth.card import InputSpec
from fastdepth.errors import MissingExtraError
from fastdepth_train.errors import WeightsError
from fastdepth_train.networks.encoders import Encoder

SUFFIX = ".tflite"
_DTYPES = {0: np.float32, 2: np.int32, 3: np.uint8, 9: np.int8}
# Axes of a weight in the file to (output, input, row, column).
_CONV_AXES = (0, 3, 1, 2)
_DEPTHWISE_AXES = (3, 0, 1, 2)


class InputScale(NamedTuple):
    """What a classifier makes of a pixel before its first convolution: scale * (0..255 - zero)."""

    scale: float
    zero: float


class Layer(NamedTuple):
    """A convolution: weight, outputs x inputs (1 if depthwise) x rows x columns, and its bias."""

    weight: Tensor
    bias: Tensor


class Classifier(NamedTuple):
    """What a file holds, as floats: its convolutions in their order, and its input."""

    layers: list[Layer]
    input: InputScale


def read_classifier(path: Path) -> Classifier:
    """Read the convolutions of a TensorFlow Lite file and multiply their steps out.

    Raises:
        WeightsError: the file is missing, damaged, or has none.
        MissingExtraError: the package ai-edge-litert is not installed.

    """
    try:
        from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as err:
        what = f"reading {path.name}"
        raise MissingExtraError(what, "tflite", err) from err
    if not path.is_file():
        msg = f"weights file {path} does not exist; give imagenet, none or the path of a file"
        raise WeightsError(msg)
    content = path.read_bytes()
    if content[4:8] != b"TFL3":
        msg = f"{path} is no TensorFlow Lite file (it lacks the mark TFL3)"
        raise WeightsError(msg)
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        graph = model.subgraphs[0]
        kinds = {
            schema.BuiltinOperator.CONV_2D: _CONV_AXES,
            schema.BuiltinOperator.DEPTHWISE_CONV_2D: _DEPTHWISE_AXES,
        }
        layers = []
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            axes = kinds.get(max(code.builtinCode, code.deprecatedBuiltinCode))
            if axes is not None:
                weight, bias = (_values(model, graph.tensors[i]) for i in operator.inputs[1:3])
                layers.append(Layer(weight.permute(axes).contiguous(), bias))
        image = graph.tensors[graph.inputs[0]].quantization
        scale = InputScale(float(image.scale[0]), float(image.zeroPoint[0]))
    # What a damaged flatbuffer makes of its reader is anybody's guess.
    except Exception as err:
        msg = f"{path} cannot be read as an 8-bit TensorFlow Lite classifier: {err}"
        raise WeightsError(msg) from err
    return Classifier(layers, scale)


def load_classifier(encoder: Encoder, path: Path) -> InputScale:
    """Load the convolutions of a file into an encoder of the same layers.

    Batch norms become the identity, plus the file's bias. Where the encoder is to be trained,
    `settle` must follow: in training mode batch norms take the scale of every batch away.

    Args:
        encoder: whose weights are replaced.
        path: of the file.

    Returns:
        The input that the encoder now expects.

    Raises:
        WeightsError: the file cannot be read, or is of another network.

    """
    layers, scale = read_classifier(path)
    wanted = [m for m in encoder.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    if len(wanted) != len(norms) or len(layers) < len(wanted):
        msg = (
            f"{path} has {len(layers)} convolutions, the encoder {len(wanted)}; expected an encoder"
            " mobilenet_v1 or mobilenet_v2 and a classifier of the same network"
        )
        raise WeightsError(msg)
    for number, (conv, layer) in enumerate(zip(wanted, layers, strict=False), 1):
        if conv.weight.shape != layer.weight.shape:
            msg = (
                f"convolution {number} of {path} has weights {tuple(layer.weight.shape)}, the "
                f"encoder's has {tuple(conv.weight.shape)}; expected the same network and width "
                "(--model.network.encoder.width)"
            )
            raise WeightsError(msg)
    with torch.no_grad():
        for conv, norm, layer in zip(wanted, norms, layers, strict=False):
            conv.weight.copy_(layer.weight)
            _set_norm(norm, torch.zeros_like(layer.bias), torch.ones_like(layer.bias), layer.bias)
    return scale


def settle(encoder: Encoder, scale: InputScale, spec: InputSpec, images: Iterable[Tensor]) -> None:
    """Make an encoder from a file ready for training: it stays the same function.

    Its first convolution is fitted to the input that it will have. Its batch norms get the
    statistics of their own inputs, and factors that undo them.

    Args:
        encoder: loaded by `load_classifier`.
        scale: which that returned.
        spec: of the input to come: channel order, mean and deviation.
        images: batches of that input, Bx3xHxW, to measure on; typical ones.

    """
    _fit_input(encoder, scale, spec)
    norms = [m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    seen: dict[nn.Module, list[tuple[Tensor, Tensor]]] = {norm: [] for norm in norms}

    def measure(norm: nn.Module, inputs: tuple[Tensor, ...], _: Tensor) -> None:
        x = inputs[0].double()
        seen[norm].append((x.mean(dim=(0, 2, 3)), x.square().mean(dim=(0, 2, 3))))

    hooks = [norm.register_forward_hook(measure) for norm in norms]
    was_training = encoder.training
    encoder.eval()
    with torch.no_grad():
        for batch in images:
            encoder(batch)
    encoder.train(was_training)
    for hook in hooks:
        hook.remove()
    for norm in norms:
        firsts, squares = (
            torch.stack(values).mean(dim=0) for values in zip(*seen[norm], strict=True)
        )
        variance = (squares - firsts.square()).clamp(min=0)
        # What the identity added so far.
        bias = (norm.bias - norm.get_buffer("running_mean")).detach()
        _set_norm(norm, firsts.to(bias), variance.to(bias), bias)


def _fit_input(encoder: Encoder, scale: InputScale, spec: InputSpec) -> None:
    """Let the first convolution take an input made as `spec` says, of the file's weights."""
    conv = next(m for m in encoder.modules() if isinstance(m, nn.Conv2d))
    norm = next(m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d))
    mean, std = (torch.tensor(v, dtype=torch.float32) for v in (spec.mean, spec.std))
    # The file's input is factor * x + offset, of an input x to come.
    factor = 255 * std * scale.scale
    offset = (255 * mean - scale.zero) * scale.scale
    with torch.no_grad():
        weight = conv.weight.flip(1) if spec.channel_order == "bgr" else conv.weight.clone()
        norm.bias.add_((weight * offset.reshape(1, 3, 1, 1)).sum(dim=(1, 2, 3)))
        conv.weight.copy_(weight * factor.reshape(1, 3, 1, 1))


def _set_norm(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, bias: Tensor) -> None:
    """Give a batch norm statistics, and what makes it x + bias in evaluation mode."""
    with torch.no_grad():
        norm.get_buffer("running_mean").copy_(mean)
        norm.get_buffer("running_var").copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(bias + mean)


def _values(model: Any, tensor: Any) -> Tensor:
    """Return a constant as floats."""
    raw = np.frombuffer(bytes(model.buffers[tensor.buffer].data), _DTYPES[tensor.type])
    values = raw.reshape(list(tensor.shape)).astype(np.float64)
    rule = tensor.quantization
    scales = np.asarray(rule.scale, np.float64)
    if scales.size == 0:
        msg = f"{tensor.name!r} is not quantised"
        raise ValueError(msg)
    zeros = np.broadcast_to(np.asarray(rule.zeroPoint, np.float64), scales.shape)
    shape = [1] * values.ndim
    if scales.size > 1:
        shape[rule.quantizedDimension] = scales.size
    result = (values - zeros.reshape(shape)) * scales.reshape(shape)
    return torch.from_numpy(result.astype(np.float32))
