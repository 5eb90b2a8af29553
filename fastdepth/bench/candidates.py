"""Every model in every engine: opened, warmed up, compared with what the file says."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from fastdepth.bench.timing import Subject
from fastdepth.engines import EngineName, Provider, open_engine, read_card
from fastdepth.engines.agreement import TOLERANCE
from fastdepth.engines.onnx_file import plain_session, signature_of
from fastdepth.errors import EngineError, FastDepthError
from fastdepth.frame import F32Array, U8Array
from fastdepth.preprocess import Preprocessor

_TORCH = "fastdepth_train.bench.torch_graph"
_WARM_UP = 3


class Variant(NamedTuple):
    """An engine and how it computes.

    Attributes:
        label: in the tables.
        engine: that runs the file; None for torch, which is not one of the core's engines.
        providers: of the engine.

    """

    label: str
    engine: EngineName | None
    providers: tuple[Provider, ...] | None = None


ONNXRUNTIME = Variant("onnxruntime", "onnxruntime")
VARIANTS = (
    ONNXRUNTIME,
    Variant("openvino f32", "openvino"),
    Variant("openvino", "openvino", (("CPU", {"INFERENCE_PRECISION_HINT": None}),)),
    Variant("cv2dnn", "cv2dnn"),
    Variant("torch", None),
)
"""Everything that may run a model; `openvino` is in the precision that it chooses by itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model in an engine, ready to be timed.

    Attributes:
        model: name of the model.
        variant: label of the engine.
        threads: that it may use.
        description: of the engine, by itself.
        difference: metres by which its depth differs on average from that of onnxruntime, which
            ran the file as it is written.
        subject: to be timed.

    """

    model: str
    variant: str
    threads: int
    description: str
    difference: float
    subject: Subject

    @property
    def key(self) -> str:
        """Its name among subjects."""
        return key_of(self.model, self.variant, self.threads)


class Refusal(NamedTuple):
    """A model that an engine does not run, or not rightly."""

    model: str
    variant: str
    reason: str


def key_of(model: str, variant: str, threads: int) -> str:
    """Return the name of a candidate among subjects."""
    return f"{model} / {variant} / {threads}"


def installed_variants() -> list[Variant]:
    """Return the engines that are installed; none of them is imported."""
    needs = {"openvino": "openvino", "torch": "torch"}
    found = []
    for variant in VARIANTS:
        package = needs.get(variant.engine or "torch")
        if package is None or find_spec(package) is not None:
            found.append(variant)
    return found


def made_up_picture(height: int = 480, width: int = 640) -> U8Array:
    """Return an HxWx3 picture with surfaces, edges and a little noise, the same every time."""
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[0:height, 0:width]
    base = np.stack(
        [rows * 200 // height, columns * 200 // width, (rows + columns) * 100 // (height + width)],
        axis=-1,
    )
    for _ in range(12):
        top, left = int(rng.integers(height)), int(rng.integers(width))
        base[top : top + height // 4, left : left + width // 4] = rng.integers(20, 235, 3)
    noisy = base + rng.integers(-8, 9, base.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


class Prepared(NamedTuple):
    """A model's input, and the depth that the file says belongs to it."""

    tensor: F32Array
    depth: F32Array


def prepare_model(path: Path) -> Prepared:
    """Return a picture as this model's input, and its depth as the file is written.

    Raises:
        ModelError: the file is missing, damaged, or no depth model.
        CardError: it has no valid card.

    """
    tensor = Preprocessor(read_card(path).input)(made_up_picture())[0].copy()
    session = plain_session(path)
    signature = signature_of(session, path)
    depth = session.run([signature.output_name], {signature.input_name: tensor})[0]
    return Prepared(tensor, depth)


def open_candidates(
    name: str,
    path: Path,
    variants: Sequence[Variant],
    threads: Iterable[int],
) -> tuple[list[Candidate], list[Refusal]]:
    """Open a model in every engine with every number of threads.

    Args:
        name: of the model.
        path: of its file.
        variants: engines.
        threads: numbers of threads.

    Raises:
        ModelError: the file itself cannot be used.
        CardError: it has no valid card.

    """
    prepared = prepare_model(path)
    numbers = list(threads)
    candidates, refusals = [], []
    for variant in variants:
        try:
            opened = [_open(name, path, variant, number, prepared) for number in numbers]
        except FastDepthError as err:
            # Documents are made of this, and folders are nobody's business there.
            reason = str(err).replace(str(path), path.name)
            refusals.append(Refusal(name, variant.label, reason))
        else:
            candidates += opened
    return candidates, refusals


def _open(name: str, path: Path, variant: Variant, threads: int, prepared: Prepared) -> Candidate:
    prepare: Callable[[], object] | None = None
    if variant.engine is None:
        run, prepare, description = _open_torch(path, threads)
    else:
        engine = open_engine(
            path, engine=variant.engine, providers=variant.providers, threads=threads
        )
        run, description = engine.run, engine.description
        if variant.engine == "cv2dnn":
            # Its number of threads is that of OpenCV in the whole process.
            prepare = partial(cv2.setNumThreads, threads)
    for _ in range(_WARM_UP):
        output = run(prepared.tensor)
    difference = _difference(output, prepared.depth, variant.label)
    subject = Subject(partial(run, prepared.tensor), prepare)
    return Candidate(name, variant.label, threads, description, difference, subject)


def _open_torch(
    path: Path, threads: int
) -> tuple[Callable[[F32Array], F32Array], Callable[[], object], str]:
    """Return run, preparation and description; torch is the business of the training room."""
    try:
        hook: Any = importlib.import_module(_TORCH)
    except ModuleNotFoundError as err:
        msg = f"torch cannot be used here: {err}"
        raise EngineError(msg) from err
    opened: tuple[Callable[[F32Array], F32Array], Callable[[], object], str] = hook.open_torch(
        path, threads
    )
    return opened


def _difference(output: F32Array, expected: F32Array, label: str) -> float:
    if output.shape != expected.shape:
        msg = f"{label} delivers {output.shape}; expected {expected.shape}"
        raise EngineError(msg)
    difference = float(np.abs(output - expected).mean())
    # Not '>': NaN must not pass.
    if not difference <= TOLERANCE * float(np.abs(expected).mean()):
        msg = f"{label} differs from the file by {difference:.3g} m on average"
        raise EngineError(msg)
    return difference
