import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.networks import PRESETS, DepthNetwork, NetworkConfig, preset  # noqa: E402
from fastdepth_train.networks.cost import network_cost  # noqa: E402

# Millions of parameters, without batch norm, and GMACs at 224x224, as published (Wofk et al. 2019,
# tables II and III, and NetAdapt's result).
PUBLISHED = {
    "fastdepth": (3.93, 0.737),
    "fastdepth-concat": (3.99, 0.849),
    "fastdepth-pruned": (1.34, 0.366),
    "fastdepth-nnconv5": (20.6, 3.78),
    "fastdepth-nnconv5dw": (3.93, 0.737),
}


# METER, the one that is not composed, takes no input of 224x224.
COMPOSED = sorted(name for name, config in PRESETS.items() if isinstance(config, NetworkConfig))


def digits(value, count=3):
    return float(f"{value:.{count}g}")


def cost_of(name):
    with torch.device("meta"):
        return network_cost(DepthNetwork(preset(name)))


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_the_papers_networks_cost_what_is_published(name):
    cost = cost_of(name)
    assert (digits(cost.parameters / 1e6), digits(cost.macs / 1e9)) == PUBLISHED[name]


def test_the_papers_decoder_has_the_papers_order():
    network = DepthNetwork(preset("fastdepth-pruned"))
    assert [stage[0].in_channels for stage in network.decoder.stages] == [512, 200, 256, 120, 56]
    assert [stage[3].out_channels for stage in network.decoder.stages] == [200, 256, 120, 56, 16]
    # Skips come from the encoder's layers 5, 3 and 1.
    assert network.encoder.channels[:3] == (56, 120, 256)
    assert network.decoder.first_skip == 2
    head = [type(m).__name__ for m in network.head]
    assert head == ["Conv2d", "BatchNorm2d"]


def test_the_smallest_preset_stays_within_a_tenth_of_a_gmac():
    assert cost_of("tiny").macs <= 0.1e9
    assert min(COMPOSED, key=lambda name: cost_of(name).macs) == "tiny"


def test_the_default_network_costs_what_is_published():
    cost = cost_of("mobilenetv2-nnconv5dw")
    # MobileNetV2 with a narrow k5 decoder: 295 MMACs at 224x224; FastDepth's budget is 370.
    assert round(cost.macs / 1e6) == 295
    # 1.79 M of MobileNetV2 without classifier, 41 k of decoder and head.
    assert round(cost.parameters / 1e6, 2) == 1.83
    assert cost.parameters + cost.norm_parameters == 1_860_473


@pytest.mark.parametrize("name", COMPOSED)
def test_every_composed_preset_delivers_depth(name):
    network = DepthNetwork(preset(name)).eval()
    with torch.no_grad():
        depth = network(torch.zeros(2, 3, 64, 96))
    step = 2 if preset(name).upsample == "none" else 1
    assert depth.shape == (2, 1, 64 // step, 96 // step)
    # Untrained, it answers about the depth of an indoor frame.
    assert 1.0 < depth.mean() < 6.0
