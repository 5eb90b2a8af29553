"""`fastdepth evaluate SOURCE...`: score a model on recordings and report what was found."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastdepth.cli.common import (
    add_model_arguments,
    add_topic_arguments,
    metric_lines,
    model_path,
    progress,
)
from fastdepth.cli.stopping import stop_on_interrupt
from fastdepth.errors import OutputError, ProtocolError, SettingError
from fastdepth.evaluation import Options, evaluate_source
from fastdepth.evaluation.folder import METRICS, REPORT, finished
from fastdepth.evaluation.many import (
    Job,
    Outcome,
    expand,
    make_jobs,
    run_in_processes,
    run_job,
    run_on_ray,
)
from fastdepth.evaluation.run import RECORDING, RECORDS
from fastdepth.evaluation.summary import (
    SUMMARY,
    SUMMARY_PAGE,
    summary,
    table_lines,
    write_summary,
)
from fastdepth.files import make_folder, write_json
from fastdepth.protocols import ALIGNMENTS, PROTOCOLS

INTERRUPTED = 130

_FILES = {
    REPORT: "the report, opens in a browser",
    METRICS: "every figure",
    RECORDS: "the figures of each frame",
    RECORDING: "image, depth, ground truth and error, for Foxglove and RViz",
}


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code (130 where it was interrupted)."""
    args = _parser().parse_args(argv)
    if args.json is not None and args.json.is_dir():
        msg = f"cannot write {args.json}: it is a folder; name a file"
        raise OutputError(msg)
    options = Options(
        model=model_path(args),
        source={key: getattr(args, key) for key in _SOURCE_OPTIONS},
        protocol=args.protocol,
        align=args.align,
        threads=args.threads,
        camera_aware=args.camera_aware,
        calibration=args.calibration,
        record_rate=0.0 if args.out is None else args.record_rate,
        pictures=args.pictures,
    )
    sources = expand(args.source)
    if sources == args.source and len(sources) == 1 and args.cluster is None:
        return _one(args, options)
    return _many(args, options, sources)


def _one(args: argparse.Namespace, options: Options) -> int:
    (source,) = args.source
    figures = None
    if args.out is not None and not args.again:
        figures = finished(args.out, options.fingerprint(source))
        if figures is not None:
            print(f"{args.out} has this evaluation already (--again repeats it)")
    if figures is None:
        with (
            stop_on_interrupt("the report will be of the frames so far") as stop,
            progress(1, "evaluating") as show,
        ):
            figures = evaluate_source(source, options, args.out, show, stop)
    if args.out is None and not figures["frames"]:
        msg = (
            "no frame could be scored; does the source have ground truth? (--out DIR reports how "
            "fast and how steady depth is without)"
        )
        raise ProtocolError(msg)
    _print(figures, args.out)
    if args.json is not None:
        write_json(args.json, figures)
    return INTERRUPTED if figures["partial"] else 0


def _print(figures: Mapping[str, Any], out: Path | None) -> None:
    print(
        f"{figures['model']} {figures['model_version']} on {figures['source']}\n"
        f"protocol {figures['protocol']}, alignment {figures['align']}, "
        f"{figures['frames']} frames{' (partial: interrupted)' if figures['partial'] else ''}"
    )
    for reason, count in figures["skipped"].items():
        print(f"  not scored: {count} ({reason})")
    if figures["frames"]:
        print("\n".join(metric_lines(figures)))
    print("\n".join(figures["findings"]))
    for warning in figures["warnings"]:
        print(f"warning: {warning}", file=sys.stderr)
    if out is not None:
        print(f"files in {out}")
        for name, what in _FILES.items():
            if (out / name).exists():
                print(f"  {name:<13} {what}")


def _many(args: argparse.Namespace, options: Options, sources: Sequence[Path]) -> int:
    if args.out is None:
        msg = f"{len(sources)} sources need a folder for their results; name one with --out"
        raise SettingError(msg)
    jobs = make_jobs(sources, options, args.out, again=args.again)
    make_folder(args.out)
    outcomes: list[Outcome] = []
    with stop_on_interrupt("what is under way will be partial") as stop:
        for outcome in _run(args, jobs, stop):
            outcomes.append(outcome)
            _tell(outcome, len(outcomes), len(jobs))
            # Again after each: the table is there even if the machine stops.
            write_summary(args.out, outcomes)
        stopped = stop()
    print("\n".join(["", *table_lines(outcomes)]))
    print(f"{SUMMARY}, {SUMMARY_PAGE} and a folder for each source are in {args.out}")
    if args.json is not None:
        write_json(args.json, summary(outcomes))
    if stopped:
        return INTERRUPTED
    return 1 if any(outcome.error is not None for outcome in outcomes) else 0


