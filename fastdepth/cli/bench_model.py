"""`fastdepth bench model`: time every model in every engine that is installed."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from fastdepth.bench.candidates import Variant, installed_variants
from fastdepth.bench.machine import Machine, Peak, describe_machine, load_average, measure_peak
from fastdepth.bench.model import (
    ModelFile,
    cost_table,
    measure_memory,
    open_all,
    section_of,
    time_all,
    time_table,
)
from fastdepth.bench.options import add_bench_arguments
from fastdepth.bench.picture import draw_models
from fastdepth.bench.report import load_note, make_document, show
from fastdepth.bench.yardsticks import default_cache, find_yardsticks
from fastdepth.engines import usable_cpus
from fastdepth.errors import ModelError
from fastdepth.files import write_json
from fastdepth.paths import MODEL_NAME, find_shared

_SECONDS = 60.0
_PEAK_SECONDS = 1.0
_MOST_THREADS = 8


def main(argv: list[str]) -> int:
    """Run the benchmark; return the exit code."""
    args = _parser().parse_args(argv)
    before = load_average()
    variants = _variants(args.engine)
    files = _files(args.models)
    yardsticks = find_yardsticks(args.cache)
    files += [ModelFile(name, path, True) for name, path in yardsticks.files.items()]
    peaks = _peaks(args.threads, ())
    opened = open_all(files, variants, args.threads, on_model=_say)
    if not opened.candidates:
        reasons = "; ".join(refusal.reason for refusal in opened.refusals)
        msg = f"no model can be run here: {reasons}"
        raise ModelError(msg)
    timings = time_all(opened.candidates, args.seconds)
    # Again: what else runs here changes, and a peak is the best that was seen.
    machine = describe_machine(_peaks(args.threads, peaks))
    section = section_of(files, opened, timings, machine, Path(MODEL_NAME).stem)
    if yardsticks.note:
        section["notes"].append(yardsticks.note)
    if args.memory:
        measure_memory(section, files, {variant.label: variant for variant in variants})
    shown = [cost_table(section), time_table(section)]
    section["tables"] = [table.as_dict() for table in shown]
    document = make_document(machine, before, {"model": section})
    for table in shown:
        show(table)
    _tell(machine)
    print(load_note(document))
    if section["recommendation"] is not None:
        print(section["recommendation"]["words"])
    if args.json is not None:
        write_json(args.json, document)
    if args.picture is not None:
        draw_models(args.picture, section)
    return 0


def _peaks(threads: list[int], known: tuple[Peak, ...]) -> tuple[Peak, ...]:
    """Measure the machine with every number of threads; the better of this and what is known."""
    before = {peak.threads: peak for peak in known}
    found: list[Peak] = []
    for number in sorted(threads):
        peak = measure_peak(number, _PEAK_SECONDS)
        if number in before:
            peak = peak.better(before[number])
        # Beside other work several threads may reach less than one, which they could do too.
        found.append(peak.better(found[0]) if found else peak)
    return tuple(found)


def _tell(machine: Machine) -> None:
    for peak in machine.peaks:
        int8 = "" if peak.int8_gops is None else f", {peak.int8_gops:.0f} in 8 bits"
        print(
            f"peak with {peak.threads} thread(s): {peak.gflops:.0f} GFLOP/s{int8}; "
            f"{peak.bandwidth:.0f} GB/s"
        )


def _files(paths: list[Path]) -> list[ModelFile]:
    if not paths:
        folder = find_shared("models")
        if folder is None:
            msg = "the package's models are not installed; name the ONNX files to measure"
            raise ModelError(msg)
        paths = [folder]
    files: dict[str, ModelFile] = {}
    for path in paths:
        for found in sorted(path.glob("*.onnx")) if path.is_dir() else [path]:
            if found.stem in files:
                msg = f"two of the models are called {found.stem!r}; give them different names"
                raise ModelError(msg)
            files[found.stem] = ModelFile(found.stem, found)
    if not files:
        msg = f"there is no ONNX file in {', '.join(map(str, paths))}; expected at least one model"
        raise ModelError(msg)
    return list(files.values())


def _variants(labels: list[str] | None) -> list[Variant]:
    installed = installed_variants()
    if not labels:
        return installed
    known = {variant.label: variant for variant in installed}
    for label in labels:
        if label not in known:
            msg = f"there is no engine {label!r} here; choose from {', '.join(known)}"
            raise ModelError(msg)
    return [known[label] for label in labels]


def _say(name: str) -> None:
    print(f"opening {name}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth bench model",
        description="Time models in every engine that is installed, in turn, beside FastDepth's "
        "own networks and the floor of this machine: the longer of what their multiply-accumulates "
        "take at the peak of a large matrix product, and their bytes at the bandwidth of a copy.",
    )
    parser.add_argument(
        "models",
        nargs="*",
        type=Path,
        help="ONNX files or folders of them (default: the models that come with the package)",
    )
    parser.add_argument(
        "--engine",
        action="append",
        metavar="ENGINE",
        help="onnxruntime, 'openvino f32', openvino (in its own precision), cv2dnn or torch; may "
        "be repeated (default: all that are installed)",
    )
    parser.add_argument(
        "--threads",
        nargs="+",
        type=_threads,
        default=_default_threads(),
        help="numbers of threads (default: 1 and those that this process may use: %(default)s)",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=default_cache(),
        help="folder where FastDepth's own networks are kept (default: %(default)s)",
    )
    parser.add_argument(
        "--no-memory",
        dest="memory",
        action="store_false",
        help="do not measure load time and memory, a process for each model and engine",
    )
    add_bench_arguments(parser, seconds=_SECONDS)
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also draw the times there")
    return parser


def _default_threads() -> list[int]:
    most = min(_MOST_THREADS, math.floor(usable_cpus()))
    return sorted({1, max(1, most)})


def _threads(text: str) -> int:
    value = int(text)
    if value < 1:
        msg = f"{text} is no number of threads; expected 1 or more"
        raise argparse.ArgumentTypeError(msg)
    return value
