"""See that an engine computes what the model file says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fastdepth.engines.onnx_file import OnnxSignature, plain_session, reason_of
from fastdepth.errors import EngineError
from fastdepth.frame import F32Array

TOLERANCE = 0.05
"""Mean difference over mean depth. Reduced precision stays below it, a wrong operator does not."""


def require_agreement(
    path: Path, signature: OnnxSignature, run: Callable[[F32Array], F32Array], host: str
) -> None:
    """Run a model once and compare with onnxruntime, which runs the file as it is written.

    Engines that import ONNX do not know every operator, and a few they know wrongly. A model of
    dynamic size is not compared.

    Args:
        path: the model file.
        signature: of the file.
        run: the engine's.
        host: the engine, for the message.

    Raises:
        EngineError: the engine fails, or delivers something else.

    """
    shape = static_shape(signature)
    if shape is None:
        return
    ramp = np.linspace(0.2, 0.8, int(np.prod(shape)), dtype=np.float32)
    tensor = ramp.reshape(shape)
    try:
        output = run(tensor)
    except Exception as err:  # each engine raises its own classes
        msg = f"{host} cannot run {path}: {reason_of(err)}; use the engine onnxruntime"
        raise EngineError(msg) from err
    session = plain_session(path)
    expected: F32Array = session.run([signature.output_name], {signature.input_name: tensor})[0]
    if output.shape != expected.shape:
        msg = (
            f"{host} delivers {output.shape} for {path} where onnxruntime delivers "
            f"{expected.shape}; use the engine onnxruntime"
        )
        raise EngineError(msg)
    difference = float(np.abs(output - expected).mean())
    # Not '>': NaN must not pass.
    if not difference <= TOLERANCE * float(np.abs(expected).mean()):
        msg = (
            f"{host} and onnxruntime differ by {difference:.3g} m on average for {path}; "
            "use the engine onnxruntime"
        )
        raise EngineError(msg)


def static_shape(signature: OnnxSignature) -> tuple[int, ...] | None:
    """Return the shape of the input, or None where the file leaves a dimension open."""
    sizes = tuple(size for size in signature.input_shape if isinstance(size, int))
    return sizes if len(sizes) == len(signature.input_shape) else None
