import copy

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")
litert = pytest.importorskip("ai_edge_litert.interpreter")

from ai_edge_litert import schema_py_generated as schema  # noqa: E402
from flatbuffers import Builder  # noqa: E402
from torch import nn  # noqa: E402

from fastdepth.card import InputSpec  # noqa: E402
from fastdepth.cli.main import main  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint  # noqa: E402
from fastdepth_train.errors import WeightsError  # noqa: E402
from fastdepth_train.networks import EncoderConfig  # noqa: E402
from fastdepth_train.networks.encoders import build_encoder  # noqa: E402
from fastdepth_train.networks.tflite import (  # noqa: E402
    InputScale,
    load_classifier,
    read_classifier,
    settle,
)
from fastdepth_train.networks.weights import load_encoder_weights  # noqa: E402
from test.data import shared  # noqa: E402
from test.fastdepth_train.conftest import write_config  # noqa: E402

IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
FILES = {
    "mobilenet_v1_0.5_160_quant": ("mobilenet_v1", 0.5),
    "mobilenet_v1_0.75_192_quant": ("mobilenet_v1", 0.75),
    "mobilenet_v1_1.0_224_quant_embedding_extractor": ("mobilenet_v1", 1.0),
    "tf2_mobilenet_v2_1.0_224_ptq": ("mobilenet_v2", 1.0),
}


