"""Models in engines, on small networks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastdepth.bench.candidates import (
    ONNXRUNTIME,
    VARIANTS,
    made_up_picture,
    open_candidates,
    prepare_model,
)
from fastdepth.bench.machine import Peak, describe_machine
from fastdepth.bench.model import (
    ModelFile,
    cost_table,
    measure_memory,
    open_all,
    section_of,
    time_table,
)
from fastdepth.bench.timing import Spread, Timing
from fastdepth.bench.yardsticks import find_yardsticks
from fastdepth.cli.main import main
from fastdepth.errors import EngineError, FastDepthError
from test.mock_model import build_mock_model
from test.small_network import build_small_network

CV2DNN = next(variant for variant in VARIANTS if variant.label == "cv2dnn")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return build_small_network(tmp_path_factory.mktemp("models") / "small.onnx")


@pytest.fixture
def cache(tmp_path):
    """Yardsticks that are there already, so that nobody needs torch."""
    for name in ("fastdepth", "fastdepth-pruned"):
        build_small_network(tmp_path / f"{name}-1.onnx")
    return tmp_path


def test_the_picture_is_always_the_same_and_is_no_plain_colour():
    assert np.array_equal(made_up_picture(), made_up_picture())
    assert made_up_picture().shape == (480, 640, 3)
    assert made_up_picture().std() > 30


def test_every_candidate_agrees_with_the_file(network):
    candidates, refusals = open_candidates("small", network, [ONNXRUNTIME, CV2DNN], [1, 2])
    assert not refusals
    assert [(one.variant, one.threads) for one in candidates] == [
        ("onnxruntime", 1),
        ("onnxruntime", 2),
        ("cv2dnn", 1),
        ("cv2dnn", 2),
    ]
    expected = prepare_model(network).depth
    for one in candidates:
        assert one.difference < 1e-5
        assert np.allclose(np.asarray(one.subject.run()), expected, atol=1e-4)


def test_an_engine_that_computes_something_else_is_refused(network, monkeypatch):
    class Wrong:
        description = "wrong"

        def run(self, tensor):
            return prepare_model(network).depth * np.float32(1.2)

    monkeypatch.setattr("fastdepth.bench.candidates.open_engine", lambda *_, **__: Wrong())
    candidates, refusals = open_candidates("small", network, [ONNXRUNTIME], [1])
    assert not candidates
    assert "differs from the file" in refusals[0].reason


def test_one_bad_file_does_not_stop_the_others(network, tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    heard: list[str] = []
    opened = open_all(
        [ModelFile("bad", bad), ModelFile("small", network)],
        [ONNXRUNTIME],
        [1],
        on_model=heard.append,
    )
    assert heard == ["bad", "small"]
    assert [one.model for one in opened.candidates] == ["small"]
    assert opened.refusals[0].model == "bad"
    assert "not a valid ONNX model" in opened.refusals[0].reason
    assert str(tmp_path) not in opened.refusals[0].reason


def section(network: Path, files: list[ModelFile] | None = None) -> dict[str, Any]:
    files = files or [
        ModelFile("fastdepth", network),
        ModelFile("fastdepth_int8", network),
        ModelFile("original", network, True),
        ModelFile("original-pruned", network, True),
    ]
    opened = open_all(files, [ONNXRUNTIME], [1])
    ratios = {"fastdepth": 0.4, "fastdepth_int8": 0.25, "original": 1.0, "original-pruned": 0.5}

    def timing(ratio: float) -> Timing:
        return Timing(
            Spread(20 * ratio, 1, 30, 9), Spread(10 * ratio, 1, 12, 9), Spread(ratio, 0, 2, 9)
        )

    timings = {one.key: timing(ratios[one.model]) for one in opened.candidates}
    machine = describe_machine((Peak(1, gflops=1.0, int8_gops=None, bandwidth=1000.0),))
    return section_of(files, opened, timings, machine, "fastdepth")


def test_aims_and_floor_come_from_processor_time_on_one_thread(network):
    pytest.importorskip("onnx")
    found = section(network)
    aims = found["aims"]
    assert aims["float_over_original"] == 0.4
    assert aims["float_over_pruned"] == 0.8
    assert aims["int8_over_original"] == 0.25
    assert "tiny_over_original" not in aims
    # 4 ms for operations that take 2 * macs / 10^9 s.
    macs = found["models"]["fastdepth"]["macs"]
    assert aims["float_over_floor"] == pytest.approx(4.0 / (2e3 * macs / 1e9))
    assert found["results"][0]["ms"] == 4.0
    assert json.loads(json.dumps(found)) == found


def test_the_tables_have_a_row_for_each_result_the_quickest_first(network):
    pytest.importorskip("onnx")
    found = section(network)
    times = time_table(found)
    assert [row[0] for row in times.rows] == [
        "fastdepth_int8",
        "fastdepth",
        "original-pruned",
        "original",
    ]
    assert times.rows[1][5] == "0.40"
    costs = cost_table(found)
    assert [row[0] for row in costs.rows] == list(found["models"])


def test_memory_is_that_of_a_process_with_one_model(network):
    pytest.importorskip("onnx")
    files = [ModelFile("fastdepth", network)]
    found = section(network, files)
    measure_memory(found, files, {"onnxruntime": ONNXRUNTIME})
    assert found["notes"] == []
    assert 20 < found["results"][0]["resident_mb"] < 400
    assert found["results"][0]["load_s"] > 0


def test_the_verb_writes_the_document_and_recommends(network, cache, tmp_path, capsys):
    path = tmp_path / "out.json"
    code = main(
        [
            *("bench", "model", str(network), "--cache", str(cache), "--engine", "onnxruntime"),
            *("--threads", "1", "--seconds", "0.1", "--no-memory", "--json", str(path)),
        ]
    )
    assert code == 0
    out = capsys.readouterr().out
    assert "on this machine: small, onnxruntime, 1 thread" in out
    document = json.loads(path.read_text())
    assert document["machine"]["peaks"][0]["gflops"] > 0
    results = document["model"]["results"]
    assert {row["model"] for row in results} == {"small", "original", "original-pruned"}
    assert all(row["wall"]["samples"] >= 5 for row in results)
    original = next(row for row in results if row["model"] == "original")
    assert original["over_original"]["median"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "abacus"], "no engine 'abacus'"),
        (["missing.onnx", "--engine", "onnxruntime"], "does not exist"),
    ],
)
def test_wrong_arguments_are_named_errors(arguments, message, cache, capsys, monkeypatch):
    monkeypatch.setattr("fastdepth.bench.yardsticks.YARDSTICKS", {})
    monkeypatch.setattr(
        "fastdepth.cli.bench_model.measure_peak", lambda *_: Peak(1, 1.0, None, 1.0)
    )
    assert main(["bench", "model", *arguments, "--cache", str(cache), "--threads", "1"]) == 1
    assert message in capsys.readouterr().err


def test_models_of_one_name_are_refused(network, tmp_path, capsys):
    other = build_mock_model(tmp_path / "small.onnx")
    assert main(["bench", "model", str(network), str(other)]) == 1
    assert "two of the models" in capsys.readouterr().err


def test_an_empty_folder_is_a_named_error(tmp_path, capsys):
    assert main(["bench", "model", str(tmp_path)]) == 1
    assert "no ONNX file" in capsys.readouterr().err


def test_yardsticks_that_are_there_are_taken(cache):
    found = find_yardsticks(cache)
    assert set(found.files) == {"original", "original-pruned"}
    assert not found.note


def test_yardsticks_that_cannot_be_made_leave_a_note(tmp_path, monkeypatch):
    monkeypatch.setattr("fastdepth.bench.yardsticks._MAKER", "fastdepth.no_such_module")
    found = find_yardsticks(tmp_path / "cache")
    assert found.files == {}
    assert "fastdepth[train]" in found.note
    assert "No module named" in found.note


def test_a_hook_without_torch_is_a_named_error(network, monkeypatch):
    monkeypatch.setattr("fastdepth.bench.candidates._TORCH", "fastdepth.no_such_module")
    torch = next(variant for variant in VARIANTS if variant.label == "torch")
    candidates, refusals = open_candidates("small", network, [torch], [1])
    assert not candidates
    assert "torch cannot be used here" in refusals[0].reason
    assert issubclass(EngineError, FastDepthError)
