import cv2
import numpy as np
import pytest

from fastdepth.cli.main import main
from test.mock_model import BIAS, WEIGHTS, build_mock_model, mock_card


@pytest.fixture
def model(tmp_path):
    return build_mock_model(tmp_path / "m.onnx", mock_card(depth_range=(0.1, 8.0)))


def write_picture(path, rgb):
    image = np.empty((48, 64, 3), np.uint8)
    image[:] = rgb
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), image[..., ::-1])
    return path


def depth_of(rgb):
    return BIAS + sum(w * c / 255 for w, c in zip(WEIGHTS, rgb, strict=True))


def test_predict_writes_metres_millimetres_and_a_view(tmp_path, model, capsys):
    rgb = (200, 30, 10)
    picture = write_picture(tmp_path / "in" / "a.png", rgb)
    assert main(["predict", str(picture), "--model", str(model), "--out", str(tmp_path / "o")]) == 0
    metres = np.load(tmp_path / "o" / "a_depth.npy")
    assert metres.shape == (48, 64)
    assert metres == pytest.approx(depth_of(rgb), abs=1e-5)
    millimetres = cv2.imread(str(tmp_path / "o" / "a_depth.png"), cv2.IMREAD_UNCHANGED)
    assert millimetres.dtype == np.uint16
    assert (millimetres == round(depth_of(rgb) * 1000)).all()
    view = cv2.imread(str(tmp_path / "o" / "a_view.png"))
    assert view.shape[1] > 900
    assert "field of view" in capsys.readouterr().out


def test_unknown_depth_is_zero_in_millimetres(tmp_path, model):
    picture = write_picture(tmp_path / "in" / "white.png", (255, 255, 255))  # 9 m: out of range
    main(["predict", str(picture), "--model", str(model), "--out", str(tmp_path / "o")])
    assert np.isnan(np.load(tmp_path / "o" / "white_depth.npy")).all()
    assert not cv2.imread(str(tmp_path / "o" / "white_depth.png"), cv2.IMREAD_UNCHANGED).any()


def test_intrinsics_scale_the_depth(tmp_path, model):
    picture = write_picture(tmp_path / "in" / "a.png", (10, 10, 10))
    command = ["predict", str(picture), "--model", str(model), "--out", str(tmp_path / "o")]
    # 120 pixels at 64x48 are 60 at the input's 32x24; the card says 30.
    assert main([*command, "--intrinsics", "120,120,31.5,23.5"]) == 0
    metres = np.load(tmp_path / "o" / "a_depth.npy")
    assert metres == pytest.approx(2 * depth_of((10, 10, 10)), abs=1e-5)
    assert main([*command, "--intrinsics", "120,120,31.5,23.5", "--no-camera-scale"]) == 0
    metres = np.load(tmp_path / "o" / "a_depth.npy")
    assert metres == pytest.approx(depth_of((10, 10, 10)), abs=1e-5)


def test_a_folder_is_predicted_whole(tmp_path, model):
    for name in ("a.png", "b.jpg"):
        write_picture(tmp_path / "in" / name, (50, 60, 70))
    command = ["predict", str(tmp_path / "in"), "--model", str(model), "--out", str(tmp_path / "o")]
    assert main(command) == 0
    names = sorted(path.name for path in (tmp_path / "o").iterdir())
    assert names == [f"{s}_{k}" for s in "ab" for k in ("depth.npy", "depth.png", "view.png")]


def test_bad_arguments_are_named(tmp_path, model, capsys):
    out = str(tmp_path / "o")
    assert main(["predict", str(tmp_path / "no.png"), "--model", str(model), "--out", out]) == 1
    assert "no.png" in capsys.readouterr().err
    picture = str(write_picture(tmp_path / "in" / "a.png", (1, 2, 3)))
    with pytest.raises(SystemExit, match="2"):
        main(["predict", picture, "--model", str(model), "--out", out, "--intrinsics", "1,2"])
    assert "FX,FY,CX,CY" in capsys.readouterr().err


def test_an_output_folder_that_cannot_be_made_is_named(tmp_path, model, capsys):
    picture = write_picture(tmp_path / "in" / "a.png", (1, 2, 3))
    assert main(["predict", str(picture), "--model", str(model), "--out", str(picture)]) == 1
    assert "output folder" in capsys.readouterr().err
