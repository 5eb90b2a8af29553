"""Random rooms: true sizes, exact depth, the same in every run."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from fastdepth.camera import Intrinsics
from fastdepth.sources.rgbd_folder import RgbdFolder

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from frame_folder import make_folders
from random_rooms import baths, beds, kitchens, seats, storage, tables
from random_rooms.lamps import Lamp, Lighting
from random_rooms.looks import plain
from random_rooms.parts import Piece
from random_rooms.themes import random_room
from random_rooms.view import NYU, held, pose, project

LEVEL = 1.4  # of the eye, m


def extent(items):
    """Return the corner nearest to the origin's side and the far one of items, exact for boxes."""
    half = [np.abs(item.matrix[:, :3]).sum(1) / 2 for item in items]
    middle = [item.matrix[:, 3] for item in items]
    low = np.min([m - h for m, h in zip(middle, half, strict=True)], 0)
    return low, np.max([m + h for m, h in zip(middle, half, strict=True)], 0)


@pytest.fixture(scope="module")
def renderer():
    moderngl = pytest.importorskip("moderngl", reason="moderngl is not installed")
    gpu = pytest.importorskip("random_rooms.gpu")
    try:
        return gpu.Renderer(NYU.resize(320, 240))
    except (moderngl.Error, ValueError, OSError) as err:
        pytest.skip(f"no OpenGL through EGL here: {err}")


def dark():
    lamp = Lamp(np.array([0.0, 0, 2]), np.ones(3), np.array([0.0, 0, -1]))
    return Lighting([lamp], np.ones(3), np.ones(3), 1.0)


def single(size, foot):
    piece = Piece(*size)
    piece.box(foot, size, plain(np.random.default_rng(0), (0.5, 0.5, 0.5)))
    return piece.items


@pytest.mark.parametrize(
    ("maker", "low", "high"),
    [
        (seats.chair, (0.39, 0.38, 0.8), (0.6, 0.7, 1.05)),
        (seats.sofa, (0.7, 0.8, 0.7), (2.8, 1.05, 1.1)),
        (beds.bed, (0.9, 1.9, 0.5), (2.1, 2.3, 1.35)),
        (storage.bookshelf, (0.6, 0.28, 0.88), (1.85, 0.6, 2.7)),
        (baths.toilet, (0.4, 0.6, 0.7), (0.6, 0.95, 1.2)),
    ],
)
def test_pieces_have_real_sizes(maker, low, high):
    for seed in range(25):
        near, far = extent(maker(np.random.default_rng(seed)).items)
        assert near[2] > -0.05
        assert (far - near >= low).all(), (seed, far - near)
        assert (far - near <= high).all(), (seed, far - near)


@pytest.mark.parametrize(
    ("maker", "low", "high"),
    [
        (storage.wardrobe, (0.8, 0.48, 1.8), (2.0, 0.65, 2.3)),
        (storage.filing, (0.4, 0.47, 0.69), (0.47, 0.65, 1.36)),
        (baths.washer, (0.599, 0.53, 0.85), (0.601, 0.65, 0.95)),
        (
            lambda rng: kitchens.fridge(rng, kitchens.Style(rng)),
            (0.6, 0.55, 1.5),
            (0.9, 0.75, 1.85),
        ),
    ],
)
def test_bodies_have_real_sizes(maker, low, high):
    for seed in range(25):
        items = maker(np.random.default_rng(seed)).items
        body = max(items, key=lambda item: abs(np.linalg.det(item.matrix[:, :3])))
        near, far = extent([body])
        assert (far - near >= np.array(low) - 1e-9).all(), (seed, far - near)
        assert (far - near <= np.array(high) + 1e-9).all(), (seed, far - near)


@pytest.mark.parametrize(
    ("make", "low", "high"),
    [
        (tables.dining_table, 0.719, 0.761),
        (tables.coffee_table, 0.379, 0.481),
        (tables.desk, 0.719, 0.761),
        (lambda rng: kitchens.counter(rng, kitchens.Style(rng), 2.4, 2.4), 0.859, 0.941),
    ],
)
def test_worktops_are_at_their_height(make, low, high):
    for seed in range(25):
        items = make(np.random.default_rng(seed)).items
        flat = [i for i in items if i.matrix[2, 2] < 0.05 and i.shape in {"box", "cylinder"}]
        widest = max(flat, key=lambda i: abs(i.matrix[0, 0] * i.matrix[1, 1]))
        assert low <= widest.matrix[2, 3] + widest.matrix[2, 2] / 2 <= high


