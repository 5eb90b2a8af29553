"""The folder the demo writes: whole or not at all, and never in the place of anything else."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from fastdepth.files import result_folder

METRICS = "metrics.json"
STRIP = "strip.png"
ANIMATION = "depth.webp"
RECORDING = "depth"
LOG = "node.log"

_OURS = {METRICS, STRIP, ANIMATION, RECORDING, LOG}


def output_folder(path: Path, bag: Path) -> AbstractContextManager[Path]:
    """Yield an empty folder that becomes `path` when the block succeeds.

    A folder that an earlier demo left there is replaced.

    Args:
        path: of the output.
        bag: that will be played; it must not lie where the output goes.

    Raises:
        OutputError: `path` cannot be written, or it is something that is not a demo's output.

    """
    return result_folder(path, bag, names=_OURS, mark=METRICS, maker="demo")
