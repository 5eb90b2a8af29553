"""From a camera frame to metric depth: preprocessing, engine and camera-aware scale in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from fastdepth.camera import Intrinsics
from fastdepth.card import ModelCard
from fastdepth.engines import (
    Engine,
    EngineName,
    Fallback,
    Provider,
    card_from_metadata,
    open_engine,
)
from fastdepth.errors import ModelError
from fastdepth.frame import F32Array, Frame, U8Array
from fastdepth.geometry import InputGeometry, camera_scale, require_full_size_output
from fastdepth.preprocess import PixelOrder, Preprocessor


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """Wall time of each stage of one prediction, seconds."""

    prepare: float
    infer: float
    finish: float


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Metric depth for one frame.

    Attributes:
        values: HxW float32 metres at network size, as predicted (scaled to this camera, nothing
            masked); for metrics that must see every pixel.
        geometry: the map between frame and network input.
        camera: the camera of `values`, or None where the frame's is unknown.
        depth_range: (nearest, farthest) metres that may be believed.
        scale: the camera-aware factor that was applied; 1.0 where the camera is unknown.
        seconds: time per stage.

    """

    values: F32Array
    geometry: InputGeometry
    camera: Intrinsics | None
    depth_range: tuple[float, float]
    scale: float
    seconds: StageSeconds

    def depth(self) -> F32Array:
        """Return depth at network size, HxW float32 metres, NaN where it may not be believed."""
        return self._masked(self.values)

    def frame_values(self) -> F32Array:
        """Return `values` at frame size (linear), HxW float32 metres, NaN where unseen."""
        return self.geometry.to_frame(self.values)

    def frame_depth(self) -> F32Array:
        """Return depth at frame size, HxW float32 metres, NaN where it may not be believed."""
        return self._masked(self.frame_values())

    def _masked(self, values: F32Array) -> F32Array:
        near, far = self.depth_range
        # NaN fails both comparisons, so it stays NaN without a warning.
        believable = (values >= near) & (values <= far) & (values > 0)
        return np.where(believable, values, np.float32(np.nan))


