"""All that a configured node works with, put together from its settings or not at all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fastdepth.calibration import Calibration
from fastdepth.camera import Intrinsics
from fastdepth.card import ModelCard
from fastdepth.engines import check_readable, default_threads
from fastdepth.errors import CalibrationError, ModelError
from fastdepth.estimator import DepthEstimator, Prediction
from fastdepth.frame import U8Array
from fastdepth.masks import DepthMask
from fastdepth.paths import default_model
from fastdepth.preprocess import PixelOrder
from fastdepth.rotation import TurnedEstimator
from fastdepth_ros.camera_file import CameraFile
from fastdepth_ros.pipeline import Plan
from fastdepth_ros.processing import DepthMaker, believable
from fastdepth_ros.settings import Scope, Settings, changed, of_scope


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A loaded model.

    Attributes:
        path: of its file.
        sha256: of the file's content, hexadecimal.
        estimator: runs it.

    """

    path: Path
    sha256: str
    estimator: DepthEstimator

    @property
    def card(self) -> ModelCard:
        """The model's card."""
        return self.estimator.card


@dataclass(frozen=True, slots=True, eq=False)
class Rig:
    """Everything that follows from the settings.

    Attributes:
        settings: what it was made from.
        model: the loaded model.
        calibration: the field calibration, or None.
        depth_range: nearest and farthest depth, metres, that is published.
        plan: what is done with each frame.

    """

    settings: Settings
    model: Model
    calibration: Calibration | None
    depth_range: tuple[float, float]
    plan: Plan

    def identity(self) -> dict[str, str]:
        """Return who is at work, for the diagnostics."""
        card, estimator, near_far = self.model.card, self.model.estimator, self.depth_range
        return {
            "model": card.name,
            "model_version": card.version,
            "model_file": str(self.model.path),
            "model_sha256": self.model.sha256,
            "engine": estimator.engine.description,
            "engine_notes": "; ".join(estimator.notes),
            "threads": str(self.settings.threads or default_threads()),
            "input_size": f"{card.input.width}x{card.input.height}",
            "output_size": f"{estimator.output_width}x{estimator.output_height}",
            "depth_range_m": f"{near_far[0]:g} to {near_far[1]:g}",
            "calibration": self.settings.calibration_file,
        }

    def description(self) -> str:
        """Return the same and the whole model card as JSON, for whoever uses the depth."""
        settings, card = self.settings, self.model.card
        value = {
            "name": card.name,
            "version": card.version,
            "unit": "metres" if settings.depth_encoding == "32FC1" else "millimetres",
            "depth_range_m": list(self.depth_range),
            "depth_encoding": settings.depth_encoding,
            "depth_size": settings.depth_size,
            "file": str(self.model.path),
            "sha256": self.model.sha256,
            "engine": self.model.estimator.engine.description,
            "engine_notes": list(self.model.estimator.notes),
            "calibration": asdict(self.calibration) if self.calibration is not None else None,
            "calibration_file": settings.calibration_file,
            "card": json.loads(card.to_json()),
        }
        return json.dumps(value, ensure_ascii=False)


def assemble(settings: Settings, previous: Rig | None = None, *, reload: bool = False) -> Rig:
    """Make a rig.

    Args:
        settings: what is wanted.
        previous: the rig so far, which goes on working; its model is kept where nothing about the
            model changes.
        reload: load the model's file in any case.

    Raises:
        ModelError: the model or its engine cannot be had.
        CameraError: the camera's calibration cannot be read.
        CalibrationError: the field calibration cannot be read or is of another model.
        SettingError: the settings leave no depth.
        MissingExtraError: the engine is not installed.

    """
    keep = previous is not None and not reload
    if keep and previous is not None and not changed(previous.settings, settings) & _MODEL:
        model = previous.model
    else:
        model = _load(settings)
    calibration = _calibration(settings, model.card)
    camera_info = None
    if settings.camera_info_policy == "file":
        camera_info = CameraFile.read(Path(settings.camera_info_file).expanduser())
    near, far = believable(model.card, settings.min_depth, settings.max_depth)
    estimator: Any = _Scaling(model.estimator, camera_aware=settings.camera_aware_scale)
    if settings.image_rotation:
        estimator = TurnedEstimator(estimator, settings.image_rotation)
    maker = DepthMaker(
        estimator,
        mask=DepthMask(near, far, settings.border, settings.max_step),
        correction=calibration.correction if calibration is not None else None,
        size=settings.depth_size,
    )
    plan = Plan(
        maker,
        require_camera_info=settings.require_camera_info,
        exact=settings.camera_info_policy == "exact",
        camera_info=camera_info,
        lazy=settings.lazy,
        max_rate=settings.max_rate,
        max_image_age=settings.max_image_age,
    )
    return Rig(settings, model, calibration, (near, far), plan)


_MODEL = of_scope(Scope.MODEL)


class _Scaling:
    """An estimator with the camera-aware scale switched on or off.

    The switch is the estimator's, which the rig before this one may still be using: it is set on
    the thread that predicts.
    """

    def __init__(self, estimator: DepthEstimator, *, camera_aware: bool) -> None:
        self._estimator = estimator
        self._camera_aware = camera_aware

    @property
    def card(self) -> ModelCard:
        return self._estimator.card

    def predict(self, image: U8Array, order: PixelOrder, camera: Intrinsics | None) -> Prediction:
        self._estimator.camera_aware = self._camera_aware
        return self._estimator.predict(image, order, camera)


def _load(settings: Settings) -> Model:
    path = Path(settings.model).expanduser() if settings.model else default_model()
    check_readable(path)
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as err:
        msg = f"model file {path} cannot be read: {err.strerror or err}"
        raise ModelError(msg) from err
    estimator = DepthEstimator.load(
        path,
        engine=settings.engine,
        providers=settings.providers,
        fallback=settings.fallback,
        threads=settings.threads,
        spinning=settings.spinning,
    )
    return Model(path, sha256, estimator)


def _calibration(settings: Settings, card: ModelCard) -> Calibration | None:
    if not settings.calibration_file:
        return None
    path = Path(settings.calibration_file).expanduser()
    calibration = Calibration.read(path)
    mismatch = calibration.mismatch(card)
    if mismatch:
        msg = f"{path}: {mismatch}, or set calibration_file to '' together with the model"
        raise CalibrationError(msg)
    return calibration
