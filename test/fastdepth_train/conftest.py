"""One small run of the real training command, shared by the tests of training and export."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from fastdepth.cli.main import main
from test.fastdepth_train.frames import kaggle_folder

NETWORK = {
    "encoder": {"width": 0.25},
    "decoder": {"kernel": 3, "channels": [24, 8, 8, 8, 8]},
}


class Run(NamedTuple):
    """A finished run."""

    folder: Path
    config: Path
    data: Path


def write_config(path: Path, data: Path, **changes: object) -> Path:
    """Write a configuration of a tiny run; `changes` replace sections' values ("trainer.x")."""
    config: dict[str, dict[str, object]] = {
        "trainer": {
            "max_epochs": 80,
            "accelerator": "cpu",
            "num_sanity_val_steps": 0,
            "check_val_every_n_epoch": 40,
            "log_every_n_steps": 1,
            "enable_progress_bar": False,
            "enable_model_summary": False,
        },
        "model": {
            "name": "tiny",
            "network": NETWORK,
            "encoder_weights": "none",
            "protocol": "full",
            "optimizer": {"lr": 0.02},
        },
        "data": {
            "root": str(data),
            "val_split": "train",
            "batch_size": 8,
            "input_size": [96, 64],
            "name": "rooms",
            "terms": "Made up for a test.",
            "augment": {"enabled": False},
        },
    }
    for key, value in changes.items():
        section, name = key.split("__")
        config[section][name] = value
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Keep torch to one thread: for tiny tensors on a busy machine more only wait."""
    if find_spec("torch") is not None:
        import torch  # noqa: PLC0415 - may be absent

        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Train on eight made-up frames until it knows them."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("training")
    data = kaggle_folder(folder / "rooms")
    config = write_config(folder / "tiny.yaml", data)
    assert main(["train", "--config", str(config), "--run", str(folder / "run")]) == 0
    return Run(folder / "run", config, data)