class DepthEstimator:
    """Runs one model on frames.

    Not for use by two threads at once, except that one may call `begin_frame` and another what it
    returns.
    """

    def __init__(
        self,
        engine: Engine,
        card: ModelCard,
        *,
        camera_aware: bool = True,
        warm_up: int = 2,
        notes: Sequence[str] = (),
    ) -> None:
        """Wrap an engine.

        Args:
            engine: the loaded network.
            card: its model card.
            camera_aware: scale depth from the card's camera to the frame's where it is known.
            warm_up: runs made now, so that the first frame is not slower than the rest.
            notes: what was asked of the engine and could not be had; kept as `notes`.

        Raises:
            ModelError: the network does not take the card's input or does not deliver depth.

        """
        self.card = card
        self.engine = engine
        self.camera_aware = camera_aware
        self.notes = tuple(notes)
        self._preprocess = Preprocessor(card.input)
        self._idle: list[Preprocessor] = []
        self._seen: tuple[Intrinsics, InputGeometry, float, Intrinsics] | None = None
        blank = np.full((card.input.height, card.input.width, 3), 127, np.uint8)
        tensor, _ = self._preprocess(blank)
        for _ in range(max(1, warm_up)):
            try:
                output = engine.run(tensor)
            except Exception as err:  # each engine raises its own classes
                msg = f"the network does not accept the card's input {tensor.shape}: {err}"
                raise ModelError(msg) from err
        if output.ndim != 4 or output.shape[:2] != (1, 1) or output.dtype != np.float32:
            msg = (
                f"the network delivers {output.dtype} of shape {output.shape}; "
                "expected float32 depth of shape (1, 1, height, width)"
            )
            raise ModelError(msg)
        self.output_height, self.output_width = output.shape[2:]
        require_full_size_output(card, self.output_width, self.output_height)

    @classmethod
    def load(
        cls,
        path: Path | str,
        *,
        engine: EngineName = "onnxruntime",
        providers: Sequence[Provider] | None = None,
        fallback: Fallback = "strict",
        threads: int = 0,
        spinning: bool = False,
        camera_aware: bool = True,
    ) -> DepthEstimator:
        """Load an ONNX file with its card and warm it up.

        Args:
            path: the ONNX file.
            engine: what runs the network (fastdepth.engines.open_engine).
            providers: where, in order of preference; the CPU if None.
            fallback: what to do where the engine or a provider cannot be had: `strict` raises,
                `warn` takes the next and says why in `notes`.
            threads: 0 chooses by the CPUs this process may use.
            spinning: let idle threads of onnxruntime spin.
            camera_aware: scale depth from the card's camera to the frame's where it is known.

        Raises:
            ModelError: the file is missing, damaged, or does not do what its card says.
            CardError: it has no valid model card.
            EngineError: the engine or a provider cannot be had, under `strict`.
            MissingExtraError: the engine is not installed, under `strict`.
            SettingError: a setting is impossible.

        """
        path = Path(path)
        opened = open_engine(
            path,
            engine=engine,
            providers=providers,
            fallback=fallback,
            threads=threads,
            spinning=spinning,
        )
        card = card_from_metadata(opened.metadata, path)
        return cls(opened, card, camera_aware=camera_aware, notes=opened.notes)

    def predict(
        self, image: U8Array, order: PixelOrder = "rgb", camera: Intrinsics | None = None
    ) -> Prediction:
        """Predict metric depth for one frame.

        Args:
            image: HxWxC uint8 (HxW for mono); may be a strided view.
            order: what its channels are.
            camera: intrinsics of `image`, or None if unknown.

        Raises:
            ImageError: the image is empty or not of that kind, or `camera` has another size.

        """
        start = perf_counter()
        tensor, geometry = self._preprocess(image, order)
        return self._run(tensor, geometry, camera, perf_counter() - start)

    def begin_frame(self, frame: Frame) -> Callable[[], Prediction]:
        """Prepare a frame's input; what is returned runs the network on it, once, on any thread.

        So frames can be prepared while the network runs on an earlier one.

        Raises:
            ImageError: as of `predict`; a camera of another size is found when the network runs.

        """
        start = perf_counter()
        # Each frame that waits for the network has an input of its own.
        preprocess = self._idle.pop() if self._idle else Preprocessor(self.card.input)
        tensor, geometry = preprocess(frame.image)
        seconds = perf_counter() - start

        def finish() -> Prediction:
            prediction = self._run(tensor, geometry, frame.intrinsics, seconds)
            self._idle.append(preprocess)
            return prediction

        return finish

    def _run(
        self,
        tensor: F32Array,
        geometry: InputGeometry,
        camera: Intrinsics | None,
        prepare_seconds: float,
    ) -> Prediction:
        prepared = perf_counter()
        output = self.engine.run(tensor)[0, 0]
        inferred = perf_counter()
        content = geometry.content
        if output.shape == tensor.shape[2:]:
            output = output[content.slices]
        view = None
        scale = 1.0
        if camera is not None:
            to_camera, view = self._see(camera, geometry, output.shape)
            if self.camera_aware:
                scale = to_camera
                output = output * np.float32(scale)
        seconds = StageSeconds(prepare_seconds, inferred - prepared, perf_counter() - inferred)
        return Prediction(output, geometry, view, self.card.depth_range, scale, seconds)

    def _see(
        self, camera: Intrinsics, geometry: InputGeometry, shape: tuple[int, ...]
    ) -> tuple[float, Intrinsics]:
        """Return scale and camera of a depth image; the last are kept, as cameras seldom change."""
        known = self._seen
        if known is None or known[:2] != (camera, geometry):
            at_input = geometry.input_intrinsics(camera)
            scale, (height, width) = camera_scale(self.card, at_input), shape
            known = self._seen = (camera, geometry, scale, at_input.resize(width, height))
        return known[2], known[3]

    def predict_frame(self, frame: Frame) -> Prediction:
        """Predict metric depth for a `Frame`; raises as `predict` does."""
        return self.predict(frame.image, "rgb", frame.intrinsics)
