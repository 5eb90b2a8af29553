"""The data of a run: training batches, and validation frames as the core sees them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

from fastdepth.card import InputSpec, ModelCard
from fastdepth.cli.common import progress
from fastdepth.frame import Frame
from fastdepth.protocols import NYU_SIZE
from fastdepth_train.data.checking import check_frames
from fastdepth_train.data.dataset import (
    AugmentConfig,
    EpochSampler,
    Sample,
    TeacherSees,
    TrainingSet,
    collate,
    finish,
)
from fastdepth_train.data.loading import (
    ResumableLoader,
    Share,
    SharedSampler,
    ShareOfFrames,
)
from fastdepth_train.data.mixing import MixConfig, paste
from fastdepth_train.data.sources import TRAIN, Frames, MoreFrames, Where, open_frames
from fastdepth_train.data.store import FrameStore
from fastdepth_train.distill import Teacher, open_teacher
from fastdepth_train.errors import ConfigError, TrainingDataError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# The protocol that goes by the validation frames.
AUTO = "auto"


class DepthData(LightningDataModule):
    """Frames to train on, from one source or several, and frames to validate on."""

    def __init__(
        self,
        *,
        root: str,
        source: str | None = None,
        train_split: str | None = None,
        val_split: str | None = None,
        val_root: str | None = None,
        val_share: float = 0.0,
        more: Sequence[MoreFrames] = (),
        teacher: str | None = None,
        teacher_weight: float = 0.0,
        teacher_sees: TeacherSees = "frame",
        mix: MixConfig = MixConfig(),  # noqa: B008 - frozen
        batch_size: int = 16,
        workers: int = 0,
        memory_gib: float = 2.0,
        input_size: tuple[int, int] = (224, 224),
        interpolation: Literal["linear", "area"] = "linear",
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
            root: a data set, bag or folder; whatever a frame source reads.
            source: what kind of source that must be (bag, tum, kaggle, ...), told from the path if
                not given.
            train_split: which part of it to train on; `train` unless `val_root` or `val_share`
                validates without splits.
            val_split: which part to validate on; `val` likewise.
            val_root: another source to validate on.
            val_share: share of the frames to validate on, the last ones, and at least one: for a
                recording.
            more: further frames to train on.
            teacher: a checkpoint or an ONNX file with a model card that labels what has no depth:
                unlabelled and mixed images.
            teacher_weight: of the teacher, 0 to 1, in the labels of images that have depth: their
                label is the geometric mean of both, and gaps get the teacher's.
            teacher_sees: `frame`: the whole frame; its depth then follows the student's view, so
                that a zoomed view has the depth that the zoom makes of it. `view`: the pixels that
                the student sees (before their colours are varied), so that the student learns what
                the teacher computes from them, even where that is wrong.
            mix: how many samples are blends, which the teacher labels, or have pasted pieces.
            batch_size: frames in a training step of each process.
            workers: loader processes; 0 prepares batches in the training process, which suits
                frames that fit into memory.
            memory_gib: how much of the decoded training frames to keep in memory.
            input_size: (width, height) of the network's input; the whole frame is stretched to it.
            interpolation: of that resize. `area` takes the mean, which costs a robot more time
                unless the factor is whole, and loses less where the input is small.
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
        if teacher is None and (mix.share or not all(part.labelled for part in more)):
            msg = "mixed and unlabelled images have no depth; give --data.teacher to label them"
            raise ConfigError(msg)
        if not 0 <= teacher_weight <= 1 or (teacher_weight and teacher is None):
            msg = (
                f"data teacher_weight={teacher_weight}, teacher={teacher}; expected a weight from "
                "0 to 1, and a teacher where it is above 0"
            )
            raise ConfigError(msg)
        self.where = Where(root, source, train_split, val_split, val_root, val_share, tuple(more))
        self.teacher_file = Path(teacher) if teacher else None
        self.teacher_weight = teacher_weight
        self.teacher_sees = teacher_sees
        self.mix = mix
        self.batch_size = batch_size
        self.workers = workers
        self.memory_gib = memory_gib
        self.input = InputSpec(*input_size, mean=mean, std=std, interpolation=interpolation)
        self.focal_length = focal_length
        self.depth_range = depth_range
        self.augment = augment
        self.name = name
        self.terms = terms
        self.seed = seed
        self._frames: Frames | None = None
        self._train: TrainingSet | None = None
        self._teacher: Teacher | None = None
        self._val_sizes: list[tuple[int, int]] = []

    def setup(self, stage: str) -> None:
        """Open everything and read every frame once, those to validate on too.

        Raises:
            SourceError: a source is missing, or frames cannot be used (all are named together).
            TrainingDataError: too few frames for one batch.

        """
        if stage not in {"fit", "validate"} or self._train is not None:
            return
        frames = open_frames(self.where)
        if len(frames.mix) < self.batch_size:
            msg = (
                f"{frames.mix.name} has {len(frames.mix)} frames, fewer than one batch of "
                f"{self.batch_size}; add frames or set a smaller --data.batch_size"
            )
            raise TrainingDataError(msg)
        if self.teacher_file is not None:
            self._teacher = open_teacher(self.teacher_file)
        store = FrameStore(frames, self.memory_gib, self._shrink_to())
        total = len(store) + len(frames.val)
        with progress(total, "reading the frames") as report:
            checked = check_frames(store, report)
        for warning in checked.warnings:
            warnings.warn(warning, stacklevel=2)
        focal_length = self.focal_length or _focal_length(store, self.input)
        teacher = self._teacher.card.input if self._teacher else None
        self._train = TrainingSet(
            store,
            self.input,
            focal_length,
            self.augment,
            seed=self.seed,
            teacher=teacher,
            teacher_sees=self.teacher_sees,
            mix=self.mix,
        )
        self._frames = frames
        self._val_sizes = checked.val_sizes

    def protocol(self, asked: str) -> str:
        """Return the protocol to validate by; call after `setup`.

        Args:
            asked: its name, or `auto` for FastDepth's own where all frames are of NYU's size, and
                `full` where they are not.

        Raises:
            ConfigError: the protocol is not defined on frames of these sizes.

        """
        self._ready()
        is_nyu = self._val_sizes == [NYU_SIZE]
        if asked == AUTO:
            return "fastdepth" if is_nyu else "full"
        if asked != "full" and not is_nyu:
            found = ", ".join(f"{width}x{height}" for width, height in self._val_sizes)
            msg = (
                f"protocol {asked} is defined on 640x480 frames; those to validate on are {found}; "
                "give --model.protocol full"
            )
            raise ConfigError(msg)
        return asked

    def card(self, name: str) -> ModelCard:
        """Return the model card as far as the data decide it; call after `setup`."""
        train, frames = self._ready()
        own, others = frames.parts[0], frames.parts[1:]
        data = [f"{self.name}, {self.where.train_split or TRAIN}, {len(own)} frames"]
        for part, more in zip(others, self.where.more, strict=True):
            how = "" if more.labelled else ", without its depth"
            data.append(f"{Path(more.root).resolve().name}, {len(part)} frames{how}")
        if self._teacher is not None:
            how = f", weight {self.teacher_weight:g} elsewhere" if self.teacher_weight else ""
            data.append(f"labels of {self._teacher.card.name} where there is no depth{how}")
        return ModelCard(
            name=name,
            version="1",
            input=self.input,
            focal_length=train.focal_length,
            depth_range=self.depth_range,
            training_data=tuple(data),
            notes=self.terms,
        )

    def train_dataloader(self) -> DataLoader[Sample]:
        """Return this process's shuffled batches, but no incomplete one."""
        train, frames = self._ready()
        length = len(frames.mix)
        order = EpochSampler(frames.mix.epoch, length, self.seed)
        return ResumableLoader(
            train,
            SharedSampler(order, length, self._share()),
            batch_size=self.batch_size,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            collate_fn=collate,
            drop_last=True,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Frame]:
        """Return this process's validation frames one by one, untouched."""
        # A source is a map-style data set as it stands: it has a length and gives items by index.
        source: Any = self._ready()[1].val
        mine = ShareOfFrames(len(source), self._share())
        return DataLoader(source, batch_size=None, sampler=mine, num_workers=0)

    def opened(self) -> Frames:
        """Return the sources; call after `setup`."""
        return self._ready()[1]

    def seen_frames(self, most: int) -> list[Frame]:
        """Return frames that were trained on, as they are, at even distances.

        They are those of the run's own source; in a run of several processes each gets its share.

        Args:
            most: how many, in all processes together.

        """
        own = self._ready()[1].parts[0]
        count = min(most, len(own))
        mine = ShareOfFrames(count, self._share())
        return [own[number * len(own) // count] for number in mine]

    def transfer_batch_to_device(
        self, batch: Any, device: torch.device, dataloader_idx: int
    ) -> Any:
        """Move training batches; frames stay, since the core prepares them."""
        if isinstance(batch, Frame):
            return batch
        return super().transfer_batch_to_device(batch, device, dataloader_idx)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Make network input and labels of a batch where it now lives."""
        del dataloader_idx
        if isinstance(batch, Frame):
            return batch
        if self._teacher is not None and self._train is not None:
            batch = self._teacher.fill(
                batch, self.input, self._train.focal_length, self.teacher_weight
            )
            batch = batch._replace(teacher=None)
        batch = paste(batch, self.mix)
        return finish(batch, self.input, photometric=self.augment.enabled)

    def _shrink_to(self) -> int | None:
        """Return how wide frames stay where the input is a mean: twice the larger input."""
        if self.input.interpolation != "area":
            return None
        widths = [self.input.width, self._teacher.card.input.width if self._teacher else 0]
        return 2 * max(widths)

    def _share(self) -> Share:
        trainer = self.trainer
        return Share() if trainer is None else Share(trainer.global_rank, trainer.world_size)

    def _ready(self) -> tuple[TrainingSet, Frames]:
        if self._train is None:
            self.setup("fit")
        if self._train is None or self._frames is None:
            msg = "the training data are not set up; call setup('fit') first"
            raise TrainingDataError(msg)
        return self._train, self._frames


def encoder_origin(origin: str) -> tuple[str, ...]:
    """Return what a card says of the origin of the encoder's weights."""
    if origin == "none":
        return ()
    what = "ImageNet-1k" if origin == "imagenet" else Path(origin).name
    return (f"encoder started from {what}",)


def _focal_length(store: FrameStore, spec: InputSpec) -> tuple[float, float]:
    camera = store[0].camera
    if camera is None:
        msg = (
            f"{store.frames.mix.name} has no camera intrinsics, so the focal length that the "
            "network predicts for is unknown; give --data.focal_length '[FX, FY]' (pixels at input "
            "size)"
        )
        raise TrainingDataError(msg)
    at_input = camera.resize(spec.width, spec.height)
    return (at_input.fx, at_input.fy)
