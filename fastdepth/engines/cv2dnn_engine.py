"""A network run by OpenCV's own inference, for machines with nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from fastdepth.engines.agreement import require_agreement, static_shape
from fastdepth.engines.cpus import default_threads
from fastdepth.engines.onnx_file import read_signature, reason_of
from fastdepth.engines.providers import Fallback, Provider, select_providers
from fastdepth.errors import EngineError, ModelError
from fastdepth.frame import F32Array


class Cv2DnnEngine:
    """A network run by cv2.dnn on the CPU."""

    def __init__(
        self,
        path: Path,
        *,
        providers: Sequence[Provider] | None = None,
        fallback: Fallback = "strict",
        threads: int = 0,
        spinning: bool = False,
    ) -> None:
        """Load an ONNX file.

        Args:
            path: the file.
            providers: only the CPU is offered.
            fallback: as of the other engines; with one provider there is nothing to choose.
            threads: of OpenCV in the whole process (it has no others); 0 chooses by the CPUs this
                process may use.
            spinning: has no meaning here.

        Raises:
            ModelError: the file is missing or unreadable or is no valid ONNX model of one input
                and one output, or a provider is asked for that is not the CPU.
            EngineError: this OpenCV cannot read the model or computes something else.

        """
        del spinning
        self.signature = read_signature(path)
        host = f"OpenCV {cv2.__version__}"
        select_providers(
            providers, known=["CPU"], available=["CPU"], fallback=fallback, host=f"{host} dnn"
        )
        threads = threads or default_threads()
        cv2.setNumThreads(threads)
        try:
            self._net = cv2.dnn.readNetFromONNX(str(path))
            if cv2.__version__.startswith("4."):
                # Some builds would choose another back end by themselves; OpenCV 5 has but one.
                self._net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
                self._net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)
        except cv2.error as err:
            msg = f"{host} cannot read {path}: {reason_of(err)}; use the engine onnxruntime"
            raise EngineError(msg) from err
        self._shape = static_shape(self.signature)
        self._description = f"{host} dnn, CPU, {threads} thread(s)"
        require_agreement(path, self.signature, self.run, host)

    @property
    def description(self) -> str:
        """What runs the network and where (engine, threads)."""
        return self._description

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of the model file."""
        return self.signature.metadata

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing: there is nothing to choose from."""
        return ()

    def run(self, tensor: F32Array) -> F32Array:
        """Map a 1x3xHxW float32 input to the network's output, 1x1xhxw float32 metres.

        Raises:
            ModelError: the input has another size than the file says (OpenCV would not mind).

        """
        if self._shape is not None and tensor.shape != self._shape:
            msg = f"the input is {tensor.shape}; expected {self._shape}, as the file says"
            raise ModelError(msg)
        self._net.setInput(tensor)
        output: F32Array = self._net.forward()
        return output
