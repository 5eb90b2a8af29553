"""How many CPUs this process may really use: affinity and the quotas of control groups."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

MAX_DEFAULT_THREADS = 4


def default_threads() -> int:
    """Return a thread count that leaves a CPU for the rest: at most 4, at least 1."""
    return max(1, min(MAX_DEFAULT_THREADS, math.floor(usable_cpus()) - 1))


def usable_cpus(root: Path = Path("/")) -> float:
    """Return how many CPUs' worth of time this process may use; at most its affinity.

    A container with `--cpus 1.5` still sees every CPU of its host; threads beyond the quota only
    make the kernel stop all of them for the rest of each period.

    Args:
        root: where `proc` and the control groups are mounted.

    """
    cpus = float(len(os.sched_getaffinity(0)))
    return min([cpus, *_quotas(root)])


class _Mount(NamedTuple):
    kind: str  # cgroup or cgroup2
    options: set[str]
    group: PurePosixPath  # which group is mounted
    place: PurePosixPath


def _quotas(root: Path) -> Iterator[float]:
    """Yield the limits, in CPUs, of the control groups this process is in and of their parents."""
    memberships = _lines(root / "proc/self/cgroup")
    mounts = list(_mounts(root))
    for line in memberships:
        fields = line.split(":", 2)
        if len(fields) != 3:
            continue
        _, controllers, group = fields
        for mount in mounts:
            unified = mount.kind == "cgroup2" and not controllers
            if not unified and not (
                mount.kind == "cgroup"
                and "cpu" in controllers.split(",")
                and "cpu" in mount.options
            ):
                continue
            read = _quota_v2 if unified else _quota_v1
            for folder in _folders(root, mount, PurePosixPath(group)):
                quota = read(folder)
                if quota is not None:
                    yield quota


def _mounts(root: Path) -> Iterator[_Mount]:
    # See proc_pid_mountinfo(5): ID parent dev group place options [optional...] - kind src options
    for line in _lines(root / "proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if len(left) >= 5 and len(right) >= 3 and right[0] in {"cgroup", "cgroup2"}:
            group, place = PurePosixPath(left[3]), PurePosixPath(left[4])
            yield _Mount(right[0], set(right[2].split(",")), group, place)


def _folders(root: Path, mount: _Mount, group: PurePosixPath) -> Iterator[Path]:
    """Yield the folder of a group and of its parents, up to what is mounted.

    In a container without its own control-group namespace the path of the group is the host's and
    the mount shows that group as its top.
    """
    top = root / mount.place.relative_to("/")
    try:
        below = group.relative_to(mount.group)
    except ValueError:
        below = group.relative_to("/") if group.is_absolute() else group
    folder = top / below
    if ".." in below.parts or not folder.is_dir():
        folder = top
    yield folder
    while folder != top:
        folder = folder.parent
        yield folder


def _quota_v2(folder: Path) -> float | None:
    lines = _lines(folder / "cpu.max")
    fields = lines[0].split() if lines else []
    return _ratio(*fields) if len(fields) == 2 else None


def _quota_v1(folder: Path) -> float | None:
    quota = _lines(folder / "cpu.cfs_quota_us")
    period = _lines(folder / "cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if quota and period else None


def _ratio(quota: str, period: str) -> float | None:
    """Return quota over period; None for no limit (`max`, -1)."""
    try:
        microseconds, of = int(quota), int(period)
    except ValueError:
        return None
    return microseconds / of if microseconds > 0 and of > 0 else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
