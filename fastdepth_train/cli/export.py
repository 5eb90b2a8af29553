"""`fastdepth export CKPT OUT`: turn a checkpoint into a checked model file with its card."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from fastdepth.card import ModelCard
from fastdepth.card_file import write_card
from fastdepth.cli.common import track
from fastdepth.engines.openvino_file import IR_SUFFIX, weights_of
from fastdepth.frame import Frame, FrameSource
from fastdepth.sources import open_source
from fastdepth_train.checkpoint import load_checkpoint
from fastdepth_train.errors import ExportError
from fastdepth_train.export import (
    TOLERANCE,
    export_network,
    measure,
    with_accuracy,
)
from fastdepth_train.export_openvino import export_openvino
from fastdepth_train.networks.cost import network_cost
from fastdepth_train.published import PUBLISHED, load_published

FRAMES_TO_COMPARE = 4
SUFFIXES = {"onnx": ".onnx", "openvino": IR_SUFFIX}


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    args = _parser().parse_args(argv)
    wanted = SUFFIXES[args.format]
    if args.out.suffix != wanted:
        msg = f"{args.out} is to be of format {args.format}; expected a name that ends in {wanted}"
        raise ExportError(msg)
    network, card = (
        load_published(args.published, args.checkpoint)
        if args.published
        else load_checkpoint(args.checkpoint)
    )
    card = _described(card, args)
    source: FrameSource | None = None
    frames: list[Frame] = []
    if args.evaluate is not None:
        source = open_source(args.evaluate, split=args.split)
        frames = list(islice(iter(source), FRAMES_TO_COMPARE))
    is_openvino = args.format == "openvino"
    with tempfile.TemporaryDirectory() as folder:
        checked = measured = Path(folder) / "network.onnx"
        differences = export_network(network, card, checked, frames, dynamic=args.dynamic)
        if is_openvino:
            measured = checked.with_suffix(IR_SUFFIX)
            differences.append(export_openvino(checked, measured, frames))
        if source is not None:
            dataset = _dataset_name(args, len(source))
            card = with_accuracy(card, measure(measured, source, dataset, _progress(len(source))))
        if is_openvino:
            write_card(checked, card, checked)
            export_openvino(checked, args.out, frames)
        else:
            write_card(checked, card, args.out)
    cost = network_cost(network, card.input.width, card.input.height)
    files = [args.out, weights_of(args.out)] if is_openvino else [args.out]
    size = sum(path.stat().st_size for path in files)
    print(f"{args.out}: {card.name} {card.version}, {size / 1e6:.2f} MB")
    print(f"  {cost.parameters / 1e6:.2f} M parameters, {cost.macs / 1e9:.3f} GMAC")
    for engine, largest in differences:
        print(f"  differs from torch by at most {largest:.1e} m (limit {TOLERANCE:g}): {engine}")
    for result in card.accuracy:
        figures = ", ".join(f"{k} {result.metrics[k]:.3f}" for k in ("rmse", "abs_rel", "delta1"))
        print(f"  {result.dataset}, protocol {result.protocol}: {figures}")
    return 0


def _described(card: ModelCard, args: argparse.Namespace) -> ModelCard:
    given = {
        "name": args.name,
        "version": args.model_version,
        "licence": args.licence,
        "notes": args.notes,
    }
    return replace(card, **{key: value for key, value in given.items() if value is not None})


def _dataset_name(args: argparse.Namespace, frames: int) -> str:
    """Name the data by its last folder, never by where it lies on this machine."""
    name = Path(args.evaluate).resolve().name
    split = f" {args.split}" if args.split else ""
    return f"{name}{split}, {frames} frames"


def _progress(total: int) -> Any:
    def wrap(items: Iterator[object], protocol: str) -> Iterator[object]:
        return track(items, total, f"measuring, protocol {protocol}")

    return wrap


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth export",
        description="Turn a checkpoint into one ONNX file with its model card, or into OpenVINO's "
        "form of it. It is compared with torch in each engine; nothing is written if they "
        "disagree.",
    )
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file written by fastdepth train")
    parser.add_argument("out", type=Path, help="the file to write: .onnx, or .xml for OpenVINO")
    parser.add_argument(
        "--format",
        choices=sorted(SUFFIXES),
        default="onnx",
        help="onnx (default), or openvino: an .xml with its .bin, which OpenVINO alone runs",
    )
    parser.add_argument(
        "--dynamic",
        action="store_true",
        help="leave batch and size of the input open, in steps of the network's stride; the card "
        "says which size to use. OpenCV 4 cannot run such a file",
    )
    parser.add_argument(
        "--published",
        choices=sorted(PUBLISHED),
        help="the file holds the published weights of this network instead",
    )
    parser.add_argument(
        "--evaluate",
        type=Path,
        metavar="SOURCE",
        help="frames with ground truth: measure the exported file on them (protocols fastdepth "
        "and eigen, no alignment) and put the figures on its card",
    )
    parser.add_argument("--split", help="which list of that data set: data/nyu2_SPLIT.csv")
    parser.add_argument("--name", help="of the model; the training run's if not given")
    parser.add_argument("--model-version", metavar="VERSION", help="of the model; 1 if not given")
    parser.add_argument("--licence", help="of the weights: SPDX identifier or name")
    parser.add_argument("--notes", help="on the card; the terms of the data if not given")
    return parser
