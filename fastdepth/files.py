"""Write whole files or nothing: to a temporary neighbour first, renamed when complete."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
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


@contextmanager
def result_folder(
    path: Path, source: Path, *, names: Collection[str], mark: str, maker: str
) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` when the block succeeds.

    What an earlier run left there is replaced; anything else is not.

    Args:
        path: of the output.
        source: what is read meanwhile; it must not lie where the output goes.
        names: every file and folder that such an output holds.
        mark: the one of them by which it is known.
        maker: who makes such outputs (`demo`, `evaluation`), for messages.

    Raises:
        OutputError: `path` cannot be written, or it is something that is no such output.

    """
    # A relative `..` or a link must not hide what would be replaced.
    path, source = path.resolve(), source.resolve()
    if path == source or path in source.parents:
        msg = f"{source} lies in the output folder {path}; choose another with --out"
        raise OutputError(msg)
    if path.exists() and not _is_result(path, names, mark):
        msg = (
            f"{path} exists and is not the output of an earlier {maker}; "
            "choose another folder with --out"
        )
        raise OutputError(msg)
    with whole_folder(path, replace=True) as temporary:
        temporary.mkdir()
        yield temporary


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented UTF-8 JSON, whole or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _is_result(path: Path, names: Collection[str], mark: str) -> bool:
    """Tell whether a folder is empty, or holds such an output and nothing else."""
    if not path.is_dir():
        return False
    try:
        found = {entry.name for entry in path.iterdir()}
    except OSError as err:
        msg = f"the output folder {path} cannot be read: {err.strerror or err}"
        raise OutputError(msg) from err
    return not found or (mark in found and found <= set(names))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
