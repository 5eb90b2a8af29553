"""The training loop's body: one step, one validation, one checkpoint record."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from fastdepth.card import ModelCard
from fastdepth.errors import NoTruthError
from fastdepth.estimator import DepthEstimator
from fastdepth.frame import Frame
from fastdepth.metrics import METRIC_KEYS, MetricMean
from fastdepth.protocols import PROTOCOLS, FrameScore, score
from fastdepth_train.checkpoint import RECORD_KEY, load_checkpoint, make_record
from fastdepth_train.data.dataset import Sample
from fastdepth_train.data.module import AUTO, DepthData, encoder_origin
from fastdepth_train.depthwise import keep_depthwise_float32
from fastdepth_train.engine import TorchEngine
from fastdepth_train.errors import ConfigError, TrainingDataError
from fastdepth_train.losses import LossConfig, depth_loss
from fastdepth_train.networks import DepthNetwork, NetworkConfig
from fastdepth_train.networks.build import build_network, load_start_weights
from fastdepth_train.networks.presets import preset as named_preset
from fastdepth_train.networks.tflite import InputScale, settle
from fastdepth_train.optim import OptimizerConfig, make_optimizer, make_schedule
from fastdepth_train.provenance import code_commit

# Batches whose statistics batch norms get that come from a file without them.
SETTLING_BATCHES = 4
# More epochs than any run has.
NEVER = 2**31
# What Lightning is told that a schedule waits for.
VALIDATED = "val/rmse"


class DepthModule(LightningModule):
    """Trains a `DepthNetwork` and validates it through the core's estimator and protocols.

    Logs `train/loss` and each of its terms, `train/lr` (of the part with the highest rate),
    `val/KEY` for every metric, and `seen/KEY` for the same of some frames that it was trained on,
    which tells what it knows by heart.
    """

    def __init__(
        self,
        *,
        preset: str = "mobilenetv2-nnconv5dw",
        network: NetworkConfig | None = None,
        encoder_weights: str = "imagenet",
        start: str | None = None,
        loss: LossConfig = LossConfig(),  # noqa: B008 - frozen
        optimizer: OptimizerConfig = OptimizerConfig(),  # noqa: B008 - frozen
        protocol: str = AUTO,
        seen_frames: int = 16,
        name: str = "fastdepth",
    ) -> None:
        """Build the network.

        Args:
            preset: name of a network.
            network: a network described in full, instead of the preset.
            encoder_weights: `imagenet`, `none`, or a file: a state dict (for METER: of the whole
                network), or an 8-bit `.tflite` classifier.
            start: a checkpoint whose network and weights training starts from, instead of all the
                above.
            loss: weights of the loss terms.
            optimizer: AdamW or SGD, and its schedule.
            protocol: evaluation protocol of the validation; `auto` takes `fastdepth` for frames of
                640x480 pixels and `full` for others.
            seen_frames: how many frames of the training data each validation scores as well.
            name: of the model, for its card.

        Raises:
            NetworkError: unknown or impossible network.
            WeightsError: the encoder's weights, or those of a checkpoint, cannot be had.
            ConfigError: unknown protocol.

        """
        super().__init__()
        if protocol not in {AUTO, *PROTOCOLS}:
            msg = f"unknown protocol {protocol!r}; expected one of {', '.join([AUTO, *PROTOCOLS])}"
            raise ConfigError(msg)
        self._origins: tuple[str, ...] = ()
        self._unsettled: InputScale | None = None
        if start is None:
            self.network = build_network(network or named_preset(preset))
            self._unsettled = load_start_weights(self.network, encoder_weights)
            self._origins = encoder_origin(encoder_weights)
        else:
            self.network, begun = load_checkpoint(Path(start))
            self.network.train()  # a checkpoint is opened for use
            self._origins = begun.training_data
        self.network.to(memory_format=torch.channels_last)
        keep_depthwise_float32(self.network)
        self.loss = loss
        self.optimizer_config = optimizer
        self.protocol = protocol
        self.seen_frames = seen_frames
        self.model_name = name
        self.card: ModelCard | None = None
        self._estimator: DepthEstimator | None = None
        self._metrics = MetricMean()
        self._seen = MetricMean()
        self._places: list[dict[str, int]] = []

    def setup(self, stage: str) -> None:
        """Take input, camera and data from the data module onto the card."""
        del stage
        data: DepthData = self.trainer.datamodule  # type: ignore[attr-defined]
        card = data.card(self.model_name)
        self.protocol = data.protocol(self.protocol)
        origins = [origin for origin in self._origins if origin not in card.training_data]
        self.card = replace(
            card,
            training_data=(*card.training_data, *origins),
            training_commit=code_commit(),
        )
        stride = self.network.stride
        if card.input.width % stride or card.input.height % stride:
            msg = (
                f"the input is {card.input.width}x{card.input.height} pixels; expected multiples "
                f"of {stride} for this network"
            )
            raise ConfigError(msg)
        if self._unsettled is not None and isinstance(self.network, DepthNetwork):
            batches = islice(data.train_dataloader(), SETTLING_BATCHES)
            images = [data.on_after_batch_transfer(batch, 0).image for batch in batches]
            settle(self.network.encoder, self._unsettled, card.input, images)
            self._unsettled = None

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Note where in its epoch the run was."""
        state = checkpoint.get("loops", {}).get("fit_loop", {}).get("state_dict", {})
        self._places = state.get("combined_loader", [])

    def on_train_start(self) -> None:
        """Let the loader leave out what an unfinished epoch has seen.

        Lightning means to, but does not where the steps were counted for a schedule: the loader is
        there by then, and it only tells one that it makes itself.
        """
        for place in self._places:
            self.trainer.train_dataloader.load_state_dict(place)  # type: ignore[union-attr]
        self._places = []

    def training_step(self, batch: Sample, batch_idx: int) -> Tensor:
        """Return the loss of one batch."""
        del batch_idx
        depth = self.network(batch.image).float()
        if depth.shape != batch.depth.shape:
            depth = torch.nn.functional.interpolate(
                depth, size=batch.depth.shape[-2:], mode="bilinear"
            )
        terms = depth_loss(depth, batch.depth, self.loss)
        size = len(batch.image)
        for name, value in terms.items():
            # Of several processes' batches the mean, as of one batch in one process.
            self.log(
                f"train/{name}", value, prog_bar=name == "loss", batch_size=size, sync_dist=True
            )
        rates = [group["lr"] for group in self.trainer.optimizers[0].param_groups]
        self.log("train/lr", max(rates), batch_size=size)
        return terms["loss"]

    def on_validation_epoch_start(self) -> None:
        """Wrap the network as it is now for the core."""
        if self.card is None:
            msg = "the module is not set up; run it through a Trainer with a DepthData"
            raise ConfigError(msg)
        self._estimator = DepthEstimator(TorchEngine(self.network), self.card, warm_up=1)
        self._metrics, self._seen = MetricMean(), MetricMean()
        if self.seen_frames and not self.trainer.sanity_checking:
            data: DepthData = self.trainer.datamodule  # type: ignore[attr-defined]
            for frame in data.seen_frames(self.seen_frames):
                self._score(frame, self._seen)

    def validation_step(self, batch: Frame, batch_idx: int) -> dict[str, FrameScore] | None:
        """Score one frame as the deployed model is scored; return `score`, unless it has none."""
        del batch_idx
        result = self._score(batch, self._metrics)
        return None if result is None else {"score": result}

    def on_validation_epoch_end(self) -> None:
        """Log the mean of every metric over the frames, and let `plateau` look at it."""
        self._estimator = None
        seen = self._of_all(self._seen)
        result = self._of_all(self._metrics)
        if result is None:
            msg = "no validation frame has ground truth; validate on frames that have"
            raise TrainingDataError(msg)
        self._step_plateau(result)
        shown = {"rmse", "delta1"}
        for key, value in result.items():
            self.log(f"val/{key}", value, prog_bar=key in shown, sync_dist=True)
        for key, value in (seen or {}).items():
            self.log(f"seen/{key}", value, sync_dist=True)

    def _score(self, frame: Frame, mean: MetricMean) -> FrameScore | None:
        if self._estimator is None:
            msg = "validation has not begun"
            raise ConfigError(msg)
        try:
            result = score(self.protocol, self._estimator.predict_frame, frame)
        except NoTruthError:  # the others of its source may have it
            return None
        mean.add(result.metrics)
        return result

    def _of_all(self, mean: MetricMean) -> dict[str, float] | None:
        """Return the mean over the frames of all processes; None if there are none."""
        own = mean.result() if mean.frames else dict.fromkeys(METRIC_KEYS, 0.0)
        values = [mean.frames, *(own[key] * mean.frames for key in METRIC_KEYS)]
        sums = torch.tensor(values, dtype=torch.float64, device=self.device)
        frames, *totals = self.trainer.strategy.reduce(sums, reduce_op="sum").tolist()
        if not frames:
            return None
        return {key: total / frames for key, total in zip(METRIC_KEYS, totals, strict=True)}

    def configure_optimizers(self) -> Any:
        """Return the optimizer and its schedule."""
        optimizer = make_optimizer(self.network, self.optimizer_config)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = make_schedule(optimizer, self.optimizer_config, steps)
        if schedule is None:
            return optimizer
        timing: dict[str, Any] = {"scheduler": schedule.scheduler, "interval": schedule.pace}
        if schedule.pace == "validation":
            # Lightning would step it after the checkpoints of its epoch are written, and a resumed
            # run would lack that step; `on_validation_epoch_end` does it before.
            timing |= {"interval": "epoch", "frequency": NEVER, "monitor": VALIDATED}
        return {"optimizer": optimizer, "lr_scheduler": timing}

    def _step_plateau(self, result: dict[str, float]) -> None:
        """Tell the schedule `plateau` how a validation came out."""
        for config in self.trainer.lr_scheduler_configs:
            if isinstance(config.scheduler, ReduceLROnPlateau) and not self.trainer.sanity_checking:
                config.scheduler.step(result[self.optimizer_config.plateau.metric])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what rebuilds the network and starts its card."""
        if self.card is not None:
            checkpoint[RECORD_KEY] = make_record(self.network.config, self.card)
