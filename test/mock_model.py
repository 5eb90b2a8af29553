"""Tiny ONNX models with a card whose depth is a known function of the pixels.

    depth = bias + red * R + green * G + blue * B

R, G and B are the planes of the input tensor: with the default card the pixel values divided by
255. The three weights differ, so a swap of channels shows; the output has the size of the input, so
a shift of pixels shows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fastdepth.card import METADATA_KEY, InputSpec, ModelCard

WEIGHTS = (2.0, 0.5, 6.0)
BIAS = 0.5


def mock_card(
    *,
    width: int = 32,
    height: int = 24,
    focal_length: tuple[float, float] = (30.0, 30.0),
    depth_range: tuple[float, float] = (0.1, 20.0),
    **spec: Any,
) -> ModelCard:
    """Return a card; `spec` are further fields of InputSpec."""
    return ModelCard(
        name="mock",
        version="1",
        input=InputSpec(width, height, **spec),
        focal_length=focal_length,
        depth_range=depth_range,
        notes="a test's model, depth is linear in the pixels",
    )


def build_mock_model(
    path: Path,
    card: ModelCard | None = None,
    *,
    weights: tuple[float, float, float] = WEIGHTS,
    bias: float = BIAS,
    work: int = 0,
    fails_on_white: bool = False,
    with_card: bool = True,
) -> Path:
    """Write a model and return its path.

    Args:
        path: of the ONNX file.
        card: what the model claims; mock_card() if None.
        weights: metres for the full value of red, green and blue.
        bias: metres for black.
        work: how many 3x3 convolutions of 32 channels are run besides, to make it slow; they do
            not change the depth.
        fails_on_white: raise inside the engine where the whole input is white.
        with_card: put the card into the file.

    """
    card = card or mock_card()
    shape = [1, 3, card.input.height, card.input.width]
    initializers = [
        numpy_helper.from_array(np.array(weights, np.float32).reshape(1, 3, 1, 1), "weights"),
        numpy_helper.from_array(np.array([bias], np.float32), "bias"),
    ]
    # kernel_shape may be left out, but OpenCV 4 wants it.
    nodes = [
        helper.make_node("Conv", ["image", "weights", "bias"], ["depth_0"], kernel_shape=[1, 1])
    ]
    output = "depth_0"
    if work:
        extra, output = _work(work, output, initializers)
        nodes += extra
    if fails_on_white:
        extra, output = _failure(output, initializers)
        nodes += extra
    nodes.append(helper.make_node("Identity", [output], ["depth"]))
    graph = helper.make_graph(
        nodes,
        "mock",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, [1, 1, *shape[2:]])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if with_card:
        helper.set_model_props(model, {METADATA_KEY: card.to_json()})
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def _work(
    count: int, depth: str, initializers: list[TensorProto]
) -> tuple[list[onnx.NodeProto], str]:
    """Add `count` convolutions whose result is multiplied by zero and added to the depth."""
    channels = 32
    first = np.full((channels, 3, 3, 3), 1 / 27, np.float32)
    middle = np.full((channels, channels, 3, 3), 1 / (9 * channels), np.float32)
    last = np.zeros((1, channels, 1, 1), np.float32)
    initializers += [
        numpy_helper.from_array(first, "work_first"),
        numpy_helper.from_array(middle, "work_middle"),
        numpy_helper.from_array(last, "work_last"),
    ]
    same = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [helper.make_node("Conv", ["image", "work_first"], ["work_0"], **same)]
    nodes += [
        helper.make_node("Conv", [f"work_{i}", "work_middle"], [f"work_{i + 1}"], **same)
        for i in range(count)
    ]
    nodes.append(
        helper.make_node("Conv", [f"work_{count}", "work_last"], ["nothing"], kernel_shape=[1, 1])
    )
    nodes.append(helper.make_node("Add", [depth, "nothing"], ["depth_1"]))
    return nodes, "depth_1"


def _failure(depth: str, initializers: list[TensorProto]) -> tuple[list[onnx.NodeProto], str]:
    """Add a look-up that is out of bounds (the engine raises) where the darkest value is 1."""
    initializers += [
        numpy_helper.from_array(np.zeros(1, np.float32), "table"),
        numpy_helper.from_array(np.array(0.999, np.float32), "white"),
    ]
    nodes = [
        helper.make_node("ReduceMin", ["image"], ["darkest"], keepdims=0),
        helper.make_node("Greater", ["darkest", "white"], ["is_white"]),
        helper.make_node("Cast", ["is_white"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["zero"]),
        helper.make_node("Add", [depth, "zero"], ["depth_2"]),
    ]
    return nodes, "depth_2"
