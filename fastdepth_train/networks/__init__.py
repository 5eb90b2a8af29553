"""Depth networks: an encoder, a decoder with skips, and a head, composed from a configuration."""

from fastdepth_train.networks.config import DecoderConfig, EncoderConfig, NetworkConfig
from fastdepth_train.networks.network import DepthNetwork
from fastdepth_train.networks.presets import PRESETS, preset

__all__ = [
    "PRESETS",
    "DecoderConfig",
    "DepthNetwork",
    "EncoderConfig",
    "NetworkConfig",
    "preset",
]
