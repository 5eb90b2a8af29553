from pathlib import Path

import pytest

from fastdepth import paths
from fastdepth.errors import ModelError


def test_a_ros_prefix_is_searched(tmp_path, monkeypatch):
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    target = tmp_path / "b" / "share" / "fastdepth" / "config" / "only_here.yaml"
    target.parent.mkdir(parents=True)
    target.touch()
    assert paths.find_shared("config/only_here.yaml") == target


def test_a_checkout_comes_first():
    root = Path(paths.__file__).resolve().parents[1]
    if not (root / "package.xml").is_file():
        pytest.skip("the package is not run from a checkout")
    assert paths.share_folders()[0] == root


def test_what_is_nowhere_is_none():
    assert paths.find_shared("models/no_such_model.onnx") is None


def test_a_missing_default_model_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "share_folders", lambda: [tmp_path])
    with pytest.raises(ModelError, match=str(tmp_path)):
        paths.default_model()
