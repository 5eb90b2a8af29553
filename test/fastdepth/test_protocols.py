import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.card import InputSpec
from fastdepth.errors import NoTruthError, ProtocolError
from fastdepth.estimator import Prediction, StageSeconds
from fastdepth.evaluate import Evaluation, evaluate
from fastdepth.frame import Frame
from fastdepth.geometry import fit_frame
from fastdepth.protocols import nearest, score

NYU = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736)


class Model:
    """Predicts the given depth at network size and remembers what it was shown."""

    def __init__(self, values, fit="stretch"):
        self.values = np.asarray(values, np.float32)
        self.fit = fit
        self.frames = []

    def __call__(self, frame):
        self.frames.append(frame)
        height, width = self.values.shape
        geometry = fit_frame(
            InputSpec(width, height, fit=self.fit), frame.image.shape[1], frame.image.shape[0]
        )
        return Prediction(self.values, geometry, None, (0.1, 10.0), 1.0, StageSeconds(0, 0, 0))


def nyu_frame(depth=None):
    image = np.zeros((480, 640, 3), np.uint8)
    image[21, 27] = 1  # corners of FastDepth's cut
    image[458, 610] = 2
    if depth is None:
        depth = np.full((480, 640), 2.0, np.float32)
    return Frame(image, depth, NYU, 5, "nyu")


def test_fastdepth_shows_the_model_the_cut_with_the_cuts_camera():
    model = Model(np.full((224, 224), 2.0))
    score("fastdepth", model, nyu_frame())
    (seen,) = model.frames
    assert seen.image.shape == (438, 584, 3)
    assert (seen.image[0, 0, 0], seen.image[-1, -1, 0]) == (1, 2)
    assert seen.intrinsics == Intrinsics(584, 438, NYU.fx, NYU.fy, NYU.cx - 27, NYU.cy - 21)


def test_fastdepth_scores_the_cut_only():
    depth = np.full((480, 640), 2.0, np.float32)
    outside = np.ones_like(depth, bool)
    outside[21:459, 27:611] = False
    depth[outside] = 9.0
    assert (
        score("fastdepth", Model(np.full((224, 224), 2.0)), nyu_frame(depth)).metrics["rmse"] == 0
    )


def test_fastdepth_samples_truth_at_224_without_mixing_and_does_not_clip():
    depth = np.full((480, 640), 1.0, np.float32)
    depth[:, 320:] = 20.0
    scored = score("fastdepth", Model(np.full((112, 112), 20.0)), nyu_frame(depth))
    assert scored.pair.truth.shape == (224, 224)
    assert set(np.unique(scored.pair.truth)) == {1.0, 20.0}
    # Column 320 of the frame is column 293 of the cut, so columns from (293 / 584) * 224 on.
    assert (scored.pair.truth[0] == 20.0).sum() == 224 - 112
    assert scored.metrics["delta1"] == pytest.approx(0.5)


def test_eigen_scores_the_crop_and_clamps_to_ten_metres():
    depth = np.full((480, 640), 12.0, np.float32)
    depth[45:471, 41:601] = 5.0
    depth[100, 100] = 10.0  # not strictly inside the range
    model = Model(np.full((60, 80), 30.0))
    scored = score("eigen", model, nyu_frame(depth))
    assert scored.pair.truth.shape == (426, 560)
    assert scored.pair.valid.sum() == 426 * 560 - 1
    assert scored.metrics["rmse"] == pytest.approx(5.0)
    assert model.frames[0].image.shape == (480, 640, 3)


def test_full_scores_every_measurement_at_the_truths_resolution():
    truth = np.full((30, 40), np.nan, np.float32)
    truth[3, 4] = 4.0
    truth[20, 30] = 2.0
    frame = Frame(np.zeros((60, 80, 3), np.uint8), truth)
    scored = score("full", Model(np.full((16, 16), 2.0)), frame)
    assert scored.pair.valid.sum() == 2
    assert scored.metrics["mae"] == pytest.approx(1.0)


