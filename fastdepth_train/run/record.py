"""run.json: what was trained, on what, where, for how long, and how it ended."""

from __future__ import annotations

import json
import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from fastdepth import __version__
from fastdepth.files import whole_file, write_json
from fastdepth_train.data.module import DepthData
from fastdepth_train.lit import DepthModule
from fastdepth_train.networks.cost import network_cost
from fastdepth_train.provenance import code_commit
from fastdepth_train.run.folder import RunFolder

SCHEMA_VERSION = 1
RUNNING, FINISHED, STOPPED, INTERRUPTED = "running", "finished", "stopped early", "interrupted"


class RunRecord(Callback):
    """Keeps run.json and config.yaml; each start of a run is one entry of its `starts`."""

    def __init__(self, folder: RunFolder, chosen_by: str, start: Path | None = None) -> None:
        """Keep the record of a run.

        Args:
            folder: of the run.
            chosen_by: validation metric that chooses the best checkpoint.
            start: the checkpoint it goes on from.

        """
        self.folder = folder
        self.chosen_by = chosen_by
        self.start = start
        self._record: dict[str, Any] = {}
        self._began = monotonic()
        self._first_step = 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write what is known before the first step."""
        log_dir = trainer.log_dir  # every process must ask: the first tells the others
        if not trainer.is_global_zero:
            return
        assert isinstance(pl_module, DepthModule)  # noqa: S101 - for the type checker
        before = read_record(self.folder) if self.start is not None else {}
        self._began = monotonic()
        self._first_step = trainer.global_step
        self._record = self._describe(trainer, pl_module)
        self._record["starts"] = [*before.get("starts", []), self._this_start(trainer)]
        self._write(trainer, RUNNING)
        print(_line(self._record, self.folder), flush=True)
        settings = Path(log_dir) / "config.yaml" if log_dir else None
        if settings is not None and settings.is_file():
            with whole_file(self.folder.config) as file:
                file.write_bytes(settings.read_bytes())

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write how far it is."""
        del pl_module
        if self._record and not trainer.sanity_checking:
            frames = sum(int(number) for number in trainer.num_val_batches) * trainer.world_size
            self._record["validated_on"] = min(frames, self._record["validation_frames"])
            self._write(trainer, RUNNING)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write that it ended."""
        del pl_module
        stopped = trainer.should_stop and trainer.current_epoch < (trainer.max_epochs or 0)
        self._write(trainer, STOPPED if stopped else FINISHED)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Write how it ended, if it can be written."""
        del pl_module
        how = f"failed: {exception}"
        if isinstance(exception, KeyboardInterrupt):
            how = INTERRUPTED
        if not isinstance(exception, OSError):
            self._write(trainer, how)

    def _write(self, trainer: Trainer, state: str) -> None:
        if not (trainer.is_global_zero and self._record):
            return
        steps = trainer.global_step - self._first_step
        self._record["starts"][-1] |= {
            "state": state,
            "seconds": round(monotonic() - self._began, 1),
            "steps": steps,
            "images": steps * trainer.accumulate_grad_batches * self._record["batch"],
        }
        write_json(self.folder.record, self._record)

    def _describe(self, trainer: Trainer, module: DepthModule) -> dict[str, Any]:
        data: DepthData = trainer.datamodule  # type: ignore[attr-defined]
        frames = data.opened()
        size = (data.input.width, data.input.height)
        cost = network_cost(module.network, *size)
        card = module.card
        return {
            "schema": SCHEMA_VERSION,
            "fastdepth": __version__,
            "name": module.model_name,
            "parameters": cost.parameters,
            "macs": cost.macs,
            "input": list(size),
            "training_data": list(card.training_data) if card else [],
            "training_frames": len(frames.mix),
            "validation_frames": len(frames.val),
            "validated_on": 0,
            "protocol": module.protocol,
            "chosen_by": self.chosen_by,
            "epochs": trainer.max_epochs,
            "steps_per_epoch": int(trainer.num_training_batches) // trainer.accumulate_grad_batches,
            "batch": data.batch_size * trainer.world_size,
            "processes": trainer.world_size,
        }

    def _this_start(self, trainer: Trainer) -> dict[str, Any]:
        return {
            "began": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "from": str(self.start) if self.start else None,
            "commit": code_commit(),
            "precision": str(trainer.precision),
            "machine": machine(trainer),
        }


def machine(trainer: Trainer) -> dict[str, Any]:
    """Return what trains."""
    device = trainer.strategy.root_device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {
        "device": f"{device.type}: {name}",
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }


def read_record(folder: RunFolder) -> dict[str, Any]:
    """Return the content of run.json; empty where there is none that can be read."""
    try:
        record: dict[str, Any] = json.loads(folder.record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record


def _line(record: dict[str, Any], folder: RunFolder) -> str:
    """Return what a person wants to know when a run starts."""
    width, height = record["input"]
    processes = record["processes"]
    several = f", {processes} processes" if processes > 1 else ""
    return (
        f"training {record['name']} ({record['parameters'] / 1e6:.2f} M parameters, "
        f"{record['macs'] / 1e6:.0f} MMACs at {width}x{height}) on {record['training_frames']} "
        f"frames: {record['epochs']} epochs of {record['steps_per_epoch']} steps of "
        f"{record['batch']} images{several}; into {folder.root}"
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()
