"""Train one network in several ways at equal budget: what each lever of the recipe gives.

Every run is `config/train/ablation_levers.yaml` with one thing changed (the last ones: several),
so that the number of steps, their images and the schedule are the same; only what the images are,
and where their depth comes from, differs. The exported file is scored on the validation frames,
which choose nothing. Runs that OUT holds already are not repeated.

    python tools/ablate_levers.py --data DATA --out OUT [--weights FILE] [--teacher ONNX]
        [--rooms FOLDER] [--others FOLDER ...] [--only NAME ...] [overrides, as for fastdepth train]

Levers whose file or folder is not given are left out. FOLDER of `--rooms` is what
tools/render_random_rooms.py made. OUT gets table.md beside a run folder for each.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from equal_budget import METRICS, folder_name, read_results, train_and_score

from fastdepth.files import whole_file

RECIPE = Path(__file__).resolve().parents[1] / "config" / "train" / "ablation_levers.yaml"
STRONG = {
    "geometric.zoom": "[1.0, 2.0]",
    "geometric.rotation": "6.0",
    "photometric.brightness": "0.3",
    "photometric.contrast": "0.3",
    "photometric.saturation": "0.4",
    "photometric.white_balance": "0.1",
    "photometric.gamma": "0.3",
    "photometric.blur": "0.25",
    "photometric.noise": "0.3",
}


class Lever(NamedTuple):
    """A way to train.

    Attributes:
        name: as the table has it.
        settings: of `fastdepth train`, beyond the recipe.
        more: which further frames: `rooms`, `others`.
        teacher: it has one.

    """

    name: str
    settings: dict[str, str]
    more: tuple[str, ...] = ()
    teacher: bool = False


_BLENDS = {"data.mix.share": "0.5"}
_SAME_VIEW = {"data.teacher_sees": "view"}
LEVERS = (
    Lever("baseline", {}),
    Lever("baseline, seed 2", {"seed_everything": "2"}),
    Lever("strong augmentation", {f"data.augment.{k}": v for k, v in STRONG.items()}),
    Lever("slower encoder", {"model.optimizer.encoder_lr": "0.0125"}),
    Lever("fusion decoder", {"model.preset": "mobilenetv2-fusion"}),
    Lever("other cameras", {}, ("others",)),
    Lever("half blends, teacher sees frames", _BLENDS, teacher=True),
    Lever("half blends, teacher sees views", _BLENDS | _SAME_VIEW, teacher=True),
    Lever("rooms", {}, ("rooms",)),
    Lever("rooms, half blends, frames", _BLENDS, ("rooms",), teacher=True),
    Lever("rooms, half blends, views", _BLENDS | _SAME_VIEW, ("rooms",), teacher=True),
    Lever("pasted pieces", {"data.mix.paste": "0.3"}),
)


def arguments_of(lever: Lever, args: argparse.Namespace) -> list[str] | None:
    """Return the arguments of `fastdepth train`, or None where something was not given."""
    arguments = ["--config", str(args.config), "--model.encoder_weights", args.weights]
    for name, value in lever.settings.items():
        arguments += [f"--{name}", value]
    if lever.teacher:
        if args.teacher is None:
            return None
        arguments += ["--data.teacher", str(args.teacher)]
    more: list[dict[str, Any]] = []
    for kind in lever.more:
        if kind == "rooms":
            # As many of them in an epoch as of the run's own frames.
            more += [{"root": str(folder), "weight": 1.0} for folder in args.rooms]
        else:
            more += [{"root": str(folder)} for folder in args.others]
    if lever.more and not more:
        return None
    return [*arguments, "--data.more", json.dumps(more)] if more else arguments


def table(results: list[dict[str, Any]]) -> Iterable[str]:
    """Return the lines of a Markdown table."""
    yield "| lever | RMSE | AbsRel | δ1 | CPU minutes |"
    yield "|---|---:|---:|---:|---:|"
    for row in results:
        rmse, abs_rel, delta1 = (row["accuracy"][key] for key in METRICS)
        minutes = row["training_processor_seconds"] / 60
        yield f"| {row['name']} | {rmse:.3f} | {abs_rel:.3f} | {delta1:.3f} | {minutes:.1f} |"


def main(argv: list[str]) -> int:
    """Train, score and tabulate; return the exit code."""
    args, overrides = _parser().parse_known_args(argv)
    names = args.only or [lever.name for lever in LEVERS]
    for lever in LEVERS:
        arguments = arguments_of(lever, args)
        if lever.name not in names:
            continue
        if arguments is None:
            print(f"== {lever.name}: left out, since what it needs was not given", flush=True)
            continue
        folder = args.out / folder_name(lever.name)
        about = {"name": lever.name, "settings": lever.settings}
        train_and_score(folder, [*arguments, *overrides], args.data, args.split, about)
    lines = list(table(read_results(args.out, names)))
    print("\n".join(lines))
    with whole_file(args.out / "table.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Compare ways to train at equal budget.")
    parser.add_argument("--data", type=Path, required=True, help="the data set's folder")
    parser.add_argument("--split", default="val", help="frames to score on")
    parser.add_argument("--weights", default="imagenet", help="of the encoder: imagenet or FILE")
    parser.add_argument("--teacher", type=Path, help="an ONNX file with a card, or a checkpoint")
    parser.add_argument("--rooms", type=Path, nargs="+", default=[], help="rendered frames")
    parser.add_argument("--others", type=Path, nargs="+", default=[], help="of other cameras")
    parser.add_argument("--config", type=Path, default=RECIPE, help="the recipe")
    parser.add_argument("--out", type=Path, required=True, help="folder for everything")
    parser.add_argument(
        "--only", nargs="+", choices=[lever.name for lever in LEVERS], metavar="NAME"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
