import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("openvino")

from fastdepth.cli.main import main  # noqa: E402
from fastdepth.engines import open_engine, read_card  # noqa: E402
from fastdepth.preprocess import Preprocessor  # noqa: E402
from fastdepth_train import export_openvino as module  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint  # noqa: E402
from fastdepth_train.errors import ExportError  # noqa: E402
from fastdepth_train.export import made_up_frames  # noqa: E402
from test.fastdepth_train.frames import kaggle_folder  # noqa: E402
from test.mock_model import build_mock_model, mock_card  # noqa: E402


def test_the_verb_writes_what_openvino_runs(tiny_run, tmp_path, capsys):
    data = kaggle_folder(tmp_path / "rooms", train=1, val=2, width=640, height=480)
    checkpoint = tiny_run.folder / "checkpoints" / "best.ckpt"
    out = tmp_path / "out" / "tiny.xml"
    args = ["export", str(checkpoint), str(out), "--format", "openvino", "--licence", "MIT"]
    assert main([*args, "--evaluate", str(data), "--split", "val"]) == 0
    assert sorted(path.name for path in out.parent.iterdir()) == ["tiny.bin", "tiny.xml"]
    printed = capsys.readouterr().out
    assert "openvino" in printed
    card = read_card(out)
    assert (card.licence, len(card.accuracy)) == ("MIT", 2)
    network, _ = load_checkpoint(checkpoint)
    tensor = Preprocessor(card.input)(made_up_frames()[2].image)[0]
    with torch.no_grad():
        expected = network(torch.from_numpy(tensor)).numpy()
    assert np.abs(open_engine(out).run(tensor) - expected).max() < 1e-3


def test_nothing_is_written_where_openvino_disagrees(tmp_path, monkeypatch):
    model = tmp_path / "mock.onnx"
    build_mock_model(model, mock_card())
    other = tmp_path / "other.onnx"
    build_mock_model(other, mock_card(), bias=0.6)
    monkeypatch.setattr(
        module,
        "open_engine",
        lambda path, **kw: open_engine(other if path == model else path, **kw),
    )
    with pytest.raises(ExportError, match=r"OpenVINO differs from onnxruntime by 0\.1 m"):
        module.export_openvino(model, tmp_path / "out" / "mock.xml")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_name_says_the_format(tmp_path, capsys):
    assert main(["export", "a.ckpt", str(tmp_path / "a.onnx"), "--format", "openvino"]) == 1
    assert "expected a name that ends in .xml" in capsys.readouterr().err
    assert main(["export", "a.ckpt", str(tmp_path / "a.xml")]) == 1
    assert "expected a name that ends in .onnx" in capsys.readouterr().err
