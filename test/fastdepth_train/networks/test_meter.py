import csv
import dataclasses
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from fastdepth.cli.main import main  # noqa: E402
from fastdepth.engines import read_card  # noqa: E402
from fastdepth.estimator import DepthEstimator  # noqa: E402
from fastdepth.frame import Frame  # noqa: E402
from fastdepth.metrics import MetricMean  # noqa: E402
from fastdepth.protocols import score  # noqa: E402
from fastdepth.sources import KaggleSource  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint, make_record  # noqa: E402
from fastdepth_train.engine import TorchEngine  # noqa: E402
from fastdepth_train.errors import NetworkError, WeightsError  # noqa: E402
from fastdepth_train.networks import preset  # noqa: E402
from fastdepth_train.networks.build import (  # noqa: E402
    build_network,
    config_from_dict,
    load_start_weights,
)
from fastdepth_train.networks.cost import network_cost  # noqa: E402
from fastdepth_train.networks.meter import (  # noqa: E402
    METER_MEAN,
    METER_STD,
    Meter,
    MeterConfig,
)
from fastdepth_train.published import PUBLISHED, load_published  # noqa: E402
from test.data import shared  # noqa: E402
from test.fastdepth_train.conftest import write_config  # noqa: E402
from test.fastdepth_train.frames import kaggle_folder  # noqa: E402

# Every 80th training frame: rooms of all kinds, few enough for a test; and what METER-XXS scores on
# them, protocol `eigen`.
SCORED = range(0, 659, 80)
MEASURED_RMSE = 0.266
MEASURED_DELTA1 = 0.942


