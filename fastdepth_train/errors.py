"""Named errors of training and export."""

from __future__ import annotations

from fastdepth.errors import FastDepthError


class NetworkError(FastDepthError):
    """A network is described in a way that cannot be built."""


class WeightsError(FastDepthError):
    """Weights are missing, unreadable or of another network."""


class CheckpointError(WeightsError):
    """A checkpoint is missing, damaged, or was not written by this package."""


class TrainingDataError(FastDepthError):
    """The frames at hand cannot be trained on."""


class ConfigError(FastDepthError):
    """A training setting is impossible or contradicts another."""


class ExportError(FastDepthError):
    """A network could not be exported, or the exported file does not do what torch does."""


class QuantizeError(FastDepthError):
    """A model file cannot be quantised, or the 8-bit file is too far from it."""


class PruneError(FastDepthError):
    """A network cannot be pruned, or not as far as was asked."""
