"""`fastdepth compare RUN_A RUN_B`: what differs between two evaluations of the same frames."""

from __future__ import annotations

import argparse
from pathlib import Path

from fastdepth.evaluation.comparing import compare_runs, comparison_page, text_lines
from fastdepth.files import whole_file, write_json


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="fastdepth compare",
        description="Compare two output folders of fastdepth evaluate, frame by frame: the mean "
        "difference of each metric with its confidence interval.",
    )
    parser.add_argument("run_a", type=Path, help="output folder of an evaluation")
    parser.add_argument("run_b", type=Path, help="output folder of another, of the same frames")
    parser.add_argument("--json", type=Path, help="write the comparison to this file")
    parser.add_argument("--html", type=Path, help="write a page with the comparison to this file")
    args = parser.parse_args(argv)
    runs = compare_runs(args.run_a, args.run_b)
    print("\n".join(text_lines(runs)))
    if args.json is not None:
        write_json(args.json, runs.to_json())
    if args.html is not None:
        with whole_file(args.html) as file:
            file.write_text(comparison_page(runs), encoding="utf-8")
    return 0
