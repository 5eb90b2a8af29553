"""A network run by OpenVINO, which is an extra."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastdepth.engines.agreement import require_agreement
from fastdepth.engines.cpus import default_threads
from fastdepth.engines.onnx_file import read_signature, reason_of
from fastdepth.engines.openvino_file import is_openvino, read_openvino
from fastdepth.engines.providers import Fallback, Provider, select_providers
from fastdepth.errors import EngineError, MissingExtraError
from fastdepth.frame import F32Array

DEVICES = ("CPU", "GPU", "NPU")


class OpenVinoEngine:
    """A network run by OpenVINO."""

    def __init__(
        self,
        path: Path,
        *,
        providers: Sequence[Provider] | None = None,
        fallback: Fallback = "strict",
        threads: int = 0,
        spinning: bool = False,
    ) -> None:
        """Load an ONNX file, or one in OpenVINO's own format (.xml beside its .bin).

        OpenVINO computes in bfloat16 or float16 where the hardware has it, with other numbers;
        here it is asked for float32. Give the option `INFERENCE_PRECISION_HINT` to change that:
        `bf16`, say, or None to let it choose (as None takes back any property that is set here).

        Args:
            path: the file.
            providers: OpenVINO devices (CPU, GPU, NPU) in order of preference, each with
                properties where wanted; the CPU if None.
            fallback: what to do where a device is missing or does not take the model: `strict`
                raises, `warn` takes the next and notes why.
            threads: of the CPU device; 0 chooses by the CPUs this process may use.
            spinning: has no meaning here: OpenVINO's threads never spin for long.

        Raises:
            ModelError: the file is missing or unreadable or is no valid model of one input and one
                output, or a device's name is not known.
            EngineError: a device cannot be had, under `strict`, or no device runs the model.
            MissingExtraError: OpenVINO is not installed.

        """
        del spinning
        self.signature = read_openvino(path) if is_openvino(path) else read_signature(path)
        try:
            import openvino  # noqa: PLC0415 - an extra
        except ImportError as err:
            what = "the engine openvino"
            raise MissingExtraError(what, "openvino", err) from err
        version = openvino.__version__.split("-")[0]
        host = f"openvino {version}"
        threads = threads or default_threads()
        core = openvino.Core()
        # One of several GPUs has a number: GPU.0, GPU.1.
        available = dict.fromkeys(name.split(".")[0] for name in core.available_devices)
        selection = select_providers(
            providers, known=DEVICES, available=available, fallback=fallback, host=host
        )
        self._notes = selection.notes
        try:
            model = core.read_model(str(path))
        except Exception as err:  # openvino raises plain RuntimeError
            instead = "export it again" if is_openvino(path) else "use the engine onnxruntime"
            msg = f"{host} cannot read {path}: {reason_of(err)}; {instead}"
            raise EngineError(msg) from err
        device = self._compile(core, model, selection.providers, threads, fallback)
        where = f"{device}, {threads} thread(s)" if device == "CPU" else device
        self._description = ", ".join(filter(None, (host, where, self._precision)))
        if not is_openvino(path):
            require_agreement(path, self.signature, self.run, host)

    @property
    def description(self) -> str:
        """What runs the network and where (engine, device, threads, precision unless float32)."""
        return self._description

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of the model file."""
        return self.signature.metadata

    @property
    def notes(self) -> tuple[str, ...]:
        """What was asked for and could not be had, and why."""
        return tuple(self._notes)

    def run(self, tensor: F32Array) -> F32Array:
        """Map a 1x3xHxW float32 input to the network's output, 1x1xhxw float32 metres."""
        # The input is read before this returns, so it need not be copied; the output is a copy.
        outputs = self._request.infer([tensor], share_inputs=True)
        output: F32Array = outputs[0]
        return output

    def _compile(
        self,
        core: Any,
        model: Any,
        devices: list[tuple[str, dict[str, Any]]],
        threads: int,
        fallback: Fallback,
    ) -> str:
        """Compile for the first device that takes the model, and return its name."""
        reason = "no device was given"
        for device, options in devices:
            properties = {
                name: value
                for name, value in (_properties(device, threads) | options).items()
                if value is not None
            }
            try:
                compiled = core.compile_model(model, device, properties)
                self._request = compiled.create_infer_request()
            except Exception as err:  # openvino raises plain RuntimeError
                reason = f"OpenVINO's {device} does not take the model: {reason_of(err)}"
                if fallback == "strict":
                    raise EngineError(reason) from err
                self._notes.append(reason)
            else:
                self._precision = _precision(compiled)
                return device
        raise EngineError(reason)


def _precision(compiled: Any) -> str:
    """Return the precision that OpenVINO computes in where that is not float32, else nothing."""
    try:
        kind = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    except Exception:  # noqa: BLE001 - openvino raises plain RuntimeError where it is not told
        return ""
    return "" if kind == "f32" else str(kind)


def _properties(device: str, threads: int) -> dict[str, Any]:
    properties = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    if device != "CPU":
        return properties
    # Pinned threads would wait for a core that the camera driver is using while another is free.
    return {
        **properties,
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,
    }