def constant(model, graph, values, scales, zeros, axis=0):
    """Add a constant to a graph and return its index."""
    buffer, tensor = schema.BufferT(), schema.TensorT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    kinds = {"uint8": 3, "int8": 9, "int32": 2}
    tensor.shape, tensor.type, tensor.buffer = (
        values.shape,
        kinds[str(values.dtype)],
        (len(model.buffers) - 1),
    )
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = scales, zeros
    tensor.quantization.quantizedDimension = axis
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def write_file(path, layers):
    """Write a file of convolutions: (is depthwise, weight, scales, zeros, axis, bias, scales)."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    graph.tensors, graph.operators, graph.outputs = [], [], [0]
    image = np.zeros((1, 8, 8, 3), np.uint8)
    graph.inputs = [constant(model, graph, image, [0.5], [100])]
    model.operatorCodes = []
    for kind in (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D):
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        model.operatorCodes.append(code)
    for is_depthwise, weight, scales, zeros, axis, bias, bias_scales in layers:
        operator = schema.OperatorT()
        operator.opcodeIndex = int(is_depthwise)
        operator.inputs = [
            0,
            constant(model, graph, weight, scales, zeros, axis),
            constant(model, graph, bias, bias_scales, [0] * len(bias_scales)),
        ]
        operator.outputs = [0]
        graph.operators.append(operator)
    builder = Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(builder.Output())
    return path


def test_steps_are_multiplied_out(tmp_path):
    rng = np.random.default_rng(0)
    dense = rng.integers(0, 256, (4, 3, 3, 3)).astype(np.uint8)
    depthwise = rng.integers(-127, 128, (1, 3, 3, 4)).astype(np.int8)
    scales = [0.1, 0.2, 0.3, 0.4]
    path = write_file(
        tmp_path / "net.tflite",
        [
            (False, dense, [0.25], [120], 0, np.array([4, 8, -8, 0], np.int32), [0.5]),
            (True, depthwise, scales, [0] * 4, 3, np.array([1, 1, 1, 1], np.int32), scales),
        ],
    )
    (first, second), scale = read_classifier(path)
    assert scale == InputScale(0.5, 100)
    # A weight is stored as outputs, rows, columns, inputs.
    assert first.weight.shape == (4, 3, 3, 3)
    assert first.weight[2, 1, 0, 2] == pytest.approx(0.25 * (float(dense[2, 0, 2, 1]) - 120))
    assert first.bias.tolist() == [2, 4, -4, 0]
    assert second.weight.shape == (4, 1, 3, 3)
    assert second.weight[3, 0, 1, 2] == pytest.approx(0.4 * depthwise[0, 1, 2, 3], rel=1e-6)
    assert second.bias.tolist() == pytest.approx(scales)


def test_files_that_do_not_fit_are_explained(tmp_path):
    encoder = build_encoder(EncoderConfig("mobilenet_v1", 0.25))
    with pytest.raises(WeightsError, match=r"no.tflite does not exist"):
        load_classifier(encoder, tmp_path / "no.tflite")
    (tmp_path / "text.tflite").write_text("no flatbuffer")
    with pytest.raises(WeightsError, match="lacks the mark TFL3"):
        load_classifier(encoder, tmp_path / "text.tflite")
    (tmp_path / "cut.tflite").write_bytes(b"\x10\x00\x00\x00TFL3" + bytes(40))
    with pytest.raises(WeightsError, match="cannot be read as an 8-bit"):
        load_classifier(encoder, tmp_path / "cut.tflite")
    weight, bias = np.zeros((8, 3, 3, 3), np.uint8), np.zeros(8, np.int32)
    layer = (False, weight, [0.1], [0], 0, bias, [0.1])
    short = write_file(tmp_path / "short.tflite", [layer])
    with pytest.raises(WeightsError, match="has 1 convolutions, the encoder 27"):
        load_classifier(encoder, short)
    wrong = write_file(tmp_path / "wrong.tflite", [layer] * 27)
    with pytest.raises(WeightsError, match=r"convolution 2 of .*same network and width"):
        load_classifier(encoder, wrong)


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_settling_keeps_the_function_and_gives_norms_their_statistics(order):
    torch.manual_seed(0)
    encoder = build_encoder(EncoderConfig("mobilenet_v1", 0.25)).eval()
    for norm in (m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d)):
        # As `load_classifier` leaves them: x + bias.
        norm.running_var.fill_(1 - norm.eps)
        nn.init.normal_(norm.bias, std=0.2)
    scale = InputScale(1 / 128, 128)
    # Patches, so that no black border stands beside bright pixels.
    pixels = torch.randint(60, 200, (4, 3, 64, 64)).float()
    theirs = (pixels - scale.zero) * scale.scale
    spec = InputSpec(64, 64, order, **IMAGENET)
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in IMAGENET.values())
    ours = ((pixels.flip(1) if order == "bgr" else pixels) / 255 - mean) / std
    with torch.no_grad():
        expected = encoder(theirs)
        settle(encoder, scale, spec, [ours[:2], ours[2:]])
        found = encoder(ours)
        # Zeros of the border are another colour here and there.
        for a, b in zip(found[:2], expected[:2], strict=True):
            inside = (..., slice(4, -4), slice(4, -4))
            torch.testing.assert_close(a[inside], b[inside], rtol=1e-3, atol=1e-4)
        encoder.train()
        for a, b in zip(encoder(ours), found, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-2)


def interpreted(path, frame):
    """Return what TensorFlow Lite makes of a frame: its input, and all feature maps."""
    interpreter = litert.Interpreter(
        str(path),
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    (image,) = interpreter.get_input_details()
    side = int(image["shape"][1])
    pixels = cv2.resize(frame, (side, side))
    interpreter.set_tensor(image["index"], pixels[None])
    interpreter.invoke()
    maps = []
    for tensor in interpreter.get_tensor_details():
        if len(tensor["shape"]) == 4 and tensor["shape"][0] == 1 and tensor["quantization"][0]:
            scale, zero = tensor["quantization"]
            try:
                values = interpreter.get_tensor(tensor["index"])
            except ValueError:  # a constant that is not kept
                continue
            maps.append(((values.astype(np.float32) - zero) * scale)[0].transpose(2, 0, 1))
    return pixels, maps


def as_tensorflow_pads(encoder):
    """Return a copy whose convolutions of stride 2 are padded at the far edges only."""
    padded = copy.deepcopy(encoder)
    for parent in list(padded.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2):
                layer.padding = (0, 0)
                setattr(parent, name, nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), layer))
    return padded


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_encoder_computes_what_tensorflow_lite_does(name):
    path = shared("weights", "tflite", f"{name}.tflite")
    frame = cv2.imread(str(next(shared("data", "nyu_depth_v2", "data").rglob("*.jpg"))))
    encoder_name, width = FILES[name]
    config = EncoderConfig(encoder_name, width, "relu6")
    encoder = build_encoder(config).eval()
    scale = load_encoder_weights(encoder, config, str(path))
    # cv2 reads BGR.
    pixels, theirs = interpreted(path, np.ascontiguousarray(frame[..., ::-1]))
    image = ((pixels.astype(np.float32) - scale.zero) * scale.scale).transpose(2, 0, 1)
    with torch.no_grad():
        maps = as_tensorflow_pads(encoder)(torch.from_numpy(image[None]))
    for found in (m[0].numpy() for m in maps):
        alike = [
            np.corrcoef(found.ravel(), t.ravel())[0, 1] for t in theirs if t.shape == found.shape
        ]
        best = [t for t in theirs if t.shape == found.shape][int(np.argmax(alike))]
        # Rounding to 8 bits adds up along 27 or 52 layers.
        assert max(alike) > 0.994
        assert np.sqrt(np.mean((found - best) ** 2)) < 0.12 * best.std()


def quantised(encoder):
    """Return the layers of an encoder as `write_file` takes them."""
    layers = []
    for conv in (m for m in encoder.modules() if isinstance(m, nn.Conv2d)):
        weight = conv.weight.detach().numpy()
        is_depthwise = conv.groups > 1
        step = float(np.abs(weight).max()) / 127
        values = np.rint(weight / step).astype(np.int8)
        values = values.transpose((1, 2, 3, 0) if is_depthwise else (0, 2, 3, 1)).copy()
        bias = np.full(len(weight), 10, np.int32)
        layers.append((is_depthwise, values, [step], [0], 0, bias, [0.01]))
    return layers


def test_training_starts_from_a_file(tiny_run, tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "narrow.tflite"
    origin = build_encoder(EncoderConfig("mobilenet_v1", 0.25))
    write_file(path, quantised(origin))
    network = {
        "encoder": {"name": "mobilenet_v1", "width": 0.25},
        "decoder": {"kernel": 3, "channels": [128, 64, 32, 16, 8]},
    }
    config = write_config(
        tmp_path / "c.yaml",
        tiny_run.data,
        trainer__max_epochs=1,
        trainer__check_val_every_n_epoch=1,
        model__network=network,
        model__encoder_weights=str(path),
        model__optimizer={"lr": 1e-6},
    )
    assert main(["train", "--config", str(config), "--run", str(tmp_path / "run")]) == 0
    trained, card = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert card.training_data[-1] == "encoder started from narrow.tflite"
    # The file's input of 0.5 * (pixel - 100) is made of the data's own normalisation.
    factor = 255 * torch.tensor(card.input.std) * 0.5
    expected = origin.conv_stem.weight * factor.reshape(1, 3, 1, 1)
    found = trained.encoder.conv_stem.weight
    torch.testing.assert_close(found, expected, rtol=0.02, atol=float(expected.abs().max()) / 100)
    # Batch norms have statistics, and undo them.
    norm = trained.encoder.blocks[2][0].bn1
    assert not torch.allclose(norm.running_var, torch.ones_like(norm.running_var), rtol=0.1)
    torch.testing.assert_close(norm.weight.square(), norm.running_var, rtol=0.2, atol=1e-3)
