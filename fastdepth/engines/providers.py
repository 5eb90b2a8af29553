"""Where a network may run: what was asked for against what is there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fastdepth.errors import EngineError, ModelError

Provider = str | tuple[str, Mapping[str, Any]]
"""A provider's name, or its name and options. Names go with or without `ExecutionProvider`."""

Fallback = Literal["strict", "warn"]
"""What to do where a provider or an engine cannot be had: fail, or take the next and say why."""

SUFFIX = "ExecutionProvider"


class Selection(NamedTuple):
    """What may be tried, and what may not and why.

    Attributes:
        providers: names and the options that were given, in order of preference.
        notes: one sentence for each provider that was asked for and is not there.

    """

    providers: list[tuple[str, dict[str, Any]]]
    notes: list[str]


def select_providers(
    requested: Sequence[Provider] | None,
    *,
    known: Iterable[str],
    available: Iterable[str],
    fallback: Fallback,
    host: str,
) -> Selection:
    """Choose among what was asked for what is there; the CPU comes last in any case.

    Args:
        requested: in order of preference; the CPU if None or empty.
        known: every name there is, the CPU among them.
        available: the names that this build or machine has.
        fallback: `strict` refuses the first that is missing, `warn` goes on to the next.
        host: what has or lacks them, for the message.

    Raises:
        ModelError: a name is not known at all (a typing error is never fallen back from).
        EngineError: a provider is not available, under `strict`.

    """
    names = {_key(name): name for name in known}
    there = list(available)
    cpu = names["cpu"]
    providers: dict[str, dict[str, Any]] = {}
    notes = []
    for item in requested or [cpu]:
        asked, options = (item, {}) if isinstance(item, str) else (item[0], dict(item[1]))
        name = names.get(_key(asked))
        if name is None:
            msg = f"{host} knows no provider {asked!r}; choose from {', '.join(there)}"
            raise ModelError(msg)
        if name in there:
            providers.setdefault(name, options)
            continue
        reason = f"{host} has no {name} here; it has {', '.join(there)}"
        if fallback == "strict":
            raise EngineError(reason)
        notes.append(reason)
    providers.setdefault(cpu, {})
    return Selection(list(providers.items()), notes)


def onnxruntime_options(name: str, path: Path, threads: int) -> dict[str, str]:
    """Return the options a provider of onnxruntime gets unless others are given.

    They keep the numbers of float32 where a provider would trade them for speed, and keep what is
    slow to build.

    Args:
        name: of the provider, in full.
        path: of the model file.
        threads: for providers with threads of their own.

    """
    if name == "CUDA" + SUFFIX:
        return {"use_tf32": "0"}
    if name == "OpenVINO" + SUFFIX:
        return {"device_type": "CPU", "precision": "FP32", "num_of_threads": str(threads)}
    if name == "Tensorrt" + SUFFIX:
        cache = _tensorrt_cache(path)
        if cache is not None:
            return {
                "trt_engine_cache_enable": "1",
                "trt_engine_cache_path": str(cache),
                "trt_timing_cache_enable": "1",
                "trt_timing_cache_path": str(cache),
            }
    return {}


def _tensorrt_cache(path: Path) -> Path | None:
    """Return a folder for the engines built from this very file, or None if there can be none.

    TensorRT's own names for them leave the weights out, so a model trained anew would find the old
    engine: the folder's name is the content's.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - no error without HOME
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    cache = Path(base) / "fastdepth" / "tensorrt" / digest
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return cache if os.access(cache, os.W_OK) else None


def _key(name: str) -> str:
    return name.removesuffix(SUFFIX).casefold()
