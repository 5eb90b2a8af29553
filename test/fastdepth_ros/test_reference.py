"""The reference is what the code says now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fastdepth_ros.reasons import Silence
from fastdepth_ros.reference import document, parameter_file
from fastdepth_ros.settings import SPECS, Settings, settings_of
from fastdepth_ros.stats import DropCause
from fastdepth_ros.topics import INPUTS, OUTPUTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("path", "arguments", "make"),
    [("docs/node.md", [], document), ("config/depth.yaml", ["--parameters"], parameter_file)],
)
def test_the_files_are_up_to_date(path: str, arguments: list[str], make) -> None:
    text = (ROOT / path).read_text("utf-8")
    command = " ".join(["python -m fastdepth_ros.reference", *arguments, ">", path])
    assert text == make(), f"make it again: {command}"
    done = subprocess.run(
        [sys.executable, "-m", "fastdepth_ros.reference", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == text


def test_the_document_names_everything() -> None:
    text = document()
    names = [spec.name for spec in SPECS] + [topic.name for topic in (*INPUTS, *OUTPUTS)]
    names += [silence.value for silence in Silence] + [f"dropped.{c.value}" for c in DropCause]
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_the_parameter_file_holds_the_defaults() -> None:
    values = yaml.safe_load(parameter_file())["/**"]["ros__parameters"]
    assert list(values) == [spec.name for spec in SPECS]
    assert settings_of(values) == Settings()
    for spec in SPECS:  # 0 would be an integer to ROS
        default = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        assert type(values[spec.name]) is type(default)
