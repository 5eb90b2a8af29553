"""Which code trained a network."""

from __future__ import annotations

import subprocess
from pathlib import Path

UNKNOWN = "unknown"


def code_commit(folder: Path | None = None) -> str:
    """Return the git commit of this package's code, `-dirty` if it has uncommitted changes.

    "unknown" where the package does not run from a git checkout.
    """
    folder = folder or Path(__file__).resolve().parent
    commit = _git(folder, "rev-parse", "HEAD")
    # An installed copy inside somebody else's repository is not described by its commit.
    if commit is None or _git(folder, "ls-files", "--error-unmatch", ".") is None:
        return UNKNOWN
    # Only code decides what a run does: an edited document does not make it dirty.
    changes = _git(
        folder, "status", "--porcelain", "--", ":(top)fastdepth", ":(top)fastdepth_train"
    )
    return f"{commit}-dirty" if changes else commit


def _git(folder: Path, *args: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *args],  # noqa: S607 - git is found on PATH, as everywhere
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
