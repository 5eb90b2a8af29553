import math

import numpy as np
import pytest

from fastdepth.correction import Correction, fit_scale, fit_scale_and_offset
from fastdepth.errors import CalibrationError

NAN = np.float32(np.nan)


def truths(count=20_000, near=0.6, far=8.0, seed=0):
    return np.random.default_rng(seed).uniform(near, far, count).astype(np.float32)


def predicted(truth, correction):
    """Return the prediction that `correction` turns into the truth."""
    return ((1 / truth.astype(np.float64) - correction.offset) * correction.scale) ** -1


def disturb(prediction, noise=0.0, outliers=0.0, seed=1):
    """Multiply by log-normal noise, and replace a share of the pixels by anything."""
    rng = np.random.default_rng(seed)
    result = prediction * np.exp(rng.normal(0, noise, prediction.shape))
    wrong = rng.random(prediction.shape) < outliers
    result[wrong] = rng.uniform(0.3, 12, int(wrong.sum()))
    return result.astype(np.float32)


class TestApply:
    def test_a_scale_multiplies(self):
        depth = np.array([[1.0, 2.0], [4.0, 0.5]], np.float32)
        corrected = Correction(1.08).apply(depth)
        assert corrected.dtype == np.float32
        np.testing.assert_allclose(corrected, depth * 1.08, rtol=1e-6)

    def test_an_offset_is_of_inverse_depth(self):
        depth = np.array([1.0, 2.0, 4.0], np.float32)
        # 1 / (1.25 d) + 0.2
        np.testing.assert_allclose(
            Correction(1.25, 0.2).apply(depth), [1.0, 1 / 0.6, 2.5], rtol=1e-6
        )

    def test_the_affine_map_of_inverse_depth_is_a_and_b(self):
        a, b, depth = 0.9, -0.05, np.linspace(0.5, 6, 50, dtype=np.float32)
        expected = 1 / (a / depth.astype(np.float64) + b)
        np.testing.assert_allclose(Correction(1 / a, b).apply(depth), expected, rtol=1e-5)

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("correction", [Correction(1.5), Correction(1.5, 0.1)])
    def test_what_is_no_distance_is_nan(self, correction):
        depth = np.array([NAN, 0.0, -1.0, np.inf, -np.inf, 1.0], np.float32)
        assert np.isfinite(correction.apply(depth)).tolist() == [False] * 5 + [True]

    @pytest.mark.filterwarnings("error")
    def test_what_the_offset_pushes_beyond_infinity_is_nan(self):
        depth = np.array([4.0, 5.0, 6.0], np.float32)
        corrected = Correction(1.0, -0.2).apply(depth)
        assert corrected[0] == pytest.approx(20.0)
        assert np.isnan(corrected[1:]).all()

    def test_the_input_is_not_changed(self):
        depth = np.array([[1.0, 0.0]], np.float32)
        Correction(2.0).apply(depth)
        assert depth.tolist() == [[1.0, 0.0]]

    def test_no_correction_changes_nothing(self):
        depth = truths(100)
        np.testing.assert_array_equal(Correction().apply(depth), depth)

    @pytest.mark.parametrize("scale", [0.0, -1.0, NAN, np.inf])
    def test_an_impossible_scale_is_refused(self, scale):
        with pytest.raises(CalibrationError, match="scale is"):
            Correction(scale)

    @pytest.mark.parametrize("offset", [NAN, -np.inf])
    def test_an_impossible_offset_is_refused(self, offset):
        with pytest.raises(CalibrationError, match="offset is"):
            Correction(1.0, offset)


