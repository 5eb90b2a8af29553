import numpy as np
import pytest

openvino = pytest.importorskip("openvino")

from fastdepth.engines import open_engine, read_card  # noqa: E402
from fastdepth.engines.openvino_file import read_openvino, weights_of  # noqa: E402
from fastdepth.errors import CardError, ModelError  # noqa: E402
from fastdepth.estimator import DepthEstimator  # noqa: E402
from test.mock_model import build_mock_model, mock_card  # noqa: E402


def convert(model, out):
    openvino.save_model(openvino.convert_model(str(model)), str(out), compress_to_fp16=False)
    return out


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "mock.onnx"
    build_mock_model(path, mock_card())
    return convert(path, tmp_path / "mock.xml")


def test_the_card_and_the_input_are_read_from_the_file(model):
    assert read_card(model) == mock_card()
    signature = read_openvino(model)
    assert signature.input_shape == (1, 3, 24, 32)


def test_it_is_run_whatever_engine_is_asked_for(model):
    tensor = np.random.default_rng(0).random((1, 3, 24, 32), np.float32)
    expected = open_engine(model.with_suffix(".onnx")).run(tensor)
    engine = open_engine(model, threads=1)
    assert engine.description.startswith("openvino ")
    np.testing.assert_allclose(engine.run(tensor), expected, rtol=1e-5)
    estimator = DepthEstimator.load(model, threads=1)
    assert estimator.card == mock_card()


def test_files_that_are_none_are_explained(model, tmp_path):
    weights_of(model).rename(tmp_path / "elsewhere.bin")
    with pytest.raises(ModelError, match=r"mock.bin does not exist"):
        open_engine(model)
    (tmp_path / "elsewhere.bin").rename(weights_of(model))
    whole = model.read_bytes()
    model.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="no valid OpenVINO file"):
        read_card(model)
    model.write_text("<net><layers/></net>")
    with pytest.raises(ModelError, match="0 inputs and 0 outputs"):
        read_card(model)
    model.write_bytes(whole.replace(b"fastdepth.card", b"another.name"))
    with pytest.raises(CardError, match="--format openvino"):
        read_card(model)
