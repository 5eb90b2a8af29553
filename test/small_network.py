"""A small convolutional network with random weights, of the operators that depth networks have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fastdepth.card import METADATA_KEY
from test.mock_model import mock_card


def build_small_network(
    path: Path, *, width: int = 64, height: int = 48, inputs: int = 1, card: bool = True
) -> Path:
    """Write an encoder and a decoder with a skip connection: 1x3xHxW in, 1x1xHxW out.

    Convolutions (strided, depthwise, pointwise), ReLU, nearest upsampling, addition.

    Args:
        path: of the ONNX file.
        width: of input and output, a multiple of 4.
        height: of input and output, a multiple of 4.
        inputs: how many inputs it has; more than one make it no depth network.
        card: put a model card into the file.

    """
    rng = np.random.default_rng(1)
    constants = [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "twice")]
    nodes = []

    def conv(source: str, name: str, channels: int, out: int, size: int, **more: int) -> str:
        groups, stride = more.get("groups", 1), more.get("stride", 1)
        fan = channels // groups * size * size
        weights = rng.normal(0, (2 / fan) ** 0.5, (out, channels // groups, size, size))
        bias = rng.normal(0, 0.1, out)
        constants.append(numpy_helper.from_array(weights.astype(np.float32), f"{name}_w"))
        constants.append(numpy_helper.from_array(bias.astype(np.float32), f"{name}_b"))
        nodes.append(
            helper.make_node(
                "Conv",
                [source, f"{name}_w", f"{name}_b"],
                [name],
                kernel_shape=[size] * 2,  # may be left out, but OpenCV 4 wants it
                strides=[stride] * 2,
                pads=[size // 2] * 4,
                group=groups,
            )
        )
        nodes.append(helper.make_node("Relu", [name], [f"{name}_r"]))
        return f"{name}_r"

    def upsample(source: str, name: str) -> str:
        nodes.append(
            helper.make_node(
                "Resize",
                [source, "", "twice"],
                [name],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
        )
        return name

    half = conv("image", "c1", 3, 16, 3, stride=2)
    quarter = conv(half, "c2", 16, 16, 3, groups=16, stride=2)
    quarter = conv(quarter, "c3", 16, 32, 1)
    quarter = conv(quarter, "c4", 32, 32, 5, groups=32)
    up = upsample(conv(quarter, "c5", 32, 16, 1), "u1")
    nodes.append(helper.make_node("Add", [up, half], ["sum"]))
    up = upsample(conv("sum", "c6", 16, 8, 3), "u2")
    last = conv(up, "c7", 8, 1, 1)
    nodes.append(helper.make_node("Identity", [last], ["depth"]))
    shape = [1, 3, height, width]
    graph = helper.make_graph(
        nodes,
        "small",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name in ("image", *(f"more_{i}" for i in range(1, inputs)))
        ],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, [1, 1, height, width])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if card:
        text = mock_card(width=width, height=height).to_json()
        helper.set_model_props(model, {METADATA_KEY: text})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path
