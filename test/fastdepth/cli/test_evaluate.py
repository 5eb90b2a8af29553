import json

import cv2
import numpy as np
import pytest

from fastdepth.cli.main import main
from fastdepth.metrics import METRIC_KEYS
from test.mock_model import BIAS, build_mock_model, mock_card


@pytest.fixture
def model(tmp_path):
    # Depth is red: 255 -> BIAS + 4 m, for the NYU camera at the size of the input.
    card = mock_card(
        width=64, height=48, focal_length=(518.858 / 10, 519.470 / 10), depth_range=(0.1, 8.0)
    )
    return build_mock_model(tmp_path / "m.onnx", card, weights=(4.0, 0.0, 0.0))


@pytest.fixture
def data(tmp_path):
    """Write a Kaggle-like set whose truth is a tenth nearer than the model will say."""
    folder = tmp_path / "nyu" / "data" / "nyu2_train" / "room_out"
    folder.mkdir(parents=True)
    lines = []
    for index, red in enumerate((51, 102)):
        image = np.zeros((480, 640, 3), np.uint8)
        image[..., 2] = red  # OpenCV writes BGR
        truth = np.full((480, 640), round((BIAS + 4 * red / 255) / 1.1 * 25.5), np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), truth)
        cv2.imwrite(str(folder / f"{index}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 100])
        prefix = f"data/nyu2_train/room_out/{index}"
        lines.append(f"{prefix}.jpg,{prefix}.png\n")
    (tmp_path / "nyu" / "data" / "nyu2_val.csv").write_text("".join(lines))
    return tmp_path / "nyu"


def run(data, model, tmp_path, *options):
    out = tmp_path / "out.json"
    command = ["evaluate", str(data), "--split", "val", "--model", str(model), "--json", str(out)]
    assert main([*command, *options]) == 0
    return json.loads(out.read_text())


@pytest.mark.parametrize("protocol", ["eigen", "full"])
def test_the_figures_are_those_of_the_frames(data, model, tmp_path, protocol):
    result = run(data, model, tmp_path, "--protocol", protocol)
    assert set(METRIC_KEYS) <= set(result)
    assert result["frames"] == 2
    assert result["abs_rel"] == pytest.approx(0.1, abs=0.01)
    assert result["delta1"] == 1.0
    assert (result["protocol"], result["align"], result["split"]) == (protocol, "none", "val")


def test_the_cut_of_protocol_fastdepth_is_scaled_by_its_own_camera(data, model, tmp_path):
    aware = run(data, model, tmp_path, "--protocol", "fastdepth")
    plain = run(data, model, tmp_path, "--protocol", "fastdepth", "--no-camera-scale")
    assert plain["abs_rel"] == pytest.approx(0.1, abs=0.01)
    # The cut shows 584x438 of 640x480 pixels, so everything appears 9.6 % nearer than it is.
    factor = ((640 / 584) * (480 / 438)) ** 0.5
    assert aware["abs_rel"] == pytest.approx(1.1 * factor - 1, abs=0.01)


def test_alignment_takes_the_scale_out(data, model, tmp_path):
    result = run(data, model, tmp_path, "--protocol", "eigen", "--align", "median")
    assert result["abs_rel"] < 0.005
    assert result["align"] == "median"


def test_figures_are_printed_with_their_protocol(data, model, tmp_path, capsys):
    run(data, model, tmp_path, "--protocol", "eigen")
    out = capsys.readouterr().out
    assert "protocol eigen, alignment none, 2 frames" in out
    assert "delta1" in out


def test_options_of_data_sets_reach_the_source(data, model, tmp_path):
    """The same frames as a list, with 16 bits of another unit."""
    folder = data / "data" / "nyu2_train" / "room_out"
    for n in (0, 1):
        truth = cv2.imread(str(folder / f"{n}.png"), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(folder / f"{n}.png"), truth.astype(np.uint16) * 100)  # 2550 = 1 m
    (tmp_path / "list.txt").write_text("".join(f"{n}.jpg {n}.png 518.8579\n" for n in (0, 1)))
    out = tmp_path / "out.json"
    options = ["--root", str(folder), "--units-per-metre", "2550", "--model", str(model)]
    command = ["evaluate", str(tmp_path / "list.txt"), "--json", str(out), *options]

    assert main(command) == 0

    result = json.loads(out.read_text())
    assert result["abs_rel"] == pytest.approx(0.1, abs=0.01)
    assert (result["frames"], result["raw_depth"]) == (2, False)
    assert main([*command, "--raw-depth"]) == 1


def test_a_source_without_truth_gives_an_error_not_a_figure(tmp_path, model, capsys):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((48, 64, 3), np.uint8))
    out = tmp_path / "out.json"
    command = ["evaluate", str(tmp_path / "a.png"), "--model", str(model), "--json", str(out)]
    assert main(command) == 1
    assert "ground truth" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"--split": "none"}, "no split 'none'"),
        ({"--model": "no.onnx"}, "no.onnx"),
        ({"--json": "."}, "folder"),
    ],
)
def test_bad_arguments_are_named(data, model, tmp_path, capsys, change, word):
    options = {"--split": "val", "--model": str(model), "--json": str(tmp_path / "o.json")} | change
    command = ["evaluate", str(data)] + [part for pair in options.items() for part in pair]
    assert main(command) == 1
    assert word in capsys.readouterr().err
