import dataclasses
import json

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch")

from fastdepth.card import InputSpec, ModelCard  # noqa: E402
from fastdepth.cli.main import main  # noqa: E402
from fastdepth.engines import Cv2DnnEngine, OnnxRuntimeEngine, read_card  # noqa: E402
from fastdepth.estimator import DepthEstimator  # noqa: E402
from fastdepth.preprocess import Preprocessor  # noqa: E402
from fastdepth.sources import open_source  # noqa: E402
from fastdepth_train import export  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint  # noqa: E402
from fastdepth_train.errors import ExportError  # noqa: E402
from fastdepth_train.export import compare, export_network, made_up_frames  # noqa: E402
from fastdepth_train.networks import DepthNetwork  # noqa: E402
from test.fastdepth_train.frames import kaggle_folder  # noqa: E402
from test.fastdepth_train.networks.shaking import NARROW, shake  # noqa: E402

CARD = ModelCard(
    "tiny",
    "1",
    InputSpec(96, 64, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    (60.0, 60.0),
    (0.1, 10.0),
)


def network(**changes):
    torch.manual_seed(0)
    return shake(DepthNetwork(dataclasses.replace(NARROW, **changes)))


@pytest.mark.parametrize(
    "changes",
    [{}, {"output": "relu", "upsample": "nearest"}, {"upsample": "none"}],
)
def test_engines_compute_what_torch_computes(changes, tmp_path):
    net = network(**changes)
    path = tmp_path / "out" / "tiny.onnx"
    differences = export_network(net, CARD, path)
    assert [d.engine.split()[0] for d in differences] == ["onnxruntime", "OpenCV"]
    image = made_up_frames()[2].image
    tensor = Preprocessor(CARD.input)(image)[0]
    with torch.no_grad():
        expected = net(torch.from_numpy(tensor)).numpy()
    assert expected.std() > 0.01
    for engine in (OnnxRuntimeEngine(path), Cv2DnnEngine(path)):
        assert np.abs(engine.run(tensor) - expected).max() < 1e-4
    assert read_card(path) == CARD


def test_the_file_is_one_static_plain_file(tmp_path):
    path = tmp_path / "tiny.onnx"
    export_network(network(), CARD, path)
    assert list(tmp_path.iterdir()) == [path]
    model = onnx.load(str(path))
    (opset,) = model.opset_import
    assert (opset.domain, opset.version) == ("", 18)
    (image,) = model.graph.input
    assert [d.dim_value for d in image.type.tensor_type.shape.dim] == [1, 3, 64, 96]
    assert image.name == "image"
    assert model.graph.output[0].name == "depth"
    # Batch norms are part of the convolutions; the head comes before the last upsample.
    kinds = [node.op_type for node in model.graph.node]
    assert "BatchNormalization" not in kinds
    assert kinds[-1] == "Resize"
    # Nothing of the machine that exported it.
    assert [p.key for p in model.metadata_props] == ["fastdepth.card"]
    assert b".py" not in path.read_bytes()


def test_a_dynamic_file_takes_batches_of_any_size(tmp_path):
    path = tmp_path / "open.onnx"
    net = network()
    first, second = export_network(net, CARD, path, dynamic=True)
    assert first.engine.startswith("onnxruntime")
    assert second.engine == f"{first.engine}, at 160x96"
    (image,) = onnx.load(str(path)).graph.input
    batch, channels, height, width = image.type.tensor_type.shape.dim
    assert (channels.dim_value, channels.dim_param) == (3, "")
    assert [d.dim_value for d in (batch, height, width)] == [0, 0, 0]
    assert "32" in height.dim_param
    tensor = np.random.default_rng(0).normal(size=(3, 3, 32, 192)).astype(np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(tensor)).numpy()
    assert expected.std() > 0.01
    assert np.abs(OnnxRuntimeEngine(path).run(tensor) - expected).max() < 1e-4
    # The card alone says at which size a frame goes in.
    estimator = DepthEstimator.load(path)
    assert estimator.predict(made_up_frames()[0].image).values.shape == (64, 96)


def test_nothing_is_written_where_an_engine_disagrees(tmp_path, monkeypatch):
    path = tmp_path / "tiny.onnx"
    path.write_bytes(b"what was there before")
    net = network()
    exported = export.write_onnx

    def export_another(given, card, out, **how):
        with torch.no_grad():
            given.head.bias += 0.01
        exported(given, card, out, **how)
        with torch.no_grad():
            given.head.bias -= 0.01

    monkeypatch.setattr(export, "write_onnx", export_another)
    with pytest.raises(
        ExportError, match=r"onnxruntime differs from torch by .*nothing was written"
    ):
        export_network(net, CARD, path)
    assert path.read_bytes() == b"what was there before"
    assert list(tmp_path.iterdir()) == [path]


def test_depth_that_is_no_number_does_not_agree(tmp_path):
    net = network()
    path = tmp_path / "tiny.onnx"
    export_network(net, CARD, path)
    with torch.no_grad():
        net.head.bias.fill_(float("nan"))
    with pytest.raises(ExportError, match="differs from torch by nan"):
        compare(net, CARD, path, made_up_frames())


def test_the_verb_measures_the_file_it_writes(tiny_run, tmp_path, capsys):
    data = kaggle_folder(tmp_path / "rooms", train=1, val=2, width=640, height=480)
    out = tmp_path / "tiny.onnx"
    checkpoint = tiny_run.folder / "checkpoints" / "best.ckpt"
    args = ["export", str(checkpoint), str(out), "--licence", "Apache-2.0"]
    assert main([*args, "--evaluate", str(data), "--split", "val", "--model-version", "7"]) == 0
    printed = capsys.readouterr().out
    assert "differs from torch by at most" in printed
    card = read_card(out)
    assert (card.name, card.version, card.licence) == ("tiny", "7", "Apache-2.0")
    assert card.training_data == ("rooms, train, 8 frames",)
    assert card.notes == "Made up for a test."
    assert [(a.dataset, a.protocol, a.align) for a in card.accuracy] == [
        ("rooms val, 2 frames", "fastdepth", "none"),
        ("rooms val, 2 frames", "eigen", "none"),
    ]
    # The evaluation verb finds the same figures in the same file.
    report = tmp_path / "report.json"
    args = ["evaluate", str(data), "--split", "val", "--model", str(out), "--json", str(report)]
    assert main([*args, "--protocol", "eigen"]) == 0
    found = json.loads(report.read_text())
    for key, value in card.accuracy[1].metrics.items():
        assert found[key] == pytest.approx(value)


def test_the_exported_network_knows_what_training_taught(tiny_run, tmp_path):
    network, card = load_checkpoint(tiny_run.folder / "checkpoints" / "best.ckpt")
    out = tmp_path / "tiny.onnx"
    source = open_source(tiny_run.data, split="train")
    export_network(network, card, out, list(source))
    estimator = DepthEstimator.load(out)
    for frame in source:
        predicted = estimator.predict_frame(frame).frame_values()
        ratio = predicted / frame.depth
        close = np.maximum(ratio, 1 / ratio)[np.isfinite(frame.depth)] < 1.25
        assert close.mean() > 0.85


def test_a_missing_checkpoint_is_a_named_error(tmp_path, capsys):
    assert main(["export", str(tmp_path / "no.ckpt"), str(tmp_path / "o.onnx")]) == 1
    assert "no.ckpt does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
