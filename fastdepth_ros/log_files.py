"""Keep a node running where ROS cannot write its log files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def log_folder(environment: Mapping[str, str]) -> Path | None:
    """Return where ROS writes log files: ROS_LOG_DIR, ROS_HOME/log or ~/.ros/log.

    None where there is no home to put them in.
    """
    if environment.get("ROS_LOG_DIR"):
        return Path(environment["ROS_LOG_DIR"]).expanduser()
    if environment.get("ROS_HOME"):
        return Path(environment["ROS_HOME"]).expanduser() / "log"
    home = environment.get("HOME")
    return Path(home) / ".ros" / "log" if home else None


def arguments_without_log_files() -> tuple[list[str], str]:
    """Return the arguments that rclpy.init needs where log files cannot be written, and a notice.

    With an unwritable home rclpy.init fails, although a robot's read-only file system is no reason
    not to run: the console and /rosout still work. Both are empty where all is well.
    """
    folder = log_folder(os.environ)
    reason = "HOME is not set" if folder is None else _unwritable(folder)
    if not reason:
        return [], ""
    notice = f"no log files are written ({reason}); set ROS_LOG_DIR to a writable folder for them"
    return ["--ros-args", "--disable-external-lib-logs", "--"], notice


def _unwritable(folder: Path) -> str:
    """Return why a folder cannot be made or written to, or nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as err:
        return str(err)
