"""ONNX files in torch, and the yardsticks' files."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from fastdepth.bench.candidates import prepare_model
from fastdepth.engines import OnnxRuntimeEngine
from fastdepth.errors import EngineError
from fastdepth.paths import default_model
from fastdepth_train.bench import yardsticks
from fastdepth_train.bench.torch_graph import open_torch
from fastdepth_train.networks.cost import network_cost
from test.small_network import build_small_network

SIZE = 12


def save(path: Path, nodes: list[Any], constants: dict[str, Any], channels: int) -> Path:
    """Write a graph that maps `image`, 1x4xSIZExSIZE, to `depth` of so many channels."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 4, SIZE, SIZE])],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, [1, channels, None, None])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def differs(path: Path) -> float:
    """Return the largest difference between torch and onnxruntime."""
    tensor = np.random.default_rng(3).normal(0, 2, (1, 4, SIZE, SIZE)).astype(np.float32)
    expected = OnnxRuntimeEngine(path, threads=1).run(tensor)
    found = open_torch(path, 1)[0](tensor)
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max())


def test_the_models_depth_is_the_same_in_torch():
    path = default_model()
    run, prepare, description = open_torch(path, 1)
    prepare()
    assert torch.get_num_threads() == 1
    assert description.startswith("torch ")
    prepared = prepare_model(path)
    assert np.abs(run(prepared.tensor) - prepared.depth).max() < 1e-3


def test_operators_of_other_networks(tmp_path):
    rng = np.random.default_rng(0)
    node = helper.make_node
    nodes = [
        node("HardSwish", ["image"], ["a"]),
        node("GlobalAveragePool", ["a"], ["pooled"]),
        node("Sigmoid", ["pooled"], ["share"]),
        node("Mul", ["a", "share"], ["b"]),
        node("ReduceMean", ["b", "axes"], ["mean"], keepdims=1),
        node("Add", ["b", "mean"], ["c"]),
        # Of uneven padding, strided, in groups, without bias.
        node("Conv", ["c", "w"], ["d"], pads=[0, 1, 2, 1], strides=[2, 1], group=2),
        node("Clip", ["d", "", "six"], ["e"]),
        node("Clip", ["d", "zero", "six"], ["f"]),
        node("Concat", ["e", "f"], ["g"], axis=1),
        node(
            "Resize",
            ["g", "", "twice"],
            ["h"],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        ),
        node("Identity", ["h"], ["depth"]),
    ]
    constants = {
        "axes": np.array([2, 3], np.int64),
        "w": rng.normal(0, 1, (6, 2, 3, 3)).astype(np.float32),
        "zero": np.array(0, np.float32),
        "six": np.array(6, np.float32),
        "twice": np.array([1, 1, 2, 2], np.float32),
    }
    assert differs(save(tmp_path / "m.onnx", nodes, constants, 12)) < 1e-4


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([helper.make_node("Softsign", ["image"], ["depth"])], "operator Softsign"),
        (
            [helper.make_node("Conv", ["image", "w"], ["depth"], auto_pad="SAME_UPPER")],
            "without its own padding",
        ),
        (
            [helper.make_node("Resize", ["image", "", "twice"], ["depth"], mode="cubic")],
            "resize of mode cubic",
        ),
    ],
)
def test_what_is_not_known_is_a_named_error(tmp_path, nodes, message):
    constants = {
        "w": np.ones((4, 4, 3, 3), np.float32),
        "twice": np.array([1, 1, 2, 2], np.float32),
    }
    path = save(tmp_path / "m.onnx", nodes, constants, 4)
    with pytest.raises(EngineError, match=message):
        open_torch(path, 1)


def test_a_small_network_is_the_same_in_torch(tmp_path):
    path = build_small_network(tmp_path / "m.onnx")
    prepared = prepare_model(path)
    assert np.abs(open_torch(path, 1)[0](prepared.tensor) - prepared.depth).max() < 1e-5


def test_a_yardstick_is_the_preset_with_the_same_weights_every_time(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(yardsticks, "export_network", lambda *args: written.append(args))
    for _ in range(2):
        assert yardsticks.main([f"fastdepth={tmp_path / 'm.onnx'}"]) == 0
    (network, card, path), (again, _, _) = written
    assert network_cost(network).macs == pytest.approx(0.737e9, rel=0.005)
    assert not network.training
    assert (card.input.width, card.input.height) == (224, 224)
    assert path == tmp_path / "m.onnx"
    pairs = zip(network.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_an_unknown_preset_is_told(tmp_path, capsys):
    assert yardsticks.main([f"abacus={tmp_path / 'm.onnx'}"]) == 1
    assert "unknown preset" in capsys.readouterr().err
