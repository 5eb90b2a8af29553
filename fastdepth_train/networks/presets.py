"""Named networks."""

from __future__ import annotations

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.build import AnyConfig
from fastdepth_train.networks.config import DecoderConfig, EncoderConfig, NetworkConfig, Skip
from fastdepth_train.networks.meter import MeterConfig

# FastDepth after NetAdapt (Wofk et al. 2019, figure 8), as published.
_PRUNED_ENCODER = (16, 56, 88, 120, 144, 256, 408, 376, 272, 288, 296, 328, 480, 512)
_PRUNED_DECODER = (200, 256, 120, 56, 16)


def _paper(
    decoder: DecoderConfig,
    encoder: EncoderConfig = EncoderConfig("mobilenet_v1", activation="relu6"),  # noqa: B008
) -> NetworkConfig:
    """Return a network in FastDepth's own form: depth itself, from a ReLU at full size."""
    return NetworkConfig(encoder, decoder, output="norm_relu", upsample="nearest", head="after")


def _paper_decoder(name: str, *, skip: Skip = "none") -> DecoderConfig:
    return DecoderConfig(name, 5, (512, 256, 128, 64, 32), skip, first_skip=2)


def _light(encoder: str, channels: tuple[int, ...], width: float = 1.0) -> NetworkConfig:
    """Return a network with NNConv5dw and added skips."""
    return NetworkConfig(EncoderConfig(encoder, width), DecoderConfig(channels=channels))


def _fusion(encoder: str, width: int = 16) -> NetworkConfig:
    """Return a network that fuses five scales of few channels."""
    return NetworkConfig(EncoderConfig(encoder), DecoderConfig("fusion", channels=(width,) * 5))


PRESETS: dict[str, AnyConfig] = {
    # The paper's: MobileNetV1, NNConv5dw, added skips.
    "fastdepth": _paper(_paper_decoder("nnconv_dw", skip="add")),
    "fastdepth-concat": _paper(_paper_decoder("nnconv_dw", skip="concat")),
    "fastdepth-nnconv5": _paper(_paper_decoder("nnconv")),
    "fastdepth-nnconv5dw": _paper(_paper_decoder("nnconv_dw")),
    # The shape that pruning left; the paper pruned trained weights into it.
    "fastdepth-pruned": _paper(
        DecoderConfig("nnconv_dw", 5, _PRUNED_DECODER, "add", first_skip=2),
        EncoderConfig("mobilenet_v1", activation="relu6", channels=_PRUNED_ENCODER),
    ),
    # FastDepth reimplemented on MobileNetV2, but with each upsample after its convolution.
    "mobilenetv2": _paper(
        DecoderConfig("nnconv_dw", 5, (96, 32, 24, 16, 32), "add", first_skip=2),
        EncoderConfig("mobilenet_v2", activation="relu6"),
    ),
    # MobileNetV2 and a light NNConv5dw decoder whose channels are those of the added skips; depth
    # is predicted at half size and interpolated.
    "mobilenetv2-nnconv5dw": NetworkConfig(),
    # The same in the paper's form: depth itself from a ReLU, nearest upsampling to the end.
    "mobilenetv2-nnconv5dw-relu": NetworkConfig(output="relu", upsample="nearest"),
    # With dense 5x5 convolutions in the decoder: heavier, for comparison.
    "mobilenetv2-nnconv5": NetworkConfig(decoder=DecoderConfig(name="nnconv")),
    # Depth at half the input size: what a robot that needs no more saves.
    "mobilenetv2-half": NetworkConfig(upsample="none"),
    "mobilenetv2-fusion": _fusion("mobilenet_v2"),
    # Newer encoders under the same decoder.
    "mobilenetv3-nnconv5dw": _light("mobilenet_v3_large", (112, 40, 24, 16, 16)),
    "mobilenetv4-nnconv5dw": _light("mobilenet_v4_conv_small", (96, 64, 32, 32, 16)),
    "mobilenetv4-fusion": _fusion("mobilenet_v4_conv_small"),
    "lcnet-nnconv5dw": _light("lcnet", (256, 128, 64, 32, 16)),
    # Under 0.1 GMAC, for the smallest boards.
    "tiny": _light("mobilenet_v4_conv_small", (48, 32, 16, 32, 16), 0.5),
    # The strongest published network of this size: for input of 256x192, depth at a quarter of it.
    "meter-xxs": MeterConfig(),
}


def preset(name: str) -> AnyConfig:
    """Return the configuration of that name; raise NetworkError that lists the names."""
    if name not in PRESETS:
        msg = f"unknown preset {name!r}; expected one of {', '.join(sorted(PRESETS))}"
        raise NetworkError(msg)
    return PRESETS[name]
