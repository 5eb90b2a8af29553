"""`fastdepth quantize IN.onnx OUT.onnx --calibration DATASET`: 8 bits instead of float."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any

import onnx

from fastdepth.card import Accuracy, ModelCard
from fastdepth.card_file import write_card
from fastdepth.cli.common import track
from fastdepth.engines import read_card
from fastdepth.preprocess import Preprocessor
from fastdepth.sources import open_source
from fastdepth_train.export import measure
from fastdepth_train.quantize import (
    AUTO,
    METHODS,
    Quantised,
    prepared_inputs,
    quantize,
    spread,
)
from fastdepth_train.side_by_side import EngineReport, compare_engines, time_together

_SHOWN = ("rmse", "abs_rel", "delta1")
_FRAMES_TO_TIME = 8


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    args = _parser().parse_args(argv)
    card = read_card(args.model)
    frames = spread(open_source(args.calibration, split=args.split), args.frames)
    scored = (
        open_source(args.evaluate, split=args.eval_split) if args.evaluate is not None else None
    )
    tensors = prepared_inputs(frames, Preprocessor(card.input))
    found = quantize(
        args.model,
        tensors,
        methods=METHODS if args.method == AUTO else (args.method,),
        keep_float=_names(args.keep_float),
    )
    calibration = _dataset_name(args.calibration, args.split, len(frames))
    card = _described(card, args, found, calibration)
    before: tuple[Accuracy, ...] = ()
    with tempfile.TemporaryDirectory() as folder:
        bare, checked = Path(folder) / "bare.onnx", Path(folder) / "network.onnx"
        onnx.save(found.model, str(bare))
        write_card(bare, card, checked)
        engines = compare_engines(checked, tensors[:_FRAMES_TO_TIME])
        if scored is not None:
            dataset = _dataset_name(args.evaluate, args.eval_split, len(scored))
            before = measure(args.model, scored, dataset, _progress(len(scored), "float"))
            card = replace(
                card, accuracy=measure(checked, scored, dataset, _progress(len(scored), "8-bit"))
            )
        seconds = time_together([args.model, checked], tensors[:_FRAMES_TO_TIME])
        write_card(checked, card, args.out)
    _print_choice(args.out, card, found, calibration, engines)
    _print_both(args.model, before, args.out, card.accuracy, seconds)
    return 0


def _print_choice(
    out: Path, card: ModelCard, found: Quantised, calibration: str, engines: list[EngineReport]
) -> None:
    print(f"{out}: {card.name} {card.version}")
    tried = ", ".join(f"{name} {value:.4f} m" for name, value in found.tried.items())
    print(f"  calibrated on {calibration}: {found.method} (RMS difference: {tried})")
    print(f"  channels evened out in {found.equalised} places")
    print(f"  kept in float beside the head: {', '.join(found.kept) or 'nothing'}")
    print(
        f"  differs from the float file by {found.difference:.4f} m (RMS), "
        f"{found.relative:.2%} of the depth on average, on calibration frames that set no range"
    )
    for engine in engines:
        if engine.mean is None:
            print(f"  {engine.engine} does not run it: {shorten(engine.reason, 160)}")
        else:
            print(
                f"  differs from onnxruntime by {engine.mean:.1e} m on average, at most "
                f"{engine.largest:.1e} m: {engine.engine}"
            )


def _print_both(
    model: Path,
    before: Sequence[Accuracy],
    out: Path,
    after: Sequence[Accuracy],
    seconds: Sequence[float],
) -> None:
    for path, results, time in zip((model, out), (before, after), seconds, strict=True):
        size = path.stat().st_size / 1e6
        print(f"{path}: {size:.2f} MB, {time * 1e3:.2f} ms on one thread")
        for result in results:
            figures = ", ".join(f"{key} {result.metrics[key]:.4f}" for key in _SHOWN)
            print(f"  {result.dataset}, protocol {result.protocol}: {figures}")
    print(f"time of the 8-bit file: {seconds[1] / seconds[0]:.2f} of the float file's")
    for old, new in zip(before, after, strict=True):
        change = new.metrics["rmse"] / old.metrics["rmse"] - 1
        print(f"RMSE, protocol {old.protocol}: {change:+.2%}")


def _described(
    card: ModelCard, args: argparse.Namespace, found: Quantised, calibration: str
) -> ModelCard:
    note = (
        f"8 bits made from {card.name} {card.version}: static QDQ, calibrated on {calibration} "
        f"({found.method}); {len(found.kept) + 1} convolutions in float."
    )
    return replace(
        card,
        name=args.name or f"{card.name}_int8",
        version=args.model_version or card.version,
        # What the float file scored is no result of this one.
        accuracy=(),
        notes=f"{card.notes} {note}".strip(),
    )


def _names(text: str) -> str | tuple[str, ...]:
    if text == AUTO:
        return AUTO
    return () if text == "none" else tuple(filter(None, text.split(",")))


def _dataset_name(path: Path, split: str | None, frames: int) -> str:
    """Name the data by its last folder, never by where it lies on this machine."""
    return f"{path.resolve().name}{f' {split}' if split else ''}, {frames} frames"


def _frames(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < 2:
        msg = f"{text!r}; expected a whole number, 2 or more"
        raise argparse.ArgumentTypeError(msg)
    return count


def _progress(total: int, which: str) -> Any:
    def wrap(items: Iterator[object], protocol: str) -> Iterator[object]:
        return track(items, total, f"measuring {which}, protocol {protocol}")

    return wrap


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth quantize",
        description="Make an 8-bit model of a float ONNX file, with its card. Nothing is written "
        "if it strays from the float file. Both are scored and timed side by side.",
    )
    parser.add_argument("model", type=Path, help="the float ONNX file, with a model card")
    parser.add_argument("out", type=Path, help="the ONNX file to write")
    parser.add_argument(
        "--calibration",
        type=Path,
        required=True,
        metavar="SOURCE",
        help="frames like those the model will see: half of them set the ranges, the others "
        "decide between methods and layers. No ground truth needed",
    )
    parser.add_argument("--split", help="which list of that data set: train, as a rule")
    parser.add_argument(
        "--frames", type=_frames, default=128, help="how many of them, at even distances (128)"
    )
    parser.add_argument(
        "--method",
        choices=(AUTO, *METHODS),
        default=AUTO,
        help="how the ranges of activations are found; auto measures which is best",
    )
    parser.add_argument(
        "--keep-float",
        default=AUTO,
        metavar="LAYERS",
        help="auto (what pays by measurement), none, or names of convolutions with commas between",
    )
    parser.add_argument(
        "--evaluate",
        type=Path,
        metavar="SOURCE",
        help="frames with ground truth: measure both files on them (protocols fastdepth and "
        "eigen, no alignment) and put the figures of the 8-bit file on its card",
    )
    parser.add_argument("--eval-split", help="which list of that data set")
    parser.add_argument(
        "--name", help="of the model; that of the float file with _int8 if not given"
    )
    parser.add_argument("--model-version", metavar="VERSION", help="the float file's if not given")
    return parser
