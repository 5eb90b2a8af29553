import copy
import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

torch = pytest.importorskip("torch")

import torch.distributed as dist  # noqa: E402
from torch import nn  # noqa: E402

from fastdepth.cli.main import main  # noqa: E402
from fastdepth_train.losses import LossConfig, depth_loss  # noqa: E402
from fastdepth_train.networks import DecoderConfig, EncoderConfig, NetworkConfig  # noqa: E402
from fastdepth_train.networks.build import build_network  # noqa: E402
from fastdepth_train.sync_norm import BatchNormOfAll, SharedBatchNorm  # noqa: E402
from test.fastdepth_train.conftest import write_config  # noqa: E402
from test.fastdepth_train.frames import kaggle_folder  # noqa: E402

MINUTES = 4


def values(run, key):
    with (run / "metrics.csv").open() as file:
        return [float(row[key]) for row in csv.DictReader(file) if row[key]]


def test_two_processes_come_to_the_numbers_of_one(tmp_path):
    data = kaggle_folder(tmp_path / "rooms", train=9, val=5)
    settings = {
        "trainer__max_epochs": 2,
        "trainer__check_val_every_n_epoch": 1,
        "data__val_split": "val",
        "model__optimizer": {"lr": 0.0005, "name": "sgd", "schedule": "cosine"},
    }
    one = write_config(tmp_path / "one.yaml", data, data__batch_size=4, **settings)
    two = write_config(
        tmp_path / "two.yaml",
        data,
        data__batch_size=2,
        trainer__devices=2,
        trainer__strategy="ddp",
        **settings,
    )
    command = [sys.executable, "-m", "fastdepth_train", "--config", str(two)]
    process = subprocess.Popen(
        [*command, "--run", str(tmp_path / "shared")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    assert main(["train", "--config", str(one), "--run", str(tmp_path / "alone")]) == 0
    try:
        said, _ = process.communicate(timeout=60 * MINUTES)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, said
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    assert len(values(alone, "train/loss")) == 4
    for key in ("train/loss", "train/lr", "val/rmse", "val/delta1", "seen/abs_rel"):
        assert values(shared, key) == pytest.approx(values(alone, key), rel=1e-2), key
    # Single precision makes steps differ a little; the first has none before it.
    assert values(shared, "train/loss")[0] == pytest.approx(values(alone, "train/loss")[0])
    # One process writes.
    assert len(list((shared / "logs").iterdir())) == 1
    assert said.count("wrote ") == 1
    record = json.loads((shared / "run.json").read_text())
    assert (record["processes"], record["batch"], record["steps_per_epoch"]) == (2, 4, 2)
    assert record["validated_on"] == 5


def gradients(network, images, depths):
    """Return the loss and its gradients; in training mode, so batch norms see the batch."""
    result = depth_loss(network(images), depths, LossConfig(l1=1.0))["loss"]
    result.backward()
    return result.detach(), [p.grad for p in network.parameters()]


def child(rank, network, images, depths, folder):
    store = dist.FileStore(str(folder / "store"), 2)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2)
    BatchNormOfAll().apply(network)
    mine = slice(rank, None, 2)
    together = nn.parallel.DistributedDataParallel(network)
    loss, grads = gradients(together, images[mine], depths[mine])
    torch.save([loss, grads, list(network.buffers())], folder / f"{rank}.pt")
    dist.destroy_process_group()


def test_gradients_and_statistics_of_two_processes_are_those_of_one(tmp_path):
    torch.manual_seed(0)
    network = build_network(
        NetworkConfig(
            EncoderConfig(width=0.25),
            DecoderConfig(kernel=3, channels=(24, 8, 8, 8, 8)),
            upsample="bilinear",
        )
    ).double()
    images = torch.rand(4, 3, 64, 96, dtype=torch.float64)
    depths = 1 + 3 * torch.rand(4, 1, 64, 96, dtype=torch.float64)
    before = copy.deepcopy(network)
    loss, expected = gradients(network, images, depths)
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=child, args=(rank, before, images, depths, tmp_path))
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60 * MINUTES)
        process.kill()
    losses = []
    for rank in range(2):
        own, grads, buffers = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        losses.append(own)
        for value, wanted in zip(grads, expected, strict=True):
            assert torch.allclose(value, wanted, rtol=1e-5, atol=1e-9)
        for value, wanted in zip(buffers, network.buffers(), strict=True):
            assert torch.allclose(value, wanted)
    assert sum(losses) / 2 == pytest.approx(loss)


def test_a_model_on_one_process_keeps_its_batch_norms():
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    x = torch.rand(2, 3, 4, 4)
    expected = model(x)
    plugin = BatchNormOfAll()
    shared = plugin.apply(model)
    assert isinstance(shared[1], SharedBatchNorm)
    assert torch.equal(shared(x), expected)
    assert type(plugin.revert(shared)[1]) is nn.BatchNorm2d
