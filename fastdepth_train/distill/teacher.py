"""A teacher: a network with a model card, whose depth stands in for ground truth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from fastdepth.card import InputSpec, ModelCard
from fastdepth.engines import Engine, open_engine, read_card
from fastdepth.errors import CardError
from fastdepth_train.checkpoint import load_checkpoint
from fastdepth_train.data.dataset import Sample, TeacherView, normalised
from fastdepth_train.errors import ConfigError
from fastdepth_train.networks.build import Network

CHECKPOINT_SUFFIX = ".ckpt"


class _Runs(Protocol):
    def __call__(self, tensor: Tensor) -> Tensor:
        """Map Bx3xHxW network input to Bx1xhxw metres on the same device."""
        ...


class Teacher:
    """Labels frames; its metres are those of the student's canonical camera.

    The teacher looks at whole frames, as it is used to, and its labels follow the student's view;
    or at the student's view itself (`--data.teacher_sees`): a teacher that learned little of other
    fields of view is then wrong about a zoomed one, but the student sees all that it answers. An
    object looks as large to both canonical cameras at depths in proportion to their focal lengths,
    so one's metres become the other's by the ratio of these in units of the frame.
    """

    def __init__(self, card: ModelCard, run: _Runs) -> None:
        """Wrap a network.

        Args:
            card: of the teacher.
            run: the network itself.

        Raises:
            ConfigError: the teacher wants views cut or padded.

        """
        if card.input.fit != "stretch":
            msg = (
                f"teacher {card.name} wants its input by {card.input.fit!r}; expected 'stretch', "
                "so that it sees all that the student sees"
            )
            raise ConfigError(msg)
        self.card = card
        self._run = run

    def labels(
        self, views: TeacherView, spec: InputSpec, focal_length: tuple[float, float]
    ) -> Tensor:
        """Return Bx1xHxW metres for a student, NaN where there are none to be believed.

        Args:
            views: what the teacher sees, and what the student's samples show of that.
            spec: of the student's input, whose size the labels have.
            focal_length: (fx, fy) of the student's canonical camera, pixels at its input size.

        """
        images = views.image
        with torch.no_grad(), torch.autocast(images.device.type, enabled=False):
            depth = self._run(normalised(images.float() / 255.0, self.card.input)).float()
        nearest, farthest = self.card.depth_range
        depth = depth.masked_fill(~((depth >= nearest) & (depth <= farthest)), torch.nan)
        grid = functional.affine_grid(
            views.sight, [len(images), 1, spec.height, spec.width], align_corners=False
        )
        seen = functional.grid_sample(depth, grid, padding_mode="border", align_corners=False)
        outside = (grid.abs() > 1).any(dim=-1)[:, None]
        factor = self._factor(spec, focal_length) / views.zoom.reshape(-1, 1, 1, 1)
        return seen.masked_fill(outside, torch.nan) * factor

    def fill(
        self,
        batch: Sample,
        spec: InputSpec,
        focal_length: tuple[float, float],
        weight: float = 0.0,
    ) -> Sample:
        """Give labels to a batch.

        Args:
            batch: of which samples that have no depth at all get the teacher's.
            spec: of the student's input.
            focal_length: of the student's canonical camera, see `labels`.
            weight: of the teacher where a sample has depth of its own. Both are then one label,
                their geometric mean with this weight, and the teacher's alone fills gaps.

        """
        if batch.teacher is None:
            msg = "the batch has no views for a teacher"
            raise ConfigError(msg)
        missing = torch.isnan(batch.depth).flatten(1).all(dim=1)
        chosen = missing if weight == 0 else torch.ones_like(missing)
        if not chosen.any():
            return batch
        labels = self.labels(
            TeacherView(*(part[chosen] for part in batch.teacher)), spec, focal_length
        )
        depth = batch.depth.clone()
        own = depth[chosen]
        mean = own.pow(1 - weight) * labels.pow(weight)
        either = torch.where(torch.isnan(own), labels, own)
        depth[chosen] = torch.where(torch.isnan(mean), either, mean)
        return batch._replace(depth=depth)

    def _factor(self, spec: InputSpec, focal_length: tuple[float, float]) -> float:
        own, mine = self.card.input, self.card.focal_length
        x = (focal_length[0] / spec.width) / (mine[0] / own.width)
        y = (focal_length[1] / spec.height) / (mine[1] / own.height)
        return math.sqrt(x * y)


def open_teacher(path: Path) -> Teacher:
    """Open a teacher: a checkpoint of `fastdepth train`, or an ONNX file with its card.

    Raises:
        CheckpointError: a checkpoint that is missing, damaged or not ours.
        CardError: an ONNX file without a card. Depth without a unit, as relative networks predict
            it, cannot have one and cannot teach metres.
        ModelError: an ONNX file that cannot be run.
        ConfigError: the teacher does not look at whole views.

    """
    if path.suffix == CHECKPOINT_SUFFIX:
        network, card = load_checkpoint(path)
        return Teacher(card, _TorchRun(network))
    engine = open_engine(path, threads=torch.get_num_threads())
    try:
        card = read_card(path)
    except CardError as err:
        msg = f"{err}\nA teacher must predict metres: relative depth has no scale to learn from"
        raise CardError(msg) from err
    return Teacher(card, _EngineRun(engine))


class _TorchRun:
    """Runs a network where its input is; no part of the student, so of no checkpoint of it."""

    def __init__(self, network: Network) -> None:
        self._network = network.eval().requires_grad_(requires_grad=False)

    def __call__(self, tensor: Tensor) -> Tensor:
        depth: Tensor = self._network.to(tensor.device)(tensor)
        return depth


class _EngineRun:
    """Runs an ONNX file image by image, as it is deployed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __call__(self, tensor: Tensor) -> Tensor:
        images = tensor.contiguous().cpu().numpy()
        depths = [self._engine.run(images[n : n + 1]) for n in range(len(images))]
        return torch.from_numpy(np.concatenate(depths)).to(tensor.device)
