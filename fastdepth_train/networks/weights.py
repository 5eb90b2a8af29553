"""Where an encoder's weights come from: ImageNet by name, a file, or nowhere."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.models import MobileNet_V2_Weights, MobileNet_V3_Large_Weights

from fastdepth_train.errors import WeightsError
from fastdepth_train.networks.config import EncoderConfig
from fastdepth_train.networks.encoders import Encoder
from fastdepth_train.networks.tflite import SUFFIX, InputScale, load_classifier

IMAGENET = {
    "mobilenet_v2": MobileNet_V2_Weights.IMAGENET1K_V2,
    "mobilenet_v3_large": MobileNet_V3_Large_Weights.IMAGENET1K_V2,
}
# Whose weights fit an encoder, for those that read an error.
_FITTING = {
    "lcnet": "timm's lcnet_100",
    "mobilenet_v1": "timm's mobilenetv1_100",
    "mobilenet_v2": "torchvision's mobilenet_v2",
    "mobilenet_v3_large": "torchvision's mobilenet_v3_large",
    "mobilenet_v4_conv_small": "timm's mobilenetv4_conv_small",
}


def load_encoder_weights(encoder: Encoder, config: EncoderConfig, origin: str) -> InputScale | None:
    """Load weights into an encoder.

    Args:
        encoder: whose weights are replaced.
        config: it was built from.
        origin: `imagenet` (torchvision's, downloaded once), `none` (left random), or a file: a
            state dict of the classification network, or an 8-bit `.tflite` of it.

    Returns:
        The input that the encoder expects where its file tells: a `.tflite`, whose encoder must be
        settled (`networks.tflite.settle`) before it is trained.

    Raises:
        WeightsError: no such weights, no network to fetch them, a file that is missing or damaged,
            or weights of another network.

    """
    if origin == "none":
        return None
    if Path(origin).suffix == SUFFIX:
        return load_classifier(encoder, Path(origin))
    state = _imagenet(config) if origin == "imagenet" else read_state_dict(Path(origin))
    wanted = encoder.state_dict()
    missing = [key for key in wanted if key not in state]
    if missing:
        msg = (
            f"the weights from {origin} lack {len(missing)} of the encoder's {len(wanted)} values "
            f"(first: {missing[0]}); expected a state dict of {_FITTING[config.name]}"
        )
        raise WeightsError(msg)
    for key, value in wanted.items():
        if state[key].shape != value.shape:
            msg = (
                f"{key} from {origin} has shape {tuple(state[key].shape)}, the encoder "
                f"{config.name} of width {config.width:g} has {tuple(value.shape)}; expected "
                "weights of the same width (or encoder_weights: none)"
            )
            raise WeightsError(msg)
    encoder.load_state_dict({key: state[key] for key in wanted})
    return None


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Read tensors by name from a file written by torch.save.

    Raises:
        WeightsError: the file is missing, damaged, or holds something else.

    """
    value = read_torch_file(path)
    if not isinstance(value, Mapping) or not all(isinstance(v, Tensor) for v in value.values()):
        msg = f"{path} holds no state dict; expected tensors by name, as torch.save writes them"
        raise WeightsError(msg)
    return dict(value)


def read_torch_file(path: Path) -> Any:
    """Read plain values and tensors from a file written by torch.save, running no code from it.

    Raises:
        WeightsError: the file is missing or is not such a file.

    """
    if not path.is_file():
        msg = f"weights file {path} does not exist; give imagenet, none or the path of a file"
        raise WeightsError(msg)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as err:
        reason = str(err).splitlines()[0] if str(err) else type(err).__name__
        msg = f"{path} cannot be read as a torch file (damaged or cut short?): {reason}"
        raise WeightsError(msg) from err


def _imagenet(config: EncoderConfig) -> dict[str, Tensor]:
    weights = IMAGENET.get(config.name)
    if weights is None or config.width != 1.0:
        msg = (
            f"torchvision has no ImageNet weights for encoder {config.name} of width "
            f"{config.width:g}; give a file with a state dict of {_FITTING[config.name]}, or none"
        )
        raise WeightsError(msg)
    try:
        state: dict[str, Tensor] = weights.get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError) as err:
        msg = (
            f"the ImageNet weights of {config.name} could not be fetched ({err}); "
            "give a downloaded file: --model.encoder_weights FILE"
        )
        raise WeightsError(msg) from err
    return state
