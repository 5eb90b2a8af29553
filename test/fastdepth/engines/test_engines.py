import importlib.util

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest

from fastdepth.card import METADATA_KEY
from fastdepth.engines import Cv2DnnEngine, OnnxRuntimeEngine, OpenVinoEngine, read_signature
from fastdepth.errors import EngineError, ModelError
from test.mock_model import BIAS, WEIGHTS, build_mock_model, mock_card
from test.small_network import build_small_network

ENGINES = [
    OnnxRuntimeEngine,
    Cv2DnnEngine,
    pytest.param(
        OpenVinoEngine,
        marks=pytest.mark.skipif(
            importlib.util.find_spec("openvino") is None, reason="openvino is not installed"
        ),
    ),
]
SHAPE = (1, 3, 48, 64)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return build_small_network(tmp_path_factory.mktemp("model") / "small.onnx")


@pytest.fixture(autouse=True)
def _opencv_threads():
    threads = cv2.getNumThreads()
    yield
    cv2.setNumThreads(threads)


def noise(seed=0, shape=SHAPE):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


@pytest.mark.parametrize("kind", ENGINES)
def test_engines_agree(kind, network):
    reference = OnnxRuntimeEngine(network)
    engine = kind(network)
    for seed in range(3):
        expected = reference.run(noise(seed))
        output = engine.run(noise(seed))
        assert expected.std() > 0.1  # there is something to agree on
        assert output.dtype == np.float32
        np.testing.assert_allclose(output, expected, atol=1e-4)


@pytest.mark.parametrize("kind", ENGINES)
def test_engines_compute_what_the_model_says(kind, tmp_path):
    engine = kind(build_mock_model(tmp_path / "mock.onnx", work=2))
    tensor = noise(shape=(1, 3, 24, 32))
    expected = BIAS + np.tensordot(WEIGHTS, tensor[0], 1)
    np.testing.assert_allclose(engine.run(tensor)[0, 0], expected, atol=1e-4)


@pytest.mark.parametrize("kind", ENGINES)
def test_an_output_is_not_changed_by_the_next_run(kind, network):
    engine = kind(network)
    first = engine.run(noise(0))
    kept = first.copy()
    assert not np.allclose(engine.run(noise(1)), kept)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("kind", ENGINES)
def test_an_input_may_be_filled_anew(kind, network):
    engine = kind(network)
    tensor = noise(0)
    first = engine.run(tensor)
    tensor[:] = noise(1)
    second = engine.run(tensor)
    np.testing.assert_array_equal(engine.run(noise(0)), first)
    np.testing.assert_array_equal(engine.run(noise(1)), second)


@pytest.mark.parametrize("kind", ENGINES)
def test_an_input_of_another_size_is_refused(kind, network):
    with pytest.raises(Exception, match="64"):
        kind(network).run(noise(shape=(1, 3, 24, 32)))


@pytest.mark.parametrize("kind", ENGINES)
def test_an_engine_says_what_it_is_and_knows_the_metadata(kind, network):
    engine = kind(network, threads=2)
    name = {OnnxRuntimeEngine: "onnxruntime", Cv2DnnEngine: "OpenCV", OpenVinoEngine: "openvino"}
    assert engine.description.startswith(name[kind])
    assert "CPU, 2 thread" in engine.description
    assert METADATA_KEY in engine.metadata
    assert engine.notes == ()


@pytest.mark.parametrize("kind", ENGINES)
def test_a_file_that_is_no_model_is_refused_with_its_name(kind, network, tmp_path):
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(network.read_bytes()[:2000])
    with pytest.raises(ModelError, match=r"cut\.onnx is not a valid ONNX model"):
        kind(cut)


@pytest.mark.parametrize("kind", ENGINES)
def test_a_model_of_two_inputs_is_refused(kind, tmp_path):
    with pytest.raises(ModelError, match="2 inputs"):
        kind(build_small_network(tmp_path / "two.onnx", inputs=2))


# OpenVINO reads past the table without a word.
@pytest.mark.parametrize("kind", [OnnxRuntimeEngine, Cv2DnnEngine])
def test_an_engine_that_raises_in_a_frame_goes_on_with_the_next(kind, tmp_path):
    path = build_mock_model(tmp_path / "mock.onnx", fails_on_white=True)
    try:
        engine = kind(path)
    except EngineError as err:
        pytest.skip(f"OpenCV before 4.8 cannot read the model: {err}")
    with pytest.raises(Exception, match=r"."):
        engine.run(np.ones((1, 3, 24, 32), np.float32))
    black = engine.run(np.zeros((1, 3, 24, 32), np.float32))
    np.testing.assert_allclose(black, BIAS, atol=1e-6)


def test_opencv_runs_on_as_many_threads_as_it_is_told(network):
    Cv2DnnEngine(network, threads=1)
    assert cv2.getNumThreads() == 1


@pytest.mark.parametrize("kind", ENGINES[1:])
def test_an_engine_that_computes_something_else_is_found_out(kind, network, monkeypatch):
    def run(self, tensor):
        return right(self, tensor)[..., ::-1]

    right = kind.run
    monkeypatch.setattr(kind, "run", run)
    with pytest.raises(EngineError, match="differ by"):
        kind(network)


@pytest.mark.parametrize("kind", ENGINES[1:])
def test_an_engine_that_delivers_nan_is_found_out(kind, network, monkeypatch):
    monkeypatch.setattr(kind, "run", lambda *_: np.full((1, 1, 48, 64), np.nan, np.float32))
    with pytest.raises(EngineError, match="differ by nan"):
        kind(network)


