"""Chairs, stools and sofas; seats are 0.42 to 0.48 m high."""

from __future__ import annotations

import numpy as np

from random_rooms import looks
from random_rooms.clutter import bag, toy
from random_rooms.parts import Look, Piece, Rng, chance, uniform


def legs(
    piece: Piece, size: tuple[float, float, float], look: Look, thick: float, *, y: float = 0
) -> None:
    """Add four legs under a rectangle of width, depth and height whose middle is at y."""
    w, d, h = size
    shape = "box" if thick > 0.03 else "cylinder"
    for sx in (-1, 1):
        for sy in (-1, 1):
            at = (sx * (w - thick) / 2, y + sy * (d - thick) / 2, 0)
            piece.put(shape, at, (thick, thick, h), look)


def chair(rng: Rng) -> Piece:
    """Return a dining chair: seat 0.43-0.47 m, back 0.8-1.0 m; its back is at y = 0."""
    w, d = uniform(rng, 0.4, 0.48), uniform(rng, 0.4, 0.48)
    seat, back = uniform(rng, 0.43, 0.47), uniform(rng, 0.8, 1.0)
    out = Piece(w, d, back)
    body = looks.metal(rng) if chance(rng, 0.3) else looks.wood(rng)
    pad = looks.cloth(rng) if chance(rng, 0.5) else body
    legs(out, (w, d, seat), body, uniform(rng, 0.022, 0.045), y=d / 2)
    out.put("soft" if pad is not body else "box", (0, d / 2, seat - 0.04), (w, d, 0.05), pad)
    style = rng.random()
    if style < 0.4:
        out.put("soft", (0, 0.02, seat + 0.12), (w, 0.04, back - seat - 0.12), pad, pitch=6)
    else:
        for side in (-1, 1):
            out.box((side * (w / 2 - 0.02), 0.02, seat), (0.035, 0.03, back - seat), body)
        out.box((0, 0.02, back - 0.09), (w, 0.025, 0.09), body)
        count = int(rng.integers(1, 6))
        for k in range(count):
            if style < 0.7:
                x = (k + 0.5) / count * w * 0.9 - w * 0.45
                out.box((x, 0.02, seat), (0.02, 0.015, back - seat - 0.05), body)
            else:
                z = seat + 0.1 + (k + 0.5) / count * (back - seat - 0.2)
                out.box((0, 0.02, z), (w, 0.018, 0.04), body)
    if chance(rng, 0.08):
        out.include(bag(rng), (0, d / 2, seat))
    return out


def office_chair(rng: Rng) -> Piece:
    """Return a swivel chair on five castors: seat 0.44-0.52 m, back 0.9-1.15 m."""
    seat, back = uniform(rng, 0.44, 0.52), uniform(rng, 0.9, 1.15)
    out = Piece(0.6, 0.6, back)
    dark = looks.plain(rng, (0.07, 0.07, 0.08), gloss=0.2)
    pad = looks.leather(rng) if chance(rng, 0.4) else looks.cloth(rng, 0.05)
    for k in range(5):
        a = np.radians(72 * k + 20)
        out.box(
            (0.15 * np.cos(a), 0.3 + 0.15 * np.sin(a), 0.06),
            (0.3, 0.04, 0.03),
            dark,
            yaw=72 * k + 20,
        )
        out.put("ball", (0.29 * np.cos(a), 0.3 + 0.29 * np.sin(a), 0), (0.06,) * 3, dark)
    out.put("cylinder", (0, 0.3, 0.06), (0.06, 0.06, seat - 0.08), dark)
    out.put("soft", (0, 0.32, seat - 0.07), (0.49, 0.48, 0.09), pad)
    high = back - seat - 0.12
    out.put("soft", (0, 0.1, seat + 0.12), (0.46, 0.09, high), pad, pitch=8)
    if chance(rng, 0.7):
        for side in (-1, 1):
            out.box((side * 0.28, 0.3, seat + 0.2), (0.05, 0.26, 0.03), dark)
            out.box((side * 0.28, 0.3, seat), (0.03, 0.05, 0.2), dark)
    return out


