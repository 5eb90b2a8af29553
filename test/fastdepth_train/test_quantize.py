from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

pytest.importorskip("torch")

from fastdepth.card import Accuracy
from fastdepth.card_file import write_card
from fastdepth.cli.main import main
from fastdepth.engines import OnnxRuntimeEngine, read_card
from fastdepth.preprocess import Preprocessor
from fastdepth.sources import open_source
from fastdepth_train import quantize as module
from fastdepth_train.equalize import equalize, find_pairs
from fastdepth_train.errors import QuantizeError
from fastdepth_train.quantize import prepared_inputs, quantize, spread
from test.data import shared
from test.fastdepth_train.frames import ListSource, kaggle_folder, room
from test.mock_model import build_mock_model
from test.small_network import build_small_network

MODEL = Path(__file__).resolve().parents[2] / "models" / "fastdepth.onnx"


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    # 640x480, the size that the protocols know.
    folder = tmp_path_factory.mktemp("data") / "rooms"
    return kaggle_folder(folder, train=6, val=2, width=640, height=480)


@pytest.fixture
def small(tmp_path):
    """Return a small network whose card has notes, a licence and a figure."""
    path = build_small_network(tmp_path / "small.onnx")
    model = onnx.load(str(path))
    # Above zero in many pixels: a ReLU is last.
    bias = next(item for item in model.graph.initializer if item.name == "c7_b")
    bias.CopyFrom(numpy_helper.from_array(np.array([3.0], np.float32), "c7_b"))
    onnx.save(model, str(path))
    result = Accuracy("elsewhere", "fastdepth", "none", {"rmse": 123.0})
    card = replace(read_card(path), licence="Apache-2.0", notes="Mind it.", accuracy=(result,))
    write_card(path, card, path)
    return path


def inputs(path, count=8):
    frames = [room(seed) for seed in range(count)]
    return prepared_inputs(frames, Preprocessor(read_card(path).input))


def outputs(path, tensors):
    engine = OnnxRuntimeEngine(path, threads=1)
    return np.stack([engine.run(tensor).copy() for tensor in tensors])


def constants(model):
    return {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}


def convolutions(model):
    """Return by name whether a convolution reads 8-bit weights."""
    quantised = {n.output[0] for n in model.graph.node if n.op_type == "DequantizeLinear"}
    return {n.name: n.input[1] in quantised for n in model.graph.node if n.op_type == "Conv"}


def test_activations_are_unsigned_and_weights_signed_per_channel(small):
    found = quantize(small, inputs(small), methods=["MinMax"], keep_float=())
    values = constants(found.model)
    writers = {n.output[0]: n for n in found.model.graph.node}
    convs = [n for n in found.model.graph.node if n.op_type == "Conv"]
    assert list(convolutions(found.model).values()) == [True] * 6 + [False]
    for conv in convs[:-1]:
        weights = writers[conv.input[1]]
        out = values[weights.input[0]].shape[0]
        assert values[weights.input[0]].dtype == np.int8
        assert values[weights.input[1]].shape == (out,)
        assert len(np.unique(values[weights.input[1]])) > 1
        activation = writers[conv.input[0]]
        assert activation.op_type == "DequantizeLinear"
        assert values[activation.input[2]].dtype == np.uint8
    onnx.checker.check_model(found.model)
    assert not found.model.metadata_props
    assert [(o.domain, o.version) for o in found.model.opset_import] == [("", 18)]


def test_the_result_is_near_the_float_file(small, tmp_path):
    tensors = inputs(small, 12)
    found = quantize(small, tensors, keep_float=())
    assert set(found.tried) == {"MinMax", "Percentile", "Entropy"}
    assert found.tried[found.method] == min(found.tried.values())
    onnx.save(found.model, str(tmp_path / "bare.onnx"))
    write_card(tmp_path / "bare.onnx", read_card(small), tmp_path / "q.onnx")
    ours, expected = outputs(tmp_path / "q.onnx", tensors), outputs(small, tensors)
    apart = np.abs(ours - expected)
    assert expected.std() > 0.05
    # Not the float network under another name, and not far from it.
    assert 0 < apart.mean() < 0.02 * np.abs(expected).mean()
    judged = np.sqrt(np.mean((ours - expected)[1::2] ** 2))
    assert found.difference == pytest.approx(judged, rel=1e-3)


