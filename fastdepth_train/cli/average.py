"""`fastdepth average A.ckpt B.ckpt --out OUT.ckpt`: the mean of the weights of checkpoints."""

from __future__ import annotations

import argparse
from pathlib import Path

from fastdepth_train.average import average
from fastdepth_train.checkpoint import save_network


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    args = _parser().parse_args(argv)
    network, card = average(args.checkpoint, args.shares)
    save_network(args.out, network, card)
    print(f"wrote {args.out}, the mean of {len(args.checkpoint)} checkpoints")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth average",
        description=(
            "Write the mean of the weights of checkpoints that went on from one another. Choose "
            "the shares on validation frames: export each mean with --evaluate."
        ),
    )
    parser.add_argument(
        "checkpoint", type=Path, nargs="+", help="of fastdepth train; the last one's card is kept"
    )
    parser.add_argument(
        "--shares", type=float, nargs="+", help="of each, summing to 1; equal if not given"
    )
    parser.add_argument("--out", type=Path, required=True, help="where the mean goes")
    return parser
