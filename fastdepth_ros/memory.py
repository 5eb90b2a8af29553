"""Keep the memory of one frame for the next, and give back that of a model."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # malloc.h
_LARGEST = 32 * 2**20  # the most that glibc takes, and more than a frame
_KEPT = 64 * 2**20


def keep_memory() -> bool:
    """Let the C library keep freed memory instead of giving it back to the kernel.

    An image message is a few allocations of a megabyte, freed again with the next frame. By default
    each is mapped anew, and the kernel clears its pages while they are first touched: more CPU than
    all copying of the image takes.

    Returns:
        Whether the C library is one (glibc) that can do so.

    """
    set_option = _function("mallopt")
    if set_option is None:
        return False
    options = (
        (_M_MMAP_THRESHOLD, _LARGEST),
        (_M_TRIM_THRESHOLD, _KEPT),
        (_M_TOP_PAD, 2**20),
    )
    return all(set_option(option, value) == 1 for option, value in options)


def return_memory() -> None:
    """Give back to the kernel what is not used: after a model was freed, not after a frame."""
    gc.collect()
    trim_memory()


def trim_memory() -> None:
    """Give back to the kernel what the C library keeps: after a model was loaded, say."""
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


def _function(name: str) -> Any:
    try:
        return getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
