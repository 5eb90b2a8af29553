"""One door to all engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

from fastdepth.engines.cv2dnn_engine import Cv2DnnEngine
from fastdepth.engines.onnx_file import check_readable
from fastdepth.engines.onnxruntime_engine import OnnxRuntimeEngine
from fastdepth.engines.openvino_engine import OpenVinoEngine
from fastdepth.engines.openvino_file import is_openvino
from fastdepth.engines.protocol import LoadedEngine
from fastdepth.engines.providers import Fallback, Provider
from fastdepth.errors import EngineError, MissingExtraError, ModelError, SettingError

EngineName = Literal["onnxruntime", "openvino", "cv2dnn"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)

_OPENERS: dict[EngineName, Callable[..., LoadedEngine]] = {
    "onnxruntime": OnnxRuntimeEngine,
    "openvino": OpenVinoEngine,
    "cv2dnn": Cv2DnnEngine,
}


def open_engine(
    path: Path,
    *,
    engine: EngineName = "onnxruntime",
    providers: Sequence[Provider] | None = None,
    fallback: Fallback = "strict",
    threads: int = 0,
    spinning: bool = False,
) -> LoadedEngine:
    """Load a model file into the engine asked for; an OpenVINO file always into OpenVINO.

    What cannot be had here (an engine that is not installed, a provider that is not in this build
    or does not start, a model that this engine cannot run) is an error under `strict`. Under
    `warn` the next provider is taken, then the CPU, then onnxruntime on the CPU, and the engine's
    `notes` say what was left out and why. A name that does not exist and a file that is no model
    are errors under both.

    Args:
        path: the file.
        engine: what runs the network.
        providers: where, in order of preference: onnxruntime's execution providers, OpenVINO's
            devices. Each may come with a mapping of options. The CPU if None.
        fallback: `strict` or `warn`.
        threads: 0 chooses by the CPUs this process may use.
        spinning: let idle threads of onnxruntime spin.

    Raises:
        ModelError: the file is missing or unreadable or is no valid ONNX model of one input and
            one output, or an engine or provider is not known by that name.
        EngineError: something cannot be had here, under `strict`.
        MissingExtraError: the engine is not installed, under `strict`.
        SettingError: `fallback` is neither, or `threads` is negative.

    """
    if fallback not in get_args(Fallback):
        msg = f"fallback is {fallback!r}; expected {' or '.join(get_args(Fallback))}"
        raise SettingError(msg)
    if threads < 0:
        msg = f"threads is {threads}; expected 0 (choose) or more"
        raise SettingError(msg)
    opener = _OPENERS.get(engine)
    if opener is None:
        msg = f"there is no engine {engine!r}; choose from {', '.join(ENGINES)}"
        raise ModelError(msg)
    check_readable(path)
    if is_openvino(path):
        opener, engine = OpenVinoEngine, "openvino"
    try:
        return opener(
            path, providers=providers, fallback=fallback, threads=threads, spinning=spinning
        )
    except (EngineError, MissingExtraError) as err:
        if fallback == "strict" or engine == "onnxruntime" or is_openvino(path):
            raise
        note = f"{err}; onnxruntime on the CPU takes its place"
    return OnnxRuntimeEngine(path, threads=threads, spinning=spinning, notes=[note])
