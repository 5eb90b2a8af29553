"""Commands of a documentation page: its fenced blocks, as a reader copies them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"


class Block(NamedTuple):
    """A fenced block: its language, a word after it that says how it is to be taken, its lines."""

    language: str
    mark: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of docs/PAGE in order."""
    found = re.findall(
        r"^```(\w*) ?(\w*)\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL
    )
    return [Block(*parts) for parts in found]


def commands(block: Block) -> list[str]:
    """Return the commands of a block; one over several lines stays one."""
    joined: list[str] = []
    for line in block.text.splitlines():
        if joined and (joined[-1].endswith("\\") or joined[-1].count("'") % 2):
            joined[-1] = f"{joined[-1]}\n{line}"
        else:
            joined.append(line)
    return [command for command in joined if command and not command.startswith("#")]


def words(command: str, folder: Path, environment: dict[str, str]) -> list[str]:
    """Return the words that a shell makes of a command in that folder."""
    script = f"printf '%s\\0' {command}"
    done = subprocess.run(
        ["bash", "-uc", script], cwd=folder, env=environment, capture_output=True, check=True
    )
    return done.stdout.decode().split("\0")[:-1]
