"""What a model file costs, counted from its graph: operations, and bytes that must move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from fastdepth.errors import MissingExtraError, ModelError

_WEIGHT_INPUT = {"QLinearConv": 3, "QLinearMatMul": 3}
_INTEGER = {"QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"}
_CONVOLUTIONS = {"Conv", "QLinearConv", "ConvInteger"}
_PRODUCTS = {"MatMul", "Gemm", "QLinearMatMul", "MatMulInteger"}
# What passes values on: a layer's 8 bits are seen through it.
_PASSING = {"Relu", "Clip", "Identity", "Reshape", "Transpose", "MaxPool"}


@dataclass(frozen=True, slots=True)
class OnnxCost:
    """What one run of a model costs.

    Attributes:
        macs: multiply-accumulates in float32 of convolutions and matrix products.
        int8_macs: the same with 8-bit operands.
        parameters: weights and biases of these layers.
        weight_bytes: that they take.
        activation_bytes: that these layers read and write; everything else can be done on the way.

    """

    macs: int
    int8_macs: int
    parameters: int
    weight_bytes: int
    activation_bytes: int

    @property
    def moved(self) -> int:
        """Bytes that a run moves, if no layer finds its input where the last one left it."""
        return self.weight_bytes + self.activation_bytes


def count_cost(path: Path) -> OnnxCost:
    """Count what one run of a model file costs.

    Quantised layers in QDQ form count as 8-bit where both of their operands come from a
    DequantizeLinear.

    Raises:
        ModelError: the file is damaged, or the size of a layer is not known before it runs.
        MissingExtraError: `onnx` is not installed.

    """
    try:
        import onnx  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as err:
        what = "counting operations"
        raise MissingExtraError(what, "train", err) from err
    try:
        model = onnx.shape_inference.infer_shapes(onnx.load(str(path)), data_prop=True)
    except Exception as err:  # protobuf and onnx raise their own classes
        msg = f"{path} cannot be read by onnx {onnx.__version__}: {err}"
        raise ModelError(msg) from err
    return _Counter(model.graph, path).count()


class _Counter:
    def __init__(self, graph: Any, path: Path) -> None:
        self._path = path
        self._nodes = list(graph.node)
        self._maker = {name: node for node in self._nodes for name in node.output}
        self._weights = {item.name: tuple(item.dims) for item in graph.initializer}
        self._shapes: dict[str, tuple[int, ...]] = dict(self._weights)
        for value in (*graph.input, *graph.value_info, *graph.output):
            sizes = value.type.tensor_type.shape.dim
            if all(size.HasField("dim_value") for size in sizes):
                self._shapes[value.name] = tuple(size.dim_value for size in sizes)
        self._quantised = {
            node.input[0] for node in self._nodes if node.op_type == "QuantizeLinear"
        }

    def count(self) -> OnnxCost:
        macs = {True: 0, False: 0}
        parameters = weight_bytes = activation_bytes = 0
        for node in self._layers():
            activation, weights = self._operands(node)
            is_int8 = node.op_type in _INTEGER or (
                self._comes_from_8_bits(activation) and self._comes_from_8_bits(weights)
            )
            macs[is_int8] += self._macs(node, activation, weights)
            own = [name for name in (weights, *self._biases(node)) if self._is_constant(name)]
            for name in own:
                size = prod(self._shape(name))
                parameters += size
                weight_bytes += size * (1 if is_int8 and name == weights else 4)
            reads = [name for name in (activation, weights) if not self._is_constant(name)]
            activation_bytes += sum(
                prod(self._shape(name)) * (1 if self._comes_from_8_bits(name) else 4)
                for name in reads
            )
            written = node.output[0]
            activation_bytes += prod(self._shape(written)) * self._written_size(written)
        return OnnxCost(macs[False], macs[True], parameters, weight_bytes, activation_bytes)

    def _layers(self) -> Iterator[Any]:
        for node in self._nodes:
            if node.op_type in _CONVOLUTIONS | _PRODUCTS or node.op_type == "ConvTranspose":
                yield node

    def _operands(self, node: Any) -> tuple[str, str]:
        return node.input[0], node.input[_WEIGHT_INPUT.get(node.op_type, 1)]

    def _biases(self, node: Any) -> list[str]:
        first = {"Conv": 2, "ConvTranspose": 2, "Gemm": 2, "QLinearConv": 8}.get(node.op_type)
        return [] if first is None else list(node.input[first : first + 1])

    def _macs(self, node: Any, activation: str, weights: str) -> int:
        kernel, out = self._shape(weights), self._shape(node.output[0])
        if node.op_type in _CONVOLUTIONS:
            # M x C/group x kernel: each of its M outputs takes the rest of the kernel.
            return prod(out) * prod(kernel[1:])
        read = self._shape(activation)
        if node.op_type == "ConvTranspose":
            return prod(read) * prod(kernel[1:])
        return prod(out) * read[-1]

    def _shape(self, name: str) -> tuple[int, ...]:
        shape = self._shapes.get(name)
        if shape is None:
            origin = self._maker.get(name)
            if origin is not None and origin.op_type in {"DequantizeLinear", "QuantizeLinear"}:
                return self._shape(origin.input[0])
            msg = (
                f"{self._path}: the size of {name!r} is not known before the model runs; expected "
                "a model of fixed size"
            )
            raise ModelError(msg)
        return shape

    def _is_constant(self, name: str) -> bool:
        origin = self._maker.get(name)
        if origin is not None and origin.op_type == "DequantizeLinear":
            name = origin.input[0]
        return name in self._weights

    def _comes_from_8_bits(self, name: str) -> bool:
        origin = self._maker.get(name)
        while origin is not None and origin.op_type in _PASSING:
            origin = self._maker.get(origin.input[0])
        return origin is not None and origin.op_type in {"DequantizeLinear", "QuantizeLinear"}

    def _written_size(self, name: str) -> int:
        """Return the bytes of a value as it is stored: 1 where it is quantised on the way."""
        passed = {name}
        for node in self._nodes:
            if node.op_type in _PASSING and node.input[0] in passed:
                passed.add(node.output[0])
        return 1 if passed & self._quantised or self._maker[name].op_type in _INTEGER else 4
