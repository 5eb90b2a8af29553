"""Named networks."""

from __future__ import annotations

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import DecoderConfig, NetworkConfig

PRESETS: dict[str, NetworkConfig] = {
    # MobileNetV2 and a light NNConv5dw decoder whose channels are those of the added skips; depth
    # is predicted at half size and interpolated.
    "mobilenetv2-nnconv5dw": NetworkConfig(),
    # The same in the paper's form: depth itself from a ReLU, nearest upsampling to the end.
    "mobilenetv2-nnconv5dw-relu": NetworkConfig(output="relu", upsample="nearest"),
    # With dense 5x5 convolutions in the decoder: heavier, for comparison.
    "mobilenetv2-nnconv5": NetworkConfig(decoder=DecoderConfig(name="nnconv")),
}


def preset(name: str) -> NetworkConfig:
    """Return the configuration of that name; raise NetworkError that lists the names."""
    if name not in PRESETS:
        msg = f"unknown preset {name!r}; expected one of {', '.join(sorted(PRESETS))}"
        raise NetworkError(msg)
    return PRESETS[name]
