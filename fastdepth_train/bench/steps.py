"""Steps of a real training, timed: `python -m fastdepth_train.bench.steps SETTINGS OUT`.

Both are JSON: the fields of `Settings`, and the file that is written. A process of its own for each
number of threads and of processes, since torch and Lightning keep them for good.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from fastdepth.bench.timing import Times, moment, peak_mb, run_once, since
from fastdepth.errors import FastDepthError
from fastdepth.files import write_json
from fastdepth_train.bench.settings import Settings
from fastdepth_train.data.dataset import Sample
from fastdepth_train.data.module import DepthData
from fastdepth_train.lit import DepthModule
from fastdepth_train.losses import depth_loss
from fastdepth_train.sync_norm import BatchNormOfAll

_WARM_UP = 2
_NEVER = 10**6


class Stopwatch(Callback):
    """Times each step from end to end, and the stages alone between two steps.

    Attributes:
        end_to_end: a step with everything around it, as training runs.
        stages: by name, what each alone takes for one batch; empty where `seconds` is 0.

    """

    def __init__(self, settings: Settings) -> None:
        """Take `seconds` and `steps` from the settings."""
        self.end_to_end: list[Times] = []
        self.stages: dict[str, list[Times]] = {}
        self._settings = settings
        self._works: dict[str, Callable[[], object]] = {}
        self._seen = 0
        self._end = 0.0
        self._mark = moment()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take the time of this step, then time the stages alone."""
        del outputs, batch_idx
        times = since(self._mark)
        self._seen += 1
        if self._seen == _WARM_UP:
            self._end = monotonic() + self._settings.seconds
            if self._settings.seconds:
                self._works = _stages(trainer, pl_module, batch)
        elif self._seen > _WARM_UP:
            self.end_to_end.append(times)
        for name, work in self._works.items():
            self.stages.setdefault(name, []).append(run_once(work))
        if len(self.end_to_end) >= self._settings.steps and monotonic() >= self._end:
            trainer.should_stop = True
        self._mark = moment()


def _stages(trainer: Trainer, module: Any, batch: Sample) -> dict[str, Callable[[], object]]:
    """Return what each stage does with one batch, by name."""
    data: DepthData = trainer.datamodule  # type: ignore[attr-defined]
    batches = _endless(data.train_dataloader())
    raw = next(batches)
    optimizer = trainer.optimizers[0]

    def load() -> object:
        return next(batches)

    def colours() -> object:
        return data.on_after_batch_transfer(raw, 0)

    def step() -> None:
        optimizer.zero_grad()
        with trainer.precision_plugin.forward_context():
            depth: Tensor = module.network(batch.image).float()
            if depth.shape != batch.depth.shape:
                size = batch.depth.shape[-2:]
                depth = torch.nn.functional.interpolate(depth, size=size, mode="bilinear")
            loss = depth_loss(depth, batch.depth, module.loss)["loss"]
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return {"load": load, "colours": colours, "step": step}


def _endless(loader: DataLoader[Sample]) -> Iterator[Sample]:
    while True:
        yield from loader


def train(settings: Settings) -> Stopwatch:
    """Train as `fastdepth train` does, but for what it writes, until enough was timed."""
    torch.set_num_threads(settings.threads)
    torch.manual_seed(0)
    data = DepthData(
        root=settings.root,
        source=settings.source,
        train_split=settings.split,
        # Nothing is validated; without splits some frame has to be for it all the same.
        val_share=0.0 if settings.split else 0.05,
        batch_size=settings.batch_size,
        workers=settings.workers,
    )
    module = DepthModule(preset=settings.preset, encoder_weights="none")
    stopwatch = Stopwatch(settings)
    trainer = Trainer(
        accelerator="cpu",
        devices=settings.processes,
        strategy="ddp" if settings.processes > 1 else "auto",
        precision=settings.precision,
        max_epochs=_NEVER,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        callbacks=[stopwatch],
        plugins=[BatchNormOfAll()],
    )
    trainer.fit(module, datamodule=data)
    return stopwatch


def main(argv: list[str]) -> int:
    """Train as the first argument says and write the times to the second."""
    settings = Settings(**json.loads(argv[0]))
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    try:
        stopwatch = train(settings)
    except FastDepthError as err:
        sys.stderr.write(f"{err}\n")
        return 1
    if int(os.environ.get("LOCAL_RANK", "0")) == 0:
        found = {
            "settings": asdict(settings),
            "end_to_end": stopwatch.end_to_end,
            "stages": stopwatch.stages,
            "peak_mb": peak_mb(),
        }
        write_json(Path(argv[1]), found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
