"""`fastdepth card MODEL`: print the card of a model file as JSON, or write another into a copy."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fastdepth.card import ModelCard
from fastdepth.card_file import write_card
from fastdepth.engines import read_card
from fastdepth.errors import CardError


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="fastdepth card",
        description="Print the card of a model file as JSON, or write another one into a copy. "
        "The copy appears only if the network runs as its card says.",
    )
    parser.add_argument("model", type=Path, help="ONNX file")
    parser.add_argument("--set", type=Path, metavar="CARD.json", help="the card to write")
    parser.add_argument("--out", type=Path, help="where the model with that card goes")
    args = parser.parse_args(argv)
    if (args.set is None) != (args.out is None):
        parser.error("--set and --out belong together")
    if args.set is None:
        card = read_card(args.model)
        print(json.dumps(json.loads(card.to_json()), indent=2, ensure_ascii=False))
        return 0
    card = _read(args.set)
    write_card(args.model, card, args.out)
    print(f"{args.out}: {card.name} {card.version}")
    return 0


def _read(path: Path) -> ModelCard:
    try:
        return ModelCard.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as err:
        msg = f"card file {path} cannot be read: {err}"
        raise CardError(msg) from err
    except CardError as err:
        msg = f"{path}: {err}"
        raise CardError(msg) from err
