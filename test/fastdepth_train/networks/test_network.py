import dataclasses

import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.errors import NetworkError  # noqa: E402
from fastdepth_train.networks import DecoderConfig, DepthNetwork  # noqa: E402
from fastdepth_train.networks.network import head_first  # noqa: E402
from test.fastdepth_train.networks.shaking import NARROW, shake  # noqa: E402


def test_without_the_last_upsample_depth_has_half_the_size():
    network = DepthNetwork(dataclasses.replace(NARROW, upsample="none")).eval()
    assert network(torch.zeros(1, 3, 64, 32)).shape == (1, 1, 32, 16)


def test_a_decoder_that_upsamples_by_itself_delivers_the_whole_size():
    decoder = DecoderConfig("deconv_dw", 3, (24, 8, 8, 8, 8))
    config = dataclasses.replace(NARROW, decoder=decoder, upsample="none")
    network = DepthNetwork(config).eval()
    assert network(torch.zeros(1, 3, 64, 32)).shape == (1, 1, 64, 32)
    with pytest.raises(NetworkError, match=r"upsample is 'nearest'; expected none.*deconv_dw"):
        DepthNetwork(dataclasses.replace(config, upsample="nearest"))


@pytest.mark.parametrize("output", ["exp", "relu", "norm_relu"])
def test_the_head_before_the_last_nearest_upsample_is_exact(output):
    config = dataclasses.replace(NARROW, output=output, upsample="nearest", head="after")
    # In double precision, since sums of other length are rounded otherwise.
    network = shake(DepthNetwork(config)).double()
    # Shaken, the head may answer below 0 everywhere.
    (network.head[1] if output == "norm_relu" else network.head).bias.data.fill_(1.0)
    image = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    faster = head_first(network)
    assert faster.config.head == "before"
    with torch.no_grad():
        features = network.decoder(network.encoder(image))
        papers_order = network.to_depth(network.head(network.upsample(features)))
        assert papers_order.std() > 0
        assert torch.equal(network(image), papers_order)
        torch.testing.assert_close(faster(image), papers_order, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("changes", [{}, {"upsample": "bilinear", "head": "after"}])
def test_a_head_that_cannot_move_exactly_stays(changes):
    network = DepthNetwork(dataclasses.replace(NARROW, **changes))
    assert head_first(network) is network


def test_other_networks_are_left_alone():
    other = torch.nn.Conv2d(3, 1, 1)
    assert head_first(other) is other


def test_the_head_after_a_bilinear_upsample_is_another_function():
    before = shake(DepthNetwork(NARROW))
    after = DepthNetwork(dataclasses.replace(NARROW, head="after")).eval()
    after.load_state_dict(before.state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert not torch.allclose(before(image), after(image))
        # exp(mean) is below mean(exp).
        assert (after(image) <= before(image) + 1e-6).all()


@pytest.mark.parametrize("output", ["exp", "relu", "norm_relu"])
def test_depth_is_never_below_zero(output):
    network = shake(DepthNetwork(dataclasses.replace(NARROW, output=output)))
    with torch.no_grad():
        depth = network(10 * torch.randn(1, 3, 64, 64))
    assert depth.min() >= 0
    assert torch.isfinite(depth).all()


def test_a_batch_norm_in_the_head_lets_depth_be_exactly_zero():
    network = DepthNetwork(dataclasses.replace(NARROW, output="norm_relu")).eval()
    torch.nn.init.constant_(network.head[1].bias, -1.0)
    torch.nn.init.zeros_(network.head[0].weight)
    with torch.no_grad():
        assert (network(torch.randn(1, 3, 32, 32)) == 0).all()
