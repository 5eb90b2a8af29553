"""What a process holds in memory, and what for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_SEGMENTS = ("/dev/shm/",)  # noqa: S108 - where Fast DDS keeps what it shares with others


class Memory(NamedTuple):
    """Memory of a process, 10^6 bytes (proc_pid_smaps(5)).

    Attributes:
        resident: RSS: all that is in memory, shared with others or not.
        proportional: PSS: what is shared counts by its share.
        private: what nobody else has.
        code: resident of programs and libraries.
        segments: resident of memory that is shared with other processes for messages.
        anonymous: resident of heaps, stacks and all else.

    """

    resident: float
    proportional: float
    private: float
    code: float
    segments: float
    anonymous: float

    def as_dict(self) -> dict[str, Any]:
        """Return what goes into JSON."""
        return self._asdict()


def memory_of(pid: int) -> Memory | None:
    """Return what a process holds; None where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return sum_up(text)


def sum_up(smaps: str) -> Memory:
    """Return the sums of the text of `smaps`."""
    resident = proportional = private = code = segments = 0.0
    for name, values in _mappings(smaps):
        megabytes = {key: kib * 1024 / 1e6 for key, kib in values.items()}
        rss = megabytes.get("Rss", 0.0)
        resident += rss
        proportional += megabytes.get("Pss", 0.0)
        private += megabytes.get("Private_Clean", 0.0) + megabytes.get("Private_Dirty", 0.0)
        if name.startswith(_SEGMENTS):
            segments += rss
        elif name.startswith("/"):
            code += rss
    return Memory(resident, proportional, private, code, segments, resident - code - segments)


def _mappings(smaps: str) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield what is mapped and the kibibytes of each line that has them."""
    name, values = "", {}
    for line in smaps.splitlines():
        key, _, value = line.partition(":")
        fields = value.split()
        if len(fields) == 2 and fields[1] == "kB":
            values[key] = int(fields[0])
        elif "-" in line.split(" ", 1)[0]:
            if values:
                yield name, values
            parts = line.split(maxsplit=5)
            name, values = (parts[5] if len(parts) == 6 else ""), {}
    if values:
        yield name, values
