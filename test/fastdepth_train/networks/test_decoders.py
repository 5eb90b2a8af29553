import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from fastdepth_train.errors import NetworkError  # noqa: E402
from fastdepth_train.networks.config import DecoderConfig  # noqa: E402
from fastdepth_train.networks.decoders import DECODERS, build_decoder  # noqa: E402
from fastdepth_train.networks.decoders.stages import STAGES, Unpool, UpProj  # noqa: E402
from test.fastdepth_train.networks.shaking import shake  # noqa: E402

# Fine to coarse, of a made-up encoder of three halvings.
ENCODER = (8, 8, 16)
FUSION = {"channels": (8, 8, 8)}


def maps(size=32, channels=ENCODER, seed=0):
    torch.manual_seed(seed)
    return [torch.randn(1, c, size >> i, size >> i) for i, c in enumerate(channels, 1)]


def decoder_of(name, **settings):
    return shake(build_decoder(DecoderConfig(name, 3, **{**FUSION, **settings}), ENCODER))


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_every_decoder_delivers_what_it_says(name):
    decoder = decoder_of(name)
    with torch.no_grad():
        out = decoder(maps())
    side = 32 // decoder.out_stride
    assert out.shape == (1, decoder.out_channels, side, side)
    assert decoder.out_stride == (1 if name in STAGES and STAGES[name].upsample is None else 2)


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_every_map_reaches_the_output(name):
    decoder = decoder_of(name)
    features = maps()
    with torch.no_grad():
        before = decoder(features)
        for index in range(len(ENCODER)):
            changed = list(features)
            changed[index] = features[index] + 1
            assert not torch.allclose(decoder(changed), before), index


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_decoders_have_no_biases_beside_batch_norm(name):
    convolutions = [
        m for m in decoder_of(name).modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)
    ]
    assert len(convolutions) >= 3
    assert all(m.bias is None for m in convolutions)


def test_skips_are_added_after_the_upsample():
    decoder = shake(build_decoder(DecoderConfig("nnconv_dw", 3, (4, 6, 5)), (6, 4, 7)))
    fine, middle, coarse = maps(channels=(6, 4, 7))
    up = nn.Upsample(scale_factor=2, mode="nearest")
    with torch.no_grad():
        x = up(decoder.stages[0](coarse)) + middle
        x = up(decoder.stages[1](x)) + fine
        assert torch.equal(decoder([fine, middle, coarse]), decoder.stages[2](x))


def test_skips_are_concatenated_after_the_upsample():
    config = DecoderConfig("nnconv_dw", 3, (9, 3, 5), skip="concat", first_skip=2)
    decoder = shake(build_decoder(config, (6, 4, 7)))
    fine, middle, coarse = maps(channels=(6, 4, 7))
    up = nn.Upsample(scale_factor=2, mode="nearest")
    with torch.no_grad():
        x = up(decoder.stages[1](up(decoder.stages[0](coarse))))
        expected = decoder.stages[2](torch.cat((x, fine), dim=1))
        assert torch.equal(decoder([fine, middle, coarse]), expected)


def test_the_first_skip_can_come_later():
    config = DecoderConfig("nnconv_dw", 3, (5, 6, 5), first_skip=2)
    decoder = shake(build_decoder(config, (6, 4, 7)))
    fine, middle, coarse = maps(channels=(6, 4, 7))
    with torch.no_grad():
        before = decoder([fine, middle, coarse])
        assert torch.equal(decoder([fine, middle + 1, coarse]), before)
        assert not torch.equal(decoder([fine + 1, middle, coarse]), before)


def test_without_skips_only_the_coarsest_map_counts():
    decoder = shake(build_decoder(DecoderConfig(channels=(5, 5), skip="none"), (3, 7)))
    fine, coarse = maps(channels=(3, 7))
    with torch.no_grad():
        assert torch.equal(decoder([fine, coarse]), decoder([torch.zeros_like(fine), coarse]))


