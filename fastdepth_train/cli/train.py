"""`fastdepth train --config FILE`: train a network into a run folder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger

from fastdepth.files import make_folder
from fastdepth_train.checkpoint import WholeFileCheckpointIO, load_checkpoint
from fastdepth_train.cli.progress import ValidationLines
from fastdepth_train.data.module import DepthData
from fastdepth_train.errors import ConfigError
from fastdepth_train.lit import DepthModule

CHECKPOINTS = "checkpoints"
LAST = "last.ckpt"
# (metric, mode) that chooses the checkpoint to keep.
BEST = ("val/rmse", "min")

_HARMLESS = (
    # Batches are made in the training process on purpose: the frames are in memory.
    ".*does not have many workers.*",
    # The verb has been taken off the arguments, so they are given and not read from sys.argv.
    ".*args parameter is intended to run from within Python.*",
    # Lightning's own use of torch.
    ".*treespec, LeafSpec.*",
    ".*is not supported by the model summary.*",
)


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    for harmless in _HARMLESS:
        warnings.filterwarnings("ignore", message=harmless)
    cli = TrainCLI(
        DepthModule,
        DepthData,
        args=argv,
        run=False,
        seed_everything_default=0,
        auto_configure_optimizers=False,
        parser_kwargs={"prog": "fastdepth train", "description": "Train a depth network."},
    )
    start = cli.start_from()
    cli.trainer.fit(cli.model, datamodule=cli.datamodule, ckpt_path=start, weights_only=True)
    return 0


class TrainCLI(LightningCLI):
    """Lightning's command line with a run folder that holds everything a run writes."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the run folder, resuming, and one seed for everything."""
        parser.add_argument(
            "--run", type=str, default="runs/fastdepth", help="folder of this run, made if needed"
        )
        parser.add_argument(
            "--resume",
            type=str | None,
            default=None,
            help="go on from this checkpoint; `auto` goes on from the run folder's last one, or "
            "starts where there is none",
        )
        parser.link_arguments("seed_everything", "data.seed", compute_fn=_seed)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Send checkpoints, metrics and the configuration to the run folder."""
        run = make_folder(Path(self.config["run"]))
        monitor, mode = BEST
        best = ModelCheckpoint(
            dirpath=run / CHECKPOINTS,
            filename="best",
            monitor=monitor,
            mode=mode,
            enable_version_counter=False,
        )
        # Apart from the best: that one is written only where it gets better.
        last = ModelCheckpoint(
            dirpath=run / CHECKPOINTS,
            filename=Path(LAST).stem,
            save_on_train_epoch_end=True,
            enable_version_counter=False,
        )
        kwargs.setdefault("default_root_dir", str(run))
        # The instantiated settings, not `self.config`: that one is saved as the run's config.yaml.
        trainer = self.config_init["trainer"]
        trainer["logger"] = CSVLogger(run, name="logs")
        trainer["callbacks"] = [
            *(trainer["callbacks"] or []),
            best,
            last,
            LearningRateMonitor("step"),
            ValidationLines(),
        ]
        trainer["plugins"] = [*(trainer["plugins"] or []), WholeFileCheckpointIO()]
        return super().instantiate_trainer(**kwargs)

    def start_from(self) -> Path | None:
        """Return the checkpoint to go on from, or None for a fresh start.

        Raises:
            ConfigError: the run folder holds a run already and `--resume` was not given.
            CheckpointError: the checkpoint is missing or damaged.

        """
        last = Path(self.config["run"]) / CHECKPOINTS / LAST
        resume = self.config["resume"]
        if resume is None:
            if last.exists():
                msg = (
                    f"{last} exists: this folder holds a run already; give another --run, or go "
                    "on with --resume auto"
                )
                raise ConfigError(msg)
            return None
        if resume == "auto" and not last.exists():
            return None
        path = last if resume == "auto" else Path(resume)
        described = load_checkpoint(path).network.config
        if described != self.model.network.config:
            msg = (
                f"{path} is of another network ({described}) than this run's "
                f"({self.model.network.config}); give the configuration it was trained with"
            )
            raise ConfigError(msg)
        return path


def _seed(value: int | bool) -> int:
    return int(value)
