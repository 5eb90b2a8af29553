"""Teachers label in the student's metres, whatever their input size and camera."""

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

torch = pytest.importorskip("torch")

from fastdepth.card import InputSpec, ModelCard  # noqa: E402
from fastdepth.card_file import write_card  # noqa: E402
from fastdepth.cli.main import main  # noqa: E402
from fastdepth.errors import CardError  # noqa: E402
from fastdepth_train.checkpoint import load_checkpoint  # noqa: E402
from fastdepth_train.data.dataset import Sample, TeacherView  # noqa: E402
from fastdepth_train.data.geometric import View, sight, view_of_depth  # noqa: E402
from fastdepth_train.data.module import DepthData  # noqa: E402
from fastdepth_train.data.photometric import NEUTRAL, stack_looks  # noqa: E402
from fastdepth_train.distill import Teacher, open_teacher  # noqa: E402
from fastdepth_train.errors import ConfigError  # noqa: E402

STUDENT = InputSpec(48, 32)
CARD = ModelCard("teacher", "1", InputSpec(24, 16), (20.0, 20.0), (0.5, 8.0))


def red_teacher(path: Path, card: ModelCard | None = CARD) -> Path:
    """Write a network whose depth is ten times the mean of the red channel (0..1) of a 2x2."""
    weight = np.zeros((1, 3, 2, 2), np.float32)
    weight[0, 0] = 2.5
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w"], ["depth"], strides=[2, 2])],
        "red",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 24])],
        [helper.make_tensor_value_info("depth", TensorProto.FLOAT, [1, 1, 8, 12])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    bare = path.with_name(f"bare_{path.name}")
    onnx.save(model, bare)
    if card is None:
        return bare
    write_card(bare, card, path)
    return path


def whole(images: torch.Tensor) -> TeacherView:
    """Return views of whole frames, of which the student sees all."""
    sights = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).expand(len(images), -1, -1)
    return TeacherView(images, sights, torch.ones(len(images)))


def views(*reds: int) -> TeacherView:
    batch = torch.zeros((len(reds), 3, 16, 24), dtype=torch.uint8)
    for image, red in zip(batch, reds, strict=True):
        image[0] = red
    return whole(batch)


def test_an_onnx_teacher_labels_at_the_student_s_size(tmp_path):
    teacher = open_teacher(red_teacher(tmp_path / "red.onnx"))
    # The same camera: twice the focal length at twice the size.
    depth = teacher.labels(views(51, 102), STUDENT, (40.0, 40.0))
    assert depth.shape == (2, 1, 32, 48)
    assert depth.mean(dim=(1, 2, 3)).tolist() == pytest.approx([2.0, 4.0], rel=1e-5)


def test_labels_are_metres_of_the_student_s_camera(tmp_path):
    """With 1.5 times the focal length, things look as large from 1.5 times as far."""
    teacher = open_teacher(red_teacher(tmp_path / "red.onnx"))
    depth = teacher.labels(views(51), STUDENT, (60.0, 60.0))
    assert float(depth.mean()) == pytest.approx(3.0, rel=1e-5)


@pytest.mark.parametrize(
    "view",
    [
        View(),
        View(zoom=1.6, x=0.1, y=-0.15),
        View(zoom=1.3, rotation=0.1, x=-0.05, y=0.02, flip=True),
        View(rotation=0.2),
    ],
)
def test_labels_follow_the_student_s_view_and_its_zoom(view):
    """They are what a depth image of the teacher's would give if it were seen so."""
    size, fine = (48, 32), (480, 320)
    rows, columns = np.meshgrid(np.arange(320), np.arange(480), indexing="ij")
    ramp = 2000 + 5 * columns + 8 * rows
    teacher_depth = torch.from_numpy(ramp / 1000.0).float()[None, None]
    wide = ModelCard("t", "1", InputSpec(*fine), (400.0, 400.0), (0.1, 20.0))
    seen = TeacherView(
        torch.zeros((1, 3, 320, 480), dtype=torch.uint8),
        torch.from_numpy(sight(view, fine, size))[None],
        torch.tensor([view.zoom]),
    )
    labels = (
        Teacher(wide, lambda _: teacher_depth).labels(seen, STUDENT, (40.0, 40.0))[0, 0].numpy()
    )
    truth = view_of_depth(ramp.astype(np.uint16), view, size).astype(float) / 1000 / view.zoom
    outside = truth == 0
    assert np.array_equal(np.isnan(labels), outside)
    assert np.abs(labels - truth)[~outside].max() < 0.02
    if view.rotation and not view.zoom > 1:
        assert 0.01 < outside.mean() < 0.3


def test_what_the_teacher_s_card_does_not_vouch_for_is_no_label(tmp_path):
    teacher = open_teacher(red_teacher(tmp_path / "red.onnx"))
    assert torch.isnan(teacher.labels(views(5, 250), STUDENT, (40.0, 40.0))).all()


