"""`fastdepth bench pipeline`: what is there besides the network, from message to message."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2

from fastdepth.bench.machine import describe_machine, load_average
from fastdepth.bench.options import add_bench_arguments
from fastdepth.bench.picture import draw_pipeline
from fastdepth.bench.pipeline import (
    KINDS,
    SIZES,
    Case,
    Pipeline,
    measure,
    parse_case,
    pipeline_table,
    section_of,
)
from fastdepth.bench.report import load_note, make_document, show
from fastdepth.cli.common import add_model_arguments, model_path
from fastdepth.engines import ENGINES
from fastdepth.estimator import DepthEstimator
from fastdepth.files import write_json

_SECONDS = 18.0


def main(argv: list[str]) -> int:
    """Run the benchmark; return the exit code."""
    args = _parser().parse_args(argv)
    before = load_average()
    cases = [parse_case(text) for text in args.camera or ()] or [
        Case(size, kind) for size in SIZES for kind in KINDS
    ]
    # As in the node, where the network's threads are the only ones.
    cv2.setNumThreads(1)
    estimator = DepthEstimator.load(
        model_path(args),
        engine=args.engine,
        threads=args.threads,
        camera_aware=args.camera_aware,
    )
    pipelines = {case.key: Pipeline(estimator, case, args.output) for case in cases}
    figures = measure(pipelines, args.seconds)
    section = section_of(
        figures,
        model=model_path(args).stem,
        engine=estimator.engine.description,
        output=args.output,
        path=next(iter(pipelines.values())).path.words,
    )
    table = pipeline_table(section)
    section["tables"] = [table.as_dict()]
    document = make_document(describe_machine(), before, {"pipeline": section})
    show(table)
    print(load_note(document))
    if args.json is not None:
        write_json(args.json, document)
    if args.picture is not None:
        draw_pipeline(args.picture, section)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth bench pipeline",
        description="Time each stage from a camera's message to the message of its depth: reading, "
        "decoding, preparing the network's input, the network, scaling, masking, writing.",
    )
    parser.add_argument(
        "--camera",
        action="append",
        metavar="'SIZE KIND'",
        help=f"{', '.join(SIZES)} and {' or '.join(KINDS)}; may be repeated (default: all)",
    )
    parser.add_argument(
        "--engine", choices=ENGINES, default="onnxruntime", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--output",
        choices=("network", "frame"),
        default="network",
        help="size of the depth (default: %(default)s)",
    )
    add_model_arguments(parser)
    add_bench_arguments(parser, seconds=_SECONDS)
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw the stages there")
    return parser
