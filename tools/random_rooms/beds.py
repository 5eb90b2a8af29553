"""Beds with their bedding; mattress tops are 0.45 to 0.65 m high."""

from __future__ import annotations

from random_rooms import looks
from random_rooms.clutter import bag, books, toy
from random_rooms.parts import Piece, Rng, chance, uniform
from random_rooms.seats import legs


def bed(rng: Rng) -> Piece:
    """Return a bed for one (0.9-1.0 m) or two (1.4-1.9 m), 2.0-2.1 m long, head at y = 0."""
    double = chance(rng, 0.6)
    w = uniform(rng, 1.4, 1.9) if double else uniform(rng, 0.9, 1.0)
    length, top = uniform(rng, 2.0, 2.1), uniform(rng, 0.45, 0.65)
    head = uniform(rng, 0.8, 1.3)
    out = Piece(w, length, head)
    frame = looks.wood(rng)
    if chance(rng, 0.8):
        pad = looks.leather(rng) if chance(rng, 0.2) else frame
        out.box((0, 0.03, 0.1), (w + 0.04, 0.06, head - 0.1), pad)
    if chance(rng, 0.3):
        out.box((0, length, 0.0), (w + 0.04, 0.05, top + uniform(rng, 0, 0.25)), frame)
    out.box((0, length / 2, 0.12), (w, length - 0.05, top - 0.37), frame)
    legs(out, (w, length - 0.1, 0.2), frame, 0.07, y=length / 2)
    mattress = looks.plain(rng, looks.colour(rng, (0, 0.15), (0.75, 0.95)), gloss=0.0)
    out.put("soft", (0, length / 2 + 0.02, top - 0.26), (w, length - 0.08, 0.25), mattress)
    cover = looks.cloth(rng, 0.6)
    start = uniform(rng, 0.35, 0.8)
    drop = uniform(rng, 0.1, 0.35)
    side = uniform(rng, -0.05, 0.05)
    out.put("soft", (side, (start + length) / 2 + 0.02, top - drop),
            (w + 0.1, length - start + 0.04, drop + 0.06), cover)  # fmt: skip
    if chance(rng, 0.5):
        out.put("soft", (side, start + 0.14, top), (w + 0.08, 0.34, 0.09), looks.cloth(rng, 0.3))
    if chance(rng, 0.3):
        throw = looks.cloth(rng, 0.7)
        out.put("soft", (0, length - 0.35, top - 0.1), (w + 0.14, 0.5, 0.19), throw)
    if chance(rng, 0.3):
        out.put("heap", (uniform(rng, -0.3, 0.3), length * 0.6, top), (w * 0.7, 0.9, 0.3), cover)
    case = looks.cloth(rng, 0.3)
    for x in (-w / 4, w / 4) if double else (0.0,):
        for layer in range(int(rng.integers(1, 3))):
            at = (x + rng.normal(0, 0.02), 0.28 + 0.1 * layer, top + 0.08 * layer)
            out.put(
                "pillow",
                at,
                (0.66, 0.45, 0.17),
                case,
                pitch=uniform(rng, 0, 25),
                yaw=rng.normal(0, 6),
            )
    for _ in range(int(rng.integers(0, 4))):
        thing = (toy, bag, books)[int(rng.integers(3))](rng)
        at = (uniform(rng, -0.35, 0.35) * w, uniform(rng, 0.6, length - 0.2), top + 0.05)
        out.include(thing, at, uniform(rng, 0, 360))
    return out


def crib(rng: Rng) -> Piece:
    """Return a cot with bars: 0.7 x 1.3 m, 0.95 m high."""
    w, d, h = 1.3, 0.7, uniform(rng, 0.9, 1.05)
    out = Piece(w, d, h)
    look = looks.wood(rng)
    legs(out, (w, d, h), look, 0.045, y=d / 2)
    for y in (0.02, d - 0.02):
        for z in (0.25, h - 0.05):
            out.box((0, y, z), (w, 0.03, 0.04), look)
        for k in range(17):
            out.put(
                "cylinder", ((k + 0.5) / 17 * w - w / 2, y, 0.27), (0.016, 0.016, h - 0.3), look
            )
    for side in (-1, 1):
        out.box((side * (w / 2 - 0.015), d / 2, 0.25), (0.025, d, h - 0.25), look)
    out.put("soft", (0, d / 2, 0.3), (w - 0.06, d - 0.06, 0.14), looks.cloth(rng, 0.7))
    out.include(toy(rng), (uniform(rng, -0.4, 0.4), d / 2, 0.44), uniform(rng, 0, 360))
    return out
