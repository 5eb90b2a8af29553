"""A network run by onnxruntime, on any of its execution providers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime as ort

from fastdepth.engines.cpus import default_threads
from fastdepth.engines.onnx_file import (
    CPU,
    check_readable,
    plain_session,
    reason_of,
    signature_of,
    unreadable,
)
from fastdepth.engines.providers import (
    SUFFIX,
    Fallback,
    Provider,
    onnxruntime_options,
    select_providers,
)
from fastdepth.errors import EngineError, ModelError
from fastdepth.frame import F32Array


class OnnxRuntimeEngine:
    """A network run by onnxruntime."""

    def __init__(
        self,
        path: Path,
        *,
        providers: Sequence[Provider] | None = None,
        fallback: Fallback = "strict",
        threads: int = 0,
        spinning: bool = False,
        notes: Sequence[str] = (),
    ) -> None:
        """Load an ONNX file.

        Args:
            path: the file.
            providers: execution providers in order of preference; the CPU if None. What a provider
                cannot run, the next does, and in the end the CPU.
            fallback: what to do where a provider is missing from this build of onnxruntime or does
                not start on this machine: `strict` raises, `warn` leaves it out and notes why.
            threads: intra-op threads; 0 chooses by the CPUs this process may use.
            spinning: let idle threads spin: quicker where a CPU is free, and takes it whole.
            notes: what is known already of things that could not be had.

        Raises:
            ModelError: the file is missing or unreadable or is no valid ONNX model of one input
                and one output, or a provider's name is not known.
            EngineError: a provider cannot be had, under `strict`.

        """
        check_readable(path)
        threads = threads or default_threads()
        host = f"onnxruntime {ort.__version__}"
        selection = select_providers(
            providers,
            known=ort.get_all_providers(),
            available=ort.get_available_providers(),
            fallback=fallback,
            host=host,
        )
        self._notes = [*notes, *selection.notes]
        chosen = [
            (name, onnxruntime_options(name, path, threads) | options)
            for name, options in selection.providers
        ]
        self._session = self._start(path, _session_options(threads, spinning), chosen, fallback)
        # A provider that fails on a frame is an error, not a reason to go on elsewhere unseen.
        self._session.disable_fallback()
        self.signature = signature_of(self._session, path)
        used = self._session.get_providers()[0].removesuffix(SUFFIX)
        self._description = f"{host}, {used}, {threads} thread(s)"

    @property
    def description(self) -> str:
        """What runs the network and where (engine, provider, threads)."""
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
        signature = self.signature
        output: F32Array = self._session.run(
            [signature.output_name], {signature.input_name: tensor}
        )[0]
        return output

    def _start(
        self,
        path: Path,
        options: ort.SessionOptions,
        chosen: list[tuple[str, dict[str, Any]]],
        fallback: Fallback,
    ) -> ort.InferenceSession:
        """Open a session with what starts of the chosen providers, the CPU last."""
        while True:
            try:
                session = ort.InferenceSession(
                    str(path), options, providers=chosen, enable_fallback=0
                )
            except Exception as err:  # onnxruntime raises its own unrelated classes
                first = chosen[0][0]
                if first == CPU:
                    raise ModelError(unreadable(path, err)) from err
                plain_session(path)  # a file that is no model is not the provider's fault
                reason = f"{first} does not start here: {reason_of(err)}"
                if fallback == "strict":
                    raise EngineError(reason) from err
                self._notes.append(reason)
                chosen = chosen[1:]
                continue
            # Some providers that cannot start are left out without an error.
            started = session.get_providers()
            for name, _ in chosen:
                if name not in started:
                    reason = (
                        f"{name} does not start here (its libraries or its device are missing); "
                        f"started: {', '.join(started)}"
                    )
                    if fallback == "strict":
                        raise EngineError(reason)
                    self._notes.append(reason)
            return session


def _session_options(threads: int, spinning: bool) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # an error is raised, and need not go to stderr as well
    # Spinning workers would take the cores that the camera driver and the robot need.
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    return options