def stool(rng: Rng) -> Piece:
    """Return a stool of 0.45 m, or a bar stool of 0.65-0.75 m."""
    seat = uniform(rng, 0.65, 0.75) if chance(rng, 0.5) else uniform(rng, 0.43, 0.47)
    width = uniform(rng, 0.32, 0.4)
    out = Piece(width, width, seat)
    look = looks.wood(rng) if chance(rng, 0.6) else looks.metal(rng)
    legs(out, (width * 0.85, width * 0.85, seat - 0.04), look, 0.03, y=width / 2)
    shape = "cylinder" if chance(rng, 0.6) else "soft"
    pad = looks.cloth(rng) if chance(rng, 0.4) else look
    out.put(shape, (0, width / 2, seat - 0.05), (width, width, 0.05), pad)
    return out


def sofa(rng: Rng) -> Piece:
    """Return an armchair, a two-seater or a three-seater: seat 0.40-0.46 m, back 0.75-0.95 m."""
    count = int(rng.choice([1, 2, 2, 3, 3]))
    each, arm = uniform(rng, 0.56, 0.7), uniform(rng, 0.1, 0.26)
    seat, back = uniform(rng, 0.4, 0.46), uniform(rng, 0.75, 0.95)
    depth, rest = uniform(rng, 0.82, 0.98), uniform(rng, 0.56, 0.66)
    width = count * each + 2 * arm
    out = Piece(width, depth, back)
    look = looks.leather(rng) if chance(rng, 0.3) else looks.cloth(rng, 0.25)
    out.put("soft", (0, depth / 2, 0.04), (width - 0.02, depth - 0.04, seat - 0.14), look)
    out.put("soft", (0, 0.11, 0.1), (width - arm, 0.2, back - 0.14), look)
    for side in (-1, 1):
        out.put("soft", (side * (width - arm) / 2, depth / 2, 0.02), (arm, depth, rest), look)
    for k in range(count):
        x = (k - (count - 1) / 2) * each
        out.put("soft", (x, depth * 0.56, seat - 0.16), (each * 0.99, depth * 0.84, 0.17), look)
        out.put("pillow", (x, 0.26, seat - 0.02), (each, 0.24, back - seat + 0.03), look, pitch=12)
    for _ in range(int(rng.integers(0, 4))):
        x = uniform(rng, -0.5, 0.5) * (width - 2 * arm)
        out.put("pillow", (x, 0.4, seat), (0.42, 0.15, 0.42), looks.cloth(rng, 0.7), pitch=25,
                yaw=uniform(rng, -25, 25))  # fmt: skip
    if chance(rng, 0.3):
        x = uniform(rng, -0.4, 0.4) * width
        out.include(
            (bag if chance(rng, 0.6) else toy)(rng), (x, depth * 0.6, seat), uniform(rng, 0, 360)
        )
    if chance(rng, 0.25):
        throw = looks.cloth(rng, 0.8)
        x = uniform(rng, -0.35, 0.35) * width
        out.put("soft", (x, 0.11, back - 0.3), (0.6, 0.25, 0.29), throw)
        out.put("soft", (x, depth * 0.56, seat - 0.03), (0.6, depth * 0.88, 0.06), throw)
    return out


def ottoman(rng: Rng) -> Piece:
    """Return a pouffe or a bench, 0.38-0.46 m high."""
    w, d, h = uniform(rng, 0.45, 1.2), uniform(rng, 0.42, 0.55), uniform(rng, 0.38, 0.46)
    out = Piece(w, d, h)
    look = looks.leather(rng) if chance(rng, 0.4) else looks.cloth(rng)
    out.put("soft", (0, d / 2, 0.03), (w, d, h - 0.03), look)
    return out
