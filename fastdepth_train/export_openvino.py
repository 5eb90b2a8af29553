"""From a checked ONNX file to one in OpenVINO's own format, which keeps the model card."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fastdepth.engines import open_engine, read_card
from fastdepth.engines.onnx_file import reason_of
from fastdepth.engines.openvino_file import weights_of
from fastdepth.errors import FastDepthError, MissingExtraError, OutputError
from fastdepth.files import make_folder
from fastdepth.frame import Frame
from fastdepth.preprocess import Preprocessor
from fastdepth_train.errors import ExportError
from fastdepth_train.export import TOLERANCE, Difference, made_up_frames


def export_openvino(model: Path, out: Path, frames: Sequence[Frame] = ()) -> Difference:
    """Convert an ONNX file with its card, weights in float32, if OpenVINO then computes the same.

    Args:
        model: the ONNX file.
        out: the .xml to write; its weights go into the .bin beside it.
        frames: camera frames to compare on; made-up ones if there are none.

    Returns:
        How far OpenVINO is from what onnxruntime makes of the ONNX file.

    Raises:
        ExportError: the file cannot be converted, or OpenVINO differs by more than TOLERANCE.
            Nothing is written then.
        MissingExtraError: OpenVINO is not installed.
        OutputError: the files cannot be written.

    """
    try:
        import openvino  # noqa: PLC0415 - an extra
    except ImportError as err:
        what = "exporting to OpenVINO"
        raise MissingExtraError(what, "openvino", err) from err
    make_folder(out.parent)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.stem}.", dir=out.parent) as folder:
            made = Path(folder) / out.name
            try:
                converted = openvino.convert_model(str(model))
                openvino.save_model(converted, str(made), compress_to_fp16=False)
            except Exception as err:  # openvino raises plain RuntimeError
                msg = f"OpenVINO cannot convert {model}: {reason_of(err)}"
                raise ExportError(msg) from err
            difference = _compare(model, made, frames or made_up_frames())
            # Cut short in between, there is no model rather than one with another's weights.
            out.unlink(missing_ok=True)
            weights_of(made).replace(weights_of(out))
            made.replace(out)
    except OSError as err:
        msg = f"cannot write {out}: {err.strerror or err}"
        raise OutputError(msg) from err
    return difference


def _compare(model: Path, made: Path, frames: Sequence[Frame]) -> Difference:
    card = read_card(made)
    prepare = Preprocessor(card.input)
    # The preprocessor hands out its own buffer.
    tensors = [prepare(frame.image)[0].copy() for frame in frames]
    reference = open_engine(model, threads=1)
    try:
        engine = open_engine(made, threads=1)
        largest = max(
            float(np.abs(engine.run(tensor) - reference.run(tensor)).max()) for tensor in tensors
        )
    except FastDepthError as err:
        msg = f"OpenVINO cannot run what it converted: {err}"
        raise ExportError(msg) from err
    # Not '>': NaN must not pass.
    if not largest <= TOLERANCE:
        msg = (
            f"OpenVINO differs from onnxruntime by {largest:.3g} m; expected at most "
            f"{TOLERANCE:g} m, so nothing was written"
        )
        raise ExportError(msg)
    return Difference(engine.description, largest)
