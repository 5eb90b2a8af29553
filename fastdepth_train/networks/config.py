"""What describes a network: plain values that go into a run's YAML and into every checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from fastdepth_train.errors import NetworkError

Activation = Literal["relu", "relu6"]
Skip = Literal["add", "none"]
Output = Literal["exp", "relu"]
Upsample = Literal["nearest", "bilinear", "none"]


@dataclass(frozen=True)
class EncoderConfig:
    """Which encoder, and its size.

    Attributes:
        name: key of `ENCODERS`.
        width: multiplier of every channel count.
        activation: of the encoder; `relu` is cheaper than the `relu6` of the papers and accepts
            their weights.

    """

    name: str = "mobilenet_v2"
    width: float = 1.0
    activation: Activation = "relu"


@dataclass(frozen=True)
class DecoderConfig:
    """A decoder of NNConv stages: convolve, then upsample x2 (Wofk et al. 2019, section III).

    Attributes:
        name: key of `STAGES`.
        kernel: side of the (depthwise) kernel, odd.
        channels: output channels of each stage, coarse to fine.
        skip: how encoder features join after the upsample of all stages but the last.

    """

    name: str = "nnconv_dw"
    kernel: int = 5
    channels: tuple[int, ...] = (96, 32, 24, 16, 16)
    skip: Skip = "add"


@dataclass(frozen=True)
class NetworkConfig:
    """A whole network.

    Attributes:
        encoder: features from the image.
        decoder: features at half the input size from those.
        output: what makes metres of the head's one channel: `exp` (the head predicts the logarithm
            of depth) or `relu` (it predicts depth; the paper's).
        upsample: the last x2. The 1x1 head and `output` act before it: they work on single pixels,
            so with `nearest` this is exactly the paper's order at a quarter of the cost. `none`
            delivers depth at half the input size.

    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    output: Output = "exp"
    upsample: Upsample = "bilinear"

    def __post_init__(self) -> None:
        """Refuse what cannot be built; raise NetworkError naming the field."""
        _check(self.encoder.width > 0, "encoder.width", self.encoder.width, "a positive number")
        kernel = self.decoder.kernel
        _check(kernel > 0 and kernel % 2 == 1, "decoder.kernel", kernel, "a positive odd number")
        channels = self.decoder.channels
        _check(
            bool(channels) and all(c > 0 for c in channels),
            "decoder.channels",
            channels,
            "positive channel counts",
        )
        for name, value, kind in (
            ("encoder.activation", self.encoder.activation, Activation),
            ("decoder.skip", self.decoder.skip, Skip),
            ("output", self.output, Output),
            ("upsample", self.upsample, Upsample),
        ):
            allowed = get_args(kind)
            _check(value in allowed, name, value, f"one of {', '.join(allowed)}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as stored in checkpoints."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> NetworkConfig:
        """Rebuild from `to_dict`.

        Raises:
            NetworkError: a field is missing, unknown or impossible.

        """
        try:
            fields = dict(value)
            decoder = dict(fields["decoder"])
            decoder["channels"] = tuple(decoder["channels"])
            fields["encoder"] = EncoderConfig(**fields["encoder"])
            fields["decoder"] = DecoderConfig(**decoder)
            return cls(**fields)
        except (KeyError, TypeError) as err:
            msg = f"the network's description has missing or unknown fields: {err}"
            raise NetworkError(msg) from err


def _check(ok: bool, name: str, value: object, expected: str) -> None:
    if not ok:
        msg = f"network setting {name} is {value!r}; expected {expected}"
        raise NetworkError(msg)