def test_only_samples_without_depth_are_labelled(tmp_path):
    teacher = open_teacher(red_teacher(tmp_path / "red.onnx"))
    depth = torch.full((2, 1, 32, 48), torch.nan)
    depth[0, 0, 3, 4] = 7.0  # one measurement is ground truth
    looks = stack_looks([NEUTRAL, NEUTRAL])
    batch = Sample(torch.zeros(2, 3, 32, 48), depth, looks, views(51, 102))
    filled = teacher.fill(batch, STUDENT, (40.0, 40.0)).depth
    assert int((~torch.isnan(filled[0])).sum()) == 1
    assert float(filled[1].mean()) == pytest.approx(4.0, rel=1e-5)
    with pytest.raises(ConfigError, match="no views"):
        teacher.fill(batch._replace(teacher=None), STUDENT, (40.0, 40.0))


def test_a_weighted_teacher_moves_labels_and_fills_gaps(tmp_path):
    teacher = open_teacher(red_teacher(tmp_path / "red.onnx"))
    depth = torch.full((3, 1, 32, 48), torch.nan)
    depth[0, 0, 3, 4] = 8.0
    depth[2] = 3.0
    looks = stack_looks([NEUTRAL] * 3)
    # 2 m, 4 m, and for the last an answer that its card does not vouch for.
    batch = Sample(torch.zeros(3, 3, 32, 48), depth, looks, views(51, 102, 250))
    filled = teacher.fill(batch, STUDENT, (40.0, 40.0), weight=0.75).depth
    assert float(filled[0, 0, 3, 4]) == pytest.approx(8.0**0.25 * 2.0**0.75, rel=1e-5)
    filled[0, 0, 3, 4] = torch.nan
    assert float(filled[0].nanmean()) == pytest.approx(2.0, rel=1e-5)
    assert float(filled[1].mean()) == pytest.approx(4.0, rel=1e-5)
    assert torch.equal(filled[2], depth[2])


@pytest.mark.parametrize(("weight", "teacher"), [(1.5, "t.onnx"), (-0.1, "t.onnx"), (0.5, None)])
def test_an_impossible_weight_is_refused(weight, teacher):
    with pytest.raises(ConfigError, match="weight from 0 to 1"):
        DepthData(root="nowhere", teacher=teacher, teacher_weight=weight)


def test_relative_depth_cannot_teach(tmp_path):
    bare = red_teacher(tmp_path / "red.onnx", None)
    with pytest.raises(CardError, match="must predict metres: relative depth has no scale"):
        open_teacher(bare)


def test_a_teacher_that_cuts_its_input_is_refused():
    cutting = dataclasses.replace(CARD, input=InputSpec(24, 16, fit="crop"))
    with pytest.raises(ConfigError, match="wants its input by 'crop'"):
        Teacher(cutting, lambda tensor: tensor)


def test_a_checkpoint_teaches_what_its_network_computes(tiny_run):
    path = tiny_run.folder / "checkpoints" / "last.ckpt"
    network, card = load_checkpoint(path)
    images = torch.randint(0, 256, (3, 3, 64, 96), dtype=torch.uint8)
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in (card.input.mean, card.input.std))
    with torch.no_grad():
        expected = network((images / 255.0 - mean) / std)
    labels = open_teacher(path).labels(whole(images), card.input, card.focal_length)
    valid = ~torch.isnan(labels)
    assert valid.any()
    assert torch.allclose(labels[valid], expected[valid], rtol=1e-4)


def test_training_with_a_teacher_alone_learns_its_labels(tiny_run, tmp_path, capsys):
    """Unlabelled and mixed images, not one measurement: the student comes near the teacher."""
    teacher = tiny_run.folder / "checkpoints" / "last.ckpt"
    more = f"[{{root: {tiny_run.data}, split: train, weight: 1000000, labelled: false}}]"
    arguments = [
        *("train", "--config", str(tiny_run.config), "--run", str(tmp_path / "run")),
        *("--data.teacher", str(teacher), "--data.more", more, "--data.mix.share", "0.25"),
        *("--trainer.max_epochs", "40"),
    ]
    assert main(arguments) == 0
    _, card = load_checkpoint(tmp_path / "run" / "checkpoints" / "last.ckpt")
    assert "rooms, 8 frames, without its depth" in card.training_data
    assert "labels of tiny where there is no depth" in card.training_data
    assert "delta1" in capsys.readouterr().out


@pytest.mark.parametrize(
    "needs", [["--data.mix.share", "0.5"], ["--data.more", "[{root: a, labelled: false}]"]]
)
def test_unlabelled_images_need_a_teacher(tiny_run, tmp_path, capsys, needs):
    arguments = ["train", "--config", str(tiny_run.config), "--run", str(tmp_path / "run"), *needs]
    assert main(arguments) != 0
    assert "give --data.teacher" in capsys.readouterr().err
