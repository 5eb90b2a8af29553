"""`fastdepth prune CKPT OUT.ckpt --target-macs 0.5`: take channels out of a trained network."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from jsonargparse import ArgumentParser

from fastdepth.card import ModelCard
from fastdepth.cli.common import Progress, progress
from fastdepth_train.checkpoint import load_checkpoint, save_network
from fastdepth_train.data.module import DepthData
from fastdepth_train.errors import PruneError
from fastdepth_train.losses import LossConfig
from fastdepth_train.networks import DepthNetwork
from fastdepth_train.networks.cost import network_cost
from fastdepth_train.provenance import code_commit
from fastdepth_train.prune.budgets import Budget, LatencyBudget, MacsBudget
from fastdepth_train.prune.search import PruneConfig, Step, Watch, check_reachable, prune
from fastdepth_train.prune.surgery import Surgeon
from fastdepth_train.prune.tuning import Tuner

# Decided when the network was trained; taken from its card.
_ON_THE_CARD = {
    "input_size",
    "interpolation",
    "mean",
    "std",
    "focal_length",
    "depth_range",
    "name",
    "terms",
}


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    if (args.target_macs is None) == (args.target_latency is None):
        parser.error("give either --target-macs or --target-latency")
    settings = parser.instantiate_classes(args)
    config: PruneConfig = settings.prune
    path, out = Path(args.checkpoint), Path(args.out)
    network, card = load_checkpoint(path)
    if not isinstance(network, DepthNetwork):
        msg = f"{path} is of a METER, which is not pruned; expected an encoder with a decoder"
        raise PruneError(msg)
    whole = network_cost(network, card.input.width, card.input.height)
    with ExitStack() as stack:
        if args.target_macs is not None:
            budget: Budget = MacsBudget(network, card, args.target_macs)
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            budget = LatencyBudget(network, card, args.target_latency, folder)
        surgeon = Surgeon(network, card.input.width, card.input.height)
        check_reachable(surgeon, budget, config.unit)
        tuner = Tuner(network, _data(settings.data, card), settings.loss, measured=config.measured)
        print(f"{path}: {card.name} {card.version}, loss {tuner.loss():.4f}")
        work = config.steps * (len(surgeon.groups) + config.tune) + config.final
        with progress(work, "pruning") as show:
            share = prune(surgeon, tuner, budget, config, _watch(budget, show, work))
    print(f"loss {tuner.loss():.4f} after the last fine-tuning")
    left = network_cost(network, card.input.width, card.input.height)
    save_network(out, network, _described(card, left.macs / whole.macs))
    print(f"{out}: {budget.describe(share)}")
    print(
        f"  {whole.macs / 1e9:.4f} -> {left.macs / 1e9:.4f} GMAC, "
        f"{whole.parameters / 1e6:.3f} -> {left.parameters / 1e6:.3f} M parameters"
    )
    return 0


def _data(data: DepthData, card: ModelCard) -> DepthData:
    """Make frames what the network was trained on, as its card tells."""
    data.input = card.input
    data.focal_length = card.focal_length
    data.depth_range = card.depth_range
    return data


def _watch(budget: Budget, show: Progress, total: int) -> Watch:
    done = 0

    def work() -> None:
        nonlocal done
        done += 1
        show(done, max(total, done))

    def step(made: Step) -> None:
        removed = sum(made.removed.values())
        print(
            f"step {made.number}: {budget.describe(made.share)}, {removed} channels from "
            f"{len(made.removed)} groups; loss {made.before:.4f}, without them {made.cut:.4f}, "
            f"tuned {made.tuned:.4f}",
            flush=True,
        )

    return Watch(work, step)


def _described(card: ModelCard, share: float) -> ModelCard:
    note = f"Pruned from {card.name} {card.version} to {share:.1%} of its operations."
    return replace(
        card,
        # What the whole network scored is no result of this one.
        accuracy=(),
        notes=f"{card.notes} {note}".strip(),
        training_commit=code_commit(),
    )


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="fastdepth prune",
        description="Take channels out of a trained network, step by step, with short fine-tuning "
        "between: those that cost the least loss for each operation saved. The result is a "
        "checkpoint like any other. Input and camera of the frames are those on the card.",
    )
    parser.add_argument("checkpoint", type=str, help="a .ckpt file written by fastdepth train")
    parser.add_argument("out", type=str, help="the .ckpt file to write")
    parser.add_argument("--config", action="config", help="a YAML file with these settings")
    parser.add_argument(
        "--target-macs",
        type=str | None,
        help="operations of one image: a share of the given network's (0.5), or 150M, 0.15G",
    )
    parser.add_argument(
        "--target-latency",
        type=str | None,
        help="time of one image in onnxruntime, one thread: a share of the given network's (0.5), "
        "or 2.5ms; channels are chosen by operations, time is measured after each step",
    )
    parser.add_class_arguments(PruneConfig, "prune")
    parser.add_class_arguments(LossConfig, "loss")
    parser.add_class_arguments(DepthData, "data", skip=_ON_THE_CARD)
    return parser
