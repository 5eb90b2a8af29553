"""Where ROS would write its logs, and what is done where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastdepth_ros.log_files import arguments_without_log_files, log_folder

VARIABLES = ("ROS_LOG_DIR", "ROS_HOME", "HOME")


def set_variables(patch: pytest.MonkeyPatch, **variables: object) -> None:
    for name in VARIABLES:
        patch.delenv(name, raising=False)
    for name, value in variables.items():
        patch.setenv(name, str(value))


def test_the_folder_is_chosen_as_ros_does() -> None:
    everything = {"ROS_LOG_DIR": "/a", "ROS_HOME": "/b", "HOME": "/c"}
    assert log_folder(everything) == Path("/a")
    assert log_folder(everything | {"ROS_LOG_DIR": ""}) == Path("/b/log")
    assert log_folder({"HOME": "/c"}) == Path("/c/.ros/log")
    assert log_folder({}) is None


def test_nothing_is_changed_where_logs_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(monkeypatch, HOME=tmp_path)
    assert arguments_without_log_files() == ([], "")
    assert list((tmp_path / ".ros" / "log").iterdir()) == []


@pytest.mark.parametrize("name", VARIABLES)
def test_log_files_are_switched_off_where_they_cannot_be_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    set_variables(monkeypatch, **{name: blocked})
    arguments, notice = arguments_without_log_files()
    assert "--disable-external-lib-logs" in arguments
    assert str(blocked) in notice
    assert "ROS_LOG_DIR" in notice


def test_log_files_are_switched_off_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch)
    arguments, notice = arguments_without_log_files()
    assert arguments
    assert "HOME" in notice
