"""The model card: everything a network's user must know, carried inside the ONNX file.

The card is one JSON value under the metadata key `fastdepth.card`. It is the only contract between
training and deployment: the node, the evaluators, calibration and the benchmarks read the input
size, the normalisation, the unit and the camera from it and from nowhere else.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args

from fastdepth.errors import CardError

METADATA_KEY = "fastdepth.card"
SCHEMA_VERSION = 1

ChannelOrder = Literal["rgb", "bgr"]
Fit = Literal["stretch", "crop", "pad"]
Interpolation = Literal["linear", "area", "nearest"]


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How a camera frame becomes the network's input tensor, 1x3xHxW float32.

    Attributes:
        width: of the tensor, pixels.
        height: of the tensor, pixels.
        channel_order: of the tensor's three planes.
        mean: subtracted from each plane after division by 255, in `channel_order`.
        std: divides each plane after that, in `channel_order`.
        fit: how a frame of another aspect ratio is fitted: `stretch` resizes the whole frame,
            `crop` cuts the largest centred part of the right shape, `pad` adds mean-coloured bars.
        interpolation: of the resize.

    """

    width: int
    height: int
    channel_order: ChannelOrder = "rgb"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    fit: Fit = "stretch"
    interpolation: Interpolation = "linear"


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One measured result, with what it was measured on and how.

    Attributes:
        dataset: the frames, by name and split.
        protocol: evaluation protocol (`fastdepth`, `eigen`, `full`).
        align: scale alignment to the ground truth (`none`, `median`, `lstsq`).
        metrics: metric key to value; depth in metres.

    """

    dataset: str
    protocol: str
    align: str
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a deployed model is, expects and delivers.

    Attributes:
        name: short name of the model.
        version: of the model, not of the package.
        input: how a frame becomes the input tensor.
        focal_length: (fx, fy) in pixels at input size of the camera the network predicts for.
        depth_range: (nearest, farthest) depth in metres that may be believed.
        unit: of the output; always metres.
        training_data: the data sets the weights come from.
        licence: SPDX identifier or name of the licence of the weights.
        training_commit: commit of the code that trained it, or "unknown".
        accuracy: measured results.
        notes: anything else a user should know (terms of the data, say).

    """

    name: str
    version: str
    input: InputSpec
    focal_length: tuple[float, float]
    depth_range: tuple[float, float]
    unit: Literal["metres"] = "metres"
    training_data: tuple[str, ...] = ()
    licence: str = "unknown"
    training_commit: str = "unknown"
    accuracy: tuple[Accuracy, ...] = field(default=())
    notes: str = ""

    def __post_init__(self) -> None:
        """Refuse a card that cannot be true; raise CardError naming the field."""
        _check(bool(self.name), "name", self.name, "a non-empty text")
        _check(bool(self.version), "version", self.version, "a non-empty text")
        _check(self.unit == "metres", "unit", self.unit, "'metres'")
        spec = self.input
        _check(spec.width > 0, "input.width", spec.width, "a positive whole number")
        _check(spec.height > 0, "input.height", spec.height, "a positive whole number")
        for name, kind in (
            ("channel_order", ChannelOrder),
            ("fit", Fit),
            ("interpolation", Interpolation),
        ):
            allowed = get_args(kind)
            value = getattr(spec, name)
            _check(value in allowed, f"input.{name}", value, f"one of {', '.join(allowed)}")
        _check(all(map(math.isfinite, spec.mean)), "input.mean", spec.mean, "finite numbers")
        _check(
            all(math.isfinite(s) and s > 0 for s in spec.std),
            "input.std",
            spec.std,
            "positive numbers",
        )
        _check(
            all(math.isfinite(f) and f > 0 for f in self.focal_length),
            "focal_length",
            self.focal_length,
            "two positive numbers, pixels at input size",
        )
        near, far = self.depth_range
        _check(
            math.isfinite(far) and 0 <= near < far,
            "depth_range",
            self.depth_range,
            "[nearest, farthest] in metres with 0 <= nearest < farthest",
        )

    def to_json(self) -> str:
        """Return the card as the JSON text stored in the model file."""
        return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> ModelCard:
        """Read a card from its JSON text.

        Raises:
            CardError: not JSON, another schema version, or a field that is missing, unknown or
                impossible; the message names it.

        """
        try:
            value = json.loads(text)
        except json.JSONDecodeError as err:
            msg = f"the model card is not valid JSON: {err}"
            raise CardError(msg) from err
        fields = _mapping(value, "the card")
        version = fields.pop("schema_version", None)
        if version != SCHEMA_VERSION:
            msg = (
                f"the model card has schema version {version!r}, this package reads "
                f"{SCHEMA_VERSION}; export the model again or install a matching fastdepth"
            )
            raise CardError(msg)
        required = ("name", "version", "input", "focal_length", "depth_range")
        missing = [key for key in required if key not in fields]
        if missing:
            msg = f"the model card lacks {', '.join(missing)}"
            raise CardError(msg)
        spec = _mapping(fields["input"], "input")
        for key in ("mean", "std"):
            if key in spec:
                spec[key] = _numbers(spec[key], 3, f"input.{key}")
        for key in ("width", "height"):
            _check(type(spec.get(key)) is int, f"input.{key}", spec.get(key), "a whole number")
        fields["input"] = _construct(InputSpec, spec, "input")
        fields["focal_length"] = _numbers(fields["focal_length"], 2, "focal_length")
        fields["depth_range"] = _numbers(fields["depth_range"], 2, "depth_range")
        for key in ("name", "version", "unit", "licence", "training_commit", "notes"):
            if key in fields:
                _check(isinstance(fields[key], str), key, fields[key], "a text")
        training_data = fields.get("training_data", ())
        _check(
            isinstance(training_data, (list, tuple))
            and all(isinstance(item, str) for item in training_data),
            "training_data",
            training_data,
            "a list of texts",
        )
        fields["training_data"] = tuple(training_data)
        results = fields.get("accuracy", ())
        _check(isinstance(results, (list, tuple)), "accuracy", results, "a list")
        fields["accuracy"] = tuple(
            _construct(Accuracy, _mapping(item, "accuracy"), "accuracy") for item in results
        )
        return cast("ModelCard", _construct(cls, fields, "the card"))


def _check(ok: bool, name: str, value: object, expected: str) -> None:
    if not ok:
        msg = f"model card field {name} is {value!r}; expected {expected}"
        raise CardError(msg)


def _mapping(value: object, name: str) -> dict[str, Any]:
    _check(isinstance(value, dict), name, value, "a JSON object")
    return dict(cast("dict[str, Any]", value))


def _numbers(value: object, count: int, name: str) -> tuple[float, ...]:
    ok = (
        isinstance(value, (list, tuple))
        and len(value) == count
        and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
    )
    _check(ok, name, value, f"a list of {count} numbers")
    return tuple(float(v) for v in cast("list[float]", value))


def _construct(kind: type, fields: dict[str, Any], name: str) -> Any:
    try:
        return kind(**fields)
    except TypeError as err:
        msg = f"model card: {name} has missing or unknown fields ({err})"
        raise CardError(msg) from err
