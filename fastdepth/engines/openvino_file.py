"""What an OpenVINO file (IR: an .xml with its .bin) says of itself, read without OpenVINO."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from fastdepth.card import METADATA_KEY, ModelCard
from fastdepth.engines import onnx_file
from fastdepth.engines.onnx_file import OnnxSignature, card_from_metadata, check_readable
from fastdepth.errors import CardError, ModelError

IR_SUFFIX = ".xml"
# Where OpenVINO keeps the metadata of the ONNX file that it converted.
_METADATA = "rt_info/framework"


def is_openvino(path: Path) -> bool:
    """Tell whether a path names an OpenVINO file, which only OpenVINO runs."""
    return path.suffix == IR_SUFFIX


def weights_of(path: Path) -> Path:
    """Return the path of the weights that belong to an .xml."""
    return path.with_suffix(".bin")


def read_openvino(path: Path) -> OnnxSignature:
    """Read input, output and metadata.

    Raises:
        ModelError: the file or its weights are missing, or it is no such file of one input and one
            output.

    """
    check_readable(path)
    check_readable(weights_of(path))
    try:
        # It holds no more than a model file may: what is in it is not executed.
        root = ET.parse(path).getroot()  # noqa: S314
    except ET.ParseError as err:
        msg = f"{path} is no valid OpenVINO file (damaged or cut short?): {err}"
        raise ModelError(msg) from err
    inputs = root.findall("layers/layer[@type='Parameter']")
    outputs = root.findall("layers/layer[@type='Result']")
    if len(inputs) != 1 or len(outputs) != 1:
        msg = (
            f"{path} has {len(inputs)} inputs and {len(outputs)} outputs; "
            "expected an OpenVINO model with one of each (an image in, depth out)"
        )
        raise ModelError(msg)
    shape = [int(dim.text or -1) for dim in inputs[0].iterfind("output/port/dim")]
    metadata = {entry.tag: entry.get("value", "") for entry in root.iterfind(f"{_METADATA}/*")}
    return OnnxSignature(
        inputs[0].get("name", ""),
        tuple(size if size >= 0 else None for size in shape),
        outputs[0].get("name", ""),
        metadata,
    )


def read_card(path: Path) -> ModelCard:
    """Read the model card of an ONNX or OpenVINO file.

    Raises:
        ModelError: the file is missing or is no such file.
        CardError: it has no card, or one that is not valid.

    """
    if not is_openvino(path):
        return onnx_file.read_card(path)
    metadata = read_openvino(path).metadata
    if METADATA_KEY not in metadata:
        msg = f"{path} has no model card; make it with: fastdepth export ... --format openvino"
        raise CardError(msg)
    return card_from_metadata(metadata, path)
