"""The folder the demo writes: whole or not at all, and never in the place of anything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastdepth.errors import OutputError
from fastdepth.files import whole_folder

METRICS = "metrics.json"
STRIP = "strip.png"
ANIMATION = "depth.webp"
RECORDING = "depth"
LOG = "node.log"

_OURS = {METRICS, STRIP, ANIMATION, RECORDING, LOG}


@contextmanager
def output_folder(path: Path, bag: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` when the block succeeds.

    A folder that an earlier demo left there is replaced.

    Args:
        path: of the output.
        bag: that will be played; it must not lie where the output goes.

    Raises:
        OutputError: `path` cannot be written, or it is something that is not a demo's output.

    """
    # A relative `..` or a link must not hide what would be replaced.
    path, bag = path.resolve(), bag.resolve()
    if path == bag or path in bag.parents:
        msg = f"the bag {bag} lies in the output folder {path}; choose another with --out"
        raise OutputError(msg)
    if path.exists() and not _is_replaceable(path):
        msg = (
            f"{path} exists and is not the output of an earlier demo; "
            "choose another folder with --out"
        )
        raise OutputError(msg)
    with whole_folder(path, replace=True) as temporary:
        temporary.mkdir()
        yield temporary


def _is_replaceable(path: Path) -> bool:
    """Return whether a folder is empty, or holds a demo's files and nothing else."""
    if not path.is_dir():
        return False
    try:
        names = {entry.name for entry in path.iterdir()}
    except OSError as err:
        msg = f"the output folder {path} cannot be read: {err.strerror or err}"
        raise OutputError(msg) from err
    return not names or (METRICS in names and names <= _OURS)
