"""What an ONNX file says of itself: its card, its input and its output."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort

from fastdepth.card import METADATA_KEY, ModelCard
from fastdepth.errors import CardError, ModelError

CPU = "CPUExecutionProvider"
"""onnxruntime's name of the one provider that every build has."""


@dataclass(frozen=True, slots=True)
class OnnxSignature:
    """The one input and the one output of a model, and its metadata.

    Attributes:
        input_name: of the tensor that goes in.
        input_shape: its dimensions; a name or None where one is dynamic.
        output_name: of the tensor that comes out.
        metadata: the file's metadata; the model card is in it.

    """

    input_name: str
    input_shape: tuple[int | str | None, ...]
    output_name: str
    metadata: dict[str, str]


def read_signature(path: Path) -> OnnxSignature:
    """Read what an ONNX file says of itself.

    Raises:
        ModelError: the file is missing or unreadable, is no valid ONNX model, or has not one input
            and one output.

    """
    return signature_of(plain_session(path), path)


def plain_session(path: Path) -> ort.InferenceSession:
    """Open a file in onnxruntime, on one thread and as it is written: quick to load.

    Raises:
        ModelError: the file is missing or unreadable, or is no valid ONNX model.

    """
    check_readable(path)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(path), options, providers=[CPU])
    except Exception as err:  # onnxruntime raises its own unrelated classes
        raise ModelError(unreadable(path, err)) from err


def signature_of(session: ort.InferenceSession, path: Path) -> OnnxSignature:
    """Return what a session knows of its file; raise ModelError unless it is one in, one out."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        msg = (
            f"{path} has {len(inputs)} inputs and {len(outputs)} outputs; "
            "expected one of each (an image in, depth out)"
        )
        raise ModelError(msg)
    return OnnxSignature(
        inputs[0].name, tuple(inputs[0].shape), outputs[0].name, _metadata(session)
    )


def read_card(path: Path) -> ModelCard:
    """Read the model card of an ONNX file.

    Raises:
        ModelError: the file is missing or is no ONNX model.
        CardError: it has no card, or one that is not valid.

    """
    return card_from_metadata(_metadata(plain_session(path)), path)


def card_from_metadata(metadata: dict[str, str], path: Path) -> ModelCard:
    """Return the card among a model's metadata; raise CardError that says how to add one."""
    text = metadata.get(METADATA_KEY)
    if text is None:
        msg = (
            f"{path} has no model card, so its input and its unit are unknown; add one with: "
            f"fastdepth card {path} --set CARD.json --out WITH_CARD.onnx"
        )
        raise CardError(msg)
    try:
        return ModelCard.from_json(text)
    except CardError as err:
        msg = f"{path}: {err}"
        raise CardError(msg) from err


def _metadata(session: ort.InferenceSession) -> dict[str, str]:
    return dict(session.get_modelmeta().custom_metadata_map)


def check_readable(path: Path) -> None:
    """Raise ModelError unless `path` is a file that can be read and is not empty."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        msg = f"model file {path} {what}; expected an ONNX file with a model card"
        raise ModelError(msg)
    if not os.access(path, os.R_OK):
        msg = f"model file {path} cannot be read; check its permissions"
        raise ModelError(msg)
    if path.stat().st_size == 0:
        msg = f"model file {path} is empty; copy or export it again"
        raise ModelError(msg)


def unreadable(path: Path, err: BaseException) -> str:
    """Return the message for a file that onnxruntime does not take."""
    return (
        f"{path} is not a valid ONNX model for onnxruntime {ort.__version__} (damaged, cut short "
        f"or newer than that?): {reason_of(err)}"
    )


def reason_of(err: BaseException) -> str:
    """Return on one line what an error says, or its class where it says nothing."""
    lines = [line.strip() for line in str(err).splitlines()]
    # OpenVINO begins with the places in its source that the error came through.
    telling = [line for line in lines if not line.startswith(("Exception from ", "Check "))]
    text = " ".join(filter(None, telling)) or " ".join(filter(None, lines))
    return textwrap.shorten(text, 400, placeholder=" ...") or type(err).__name__
