"""Depthwise convolutions keep float32 where the rest of a network computes in bfloat16."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.depthwise import keep_depthwise_float32  # noqa: E402
from fastdepth_train.networks.build import build_network  # noqa: E402
from fastdepth_train.networks.presets import preset  # noqa: E402


def networks():
    """Return two equal networks, the second with its depthwise layers in float32."""
    torch.manual_seed(0)
    plain, kept = (build_network(preset("tiny")) for _ in range(2))
    kept.load_state_dict(plain.state_dict())
    keep_depthwise_float32(kept)
    return plain.eval(), kept.eval()


def precisions(network):
    """Return the types of the outputs of depthwise and of other convolutions under autocast."""
    seen = {True: set(), False: set()}
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            depthwise = module.groups == module.in_channels > 1
            module.register_forward_hook(
                lambda _module, _given, out, kind=depthwise: seen[kind].add(out.dtype)
            )
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        network(torch.rand(1, 3, 64, 64))
    return seen[True], seen[False]


def test_only_depthwise_layers_keep_float32():
    plain, kept = networks()
    assert precisions(plain) == ({torch.bfloat16}, {torch.bfloat16})
    assert precisions(kept) == ({torch.float32}, {torch.bfloat16})


def test_nothing_changes_without_autocast():
    plain, kept = networks()
    image = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(plain(image), kept(image))
    assert plain.state_dict().keys() == kept.state_dict().keys()


def test_gradients_under_autocast_are_nearer_to_float32s():
    plain, kept = networks()
    image = torch.rand(4, 3, 64, 64)

    def gradient(network, *, autocast):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = network(image).float().mean()
        loss.backward()
        return torch.cat([p.grad.flatten() for p in network.parameters()])

    exact = gradient(plain, autocast=False)
    error = {
        name: (gradient(net, autocast=True) - exact).norm()
        for name, net in (("plain", plain), ("kept", kept))
    }
    assert 0 < error["kept"] < error["plain"]
