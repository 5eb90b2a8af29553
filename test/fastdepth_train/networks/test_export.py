"""Every network becomes a file that onnxruntime and OpenCV run as torch does."""

import pytest

torch = pytest.importorskip("torch")

import onnx  # noqa: E402
from torch import nn  # noqa: E402

from fastdepth.card import InputSpec, ModelCard  # noqa: E402
from fastdepth.engines import OnnxRuntimeEngine  # noqa: E402
from fastdepth.preprocess import Preprocessor  # noqa: E402
from fastdepth_train.export import export_network, made_up_frames  # noqa: E402
from fastdepth_train.networks import (  # noqa: E402
    PRESETS,
    DecoderConfig,
    DepthNetwork,
    NetworkConfig,
    preset,
)
from fastdepth_train.networks.decoders import build_decoder  # noqa: E402
from fastdepth_train.networks.decoders.stages import STAGES  # noqa: E402
from test.fastdepth_train.networks.shaking import shake  # noqa: E402

CARD = ModelCard(
    "exported",
    "1",
    InputSpec(224, 224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
    (180.0, 240.0),
    (0.1, 10.0),
)


def graphs():
    """Return the presets, leaving out those that differ from another in channel counts alone.

    METER, which has an input size of its own, is exported in its own tests.
    """
    found = {}
    composed = {n: c for n, c in PRESETS.items() if isinstance(c, NetworkConfig)}
    for name, config in composed.items():
        decoder = config.decoder
        parts = (config.encoder.name, config.encoder.activation, decoder.name, decoder.kernel)
        joins = (decoder.skip, decoder.first_skip, config.output, config.upsample, config.head)
        found.setdefault((*parts, *joins), name)
    return sorted(found.values())


def check(network, path):
    """Export; assert that engines differ from torch by far less than pixels do from each other."""
    differences = export_network(network, CARD, path)
    assert [d.engine.split()[0] for d in differences] == ["onnxruntime", "OpenCV"]
    depth = OnnxRuntimeEngine(path).run(Preprocessor(CARD.input)(made_up_frames()[2].image)[0])
    assert max(d.largest for d in differences) < depth.std() / 100
    return depth


@pytest.mark.parametrize("name", graphs())
def test_every_preset_runs_in_every_engine(name, tmp_path):
    network = DepthNetwork(preset(name))
    shake(network.encoder)
    shake(network.decoder)
    depth = check(network.eval(), tmp_path / "network.onnx")
    is_half = network.config.upsample == "none"
    assert depth.shape == ((1, 1, 112, 112) if is_half else (1, 1, 224, 224))
    # The head comes first in the file, wherever the network has it.
    last = onnx.load(str(tmp_path / "network.onnx")).graph.node[-1]
    assert (last.op_type == "Resize") != is_half


class EveryDecoder(nn.Module):
    """One encoder's maps, and the mean of what every stage kind makes of them."""

    def __init__(self):
        super().__init__()
        self.fine = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.coarse = nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.decoders = nn.ModuleList(
            build_decoder(DecoderConfig(name, 5, (8, 3)), (8, 8))
            for name, kind in STAGES.items()
            if kind.upsample is None or kind.upsample == "bilinear"
        )
        self.up = nn.Upsample(scale_factor=2, mode="bilinear")

    def forward(self, image):
        fine = self.fine(image)
        maps = [fine, self.coarse(fine)]
        depth = 0
        for decoder in self.decoders:
            features = decoder(maps)
            depth = depth + (self.up(features) if decoder.out_stride == 2 else features)
        return depth.mean(dim=1, keepdim=True)


def test_stages_that_no_preset_has_run_in_every_engine(tmp_path):
    network = shake(EveryDecoder())
    assert len(network.decoders) == 8
    check(network, tmp_path / "network.onnx")
