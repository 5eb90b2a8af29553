import pytest

from fastdepth.engines.providers import onnxruntime_options, select_providers
from fastdepth.errors import EngineError, ModelError

CPU, CUDA, TENSORRT = (
    "CPUExecutionProvider",
    "CUDAExecutionProvider",
    "TensorrtExecutionProvider",
)


def select(requested, available, fallback):
    return select_providers(
        requested,
        known=[TENSORRT, CUDA, CPU],
        available=available,
        fallback=fallback,
        host="the engine",
    )


@pytest.mark.parametrize("requested", [None, [], ["cpu"], [CPU], ["CPU"]])
def test_the_cpu_needs_no_asking(requested):
    assert select(requested, [CPU], "strict") == ([(CPU, {})], [])


def test_the_order_is_kept_and_the_cpu_is_last():
    chosen = select(["CUDA", "TensorRT"], [TENSORRT, CUDA, CPU], "strict")
    assert chosen == ([(CUDA, {}), (TENSORRT, {}), (CPU, {})], [])


def test_options_stay_with_their_provider():
    chosen = select([(CUDA, {"device_id": 1}), CPU], [CUDA, CPU], "strict")
    assert chosen.providers == [(CUDA, {"device_id": 1}), (CPU, {})]


def test_strict_refuses_what_is_missing_and_lists_what_is_there():
    with pytest.raises(EngineError, match=f"the engine has no {CUDA}.*{CPU}"):
        select(["cuda", "cpu"], [CPU], "strict")


def test_warn_goes_on_to_the_next_and_says_why():
    providers, notes = select(["tensorrt", "cuda", "cpu"], [CUDA, CPU], "warn")
    assert providers == [(CUDA, {}), (CPU, {})]
    assert len(notes) == 1
    assert TENSORRT in notes[0]


def test_warn_ends_at_the_cpu():
    providers, notes = select(["tensorrt", "cuda"], [CPU], "warn")
    assert providers == [(CPU, {})]
    assert len(notes) == 2


@pytest.mark.parametrize("fallback", ["strict", "warn"])
def test_a_name_that_does_not_exist_is_refused_in_any_case(fallback):
    with pytest.raises(ModelError, match=r"'CDUA'.*choose from"):
        select(["CDUA", "cpu"], [CUDA, CPU], fallback)


def test_options_of_providers_keep_float32(tmp_path):
    assert onnxruntime_options(CUDA, tmp_path, 2) == {"use_tf32": "0"}
    openvino = onnxruntime_options("OpenVINOExecutionProvider", tmp_path, 3)
    assert openvino["precision"] == "FP32"
    assert openvino["num_of_threads"] == "3"
    assert onnxruntime_options(CPU, tmp_path, 3) == {}


def test_tensorrt_engines_are_kept_by_the_content_of_the_model(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = tmp_path / "model.onnx"
    model.write_bytes(b"one")
    first = onnxruntime_options(TENSORRT, model, 1)["trt_engine_cache_path"]
    assert onnxruntime_options(TENSORRT, model, 1)["trt_engine_cache_path"] == first
    model.write_bytes(b"two")
    assert onnxruntime_options(TENSORRT, model, 1)["trt_engine_cache_path"] != first


def test_tensorrt_goes_without_a_cache_where_none_can_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert onnxruntime_options(TENSORRT, tmp_path / "file", 1) == {}
