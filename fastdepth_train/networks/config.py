"""What describes a network: plain values that go into a run's YAML and into every checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from fastdepth_train.errors import NetworkError

Activation = Literal["relu", "relu6"]
Skip = Literal["add", "concat", "none"]
Output = Literal["exp", "relu", "norm_relu"]
Upsample = Literal["nearest", "bilinear", "none"]
Head = Literal["before", "after"]


@dataclass(frozen=True)
class EncoderConfig:
    """Which encoder, and its size.

    Attributes:
        name: key of `ENCODERS`.
        width: multiplier of every channel count.
        activation: of MobileNetV1 and V2: `relu` is cheaper than the `relu6` of their papers and
            accepts the same weights. The other encoders keep their own.
        channels: of every layer instead of `width`, as pruning leaves them; MobileNetV1 alone.

    """

    name: str = "mobilenet_v2"
    width: float = 1.0
    activation: Activation = "relu"
    channels: tuple[int, ...] | None = None


@dataclass(frozen=True)
class DecoderConfig:
    """A decoder: stages of a convolution and an upsample x2, coarse to fine.

    Attributes:
        name: key of `STAGES` (Wofk et al. 2019, section III), or `fusion`.
        kernel: side of the (depthwise) kernel, odd.
        channels: output channels of each stage, coarse to fine.
        skip: how encoder features join after the upsample of all stages but the last.
        first_skip: the first stage, counted from 1, whose upsample a skip joins; the paper's is 2.

    """

    name: str = "nnconv_dw"
    kernel: int = 5
    channels: tuple[int, ...] = (96, 32, 24, 16, 16)
    skip: Skip = "add"
    first_skip: int = 1


@dataclass(frozen=True)
class NetworkConfig:
    """A whole network.

    Attributes:
        encoder: features from the image.
        decoder: features at half the input size from those, or at the whole where its stages
            begin with their upsample.
        output: what makes metres of the head's one channel: `exp` (the head predicts the logarithm
            of depth), `relu` (it predicts depth) or `norm_relu` (the same after a batch norm; the
            paper's).
        upsample: the last x2. `none` delivers depth at the decoder's size.
        head: whether the 1x1 head and `output` act before the last x2 or, as in the paper, after
            it. They work on single pixels, so with `nearest` both are the same, and `before` is
            four times cheaper: exported files have it so.
        sizes: (input, output) channels of single layers, by the layer's name, where they are fewer
            than encoder and decoder say: what `fastdepth prune` leaves.

    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    output: Output = "exp"
    upsample: Upsample = "bilinear"
    head: Head = "before"
    sizes: dict[str, tuple[int, int]] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be built; raise NetworkError naming the field."""
        _check(self.encoder.width > 0, "encoder.width", self.encoder.width, "a positive number")
        kernel = self.decoder.kernel
        _check(kernel > 0 and kernel % 2 == 1, "decoder.kernel", kernel, "a positive odd number")
        for name, channels in (
            ("encoder.channels", self.encoder.channels or (1,)),
            ("decoder.channels", self.decoder.channels),
        ):
            is_possible = bool(channels) and all(c > 0 for c in channels)
            _check(is_possible, name, channels, "positive channel counts")
        _check(
            self.encoder.channels is None or self.encoder.width == 1.0,
            "encoder.width",
            self.encoder.width,
            "1 where encoder.channels are given",
        )
        _check(
            1 <= self.decoder.first_skip <= len(self.decoder.channels),
            "decoder.first_skip",
            self.decoder.first_skip,
            f"one of the decoder's {len(self.decoder.channels)} stages, counted from 1",
        )
        for name, value, kind in (
            ("encoder.activation", self.encoder.activation, Activation),
            ("decoder.skip", self.decoder.skip, Skip),
            ("output", self.output, Output),
            ("upsample", self.upsample, Upsample),
            ("head", self.head, Head),
        ):
            allowed = get_args(kind)
            _check(value in allowed, name, value, f"one of {', '.join(allowed)}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as stored in checkpoints."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> NetworkConfig:
        """Rebuild from `to_dict`; fields that came later take their defaults.

        Raises:
            NetworkError: a field is missing, unknown or impossible.

        """
        try:
            fields = dict(value)
            encoder, decoder = dict(fields["encoder"]), dict(fields["decoder"])
            if encoder.get("channels") is not None:
                encoder["channels"] = tuple(encoder["channels"])
            decoder["channels"] = tuple(decoder["channels"])
            fields["encoder"] = EncoderConfig(**encoder)
            fields["decoder"] = DecoderConfig(**decoder)
            if fields.get("sizes") is not None:
                fields["sizes"] = {name: tuple(size) for name, size in fields["sizes"].items()}
            return cls(**fields)
        except (KeyError, TypeError) as err:
            msg = f"the network's description has missing or unknown fields: {err}"
            raise NetworkError(msg) from err


def _check(ok: bool, name: str, value: object, expected: str) -> None:
    if not ok:
        msg = f"network setting {name} is {value!r}; expected {expected}"
        raise NetworkError(msg)
