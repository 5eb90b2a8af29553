"""All that follows from the settings, with real models and files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from fastdepth.calibration import Calibration, FittedOn
from fastdepth.camera import Intrinsics
from fastdepth.correction import Correction
from fastdepth.errors import CalibrationError, CameraError, FastDepthError, ModelError
from fastdepth.messages import Pixels
from fastdepth_ros.rig import Rig, assemble
from fastdepth_ros.settings import Settings
from test.mock_model import build_mock_model, mock_card

CAMERA = Intrinsics(64, 48, 120.0, 120.0, 31.5, 23.5)  # twice the card's focal length


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return build_mock_model(tmp_path / "mock.onnx")


def grey(level: int = 51) -> Pixels:
    return Pixels(np.full((48, 64, 3), level, np.uint8), "rgb")


def depth_of(rig: Rig, pixels: Pixels | None = None) -> np.ndarray:
    return rig.plan.maker.make(pixels or grey(), CAMERA).depth


PLAIN = 0.5 + (2.0 + 0.5 + 6.0) * 51 / 255


def test_settings_reach_the_depth(model: Path) -> None:
    rig = assemble(Settings(model=str(model)))
    np.testing.assert_allclose(depth_of(rig), 2 * PLAIN, rtol=1e-5)
    plain = assemble(Settings(model=str(model), camera_aware_scale=False), rig)
    np.testing.assert_allclose(depth_of(plain), PLAIN, rtol=1e-5)
    # The first rig goes on as before although both share the model.
    assert plain.model is rig.model
    np.testing.assert_allclose(depth_of(rig), 2 * PLAIN, rtol=1e-5)
    near = assemble(Settings(model=str(model), max_depth=3.0), rig)
    assert np.isnan(depth_of(near)).all()
    assert near.depth_range == (0.1, 3.0)
    frame = assemble(Settings(model=str(model), depth_size="frame"), rig)
    assert depth_of(frame).shape == (48, 64)


def test_a_turned_camera_gets_depth_as_its_picture_came(model: Path) -> None:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, 48:, 0] = 255  # a red bar on the right
    rig = assemble(Settings(model=str(model), image_rotation=90, camera_aware_scale=False))
    depth = depth_of(rig, Pixels(image, "rgb"))
    assert depth.shape == (32, 24)  # the network's 32x24, turned back
    np.testing.assert_allclose(depth[:, -5:], 2.5, rtol=1e-5)
    np.testing.assert_allclose(depth[:, :16], 0.5, rtol=1e-5)


def test_the_model_is_kept_unless_something_about_it_changes(model: Path) -> None:
    first = assemble(Settings(model=str(model)))
    assert assemble(Settings(model=str(model), border=0.1), first).model is first.model
    assert assemble(Settings(model=str(model), threads=2), first).model is not first.model
    assert assemble(Settings(model=str(model)), first, reload=True).model is not first.model


def test_identity_and_description_tell_who_is_at_work(model: Path) -> None:
    rig = assemble(Settings(model=str(model), depth_encoding="16UC1", threads=3, max_depth=5.0))
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    known = rig.identity()
    assert (known["model"], known["model_version"]) == ("mock", "1")
    assert (known["model_sha256"], known["threads"]) == (digest, "3")
    assert "3 thread(s)" in known["engine"]
    told = json.loads(rig.description())
    assert (told["unit"], told["depth_range_m"]) == ("millimetres", [0.1, 5.0])
    assert told["card"] == json.loads(mock_card().to_json())
    assert told["calibration"] is None


def calibration(path: Path, model: str = "mock 1") -> Path:
    Calibration(Correction(1.5, 0.0), FittedOn("a bag", model, 10, 1000)).write(path)
    return path


def test_a_field_calibration_is_applied_and_reported(model: Path, tmp_path: Path) -> None:
    path = calibration(tmp_path / "field.yaml")
    rig = assemble(Settings(model=str(model), calibration_file=str(path)))
    np.testing.assert_allclose(depth_of(rig), 3 * PLAIN, rtol=1e-5)
    assert rig.identity()["calibration"] == str(path)
    assert json.loads(rig.description())["calibration"]["correction"]["scale"] == 1.5


def test_a_calibration_of_another_model_is_refused(model: Path, tmp_path: Path) -> None:
    path = calibration(tmp_path / "field.yaml", "other 7")
    with pytest.raises(CalibrationError, match=r"'other 7', this is 'mock 1'.*calibration_file"):
        assemble(Settings(model=str(model), calibration_file=str(path)))


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"model": "/nowhere.onnx"}, ModelError, "does not exist"),
        ({"calibration_file": "/nowhere.yaml"}, CalibrationError, "No such file"),
        (
            {"camera_info_policy": "file", "camera_info_file": "/nowhere.yaml"},
            CameraError,
            "No such file",
        ),
        ({"providers": ("Nonsense",)}, ModelError, "Nonsense"),
        ({"min_depth": 100.0}, FastDepthError, "no depth is both"),
    ],
)
def test_what_cannot_be_had_is_named(model: Path, changes, error, words: str) -> None:
    before = assemble(Settings(model=str(model)))
    with pytest.raises(error, match=words):
        assemble(Settings(**({"model": str(model)} | changes)), before)
    np.testing.assert_allclose(depth_of(before), 2 * PLAIN, rtol=1e-5)


def test_another_engine_gives_the_same_depth(model: Path) -> None:
    threads = cv2.getNumThreads()
    try:
        rig = assemble(Settings(model=str(model), engine="cv2dnn", fallback="strict"))
        np.testing.assert_allclose(depth_of(rig), 2 * PLAIN, rtol=1e-5)
    finally:
        cv2.setNumThreads(threads)
    assert "OpenCV" in rig.identity()["engine"]


def test_a_provider_that_is_not_here_is_fallen_back_from_or_refused(model: Path) -> None:
    rig = assemble(Settings(model=str(model), providers=("CUDA", "CPU")))
    assert "CUDAExecutionProvider" in rig.identity()["engine_notes"]
    with pytest.raises(FastDepthError, match="CUDAExecutionProvider"):
        assemble(Settings(model=str(model), providers=("CUDA",), fallback="strict"))
