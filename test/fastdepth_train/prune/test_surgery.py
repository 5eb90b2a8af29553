import dataclasses
from contextlib import nullcontext

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch_pruning")

from torch import nn  # noqa: E402

from fastdepth_train.errors import PruneError  # noqa: E402
from fastdepth_train.networks import (  # noqa: E402
    PRESETS,
    DecoderConfig,
    DepthNetwork,
    EncoderConfig,
    NetworkConfig,
)
from fastdepth_train.networks.build import config_from_dict  # noqa: E402
from fastdepth_train.networks.cost import network_cost  # noqa: E402
from fastdepth_train.networks.decoders.stages import STAGES  # noqa: E402
from fastdepth_train.networks.encoders import ENCODERS  # noqa: E402
from fastdepth_train.networks.network import head_first  # noqa: E402
from fastdepth_train.prune.surgery import Surgeon  # noqa: E402
from test.fastdepth_train.networks.shaking import NARROW, shake  # noqa: E402

OWN_UPSAMPLE = {name for name, kind in STAGES.items() if kind.upsample is None}
FUSION = DecoderConfig("fusion", 3, (16,) * 5)
CONCAT = DecoderConfig("nnconv_dw", 3, (24, 16, 16, 8, 8), "concat", first_skip=2)
# Two real ones; every kind of encoder, decoder and skip.
NETWORKS = {
    **{name: PRESETS[name] for name in ("fastdepth-pruned", "mobilenetv2-nnconv5dw")},
    **{name: NetworkConfig(EncoderConfig(name, 0.25), FUSION) for name in ENCODERS},
    "concat": NetworkConfig(EncoderConfig("mobilenet_v1", 0.25, "relu6"), CONCAT, "norm_relu"),
    **{
        name: dataclasses.replace(
            NARROW,
            decoder=DecoderConfig(name, 3, (24, 8, 8, 8, 8)),
            upsample="none" if name in OWN_UPSAMPLE else "bilinear",
        )
        for name in STAGES
        if not name.startswith("shuffle")
    },
}


def some(surgeon, seed=0):
    """Return a third of the channels of every group, at random places."""
    generator = torch.Generator().manual_seed(seed)
    return {
        group: torch.randperm(surgeon.channels(group), generator=generator)[
            : surgeon.channels(group) // 3
        ].tolist()
        for group in surgeon.groups
        if surgeon.channels(group) > 2
    }


def cost_of(config):
    with torch.device("meta"):
        return network_cost(DepthNetwork(config), 64, 64)


def bright(network):
    """Keep the head above 0, where a ReLU would hide everything."""
    last = [m for m in network.head.modules() if getattr(m, "bias", None) is not None][-1]
    nn.init.constant_(last.bias, 3.0)
    return network


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_taking_channels_out_is_setting_them_to_zero(name):
    torch.manual_seed(0)
    # In double precision, since sums of other length are rounded otherwise.
    network = bright(shake(DepthNetwork(NETWORKS[name]))).double()
    image = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    surgeon = Surgeon(network, 64, 64)
    chosen = some(surgeon)
    assert len(chosen) >= 14
    with torch.no_grad():
        whole = network(image)
        with surgeon.hidden(chosen):
            hidden = network(image)
        assert torch.equal(network(image), whole)
        assert hidden.std() > 0
        assert (hidden - whole).abs().max() > 1e-6
    cost = cost_of(network.config)
    # Unpooling counts too and has no weights.
    assert surgeon.macs() == cost.macs or "up" in name
    saving = surgeon.saving(chosen)
    surgeon.remove(chosen)
    left = cost_of(network.config)
    assert left.parameters < 0.75 * cost.parameters
    assert left.macs == cost.macs - saving or "up" in name
    assert surgeon.macs() == cost.macs - saving or "up" in name
    with torch.no_grad():
        torch.testing.assert_close(network(image), hidden, rtol=1e-9, atol=1e-9)
    # The configuration alone rebuilds the network, and its exported form is the same function.
    rebuilt = DepthNetwork(config_from_dict(network.config.to_dict())).double().eval()
    rebuilt.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(rebuilt(image), network(image))
        faster = head_first(rebuilt).double()
        torch.testing.assert_close(faster(image), hidden, rtol=1e-9, atol=1e-9)


def test_a_pruned_network_is_pruned_again():
    network = shake(DepthNetwork(NARROW))
    first = Surgeon(network, 64, 64)
    first.remove({first.groups[0]: [0]})
    again = Surgeon(DepthNetwork(network.config), 64, 64)
    assert again.channels(again.groups[0]) == first.channels(first.groups[0])
    again.remove({again.groups[0]: [0]})
    assert again.channels(again.groups[0]) == first.channels(first.groups[0]) - 1


def test_both_sides_of_an_added_skip_go_together():
    network = shake(DepthNetwork(NARROW))
    surgeon = Surgeon(network, 64, 64)
    # Of H/4: a block of the encoder, and the decoder stage that its map is added to.
    stage = network.decoder.stages[2][3]
    (group,) = [
        group
        for group in surgeon.groups
        if any(part.layer is stage and part.is_output for part in surgeon._parts(group, [0]))
    ]
    assert network.encoder.features[3].conv[2].out_channels == 8
    surgeon.remove({group: [1, 4]})
    assert network.encoder.features[3].conv[2].out_channels == 6
    assert network.decoder.stages[2][3].out_channels == 6
    assert network.decoder.stages[3][0].groups == 6


def test_importance_is_what_the_loss_loses():
    torch.manual_seed(1)
    network = bright(shake(DepthNetwork(NARROW)))
    surgeon = Surgeon(network, 64, 64)
    image = torch.randn(2, 3, 64, 64)
    group = "decoder.stages.4.3"
    loss = network(image).square().mean()
    loss.backward()
    importance = surgeon.importance(group)
    # A gate that is nearly open changes the loss by its derivative.
    for channel in range(surgeon.channels(group)):
        norm = network.decoder.stages[-1][4]
        with torch.no_grad():
            kept = norm.weight[channel].clone(), norm.bias[channel].clone()
            norm.weight[channel] *= 0.99
            norm.bias[channel] *= 0.99
            slope = (network(image).square().mean() - loss) / -0.01
            norm.weight[channel], norm.bias[channel] = kept
        assert importance[channel].sqrt() == pytest.approx(abs(float(slope)), rel=0.05, abs=1e-4)


def test_shuffled_pixels_are_refused():
    config = NetworkConfig(
        EncoderConfig(width=0.25),
        DecoderConfig("shuffleconv", 3, (24, 8, 8, 8, 8), "none"),
        upsample="none",
    )
    with pytest.raises(PruneError, match="shuffleconv shuffles pixels"):
        Surgeon(DepthNetwork(config), 64, 64)


def test_a_network_that_changes_beyond_its_channels_is_refused(monkeypatch):
    surgeon = Surgeon(shake(DepthNetwork(NARROW)), 64, 64)
    # As if what is taken out were not what was set to zero.
    monkeypatch.setattr(surgeon, "hidden", lambda _: nullcontext())
    with pytest.raises(PruneError, match="cannot be pruned"):
        surgeon.remove({surgeon.groups[0]: [0, 1, 2]})
