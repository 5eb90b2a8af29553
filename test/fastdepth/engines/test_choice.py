import sys

import cv2
import numpy as np
import pytest

from fastdepth.engines import ENGINES, open_engine
from fastdepth.errors import EngineError, MissingExtraError, ModelError, SettingError
from fastdepth.estimator import DepthEstimator
from test.mock_model import BIAS, build_mock_model


@pytest.fixture
def model(tmp_path):
    return build_mock_model(tmp_path / "mock.onnx", work=1)


@pytest.fixture(autouse=True)
def _opencv_threads():
    threads = cv2.getNumThreads()
    yield
    cv2.setNumThreads(threads)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_opens_and_estimates(model, engine):
    if engine == "openvino":
        pytest.importorskip("openvino", reason="openvino is not installed")
    estimator = DepthEstimator.load(model, engine=engine, threads=1)
    name = "OpenCV" if engine == "cv2dnn" else engine
    assert estimator.engine.description.startswith(name)
    assert estimator.notes == ()
    depth = estimator.predict(np.zeros((24, 32, 3), np.uint8)).depth()
    np.testing.assert_allclose(depth, BIAS, atol=1e-5)


def test_the_names_of_providers_are_the_same_for_every_engine(model):
    for engine in ("onnxruntime", "cv2dnn"):
        for name in ("CPUExecutionProvider", "CPU", "cpu"):
            assert "CPU" in open_engine(model, engine=engine, providers=[name]).description


def test_an_engine_that_is_not_installed(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"fastdepth\[openvino\]"):
        open_engine(model, engine="openvino")
    estimator = DepthEstimator.load(model, engine="openvino", fallback="warn", threads=1)
    assert estimator.engine.description.startswith("onnxruntime")
    assert len(estimator.notes) == 1
    assert "fastdepth[openvino]" in estimator.notes[0]
    assert "onnxruntime on the CPU takes its place" in estimator.notes[0]


def test_an_engine_that_cannot_run_the_model(model, monkeypatch):
    def fail(self, tensor):
        reason = "no such layer"
        raise cv2.error(reason)

    monkeypatch.setattr("fastdepth.engines.cv2dnn_engine.Cv2DnnEngine.run", fail)
    with pytest.raises(EngineError, match="no such layer"):
        open_engine(model, engine="cv2dnn")
    engine = open_engine(model, engine="cv2dnn", fallback="warn")
    assert engine.description.startswith("onnxruntime")
    assert "no such layer" in engine.notes[0]


@pytest.mark.parametrize("fallback", ["strict", "warn"])
@pytest.mark.parametrize("engine", ["onnxruntime", "cv2dnn"])
def test_a_bad_file_is_never_fallen_back_from(tmp_path, engine, fallback):
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"bad\.onnx is not a valid ONNX model"):
        open_engine(path, engine=engine, fallback=fallback)


@pytest.mark.parametrize("fallback", ["strict", "warn"])
def test_names_that_do_not_exist_are_never_fallen_back_from(model, fallback):
    with pytest.raises(ModelError, match=r"'tpu'.*onnxruntime, openvino, cv2dnn"):
        open_engine(model, engine="tpu", fallback=fallback)
    for engine in ("onnxruntime", "cv2dnn"):
        with pytest.raises(ModelError, match=r"'Warp'.*CPU"):
            open_engine(model, engine=engine, providers=["Warp"], fallback=fallback)


def test_impossible_settings_are_refused(model):
    with pytest.raises(SettingError, match="strict or warn"):
        open_engine(model, fallback="maybe")
    with pytest.raises(SettingError, match="threads is -1"):
        open_engine(model, threads=-1)
