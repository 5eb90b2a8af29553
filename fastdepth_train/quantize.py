"""From a float ONNX file to one that computes in 8 bits, chosen by measuring on real frames.

Static quantisation in QDQ form through onnxruntime: activations unsigned, weights signed with a
step for every output channel. The last convolution and what follows it stay in float: depth in
256 steps would be useless.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper

from fastdepth.engines import check_readable, read_signature
from fastdepth.engines.agreement import static_shape
from fastdepth.engines.onnx_file import CPU, reason_of
from fastdepth.frame import F32Array, Frame, FrameSource, IndexedSource
from fastdepth.preprocess import Preprocessor
from fastdepth_train.equalize import equalize
from fastdepth_train.errors import QuantizeError
from fastdepth_train.side_by_side import time_together

METHODS = ("MinMax", "Percentile", "Entropy")
# Mean difference over mean depth at which nothing is written.
LIMIT = 0.10
AUTO = "auto"
# The same, below which `auto` prefers the faster network.
TARGET = 0.015
# Layers that `auto` may keep in float at the start and before the last convolution.
_MOST_FIRST = 8
_MOST_LAST = 4
_QUANTISED = ("Conv", "Relu", "Add", "Resize", "Concat", "MaxPool")
# Frames whose activations the histogram methods hold in memory at once.
_CHUNK = 4
# Per-channel steps came with it.
_LEAST_OPSET = 13


class Quantised(NamedTuple):
    """A quantised network and how it was chosen.

    Attributes:
        model: without a card.
        method: how the ranges of activations were found.
        tried: root mean square difference from the float file, metres, of each method.
        equalised: places where ranges of channels were evened out.
        kept: convolutions kept in float, by name, without the last one.
        difference: root mean square difference from the float file, metres, on frames that set no
            range.
        relative: mean difference over mean depth on these frames.

    """

    model: onnx.ModelProto
    method: str
    tried: dict[str, float]
    equalised: int
    kept: tuple[str, ...]
    difference: float
    relative: float


def spread(source: FrameSource, count: int) -> list[Frame]:
    """Return `count` frames at even distances, or all there are.

    Raises:
        QuantizeError: there are fewer than two.
        SourceError: a frame cannot be read.

    """
    total = len(source)
    if min(total, count) < 2:
        msg = (
            f"{source.name} gives {min(total, count)} frame(s) to calibrate on; expected at least "
            "2, and 100 or more of what the camera will see"
        )
        raise QuantizeError(msg)
    places = np.linspace(0, total - 1, min(count, total)).round().astype(int).tolist()
    if isinstance(source, IndexedSource):
        return [source[place] for place in places]
    wanted = set(places)
    return [frame for place, frame in enumerate(source) if place in wanted]


def quantize(
    path: Path,
    tensors: Sequence[F32Array],
    *,
    methods: Sequence[str] = METHODS,
    keep_float: str | Sequence[str] = AUTO,
) -> Quantised:
    """Quantise a network; every choice is made by its output on frames.

    Every second tensor sets the ranges, the others judge: first each calibration method, then,
    under `auto`, which layers to keep in float. For that the layers are ranked by the error of
    quantising them alone, and the worst 0, 1, 2, ... are kept in float; of these the fewest are
    taken that come within a tenth of the best.

    Args:
        path: a float ONNX file of static shape, operator set 13 or later.
        tensors: network inputs made by the core's `Preprocessor`, two or more.
        methods: calibration methods to try, of METHODS.
        keep_float: `auto`, or the names of convolutions.

    Raises:
        QuantizeError: the file cannot be quantised, a layer has no such name, or the result
            differs from the file by more than LIMIT.

    """
    model = _prepared(path)
    layers = _layers(model)
    named = () if keep_float == AUTO else tuple(keep_float)
    unknown = [name for name in named if name not in layers]
    if unknown:
        msg = f"{path} has no convolution {', '.join(unknown)}; it has {', '.join(layers)}"
        raise QuantizeError(msg)
    *inner, last = layers
    calibrating, judging = tensors[0::2], tensors[1::2]
    model, equalised = equalize(model, calibrating)
    judge = _Judge(path, judging)
    work = _Work(model, layers, last)
    results = {}
    for method in methods:
        work.ranges[method] = _calibrate(model, calibrating, method)
        results[method] = judge.difference(work.build(method, named))
    method = min(results, key=lambda name: results[name])
    kept = named
    if keep_float == AUTO:
        kept = _choose(work, method, inner, judge, path)
    result = centred(work.build(method, kept), model, last, calibrating)
    relative = judge.relative(result)
    # Not '>': NaN must not pass.
    if not relative <= LIMIT:
        msg = (
            f"8 bits change the depth of {path} by {relative:.1%} on average; expected at most "
            f"{LIMIT:.0%}. Calibrate on more frames like those it will see, or keep more layers "
            "in float (--keep-float)"
        )
        raise QuantizeError(msg)
    return Quantised(result, method, results, equalised, kept, judge.difference(result), relative)


def centred(
    quantised: onnx.ModelProto, model: onnx.ModelProto, last: str, tensors: Sequence[F32Array]
) -> onnx.ModelProto:
    """Return the quantised network with the mean output of its last convolution put right.

    Rounding in the layers before shifts that mean; its bias, a float, takes the shift back
    (Nagel et al., ICCV 2019, section 4.2, with measured means).

    Args:
        quantised: has the last convolution in float.
        model: the float network.
        last: the name of that convolution.
        tensors: inputs to take the means over.

    """
    node = next(node for node in quantised.graph.node if node.name == last)
    if len(node.input) < 3:
        return quantised
    means = [
        _outputs(_showing(one, node.output[0]), tensors, node.output[0]).mean(axis=(0, 1, 3, 4))
        for one in (model, quantised)
    ]
    result = onnx.ModelProto()
    result.CopyFrom(quantised)
    bias = next(item for item in result.graph.initializer if item.name == node.input[2])
    right = numpy_helper.to_array(bias) + means[0] - means[1]
    bias.CopyFrom(numpy_helper.from_array(right.astype(np.float32), bias.name))
    return result


def prepared_inputs(frames: Sequence[Frame], prepare: Preprocessor) -> list[F32Array]:
    """Return the network inputs of frames, each in memory of its own."""
    return [prepare(frame.image)[0].copy() for frame in frames]


class _Judge:
    """Compares networks with the float file on the same inputs."""

    def __init__(self, path: Path, tensors: Sequence[F32Array]) -> None:
        self.tensors = tensors
        self._expected = _outputs(path.read_bytes(), tensors)

    def difference(self, model: onnx.ModelProto) -> float:
        found = _outputs(model.SerializeToString(), self.tensors)
        return float(np.sqrt(np.mean((found - self._expected) ** 2)))

    def relative(self, model: onnx.ModelProto) -> float:
        found = _outputs(model.SerializeToString(), self.tensors)
        return float(np.abs(found - self._expected).mean() / np.abs(self._expected).mean())


class _Work:
    """Builds quantised networks from one float network and measured ranges."""

    def __init__(self, model: onnx.ModelProto, layers: dict[str, list[str]], last: str) -> None:
        self._model = model
        self._layers = layers
        self._last = last
        self.ranges: dict[str, Any] = {}

    def build(self, method: str, kept: Sequence[str]) -> onnx.ModelProto:
        """Quantise all layers but the last and those to keep in float."""
        from onnxruntime.quantization import QuantType  # noqa: PLC0415 - slow to import
        from onnxruntime.quantization.qdq_quantizer import QDQQuantizer  # noqa: PLC0415

        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        excluded = [node for layer in {*kept, self._last} for node in self._layers[layer]]
        with _quiet():
            quantizer = QDQQuantizer(
                model,
                True,  # per channel; by place, since the parameters changed their names
                False,  # weights use their full range
                QuantType.QInt8,
                QuantType.QUInt8,
                self.ranges[method],
                [],
                excluded,
                list(_QUANTISED),
                {},
            )
            quantizer.quantize_model()
            # Nodes were appended; the format, and OpenCV, want each after what it reads.
            quantizer.model.topological_sort()
        result: onnx.ModelProto = quantizer.model.model
        del result.metadata_props[:]
        return result


def _choose(
    work: _Work, method: str, layers: Sequence[str], judge: _Judge, path: Path
) -> tuple[str, ...]:
    """Return the layers to keep in float: some at each end of the network.

    Only runs at the ends are tried. Layers of large images and few channels are there, which gain
    least from 8 bits, and a float layer amid others costs two conversions.
    """
    # Time as a share of the float file's, which the load of the machine moves less.
    found: list[tuple[float, float, tuple[str, ...]]] = []
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "trial.onnx"
        most = len(layers) - 1
        for first, last in product(range(_MOST_FIRST + 1), range(_MOST_LAST + 1)):
            if first + last > most:
                continue
            kept = (*layers[:first], *layers[len(layers) - last :])
            model = work.build(method, kept)
            relative = judge.relative(model)
            share = float("inf")
            if relative <= TARGET:
                onnx.save(model, str(trial))
                quantised, given = time_together([trial, path], judge.tensors, 40)
                share = quantised / given
            found.append((share, relative, kept))
    return min(found)[2]


def _prepared(path: Path) -> onnx.ModelProto:
    """Return the network with shapes inferred and every node named, if it can be quantised."""
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    check_readable(path)
    shape = static_shape(read_signature(path))
    if shape is None:
        msg = f"{path} leaves its input size open; expected a static one: export it without that"
        raise QuantizeError(msg)
    given = onnx.load(str(path))
    kinds = {node.op_type for node in given.graph.node}
    if done := sorted(kind for kind in kinds if "Quantize" in kind or "QLinear" in kind):
        msg = f"{path} is quantised already ({', '.join(done)}); give the float file"
        raise QuantizeError(msg)
    opset = next((item.version for item in given.opset_import if not item.domain), 0)
    if opset < _LEAST_OPSET:
        msg = f"{path} has operator set {opset}; expected {_LEAST_OPSET} or later: export it again"
        raise QuantizeError(msg)
    with tempfile.TemporaryDirectory() as folder, _quiet():
        out = Path(folder) / "prepared.onnx"
        quant_pre_process(str(path), str(out), skip_symbolic_shape=True)
        model = onnx.load(str(out))
    del model.metadata_props[:]
    used = {node.domain for node in model.graph.node} | {""}
    opsets = [item for item in model.opset_import if item.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{number}"
    if sum(node.op_type == "Conv" for node in model.graph.node) < 2:
        msg = f"{path} has no convolution before its last one; there is nothing to quantise"
        raise QuantizeError(msg)
    return model


def _layers(model: onnx.ModelProto) -> dict[str, list[str]]:
    """Return the nodes of each layer by its convolution: all up to the next convolution."""
    layers: dict[str, list[str]] = {}
    before: list[str] = []
    for node in model.graph.node:
        if node.op_type == "Conv":
            layers[node.name] = [*before, node.name]
            before = []
        elif layers:
            layers[next(reversed(layers))].append(node.name)
        else:
            before.append(node.name)
    return layers


def _calibrate(model: onnx.ModelProto, tensors: Sequence[F32Array], method: str) -> Any:
    """Return the range of every activation as one method finds it."""
    from onnxruntime.quantization import CalibrationMethod, create_calibrator  # noqa: PLC0415

    image = model.graph.input[0].name
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "network.onnx"
        onnx.save(model, str(path))
        try:
            calibrator = create_calibrator(
                path,
                list(_QUANTISED),
                augmented_model_path=str(Path(folder) / "augmented.onnx"),
                calibrate_method=CalibrationMethod[method],
            )
            for start in range(0, len(tensors), _CHUNK):
                calibrator.collect_data(_Reader(image, tensors[start : start + _CHUNK]))
            return calibrator.compute_data()
        except (ValueError, RuntimeError) as err:
            msg = f"the calibration {method} failed: {reason_of(err)}"
            raise QuantizeError(msg) from err


class _Reader:
    """Hands inputs to onnxruntime's calibrators, which ask for no more than this."""

    def __init__(self, image: str, tensors: Sequence[F32Array]) -> None:
        self._inputs = iter([{image: tensor} for tensor in tensors])

    def get_next(self) -> dict[str, F32Array] | None:
        return next(self._inputs, None)


def _showing(model: onnx.ModelProto, name: str) -> bytes:
    """Return the network with one more output."""
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    if name not in {item.name for item in shown.graph.output}:
        kind = onnx.TensorProto.FLOAT
        shown.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    content: bytes = shown.SerializeToString()
    return content


def _outputs(model: bytes, tensors: Sequence[F32Array], name: str | None = None) -> F32Array:
    """Return an output of a network for these inputs, stacked; the first if none is named."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(model, options, providers=[CPU])
    except Exception as err:  # onnxruntime raises its own unrelated classes
        msg = f"onnxruntime cannot run the quantised network: {reason_of(err)}"
        raise QuantizeError(msg) from err
    image = session.get_inputs()[0].name
    output = name or session.get_outputs()[0].name
    return np.stack([session.run([output], {image: tensor})[0] for tensor in tensors])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's own progress and advice off the terminal."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
