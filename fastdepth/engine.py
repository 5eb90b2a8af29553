"""Engines by their former name."""

from fastdepth.engines import (
    Engine,
    OnnxRuntimeEngine,
    card_from_metadata,
    check_readable,
    default_threads,
    read_card,
)

__all__ = [
    "Engine",
    "OnnxRuntimeEngine",
    "card_from_metadata",
    "check_readable",
    "default_threads",
    "read_card",
]
