"""The parameters as settings: what cannot be is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from fastdepth.errors import SettingError
from fastdepth_ros.settings import SPECS, Scope, Settings, changed, of_scope, settings_of


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"engine": "tensorflow"}, r"engine is 'tensorflow'.*onnxruntime, openvino, cv2dnn"),
        ({"fallback": "maybe"}, "fallback is 'maybe'"),
        ({"image_rotation": 45}, r"image_rotation is 45.*0, 90, 180, 270"),
        ({"depth_encoding": "mono16"}, r"depth_encoding.*32FC1, 16UC1"),
        ({"border": 0.5}, r"border is 0.5; expected 0 to 0.49"),
        ({"border": float("nan")}, "border is nan"),
        ({"threads": -1}, "threads is -1; expected 0 to 256"),
        ({"min_depth": 3.0, "max_depth": 3.0}, "min_depth < max_depth"),
        ({"camera_info_policy": "file"}, "camera_info_file is empty"),
    ],
)
def test_impossible_values_are_named(values: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingError, match=words):
        settings_of(values)


def test_a_range_may_be_open() -> None:
    assert settings_of({"min_depth": 3.0}).max_depth == 0.0
    assert settings_of({"max_depth": 3.0}).min_depth == 0.0


def test_foreign_parameters_are_left_out() -> None:
    settings = settings_of({"use_sim_time": True, "threads": 3, "providers": ["CUDA", "CPU"]})
    assert settings.threads == 3
    assert settings.providers == ("CUDA", "CPU")


def test_changes_are_found_by_name() -> None:
    assert changed(Settings(), Settings()) == frozenset()
    assert changed(Settings(), Settings(lazy=False, model="x")) == {"lazy", "model"}


def test_every_parameter_says_what_it_is() -> None:
    for spec in SPECS:
        assert len(spec.description) > 15
        assert spec.description.endswith(".")
        if spec.choices:
            assert spec.default in spec.choices
    assert of_scope(Scope.MODEL) == {
        "model",
        "engine",
        "providers",
        "fallback",
        "threads",
        "spinning",
    }
