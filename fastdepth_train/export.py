"""From a trained network to one ONNX file that robots run, checked before it is written."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import torch
from torch import nn
from torch.export import Dim

from fastdepth.card import Accuracy, ModelCard
from fastdepth.card_file import write_card
from fastdepth.engines import ENGINES, open_engine
from fastdepth.errors import FastDepthError, MissingExtraError
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluate import Evaluation, evaluate
from fastdepth.frame import F32Array, Frame, FrameSource
from fastdepth.preprocess import Preprocessor
from fastdepth_train.engine import TorchEngine
from fastdepth_train.errors import ExportError
from fastdepth_train.networks.network import head_first

OPSET = 18
# Of onnx 1.13, which brought that operator set: older engines read no newer format.
IR_VERSION = 8
# Metres by which an engine may differ from torch anywhere in the image.
TOLERANCE = 1e-3
PROTOCOLS = ("fastdepth", "eigen")
_ENGINES = ("onnxruntime", "cv2dnn")


class Difference(NamedTuple):
    """How far an engine is from torch: the largest difference of any pixel, metres."""

    engine: str
    largest: float


def export_network(
    network: nn.Module,
    card: ModelCard,
    out: Path,
    frames: Sequence[Frame] = (),
    *,
    dynamic: bool = False,
) -> list[Difference]:
    """Write a network and its card to one ONNX file, if every engine agrees with torch.

    Args:
        network: in evaluation mode, on the CPU.
        card: its input size is the file's; its accuracy is written as it stands.
        out: the file.
        frames: camera frames to compare on; made-up ones if there are none.
        dynamic: leave batch and sides of the input open (sides in steps of the network's stride).
            OpenCV 4 cannot run such a file, so onnxruntime alone is compared, at two sizes.

    Returns:
        What each engine differed by.

    Raises:
        ExportError: torch cannot export the network, or an engine cannot run the file or differs
            by more than TOLERANCE. Nothing is written then.
        OutputError: the file cannot be written.

    """
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.onnx"
        checked = Path(folder) / "network.onnx"
        # What is written is checked against the network as it was given.
        write_onnx(network, card, bare, dynamic=dynamic)
        write_card(bare, card, checked)
        frames = frames or made_up_frames()
        engines = _ENGINES[:1] if dynamic else _ENGINES
        differences = compare(network, card, checked, frames, engines)
        if dynamic:
            other = _other_size(card, _stride(network))
            (again,) = compare(network, other, checked, frames, engines)
            size = f"{other.input.width}x{other.input.height}"
            differences.append(Difference(f"{again.engine}, at {size}", again.largest))
        write_card(checked, card, out)
    return differences


def compare(
    network: nn.Module,
    card: ModelCard,
    path: Path,
    frames: Sequence[Frame],
    engines: Sequence[str] = _ENGINES,
) -> list[Difference]:
    """Run an exported file in each engine on the same frames as torch, at the card's input size.

    Raises:
        ExportError: an engine cannot run it, or differs by more than TOLERANCE.

    """
    prepare = Preprocessor(card.input)
    # The preprocessor hands out its own buffer.
    tensors = [prepare(frame.image)[0].copy() for frame in frames]
    reference = TorchEngine(network)
    expected = [reference.run(tensor) for tensor in tensors]
    differences = []
    for name in (engine for engine in ENGINES if engine in engines):
        try:
            engine = open_engine(path, engine=name, threads=1)
            outputs = [engine.run(tensor) for tensor in tensors]
        except FastDepthError as err:
            msg = f"{name} cannot run the exported network: {err}"
            raise ExportError(msg) from err
        largest = max(map(_largest_difference, outputs, expected))
        # Not '>': NaN must not pass.
        if not largest <= TOLERANCE:
            msg = (
                f"{name} differs from torch by {largest:.3g} m; expected at most {TOLERANCE:g} m, "
                "so nothing was written"
            )
            raise ExportError(msg)
        differences.append(Difference(engine.description, largest))
    return differences


def measure(
    path: Path,
    source: FrameSource,
    dataset: str,
    progress: Callable[[Iterator[object], str], Iterator[object]] = lambda items, _: items,
) -> tuple[Accuracy, ...]:
    """Score an exported file through the core, once a protocol, without alignment.

    Args:
        path: the ONNX file with its card.
        source: frames with ground truth.
        dataset: what the card calls them.
        progress: wraps the iteration over the frames of a protocol.

    """
    estimator = DepthEstimator.load(path)
    results = []
    for protocol in PROTOCOLS:
        evaluation = Evaluation(protocol, "none")
        for _ in progress(evaluate(source, estimator.predict_frame, evaluation), protocol):
            pass
        metrics = {key: float(value) for key, value in evaluation.mean.result().items()}
        results.append(Accuracy(dataset, protocol, "none", metrics))
    return tuple(results)


def made_up_frames(count: int = 3) -> list[Frame]:
    """Return reproducible frames, 640x480: a gradient, noise, and coarse patches of colour."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:480, 0:640]
    gradient = np.stack([rows * 255 // 479, columns * 255 // 639, (rows + columns) % 256], axis=-1)
    noise = rng.integers(0, 256, (480, 640, 3))
    patches = rng.integers(0, 256, (12, 16, 3)).repeat(40, axis=0).repeat(40, axis=1)
    images = (gradient, noise, patches)[:count]
    return [Frame(image.astype(np.uint8), name=f"made up {i}") for i, image in enumerate(images)]


def with_accuracy(card: ModelCard, accuracy: tuple[Accuracy, ...]) -> ModelCard:
    """Return the card with these results in place of any it had."""
    return replace(card, accuracy=accuracy)


def write_onnx(network: nn.Module, card: ModelCard, path: Path, *, dynamic: bool = False) -> None:
    """Write a network to an ONNX file without a card, unchecked.

    Args:
        network: in evaluation mode, on the CPU.
        card: its input size is the file's.
        path: the file.
        dynamic: leave batch and sides of the input open.

    Raises:
        ExportError: torch cannot export it.
        MissingExtraError: onnxscript is not installed.

    """
    # Torch takes a dimension of one element for a fixed one.
    example = torch.zeros(2 if dynamic else 1, 3, card.input.height, card.input.width)
    shapes = (_open_dimensions(_stride(network)),) if dynamic else None
    try:
        # The exporter imports onnxscript; asked for here so that its absence has a name.
        import onnxscript  # noqa: F401, PLC0415
    except ModuleNotFoundError as err:
        what = "exporting to ONNX"
        raise MissingExtraError(what, "train", err) from err
    try:
        with _quiet():
            program = torch.onnx.export(
                head_first(network),
                (example,),
                input_names=["image"],
                output_names=["depth"],
                opset_version=OPSET,
                dynamic_shapes=shapes,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        if program is None:
            msg = "torch delivered no program"
            raise ExportError(msg)
        onnx.save(_bare(program.model_proto), str(path))
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as err:
        msg = f"torch cannot export this network: {err}"
        raise ExportError(msg) from err


def _stride(network: nn.Module) -> int:
    stride: Any = network.stride  # of every network of this package
    return int(stride)


def _open_dimensions(stride: int) -> dict[int, Any]:
    """Return what torch's exporter is to leave open of a BxCxHxW input."""
    batch, height, width = (Dim(name, min=1) for name in ("batch", "height", "width"))
    return {0: batch, 2: stride * height, 3: stride * width}


def _other_size(card: ModelCard, stride: int) -> ModelCard:
    """Return the card with an input of another size and shape."""
    width, height = card.input.width + 2 * stride, card.input.height + stride
    return replace(card, input=replace(card.input, width=width, height=height))


def _bare(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop what only the exporter knew: stack traces of this machine, names of torch's nodes.

    What is left needs no newer file format than the operator set came with.
    """
    model.ir_version = IR_VERSION
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    for item in (*model.graph.node, *model.graph.input, *model.graph.output):
        del item.metadata_props[:]
        item.doc_string = ""
    for item in model.graph.initializer:
        del item.metadata_props[:]
        item.doc_string = ""
    onnx.checker.check_model(model)
    return model


def _largest_difference(output: F32Array, expected: F32Array) -> float:
    if output.shape != expected.shape:
        msg = f"an engine delivers {output.shape} where torch delivers {expected.shape}"
        raise ExportError(msg)
    return float(np.abs(output - expected).max())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's own progress and advice off the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
