"""Engines run a network; the estimator knows them only through one small protocol."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort

from fastdepth.card import METADATA_KEY, ModelCard
from fastdepth.errors import CardError, ModelError
from fastdepth.frame import F32Array


class Engine(Protocol):
    """A loaded network: one float32 tensor in, one float32 tensor out."""

    @property
    def description(self) -> str:
        """What runs the network and where (engine, provider, threads)."""
        ...

    def run(self, tensor: F32Array) -> F32Array:
        """Map a 1x3xHxW float32 input to the network's output, 1x1xhxw float32 metres."""
        ...


def default_threads() -> int:
    """Return a thread count that leaves a core for the rest: at most 4, at least 1."""
    return max(1, min(4, len(os.sched_getaffinity(0)) - 1))


class OnnxRuntimeEngine:
    """A network run by onnxruntime."""

    def __init__(
        self, path: Path, *, providers: Sequence[str] | None = None, threads: int = 0
    ) -> None:
        """Load an ONNX file.

        Args:
            path: the file.
            providers: onnxruntime execution providers in order of preference; the CPU if None.
            threads: intra-op threads; 0 chooses by the CPUs this process may use.

        Raises:
            ModelError: the file is missing or unreadable, is no valid ONNX model, or a provider is
                not available in this build of onnxruntime.

        """
        check_readable(path)
        providers = list(providers or ["CPUExecutionProvider"])
        available = ort.get_available_providers()
        unknown = [p for p in providers if p not in available]
        if unknown:
            msg = (
                f"onnxruntime provider {', '.join(unknown)} is not available here; "
                f"choose from {', '.join(available)}"
            )
            raise ModelError(msg)
        threads = threads or default_threads()
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Spinning workers would take the cores that the camera driver and the robot need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(str(path), options, providers=providers)
        except Exception as err:  # onnxruntime raises its own unrelated classes
            raise ModelError(_unreadable(path, err)) from err
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            msg = (
                f"{path} has {len(inputs)} inputs and {len(outputs)} outputs; "
                "expected one of each (an image in, depth out)"
            )
            raise ModelError(msg)
        self._input = inputs[0].name
        self._outputs = [outputs[0].name]
        self.input_shape: list[int | str | None] = inputs[0].shape
        self.metadata: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        used = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        self._description = f"onnxruntime {ort.__version__}, {used}, {threads} thread(s)"

    @property
    def description(self) -> str:
        """What runs the network and where (engine, provider, threads)."""
        return self._description

    def run(self, tensor: F32Array) -> F32Array:
        """Map a 1x3xHxW float32 input to the network's output, 1x1xhxw float32 metres."""
        output: F32Array = self._session.run(self._outputs, {self._input: tensor})[0]
        return output


def read_card(path: Path) -> ModelCard:
    """Read the model card of an ONNX file.

    Raises:
        ModelError: the file is missing or is no ONNX model.
        CardError: it has no card, or one that is not valid.

    """
    check_readable(path)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as err:  # onnxruntime raises its own unrelated classes
        raise ModelError(_unreadable(path, err)) from err
    return card_from_metadata(dict(session.get_modelmeta().custom_metadata_map), path)


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


def _unreadable(path: Path, err: Exception) -> str:
    reason = str(err).splitlines()[0] if str(err) else type(err).__name__
    return f"{path} is not a valid ONNX model (damaged or cut short?): {reason}"


def random_input(shape: tuple[int, ...]) -> F32Array:
    """Return a reproducible float32 tensor in 0..1 for warm-up and checks."""
    return np.random.default_rng(0).random(shape, dtype=np.float32)