@pytest.mark.parametrize("kind", ENGINES[1:])
def test_an_operator_the_engine_does_not_have_is_an_error_of_the_engine(kind, tmp_path):
    model = onnx.load(str(build_mock_model(tmp_path / "mock.onnx")))
    last = model.graph.node[-1]
    # An operator of onnxruntime's own that returns its input.
    node = onnx.helper.make_node("SampleOp", [last.input[0]], ["same"], domain="com.microsoft")
    model.graph.node.insert(len(model.graph.node) - 1, node)
    last.input[0] = "same"
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    path = tmp_path / "sample.onnx"
    onnx.save(model, str(path))
    OnnxRuntimeEngine(path)
    with pytest.raises(EngineError, match=r"SampleOp.*use the engine onnxruntime"):
        kind(path)


def test_openvino_computes_in_float32_unless_told_otherwise(network):
    pytest.importorskip("openvino", reason="openvino is not installed")
    engine = OpenVinoEngine(network)
    hint = engine._request.get_compiled_model().get_property("INFERENCE_PRECISION_HINT")
    assert hint.to_string() == "f32"
    told = OpenVinoEngine(network, providers=[("CPU", {"EXECUTION_MODE_HINT": "ACCURACY"})])
    mode = told._request.get_compiled_model().get_property("EXECUTION_MODE_HINT")
    assert "ACCURACY" in str(mode)


def test_openvino_without_a_gpu_takes_the_cpu_and_says_so(network):
    openvino = pytest.importorskip("openvino", reason="openvino is not installed")
    if any(name.startswith("NPU") for name in openvino.Core().available_devices):
        pytest.skip("this machine has an NPU")
    with pytest.raises(EngineError, match=r"no NPU here; it has.*CPU"):
        OpenVinoEngine(network, providers=["NPU", "CPU"])
    engine = OpenVinoEngine(network, providers=["NPU", "CPU"], fallback="warn")
    assert "CPU" in engine.description
    assert "NPU" in engine.notes[0]


def test_a_property_openvino_does_not_take_is_its_error(network):
    pytest.importorskip("openvino", reason="openvino is not installed")
    with pytest.raises(EngineError, match="does not take the model"):
        OpenVinoEngine(network, providers=[("CPU", {"INFERENCE_NUM_THREADS": "many"})])


class TestProvidersOfOnnxRuntime:
    def test_one_that_this_build_lacks(self, network):
        missing = _missing_provider()
        with pytest.raises(EngineError, match=f"no {missing}.*CPUExecutionProvider"):
            OnnxRuntimeEngine(network, providers=[missing, "CPUExecutionProvider"])
        engine = OnnxRuntimeEngine(network, providers=[missing, "cpu"], fallback="warn")
        assert "CPU" in engine.description
        assert [missing in note for note in engine.notes] == [True]
        assert engine.run(noise()).shape == (1, 1, 48, 64)

    @pytest.mark.filterwarnings("ignore:Specified provider")
    def test_one_that_is_left_out_without_an_error(self, network, monkeypatch):
        """As CUDA's is where its libraries are missing."""
        missing = _claim(monkeypatch, _missing_provider())
        with pytest.raises(EngineError, match=f"{missing} does not start"):
            OnnxRuntimeEngine(network, providers=[missing])
        engine = OnnxRuntimeEngine(network, providers=[missing], fallback="warn")
        assert "CPU" in engine.description
        assert f"{missing} does not start" in engine.notes[0]

    @pytest.mark.filterwarnings("ignore:Specified provider")
    def test_one_that_fails_to_start(self, network, monkeypatch):
        """As TensorRT's does where its libraries are missing."""
        missing = _claim(monkeypatch, "JsExecutionProvider")
        with pytest.raises(EngineError, match=f"{missing} does not start"):
            OnnxRuntimeEngine(network, providers=[missing])
        engine = OnnxRuntimeEngine(network, providers=[missing], fallback="warn")
        assert "CPU" in engine.description
        assert f"{missing} does not start" in engine.notes[0]
        assert engine.run(noise()).shape == (1, 1, 48, 64)

    @pytest.mark.filterwarnings("ignore:Specified provider")
    @pytest.mark.parametrize("fallback", ["strict", "warn"])
    def test_a_bad_file_is_not_blamed_on_the_provider(
        self, network, tmp_path, monkeypatch, fallback
    ):
        missing = _claim(monkeypatch, "JsExecutionProvider")
        cut = tmp_path / "cut.onnx"
        cut.write_bytes(network.read_bytes()[:2000])
        with pytest.raises(ModelError, match="not a valid ONNX model") as caught:
            OnnxRuntimeEngine(cut, providers=[missing], fallback=fallback)
        assert not isinstance(caught.value, EngineError)

    def test_threads_and_spinning_reach_the_session(self, network):
        for spinning, entry in ((False, "0"), (True, "1")):
            engine = OnnxRuntimeEngine(network, threads=3, spinning=spinning)
            options = engine._session.get_session_options()
            assert options.intra_op_num_threads == 3
            assert options.get_session_config_entry("session.intra_op.allow_spinning") == entry


def test_a_signature_tells_sizes_and_names(tmp_path):
    path = build_mock_model(tmp_path / "mock.onnx", mock_card(width=40, height=30))
    signature = read_signature(path)
    assert signature.input_name == "image"
    assert signature.input_shape == (1, 3, 30, 40)
    assert signature.output_name == "depth"


def _missing_provider():
    here = ort.get_available_providers()
    for name in ("CUDAExecutionProvider", "CoreMLExecutionProvider"):
        if name not in here:
            return name
    return pytest.skip("this build of onnxruntime has them all")


def _claim(monkeypatch, name):
    """Let onnxruntime claim a provider that it cannot start."""
    there = [*ort.get_available_providers(), name]
    monkeypatch.setattr(ort, "get_available_providers", lambda: there)
    return name
