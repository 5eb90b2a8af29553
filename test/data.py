"""Recordings that stand beside the project and are not part of it."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def beside(*parts: str) -> Path:
    """Return a path below ../shared, whether it exists or not."""
    return _SHARED.joinpath(*parts)


def shared(*parts: str) -> Path:
    """Return a path below ../shared, or skip the test where it is absent."""
    path = beside(*parts)
    if not path.exists():
        pytest.skip(f"needs ../shared/{'/'.join(parts)}, which is not here")
    return path
