"""Even out the ranges of a network's channels without changing what it computes.

One quantisation step serves all channels of a tensor, so a channel of small values drowns beside
one of large values; networks with depthwise convolutions have both. Where a convolution feeds only
one other, directly or through a ReLU, its channel c may be divided by s_c > 0 and the next one's
weights for c multiplied by it: ReLU(x / s) = ReLU(x) / s (Nagel et al., Data-Free Quantization
through Weight Equalization and Bias Correction, ICCV 2019).

A depthwise convolution has a step for each channel's weights, so the whole range moves there. For
others the range is shared between activations and weights, s = max|x|^a / max|w|^(1-a) with a = 1/2
(Xiao et al., SmoothQuant, ICML 2023).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

from fastdepth.engines.onnx_file import CPU
from fastdepth.frame import F32Array

# Of the largest channel: a channel that is hardly ever used must not be blown up.
_SMALLEST = 1e-3
_SHARE = 0.5


class Pair(NamedTuple):
    """A convolution whose output only one other convolution reads.

    Attributes:
        first: writes the channels.
        second: reads them.
        between: the tensor that `second` reads.

    """

    first: onnx.NodeProto
    second: onnx.NodeProto
    between: str


def equalize(model: onnx.ModelProto, tensors: Sequence[F32Array]) -> tuple[onnx.ModelProto, int]:
    """Return the network with the ranges of its channels evened out, and in how many places.

    Args:
        model: with one input; convolutions' weights are constants of the graph.
        tensors: inputs that show what values the channels have.

    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    constants = {item.name: item for item in result.graph.initializer}
    pairs = find_pairs(result)
    if not pairs:
        return result, 0
    ranges = _ranges(result, [pair.between for pair in pairs], tensors)
    for pair in pairs:
        _scale(pair, ranges[pair.between], constants)
    return result, len(pairs)


def find_pairs(model: onnx.ModelProto) -> list[Pair]:
    """Return the places where `equalize` may move a factor, in the order of the graph."""
    graph = model.graph
    constants = {item.name for item in graph.initializer}
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    uses: Counter[str] = Counter()
    for node in graph.node:
        uses.update(node.input)
        for name in node.input:
            readers[name].append(node)
    outputs = {item.name for item in graph.output}

    def movable(node: onnx.NodeProto) -> bool:
        """Tell whether its weights are its own."""
        return node.op_type == "Conv" and all(
            name in constants and uses[name] == 1 for name in node.input[1:]
        )

    def only_reader(name: str) -> onnx.NodeProto | None:
        return readers[name][0] if uses[name] == 1 and name not in outputs else None

    pairs = []
    for node in filter(movable, graph.node):
        between = node.output[0]
        reader = only_reader(between)
        if reader is not None and reader.op_type == "Relu":
            between = reader.output[0]
            reader = only_reader(between)
        if reader is not None and movable(reader) and reader.input[0] == between:
            pairs.append(Pair(node, reader, between))
    return [pair for pair in pairs if _groups(pair.second) == 1 or _is_depthwise(pair, graph)]


def _ranges(
    model: onnx.ModelProto, names: list[str], tensors: Sequence[F32Array]
) -> dict[str, F32Array]:
    """Return the largest magnitude of every channel of these tensors."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    shown.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(shown.SerializeToString(), options, providers=[CPU])
    image = session.get_inputs()[0].name
    found: dict[str, F32Array] = {}
    for tensor in tensors:
        for name, values in zip(names, session.run(names, {image: tensor}), strict=True):
            largest = np.abs(values).max(axis=(0, 2, 3))
            found[name] = np.maximum(found.get(name, largest), largest)
    return found


def _scale(pair: Pair, ranges: F32Array, constants: dict[str, Any]) -> None:
    if not ranges.max() > 0:
        return
    reading = numpy_helper.to_array(constants[pair.second.input[1]])
    ranges = np.maximum(ranges, ranges.max() * _SMALLEST)
    if _groups(pair.second) > 1:
        factors = ranges
        along = factors[:, None, None, None]
    else:
        weights = np.abs(reading).max(axis=(0, 2, 3))
        if not weights.max() > 0:
            return
        weights = np.maximum(weights, weights.max() * _SMALLEST)
        factors = ranges**_SHARE / weights ** (1 - _SHARE)
        along = factors[None, :, None, None]
    _replace(constants[pair.second.input[1]], reading * along)
    for name in pair.first.input[1:]:
        values = numpy_helper.to_array(constants[name])
        _replace(constants[name], values / factors.reshape(-1, *[1] * (values.ndim - 1)))


def _replace(constant: Any, values: F32Array) -> None:
    constant.CopyFrom(numpy_helper.from_array(values.astype(np.float32), constant.name))


def _groups(node: onnx.NodeProto) -> int:
    return next((item.i for item in node.attribute if item.name == "group"), 1)


def _is_depthwise(pair: Pair, graph: onnx.GraphProto) -> bool:
    """Tell whether each channel of the second convolution reads the same channel of the first."""
    shapes = {item.name: list(item.dims) for item in graph.initializer}
    out, per_group = shapes[pair.second.input[1]][:2]
    first: int = shapes[pair.first.input[1]][0]
    return bool(per_group == 1 and _groups(pair.second) == out == first)
