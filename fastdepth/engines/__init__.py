"""Engines run a network; the estimator knows them only through one small protocol."""

from fastdepth.engines.choice import ENGINES, EngineName, open_engine
from fastdepth.engines.cpus import default_threads, usable_cpus
from fastdepth.engines.cv2dnn_engine import Cv2DnnEngine
from fastdepth.engines.onnx_file import (
    OnnxSignature,
    card_from_metadata,
    check_readable,
    read_signature,
)
from fastdepth.engines.onnxruntime_engine import OnnxRuntimeEngine
from fastdepth.engines.openvino_engine import OpenVinoEngine
from fastdepth.engines.openvino_file import is_openvino, read_card
from fastdepth.engines.protocol import Engine, LoadedEngine
from fastdepth.engines.providers import Fallback, Provider

__all__ = [
    "ENGINES",
    "Cv2DnnEngine",
    "Engine",
    "EngineName",
    "Fallback",
    "LoadedEngine",
    "OnnxRuntimeEngine",
    "OnnxSignature",
    "OpenVinoEngine",
    "Provider",
    "card_from_metadata",
    "check_readable",
    "default_threads",
    "is_openvino",
    "open_engine",
    "read_card",
    "read_signature",
    "usable_cpus",
]