@pytest.mark.parametrize("number", range(12))
def test_furniture_stands_apart_inside_its_room(number):
    space = random_room(np.random.default_rng([3, number])).space
    assert len(space.taken) >= 1
    for k, rect in enumerate(space.taken):
        assert space.inside(rect)
        assert not any(rect.meets(other) for other in space.taken[:k])


def test_a_room_follows_from_its_seed():
    one, again, other = (random_room(np.random.default_rng([5, n])) for n in (1, 1, 2))
    assert one.kind == again.kind
    pairs = zip(one.space.items, again.space.items, strict=True)
    assert all((a.matrix == b.matrix).all() and a.look == b.look for a, b in pairs)
    assert [i.shape for i in one.space.items] != [i.shape for i in other.space.items]


def test_camera_is_held_upright_and_looks_ahead():
    rng = np.random.default_rng(0)
    eye, target = np.array([1.0, 2.0, LEVEL]), np.array([4.0, 6.0, 0.8])
    for _ in range(50):
        axes = held(rng, eye, target).axes
        assert np.allclose(axes @ axes.T, np.eye(3))
        assert np.linalg.det(axes) == pytest.approx(1)
        assert axes[2, 1] < -0.7  # down in the picture is down in the room
        assert axes[:, 2] @ (target - eye) > 0
        assert -0.63 < axes[2, 2] < 0.15


def test_a_box_has_its_size_in_pixels_and_its_distance(renderer):
    width, height, near = 0.8, 1.0, 3.0
    items = single((width, 0.5, height), (0.3, near + 0.25, LEVEL - 0.4))
    renderer.load(items, dark())
    where = pose(np.array([0.0, 0.0, LEVEL]), yaw=90, pitch=0, roll=0)
    depth = renderer.glance(where, NYU).depth
    v, u = np.nonzero(np.abs(depth - near) < 1e-4)
    corners = np.array([[-0.1, near, LEVEL + 0.6], [0.7, near, LEVEL - 0.4]])
    (left, top, z), (right, low, _) = project(NYU, where, corners)
    assert z == pytest.approx(near)
    assert right - left == pytest.approx(NYU.fx * width / near)
    assert low - top == pytest.approx(NYU.fy * height / near)
    # Pixels whose centres lie on the front are drawn.
    assert (u.min(), u.max()) == (np.ceil(left), np.floor(right))
    assert (v.min(), v.max()) == (np.ceil(top), np.floor(low))


def test_depth_of_a_wall_and_a_floor_is_exact(renderer):
    items = single((40.0, 0.1, 40.0), (0.0, 2.55, -20.0)) + single((40, 40, 0.1), (0, 0, -0.1))
    renderer.load(items, dark())
    lens = renderer.lens
    where = pose(np.array([0.0, 0.0, LEVEL]), yaw=97, pitch=-21, roll=4)
    depth = renderer.shoot(where).depth
    v, u = np.mgrid[0 : lens.height, 0 : lens.width]
    rays = np.stack([(u - lens.cx) / lens.fx, (v - lens.cy) / lens.fy, np.ones(u.shape)], -1)
    rays = rays @ where.axes.T
    wall = 2.5 / rays[..., 1]
    floor = np.where(rays[..., 2] < 0, -LEVEL / np.minimum(rays[..., 2], -1e-9), np.inf)
    assert np.abs(depth - np.minimum(wall, floor)).max() < 1e-3
    assert 0.1 < (floor < wall).mean() < 0.9


def test_a_folder_of_frames_is_read_and_the_same_twice(renderer, tmp_path):
    render_room = pytest.importorskip("random_rooms.writing").render_room
    folders = []
    for name in ("one", "two"):
        out = tmp_path / name
        make_folders(out, renderer.lens, "rooms")
        assert 1 <= render_room(renderer, out, 11, 4) <= 4
        folders.append(out)
    assert render_room(renderer, folders[0], 11, 4) == 0
    frames = RgbdFolder(folders[0])
    frame = frames[0]
    camera = frame.intrinsics
    assert frame.image.shape == (240, 320, 3)
    half = Intrinsics(640, 480, 518.858, 519.470, 325.582, 253.736).resize(320, 240)
    assert camera.fx == pytest.approx(half.fx, abs=1e-5)
    assert camera.cy == pytest.approx(half.cy, abs=1e-5)
    assert 0.3 < np.nanmin(frame.depth) < np.nanmax(frame.depth) < 25
    assert np.std(frame.image) > 10
    for path in folders[0].rglob("*.*"):
        assert path.read_bytes() == (folders[1] / path.relative_to(folders[0])).read_bytes()
