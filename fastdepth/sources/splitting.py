"""Choose one of the parts that a data set is split into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastdepth.errors import SourceError


def choose_split(path: Path, split: str | None, known: Sequence[str], none: str) -> str:
    """Return the split asked for, or the only one there is.

    Args:
        path: the data set.
        split: what is asked for.
        known: the splits that are there.
        none: what it means that there is none, for an error.

    Raises:
        SourceError: there is no such split, or several to choose from.

    """
    if split is None and len(known) == 1:
        return known[0]
    if split is not None and split in known:
        return split
    if not known:
        text = f"{path} has no split{f' {split!r}' if split else 's'}: {none}"
    elif split is None:
        text = f"{path} has several splits; choose one: {', '.join(known)}"
    else:
        text = f"{path} has no split {split!r}; expected one of: {', '.join(known)}"
    raise SourceError(text)


def refuse_split(path: Path, split: str | None) -> None:
    """Raise SourceError where a split is asked for of a single file."""
    if split is not None:
        text = f"{path} is one file; a split ({split!r}) can be chosen only of a data set's folder"
        raise SourceError(text)
