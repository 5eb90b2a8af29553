"""The data of a run: training batches, and validation frames as the core sees them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

from fastdepth.card import InputSpec, ModelCard
from fastdepth.errors import SourceError
from fastdepth.frame import Frame, IndexedSource
from fastdepth.sources import open_source
from fastdepth_train.data.dataset import (
    AugmentConfig,
    EpochSampler,
    Sample,
    TrainingSet,
    collate,
    finish,
)
from fastdepth_train.data.store import FrameStore
from fastdepth_train.errors import ConfigError, TrainingDataError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class DepthData(LightningDataModule):
    """Frames with depth from one data set, one split to train on and one to validate on."""

    def __init__(
        self,
        *,
        root: str,
        train_split: str = "train",
        val_split: str = "val",
        batch_size: int = 16,
        workers: int = 0,
        memory_gib: float = 2.0,
        input_size: tuple[int, int] = (224, 224),
        mean: tuple[float, float, float] = IMAGENET_MEAN,
        std: tuple[float, float, float] = IMAGENET_STD,
        focal_length: tuple[float, float] | None = None,
        depth_range: tuple[float, float] = (0.2, 10.0),
        augment: AugmentConfig = AugmentConfig(),  # noqa: B008 - frozen
        name: str = "NYU Depth V2",
        terms: str = "",
        seed: int = 0,
    ) -> None:
        """Describe the data; nothing is read before `setup`.

        Args:
            root: folder of the data set.
            train_split: which list to train on.
            val_split: which list to validate on.
            batch_size: frames in a training step.
            workers: loader processes; 0 prepares batches in the training process, which suits
                frames that fit into memory.
            memory_gib: how much of the decoded training frames to keep in memory.
            input_size: (width, height) of the network's input; the whole frame is stretched to it.
            mean: of the input's channels, RGB, of values 0..1.
            std: deviation of the same.
            focal_length: (fx, fy) in pixels at input size of the canonical camera that the network
                predicts for; that of the first training frame if not given.
            depth_range: (nearest, farthest) metres to be believed, for the model card.
            augment: how training frames are varied.
            name: of the data, for the model card.
            terms: under which the data may be used, for the model card.
            seed: of order and augmentation.

        """
        super().__init__()
        if batch_size < 1 or workers < 0 or memory_gib < 0:
            msg = (
                f"data batch_size={batch_size}, workers={workers}, memory_gib={memory_gib}; "
                "expected a batch of at least 1 and nothing below 0"
            )
            raise ConfigError(msg)
        self.root = Path(root)
        self.train_split = train_split
        self.val_split = val_split
        self.batch_size = batch_size
        self.workers = workers
        self.memory_gib = memory_gib
        self.input = InputSpec(*input_size, mean=mean, std=std)
        self.focal_length = focal_length
        self.depth_range = depth_range
        self.augment = augment
        self.name = name
        self.terms = terms
        self.seed = seed
        self._train: TrainingSet | None = None
        self._val: IndexedSource | None = None

    def setup(self, stage: str) -> None:
        """Open both splits and read every training frame once.

        Raises:
            SourceError: a list or folder is missing.
            TrainingDataError: frames that cannot be trained on (all are named together), or too
                few for one batch.

        """
        if stage not in {"fit", "validate"} or self._val is not None:
            return
        self._val = self._open(self.val_split)
        source = self._open(self.train_split)
        store = FrameStore(source, self.memory_gib)
        if len(store) < self.batch_size:
            msg = (
                f"{source.name} has {len(store)} frames, fewer than one batch of "
                f"{self.batch_size}; add frames or set a smaller --data.batch_size"
            )
            raise TrainingDataError(msg)
        store.check()
        focal_length = self.focal_length or _focal_length(store, self.input)
        self._train = TrainingSet(store, self.input, focal_length, self.augment, self.seed)

    def card(self, name: str) -> ModelCard:
        """Return the model card as far as the data decide it; call after `setup`."""
        train = self._ready()
        return ModelCard(
            name=name,
            version="1",
            input=self.input,
            focal_length=train.focal_length,
            depth_range=self.depth_range,
            training_data=(f"{self.name}, {self.train_split}, {len(train)} frames",),
            notes=self.terms,
        )

    def train_dataloader(self) -> DataLoader[Sample]:
        """Return shuffled batches; the last incomplete one of an epoch is left out."""
        train = self._ready()
        return DataLoader(
            train,
            batch_size=self.batch_size,
            sampler=EpochSampler(len(train), self.seed),
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            collate_fn=collate,
            drop_last=True,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Frame]:
        """Return the validation frames one by one, untouched."""
        self._ready()
        # A source is a map-style data set as it stands: it has a length and gives items by index.
        source: Any = self._val
        return DataLoader(source, batch_size=None, num_workers=0)

    def transfer_batch_to_device(
        self, batch: Any, device: torch.device, dataloader_idx: int
    ) -> Any:
        """Move training batches; frames stay, since the core prepares them."""
        if isinstance(batch, Frame):
            return batch
        return super().transfer_batch_to_device(batch, device, dataloader_idx)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Apply photometric augmentation and normalisation where the batch now lives."""
        del dataloader_idx
        if isinstance(batch, Frame):
            return batch
        return finish(batch, self.input, photometric=self.augment.enabled)

    def _open(self, split: str) -> IndexedSource:
        source = open_source(self.root, split=split)
        if not isinstance(source, IndexedSource):
            msg = f"{source.name} can only be read in order; training needs frames in any order"
            raise SourceError(msg)
        return source

    def _ready(self) -> TrainingSet:
        if self._train is None:
            self.setup("fit")
        if self._train is None:
            msg = "the training data are not set up; call setup('fit') first"
            raise TrainingDataError(msg)
        return self._train


def with_encoder_origin(card: ModelCard, origin: str) -> ModelCard:
    """Return the card with the origin of the encoder's weights among the training data."""
    if origin == "none":
        return card
    what = "ImageNet-1k" if origin == "imagenet" else Path(origin).name
    return replace(card, training_data=(*card.training_data, f"encoder started from {what}"))


def _focal_length(store: FrameStore, spec: InputSpec) -> tuple[float, float]:
    camera = store[0].camera
    if camera is None:
        msg = (
            f"{store.source.name} has no camera intrinsics, so the focal length that the network "
            "predicts for is unknown; give --data.focal_length '[FX, FY]' (pixels at input size)"
        )
        raise TrainingDataError(msg)
    at_input = camera.resize(spec.width, spec.height)
    return (at_input.fx, at_input.fy)
