"""Where the package's own files lie: launch, config, models and samples."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fastdepth.errors import ModelError

MODEL_NAME = "fastdepth.onnx"


def share_folders() -> list[Path]:
    """Return where shared files may lie, most specific first.

    A source checkout (the folder that holds this package) comes before the prefixes that ROS
    searches (AMENT_PREFIX_PATH) and the interpreter's own.
    """
    checkout = Path(__file__).resolve().parent.parent
    folders = [checkout] if (checkout / "package.xml").is_file() else []
    prefixes = [p for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    # A colcon overlay keeps the module in PREFIX/lib/pythonX.Y/site-packages.
    prefixes += [str(parent) for parent in checkout.parents[1:3]]
    prefixes.append(sys.prefix)
    folders += [Path(prefix) / "share" / "fastdepth" for prefix in prefixes]
    return list(dict.fromkeys(folders))


def find_shared(relative: str) -> Path | None:
    """Return a file or folder of the package (`models/fastdepth.onnx`, say), or None."""
    for folder in share_folders():
        path = folder / relative
        if path.exists():
            return path
    return None


def default_model() -> Path:
    """Return the model that comes with the package.

    Raises:
        ModelError: it is not installed; the message says where it was looked for.

    """
    path = find_shared(f"models/{MODEL_NAME}")
    if path is None:
        looked = ", ".join(str(folder / "models") for folder in share_folders())
        msg = (
            f"the package's own model {MODEL_NAME} is not installed (looked in {looked}); name one"
        )
        raise ModelError(msg)
    return path
