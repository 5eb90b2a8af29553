"""The mean of checkpoints: what it holds, and which do not go together."""

import pytest

torch = pytest.importorskip("torch")

from fastdepth.card import InputSpec, ModelCard  # noqa: E402
from fastdepth_train.average import average  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint, save_network  # noqa: E402
from fastdepth_train.cli.average import main  # noqa: E402
from fastdepth_train.errors import CheckpointError, ConfigError  # noqa: E402
from fastdepth_train.networks.build import build_network  # noqa: E402
from fastdepth_train.networks.presets import preset  # noqa: E402


def saved(path, seed, name="tiny", size=(64, 64), data=("a",)):
    torch.manual_seed(seed)
    network = build_network(preset(name))
    with torch.no_grad():
        for buffer in network.buffers():
            buffer.add_(seed)
    card = ModelCard("t", "1", InputSpec(*size), (60.0, 60.0), (0.1, 10.0), training_data=data)
    save_network(path, network, card)
    return path


def test_the_mean_is_weighted_and_says_what_both_learned_from(tmp_path):
    first = saved(tmp_path / "a.ckpt", 1, data=("start", "shared"))
    second = saved(tmp_path / "b.ckpt", 2, data=("shared", "more"))
    out = tmp_path / "mean.ckpt"
    command = [str(first), str(second), "--shares", "0.25", "0.75", "--out", str(out)]
    assert main(command) == 0
    a, b, mean = (load_checkpoint(path) for path in (first, second, out))
    states = [one.network.state_dict() for one in (a, b, mean)]
    for key, value in states[2].items():
        if value.dtype.is_floating_point:
            wanted = 0.25 * states[0][key] + 0.75 * states[1][key]
            assert torch.allclose(value, wanted, atol=1e-6), key
        else:
            assert torch.equal(value, states[1][key])
    assert not torch.equal(states[0]["head.weight"], states[2]["head.weight"])
    assert mean.card.training_data == ("shared", "more", "start")


def test_equal_shares_unless_given(tmp_path):
    paths = [saved(tmp_path / f"{n}.ckpt", n) for n in (1, 2, 3)]
    mean = average(paths).network.state_dict()["head.weight"]
    parts = [load_checkpoint(path).network.state_dict()["head.weight"] for path in paths]
    assert torch.allclose(mean, torch.stack(parts).mean(0), atol=1e-6)


@pytest.mark.parametrize("shares", [[1.0], [0.5, 0.6], [-0.5, 1.5], [0.2, 0.3, 0.5]])
def test_shares_that_do_not_fit_are_refused(tmp_path, shares):
    paths = [saved(tmp_path / f"{n}.ckpt", n) for n in (1, 2)]
    with pytest.raises(ConfigError, match="1 as their sum"):
        average(paths, shares)


def test_networks_and_inputs_that_differ_are_refused(tmp_path):
    one = saved(tmp_path / "a.ckpt", 1)
    for number, other in enumerate(({"name": "mobilenetv2-half"}, {"size": (96, 64)})):
        second = saved(tmp_path / f"{number}.ckpt", 2, **other)
        with pytest.raises(CheckpointError, match="different networks, inputs or cameras"):
            average([one, second])
