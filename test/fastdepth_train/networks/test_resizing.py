import dataclasses

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from fastdepth_train.errors import NetworkError  # noqa: E402
from fastdepth_train.networks import DepthNetwork, NetworkConfig  # noqa: E402
from fastdepth_train.networks.resizing import (  # noqa: E402
    changed_sizes,
    layer_sizes,
    shrink_layers,
)
from test.fastdepth_train.networks.shaking import NARROW  # noqa: E402


def layers():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=True),
        nn.BatchNorm2d(8),
        nn.Conv2d(8, 8, 3, groups=8),
        nn.ConvTranspose2d(8, 6, 3),
    )


def test_layers_keep_the_first_of_their_channels():
    torch.manual_seed(0)
    small = layers()
    before = {key: value.clone() for key, value in small.state_dict().items()}
    shrink_layers(small, {"0": (3, 5), "1": (5, 5), "2": (5, 5), "3": (5, 4)})
    assert layer_sizes(small) == {"0": (3, 5), "1": (5, 5), "2": (5, 5), "3": (5, 4)}
    after = small.state_dict()
    assert torch.equal(after["0.weight"], before["0.weight"][:5])
    assert torch.equal(after["0.bias"], before["0.bias"][:5])
    assert torch.equal(after["1.running_var"], before["1.running_var"][:5])
    assert torch.equal(after["2.weight"], before["2.weight"][:5])
    assert torch.equal(after["3.weight"], before["3.weight"][:5, :4])
    assert small(torch.randn(2, 3, 9, 9)).shape == (2, 4, 7, 7)
    assert all(p.requires_grad for p in small.parameters())
    assert changed_sizes(small, layers()).keys() == {"0", "1", "2", "3"}
    assert changed_sizes(small, small) == {}


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ({"9": (3, 3)}, "'9', which is no layer"),
        ({"0": (3, 9)}, "at most 3 and 8"),
        ({"0": (0, 8)}, "0 input and 8 output"),
        ({"1": (4, 5)}, "as many in as out"),
        ({"2": (4, 5)}, "as many in as out"),
    ],
)
def test_impossible_sizes_are_named(sizes, reason):
    with pytest.raises(NetworkError, match=reason):
        shrink_layers(layers(), sizes)


def test_a_configuration_with_sizes_builds_that_network():
    sizes = {
        "decoder.stages.4.3": (8, 5),
        "decoder.stages.4.4": (5, 5),
        "head": (5, 1),
    }
    config = dataclasses.replace(NARROW, sizes=sizes)
    plain = config.to_dict()
    assert NetworkConfig.from_dict({**plain, "sizes": {k: list(v) for k, v in sizes.items()}}) == (
        config
    )
    network = DepthNetwork(config).eval()
    assert network.head.in_channels == 5
    # The head still answers about the depth of an indoor frame.
    with torch.no_grad():
        assert 1.0 < network(torch.zeros(1, 3, 64, 64)).mean() < 6.0


def test_checkpoints_from_before_sizes_are_read():
    plain = NARROW.to_dict()
    del plain["sizes"]
    assert NetworkConfig.from_dict(plain) == NARROW
