"""Decoders: from an encoder's feature maps to one of fine resolution."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.config import DecoderConfig
from fastdepth_train.networks.decoders.chain import ChainDecoder
from fastdepth_train.networks.decoders.decoder import Decoder
from fastdepth_train.networks.decoders.fusion import FusionDecoder
from fastdepth_train.networks.decoders.stages import STAGES

__all__ = ["DECODERS", "Decoder", "build_decoder"]

DECODERS: dict[str, Callable[[DecoderConfig, Sequence[int]], Decoder]] = {
    **dict.fromkeys(STAGES, ChainDecoder),
    "fusion": FusionDecoder,
}


def build_decoder(config: DecoderConfig, encoder_channels: Sequence[int]) -> Decoder:
    """Build a decoder with random weights.

    Args:
        config: which decoder.
        encoder_channels: of the encoder's maps, fine to coarse.

    Raises:
        NetworkError: unknown decoder, or one that does not fit the encoder.

    """
    if config.name not in DECODERS:
        msg = f"unknown decoder {config.name!r}; expected one of {', '.join(sorted(DECODERS))}"
        raise NetworkError(msg)
    return DECODERS[config.name](config, encoder_channels)
