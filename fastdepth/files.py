"""Write whole files or nothing: to a temporary neighbour first, renamed when complete."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastdepth.errors import OutputError


def make_folder(path: Path) -> Path:
    """Make a folder and its parents, or raise OutputError with the reason."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        msg = (
            f"cannot make the output folder {path}: {err.strerror or err}; choose a writable place"
        )
        raise OutputError(msg) from err
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds.

    The temporary name keeps the suffix of `path`, since image and bag writers go by it.

    Raises:
        OutputError: the folder cannot be written to, or the file could not be completed.

    """
    make_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
    except OSError as err:
        msg = f"cannot write {path}: {err.strerror or err}; choose a writable place"
        raise OutputError(msg) from err
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as err:
        msg = f"cannot write {path}: {err.strerror or err}"
        raise OutputError(msg) from err
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; rename it to `path` if the block succeeds.

    The temporary folder does not exist yet inside the block: whoever fills it makes it (bag
    writers insist on that).

    Raises:
        OutputError: `path` exists and `replace` is off, or it cannot be written.

    """
    if path.exists() and not replace:
        msg = f"{path} exists already; remove it or choose another name"
        raise OutputError(msg)
    make_folder(path.parent)
    try:
        holder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as err:
        msg = f"cannot write {path}: {err.strerror or err}; choose a writable place"
        raise OutputError(msg) from err
    try:
        yield holder / path.name
        if path.exists():
            path.replace(holder / "replaced")
        (holder / path.name).replace(path)
    except OSError as err:
        msg = f"cannot write {path}: {err.strerror or err}"
        raise OutputError(msg) from err
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented UTF-8 JSON, whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