def test_named_layers_stay_in_float(small):
    names = list(convolutions(module._prepared(small)))
    found = quantize(small, inputs(small), methods=["MinMax"], keep_float=names[1:3])
    quantised = convolutions(found.model)
    assert [name for name in names if not quantised[name]] == [*names[1:3], names[-1]]
    assert found.kept == tuple(names[1:3])


def test_auto_keeps_layers_at_the_ends_and_is_no_further_off(small, monkeypatch):
    tensors = inputs(small)
    names = list(convolutions(module._prepared(small)))
    none = quantize(small, tensors, methods=["MinMax"], keep_float=())
    # No combination is near enough, so the nearest is taken.
    monkeypatch.setattr(module, "TARGET", 0.0)
    found = quantize(small, tensors, methods=["MinMax"])
    assert found.relative < none.relative
    assert 0 < len(found.kept) < len(names) - 1
    left = [name for name in names[:-1] if name not in found.kept]
    first = names.index(left[0])
    assert left == names[first : first + len(left)]


def test_evening_out_ranges_changes_nothing_but_the_ranges(small, tmp_path):
    model = module._prepared(small)
    tensors = inputs(small)
    pairs = find_pairs(model)
    # c1 feeds c2 and the skip; c4's and c5's readers are no or not only convolutions.
    names = {node.output[0]: node.name for node in model.graph.node}
    assert [names[p.first.output[0]] for p in pairs] == [names[name] for name in ("c2", "c3", "c4")]
    even, count = equalize(model, tensors)
    assert count == 3
    before = module._outputs(model.SerializeToString(), tensors)
    after = module._outputs(even.SerializeToString(), tensors)
    assert np.abs(before - after).max() < 1e-4
    name = "c3_r"  # which a depthwise convolution reads
    ranges = [ranges_of(one, name, tensors) for one in (model, even)]
    assert ranges[0].max() / ranges[0][ranges[0] > 0].min() > 2
    used = ranges[0] > 1e-3 * ranges[0].max()
    assert np.allclose(ranges[1][used], 1.0, atol=1e-3)


def ranges_of(model, name, tensors):
    from fastdepth_train.equalize import _ranges  # noqa: PLC0415

    return _ranges(model, [name], tensors)[name]


def test_the_mean_of_the_last_convolution_is_put_right(small):
    tensors = inputs(small)
    model = module._prepared(small)
    last = list(convolutions(model))[-1]
    spoilt = onnx.ModelProto()
    spoilt.CopyFrom(model)
    bias = next(item for item in spoilt.graph.initializer if item.name == "c7_b")
    bias.CopyFrom(numpy_helper.from_array(np.array([3.25], np.float32), "c7_b"))
    right = module.centred(spoilt, model, last, tensors)
    assert constants(right)["c7_b"] == pytest.approx(constants(model)["c7_b"], abs=1e-4)
    found = quantize(small, tensors, methods=["MinMax"], keep_float=())
    means = [
        module._outputs(module._showing(one, "c7"), tensors[0::2], "c7").mean()
        for one in (model, found.model)
    ]
    assert means[1] == pytest.approx(means[0], abs=1e-4)


def test_the_verb_carries_the_card_and_measures_the_new_file(small, rooms, tmp_path, capsys):
    out = tmp_path / "out" / "q.onnx"
    args = ["quantize", str(small), str(out), "--calibration", str(rooms), "--split", "train"]
    args += ["--keep-float", "none", "--method", "MinMax", "--frames", "5"]
    assert main([*args, "--evaluate", str(rooms), "--eval-split", "val"]) == 0
    printed = capsys.readouterr().out
    assert list(out.parent.iterdir()) == [out]
    old, new = read_card(small), read_card(out)
    assert (new.name, new.version, new.licence) == ("mock_int8", "1", "Apache-2.0")
    assert (new.input, new.focal_length, new.depth_range) == (
        old.input,
        old.focal_length,
        old.depth_range,
    )
    assert new.notes.startswith("Mind it. 8 bits made from mock 1")
    assert "calibrated on rooms train, 5 frames (MinMax)" in new.notes
    # Its own figures: those of an evaluation of the file itself.
    assert [(a.dataset, a.protocol) for a in new.accuracy] == [
        ("rooms val, 2 frames", "fastdepth"),
        ("rooms val, 2 frames", "eigen"),
    ]
    from fastdepth_train.export import measure  # noqa: PLC0415

    again = measure(out, open_source(rooms, split="val"), "rooms val, 2 frames")
    assert again[1].metrics == pytest.approx(new.accuracy[1].metrics)
    before = measure(small, open_source(rooms, split="val"), "rooms val, 2 frames")
    assert before[1].metrics["rmse"] != new.accuracy[1].metrics["rmse"]
    assert f"rmse {before[1].metrics['rmse']:.4f}" in printed
    assert "ms on one thread" in printed


