import dataclasses

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_pruning")

from fastdepth_train.errors import PruneError  # noqa: E402
from fastdepth_train.networks import DepthNetwork  # noqa: E402
from fastdepth_train.networks.cost import network_cost  # noqa: E402
from fastdepth_train.prune.budgets import MacsBudget  # noqa: E402
from fastdepth_train.prune.search import PruneConfig, block, check_reachable  # noqa: E402
from fastdepth_train.prune.surgery import Surgeon  # noqa: E402
from test.fastdepth_train.networks.shaking import NARROW, shake  # noqa: E402
from test.fastdepth_train.test_export import CARD  # noqa: E402


@pytest.fixture(scope="module")
def network():
    return shake(DepthNetwork(NARROW))


def test_targets_are_shares_or_operations(network):
    whole = network_cost(network, 96, 64).macs
    assert MacsBudget(network, CARD, "0.5").goal == 0.5
    assert MacsBudget(network, CARD, "1M").goal == pytest.approx(1e6 / whole)
    assert MacsBudget(network, CARD, "0.001G").goal == pytest.approx(1e6 / whole)
    assert MacsBudget(network, CARD, "0.5").share(network) == 1


@pytest.mark.parametrize("target", ["", "half", "1.5", "0", "-1", "1", "5ms", "1.2.3M"])
def test_targets_that_are_none_are_refused(network, target):
    with pytest.raises(PruneError, match="expected a share below 1 or a number with its unit"):
        MacsBudget(network, CARD, target)


def test_a_target_above_the_cost_is_refused(network):
    with pytest.raises(PruneError, match="asks for no less than the network costs: "):
        MacsBudget(network, CARD, "5G")


def test_what_cannot_be_reached_is_said_beforehand(network):
    surgeon = Surgeon(network, 96, 64)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    least = surgeon.copy()
    least.remove({g: range(8, least.channels(g)) for g in least.groups if least.channels(g) > 8})
    share = MacsBudget(network, CARD, "0.5").share(least.network)
    check_reachable(surgeon, MacsBudget(network, CARD, f"{share + 0.001:.4f}"), 8)
    with pytest.raises(PruneError, match=rf"out of reach: with 8 .*\({share:.3f}\)"):
        check_reachable(surgeon, MacsBudget(network, CARD, f"{share - 0.001:.4f}"), 8)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("channels", "unit", "gone"),
    [
        (960, 8, 120),
        (96, 8, 8),
        (24, 8, 8),
        (9, 8, 1),
        (8, 8, 0),
        (5, 8, 0),
        (20, 8, 4),
        (16, 1, 2),
    ],
)
def test_blocks_leave_multiples_of_the_unit(channels, unit, gone):
    assert block(channels, unit) == gone


@pytest.mark.parametrize("changes", [{"steps": 0}, {"tune": -1}, {"lr": 0.0}, {"unit": 0}])
def test_impossible_settings_are_refused(changes):
    with pytest.raises(PruneError, match="expected"):
        dataclasses.replace(PruneConfig(), **changes)
