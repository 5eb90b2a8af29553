"""`fastdepth calibrate BAG`: fit a correction to a camera and say what it gains."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fastdepth.cli.common import (
    add_model_arguments,
    add_topic_arguments,
    model_path,
    progress,
)
from fastdepth.errors import CalibrationError, OutputError
from fastdepth.estimator import DepthEstimator
from fastdepth.evaluation.calibrating import KINDS, Calibrated, calibrate
from fastdepth.metrics import METRIC_KEYS
from fastdepth.sources import open_source


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    args = _parser().parse_args(argv)
    if args.out.is_dir():
        msg = f"cannot write {args.out}: it is a folder; name a file"
        raise OutputError(msg)
    source = open_source(
        args.source,
        image=args.image,
        camera_info=args.camera_info,
        depth=args.depth,
        max_dt=args.max_dt,
    )
    estimator = DepthEstimator.load(
        model_path(args), threads=args.threads, camera_aware=args.camera_aware
    )
    with progress(len(source), "calibrating") as show:
        result = calibrate(source, estimator, kind=args.fit, share=args.share, show=show)
    print("\n".join(_lines(result)))
    if not result.helps and not args.force:
        msg = (
            "the correction does not make the frames better that it was not fitted to, so it is "
            "not written (--force writes it); depth may be right already, or its errors are no "
            "matter of scale"
        )
        raise CalibrationError(msg)
    if not args.camera_aware:
        print(
            "fitted with --no-camera-scale: it holds only where that is switched off too",
            file=sys.stderr,
        )
    result.calibration.write(args.out)
    print(f"written to {args.out}; try it: fastdepth evaluate --calibration {args.out} ...")
    return 0


def _lines(result: Calibrated) -> list[str]:
    correction, fitted = result.calibration.correction, result.calibration.fitted_on
    formula = f"depth x {correction.scale:.4f}"
    if correction.offset:
        formula = f"1 / (1 / ({formula}) {correction.offset:+.4f} / m)"
    lines = [
        f"{fitted.model} on {fitted.source}",
        f"corrected depth = {formula}",
        (
            f"fitted to {fitted.pixels} pixels of {fitted.frames} frames, "
            f"{result.fit.inliers:.0%} of them no outliers"
        ),
    ]
    gain = result.calibration.gain
    if gain is not None:
        lines.append(f"{gain.frames} other frames    before     after")
        lines += [
            f"  {key:<13}{gain.before[key]:10.4f}{gain.after[key]:10.4f}" for key in METRIC_KEYS
        ]
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth calibrate",
        description="Fit a correction of depth to the first frames of a recording, measure what it "
        "gains on the rest, and write it as YAML for the node and fastdepth evaluate.",
    )
    parser.add_argument(
        "source", type=Path, help="a bag with registered depth, or any other source of frames"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("calibration.yaml"), help="default: calibration.yaml"
    )
    parser.add_argument(
        "--fit",
        choices=KINDS,
        default="scale",
        help="what to fit: one factor (default), or a factor and an offset in inverse depth",
    )
    parser.add_argument(
        "--share", type=float, default=0.5, help="of the frames that is fitted to (default: 0.5)"
    )
    parser.add_argument(
        "--force", action="store_true", help="write it even if it does not make depth better"
    )
    add_topic_arguments(parser)
    add_model_arguments(parser)
    return parser
