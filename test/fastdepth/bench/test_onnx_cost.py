"""What a graph costs, against counts made by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastdepth.bench.onnx_cost import count_cost
from fastdepth.errors import ModelError
from test.small_network import build_small_network

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def save(
    path: Path, nodes: list[Any], constants: dict[str, Any], shape: list[Any], out: list[Any]
) -> Path:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, out)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9),
        str(path),
    )
    return path


def test_a_network_of_convolutions(tmp_path):
    cost = count_cost(build_small_network(tmp_path / "m.onnx", width=64, height=48))
    half, quarter, whole = 32 * 24, 16 * 12, 64 * 48
    macs = (
        half * 16 * 3 * 9
        + quarter * 16 * 9  # depthwise
        + quarter * 32 * 16
        + quarter * 32 * 25
        + quarter * 16 * 32
        + half * 8 * 16 * 9
        + whole * 1 * 8
    )
    weights = 16 * 27 + 16 * 9 + 32 * 16 + 32 * 25 + 16 * 32 + 8 * 16 * 9 + 8
    biases = 16 + 16 + 32 + 32 + 16 + 8 + 1
    values = (
        (3 * whole + 16 * half)
        + (16 * half + 16 * quarter)
        + (16 + 32) * quarter
        + (32 + 32) * quarter
        + (32 + 16) * quarter
        + (16 + 8) * half
        + (8 + 1) * whole
    )
    assert (cost.macs, cost.int8_macs) == (macs, 0)
    assert cost.parameters == weights + biases
    assert cost.weight_bytes == 4 * (weights + biases)
    assert cost.activation_bytes == 4 * values
    assert cost.moved == cost.weight_bytes + cost.activation_bytes


def test_a_convolution_between_quantisations_counts_as_8_bit(tmp_path):
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
        helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
        helper.make_node("DequantizeLinear", ["wq", "s", "wz"], ["wd"]),
        helper.make_node("Conv", ["xd", "wd"], ["c"], kernel_shape=[1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("QuantizeLinear", ["r", "s", "z"], ["rq"]),
        helper.make_node("DequantizeLinear", ["rq", "s", "z"], ["rd"]),
        helper.make_node("Conv", ["rd", "w"], ["y"], kernel_shape=[1, 1]),
    ]
    constants = {
        "s": np.array(0.1, np.float32),
        "z": np.array(0, np.uint8),
        "wz": np.array(0, np.int8),
        "wq": np.ones((8, 4, 1, 1), np.int8),
        "w": np.ones((2, 8, 1, 1), np.float32),
    }
    cost = count_cost(save(tmp_path / "q.onnx", nodes, constants, [1, 4, 10, 10], [1, 2, 10, 10]))
    assert cost.int8_macs == 100 * 8 * 4
    assert cost.macs == 100 * 2 * 8
    assert cost.weight_bytes == 32 + 4 * 16
    # 8 bits in and out of the first; the second reads 8 bits and writes floats.
    assert cost.activation_bytes == (400 + 800) + (800 + 4 * 200)


def test_transposed_convolutions_and_products(tmp_path):
    nodes = [
        helper.make_node("ConvTranspose", ["x", "w"], ["t"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("MatMul", ["t", "m"], ["y"]),
    ]
    constants = {"w": np.ones((4, 6, 2, 2), np.float32), "m": np.ones((10, 7), np.float32)}
    cost = count_cost(save(tmp_path / "t.onnx", nodes, constants, [1, 4, 5, 5], [1, 6, 10, 7]))
    assert cost.macs == 4 * 25 * 6 * 4 + 6 * 10 * 7 * 10


def test_a_graph_of_unknown_size_is_an_error_that_names_the_value(tmp_path):
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1])]
    constants = {"w": np.ones((1, 3, 1, 1), np.float32)}
    path = save(tmp_path / "d.onnx", nodes, constants, [1, 3, "h", "w"], [1, 1, "h", "w"])
    with pytest.raises(ModelError, match=r"size of 'y'.*fixed size"):
        count_cost(path)


def test_a_damaged_file_is_a_named_error(tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(ModelError, match="cannot be read by onnx"):
        count_cost(path)
