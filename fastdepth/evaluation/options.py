"""What an evaluation is asked to do, and the fingerprint by which a finished one is known again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fastdepth import __version__
from fastdepth.errors import SettingError, SourceError
from fastdepth.protocols import ALIGNMENTS, Align, require_protocol

SCHEMA_VERSION = 1
"""Of metrics.json and frames.csv; a change of the figures' meaning raises it."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """How to evaluate; the same for every source of a run. Can be pickled.

    Attributes:
        model: ONNX file.
        source: further arguments of `fastdepth.sources.open_source`.
        protocol: which pixels count.
        align: how each prediction is scaled to the ground truth first.
        threads: for inference; 0 chooses.
        camera_aware: scale depth from the card's camera to the frame's.
        calibration: YAML of a field calibration to apply, or None.
        record_rate: most frames a second of the recording that go into depth.mcap; 0 for no
            depth.mcap, infinite for every frame.
        pictures: frames of each kind (best, median, worst) in the report.

    """

    model: Path
    source: dict[str, Any] = field(default_factory=dict)
    protocol: str = "full"
    align: Align = "none"
    threads: int = 0
    camera_aware: bool = True
    calibration: Path | None = None
    record_rate: float = 2.0
    pictures: int = 3

    def __post_init__(self) -> None:
        """Refuse impossible options; raise SettingError or ProtocolError naming the one."""
        require_protocol(self.protocol)
        if self.align not in ALIGNMENTS:
            msg = f"unknown alignment {self.align!r}; expected one of {', '.join(ALIGNMENTS)}"
            raise SettingError(msg)
        if not self.record_rate >= 0:
            msg = f"the record rate is {self.record_rate:g}; expected hertz, 0 or above"
            raise SettingError(msg)
        if not 1 <= self.pictures <= 20:
            msg = f"{self.pictures} pictures of each kind were asked for; expected 1 to 20"
            raise SettingError(msg)

    def fingerprint(self, path: Path) -> str:
        """Return what a result of these options on a source depends on, as one hexadecimal number.

        A recording is known by the names, sizes and times of its files, since reading it all would
        take as long as evaluating it; model and calibration are known by their content.

        Raises:
            SourceError: a file cannot be looked at.

        """
        value = asdict(self) | {
            "schema": SCHEMA_VERSION,
            "version": __version__,
            "path": path.name,
            "files": _files(path),
            "model": _digest(self.model),
            "calibration": _digest(self.calibration) if self.calibration else None,
            "threads": None,  # they change how long it takes, not what comes out
        }
        text = json.dumps(value, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def _files(path: Path) -> list[tuple[str, int, int]]:
    found = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    try:
        return [
            (str(file.relative_to(path.parent)), (stat := file.stat()).st_size, stat.st_mtime_ns)
            for file in found
        ]
    except OSError as err:
        msg = f"{path} cannot be looked at: {err}"
        raise SourceError(msg) from err


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while part := file.read(_CHUNK):
                digest.update(part)
    except OSError as err:
        msg = f"{path} cannot be read: {err.strerror or err}"
        raise SourceError(msg) from err
    return digest.hexdigest()