def test_blconv_interpolates_between_its_stages():
    features = maps()
    nearest, bilinear = decoder_of("nnconv"), decoder_of("blconv")
    bilinear.load_state_dict(nearest.state_dict())
    fine, middle, coarse = features
    with torch.no_grad():
        x = coarse
        for stage, skip in zip(bilinear.stages[:-1], (middle, fine), strict=True):
            x = nn.functional.interpolate(stage(x), scale_factor=2, mode="bilinear") + skip
        assert torch.equal(bilinear(features), bilinear.stages[-1](x))
        assert not torch.equal(bilinear(features), nearest(features))


def test_unpooling_puts_pixels_between_zeros():
    x = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])
    expected = torch.tensor([[[[1.0, 0, 2, 0], [0, 0, 0, 0]], [[3, 0, 4, 0], [0, 0, 0, 0]]]])
    assert torch.equal(Unpool()(x), expected)


def test_a_transposed_convolution_is_an_unpool_and_a_convolution():
    deconv = shake(STAGES["deconv"].build(4, 6, 5))
    upconv = shake(STAGES["upconv"].build(4, 6, 5), seed=3)
    # The kernel of a transposed convolution is that of a convolution, mirrored.
    mirrored = deconv[0].weight.detach().flip(2, 3).transpose(0, 1)
    upconv[1].weight.data.copy_(mirrored)
    x = torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(deconv(x), upconv(x), rtol=1e-5, atol=1e-5)


def test_upproj_adds_its_branches_before_the_relu():
    stage = shake(UpProj(4, 6, 5))
    x = torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        wide = stage.unpool(x)
        expected = (stage.residual(wide) + stage.projection(wide)).clamp_min(0)
        assert torch.equal(stage(x), expected)
        # No ReLU ends a branch.
        assert stage.residual(wide).min() < 0
        assert stage.projection(wide).min() < 0
    kernels = [m.kernel_size[0] for m in stage.modules() if isinstance(m, nn.Conv2d)]
    assert kernels == [5, 3, 5]


def test_a_shuffle_makes_size_of_channels():
    stage = STAGES["shuffleconv"].build(8, 3, 5)
    conv = next(m for m in stage.modules() if isinstance(m, nn.Conv2d))
    assert (conv.in_channels, conv.out_channels) == (2, 3)
    with pytest.raises(NetworkError, match="6 input channels; expected a multiple of 4"):
        STAGES["shuffleconv"].build(6, 3, 5)


@pytest.mark.parametrize("name", ["nnconv", "blconv", "deconv", "shuffleconv"])
def test_depthwise_forms_have_one_filter_a_channel(name):
    stage = STAGES[f"{name}_dw"].build(16, 12, 5)
    first, second = (m for m in stage.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d))
    assert first.groups == first.in_channels == first.out_channels
    assert (first.kernel_size, second.kernel_size) == ((5, 5), (1, 1))
    dense = STAGES[name].build(16, 12, 5)
    kinds = [type(m) for m in dense.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert kinds == [type(first)]


def test_fusion_by_its_definition():
    decoder = decoder_of("fusion")
    fine, middle, coarse = maps()
    up = nn.Upsample(scale_factor=2, mode="nearest")
    with torch.no_grad():
        x = decoder.stages[0](decoder.laterals[0](coarse))
        x = decoder.stages[1](up(x) + decoder.laterals[1](middle))
        x = decoder.stages[2](up(x) + decoder.laterals[2](fine))
        assert torch.equal(decoder([fine, middle, coarse]), x)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (DecoderConfig("fpn"), "unknown decoder 'fpn'.*nnconv_dw"),
        (DecoderConfig(channels=(8, 8)), "2 stages.*expected 3"),
        (DecoderConfig("fusion", channels=(8, 8)), "2 stages.*expected 3"),
        (DecoderConfig(channels=(8, 9, 4)), "stage 2 has 9 channels.*skips are added"),
        (DecoderConfig("fusion", channels=(8, 8, 4)), "one number of channels"),
        (DecoderConfig("fusion", channels=(8, 8, 8), skip="concat"), "skip concat.*expected"),
    ],
)
def test_decoders_that_do_not_fit_are_named(config, message):
    with pytest.raises(NetworkError, match=message):
        build_decoder(config, ENCODER)
