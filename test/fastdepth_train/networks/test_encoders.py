import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torchvision.models import mobilenet_v2, mobilenet_v3_large  # noqa: E402

from fastdepth_train.errors import NetworkError  # noqa: E402
from fastdepth_train.networks.config import EncoderConfig  # noqa: E402
from fastdepth_train.networks.cost import network_cost  # noqa: E402
from fastdepth_train.networks.encoders import ENCODERS, build_encoder  # noqa: E402
from fastdepth_train.networks.encoders.blocks import HardSigmoid, SqueezeExcite, rounded  # noqa: E402
from test.fastdepth_train.networks.shaking import shake  # noqa: E402

# Channels of the taps, and of the whole classification network the parameters and the MACs of its
# layers at 224x224, in millions. The papers give 569, 300, 219, 200 and 161 million MACs in this
# order; some round, some count pooling and activations too.
KNOWN = {
    "mobilenet_v1": ((64, 128, 256, 512, 1024), 4.232, 568.7),
    "mobilenet_v2": ((16, 24, 32, 96, 320), 3.505, 300.8),
    "mobilenet_v3_large": ((16, 24, 40, 112, 160), 5.483, 216.6),
    "mobilenet_v4_conv_small": ((32, 32, 64, 96, 128), 3.774, 186.0),
    "lcnet": ((32, 64, 128, 256, 512), 2.954, 155.7),
}
# Widths of the 1x1 and fully connected layers between the last tap and the 1000 classes; True where
# it is a convolution with batch norm at 7x7, and else one with a bias on the mean over pixels.
CLASSIFIERS = {
    "mobilenet_v1": [],
    "mobilenet_v2": [(1280, True)],
    "mobilenet_v3_large": [(960, True), (1280, False)],
    "mobilenet_v4_conv_small": [(960, True), (1280, None)],
    "lcnet": [(1280, False)],
}
TIMM = [
    ("mobilenet_v1", 1.0, "mobilenetv1_100"),
    ("mobilenet_v1", 1.25, "mobilenetv1_125"),
    ("mobilenet_v4_conv_small", 1.0, "mobilenetv4_conv_small"),
    ("mobilenet_v4_conv_small", 0.5, "mobilenetv4_conv_small_050"),
    ("lcnet", 1.0, "lcnet_100"),
    ("lcnet", 0.5, "lcnet_050"),
]


def classifier_cost(name, channels):
    """Return parameters and MACs of what follows an encoder in its classification network."""
    parameters = macs = 0
    for width, is_map in CLASSIFIERS[name]:
        parameters += channels * width + (width if is_map is False else 2 * width)
        macs += channels * width * (49 if is_map else 1)
        channels = width
    return parameters + channels * 1000 + 1000, macs + channels * 1000


def test_every_encoder_is_known_here():
    assert set(KNOWN) == set(ENCODERS)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_encoders_are_those_of_their_papers(name):
    channels, parameters, macs = KNOWN[name]
    with torch.device("meta"):
        encoder = build_encoder(EncoderConfig(name))
    assert encoder.channels == channels
    cost = network_cost(encoder)
    rest = classifier_cost(name, channels[-1])
    whole = cost.parameters + cost.norm_parameters + rest[0]
    assert round(whole / 1e6, 3) == parameters
    assert round((cost.macs + rest[1]) / 1e6, 1) == macs


