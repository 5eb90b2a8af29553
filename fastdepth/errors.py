"""Named errors: each says what was wrong, what was expected and what to do."""

from __future__ import annotations


class FastDepthError(Exception):
    """Base of every error this package raises on purpose.

    Commands print its message on one line and exit with a non-zero code; the node logs it.
    """


class ModelError(FastDepthError):
    """A model file is missing, unreadable or does not do what its card says."""


class CardError(ModelError):
    """A model file has no model card, or a card that is not valid."""


class EngineError(ModelError):
    """An engine or its provider is not available here, or cannot run this model."""


class ImageError(FastDepthError):
    """An image or image message cannot be turned into pixels (size, step, data or encoding)."""


class EncodingError(ImageError):
    """An image message has an encoding this build cannot decode."""


class CameraError(FastDepthError):
    """Camera intrinsics are missing or impossible (a focal length of zero, say)."""


class CalibrationError(FastDepthError):
    """A field calibration cannot be fitted, read or applied."""


class SettingError(FastDepthError):
    """A setting is outside what is possible."""


class SourceError(FastDepthError):
    """A frame source (folder, list, data set) cannot be opened or read."""


class BagError(SourceError):
    """A bag cannot be opened, read or written."""


class ProtocolError(FastDepthError):
    """An evaluation protocol does not fit the frames it was given."""


class NoTruthError(ProtocolError):
    """A frame has no ground truth that could be scored; other frames may."""


class OutputError(FastDepthError):
    """An output file or folder cannot be written."""


class MissingExtraError(FastDepthError):
    """An optional part of the package is not installed."""

    def __init__(self, what: str, extra: str, cause: BaseException) -> None:
        """Name what was asked for, the extra that brings it and the import that failed."""
        super().__init__(
            f"{what} needs an optional part that is not installed ({cause}); "
            f"install it with: pip install 'fastdepth[{extra}]'"
        )
