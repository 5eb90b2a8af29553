import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from fastdepth_train.networks.cost import network_cost  # noqa: E402


def test_cost_counts_a_known_layer_and_leaves_the_network_as_it_was():
    layer = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)).train()
    cost = network_cost(layer, width=20, height=10)
    assert cost.parameters == 3 * 3 * 3 * 8 + 8
    assert cost.norm_parameters == 16
    assert cost.macs == 20 * 10 * 3 * 3 * 3 * 8
    assert layer.training
    assert layer[1].num_batches_tracked == 0
