"""FastDepth's own networks, beside which every model is timed.

Making their ONNX files takes torch, running them does not: they are made once by the training room,
in a process of its own, and kept. Their weights are random, which take as long as trained ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from fastdepth.files import make_folder

YARDSTICKS = {"original": "fastdepth", "original-pruned": "fastdepth-pruned"}
"""Names in the tables: the presets they are made from."""

_MAKER = "fastdepth_train.bench.yardsticks"
# Counts up when a file that was made earlier is no longer what is wanted.
_REVISION = 1
_PATIENCE = 300.0


class Yardsticks(NamedTuple):
    """The files, and why there are none.

    Attributes:
        files: by their names in the tables.
        note: empty, or what is missing.

    """

    files: dict[str, Path]
    note: str


def default_cache() -> Path:
    """Return where they are kept: $XDG_CACHE_HOME/fastdepth/bench, by default in ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - no error without HOME
    return Path(base) / "fastdepth" / "bench"


def find_yardsticks(cache: Path) -> Yardsticks:
    """Return the yardsticks of a folder; those that are missing are made, where torch is.

    Raises:
        OutputError: the folder cannot be made.

    """
    paths = {name: cache / f"{preset}-{_REVISION}.onnx" for name, preset in YARDSTICKS.items()}
    missing = {name: path for name, path in paths.items() if not path.is_file()}
    note = ""
    if missing:
        make_folder(cache)
        wanted = [f"{YARDSTICKS[name]}={path}" for name, path in missing.items()]
        note = _make(wanted, cache)
    return Yardsticks({name: path for name, path in paths.items() if path.is_file()}, note)


def _make(wanted: list[str], cache: Path) -> str:
    command = [sys.executable, "-m", _MAKER, *wanted]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except (OSError, subprocess.SubprocessError) as err:
        said, code = str(err), 1
    else:
        said, code = (done.stderr.strip().splitlines() or [""])[-1], done.returncode
    if code == 0:
        return ""
    return (
        f"no yardstick: FastDepth's own networks could not be made ({said}); they need torch once "
        f"(pip install 'fastdepth[train]'), or the files of another machine's {cache}"
    )
