"""Write a model card into an ONNX file."""

from __future__ import annotations

from pathlib import Path

from fastdepth.card import METADATA_KEY, ModelCard
from fastdepth.engines import check_readable
from fastdepth.errors import MissingExtraError, ModelError
from fastdepth.estimator import DepthEstimator
from fastdepth.files import whole_file


def write_card(model: Path, card: ModelCard, out: Path) -> None:
    """Write `model` with `card` to `out` (which may be `model` itself), whole or not at all.

    The network is run once as the card says before anything is written under that name.

    Args:
        model: an ONNX file, with or without a card.
        card: replaces the one that is there.
        out: where the result goes; one file, weights included.

    Raises:
        ModelError: `model` is missing, is no valid ONNX model, or does not do what the card says.
        MissingExtraError: the package onnx is not installed.
        OutputError: `out` cannot be written.

    """
    check_readable(model)
    try:
        import onnx  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as err:
        what = "writing a model card"
        raise MissingExtraError(what, "train", err) from err
    try:
        content = onnx.load(str(model))
    except Exception as err:  # protobuf raises its own classes
        msg = f"{model} is not a valid ONNX model (damaged or cut short?): {err}"
        raise ModelError(msg) from err
    props = {entry.key: entry.value for entry in content.metadata_props}
    onnx.helper.set_model_props(content, {**props, METADATA_KEY: card.to_json()})
    with whole_file(out) as temporary:
        onnx.save(content, str(temporary))
        DepthEstimator.load(temporary, threads=1)
