"""Surfaces drawn from noise: wood, tiles, carpet, fabric, plaster, stone.

Every function returns sRGB pictures, H x W x 3 uint8, that tile without a seam. u (columns) is the
direction of the grain.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
Colour = tuple[float, float, float]  # sRGB, 0..255


def noise(
    rng: np.random.Generator,
    shape: tuple[int, int],
    *,
    slope: float = 1.5,
    stretch: float = 1.0,
    coarsest: float = 1.0,
) -> F64:
    """Return tiling noise with zero mean and unit deviation.

    Args:
        rng: source of the noise.
        shape: rows, columns.
        slope: amplitude falls with frequency to this power; 0 is white.
        stretch: how much longer the features are along the columns than along the rows.
        coarsest: lowest frequency, cycles a picture; below it the spectrum is flat.

    """
    rows, columns = shape
    fy = np.fft.fftfreq(rows)[:, None] * rows
    fx = np.fft.rfftfreq(columns)[None, :] * columns * stretch
    amplitude = np.maximum(np.hypot(fy, fx), coarsest) ** -slope
    amplitude[0, 0] = 0.0
    white = np.fft.rfft2(rng.standard_normal(shape))
    field = np.fft.irfft2(white * amplitude, s=shape)
    return np.asarray((field - field.mean()) / (field.std() + 1e-12))


def ramp(values: ArrayLike, colours: Sequence[Colour]) -> F64:
    """Return the colour of each value, 0..1 along the list of colours."""
    knots = np.linspace(0, 1, len(colours))
    table = np.array(colours, float)
    at = np.asarray(values, float)
    return np.stack([np.interp(at, knots, table[:, k]) for k in range(3)], -1)


def picture(colours: F64) -> U8:
    """Return colours (0..255, any float) as 8-bit."""
    return np.clip(np.rint(colours), 0, 255).astype(np.uint8)


OAK: list[Colour] = [(112, 76, 44), (158, 112, 68), (186, 140, 92), (204, 162, 114)]
WALNUT: list[Colour] = [(48, 29, 18), (78, 48, 30), (104, 68, 43), (126, 86, 57)]
PINE: list[Colour] = [(160, 112, 62), (196, 150, 94), (214, 174, 120), (224, 190, 140)]
CHERRY: list[Colour] = [(84, 38, 20), (124, 62, 34), (146, 80, 46), (164, 98, 60)]
ASH: list[Colour] = [(150, 130, 106), (182, 164, 138), (198, 182, 158), (210, 196, 174)]


def _grain(rng: np.random.Generator, shape: tuple[int, int]) -> F64:
    """Return the figure of sawn wood, 0..1: rings, fibres and pores along the columns."""
    rows, _ = shape
    across = np.linspace(0, 1, rows, endpoint=False)[:, None]
    warp = noise(rng, shape, slope=2.2, stretch=7.0)
    rings = np.sin(2 * np.pi * (3 * across + 1.1 * warp))
    fine = np.sin(2 * np.pi * (15 * across + 2.6 * warp))
    fibre = noise(rng, shape, slope=0.7, stretch=40.0, coarsest=20)
    pores = np.clip(noise(rng, shape, slope=0.3, stretch=28.0, coarsest=60) - 1.5, 0, 1.5)
    return np.asarray(
        np.clip(0.58 + 0.15 * rings + 0.07 * fine + 0.12 * fibre - 0.28 * pores, 0, 1)
    )


def wood(rng: np.random.Generator, colours: Sequence[Colour], size: int = 512) -> U8:
    """Return a board's face, meant for about 0.6 m."""
    return picture(ramp(_grain(rng, (size, size)), colours))


