"""What the estimator needs of an engine."""

from __future__ import annotations

from typing import Protocol

from fastdepth.frame import F32Array


class Engine(Protocol):
    """A loaded network: one float32 tensor in, one float32 tensor out."""

    @property
    def description(self) -> str:
        """What runs the network and where (engine, provider, threads)."""
        ...

    def run(self, tensor: F32Array) -> F32Array:
        """Map a 1x3xHxW float32 input to the network's output, 1x1xhxw float32 metres.

        The output belongs to the caller: the next run does not change it.
        """
        ...


class LoadedEngine(Engine, Protocol):
    """An engine that was opened from a model file."""

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of the model file; the model card is in it."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was asked for and could not be had, one sentence each; empty if nothing."""
        ...
