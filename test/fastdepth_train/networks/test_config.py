import dataclasses
import json

import pytest

torch = pytest.importorskip("torch")

from fastdepth_train.errors import NetworkError  # noqa: E402
from fastdepth_train.networks import (  # noqa: E402
    DecoderConfig,
    EncoderConfig,
    NetworkConfig,
    preset,
)


@pytest.mark.parametrize(
    "config",
    [
        NetworkConfig(output="relu", upsample="none"),
        preset("fastdepth-pruned"),
        NetworkConfig(decoder=DecoderConfig("blconv", 3, (1, 2), "concat", 2), head="after"),
    ],
)
def test_a_description_survives_the_way_through_plain_values(config):
    assert NetworkConfig.from_dict(config.to_dict()) == config
    # Lists for tuples, as YAML and JSON have it.
    assert NetworkConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_descriptions_of_the_first_version_are_read():
    first = {
        "encoder": {"name": "mobilenet_v2", "width": 1.0, "activation": "relu"},
        "decoder": {
            "name": "nnconv_dw",
            "kernel": 5,
            "channels": (96, 32, 24, 16, 16),
            "skip": "add",
        },
        "output": "exp",
        "upsample": "bilinear",
    }
    assert NetworkConfig.from_dict(first) == NetworkConfig() == preset("mobilenetv2-nnconv5dw")


@pytest.mark.parametrize("change", [{"colour": 1}, {"decoder": {"kernel": 3}}, {"encoder": 3}])
def test_descriptions_that_are_none_are_refused(change):
    with pytest.raises(NetworkError, match="missing or unknown"):
        NetworkConfig.from_dict({**NetworkConfig().to_dict(), **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decoder": DecoderConfig(kernel=4)}, "decoder.kernel is 4.*odd"),
        ({"decoder": DecoderConfig(channels=())}, "decoder.channels"),
        ({"decoder": DecoderConfig(channels=(8, 0))}, "decoder.channels"),
        ({"decoder": DecoderConfig(first_skip=6)}, "first_skip is 6.*5 stages"),
        ({"decoder": DecoderConfig(skip="sum")}, "decoder.skip is 'sum'.*add, concat, none"),
        ({"encoder": EncoderConfig(width=0)}, "encoder.width"),
        ({"encoder": EncoderConfig(channels=(8, -1))}, "encoder.channels"),
        ({"encoder": EncoderConfig(width=0.5, channels=(8,))}, "encoder.width is 0.5; expected 1"),
        ({"encoder": EncoderConfig(activation="gelu")}, "activation"),
        ({"output": "sigmoid"}, "output is 'sigmoid'.*exp, relu"),
        ({"upsample": "cubic"}, "upsample"),
        ({"head": "first"}, "head is 'first'; expected one of before, after"),
    ],
)
def test_impossible_settings_are_named(change, message):
    with pytest.raises(NetworkError, match=message):
        dataclasses.replace(NetworkConfig(), **change)


def test_an_unknown_preset_lists_the_known():
    with pytest.raises(NetworkError, match="mobilenetv2-nnconv5dw"):
        preset("fastnet")
