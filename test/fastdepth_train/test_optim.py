import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.errors import ConfigError  # noqa: E402
from fastdepth_train.optim import OptimizerConfig, make_optimizer, make_schedule  # noqa: E402


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
        self.head = torch.nn.Conv2d(4, 1, 1)


def settings_of(optimizer, parameter):
    (group,) = [g for g in optimizer.param_groups if any(p is parameter for p in g["params"])]
    return group["lr"], group["weight_decay"]


def test_the_encoder_has_its_share_of_the_rate_and_only_weights_decay():
    network = Network()
    config = OptimizerConfig(lr=1e-2, encoder_lr=0.03, weight_decay=0.1)
    optimizer = make_optimizer(network, config)
    assert settings_of(optimizer, network.encoder[0].weight) == (pytest.approx(3e-4), 0.1)
    assert settings_of(optimizer, network.encoder[1].weight) == (pytest.approx(3e-4), 0.0)
    assert settings_of(optimizer, network.head.weight) == (1e-2, 0.1)
    assert settings_of(optimizer, network.head.bias) == (1e-2, 0.0)
    held = sum(len(group["params"]) for group in optimizer.param_groups)
    assert held == len(list(network.parameters()))


def test_one_cycle_peaks_at_each_parts_own_rate():
    network = Network()
    config = OptimizerConfig(lr=1e-2, encoder_lr=0.1, warm_up=0.2)
    optimizer = make_optimizer(network, config)
    schedule = make_schedule(optimizer, config, 50)
    rates = []
    for _ in range(49):
        optimizer.step()
        schedule.step()
        rates.append(
            (
                settings_of(optimizer, network.head.weight)[0],
                settings_of(optimizer, network.encoder[0].weight)[0],
            )
        )
    head, encoder = zip(*rates, strict=True)
    assert max(head) == pytest.approx(1e-2, rel=0.01)
    assert max(encoder) == pytest.approx(1e-3, rel=0.01)
    assert head[-1] < 1e-5


def test_a_network_without_encoder_has_one_rate():
    optimizer = make_optimizer(torch.nn.Conv2d(3, 1, 1), OptimizerConfig(lr=1e-2, encoder_lr=0.1))
    assert {group["lr"] for group in optimizer.param_groups} == {1e-2}


@pytest.mark.parametrize(
    "change",
    [{"lr": 0}, {"encoder_lr": 0}, {"weight_decay": -1}, {"warm_up": 1}, {"schedule": "triangle"}],
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(ConfigError, match="expected"):
        OptimizerConfig(**change)
