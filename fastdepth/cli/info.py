"""`fastdepth info MODEL`: print the card of a model file; `--presets`: the networks to train."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from fastdepth.card import ModelCard
from fastdepth.cli.main import load_verb
from fastdepth.engines import read_card
from fastdepth.files import write_json


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="fastdepth info", description="Print what a model file is, expects and delivers."
    )
    parser.add_argument("model", type=Path, nargs="?", help="ONNX file with a model card")
    parser.add_argument(
        "--presets",
        action="store_true",
        help="list the networks that can be trained and what they cost, instead (needs torch)",
    )
    parser.add_argument("--json", type=Path, help="also write what is printed to this file")
    args = parser.parse_args(argv)
    if args.presets == (args.model is not None):
        parser.error("give either a model or --presets")
    if args.presets:
        return load_verb("presets")([] if args.json is None else ["--json", str(args.json)])
    card = read_card(args.model)
    print("\n".join(_lines(args.model, card)))
    if args.json is not None:
        write_json(args.json, json.loads(card.to_json()))
    return 0


def _lines(path: Path, card: ModelCard) -> list[str]:
    content = path.read_bytes()
    spec = card.input
    rows = [
        ("model", f"{card.name} {card.version}"),
        ("file", f"{path} ({len(content) / 1e6:.2f} MB)"),
        ("sha256", hashlib.sha256(content).hexdigest()),
        (
            "input",
            f"{spec.width}x{spec.height} {spec.channel_order}, {spec.fit}, {spec.interpolation}",
        ),
        ("", f"mean {_numbers(spec.mean)}, std {_numbers(spec.std)} (of 0..1)"),
        ("output", f"{card.unit}, valid {card.depth_range[0]:g} to {card.depth_range[1]:g}"),
        ("camera", f"focal length {_numbers(card.focal_length)} pixels at input size"),
        ("trained on", "; ".join(card.training_data) or "unknown"),
        ("trained by", f"commit {card.training_commit}"),
        ("licence", card.licence),
        ("notes", card.notes),
    ]
    for result in card.accuracy:
        figures = ", ".join(
            f"{key} {result.metrics[key]:.3f}"
            for key in ("rmse", "abs_rel", "delta1", "delta2", "delta3")
            if key in result.metrics
        )
        rows.append(
            ("accuracy", f"{result.dataset}, protocol {result.protocol}, align {result.align}")
        )
        rows.append(("", figures))
    return [f"{name:<11} {value}".rstrip() for name, value in rows if value]


def _numbers(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:.6g}" for value in values)
