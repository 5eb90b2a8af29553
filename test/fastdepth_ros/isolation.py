"""Keep the ROS processes of tests among themselves."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROFILE = ROOT / "config" / "fastdds.xml"
ENVIRONMENT = {
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    "FASTRTPS_DEFAULT_PROFILES_FILE": str(PROFILE),  # Fast DDS 2
    "FASTDDS_DEFAULT_PROFILES_FILE": str(PROFILE),  # Fast DDS 3
}


@contextmanager
def leased_domain() -> Iterator[int]:
    """Yield a ROS domain that no other test run on this machine uses meanwhile."""
    for domain in range(40, 100):
        path = Path(tempfile.gettempdir()) / f"fastdepth-test-domain-{domain}.lock"
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield domain
            return
    msg = "no free ROS domain"
    raise RuntimeError(msg)
