import pytest

torch = pytest.importorskip("torch")

from torchvision.models import mobilenet_v2, mobilenet_v3_large  # noqa: E402

from fastdepth_train.errors import WeightsError  # noqa: E402
from fastdepth_train.networks import EncoderConfig  # noqa: E402
from fastdepth_train.networks.encoders import build_encoder  # noqa: E402
from fastdepth_train.networks.weights import load_encoder_weights  # noqa: E402
from test.data import shared  # noqa: E402


@pytest.mark.parametrize(
    ("name", "whole", "layers"),
    [
        ("mobilenet_v2", mobilenet_v2, (0, 9, 17)),
        ("mobilenet_v3_large", mobilenet_v3_large, (0, 9, 15)),
    ],
)
def test_weights_from_a_file_reach_the_encoder(tmp_path, name, whole, layers):
    torch.manual_seed(1)
    classifier = whole()
    torch.save(classifier.state_dict(), tmp_path / "w.pth")
    config = EncoderConfig(name)
    encoder = build_encoder(config)
    load_encoder_weights(encoder, config, str(tmp_path / "w.pth"))
    for index in layers:
        wanted = classifier.features[index].state_dict()
        found = encoder.features[index].state_dict()
        assert all(torch.equal(found[key], wanted[key]) for key in wanted)


def test_weights_may_hold_more_than_the_encoder(tmp_path):
    config = EncoderConfig("lcnet", width=0.25)
    state = build_encoder(config).state_dict()
    torch.save({**state, "classifier.weight": torch.zeros(10, 128)}, tmp_path / "w.pth")
    encoder = build_encoder(config)
    load_encoder_weights(encoder, config, str(tmp_path / "w.pth"))
    assert all(torch.equal(value, state[key]) for key, value in encoder.state_dict().items())


def test_the_shared_weights_load():
    path = shared("weights", "mobilenet_v2_imagenet.pth")
    config = EncoderConfig()
    encoder = build_encoder(config)
    before = encoder.features[5].conv[0][0].weight.clone()
    load_encoder_weights(encoder, config, str(path))
    assert not torch.equal(encoder.features[5].conv[0][0].weight, before)


def test_weights_that_cannot_be_had_are_explained(tmp_path):
    config = EncoderConfig()
    encoder = build_encoder(config)
    with pytest.raises(WeightsError, match=r"absent.pth does not exist"):
        load_encoder_weights(encoder, config, str(tmp_path / "absent.pth"))
    (tmp_path / "broken.pth").write_bytes(b"not a torch file")
    with pytest.raises(WeightsError, match="damaged"):
        load_encoder_weights(encoder, config, str(tmp_path / "broken.pth"))
    torch.save({"epoch": 3}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="no state dict"):
        load_encoder_weights(encoder, config, str(tmp_path / "other.pth"))
    torch.save({"fc.weight": torch.zeros(2)}, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match=r"lack .* of the encoder's"):
        load_encoder_weights(encoder, config, str(tmp_path / "net.pth"))
    torch.save(mobilenet_v2(width_mult=0.5).state_dict(), tmp_path / "half.pth")
    with pytest.raises(WeightsError, match="shape"):
        load_encoder_weights(encoder, config, str(tmp_path / "half.pth"))
    narrow = EncoderConfig(width=0.5)
    with pytest.raises(WeightsError, match=r"torchvision has no ImageNet weights .* width 0.5"):
        load_encoder_weights(build_encoder(narrow), narrow, "imagenet")
    fourth = EncoderConfig("mobilenet_v4_conv_small")
    with pytest.raises(WeightsError, match=r"torchvision has no .*timm's mobilenetv4_conv_small"):
        load_encoder_weights(build_encoder(fourth), fourth, "imagenet")