def test_without_an_evaluation_the_card_has_no_figures(small, rooms, tmp_path):
    out = tmp_path / "q.onnx"
    args = ["quantize", str(small), str(out), "--calibration", str(rooms), "--split", "train"]
    assert main([*args, "--keep-float", "none", "--method", "MinMax", "--frames", "2"]) == 0
    assert read_card(out).accuracy == ()


def dynamic(path):
    model = onnx.load(str(path))
    for item in (model.graph.input[0], model.graph.output[0]):
        item.type.tensor_type.shape.dim[2].dim_param = "height"
    onnx.save(model, str(path))


def quantised(path):
    found = quantize(path, inputs(path, 2), methods=["MinMax"], keep_float=())
    card = read_card(path)
    onnx.save(found.model, str(path))
    write_card(path, card, path)


def without_card(path):
    model = onnx.load(str(path))
    del model.metadata_props[:]
    onnx.save(model, str(path))


@pytest.mark.parametrize(
    ("spoil", "more", "message"),
    [
        (dynamic, [], "leaves its input size open"),
        (quantised, [], "is quantised already"),
        (without_card, [], "has no model card"),
        (lambda path: path.unlink(), [], "does not exist"),
        (build_mock_model, [], "there is nothing to quantise"),
        (lambda path: None, ["--keep-float", "nose"], "has no convolution nose; it has"),
    ],
)
def test_bad_input_is_named_and_nothing_written(
    spoil, more, message, small, rooms, tmp_path, capsys
):
    spoil(small)
    out = tmp_path / "out.onnx"
    out.write_bytes(b"before")
    args = ["quantize", str(small), str(out), "--calibration", str(rooms), "--split", "train"]
    assert main([*args, "--method", "MinMax", *more]) == 1
    assert message in capsys.readouterr().err
    assert out.read_bytes() == b"before"
    assert {p.name for p in tmp_path.iterdir()} <= {"small.onnx", "out.onnx"}


def test_too_few_frames_are_refused():
    for frames in ([], [room(0)]):
        with pytest.raises(QuantizeError, match=f"made up gives {len(frames)} frame"):
            spread(ListSource(frames), 8)


def test_frames_are_taken_at_even_distances():
    source = ListSource([room(seed) for seed in range(9)])
    assert [f.name for f in spread(source, 3)] == ["room 0", "room 4", "room 8"]
    assert len(spread(source, 20)) == 9


def test_a_result_too_far_from_the_float_file_is_not_written(small, rooms, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LIMIT", 1e-6)
    out = tmp_path / "q.onnx"
    args = ["quantize", str(small), str(out), "--calibration", str(rooms), "--split", "train"]
    assert main([*args, "--keep-float", "none", "--method", "MinMax"]) == 1
    assert not out.exists()


def test_the_real_model_loses_little(tmp_path):
    source = open_source(shared("data", "nyu_depth_v2"), split="train")
    tensors = prepared_inputs(spread(source, 16), Preprocessor(read_card(MODEL).input))
    names = list(convolutions(module._prepared(MODEL)))
    # The stem and the first two blocks, and the last decoder stages.
    kept = [*names[:8], *names[-5:-1]]
    found = quantize(MODEL, tensors, methods=["MinMax"], keep_float=kept)
    assert found.equalised > 30
    assert found.relative < 0.03
    assert sum(convolutions(found.model).values()) == len(names) - len(kept) - 1
    assert len(found.model.SerializeToString()) < 0.4 * MODEL.stat().st_size
