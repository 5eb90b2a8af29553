"""New views: the moved camera sees what a camera there would see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.errors import SourceError
from fastdepth.frame import Frame
from fastdepth.sources.rgbd_folder import RgbdFolder

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from new_views.moving import FORTH, SIDE, Move, draw_move, turned
from new_views.warping import new_view
from render_new_views import prepared

TOOLS = Path(sys.path[0])
CAMERA = Intrinsics(160, 120, 130.0, 130.0, 79.5, 59.5)
STRAIGHT = np.eye(3)


def wall(distance=3.0):
    """Return a picture and the depth of a wall across the view, dark on its left half."""
    image = np.full((120, 160, 3), 200, np.uint8)
    image[:, :80] = 40
    return image, np.full((120, 160), distance, np.float32)


def post():
    """Return a wall at 4 m with a bright post at 2 m in the middle."""
    image, depth = wall(4.0)
    image[:] = 60
    image[:, 70:90] = 250
    depth[:, 70:90] = 2.0
    return image, depth


def test_a_camera_that_stays_sees_the_frame():
    image, depth = post()
    view = new_view(image, depth, CAMERA, Move(np.zeros(3), STRAIGHT))
    assert np.abs(view.image.astype(int) - image).max() <= 1
    np.testing.assert_allclose(view.depth, depth, atol=1e-5)
    assert (view.outside, view.hidden) == (0, 0)


def test_a_step_forward_brings_everything_nearer_and_magnifies_it():
    image, depth = wall(3.0)
    image[:, 80:] = np.linspace(40, 200, 80, dtype=np.uint8)[:, None]
    view = new_view(image, depth, CAMERA, Move(np.array([0.0, 0.0, 1.0]), STRAIGHT))
    np.testing.assert_allclose(view.depth, 2.0, atol=1e-5)
    # A point 60 px right of the centre was 40 px right of it.
    assert abs(int(view.image[60, 139, 0]) - int(image[60, 119, 0])) <= 3


def test_a_step_aside_moves_near_things_more_and_shows_what_they_hid():
    image, depth = post()
    view = new_view(image, depth, CAMERA, Move(np.array([0.4, 0.0, 0.0]), STRAIGHT))
    # By f x / z: the post 26 px to the left, the wall 13 px.
    assert view.depth[60, 54] == pytest.approx(2.0)
    assert view.image[60, 54, 0] == 250
    assert view.depth[60, 30] == pytest.approx(4.0)
    assert view.hidden > 0
    # Right of the post is what it hid: no depth is claimed there, and its colour is the wall's.
    gap = slice(66, 74)
    assert np.isnan(view.depth[60, gap]).all()
    assert np.abs(view.image[60, gap].astype(int) - 60).max() <= 30


def test_a_turn_keeps_distances_from_the_camera():
    image, depth = wall(3.0)
    axes = turned(np.radians(10), 0.0, 0.0)
    view = new_view(image, depth, CAMERA, Move(np.zeros(3), axes))
    # The ray through the centre meets the wall where the old camera saw it at tan(10 degrees).
    u = CAMERA.cx + CAMERA.fx * np.tan(np.radians(10))
    on_wall = np.array([np.tan(np.radians(10)) * 3, 0.0, 3.0])
    assert view.depth[60, 80] == pytest.approx(float(on_wall @ axes[:, 2]), rel=5e-3)
    assert view.image[60, 80, 0] == image[60, round(u), 0]


def test_unmeasured_places_stay_unmeasured():
    image, depth = wall()
    depth[40:80, 60:100] = np.nan
    view = new_view(image, depth, CAMERA, Move(np.array([0.05, 0.0, 0.2]), STRAIGHT))
    assert np.isnan(view.depth[60, 80])
    assert np.isnan(view.depth).mean() < 0.3


def test_a_frame_without_any_depth_gives_a_view_without_any():
    image, depth = wall()
    view = new_view(image, depth * np.nan, CAMERA, Move(np.zeros(3), STRAIGHT))
    assert np.isnan(view.depth).all()


def test_moves_are_in_proportion_to_the_scene():
    rng = np.random.default_rng(0)
    steps = np.array([draw_move(rng, 5.0).step for _ in range(300)]) / 5.0
    assert np.abs(steps[:, 0]).max() <= SIDE
    assert steps[:, 2].max() <= FORTH
    assert steps.std(0).min() > 0.03


def test_frames_without_a_camera_are_refused():
    image, depth = wall()
    with pytest.raises(SourceError, match="no depth or no camera"):
        prepared(Frame(image, depth, None, name="x"), (80, 60), 0)


def test_the_tool_writes_frames_once_and_goes_on(tmp_path):
    source = tmp_path / "source"
    (source / "rgb").mkdir(parents=True)
    (source / "depth").mkdir()
    image, depth = post()
    for n in range(2):
        cv2.imwrite(str(source / "rgb" / f"{n}.jpg"), image)
        cv2.imwrite(str(source / "depth" / f"{n}.png"), (depth * 1000).astype(np.uint16))
    (source / "intrinsics.txt").write_text(
        "size 160x120\nfx 130\nfy 130\ncx 79.5\ncy 59.5\n", encoding="utf-8"
    )
    out = tmp_path / "views"
    command = [sys.executable, str(TOOLS / "render_new_views.py"), str(source), str(out)]
    command += ["--views", "3", "--size", "80", "60", "--border", "2"]

    def run():
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
        return done.stdout, {path: path.stat().st_mtime_ns for path in out.rglob("*_*.*")}

    said, first = run()
    frames = RgbdFolder(out)
    assert 4 <= len(frames) <= 6
    assert f"{len(frames)} views of 2 frames" in said
    assert frames[0].image.shape == (60, 80, 3)
    assert 1.0 < np.nanmedian(frames[0].depth) < 5.0
    assert frames[0].intrinsics == CAMERA.resize(80, 60)
    assert run() == (said, first)