def _run(
    args: argparse.Namespace, jobs: Sequence[Job], stop: Callable[[], bool]
) -> Iterator[Outcome]:
    if args.cluster == "ray":
        yield from run_on_ray(jobs, stop)
    elif args.jobs > 1:
        yield from run_in_processes(jobs, min(args.jobs, len(jobs)), stop)
    else:
        for job in jobs:
            with progress(1, job.name) as show:
                outcome = run_job(job, show, stop)
            yield outcome


def _tell(outcome: Outcome, count: int, total: int) -> None:
    head = f"[{count}/{total}] {outcome.job.name}:"
    figures = outcome.figures
    if outcome.error is not None:
        print(f"{head} failed: {outcome.error}", file=sys.stderr)
    elif figures is None:
        print(f"{head} not reached")
    else:
        said = figures["findings"][0] if figures["findings"] else "no frames"
        before = " (done before)" if outcome.reused else ""
        print(f"{head}{before} {said}", flush=True)


_SOURCE_OPTIONS = (
    "split",
    "image",
    "camera_info",
    "depth",
    "max_dt",
    "raw_depth",
    "root",
    "units_per_metre",
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth evaluate",
        description="Score a model on bags, data sets or folders of frames, and report what was "
        "found: metrics.json, frames.csv, report.html and depth.mcap. Frames without ground truth "
        "still tell how fast and how steady depth is.",
    )
    parser.add_argument(
        "source",
        type=Path,
        nargs="+",
        help="a bag or a folder of bags; a TUM RGB-D folder; NYU Depth V2 in the Kaggle layout "
        "(folder or CSV), as nyu_depth_v2_labeled.mat, as HDF5 files, or as a text list `rgb depth "
        "focal`; SUN RGB-D; a folder with rgb/, depth/ and intrinsics.txt (docs/data.md tells "
        "more)",
    )
    _add_output_arguments(parser)
    _add_data_set_arguments(parser)
    add_topic_arguments(parser)
    parser.add_argument(
        "--protocol",
        choices=sorted(PROTOCOLS),
        default="full",
        help="which pixels count: fastdepth and eigen are for NYU frames of 640x480, full is "
        "every measured pixel (default)",
    )
    parser.add_argument(
        "--align",
        choices=ALIGNMENTS,
        default="none",
        help="scale each prediction to the ground truth first (default: none)",
    )
    parser.add_argument(
        "--calibration", type=Path, help="apply a field calibration (of fastdepth calibrate)"
    )
    add_model_arguments(parser)
    many = parser.add_argument_group("many sources")
    many.add_argument(
        "--jobs", type=_positive, default=1, metavar="N", help="evaluate N at once, in processes"
    )
    many.add_argument(
        "--cluster",
        choices=["ray"],
        help="evaluate on a cluster: the one of RAY_ADDRESS, or a local one",
    )
    return parser


def _add_output_arguments(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out",
        type=Path,
        help="folder for the results; of several sources, each has its own in it",
    )
    output.add_argument("--json", type=Path, help="write the figures to this file too")
    output.add_argument(
        "--again", action="store_true", help="repeat what is in the output folder already"
    )
    output.add_argument(
        "--record-rate",
        type=_rate,
        default=2.0,
        metavar="HZ",
        help="most frames a second that go into depth.mcap; 0 for no such file, inf for all "
        "(default: 2)",
    )
    output.add_argument(
        "--pictures",
        type=_positive,
        default=3,
        metavar="N",
        help="best, typical and worst frames in the report, N of each (default: 3)",
    )


def _add_data_set_arguments(parser: argparse.ArgumentParser) -> None:
    sets = parser.add_argument_group("data sets")
    sets.add_argument("--split", help="which part of it: train, val, test ... as it has them")
    sets.add_argument(
        "--raw-depth",
        action="store_true",
        help="the sensor's own depth, where there is also one with its holes filled (.mat, SUN)",
    )
    sets.add_argument(
        "--root", type=Path, help="folder that the names in a text list start at (default: found)"
    )
    sets.add_argument(
        "--units-per-metre",
        type=int,
        help="of the depth pictures of a text list or of a folder with rgb/ and depth/ "
        "(default: 1000)",
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        msg = f"{text} is not 1 or more"
        raise argparse.ArgumentTypeError(msg)
    return value


def _rate(text: str) -> float:
    value = float(text)
    if not value >= 0 or math.isnan(value):
        msg = f"{text} is not a rate of 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return value
