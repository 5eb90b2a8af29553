"""Training samples, each a pure function of (seed, epoch, index).

So a resumed run sees the numbers an unbroken one would, whatever the number of loader workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from fastdepth.card import InputSpec
from fastdepth.frame import U8Array
from fastdepth_train.data.geometric import (
    GeometricConfig,
    View,
    depth_factor,
    draw_view,
    sight,
    view_of,
    view_of_depth,
)
from fastdepth_train.data.mixing import Blend, MixConfig, blended, draw_blend
from fastdepth_train.data.photometric import (
    NEUTRAL,
    Look,
    PhotometricConfig,
    apply_looks,
    draw_look,
    stack_looks,
)
from fastdepth_train.data.store import STEPS_PER_METRE, FrameStore


@dataclass(frozen=True)
class AugmentConfig:
    """All augmentation; `enabled: false` shows every frame whole and as it is."""

    enabled: bool = True
    geometric: GeometricConfig = field(default_factory=GeometricConfig)
    photometric: PhotometricConfig = field(default_factory=PhotometricConfig)


TeacherSees = Literal["frame", "view"]


class TeacherView(NamedTuple):
    """What a teacher sees of a sample's frame, in daylight; or a batch of that.

    Attributes:
        image: 3xhxw uint8 RGB of the teacher's input size.
        sight: 2x3 float32, from places in the sample to places in the frame, both in units where
            an image reaches from -1 to 1 (torch's affine_grid).
        zoom: magnification of the sample, which divides the teacher's depth.

    """

    image: Tensor
    sight: Tensor
    zoom: Tensor


class Sample(NamedTuple):
    """One sample, or a batch of them (leading dimension B).

    Attributes:
        image: 3xHxW uint8 before `finish`, normalised float32 after it.
        depth: 1xHxW float32 metres of the canonical camera, NaN where there is none.
        look: photometric settings still to be applied.
        teacher: what a teacher sees of the same frame; None where there is no teacher.

    """

    image: Tensor
    depth: Tensor
    look: Look
    teacher: TeacherView | None = None


class TrainingSet(Dataset[Sample]):
    """Augmented samples of frames, indexed by (epoch, index)."""

    def __init__(
        self,
        store: FrameStore,
        spec: InputSpec,
        focal_length: tuple[float, float],
        augment: AugmentConfig,
        *,
        seed: int,
        teacher: InputSpec | None = None,
        teacher_sees: TeacherSees = "frame",
        mix: MixConfig = MixConfig(),  # noqa: B008 - frozen
    ) -> None:
        """Serve frames.

        Args:
            store: of the frames.
            spec: of the network's input.
            focal_length: (fx, fy) of the canonical camera, pixels at input size.
            augment: how views and colours vary.
            seed: of the variation.
            teacher: of a teacher's input, which then sees the same frames.
            teacher_sees: the whole frame, or the student's view of it.
            mix: how many samples are blends of two frames.

        """
        self.store = store
        self.spec = spec
        self.focal_length = focal_length
        self.augment = augment
        self.seed = seed
        self.teacher = teacher
        self.teacher_sees = teacher_sees
        self.mix = mix

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.store)

    def __getitem__(self, key: tuple[int, int]) -> Sample:
        """Return the sample that frame `index` gives in `epoch`."""
        epoch, index = key
        rng = np.random.default_rng((self.seed, epoch, index))
        view, look = View(), NEUTRAL
        if self.augment.enabled:
            view = draw_view(self.augment.geometric, rng)
            look = draw_look(self.augment.photometric, rng)
        return self.sample(index, view, look, draw_blend(self.mix, self.store.frames.mix.draw, rng))

    def sample(self, index: int, view: View, look: Look, blend: Blend | None = None) -> Sample:
        """Return frame `index` seen in one particular way, alone or blended with another."""
        image, depth, camera = self.store[index]
        if blend is not None:
            image = blended(image, self.store[blend.partner].image, blend.share)
            depth = np.zeros_like(depth)
        size = (self.spec.width, self.spec.height)
        truth = view_of_depth(depth, view, size)
        factor = depth_factor(view, camera, size, self.focal_length)
        metres = truth.astype(np.float32) * np.float32(factor / STEPS_PER_METRE)
        metres[truth == 0] = np.nan
        teacher = None
        if self.teacher is not None:
            # What the student's view is within what the teacher is shown.
            shown, rest = (View(), view) if self.teacher_sees == "frame" else (view, View())
            teacher = TeacherView(
                _chw(view_of(image, shown, self.teacher)),
                torch.from_numpy(sight(rest, (image.shape[1], image.shape[0]), size)),
                torch.tensor(rest.zoom),
            )
        seen = _chw(view_of(image, view, self.spec))
        return Sample(seen, torch.from_numpy(metres)[None], look, teacher)


Draw = Callable[[np.random.Generator], NDArray[np.int64]]


class EpochSampler(Sampler[tuple[int, int]]):
    """Draws frames anew each epoch, by (seed, epoch) alone; Lightning calls `set_epoch`."""

    def __init__(self, draw: Draw, length: int, seed: int) -> None:
        """Serve what `draw` gives for an epoch: `length` indices."""
        self.draw = draw
        self.length = length
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose order and augmentation come next."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Return the number of samples in an epoch."""
        return self.length

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield (epoch, index) in this epoch's order."""
        order = self.draw(np.random.default_rng((self.seed, self.epoch)))
        return iter([(self.epoch, int(index)) for index in order])


def collate(samples: list[Sample]) -> Sample:
    """Stack samples into a batch."""
    images, depths, looks, teachers = zip(*samples, strict=True)
    seen = [teacher for teacher in teachers if teacher is not None]
    return Sample(
        torch.stack(images),
        torch.stack(depths),
        stack_looks(list(looks)),
        TeacherView(*map(torch.stack, zip(*seen, strict=True))) if seen else None,
    )


def finish(batch: Sample, spec: InputSpec, *, photometric: bool) -> Sample:
    """Turn a batch of uint8 RGB images into network input, in channels-last memory.

    Args:
        batch: as `collate` gives it, on any device.
        spec: of the network's input: channel order, mean and deviation.
        photometric: apply the batch's photometric settings first.

    """
    x = batch.image.to(torch.float32) / 255.0
    if photometric:
        x = apply_looks(x, batch.look)
    return batch._replace(image=normalised(x, spec))


def normalised(images: Tensor, spec: InputSpec) -> Tensor:
    """Return Bx3xHxW RGB images (float, 0..1) as the network wants them, channels last."""
    x = images.flip(1) if spec.channel_order == "bgr" else images
    mean = x.new_tensor(spec.mean).reshape(1, 3, 1, 1)
    std = x.new_tensor(spec.std).reshape(1, 3, 1, 1)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)


def _chw(image: U8Array) -> Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)
