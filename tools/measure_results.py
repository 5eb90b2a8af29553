"""Measure the deployed models and bring docs/results.md up to date.

    python tools/measure_results.py [--data DIR] [--model FILE ...] [--seconds S] [--json FILE]

Accuracy is of the validation scenes, which chose the recipe; nothing is aligned. Times are of one
run in turns with the original FastDepth's shapes: run it on a quiet machine. Needs torch, which
makes those shapes.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from results import page, sheets
from results.measuring import PROTOCOLS, measure, predict_golden, under_conditions
from results.timing import ORIGINALS, export_original, time_files
from rich.progress import track

from fastdepth.bench.machine import load_average
from fastdepth.bench.onnx_cost import count_cost
from fastdepth.bench.publish import replace_marked
from fastdepth.engines import read_card
from fastdepth.files import write_json
from fastdepth.frame import U8Array
from fastdepth.metrics import frame_metrics
from fastdepth.preprocess import Preprocessor
from fastdepth.sources import open_indexed, open_source
from fastdepth_train.side_by_side import compare_engines

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
NYU, TUM, GOLDEN = "nyu_depth_v2", "tum_freiburg1_rpy", "fastdepth_golden"
ORIGINAL = "original FastDepth"
_FRAMES = 8


def of_model(path: Path, data: Path) -> dict[str, Any]:
    """Return everything measured of one model file but its time."""
    val = open_indexed(data / NYU, split="val")
    frames = list(val)
    found = {protocol: measure(path, frames, protocol) for protocol in PROTOCOLS}
    spec = read_card(path).input
    prepare = Preprocessor(spec)
    tensors = [prepare(frame.image)[0].copy() for frame in frames[:_FRAMES]]
    tum = list(open_source(data / TUM))
    return {
        "accuracy": {protocol: result.metrics for protocol, result in found.items()},
        "rmse": found["fastdepth"].rmse,
        "ranges": found["eigen"].ranges,
        "conditions": [
            *under_conditions(path, frames),
            {
                "condition": "TUM freiburg1_rpy (another camera)",
                **{
                    key: measure(path, tum, "full", camera_aware=aware).metrics
                    for key, aware in (("aware", True), ("unaware", False))
                },
            },
        ],
        "engines": [report._asdict() for report in compare_engines(path, tensors)],
        **cost(path),
    }


def cost(path: Path) -> dict[str, Any]:
    """Return parameters and multiply-accumulates of a model file."""
    counted = count_cost(path)
    macs = counted.macs + counted.int8_macs
    return {"parameters": counted.parameters, "macs": macs, "bytes": path.stat().st_size}


def times(paths: Sequence[Path], seconds: float) -> dict[str, dict[str, Any]]:
    """Return each file's times on one thread and two, and the originals' with their cost."""
    with tempfile.TemporaryDirectory() as name:
        files = {f"original `{o}`": export_original(o, Path(name) / f"{o}.onnx") for o in ORIGINALS}
        sizes = {label: cost(file) for label, file in files.items()}
        files |= {path.name: path for path in paths}
        reference = f"original `{ORIGINALS[0]}`"
        found: dict[str, dict[str, Any]] = {label: {"threads": {}} for label in files}
        for threads in (1, 2):
            for label, row in time_files(files, reference, threads, seconds).items():
                found[label]["threads"][str(threads)] = row
        for label, row in sizes.items():
            found[label] |= row
    return found


def golden(paths: Sequence[Path], folder: Path) -> tuple[dict[str, Any], U8Array]:
    """Return metrics of every network on the golden frame, and the picture of them."""
    image = np.rint(np.load(folder / "rgb.npy") * 255).astype(np.uint8)
    truth = np.load(folder / "depth.npy").astype(np.float32)
    predictions = {ORIGINAL: np.load(folder / "pred.npy").reshape(truth.shape)}
    predictions |= {path.stem: predict_golden(path, image) for path in paths}
    figures = {name: frame_metrics(depth, truth) for name, depth in predictions.items()}
    return figures, sheets.golden_sheet(image, truth, predictions)


def main(argv: list[str] | None = None) -> int:
    """Measure, and write the page's tables and pictures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--model", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=30.0, help="of timing, each")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path, default=DOCS / "results.md")
    args = parser.parse_args(argv)
    paths = args.model or sorted((ROOT / "models").glob("*.onnx"))
    busy = load_average() or 0.0
    timed = times(paths, args.seconds)
    models = {}
    for path in track(list(paths), "measuring accuracy"):
        models[path.name] = of_model(path, args.data) | timed.pop(path.name)
    figures, picture = golden(paths, args.data / GOLDEN)
    pictures = args.page.parent / "images"
    sheets.write_jpeg(pictures / "results_golden.jpg", picture)
    for path in paths:
        sheet = sheets.ranked_sheet(
            path, open_indexed(args.data / NYU, split="val"), models[path.name]["rmse"], "fastdepth"
        )
        sheets.write_jpeg(pictures / f"results_{path.stem}.jpg", sheet)
    machine = (
        f"{platform.machine()}, onnxruntime {onnxruntime.__version__}; medians of {args.seconds:g} "
        f"seconds in turns; {busy:.1f} programs wanted a CPU when the timing began"
    )
    replace_marked(
        args.page,
        {
            "main": page.main_table(models, timed),
            "machine": machine,
            "ranges": page.range_table(models),
            "conditions": page.condition_table(models),
            "engines": page.engine_table(models),
            "golden": page.golden_table(figures),
        },
        "results",
    )
    if args.json is not None:
        write_json(
            args.json, {"models": models, "originals": timed, "golden": figures, "machine": machine}
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