@pytest.mark.parametrize("width", [0.35, 0.5, 1.0])
@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_tap_halves_the_image(name, width):
    encoder = build_encoder(EncoderConfig(name, width)).eval()
    with torch.no_grad():
        maps = encoder(torch.randn(2, 3, 64, 96))
    assert [tuple(m.shape) for m in maps] == [
        (2, channels, 64 // step, 96 // step)
        for channels, step in zip(encoder.channels, (2, 4, 8, 16, 32), strict=True)
    ]


@pytest.mark.parametrize(
    ("name", "whole", "taps"),
    [
        ("mobilenet_v2", mobilenet_v2, (2, 4, 7, 14, 18)),
        ("mobilenet_v3_large", mobilenet_v3_large, (2, 4, 7, 13, 16)),
    ],
)
def test_encoders_deliver_torchvisions_features(name, whole, taps):
    classifier = shake(whole())
    encoder = build_encoder(EncoderConfig(name, activation="relu6")).eval()
    encoder.features.load_state_dict(classifier.features[: taps[-1]].state_dict())
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for tap, found in zip(taps, encoder(image), strict=True):
            torch.testing.assert_close(found, classifier.features[:tap](image))


@pytest.mark.parametrize(("name", "width", "theirs"), TIMM)
def test_encoders_deliver_timms_features(name, width, theirs):
    timm = pytest.importorskip("timm", reason="timm, the reference here, is not installed")
    encoder = build_encoder(EncoderConfig(name, width, activation="relu6")).eval()
    reference = shake(timm.create_model(theirs, features_only=True))
    weights = {
        key.replace("blocks_", "blocks."): value for key, value in reference.state_dict().items()
    }
    encoder.load_state_dict({key: weights[key] for key in encoder.state_dict()})
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        expected = reference(image)
        found = encoder(image)
    # timm's last feature map of MobileNetV4 is that of the classifier's convolution.
    count = 4 if name == "mobilenet_v4_conv_small" else 5
    for ours, their_map in zip(found[:count], expected[:count], strict=True):
        torch.testing.assert_close(ours, their_map, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        (
            "mobilenet_v4_conv_small",
            {
                "conv_stem.weight": (32, 3, 3, 3),
                "blocks.1.1.conv.weight": (64, 96, 1, 1),
                "blocks.2.0.dw_mid.conv.weight": (192, 1, 5, 5),
                "blocks.2.5.dw_start.bn.weight": (96,),
                "blocks.3.5.pw_proj.conv.weight": (128, 512, 1, 1),
            },
        ),
        (
            "lcnet",
            {
                "blocks.3.1.conv_dw.weight": (256, 1, 5, 5),
                "blocks.5.1.se.conv_reduce.weight": (128, 512, 1, 1),
                "blocks.5.1.bn2.running_var": (512,),
            },
        ),
        ("mobilenet_v1", {"bn1.bias": (32,), "blocks.3.5.conv_pw.weight": (512, 512, 1, 1)}),
    ],
)
def test_layers_are_named_as_in_timm(name, shapes):
    state = build_encoder(EncoderConfig(name)).state_dict()
    assert {key: tuple(state[key].shape) for key in shapes} == shapes


@pytest.mark.parametrize(("activation", "kind"), [("relu", nn.ReLU), ("relu6", nn.ReLU6)])
@pytest.mark.parametrize("name", ["mobilenet_v1", "mobilenet_v2"])
def test_the_encoder_has_the_activation_asked_for(name, activation, kind):
    encoder = build_encoder(EncoderConfig(name, activation=activation))
    kinds = {type(m) for m in encoder.modules() if isinstance(m, nn.ReLU | nn.ReLU6)}
    assert kinds == {kind}


def test_pruned_channels_reach_every_layer():
    pruned = (16, 56, 88, 120, 144, 256, 408, 376, 272, 288, 296, 328, 480, 512)
    encoder = build_encoder(EncoderConfig("mobilenet_v1", channels=pruned))
    wide = [m.out_channels for m in encoder.modules() if isinstance(m, nn.Conv2d) and m.groups == 1]
    assert tuple(wide) == pruned
    assert encoder.channels == (56, 120, 256, 328, 512)


def test_wrong_channels_are_named():
    with pytest.raises(NetworkError, match="3 numbers; expected 14"):
        build_encoder(EncoderConfig("mobilenet_v1", channels=(8, 8, 8)))
    with pytest.raises(NetworkError, match="given for lcnet; expected one of mobilenet_v1"):
        build_encoder(EncoderConfig("lcnet", channels=(8,)))
    with pytest.raises(NetworkError, match=r"unknown encoder 'resnet'.*mobilenet_v2"):
        build_encoder(EncoderConfig("resnet"))


def test_widths_are_rounded_as_in_the_reference_code():
    # 8 would take away more than a tenth of 11.2, 24 less than a tenth of 25.6.
    assert [rounded(c) for c in (3, 8, 11.2, 12, 25.6, 33.6)] == [8, 8, 16, 16, 24, 32]


def test_the_hard_sigmoid_is_torchs():
    x = torch.linspace(-8, 8, 400)
    torch.testing.assert_close(HardSigmoid()(x), nn.functional.hardsigmoid(x))


def test_squeeze_excite_by_hand():
    block = SqueezeExcite(2, 1)
    with torch.no_grad():
        block.conv_reduce.weight.copy_(torch.tensor([1.0, 2.0]).reshape(1, 2, 1, 1))
        block.conv_reduce.bias.fill_(-1.0)
        block.conv_expand.weight.copy_(torch.tensor([0.5, -4.0]).reshape(2, 1, 1, 1))
        block.conv_expand.bias.zero_()
        x = torch.tensor([[[[1.0, 3.0]], [[0.0, 1.0]]]])
        # Means 2 and 0.5; relu(2 + 1 - 1) = 2; gates 1/6 + 1/2 and -8/6 + 1/2, which is cut to 0.
        expected = torch.tensor([[[[2 / 3, 2.0]], [[0.0, 0.0]]]])
        torch.testing.assert_close(block(x), expected)