def planks(
    rng: np.random.Generator,
    colours: Sequence[Colour],
    *,
    rows: int = 16,
    boards: int = 2,
    size: int = 1024,
) -> tuple[U8, F64]:
    """Return a plank floor and its height (0 in the joints, 1 on the wood)."""
    figure = _grain(rng, (size, size))
    out = np.zeros((size, size, 3))
    height = np.ones((size, size))
    edges = np.linspace(0, size, rows + 1).astype(int)
    for top, bottom in pairwise(edges):
        start = int(rng.integers(size))
        cuts = start + np.cumsum(np.full(boards, size // boards))
        for cut in cuts:
            length = size // boards
            columns = (np.arange(length) + cut) % size
            lines = (np.arange(bottom - top) + int(rng.integers(size))) % size
            shifted = (columns + int(rng.integers(size))) % size
            tone = np.clip(figure[np.ix_(lines, shifted)] + rng.normal(0, 0.13), 0, 1)
            tint = 1 + rng.normal(0, 0.03, 3) * [1.0, 0.6, 1.0]
            out[top:bottom, columns] = ramp(tone, colours) * tint
            height[top:bottom, columns[0]] = 0
        height[top] = 0
    soft = cv2.GaussianBlur(height, (0, 0), 0.8)
    return picture(out * (0.45 + 0.55 * soft[..., None])), soft


def tiles(
    rng: np.random.Generator,
    colours: Sequence[Colour],
    grout: Colour,
    *,
    count: tuple[int, int] = (4, 4),
    joint: int = 5,
    staggered: bool = False,
    size: int = 1024,
) -> tuple[U8, F64]:
    """Return count (rows, columns) of tiles and their height (0 in the joints)."""
    rows, columns = count
    cell_y, cell_x = size // rows, size // columns
    out = np.tile(np.array(grout), (size, size, 1)) * (
        1 + 0.05 * noise(rng, (size, size), slope=0.5)[..., None]
    )
    height = np.zeros((size, size))
    clouds = noise(rng, (size, size), slope=1.4)
    for row in range(rows):
        for column in range(columns):
            shift = cell_x // 2 if staggered and row % 2 else 0
            y = np.arange(row * cell_y + joint, (row + 1) * cell_y)
            x = (np.arange(column * cell_x + joint, (column + 1) * cell_x) + shift) % size
            where = np.ix_(y, x)
            tone = 0.5 + 0.16 * np.roll(clouds, int(rng.integers(size)), 1)[where]
            out[where] = ramp(np.clip(tone + rng.normal(0, 0.14), 0, 1), colours)
            height[where] = 1
    return picture(out), cv2.GaussianBlur(height, (0, 0), 1.5)


def carpet(rng: np.random.Generator, colours: Sequence[Colour], size: int = 512) -> tuple[U8, F64]:
    """Return short pile and its height, meant for about 0.8 m."""
    tufts = noise(rng, (size, size), slope=0.35, coarsest=60)
    worn = noise(rng, (size, size), slope=1.6)
    tone = np.clip(0.5 + 0.22 * tufts + 0.07 * worn, 0, 1)
    return picture(ramp(tone, colours)), np.asarray(np.clip(0.5 + 0.25 * tufts, 0, 1))


def fabric(rng: np.random.Generator, colour: Colour, size: int = 512, threads: int = 80) -> U8:
    """Return a plain weave, meant for about 0.25 m."""
    v, u = np.mgrid[0:size, 0:size] / size
    over = np.sin(2 * np.pi * threads * u) * np.sin(2 * np.pi * threads * v)
    slubs = noise(rng, (size, size), slope=0.5, stretch=12) + noise(
        rng, (size, size), slope=0.5, stretch=1 / 12
    )
    tone = 1 + 0.09 * over + 0.055 * slubs + 0.02 * noise(rng, (size, size), slope=1.5)
    return picture(np.array(colour) * tone[..., None])


def stripes(rng: np.random.Generator, colours: Sequence[Colour], size: int = 256) -> U8:
    """Return woven stripes across u, meant for about 0.3 m."""
    edges = np.sort(rng.choice(np.arange(8, size, 8), 11, replace=False))
    index = np.searchsorted(edges, np.arange(size)) % len(colours)
    base = np.array(colours)[index][None].repeat(size, 0)
    return picture(base * (1 + 0.05 * noise(rng, (size, size), slope=0.4)[..., None]))


def plaster(rng: np.random.Generator, colour: Colour, size: int = 1024) -> tuple[U8, F64]:
    """Return painted wall and its roller texture, meant for about 2.5 m."""
    clouds = noise(rng, (size, size), slope=1.8)
    roller = noise(rng, (size, size), slope=0.6, coarsest=80)
    tone = 1 + 0.012 * clouds + 0.008 * roller
    return picture(np.array(colour) * tone[..., None]), np.asarray(0.5 + 0.2 * roller)


def stone(rng: np.random.Generator, colours: Sequence[Colour], size: int = 512) -> U8:
    """Return speckled worktop stone, meant for about 0.6 m."""
    speck = noise(rng, (size, size), slope=0.6, coarsest=30)
    tone = 0.5 + 0.2 * speck + 0.08 * noise(rng, (size, size), slope=1.6)
    return picture(ramp(np.clip(tone, 0, 1), colours))


def leaf(rng: np.random.Generator, dark: Colour, light: Colour, size: int = 128) -> U8:
    """Return a leaf's face: midrib along u, side veins."""
    v, u = np.mgrid[0:size, 0:size] / size
    rib = np.exp(-np.abs(v - 0.5) * 40)
    side = 0.5 + 0.5 * np.sin(2 * np.pi * (9 * u - 6 * np.abs(v - 0.5)))
    tone = np.clip(0.25 + 0.6 * rib + 0.18 * side**6 + 0.12 * noise(rng, (size, size)), 0, 1)
    return picture(ramp(tone, [dark, light]))


def rug(
    rng: np.random.Generator, colours: Sequence[Colour], size: tuple[int, int] = (512, 768)
) -> U8:
    """Return a woven rug, whole: borders, a field of lozenges and a medallion."""
    rows, columns = size
    y, x = np.mgrid[0:rows, 0:columns]
    edge = np.minimum(np.minimum(x, columns - 1 - x), np.minimum(y, rows - 1 - y)) / rows
    a, b = np.abs(x / columns - 0.5) * 2, np.abs(y / rows - 0.5) * 2
    lozenge = (np.floor((x + y) / 26) + np.floor((x - y) / 26)) % 3
    index = np.where(lozenge == 0, 1, np.where(lozenge == 1, 0, 4)).astype(int)
    index = np.where((lozenge == 2) & (((x // 9 + y // 9) % 2) == 0), 2, index)
    medallion = a * 1.1 + b * 0.9
    for reach, tone in ((0.86, 3), (0.8, 1), (0.6, 2), (0.54, 0), (0.3, 3), (0.24, 1)):
        index = np.where(medallion < reach, tone, index)
    ripple = np.sin(np.arctan2(b, a) * 16) * 0.05
    index = np.where(np.abs(medallion - 0.42 + ripple) < 0.03, 3, index)
    bands = ((0.125, 3), (0.115, 1), (0.085, 2), (0.035, 3), (0.025, 0))
    for reach, tone in bands:
        index = np.where(edge < reach, tone, index)
    teeth = ((x // 14 + y // 14) % 2 == 0) & (edge > 0.045) & (edge < 0.075)
    index = np.where(teeth, 4, index)
    wear = 1 + 0.08 * noise(rng, size, slope=0.4, coarsest=80) + 0.04 * noise(rng, size, slope=1.5)
    return picture(np.array(colours)[index] * wear[..., None])
