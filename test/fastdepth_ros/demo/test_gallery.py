import numpy as np
import pytest

from fastdepth.colour import colourise
from fastdepth.frame import Frame
from fastdepth_ros.demo.gallery import Gallery
from fastdepth_ros.demo.scoring import Pair

PERIOD = 40_000_000


def pair(index, with_truth=True, with_prediction=True):
    depth = np.full((30, 40), 1.0 + 0.1 * index, np.float32)
    image = np.full((60, 80, 3), (200, index, 0), np.uint8)
    truth = np.full((60, 80), 3.0, np.float32) if with_truth else None
    return Pair(
        Frame(image, truth, None, index * PERIOD, str(index)), depth if with_prediction else None
    )


def filled(count, **options):
    gallery = Gallery(panel_width=80, **options)
    for index in range(count):
        gallery.add(pair(index))
    return gallery


def shown(picture):
    """Return which frames a picture shows, top to bottom: the green of their pixels."""
    is_frame = (picture[..., 0] == 200) & (picture[..., 2] == 0)
    rows = np.flatnonzero(is_frame.any(axis=1))
    greens = [int(picture[r][is_frame[r]][0, 1]) for r in rows]
    return list(dict.fromkeys(greens))


def test_the_strip_shows_frames_from_first_to_last():
    assert shown(filled(9).strip(rows=3)) == [0, 4, 8]


def test_a_short_recording_shows_what_there_is():
    assert shown(filled(2).strip(rows=3)) == [0, 1]


def test_dropped_frames_are_not_shown():
    gallery = Gallery(panel_width=80)
    gallery.add(pair(0, with_prediction=False))
    gallery.add(pair(1))
    assert shown(gallery.strip()) == [1]


def test_nothing_to_draw_is_said():
    with pytest.raises(ValueError, match="no frame has a prediction"):
        Gallery().strip()


def test_a_long_recording_is_thinned_evenly():
    gallery = filled(100, most=10)
    assert len(gallery) <= 10
    greens = [shown(picture)[0] for picture, _ in gallery.animation(panel_width=80)]
    assert greens[0] == 0
    steps = np.diff(greens)
    assert (steps == steps[0]).all()
    assert greens[-1] >= 100 - 2 * steps[0]


def test_the_animation_runs_in_real_time():
    durations = [seconds for _, seconds in filled(5).animation(panel_width=80)]
    assert durations[:-1] == pytest.approx([0.04] * 4)


def test_a_thinned_animation_runs_in_real_time():
    durations = [seconds for _, seconds in filled(20, most=10).animation(panel_width=80)]
    assert durations[:-1] == pytest.approx([0.08] * 9)


def test_all_pictures_of_an_animation_have_one_size():
    assert len({picture.shape for picture, _ in filled(4).animation(panel_width=80)}) == 1


def test_prediction_and_truth_share_one_scale():
    gallery = Gallery(panel_width=80)
    same = Pair(pair(0).frame, np.full((30, 40), 3.0, np.float32))
    gallery.add(same)
    gallery.add(pair(10))
    picture = next(iter(gallery.animation(panel_width=80)))[0]
    colour = colourise(np.full((1, 1), 3.0, np.float32), 3.0, 3.5)[0, 0]
    columns = np.flatnonzero((picture[50] == colour).all(axis=1))
    assert len(columns) >= 160


def test_without_truth_there_are_two_columns():
    gallery = Gallery(panel_width=80)
    gallery.add(pair(0, with_truth=False))
    with_truth, without = filled(1).strip(), gallery.strip()
    assert without.shape[1] < with_truth.shape[1] * 0.6
    assert shown(without) == [0]
