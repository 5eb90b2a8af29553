"""Training variants of a recipe at equal budget, each scored once, after its last step."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastdepth.estimator import DepthEstimator
from fastdepth.evaluate import Evaluation, evaluate
from fastdepth.files import make_folder, write_json
from fastdepth.sources import open_source
from fastdepth_train.checkpoint import load_checkpoint
from fastdepth_train.cli.train import main as train
from fastdepth_train.export import export_network
from fastdepth_train.provenance import code_commit

PROTOCOL = "fastdepth"
METRICS = ("rmse", "abs_rel", "delta1")
RESULT = "result.json"


def train_and_score(
    folder: Path, arguments: Sequence[str], data: Path, split: str, about: Mapping[str, Any]
) -> None:
    """Train a variant, export it and write its figures, unless they are there already.

    Args:
        folder: of the run; an interrupted one goes on.
        arguments: of `fastdepth train`, but for the data and the run's folder.
        data: the data set.
        split: of the frames that the exported file is scored on; they choose nothing.
        about: what else the result is to say: at least the variant's `name`.

    """
    result = folder / RESULT
    if result.is_file():
        return
    print(f"== {about['name']}", flush=True)
    make_folder(folder)
    start, processor = time.monotonic(), time.process_time()
    own = ["--data.root", str(data), "--run", str(folder), "--resume", "auto"]
    train([*arguments, *own, "--trainer.enable_progress_bar", "false"])
    seconds, processor = time.monotonic() - start, time.process_time() - processor
    network, card = load_checkpoint(folder / "checkpoints" / "last.ckpt")
    exported = folder / "network.onnx"
    export_network(network, card, exported)
    evaluation = Evaluation(PROTOCOL, "none")
    predict = DepthEstimator.load(exported, threads=1).predict_frame
    for _ in evaluate(open_source(data, split=split), predict, evaluation):
        pass
    accuracy = evaluation.result()
    figures = {
        **about,
        "commit": code_commit(),
        "training_seconds": seconds,
        "training_processor_seconds": processor,
        "accuracy": accuracy,
    }
    write_json(result, figures)
    line = ", ".join(f"{key} {accuracy[key]:.4f}" for key in METRICS)
    print(f"   {line}; {seconds:.0f} s", flush=True)
    gc.collect()


def read_results(out: Path, order: Sequence[str]) -> list[dict[str, Any]]:
    """Return the results that a folder holds, of the named variants and in their order."""
    rows = [json.loads(path.read_text("utf-8")) for path in out.glob(f"*/{RESULT}")]
    return sorted(
        (row for row in rows if row["name"] in order), key=lambda row: order.index(row["name"])
    )


def folder_name(variant: str) -> str:
    """Return a folder's name for a variant."""
    return variant.replace(", ", "-").replace(" ", "-")
