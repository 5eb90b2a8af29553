import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.errors import ConfigError  # noqa: E402
from fastdepth_train.optim import (  # noqa: E402
    OptimizerConfig,
    PlateauConfig,
    best_mode,
    make_optimizer,
    make_schedule,
)


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


def rates(config, steps, *, validations=()):
    """Return the head's and the encoder's rate at each step, or at each epoch or validation."""
    network = Network()
    optimizer = make_optimizer(network, config)
    schedule = make_schedule(optimizer, config, steps)
    found = []
    for index in range(steps):
        found.append(
            (
                settings_of(optimizer, network.head.weight)[0],
                settings_of(optimizer, network.encoder[0].weight)[0],
            )
        )
        optimizer.step()
        if schedule is None:
            continue
        if schedule.pace == "validation":
            schedule.scheduler.step(validations[index])
        else:
            schedule.scheduler.step()
    head, encoder = zip(*found, strict=True)
    return list(head), list(encoder)


def test_one_cycle_peaks_at_each_parts_own_rate():
    head, encoder = rates(OptimizerConfig(lr=0.1, encoder_lr=0.1, warm_up=0.25), 40)
    assert head[0] == pytest.approx(0.1 / 25)
    assert head.index(max(head)) == 9
    assert max(head) == pytest.approx(0.1)
    assert max(encoder) == pytest.approx(0.01)
    assert head[-1] < 1e-5


def test_cosine_rises_along_a_line_and_falls_along_a_cosine():
    head, encoder = rates(OptimizerConfig(lr=0.1, encoder_lr=0.5, schedule="cosine"), 40)
    assert head[:5] == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1])
    assert head[22] == pytest.approx(0.05)  # half of the 36 steps after the rise
    assert head[31] == pytest.approx(0.1 * 0.5 * (1 - 2**-0.5))
    assert 0 < head[39] < 3e-4
    assert encoder == pytest.approx([rate / 2 for rate in head])


def test_cosine_without_warm_up_starts_at_its_peak():
    head, _ = rates(OptimizerConfig(lr=0.1, schedule="cosine", warm_up=0.0), 10)
    assert head[0] == 0.1
    assert head[5] == pytest.approx(0.05)


def test_step_falls_every_few_epochs():
    config = OptimizerConfig(lr=0.01, schedule="step", step_epochs=5, step_factor=0.1)
    schedule = make_schedule(make_optimizer(Network(), config), config, 1000)
    assert schedule.pace == "epoch"
    head, _ = rates(config, 12)
    assert head == pytest.approx([0.01] * 5 + [0.001] * 5 + [0.0001] * 2)


def test_plateau_falls_when_the_metric_gets_no_better():
    plateau = PlateauConfig(factor=0.5, patience=1, lowest=0.2)
    config = OptimizerConfig(lr=1.0, schedule="plateau", plateau=plateau)
    #                                better    within patience, falls, falls, lowest
    head, _ = rates(config, 9, validations=[2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert head == pytest.approx([1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2])


def test_plateau_knows_that_a_high_delta1_is_good():
    plateau = PlateauConfig(metric="delta1", patience=0)
    config = OptimizerConfig(lr=1.0, schedule="plateau", plateau=plateau)
    rising, _ = rates(config, 3, validations=[0.5, 0.6, 0.7])
    assert rising == [1.0, 1.0, 1.0]
    falling, _ = rates(config, 3, validations=[0.7, 0.6, 0.5])
    assert falling == pytest.approx([1.0, 1.0, 0.1])


def test_plateau_that_is_off_and_none_leave_the_rate_alone():
    off = OptimizerConfig(lr=0.1, schedule="plateau", plateau=PlateauConfig(enabled=False))
    assert set(rates(off, 5)[0]) == {0.1}
    assert set(rates(OptimizerConfig(lr=0.1, schedule="none"), 5)[0]) == {0.1}


def test_sgd_moves_with_momentum_and_decays_as_told():
    config = OptimizerConfig(
        name="sgd", lr=0.1, momentum=0.9, weight_decay=0.5, schedule="none", decay_all=True
    )
    network = torch.nn.Conv2d(1, 1, 1)
    with torch.no_grad():
        network.weight.fill_(1.0)
        network.bias.fill_(1.0)
    optimizer = make_optimizer(network, config)
    seen = []
    for _ in range(2):
        optimizer.zero_grad()
        (2.0 * network.weight.sum() + network.bias.sum()).backward()
        optimizer.step()
        seen.append((network.weight.item(), network.bias.item()))
    # v1 = g + 0.5 w = 2.5 and 1.5; v2 = 0.9 v1 + g + 0.5 w
    assert seen[0] == pytest.approx((1 - 0.25, 1 - 0.15))
    assert seen[1] == pytest.approx((0.75 - 0.1 * 4.625, 0.85 - 0.1 * 2.775))


def test_sgd_keeps_its_momentum_in_one_cycle():
    config = OptimizerConfig(name="sgd", momentum=0.8, schedule="one_cycle")
    optimizer = make_optimizer(Network(), config)
    schedule = make_schedule(optimizer, config, 10)
    optimizer.step()
    schedule.scheduler.step()
    assert {group["momentum"] for group in optimizer.param_groups} == {0.8}


@pytest.mark.parametrize("steps", [1, 2, 5, 10])
def test_one_cycle_fits_the_shortest_run(steps):
    head, _ = rates(OptimizerConfig(lr=0.1), steps)
    assert max(head) <= 0.1
    assert head[0] == pytest.approx(0.1 / 25)


def test_a_network_without_encoder_has_one_rate():
    optimizer = make_optimizer(torch.nn.Conv2d(3, 1, 1), OptimizerConfig(lr=1e-2, encoder_lr=0.1))
    assert {group["lr"] for group in optimizer.param_groups} == {1e-2}


@pytest.mark.parametrize(
    "change",
    [
        {"lr": 0},
        {"encoder_lr": 0},
        {"weight_decay": -1},
        {"momentum": 1.0},
        {"warm_up": 1},
        {"schedule": "one_cycle", "warm_up": 0},
        {"schedule": "triangle"},
        {"name": "lion"},
        {"step_epochs": 0},
        {"step_factor": 1.0},
    ],
)
def test_impossible_settings_are_refused(change):
    with pytest.raises(ConfigError, match="expected"):
        OptimizerConfig(**change)


@pytest.mark.parametrize("change", [{"factor": 1.0}, {"patience": -1}, {"metric": "loss"}])
def test_impossible_plateaus_are_refused(change):
    with pytest.raises(ConfigError, match="expected"):
        PlateauConfig(**change)


def test_metrics_know_which_way_is_better():
    assert best_mode("rmse") == best_mode("abs_rel") == "min"
    assert best_mode("delta3") == best_mode("accuracy15") == "max"
