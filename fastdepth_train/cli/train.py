"""`fastdepth train --config FILE`: train a network into a run folder."""

from __future__ import annotations

import errno
import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from fastdepth.errors import OutputError
from fastdepth_train.checkpoint import WholeFileCheckpointIO, load_checkpoint
from fastdepth_train.cli.progress import ValidationLines
from fastdepth_train.data.module import DepthData
from fastdepth_train.errors import ConfigError
from fastdepth_train.lit import DepthModule
from fastdepth_train.run.checkpoints import BestCheckpoints, last_checkpoints
from fastdepth_train.run.folder import RunFolder
from fastdepth_train.run.pictures import DepthPanels
from fastdepth_train.run.record import RunRecord
from fastdepth_train.run.report import write_report
from fastdepth_train.sync_norm import BatchNormOfAll

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}
_HARMLESS = (
    # Batches are made in the training process on purpose: the frames are in memory.
    ".*does not have many workers.*",
    # The verb has been taken off the arguments, so they are given and not read from sys.argv.
    ".*args parameter is intended to run from within Python.*",
    # A run that goes on has checkpoints already.
    ".*exists and is not empty.*",
    # Lightning's own use of torch and of jsonargparse.
    ".*treespec, LeafSpec.*",
    ".*is not supported by the model summary.*",
    ".*JsonargparseDeprecationWarning.*",
    ".*was deprecated in v4.49.0.*",
    ".*skip_none parameter was deprecated.*",
)


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code."""
    # Its tips and tables; what matters is printed by the run itself.
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
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
    try:
        cli.trainer.fit(
            cli.model, datamodule=cli.datamodule, ckpt_path=cli.start, weights_only=True
        )
    except SystemExit:  # how Lightning ends after Ctrl-C
        cli.report()
        raise
    except OSError as err:
        if err.errno not in _UNWRITABLE:
            raise
        msg = f"the run folder {cli.folder.root} cannot be written: {err.strerror or err}"
        raise OutputError(msg) from err
    if torch.distributed.is_initialized():
        # Otherwise a process waits for the others as long as it lives.
        torch.distributed.destroy_process_group()
    cli.report()
    return 0


class TrainCLI(LightningCLI):
    """Lightning's command line with a run folder that holds everything a run writes.

    Attributes:
        folder: of the run.
        start: the checkpoint it goes on from, or None.

    """

    folder: RunFolder
    start: Path | None

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add the run folder, what it keeps, resuming, and one seed for everything."""
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
        parser.add_argument(
            "--choose_by", type=str, default="rmse", help="validation metric of the best network"
        )
        parser.add_argument(
            "--keep", type=int, default=1, help="how many of the best networks to keep"
        )
        parser.add_argument(
            "--save_minutes",
            type=float,
            default=10.0,
            help="minutes between checkpoints in a long epoch; 0 saves after epochs only",
        )
        parser.set_defaults({"trainer.enable_model_summary": False})
        parser.link_arguments("seed_everything", "data.seed", compute_fn=_seed)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Send checkpoints, metrics and the configuration to the run folder.

        Raises:
            OutputError: the run folder cannot be written.
            ConfigError: it holds a run already and `--resume` was not given, or the checkpoint is
                of another network.
            CheckpointError: the checkpoint is missing or damaged.

        """
        settings = self.config
        folder = self.folder = RunFolder(Path(settings["run"]))
        self.start = self._start()
        folder.make()
        folder.sweep()
        # The instantiated settings, not `self.config`: that one is saved as the run's config.yaml.
        trainer = self.config_init["trainer"]
        csv = CSVLogger(folder.root, name=folder.logs.name, flush_logs_every_n_steps=1)
        board = TensorBoardLogger(
            folder.root, name=folder.logs.name, version=csv.version, default_hp_metric=False
        )
        trainer["logger"] = [csv, board]
        trainer["callbacks"] = [
            *(trainer["callbacks"] or []),
            BestCheckpoints(folder, settings["choose_by"], settings["keep"]),
            *last_checkpoints(folder, settings["save_minutes"]),
            DepthPanels(),
            RunRecord(folder, settings["choose_by"], self.start),
            ValidationLines(),
        ]
        plugins = [*(trainer["plugins"] or []), WholeFileCheckpointIO(), BatchNormOfAll()]
        trainer["plugins"] = plugins
        # The data module shares out its frames itself.
        trainer["use_distributed_sampler"] = False
        kwargs.setdefault("default_root_dir", str(folder.root))
        return super().instantiate_trainer(**kwargs)

    def report(self) -> None:
        """Write what a person reads of the run, from the first process alone."""
        if not self.trainer.is_global_zero:
            return
        if write_report(self.folder, self.datamodule.opened()):
            print(f"wrote {self.folder.report}")

    def _start(self) -> Path | None:
        """Return the checkpoint to go on from, or None for a fresh start."""
        last = self.folder.last
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
        model = self.config_init["model"]
        if described != model.network.config:
            msg = (
                f"{path} is of another network ({described}) than this run's "
                f"({model.network.config}); give the configuration it was trained with"
            )
            raise ConfigError(msg)
        return path


def _seed(value: int | bool) -> int:
    return int(value)
