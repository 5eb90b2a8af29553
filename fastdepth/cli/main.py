"""Find a verb, run it, and turn named errors into one line and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import NamedTuple, cast

from fastdepth import __version__
from fastdepth.errors import FastDepthError, MissingExtraError


class Verb(NamedTuple):
    """Where a verb lives; listed here so that help needs neither torch nor ROS.

    The module has `main(argv: list[str]) -> int`.
    """

    module: str
    extra: str
    help: str


VERBS = {
    "evaluate": Verb("fastdepth.cli.evaluate", "", "score a model on a bag, data set or folder"),
    "compare": Verb("fastdepth.cli.compare", "", "tell what differs between two evaluations"),
    "calibrate": Verb("fastdepth.cli.calibrate", "bags", "fit a correction to a camera of yours"),
    "predict": Verb("fastdepth.cli.predict", "", "write depth and pictures for images"),
    "info": Verb("fastdepth.cli.info", "", "print what a model file is and expects"),
    "card": Verb("fastdepth.cli.card", "train", "add or replace the card of a model file"),
    "bench": Verb("fastdepth.cli.bench", "", "measure speed on this machine"),
    "bag": Verb("fastdepth.cli.bag", "bags", "look into and make rosbags"),
    "demo": Verb("fastdepth_ros.demo.cli", "ros", "play a bag through the real node and score it"),
    "train": Verb("fastdepth_train.cli.train", "train", "train a network"),
    "export": Verb("fastdepth_train.cli.export", "train", "turn a checkpoint into an ONNX file"),
    "quantize": Verb("fastdepth_train.cli.quantize", "train", "make an 8-bit model of a float one"),
    "prune": Verb("fastdepth_train.cli.prune", "train", "take channels out of a trained network"),
    "average": Verb("fastdepth_train.cli.average", "train", "mean of checkpoints' weights"),
    "presets": Verb("fastdepth_train.cli.presets", "train", "list the networks and what they cost"),
}


def main(argv: list[str] | None = None) -> int:
    """Run `fastdepth VERB ...`; return the exit code (0 well, 1 named error, 2 wrong usage)."""
    args = sys.argv[1:] if argv is None else argv
    if not args or args[0] in {"-h", "--help"}:
        print(_usage())
        return 0 if args else 2
    if args[0] == "--version":
        print(f"fastdepth {__version__}")
        return 0
    verb = VERBS.get(args[0])
    if verb is None:
        print(f"fastdepth: no verb {args[0]!r}\n\n{_usage()}", file=sys.stderr)
        return 2
    return _run(args[0], args[1:])


def _run(name: str, argv: list[str]) -> int:
    try:
        code = load_verb(name)(argv)
        # Now and not at exit, where a closed pipe could not be caught any more.
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`); what is left must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except FastDepthError as err:
        print(f"fastdepth {name}: {err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"fastdepth {name}: interrupted", file=sys.stderr)
        return 130
    return code


def load_verb(name: str) -> Callable[[list[str]], int]:
    """Return the `main` of a verb's module, for `main` and for verbs that hand over to another.

    Raises:
        MissingExtraError: a package that the verb needs is not installed.

    """
    return load(name, VERBS[name])


def load(name: str, verb: Verb) -> Callable[[list[str]], int]:
    """Return the `main` of a module, for `load_verb` and for verbs that have verbs of their own.

    Raises:
        MissingExtraError: a package that the verb needs is not installed.

    """
    try:
        module = importlib.import_module(verb.module)
    except ModuleNotFoundError as err:
        if err.name is not None and err.name.split(".")[0].startswith("fastdepth"):
            raise
        what = f"fastdepth {name}"
        raise MissingExtraError(what, verb.extra or "all", err) from err
    return cast("Callable[[list[str]], int]", module.main)


def _usage() -> str:
    width = max(map(len, VERBS))
    lines = [f"  {name:<{width}}  {verb.help}" for name, verb in VERBS.items()]
    return "\n".join(
        [
            "usage: fastdepth VERB [options]   (fastdepth VERB --help tells more)",
            "",
            "Metric depth from one camera.",
            "",
            *lines,
        ]
    )