def test_full_leaves_out_what_a_cropping_model_does_not_see():
    frame = Frame(np.zeros((60, 100, 3), np.uint8), np.full((60, 100), 3.0, np.float32))
    scored = score("full", Model(np.full((32, 32), 3.0), fit="crop"), frame)
    assert scored.pair.valid.sum() == 60 * 60
    assert scored.metrics["rmse"] == 0


def test_a_cropping_model_cannot_be_scored_by_fixed_crops():
    with pytest.raises(ProtocolError, match="full"):
        score("eigen", Model(np.full((32, 32), 3.0), fit="crop"), nyu_frame())


def test_median_and_least_squares_alignment():
    truth = np.tile(np.array([1.0, 2.0, 6.0], np.float32), (3, 1))
    frame = Frame(np.zeros((3, 3, 3), np.uint8), truth)
    values = np.tile(np.array([2.0, 4.0, 1.0], np.float32), (3, 1))
    median = score("full", Model(values), frame, "median")
    assert median.scale == pytest.approx(2.0 / 2.0)
    lstsq = score("full", Model(values), frame, "lstsq")
    assert lstsq.scale == pytest.approx((2 + 8 + 6) / (4 + 16 + 1))
    assert lstsq.metrics["rmse"] < score("full", Model(values), frame).metrics["rmse"]


def test_alignment_of_nothing_is_refused():
    frame = Frame(np.zeros((3, 3, 3), np.uint8), np.ones((3, 3), np.float32))
    with pytest.raises(ProtocolError, match="zero"):
        score("full", Model(np.zeros((3, 3))), frame, "median")


@pytest.mark.parametrize("protocol", ["fastdepth", "eigen"])
def test_nyu_protocols_refuse_other_sizes(protocol):
    frame = Frame(np.zeros((60, 80, 3), np.uint8), np.ones((60, 80), np.float32), name="small")
    with pytest.raises(ProtocolError, match=r"640x480.*'small' is 80x60"):
        score(protocol, Model(np.ones((8, 8))), frame)


def test_unknown_names_are_refused():
    with pytest.raises(ProtocolError, match="eigen"):
        score("eigin", Model(np.ones((8, 8))), nyu_frame())
    with pytest.raises(ProtocolError, match="median"):
        score("full", Model(np.ones((8, 8))), nyu_frame(), "mean")


def test_a_frame_without_truth_has_no_score():
    with pytest.raises(NoTruthError):
        score("full", Model(np.ones((8, 8))), Frame(np.zeros((6, 8, 3), np.uint8)))


def test_nearest_takes_pixel_centres():
    depth = np.arange(6, dtype=np.float32)[None]
    assert nearest(depth, 2, 1).tolist() == [[1.0, 4.0]]  # OpenCV's INTER_NEAREST gives 0 and 3
    assert nearest(depth, 6, 1).tolist() == depth.tolist()


def test_evaluation_counts_every_frame():
    image = np.zeros((6, 8, 3), np.uint8)
    frames = [
        Frame(image, np.full((6, 8), 2.0, np.float32)),
        Frame(image),
        Frame(image, np.full((6, 8), np.nan, np.float32)),
        Frame(image, np.full((6, 8), 4.0, np.float32)),
    ]
    evaluation = Evaluation("full", "none")
    results = list(evaluate(frames, Model(np.full((4, 4), 2.0)), evaluation))
    assert [scored is not None for _, scored in results] == [True, False, False, True]
    result = evaluation.result()
    assert result["mae"] == pytest.approx(1.0)
    assert result["frames"] == 2
    assert result["skipped"] == {"no ground truth": 1, "no valid ground-truth pixel": 1}
    assert (result["protocol"], result["align"]) == ("full", "none")


def test_an_unfit_protocol_names_the_frame():
    frames = [Frame(np.zeros((6, 8, 3), np.uint8), np.ones((6, 8), np.float32), name="one.png")]
    with pytest.raises(ProtocolError, match=r"one\.png"):
        list(evaluate(frames, Model(np.ones((4, 4))), Evaluation("eigen", "none")))
