"""The field calibration: a correction fitted on somebody's own camera, as a YAML file."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from fastdepth.card import ModelCard
from fastdepth.correction import Correction
from fastdepth.errors import CalibrationError
from fastdepth.files import whole_file

SCHEMA_VERSION = 1

_HEAD = """\
# Field calibration of fastdepth, for one model on one camera:
#   1 / corrected = 1 / (scale * depth) + offset        depth in metres, offset in 1/m
"""


@dataclass(frozen=True, slots=True)
class FittedOn:
    """What a correction was fitted on.

    Attributes:
        source: the recording.
        model: name and version of the model (`model_name`).
        frames: how many were used.
        pixels: how many pairs of prediction and measurement.

    """

    source: str
    model: str
    frames: int
    pixels: int


@dataclass(frozen=True, slots=True)
class Gain:
    """What a correction gains on frames it was not fitted on.

    Attributes:
        frames: how many were scored.
        before: metric key to value without the correction; depth in metres.
        after: the same with it.

    """

    frames: int
    before: dict[str, float]
    after: dict[str, float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A correction with its origin and its worth.

    Attributes:
        correction: of depth in metres, camera-aware scale included.
        fitted_on: what it was fitted on.
        gain: what it gains, or None if that was not measured.

    """

    correction: Correction
    fitted_on: FittedOn
    gain: Gain | None = None

    def mismatch(self, card: ModelCard) -> str | None:
        """Return a sentence that says for which other model this was fitted, or None if for this.

        A correction undoes the errors of one model; on another it is a new error.
        """
        if self.fitted_on.model == model_name(card):
            return None
        return (
            f"the calibration was fitted for the model {self.fitted_on.model!r}, this is "
            f"{model_name(card)!r}; calibrate again"
        )

    def write(self, path: Path) -> None:
        """Write the YAML file, whole or not at all.

        Raises:
            OutputError: it cannot be written.

        """
        value: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "correction": asdict(self.correction),
            "fitted_on": asdict(self.fitted_on),
        }
        if self.gain is not None:
            value["gain"] = asdict(self.gain)
        text = _HEAD + yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """Read a YAML file.

        Raises:
            CalibrationError: the file is missing, is no YAML, is of another schema version, or has
                a field that is missing, unknown or impossible; the message names it.

        """
        try:
            value = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as err:
            msg = f"calibration {path} cannot be read: {err.strerror or err}"
            raise CalibrationError(msg) from err
        except (yaml.YAMLError, UnicodeDecodeError) as err:
            msg = f"calibration {path} is no valid YAML: {' '.join(str(err).split())}"
            raise CalibrationError(msg) from err
        try:
            return cls._from(value)
        except CalibrationError as err:
            msg = f"calibration {path}: {err}"
            raise CalibrationError(msg) from err

    @classmethod
    def _from(cls, value: object) -> Calibration:
        fields = _fields(
            value, "the file", ("schema_version", "correction", "fitted_on"), optional=("gain",)
        )
        if fields["schema_version"] != SCHEMA_VERSION:
            msg = (
                f"it has schema version {fields['schema_version']!r}, this package reads "
                f"{SCHEMA_VERSION}; calibrate again"
            )
            raise CalibrationError(msg)
        numbers = _fields(fields["correction"], "correction", ("scale", "offset"))
        correction = Correction(
            _number(numbers["scale"], "correction.scale"),
            _number(numbers["offset"], "correction.offset"),
        )
        origin = _fields(fields["fitted_on"], "fitted_on", ("source", "model", "frames", "pixels"))
        fitted_on = FittedOn(
            _text(origin["source"], "fitted_on.source"),
            _text(origin["model"], "fitted_on.model"),
            _count(origin["frames"], "fitted_on.frames"),
            _count(origin["pixels"], "fitted_on.pixels"),
        )
        if fields.get("gain") is None:
            return cls(correction, fitted_on)
        worth = _fields(fields["gain"], "gain", ("frames", "before", "after"))
        gain = Gain(
            _count(worth["frames"], "gain.frames"),
            _numbers(worth["before"], "gain.before"),
            _numbers(worth["after"], "gain.after"),
        )
        return cls(correction, fitted_on, gain)


def model_name(card: ModelCard) -> str:
    """Return what a calibration calls a model: its name and its version."""
    return f"{card.name} {card.version}"


def _fields(
    value: object, name: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return a mapping that has all it must have and nothing else."""
    _check(isinstance(value, dict), name, value, f"a mapping with {', '.join(required)}")
    fields = cast("dict[str, Any]", value)
    missing = [key for key in required if key not in fields]
    unknown = [str(key) for key in fields if key not in (*required, *optional)]
    for kind, keys in (("lacks", missing), ("has the unknown field", unknown)):
        if keys:
            msg = f"{name} {kind} {', '.join(keys)}"
            raise CalibrationError(msg)
    return fields


def _number(value: object, name: str) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    _check(is_number and math.isfinite(cast("float", value)), name, value, "a finite number")
    return float(cast("float", value))


def _numbers(value: object, name: str) -> dict[str, float]:
    _check(isinstance(value, dict), name, value, "a mapping of metrics to numbers")
    fields = cast("dict[object, object]", value)
    return {str(key): _number(number, f"{name}.{key}") for key, number in fields.items()}


def _count(value: object, name: str) -> int:
    _check(type(value) is int and value >= 0, name, value, "a whole number of at least 0")
    return cast("int", value)


def _text(value: object, name: str) -> str:
    _check(isinstance(value, str) and bool(value), name, value, "a text")
    return cast("str", value)


def _check(ok: bool, name: str, value: object, expected: str) -> None:
    if not ok:
        msg = f"{name} is {value!r}; expected {expected}"
        raise CalibrationError(msg)
