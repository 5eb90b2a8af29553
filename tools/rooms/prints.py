"""Pictures in the rooms: paintings, book spines, screens, papers, the view outside."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from rooms.textures import U8, Colour, noise, picture, ramp

BINDINGS: list[Colour] = [
    (122, 34, 32), (30, 52, 84), (38, 76, 58), (206, 190, 156), (34, 32, 36), (176, 118, 44),
    (94, 98, 104), (220, 214, 204), (84, 44, 70), (52, 104, 120), (196, 82, 48), (60, 60, 46),
]  # fmt: skip


def landscape(rng: np.random.Generator, size: tuple[int, int] = (300, 420)) -> U8:
    """Return a painted landscape: sky, three ranges of hills, a lake."""
    rows, columns = size
    y = np.linspace(0, 1, rows)[:, None] + np.zeros((1, columns))
    clouds = noise(rng, size, slope=1.7, stretch=0.35)
    tone = np.clip(y * 1.6 + 0.12 * clouds, 0, 1)
    out = ramp(tone, [(96, 132, 176), (164, 188, 206), (236, 214, 178), (240, 196, 150)])
    hills: Sequence[tuple[float, Colour]] = (
        (0.42, (122, 136, 152)),
        (0.52, (92, 112, 104)),
        (0.62, (66, 84, 56)),
    )
    for level, colour in hills:
        ridge = level + 0.06 * noise(rng, (1, columns), slope=1.4)
        grain = 1 + 0.10 * noise(rng, size, slope=1.0)[..., None]
        out = np.where((y > ridge)[..., None], np.array(colour) * grain, out)
    lake = y > 0.74 + 0.01 * noise(rng, (1, columns), slope=1.2)
    mirror = out[::-1] * 0.55 + np.array([60, 74, 88]) * 0.45
    ripple = 1 + 0.08 * noise(rng, size, slope=0.8, stretch=0.1)[..., None]
    out = np.where(lake[..., None], mirror * ripple, out)
    return picture(out * (1 + 0.03 * noise(rng, size, slope=0.3)[..., None]))


def abstract(
    rng: np.random.Generator, colours: Sequence[Colour], size: tuple[int, int] = (400, 300)
) -> U8:
    """Return a painting of overlapping discs and bars on a brushed ground."""
    rows, columns = size
    canvas = np.tile(np.array(colours[0], float), (rows, columns, 1))
    for _ in range(9):
        colour = colours[int(rng.integers(1, len(colours)))]
        layer = canvas.copy()
        x, y = int(rng.integers(columns)), int(rng.integers(rows))
        if rng.random() < 0.5:
            cv2.circle(layer, (x, y), int(rng.integers(20, 110)), colour, -1, cv2.LINE_AA)
        else:
            far = x + int(rng.integers(-160, 160)), y + int(rng.integers(-160, 160))
            cv2.line(layer, (x, y), far, colour, int(rng.integers(6, 60)), cv2.LINE_AA)
        canvas = 0.2 * canvas + 0.8 * layer
    brush = 1 + 0.06 * noise(rng, size, slope=0.8, stretch=3)
    return picture(canvas * brush[..., None])


def botanical(rng: np.random.Generator, size: tuple[int, int] = (400, 300)) -> U8:
    """Return a print of one leafy stem on paper."""
    rows, columns = size
    out = np.tile(np.array([234.0, 228, 212]), (rows, columns, 1))
    out *= 1 + 0.015 * noise(rng, size)[..., None]
    for step in np.linspace(0, 1, 13):
        x, y = columns * (0.5 + 0.04 * np.sin(step * 4)), rows * (0.88 - 0.72 * step)
        reach = columns * 0.3 * (1.05 - step) + 10
        for sign in (-1, 1):
            colour = ramp(rng.random(), [(44, 74, 50), (92, 124, 78)])
            centre = (int(x + sign * reach / 2), int(y - reach * 0.22))
            axes = (int(reach / 2), int(reach * 0.17))
            cv2.ellipse(out, centre, axes, -sign * 24, 0, 360, tuple(colour), -1, cv2.LINE_AA)
    cv2.line(
        out, (columns // 2, int(rows * 0.93)), (columns // 2, int(rows * 0.17)), (70, 78, 52), 3
    )
    return picture(out)


def spines(rng: np.random.Generator, *, count: int = 16, size: int = 512) -> U8:
    """Return `count` book spines side by side, the foot of each at the last row."""
    out = np.zeros((size, size, 3))
    width = size // count
    for k in range(count):
        colour = np.array(BINDINGS[int(rng.integers(len(BINDINGS)))]) * rng.uniform(0.8, 1.15)
        ink = (226, 204, 150) if colour.mean() < 120 else (48, 40, 40)
        spine = np.tile(colour, (size, width, 1))
        for at in rng.choice([0.06, 0.1, 0.2, 0.8, 0.88, 0.93], 3, replace=False):
            spine[int(at * size) : int(at * size) + int(rng.integers(3, 12)), :] = ink
        top, left = int(rng.uniform(0.24, 0.32) * size), width // 3
        for letter in range(int(rng.integers(6, 14))):
            y = top + letter * size // 34
            if rng.random() < 0.85:
                spine[y : y + size // 48, left : width - left] = ink
        rounded = 1 - 0.45 * np.linspace(-1, 1, width) ** 4
        out[:, k * width : (k + 1) * width] = spine * rounded[None, :, None]
    return picture(out * (1 + 0.04 * noise(rng, (size, size), slope=0.8)[..., None]))


def text(
    rng: np.random.Generator,
    paper: Colour,
    inks: Sequence[Colour],
    *,
    lines: int = 30,
    indents: int = 1,
    size: tuple[int, int] = (420, 300),
) -> U8:
    """Return lines of illegible words: a letter, or a screen full of code."""
    rows, columns = size
    out = np.tile(np.array(paper, float), (rows, columns, 1))
    pitch = rows * 0.86 / lines
    for line in range(lines):
        if rng.random() < 0.14:
            continue
        y = int(rows * 0.07 + line * pitch)
        x = columns * (0.08 + 0.05 * int(rng.integers(indents)))
        end = columns * rng.uniform(0.45, 0.92)
        while x < end:
            word = rng.uniform(0.02, 0.10) * columns
            ink = inks[int(rng.integers(len(inks)))]
            out[y : y + max(1, int(pitch * 0.45)), int(x) : int(min(x + word, end))] = ink
            x += word + columns * 0.014
    return picture(out)


def screen(rng: np.random.Generator, size: tuple[int, int] = (360, 640)) -> U8:
    """Return a desktop: a bar, a dark editor and a light page beside it."""
    rows, columns = size
    out = ramp(np.linspace(0, 1, rows), [(52, 84, 120), (120, 112, 150)])[:, None].repeat(
        columns, 1
    )
    code: list[Colour] = [(198, 204, 210), (126, 176, 220), (206, 146, 110), (132, 180, 128)]
    editor = text(
        rng, (32, 35, 41), code, lines=26, indents=4, size=(rows - 60, columns * 11 // 20)
    )
    page = text(rng, (246, 246, 244), [(70, 72, 78)], lines=24, size=(rows - 80, columns * 7 // 20))
    out[36 : 36 + editor.shape[0], 20 : 20 + editor.shape[1]] = editor
    left = columns - 24 - page.shape[1]
    out[44 : 44 + page.shape[0], left : left + page.shape[1]] = page
    out[:18] = (38, 40, 46)
    return picture(out)


def clock_face(size: int = 256) -> U8:
    """Return a wall clock's face at ten past ten."""
    out = np.full((size, size, 3), 240.0)
    middle, dark = size / 2, (32.0, 32.0, 36.0)
    for hour in range(12):
        way = np.array([np.sin(hour * np.pi / 6), -np.cos(hour * np.pi / 6)])
        a, b = middle + way * size * 0.36, middle + way * size * 0.43
        cv2.line(out, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), dark, 4, cv2.LINE_AA)
    for turn, reach, thick in ((10 / 12 + 10 / 720, 0.22, 7), (1 / 6, 0.34, 4)):
        way = np.array([np.sin(2 * np.pi * turn), -np.cos(2 * np.pi * turn)])
        tip = middle + way * size * reach
        cv2.line(out, (size // 2, size // 2), (int(tip[0]), int(tip[1])), dark, thick, cv2.LINE_AA)
    return picture(out)


def whiteboard(rng: np.random.Generator, size: tuple[int, int] = (360, 540)) -> U8:
    """Return a whiteboard with a sketched plot, boxes and notes."""
    rows, columns = size
    out = np.tile(np.array([238.0, 240, 240]), (rows, columns, 1))
    out *= 1 + 0.012 * noise(rng, size, slope=1.6)[..., None]
    blue, red, black = (44.0, 70.0, 150.0), (176.0, 50.0, 44.0), (44.0, 46.0, 52.0)
    cv2.line(out, (50, 300), (250, 300), black, 3, cv2.LINE_AA)
    cv2.line(out, (50, 300), (50, 150), black, 3, cv2.LINE_AA)
    x = np.arange(55, 240, 4)
    for base, colour in ((70, blue), (40, red)):
        y = 300 - base * (1 - np.exp(-(x - 55) / 60)) - 5 * rng.standard_normal(len(x))
        cv2.polylines(out, [np.stack([x, y], -1).astype(np.int32)], False, colour, 3, cv2.LINE_AA)
    for k in range(3):
        corner = 300 + 78 * k, 70 + 34 * k
        cv2.rectangle(out, corner, (corner[0] + 58, corner[1] + 40), blue, 3, cv2.LINE_AA)
        if k:
            cv2.line(out, (corner[0] - 20, corner[1] - 14), (corner[0], corner[1] + 8), black, 2)
    for line in range(9):
        x0, y0 = (40, 40 + 22 * line) if line < 4 else (310, 130 + 22 * line)
        for _ in range(int(rng.integers(2, 6))):
            step = int(rng.integers(16, 40))
            cv2.line(
                out, (x0, y0), (x0 + step, y0 + int(rng.integers(-3, 4))), black, 3, cv2.LINE_AA
            )
            x0 += step + 10
    return picture(out)


def outdoors(rng: np.random.Generator, size: tuple[int, int] = (256, 256)) -> U8:
    """Return the view from a window, out of focus: bright sky over trees and a lawn."""
    rows, columns = size
    y = np.linspace(0, 1, rows)[:, None] + np.zeros((1, columns))
    out = ramp(y, [(196, 218, 246), (226, 236, 248), (240, 240, 236)])
    crown = 0.52 + 0.07 * noise(rng, (1, columns), slope=1.1)
    leaves = np.clip(0.45 + 0.28 * noise(rng, size, slope=1.1, coarsest=6), 0, 1)
    trees = ramp(leaves, [(46, 64, 40), (92, 120, 66), (158, 176, 110)])
    out = np.where((y > crown)[..., None], trees, out)
    lawn = ramp(np.clip(0.5 + 0.2 * noise(rng, size), 0, 1), [(120, 140, 82), (160, 172, 112)])
    out = np.where((y > 0.82)[..., None], lawn, out)
    return picture(cv2.GaussianBlur(out, (0, 0), 3.5))
