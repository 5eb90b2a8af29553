"""Networks whose weights others have published, with the card that belongs to those weights."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from fastdepth.card import InputSpec, ModelCard
from fastdepth_train.checkpoint import Checkpoint
from fastdepth_train.errors import NetworkError
from fastdepth_train.networks.build import AnyConfig, build_network, load_strictly
from fastdepth_train.networks.meter import METER_MEAN, METER_SIZE, METER_STD, MeterConfig
from fastdepth_train.networks.weights import read_state_dict

# NYU Depth V2's colour camera, pixels of the 640x480 frame (the data set's toolbox).
_NYU_FOCAL_LENGTH = (518.857901, 519.469611)
_NYU_WIDTH, _NYU_HEIGHT = 640, 480


class Published(NamedTuple):
    """A network and the card of its published weights, which has no accuracy yet."""

    config: AnyConfig
    card: ModelCard


PUBLISHED: dict[str, Published] = {
    "meter-xxs": Published(
        MeterConfig(),
        ModelCard(
            name="meter-xxs",
            version="1",
            # Averaging the pixels is what it was trained with by all signs: linear interpolation
            # costs it 1 % RMSE.
            input=InputSpec(*METER_SIZE, mean=METER_MEAN, std=METER_STD, interpolation="area"),
            focal_length=(
                _NYU_FOCAL_LENGTH[0] * METER_SIZE[0] / _NYU_WIDTH,
                _NYU_FOCAL_LENGTH[1] * METER_SIZE[1] / _NYU_HEIGHT,
            ),
            depth_range=(0.1, 10.0),
            training_data=("NYU Depth V2, 50,000 training frames",),
            licence="MIT",
            notes="METER-XXS by Papa, Russo and Amerini (arXiv 2403.08368), their weights. Trained "
            "on NYU Depth V2, which is research data (Silberman et al., ECCV 2012): mind its terms "
            "before commercial use. A white border is painted over the outermost two pixels of the "
            "input: the weights take their scale from the rim of NYU frames.",
        ),
    ),
}


def load_published(name: str, weights: Path) -> Checkpoint:
    """Build a published network from the file of its weights, in evaluation mode on the CPU.

    Raises:
        NetworkError: no network of that name; the message lists them.
        WeightsError: the file is missing, damaged, or of another network.

    """
    if name not in PUBLISHED:
        known = ", ".join(sorted(PUBLISHED))
        msg = f"no published network is called {name!r}; expected one of {known}"
        raise NetworkError(msg)
    config, card = PUBLISHED[name]
    network = build_network(config)
    load_strictly(network, read_state_dict(weights), str(weights))
    return Checkpoint(network.eval(), card)
