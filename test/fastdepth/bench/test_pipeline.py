"""From message to message, on a tiny model whose depth is known."""

import json
from typing import Any

import numpy as np
import pytest

from fastdepth.bench import pipeline
from fastdepth.bench.candidates import made_up_picture
from fastdepth.bench.pipeline import (
    STAGES,
    Case,
    Pipeline,
    measure,
    open_path,
    parse_case,
    pipeline_table,
    section_of,
)
from fastdepth.cli.main import main
from fastdepth.errors import SettingError
from fastdepth.estimator import DepthEstimator
from test.mock_model import build_mock_model


@pytest.fixture
def estimator(tmp_path):
    return DepthEstimator.load(build_mock_model(tmp_path / "m.onnx"), threads=1)


@pytest.fixture
def without_ros(monkeypatch):
    monkeypatch.setattr(pipeline, "_ROS_PATH", "fastdepth.no_such_module")


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
def test_without_ros_the_fields_of_messages_are_read_and_written(without_ros, kind, estimator):
    path = open_path(64, 48, kind)
    pixels = path.decode(path.read(path.data))
    assert pixels.array.shape == (48, 64, 3)
    expected = made_up_picture(48, 64).astype(int)
    rgb = pixels.array if pixels.order == "rgb" else pixels.array[..., ::-1]
    assert np.abs(rgb - expected).mean() < 12  # what JPEG loses
    depth = np.full((4, 5), 2.0, np.float32)
    prediction = estimator.predict(pixels.array, pixels.order)
    written: Any = path.write(None, pixels, prediction, depth)
    assert (written["height"], written["width"], written["encoding"]) == (4, 5, "32FC1")


@pytest.mark.parametrize("kind", ["raw", "jpeg"])
def test_with_ros_messages_are_those_of_the_node(kind, estimator):
    pytest.importorskip("rclpy")
    from rclpy.serialization import deserialize_message  # noqa: PLC0415
    from sensor_msgs.msg import CameraInfo, Image  # noqa: PLC0415

    path = open_path(64, 48, kind)
    message = path.read(path.data)
    pixels = path.decode(message)
    prediction = estimator.predict(pixels.array, pixels.order)
    for depth in (prediction.depth(), prediction.frame_depth()):
        written: Any = path.write(message, pixels, prediction, depth)
        image, info = written
        read = deserialize_message(image, Image)
        assert read.encoding == "32FC1"
        assert (read.height, read.width) == depth.shape
        assert np.array_equal(
            np.frombuffer(read.data, "<f4").reshape(depth.shape), depth, equal_nan=True
        )
        camera = deserialize_message(info, CameraInfo)
        assert (camera.height, camera.width) == depth.shape
        assert camera.k[0] == pytest.approx(0.9 * 64 * depth.shape[1] / 64)


@pytest.mark.parametrize("output", ["network", "frame"])
def test_every_stage_of_every_frame_is_timed(estimator, without_ros, output, monkeypatch):
    # A processor that takes 1 ms more for each stage than for the one before.
    clock = iter(range(10**6))

    def now() -> int:
        stage = next(clock) % 8
        return stage * (stage + 1) // 2 * 10**6

    monkeypatch.setattr(pipeline, "process_time_ns", now)
    one = Pipeline(estimator, Case("VGA", "raw"), output)
    # Warming up ran the engine between marks of its own.
    while next(clock) % 8 != 7:
        pass
    cpu, wall = one.run()
    assert cpu == [1, 2, 3, 4, 5, 6, 7]
    assert len(wall) == len(STAGES)


def test_figures_are_medians_without_the_first_frame(estimator, without_ros, monkeypatch):
    one = Pipeline(estimator, Case("VGA", "raw"))
    runs = iter([[100.0] * 7] + [[0.5, 0.5, 1, 4, 1, 0.5, 0.5]] * 20)
    monkeypatch.setattr(one, "run", lambda: ((found := next(runs)), found))
    figures = measure({"VGA raw": one}, 0.0)["VGA raw"]
    assert figures["cpu"]["infer"]["median"] == 4
    assert figures["cpu"]["total"] == {"median": 8, "p5": 8, "p95": 8, "samples": 7}
    assert figures["over_inference"]["median"] == 2
    section = section_of(
        {"VGA raw": figures}, model="m", engine="e", output="network", path="fields"
    )
    assert json.loads(json.dumps(section)) == section
    table = pipeline_table(section)
    assert table.rows[0][0] == "VGA raw"
    assert table.rows[0][-2:] == ("8.00", "2.00")


def test_an_unknown_camera_is_a_named_error():
    assert parse_case("720p jpeg") == Case("720p", "jpeg")
    with pytest.raises(SettingError, match="'VGA raw'"):
        parse_case("8K raw")


def test_the_verb_writes_the_document(tmp_path, capsys, without_ros):
    model = build_mock_model(tmp_path / "m.onnx")
    path = tmp_path / "out.json"
    arguments = ["--camera", "VGA raw", "--model", str(model), "--seconds", "0.05"]
    assert main(["bench", "pipeline", *arguments, "--json", str(path)]) == 0
    assert "VGA raw" in capsys.readouterr().out
    section = json.loads(path.read_text())["pipeline"]
    assert set(section["cases"]["VGA raw"]["cpu"]) == {*STAGES, "total"}
