"""Train every decoder on the same encoder at equal budget, and put accuracy beside cost.

Each variant is trained by the recipe (same frames, order, augmentation, steps and schedule) and
exported after its last step; the file is scored on the validation frames, which choose nothing.
Cost is that of the same network at 224x224, timed in onnxruntime on one thread in turns with the
original FastDepth (milliseconds on the processor). Variants that OUT holds already are not trained
again, and one that was interrupted goes on.

    python tools/ablate_decoders.py --data DATA --out OUT [--only NAME ...] [--rounds N]
        [overrides of the recipe, as for fastdepth train]

OUT gets results.json, table.md and decoders.png beside a run folder for each variant.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import equal_budget
import torch
import yaml
from bench_presets import REFERENCE, measure, prepare, subject_of
from equal_budget import METRICS, PROTOCOL, folder_name, read_results

from fastdepth.card import InputSpec
from fastdepth.files import make_folder, whole_file, write_json
from fastdepth_train.networks.build import build_network
from fastdepth_train.networks.config import DecoderConfig, EncoderConfig, NetworkConfig
from fastdepth_train.networks.cost import network_cost

RECIPE = Path(__file__).resolve().parents[1] / "config" / "train" / "ablation.yaml"
# At which the field counts operations, and which the models are made for.
SIDE = 224
_ENCODER = EncoderConfig("mobilenet_v2")
# Stages of the paper's width; the others have those of MobileNetV2's features, which they add.
_WIDE = (512, 256, 128, 64, 32)
_SEED = 1


class Variant(NamedTuple):
    """A network to train: what it is called, which question it answers, and from which seed."""

    name: str
    group: str
    network: NetworkConfig
    seed: int = _SEED


def _net(decoder: DecoderConfig, **more: Any) -> NetworkConfig:
    return NetworkConfig(_ENCODER, decoder, **more)


def _stage(name: str, kernel: int = 5) -> NetworkConfig:
    """Return the network with stages of that kind; some double the size by themselves."""
    upsamples_itself = name.removesuffix("_dw") not in {"nnconv", "blconv"}
    upsample = "none" if upsamples_itself else "bilinear"
    return _net(DecoderConfig(name, kernel), upsample=upsample)


def _fusion(width: int) -> NetworkConfig:
    return _net(DecoderConfig("fusion", channels=(width,) * 5))


_BASE = _stage("nnconv_dw")
_BASE_NAME = "nnconv5dw"
VARIANTS = (
    Variant(_BASE_NAME, "stages", _BASE),
    Variant("nnconv3dw", "stages", _stage("nnconv_dw", 3)),
    Variant("nnconv5", "stages", _stage("nnconv")),
    Variant("nnconv3", "stages", _stage("nnconv", 3)),
    Variant("blconv5dw", "stages", _stage("blconv_dw")),
    Variant("blconv5", "stages", _stage("blconv")),
    Variant("deconv5dw", "stages", _stage("deconv_dw")),
    Variant("deconv5", "stages", _stage("deconv")),
    Variant("shuffleconv5dw", "stages", _stage("shuffleconv_dw")),
    Variant("shuffleconv5", "stages", _stage("shuffleconv")),
    Variant("upconv5", "stages", _stage("upconv")),
    Variant("upproj5", "stages", _stage("upproj")),
    Variant("skip none", "skips", _net(DecoderConfig(skip="none"))),
    Variant("skip add from stage 2", "skips", _net(DecoderConfig(first_skip=2))),
    Variant("skip concat", "skips", _net(DecoderConfig(skip="concat"))),
    Variant("wide, skip none", "width", _net(DecoderConfig(channels=_WIDE, skip="none"))),
    Variant("wide, skip concat", "width", _net(DecoderConfig(channels=_WIDE, skip="concat"))),
    Variant("fusion 16", "width", _fusion(16)),
    Variant("fusion 32", "width", _fusion(32)),
    Variant("half size", "end", replace(_BASE, upsample="none")),
    Variant("nearest", "end", replace(_BASE, upsample="nearest")),
    Variant("head after", "end", replace(_BASE, head="after")),
    Variant("depth from ReLU", "end", replace(_BASE, output="relu")),
    # The same network again: how much of a difference is chance.
    *(Variant(f"{_BASE_NAME}, seed {seed}", "chance", _BASE, seed) for seed in (2, 3)),
)


def train_and_score(variant: Variant, args: argparse.Namespace, overrides: list[str]) -> None:
    """Train a variant unless its result is there, export it, and write its figures."""
    folder = make_folder(args.out / folder_name(variant.name))
    network = folder / "network.yaml"
    network.write_text(yaml.safe_dump({"model": {"network": _plain(variant.network)}}), "utf-8")
    arguments = ["--config", str(args.config), "--config", str(network)]
    arguments += ["--model.encoder_weights", str(args.weights)]
    arguments += ["--seed_everything", str(variant.seed), *overrides]
    about = {"name": variant.name, "group": variant.group, "seed": variant.seed}
    about["network"] = variant.network.to_dict()
    equal_budget.train_and_score(folder, arguments, args.data, args.split, about)


def add_cost(results: list[dict[str, Any]], out: Path, rounds: int) -> None:
    """Add parameters, MACs and times at 224x224 to the results."""
    folder = make_folder(out / "timed")
    reference, _ = prepare(REFERENCE, folder)
    subjects = {REFERENCE: reference}
    for row in results:
        torch.manual_seed(0)
        network = build_network(NetworkConfig.from_dict(row["network"])).eval()
        parameters, _, row["macs"] = network_cost(network, SIDE, SIDE)
        row["parameters"] = parameters
        subjects[row["name"]] = subject_of(network, row["name"], InputSpec(SIDE, SIDE), folder)
    times = measure(subjects, rounds)
    for row in results:
        row.update(times[row["name"]])


def table(results: list[dict[str, Any]]) -> Iterable[str]:
    """Return the lines of a Markdown table, in the order of the variants."""
    yield "| variant | parameters | MMACs | ms | of `fastdepth` | RMSE | AbsRel | δ1 |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for row in results:
        rmse, abs_rel, delta1 = (row["accuracy"][key] for key in METRICS)
        yield (
            f"| {row['name']} | {row['parameters'] / 1e6:.2f} M | {row['macs'] / 1e6:.0f} "
            f"| {row['processor_ms']:.1f} | {row['of_fastdepth']:.2f} "
            f"| {rmse:.3f} | {abs_rel:.3f} | {delta1:.3f} |"
        )


def draw(results: list[dict[str, Any]], path: Path) -> None:
    """Draw accuracy against time; the bar is the spread of one network over its seeds."""
    import matplotlib as mpl  # noqa: PLC0415 - only here

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after its backend is chosen

    figure, axes = plt.subplots(figsize=(9, 5.5), dpi=100)
    groups = dict.fromkeys(row["group"] for row in results)
    for number, group in enumerate(groups):
        rows = [row for row in results if row["group"] == group]
        times = [row["of_fastdepth"] for row in rows]
        accuracy = [row["accuracy"]["delta1"] for row in rows]
        axes.scatter(times, accuracy, label=group, color=f"C{number}", zorder=3)
        for index, (row, x, y) in enumerate(zip(rows, times, accuracy, strict=True)):
            if group != "chance":
                # Above and below in turns: many lie close together.
                place = (5, 3 if index % 2 else -9)
                axes.annotate(row["name"], (x, y), place, textcoords="offset points", fontsize=7)
    same = [r for r in results if r["name"].split(",")[0] == _BASE_NAME]
    if len(same) > 1:
        values = [row["accuracy"]["delta1"] for row in same]
        axes.axhspan(min(values), max(values), alpha=0.15, label=f"{_BASE_NAME}, seeds")
        axes.axhline(mean(values), linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("time of one image on one thread, in times of the original FastDepth")
    axes.set_ylabel("δ1 on validation frames")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    with whole_file(path) as temporary:
        figure.savefig(temporary)
    plt.close(figure)


def main(argv: list[str]) -> int:
    """Train, time and tabulate; return the exit code."""
    args, overrides = _parser().parse_known_args(argv)
    names = args.only or [variant.name for variant in VARIANTS]
    chosen = [variant for variant in VARIANTS if variant.name in names]
    for variant in chosen:
        train_and_score(variant, args, overrides)
    results = read_results(args.out, [v.name for v in VARIANTS if v.name in names])
    add_cost(results, args.out, args.rounds)
    lines = list(table(results))
    print("\n".join(lines))
    with whole_file(args.out / "table.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n", "utf-8")
    draw(results, args.out / "decoders.png")
    write_json(args.out / "results.json", {"protocol": PROTOCOL, "variants": results})
    return 0


def _plain(network: NetworkConfig) -> dict[str, Any]:
    """Return the configuration as YAML takes it: lists for tuples."""
    plain: dict[str, Any] = json.loads(json.dumps(network.to_dict()))
    return plain


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare decoders at equal training budget.")
    parser.add_argument("--data", type=Path, required=True, help="the data set's folder")
    parser.add_argument("--split", default="val", help="frames to score on")
    parser.add_argument("--weights", default="imagenet", help="of the encoder: imagenet or FILE")
    parser.add_argument("--config", type=Path, default=RECIPE, help="the recipe")
    parser.add_argument("--out", type=Path, required=True, help="folder for everything")
    parser.add_argument("--only", nargs="+", choices=[v.name for v in VARIANTS], metavar="NAME")
    parser.add_argument("--rounds", type=int, default=40, help="of timing")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
