"""The training loop's body: one step, one validation, one checkpoint record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from fastdepth.card import ModelCard
from fastdepth.estimator import DepthEstimator
from fastdepth.frame import Frame
from fastdepth.metrics import MetricMean
from fastdepth.protocols import PROTOCOLS, score
from fastdepth_train.checkpoint import RECORD_KEY, load_checkpoint, make_record
from fastdepth_train.data.dataset import Sample
from fastdepth_train.data.module import DepthData, encoder_origin
from fastdepth_train.engine import TorchEngine
from fastdepth_train.errors import ConfigError
from fastdepth_train.losses import LossConfig, depth_loss
from fastdepth_train.networks import NetworkConfig
from fastdepth_train.networks.build import build_network, load_start_weights
from fastdepth_train.networks.presets import preset as named_preset
from fastdepth_train.optim import OptimizerConfig, make_optimizer, make_schedule
from fastdepth_train.provenance import code_commit

# More epochs than any run has.
NEVER = 2**31
# What Lightning is told that a schedule waits for.
VALIDATED = "val/rmse"


class DepthModule(LightningModule):
    """Trains a `DepthNetwork` and validates it through the core's estimator and protocols.

    Logs `train/loss` and each of its terms, `train/lr`, and `val/KEY` for every metric.
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
        protocol: str = "fastdepth",
        name: str = "fastdepth",
    ) -> None:
        """Build the network.

        Args:
            preset: name of a network.
            network: a network described in full, instead of the preset.
            encoder_weights: `imagenet`, `none`, or a file with a state dict (for METER: of the
                whole network).
            start: a checkpoint whose network and weights training starts from, instead of all the
                above.
            loss: weights of the loss terms.
            optimizer: AdamW or SGD, and its schedule.
            protocol: evaluation protocol of the validation.
            name: of the model, for its card.

        Raises:
            NetworkError: unknown or impossible network.
            WeightsError: the encoder's weights, or those of a checkpoint, cannot be had.
            ConfigError: unknown protocol.

        """
        super().__init__()
        if protocol not in PROTOCOLS:
            msg = f"unknown protocol {protocol!r}; expected one of {', '.join(PROTOCOLS)}"
            raise ConfigError(msg)
        self._origins: tuple[str, ...] = ()
        if start is None:
            self.network = build_network(network or named_preset(preset))
            load_start_weights(self.network, encoder_weights)
            self._origins = encoder_origin(encoder_weights)
        else:
            self.network, begun = load_checkpoint(Path(start))
            self._origins = begun.training_data
        self.network.to(memory_format=torch.channels_last)
        self.loss = loss
        self.optimizer_config = optimizer
        self.protocol = protocol
        self.model_name = name
        self.card: ModelCard | None = None
        self._estimator: DepthEstimator | None = None
        self._metrics = MetricMean()

    def setup(self, stage: str) -> None:
        """Take input, camera and data from the data module onto the card."""
        del stage
        data: DepthData = self.trainer.datamodule  # type: ignore[attr-defined]
        card = data.card(self.model_name)
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
        self.log("train/loss", terms["loss"], prog_bar=True, batch_size=size)
        for name, value in terms.items():
            if name != "loss":
                self.log(f"train/{name}", value, batch_size=size)
        return terms["loss"]

    def on_validation_epoch_start(self) -> None:
        """Wrap the network as it is now for the core."""
        if self.card is None:
            msg = "the module is not set up; run it through a Trainer with a DepthData"
            raise ConfigError(msg)
        self._estimator = DepthEstimator(TorchEngine(self.network), self.card, warm_up=1)
        self._metrics = MetricMean()

    def validation_step(self, batch: Frame, batch_idx: int) -> None:
        """Score one frame as the deployed model is scored."""
        del batch_idx
        if self._estimator is None:
            msg = "validation has not begun"
            raise ConfigError(msg)
        result = score(self.protocol, self._estimator.predict_frame, batch)
        self._metrics.add(result.metrics)

    def on_validation_epoch_end(self) -> None:
        """Log the mean of every metric over the frames, and let `plateau` look at it."""
        self._estimator = None
        result = self._metrics.result()
        self._step_plateau(result)
        shown = {"rmse", "delta1"}
        for key, value in result.items():
            if key != "frames":
                self.log(f"val/{key}", value, prog_bar=key in shown, sync_dist=True)

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