@pytest.fixture(autouse=True)
def one_thread():
    """Keep small tensors from waiting for threads that others hold up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def published():
    return load_published("meter-xxs", shared("weights", "meter_xxs_nyu.pth"))


@pytest.fixture(scope="module")
def frames():
    source = KaggleSource(shared("data", "nyu_depth_v2"), split="train")
    return [source[index] for index in SCORED]


def result_of(network, card, frames, protocol):
    estimator = DepthEstimator(TorchEngine(network), card)
    mean = MetricMean()
    for frame in frames:
        mean.add(score(protocol, estimator.predict_frame, frame).metrics)
    return mean.result()


def test_it_costs_what_is_published():
    cost = network_cost(build_network(preset("meter-xxs")), 256, 192)
    assert round((cost.parameters + cost.norm_parameters) / 1e6, 3) == 0.713
    assert round(cost.macs / 1e9, 3) == 0.223


def test_depth_is_a_quarter_of_the_input():
    assert Meter()(torch.zeros(2, 3, 128, 192)).shape == (2, 1, 32, 48)
    assert Meter().stride == 64


def test_the_published_weights_score_as_they_should_on_their_own_training_frames(published, frames):
    result = result_of(published.network, published.card, frames, "eigen")
    # One wrong choice of skip, activation, order, heads or patches costs at least 0.015 m here.
    assert result["rmse"] == pytest.approx(MEASURED_RMSE, abs=0.002)
    assert result["delta1"] == pytest.approx(MEASURED_DELTA1, abs=0.002)


def test_without_the_white_rim_of_nyu_frames_the_painted_border_keeps_the_scale(published, frames):
    bare = Meter(dataclasses.replace(published.network.config, border=0)).eval()
    bare.load_state_dict(published.network.state_dict())
    whole = result_of(bare, published.card, frames, "eigen")
    assert whole["rmse"] == pytest.approx(MEASURED_RMSE, abs=0.005)
    assert result_of(bare, published.card, frames, "fastdepth")["delta1"] < 0.2
    assert result_of(published.network, published.card, frames, "fastdepth")["delta1"] > 0.9


def test_the_border_is_white_and_nothing_else_changes():
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (METER_MEAN, METER_STD))
    image = torch.rand(1, 3, 64, 128)
    painted = Meter().paint_border((image - mean) / std) * std + mean
    inside = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(painted[inside], image[inside])
    expected = torch.ones_like(image)
    expected[inside] = image[inside]
    torch.testing.assert_close(painted, expected)


def test_a_block_puts_every_pixel_back_where_it_was():
    torch.manual_seed(0)
    block = Meter().encoder.mvit[1].eval()
    block.transformer = nn.Identity()
    image = torch.randn(2, 64, 8, 12)
    with torch.no_grad():
        features = block.conv3(block.conv2(block.conv1(image)))
        expected = block.conv4(torch.cat((features, image), dim=1))
        torch.testing.assert_close(block(image), expected)


def test_attention_joins_pixels_of_the_same_place_in_their_patches():
    torch.manual_seed(0)
    block = Meter().encoder.mvit[0].eval()
    block.conv1 = block.conv4 = nn.Identity()
    block.conv2 = nn.Conv2d(48, 64, 1)
    block.conv3 = nn.Identity()
    image = torch.randn(1, 48, 6, 8)
    changed = image.clone()
    changed[..., 3, 4] += 1.0
    with torch.no_grad():
        difference = (block(changed) - block(image))[0, :64].abs().sum(0)
    rows, columns = torch.nonzero(difference, as_tuple=True)
    # Row 3 is the second of its patch, column 4 the first.
    assert set(rows.tolist()) == {1, 3, 5}
    assert set(columns.tolist()) == {0, 2, 4, 6}


def test_a_description_survives_json_and_a_checkpoint(tmp_path):
    config = MeterConfig(dims=(16, 24, 32), heads=2)
    assert config_from_dict(json.loads(json.dumps(config.to_dict()))) == config
    with pytest.raises(NetworkError, match=r"unknown fields.*colour"):
        config_from_dict({**config.to_dict(), "colour": 1})
    network = build_network(config)
    card = PUBLISHED["meter-xxs"].card
    state = {f"network.{key}": value for key, value in network.state_dict().items()}
    torch.save(
        {"fastdepth": make_record(config, card), "state_dict": state}, tmp_path / "meter.ckpt"
    )
    loaded = load_checkpoint(tmp_path / "meter.ckpt")
    assert loaded.card == card
    assert loaded.network.config == config
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(loaded.network(image), network.eval()(image))


def test_training_can_start_from_published_weights_or_none(tmp_path):
    torch.manual_seed(0)
    torch.save(Meter().state_dict(), tmp_path / "meter.pth")
    network = Meter()
    before = network.encoder.conv2[0].weight.clone()
    load_start_weights(network, "none")
    assert torch.equal(network.encoder.conv2[0].weight, before)
    load_start_weights(network, str(tmp_path / "meter.pth"))
    assert not torch.equal(network.encoder.conv2[0].weight, before)
    with pytest.raises(WeightsError, match="no ImageNet weights for METER"):
        load_start_weights(network, "imagenet")


def test_an_untrained_one_answers_about_the_depth_of_a_room():
    torch.manual_seed(2)
    depth = Meter().train()(torch.randn(2, 3, 128, 128))
    assert 1.0 < depth.mean() < 6.0
    assert depth.min() > 0


def test_the_train_verb_takes_the_preset(tmp_path):
    data = kaggle_folder(tmp_path / "rooms")
    config = write_config(
        tmp_path / "meter.yaml",
        data,
        model__network=None,
        model__preset="meter-xxs",
        model__optimizer={"lr": 0.002},
        data__input_size=[128, 64],
        trainer__max_epochs=12,
        trainer__check_val_every_n_epoch=12,
    )
    assert main(["train", "--config", str(config), "--run", str(tmp_path / "run")]) == 0
    network, card = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert network.config == MeterConfig()
    assert (card.input.width, card.input.height) == (128, 64)
    losses = [
        float(row["train/loss"])
        for row in csv.DictReader((tmp_path / "run" / "logs" / "version_0" / "metrics.csv").open())
        if row["train/loss"]
    ]
    assert losses[-1] < 0.8 * losses[0]


def test_wrong_weights_and_names_are_explained(tmp_path):
    state = Meter().state_dict()
    state.pop("decoder.conv2d_out.weight")
    torch.save(state, tmp_path / "part.pth")
    with pytest.raises(WeightsError, match=r"another network.*decoder.conv2d_out.weight"):
        load_published("meter-xxs", tmp_path / "part.pth")
    torch.save(Meter(MeterConfig(latent=80)).state_dict(), tmp_path / "narrow.pth")
    with pytest.raises(WeightsError, match=r"another network.*size mismatch"):
        load_published("meter-xxs", tmp_path / "narrow.pth")
    with pytest.raises(NetworkError, match=r"'meter-s'.*meter-xxs"):
        load_published("meter-s", tmp_path / "part.pth")


def test_the_export_verb_makes_a_model_of_published_weights(tmp_path, capsys):
    torch.manual_seed(1)
    network = Meter().eval()
    torch.save(network.state_dict(), tmp_path / "meter.pth")
    out = tmp_path / "meter.onnx"
    assert main(["export", str(tmp_path / "meter.pth"), str(out), "--published", "meter-xxs"]) == 0
    assert "0.71 M parameters, 0.223 GMAC" in capsys.readouterr().out
    card = read_card(out)
    assert card == PUBLISHED["meter-xxs"].card
    assert (card.input.width, card.input.height, card.licence) == (256, 192, "MIT")
    # 640x480 is resized to 256x192: the focal length shrinks as the image does.
    assert card.focal_length == pytest.approx((518.8579 * 0.4, 519.4696 * 0.4))
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    ours = DepthEstimator(TorchEngine(network), card).predict_frame(Frame(image)).values
    assert ours.shape == (48, 64)
    theirs = DepthEstimator.load(out, threads=1).predict_frame(Frame(image)).values
    np.testing.assert_allclose(theirs, ours, atol=1e-5)
