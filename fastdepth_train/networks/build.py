"""Any network of this package from its description, and its first weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from fastdepth_train.errors import WeightsError
from fastdepth_train.networks.config import NetworkConfig
from fastdepth_train.networks.meter import Meter, MeterConfig
from fastdepth_train.networks.network import DepthNetwork
from fastdepth_train.networks.tflite import InputScale
from fastdepth_train.networks.weights import load_encoder_weights, read_state_dict

Network = DepthNetwork | Meter
AnyConfig = NetworkConfig | MeterConfig


def build_network(config: AnyConfig) -> Network:
    """Build with random weights.

    Raises:
        NetworkError: the configuration names an unknown part or its parts do not fit.

    """
    return Meter(config) if isinstance(config, MeterConfig) else DepthNetwork(config)


def config_from_dict(value: Mapping[str, Any]) -> AnyConfig:
    """Rebuild a configuration from its `to_dict`.

    Raises:
        NetworkError: a field is missing, unknown or impossible.

    """
    if value.get("kind") == MeterConfig.kind:
        return MeterConfig.from_dict(value)
    return NetworkConfig.from_dict(value)


def load_start_weights(network: Network, origin: str) -> InputScale | None:
    """Load the weights that training starts from.

    Args:
        network: whose weights are replaced.
        origin: `imagenet`, `none`, or a file with a state dict: of the encoder's classification
            network; for METER of the whole network. The former may also be an 8-bit `.tflite`.

    Returns:
        What `load_encoder_weights` does.

    Raises:
        WeightsError: no such weights, a file that is missing or damaged, or weights of another
            network.

    """
    if isinstance(network, DepthNetwork):
        return load_encoder_weights(network.encoder, network.config.encoder, origin)
    if origin == "imagenet":
        msg = "there are no ImageNet weights for METER; give a file or none"
        raise WeightsError(msg)
    if origin != "none":
        load_strictly(network, read_state_dict(Path(origin)), origin)
    return None


def load_strictly(network: Network, state: Mapping[str, Tensor], origin: str) -> None:
    """Load a whole network's state dict.

    Raises:
        WeightsError: a value is missing, left over, or has another shape; the message says which.

    """
    try:
        network.load_state_dict(dict(state))
    except RuntimeError as err:
        reasons = [line.strip() for line in str(err).splitlines()[1:]]
        first = reasons[0] if reasons else str(err)
        msg = f"{origin} holds weights of another network: {first[:300]}"
        raise WeightsError(msg) from err