class TestFitScale:
    def test_a_known_scale_is_found(self):
        truth = truths().reshape(100, 200)
        fit = fit_scale(truth / np.float32(1.08), truth)
        assert fit.correction.scale == pytest.approx(1.08, rel=1e-6)
        assert fit.correction.offset == 0.0
        assert fit.pixels == 20_000
        assert fit.inliers == 1.0

    def test_noise_does_not_bias_it(self):
        truth = truths()
        fit = fit_scale(disturb(truth / 0.9, noise=0.1), truth)
        # 0.1 / sqrt(20000) = 0.0007
        assert fit.correction.scale == pytest.approx(0.9, abs=0.003)

    def test_it_is_the_mean_of_log_depth_where_errors_are_normal(self):
        truth = truths(500)
        prediction = disturb(truth / 1.2, noise=0.1)
        mean = math.exp(np.mean(np.log(truth / prediction)))
        assert fit_scale(prediction, truth).correction.scale == pytest.approx(mean, rel=0.003)

    @pytest.mark.parametrize("outliers", [0.1, 0.3, 0.45])
    def test_outliers_do_not_move_it(self, outliers):
        truth = truths()
        prediction = disturb(truth / 1.3, noise=0.03, outliers=outliers)
        fit = fit_scale(prediction, truth)
        assert fit.correction.scale == pytest.approx(1.3, rel=0.02)
        # Some of what is anything looks right by chance.
        assert 1 - outliers - 0.01 < fit.inliers < 1 - 0.5 * outliers
        least_squares = math.exp(np.mean(np.log(truth / prediction)))
        assert abs(fit.correction.scale - 1.3) < abs(least_squares - 1.3) / 3

    def test_pairs_without_a_distance_are_left_out(self):
        truth = truths(1000)
        prediction = truth / np.float32(1.1)
        for index, nothing in enumerate((NAN, 0.0, -1.0, np.inf)):
            truth[index], prediction[-1 - index] = nothing, nothing
        fit = fit_scale(prediction, truth)
        assert fit.pixels == 992
        assert fit.correction.scale == pytest.approx(1.1, rel=1e-6)

    def test_what_was_fitted_undoes_the_error(self):
        truth = truths()
        prediction = (truth / np.float32(1.08)).astype(np.float32)
        corrected = fit_scale(prediction, truth).correction.apply(prediction)
        np.testing.assert_allclose(corrected, truth, rtol=1e-5)


class TestFitScaleAndOffset:
    @pytest.mark.parametrize(
        "true", [Correction(1.08, 0.03), Correction(0.8, -0.05), Correction(1.3, 0.0)]
    )
    def test_a_known_error_is_found(self, true):
        truth = truths(near=0.6, far=6.0)
        fit = fit_scale_and_offset(predicted(truth, true).astype(np.float32), truth)
        assert fit.correction.scale == pytest.approx(true.scale, rel=1e-4)
        assert fit.correction.offset == pytest.approx(true.offset, abs=1e-4)
        assert fit.inliers > 0.999

    @pytest.mark.parametrize("outliers", [0.0, 0.2, 0.4])
    def test_noise_and_outliers_hardly_move_it(self, outliers):
        true = Correction(1.25, 0.06)
        truth = truths(near=0.6, far=6.0)
        prediction = disturb(predicted(truth, true), noise=0.02, outliers=outliers)
        fit = fit_scale_and_offset(prediction, truth)
        assert fit.correction.scale == pytest.approx(true.scale, rel=0.02)
        assert fit.correction.offset == pytest.approx(true.offset, abs=0.01)

    def test_it_corrects_new_pixels(self):
        true = Correction(1.25, 0.06)
        seen, new = truths(seed=3, far=6.0), truths(seed=4, far=6.0)
        fit = fit_scale_and_offset(disturb(predicted(seen, true), noise=0.02), seen)
        prediction = disturb(predicted(new, true), noise=0.02, seed=9)
        after = np.nanmean(np.abs(fit.correction.apply(prediction) - new) / new)
        scale_only = fit_scale(disturb(predicted(seen, true), noise=0.02), seen).correction
        before = np.mean(np.abs(prediction - new) / new)
        alone = np.mean(np.abs(scale_only.apply(prediction) - new) / new)
        assert after < 0.03
        assert after < alone / 3
        assert alone < before

    def test_it_is_the_same_every_time(self):
        truth = truths(2000)
        prediction = disturb(truth / 1.1, noise=0.1, outliers=0.2)
        assert fit_scale_and_offset(prediction, truth) == fit_scale_and_offset(prediction, truth)

    def test_a_wall_cannot_tell_scale_from_offset(self):
        truth = truths(near=2.0, far=2.3)
        with pytest.raises(CalibrationError, match="fit the scale alone"):
            fit_scale_and_offset(truth / np.float32(1.1), truth)
        assert fit_scale(truth / np.float32(1.1), truth).correction.scale == pytest.approx(1.1)

    def test_depth_the_wrong_way_round_is_refused(self):
        truth = np.linspace(1, 5, 500, dtype=np.float32)
        with pytest.raises(CalibrationError, match="does not grow"):
            fit_scale_and_offset(1 / truth, truth)


@pytest.mark.parametrize("fit", [fit_scale, fit_scale_and_offset])
def test_too_few_pixels_are_refused(fit):
    with pytest.raises(CalibrationError, match="only 99 pixels"):
        fit(truths(99), truths(99))
    with pytest.raises(CalibrationError, match="only 0 pixels"):
        fit(np.full((20, 20), NAN), np.ones((20, 20), np.float32))


@pytest.mark.parametrize("fit", [fit_scale, fit_scale_and_offset])
def test_other_shapes_are_refused(fit):
    with pytest.raises(CalibrationError, match=r"\(480, 640\)"):
        fit(np.ones((224, 224), np.float32), np.ones((480, 640), np.float32))
