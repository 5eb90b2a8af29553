"""`fastdepth bench [SUB]`: measure speed on this machine; alone, everything one after the other."""

from __future__ import annotations

import argparse
import importlib.util
from time import monotonic
from typing import Any

from fastdepth.bench.aims import aims_table, judge
from fastdepth.bench.machine import describe_machine, load_average
from fastdepth.bench.options import add_bench_arguments, run_bench
from fastdepth.bench.report import load_note, make_document, show
from fastdepth.cli.main import Verb, load
from fastdepth.errors import FastDepthError
from fastdepth.files import write_json

SUBS = {
    "model": Verb("fastdepth.cli.bench_model", "", "every model in every engine, by threads"),
    "pipeline": Verb("fastdepth.cli.bench_pipeline", "", "message to message, stage by stage"),
    "node": Verb("fastdepth_ros.bench.cli", "ros", "a real node under a camera"),
    "train": Verb("fastdepth_train.cli.bench", "train", "training, stage by stage"),
}

# What `fastdepth bench` gives to each: a share of the timed seconds, and arguments. Loading comes
# on top, and all of it stays below 5 minutes on two CPUs.
_PLAN: dict[str, tuple[float, list[str]]] = {
    "model": (0.44, []),
    "pipeline": (0.11, []),
    "node": (0.25, ["--quick"]),
    "train": (0.2, []),
}
_SECONDS = 80.0


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    if argv and argv[0] in SUBS:
        return load(f"bench {argv[0]}", SUBS[argv[0]])(argv[1:])
    return _run_all(_parser().parse_args(argv))


def _run_all(args: argparse.Namespace) -> int:
    start, before = monotonic(), load_average()
    sections: dict[str, Any] = {}
    failed: dict[str, str] = {}
    machine = describe_machine().as_dict()
    for name, (share, more) in _PLAN.items():
        if (missing := _missing(name)) is not None:
            failed[name] = missing
            continue
        print(f"== fastdepth bench {name}", flush=True)
        try:
            document = run_bench(name, ["--seconds", f"{share * args.seconds:g}", *more])
        except FastDepthError as err:
            failed[name] = str(err)
            continue
        sections[name] = document[name]
        # The one that measured the peaks knows most of the machine.
        machine = max(machine, document["machine"], key=lambda known: len(known["peaks"]))
    document = make_document(describe_machine(), before, sections) | {"machine": machine}
    judged = judge(document)
    document["aims"] = [one.as_dict() for one in judged]
    document |= {"not_run": failed, "seconds": monotonic() - start}
    show(aims_table(judged))
    print(f"{load_note(document)}; {monotonic() - start:.0f} s")
    for name, reason in failed.items():
        print(f"not run: {name}: {reason}")
    recommendation = sections.get("model", {}).get("recommendation")
    if recommendation:
        document["recommendation"] = recommendation
        print(recommendation["words"])
    if args.json is not None:
        write_json(args.json, document)
    return 1 if failed and not sections else 0


def _missing(name: str) -> str | None:
    """Return why a benchmark cannot run here, or None; nothing of it is imported."""
    sub = SUBS[name]
    try:
        found = importlib.util.find_spec(sub.module)
    except ModuleNotFoundError:
        found = None
    needed = {"ros": "rclpy", "train": "torch"}.get(sub.extra)
    if found is None or (needed and importlib.util.find_spec(needed) is None):
        return f"it is not installed: pip install 'fastdepth[{sub.extra}]'"
    return None


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, SUBS))
    subs = "\n".join(f"  {name:<{width}}  {sub.help}" for name, sub in SUBS.items())
    parser = argparse.ArgumentParser(
        prog="fastdepth bench",
        usage="fastdepth bench [SUB] [options]   (fastdepth bench SUB --help tells more)",
        description="Measure on this machine what speed costs; without SUB everything that is "
        f"installed, in a few minutes.\n\n{subs}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_bench_arguments(parser, seconds=_SECONDS)
    return parser
