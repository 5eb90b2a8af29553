"""The textures all rooms share: patterns whose colours each look chooses, and pictures.

A pattern's red mixes the first colour with the second, its green mixes the third in, and its blue
is brightness (half is neutral). A picture is shown as it is.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import ArrayLike
from rooms import prints
from rooms.textures import U8, noise, picture, rug

from random_rooms.parts import F64, Rng, uniform

SIZE = 256

Pattern = Callable[[Rng], U8]


def _pattern(red: ArrayLike, green: ArrayLike = 0.0, blue: ArrayLike = 0.5) -> U8:
    planes = np.broadcast_arrays(np.asarray(red, float), green, blue)
    return picture(np.stack(planes, -1)[:SIZE, :SIZE] * 255.0)


def _noise(rng: Rng, **settings: float) -> F64:
    return noise(rng, (SIZE, SIZE), **settings)


def _grid() -> tuple[F64, F64]:
    v, u = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    return u, v


def _wood(rng: Rng) -> U8:
    _, v = _grid()
    rings = np.sin(2 * np.pi * (rng.integers(2, 6) * v + 0.9 * _noise(rng, slope=2.2, stretch=7)))
    fibre = _noise(rng, slope=0.7, stretch=30, coarsest=20)
    red = 0.5 + uniform(rng, 0.08, 0.3) * rings + 0.12 * fibre
    return _pattern(np.clip(red, 0, 1), 0.0, 0.5 + 0.03 * fibre)


def _planks(rng: Rng) -> U8:
    rows = int(rng.choice([6, 8, 10]))
    grain = _noise(rng, slope=1.0, stretch=20, coarsest=8)
    out = np.zeros((SIZE, SIZE, 3))
    for row in range(rows):
        top, bottom = row * SIZE // rows, (row + 1) * SIZE // rows
        start = int(rng.integers(SIZE))
        for board in range(2):
            columns = (np.arange(SIZE // 2) + start + board * SIZE // 2) % SIZE
            tone = 0.5 + rng.normal(0, 0.2) + 0.15 * grain[top:bottom, : SIZE // 2]
            out[top:bottom, columns, 0] = np.clip(tone, 0, 1)
            out[top:bottom, columns[0], 1] = 0.7
        out[top, :, 1] = 0.7
    return _pattern(out[..., 0], out[..., 1])


def _tiles(rng: Rng) -> U8:
    """Return 4x4 tiles (meant for four times a tile's size), or 4 rows of 2 staggered ones."""
    long = int(rng.choice([1, 1, 2]))
    red, green = np.zeros((SIZE, SIZE)), np.ones((SIZE, SIZE))
    clouds = _noise(rng, slope=1.4)
    spread, joint, cell = uniform(rng, 0.0, 0.25), int(rng.integers(1, 4)), SIZE // 4
    checked = rng.random() < 0.2
    for row in range(4):
        for column in range(4 // long):
            shift = cell * long // 2 if long == 2 and row % 2 else 0
            y = np.arange(row * cell + joint, (row + 1) * cell)
            x = np.arange(column * cell * long + joint, (column + 1) * cell * long) + shift
            where = np.ix_(y, x % SIZE)
            tone = float((row + column) % 2) if checked else 0.4 + rng.normal(0, spread)
            red[where], green[where] = np.clip(tone + 0.1 * clouds[where], 0, 1), 0
    return _pattern(red, green, 0.5 + 0.02 * clouds)


def _carpet(rng: Rng) -> U8:
    tufts = _noise(rng, slope=0.4, coarsest=60)
    return _pattern(np.clip(0.5 + 0.3 * tufts, 0, 1), 0.0, 0.5 + 0.04 * _noise(rng, slope=1.6))


def _fabric(rng: Rng) -> U8:
    slubs = _noise(rng, slope=0.5, stretch=12) + _noise(rng, slope=0.5, stretch=1 / 12)
    return _pattern(np.clip(0.4 + 0.2 * slubs, 0, 1), 0.0, 0.5 + 0.02 * slubs)


def _stripes(rng: Rng) -> U8:
    u, _ = _grid()
    edges = np.sort(rng.choice(np.arange(1, 32), int(rng.integers(2, 12)), replace=False)) / 32
    index = np.searchsorted(edges, u)
    return _pattern(index % 2.0, (index % 5 == 3) * 1.0, 0.5 + 0.02 * _noise(rng, slope=0.4))


def _plaid(rng: Rng) -> U8:
    u, v = _grid()
    edges = np.sort(rng.choice(np.arange(1, 24), 6, replace=False)) / 24
    across, along = np.searchsorted(edges, u) % 2, np.searchsorted(edges, v) % 2
    return _pattern((across + along) / 2.0, 0.8 * ((u < 0.04) | (v < 0.04)))


def _dots(rng: Rng) -> U8:
    u, v = _grid()
    count = int(rng.choice([3, 4, 6, 8]))
    a, b = (u * count) % 1 - 0.5, (v * count + np.floor(u * count) / 2) % 1 - 0.5
    return _pattern((np.hypot(a, b) < uniform(rng, 0.15, 0.4)) * 1.0)


def _floral(rng: Rng) -> U8:
    """Return scattered flowers (colour b, hearts and leaves c) on a plain ground."""
    canvas = np.zeros((SIZE * 3, SIZE * 3, 3))
    for _ in range(int(rng.integers(6, 26))):
        x, y = rng.integers(0, SIZE, 2)
        reach, petals = uniform(rng, 6, 26), int(rng.integers(4, 8))
        turn = uniform(rng, 0, 6)
        for k in range(petals * 2):
            flower = k % 2 == 0
            angle = turn + 2 * np.pi * k / (petals * 2)
            far = reach * (0.6 if flower else 1.1)
            colour = (1.0, 0.0, 0.5) if flower else (0.0, uniform(rng, 0.5, 1), 0.5)
            axes = (int(reach * (0.5 if flower else 0.4)), int(reach * (0.35 if flower else 0.12)))
            for dx in (0, SIZE, 2 * SIZE):
                for dy in (0, SIZE, 2 * SIZE):
                    at = int(x + dx + far * np.cos(angle)), int(y + dy + far * np.sin(angle))
                    cv2.ellipse(canvas, at, axes, np.degrees(angle), 0, 360, colour, -1)
    middle = canvas[SIZE : 2 * SIZE, SIZE : 2 * SIZE]
    return _pattern(middle[..., 0], middle[..., 1], 0.5 + 0.02 * _noise(rng, slope=0.5))


def _damask(rng: Rng) -> U8:
    field = _noise(rng, slope=uniform(rng, 1.0, 2.2), coarsest=4)
    field = field + field[:, ::-1]
    if rng.random() < 0.5:
        field = field + field[::-1]
    return _pattern((field > 0.3) * 1.0, ((field < -1.2) * 0.7))


def _plaster(rng: Rng) -> U8:
    rough = _noise(rng, slope=0.7, coarsest=40)
    return _pattern(
        np.clip(0.5 + 0.2 * _noise(rng, slope=1.8), 0, 1), 0.0, 0.5 + uniform(rng, 0, 0.03) * rough
    )


def _marble(rng: Rng) -> U8:
    veins = np.exp(-np.abs(_noise(rng, slope=1.6)) * uniform(rng, 4, 14))
    return _pattern(np.clip(0.5 + 0.3 * _noise(rng, slope=1.5), 0, 1), veins * 0.8)


def _speckle(rng: Rng) -> U8:
    grain = _noise(rng, slope=0.5, coarsest=40)
    other = _noise(rng, slope=0.4, coarsest=50)
    return _pattern(np.clip(0.5 + 0.3 * grain, 0, 1), np.clip(other - 1.0, 0, 1))


def _brick(rng: Rng) -> U8:
    red, green = np.zeros((SIZE, SIZE)), np.ones((SIZE, SIZE))
    for row in range(8):
        for column in range(4):
            y = np.arange(row * 32 + 3, row * 32 + 32)
            x = (np.arange(column * 64 + 3, column * 64 + 64) + (row % 2) * 32) % SIZE
            red[np.ix_(y, x)], green[np.ix_(y, x)] = rng.random(), 0
    return _pattern(red, green, 0.5 + 0.05 * _noise(rng, slope=0.8))


def _wicker(rng: Rng) -> U8:
    u, v = _grid()
    count = int(rng.choice([8, 12, 16]))
    over = (np.floor(u * count) + np.floor(v * count)) % 2
    bulge = np.where(over > 0, np.sin(np.pi * ((v * count) % 1)), np.sin(np.pi * ((u * count) % 1)))
    return _pattern(over * 0.6, 0.0, 0.25 + 0.3 * bulge)


def _mesh_of_keys(rng: Rng) -> U8:
    u, v = _grid()
    keys = ((u * 15) % 1 > 0.15) & ((v * 5) % 1 > 0.15)
    tone = np.where(keys, uniform(rng, 25, 220), uniform(rng, 10, 120))
    return picture(np.stack([tone] * 3, -1))


def _flat(art: U8) -> U8:
    return np.asarray(cv2.resize(art, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8)


def _some_colours(rng: Rng, count: int) -> list[tuple[float, float, float]]:
    """Return colours, most of them muted, 0..255."""
    return [_a_colour(rng) for _ in range(count)]


def _a_colour(rng: Rng) -> tuple[float, float, float]:
    r, g, b = colorsys.hsv_to_rgb(rng.random(), rng.random() ** 1.5 * 0.9, uniform(rng, 0.1, 0.95))
    return r * 255, g * 255, b * 255


def _poster(rng: Rng) -> U8:
    """Return lines of words with a title and a picture on coloured paper."""
    paper, ink = rng.uniform(150, 255, 3), rng.uniform(0, 120, 3)
    out = prints.text(rng, tuple(paper), [tuple(ink)], lines=int(rng.integers(8, 34)))
    top = int(rng.integers(30, 160))
    out[20:top, 20:-20] = _a_colour(rng)
    return _flat(out)


def _face(rng: Rng) -> U8:
    """Return a portrait photo: a head and shoulders before a blurred ground."""
    out = picture(128 + 40 * np.stack([_noise(rng, slope=1.6) for _ in range(3)], -1)).copy()
    skin, hair, cloth = (
        rng.uniform([120, 80, 60], [240, 200, 170]),
        rng.uniform(10, 120, 3),
        rng.uniform(0, 240, 3),
    )
    cv2.ellipse(out, (128, 260), (90, 90), 0, 0, 360, tuple(cloth), -1)
    cv2.ellipse(out, (128, 110), (56, 70), 0, 0, 360, tuple(hair), -1)
    cv2.ellipse(out, (128, 125), (44, 58), 0, 0, 360, tuple(skin), -1)
    return np.asarray(cv2.GaussianBlur(out, (0, 0), 2.0), np.uint8)


def _label(rng: Rng) -> U8:
    """Return a packet's front: bands of colour, a badge, words."""
    out = np.tile(np.array(_a_colour(rng)), (SIZE, SIZE, 1))
    for _ in range(int(rng.integers(1, 4))):
        y = int(rng.integers(0, SIZE - 40))
        out[y : y + int(rng.integers(10, 70))] = _a_colour(rng)
    centre = tuple(int(k) for k in rng.integers(60, 196, 2))
    cv2.ellipse(out, centre, (int(rng.integers(20, 70)), int(rng.integers(15, 50))), 0, 0, 360,
                _a_colour(rng), -1)  # fmt: skip
    ink = rng.uniform(0, 255, 3)
    for line in range(int(rng.integers(2, 7))):
        y, x = int(rng.integers(10, SIZE - 20)), int(rng.integers(10, 80))
        out[y : y + 4 + line, x : x + int(rng.integers(40, 150))] = ink
    return picture(out)


def _spine(rng: Rng) -> U8:
    """Return one book's spine, to be tinted: bands and letters along z."""
    out = np.full((SIZE, SIZE, 3), 235.0)
    dark = uniform(rng, 10, 120)
    for at in rng.choice([0.05, 0.1, 0.16, 0.8, 0.86, 0.92], 3, replace=False):
        out[int(at * SIZE) : int(at * SIZE) + int(rng.integers(3, 14))] = dark
    top = int(rng.integers(50, 80))
    for letter in range(int(rng.integers(5, 14))):
        if rng.random() < 0.85:
            out[top + letter * 10 : top + letter * 10 + 7, 80:176] = dark
    return picture(out)


def _front(rng: Rng) -> U8:
    """Return a machine's front, to be tinted: a dark window, a panel, knobs."""
    out = np.full((SIZE, SIZE, 3), 240.0)
    if rng.random() < 0.7:
        cv2.rectangle(out, (30, 90), (226, 220), (30, 30, 34), -1)
        cv2.rectangle(out, (30, 74), (226, 80), (190, 190, 194), -1)
    out[8:50, 10:246] = uniform(rng, 30, 220)
    for k in range(5):
        cv2.circle(out, (40 + 42 * k, 29), 10, (uniform(rng, 0, 255),) * 3, -1)
    return picture(out)


def _paned(rng: Rng) -> U8:
    """Return a door's face, to be tinted: its sunk panels."""
    out = np.full((SIZE, SIZE, 3), 235.0)
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    for row in range(rows):
        for column in range(columns):
            y0, y1 = (int((row + k) * (SIZE - 30) / rows) + 15 for k in (0, 1))
            x0, x1 = (int((column + k) * (SIZE - 40) / columns) + 20 for k in (0, 1))
            corner, other = (x0 + 12, y0 + 8), (x1 - 12, y1 - 8)
            cv2.rectangle(out, corner, other, (170, 170, 170), 4)
            cv2.rectangle(out, (x0 + 15, y0 + 11), (x1 - 15, y1 - 11), (222, 222, 222), -1)
    return picture(out)


def _blinds(rng: Rng) -> U8:
    out = _flat(prints.outdoors(rng)).astype(float)
    slats = (np.arange(SIZE) % int(rng.choice([8, 12])) < 7)[:, None, None]
    return picture(np.where(slats, 235.0 - 20 * rng.random(), out))


def _night(rng: Rng) -> U8:
    out = np.tile(np.array([14.0, 16, 24]), (SIZE, SIZE, 1))
    for _ in range(14):
        at = tuple(int(k) for k in rng.integers(0, SIZE, 2))
        cv2.circle(out, at, int(rng.integers(1, 5)), (230, 200, 140), -1)
    return picture(cv2.GaussianBlur(out, (0, 0), 2.0))


def _mirror(rng: Rng) -> U8:
    """Return what a mirror might show: a blurred room."""
    out = np.zeros((SIZE, SIZE, 3))
    out[:] = rng.uniform(120, 215, 3)
    out[int(rng.integers(150, 220)) :] = rng.uniform(60, 180, 3)
    for _ in range(7):
        x, y = (int(k) for k in rng.integers(0, SIZE, 2))
        far = (x + int(rng.integers(20, 110)), y + int(rng.integers(20, 130)))
        cv2.rectangle(out, (x, y), far, tuple(rng.uniform(30, 230, 3)), -1)
    return picture(cv2.GaussianBlur(out, (0, 0), 4.0))


KINDS: dict[str, tuple[int, Pattern]] = {
    "wood": (6, _wood),
    "planks": (5, _planks),
    "tiles": (8, _tiles),
    "carpet": (3, _carpet),
    "fabric": (4, _fabric),
    "stripes": (8, _stripes),
    "plaid": (5, _plaid),
    "dots": (4, _dots),
    "floral": (8, _floral),
    "damask": (8, _damask),
    "plaster": (5, _plaster),
    "marble": (4, _marble),
    "speckle": (4, _speckle),
    "brick": (2, _brick),
    "wicker": (3, _wicker),
    "keys": (3, _mesh_of_keys),
    "rug": (6, lambda rng: _flat(rug(rng, _some_colours(rng, 5)))),
    "landscape": (6, lambda rng: _flat(prints.landscape(rng))),
    "abstract": (8, lambda rng: _flat(prints.abstract(rng, _some_colours(rng, 5)))),
    "botanical": (3, lambda rng: _flat(prints.botanical(rng))),
    "poster": (8, _poster),
    "face": (5, _face),
    "label": (14, _label),
    "spine": (8, _spine),
    "front": (5, _front),
    "paned": (6, _paned),
    "outdoors": (4, lambda rng: _flat(prints.outdoors(rng))),
    "blinds": (3, _blinds),
    "night": (2, _night),
    "mirror": (4, _mirror),
    "screen": (4, lambda rng: _flat(prints.screen(rng))),
    "whiteboard": (3, lambda rng: _flat(prints.whiteboard(rng))),
    "clock": (1, lambda _: _flat(prints.clock_face())),
}


@lru_cache(maxsize=1)
def _starts() -> dict[str, int]:
    starts, total = {}, 0
    for kind, (count, _) in KINDS.items():
        starts[kind] = total
        total += count
    return starts


def layer(rng: Rng, kind: str) -> int:
    """Return one of the layers of a kind."""
    return _starts()[kind] + int(rng.integers(KINDS[kind][0]))


@lru_cache(maxsize=1)
def pictures() -> U8:
    """Return all layers, L x SIZE x SIZE x 3; the same ones in every run."""
    rng = np.random.default_rng(20)
    return np.stack([make(rng) for count, make in KINDS.values() for _ in range(count)])
