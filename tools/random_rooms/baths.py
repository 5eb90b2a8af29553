"""Bathroom pieces: toilets with seats of 0.38-0.43 m, basins at 0.8-0.87 m, tubs, showers."""

from __future__ import annotations

from random_rooms import looks
from random_rooms.bank import layer
from random_rooms.clutter import BATH, scatter
from random_rooms.parts import ON_FRONT, Look, Piece, Rng, Top, chance, uniform
from random_rooms.tables import drawers


def toilet(rng: Rng) -> Piece:
    """Return a toilet: 0.36-0.4 m wide, 0.64-0.72 m deep, its tank 0.72-0.85 m high."""
    w, d, seat = uniform(rng, 0.36, 0.4), uniform(rng, 0.64, 0.72), uniform(rng, 0.38, 0.43)
    tank = uniform(rng, 0.72, 0.85)
    out = Piece(w + 0.06, d, tank)
    white = looks.ceramic(rng)
    out.put("soft", (0, 0.11, seat - 0.06), (w + 0.05, 0.19, tank - seat + 0.03), white)
    out.box((0, 0.11, tank - 0.04), (w + 0.07, 0.21, 0.035), white)
    out.put("soft", (0, d * 0.45, 0), (w * 0.6, d * 0.62, seat * 0.8), white)
    out.put("basin", (0, d * 0.64, seat * 0.35), (w, d * 0.72, seat * 0.65), white)
    lid = looks.wood(rng) if chance(rng, 0.1) else white
    out.put("cylinder", (0, d * 0.64, seat), (w * 1.02, d * 0.73, 0.02), lid)
    if chance(rng, 0.4):
        out.put("cylinder", (0, 0.2, seat + 0.02), (w, 0.42, 0.03), lid, pitch=80)
        hole = looks.plain(rng, (0.6, 0.62, 0.64), gloss=0.4)
        out.put("cylinder", (0, d * 0.66, seat + 0.012), (w * 0.6, d * 0.48, 0.01), hole)
    out.put(
        "cylinder", (w / 2 - 0.05, 0.2, tank - 0.1), (0.03, 0.03, 0.02), looks.metal(rng), pitch=90
    )
    scatter(rng, out, Top(-w / 2, w / 2, 0.04, 0.2, tank, 0.3), BATH, 0.5)
    return out


def vanity(rng: Rng) -> Piece:
    """Return a basin in a cabinet or on a foot, at 0.8-0.87 m, with its tap and a mirror."""
    cabinet = chance(rng, 0.7)
    w, h = uniform(rng, 0.6, 1.5) if cabinet else uniform(rng, 0.45, 0.6), uniform(rng, 0.8, 0.87)
    d = uniform(rng, 0.45, 0.55)
    out = Piece(w, d, h)
    white, steel = looks.ceramic(rng), looks.metal(rng)._replace(gloss=0.8)
    if cabinet:
        drawers(out, (0, d / 2, 0.08), (w - 0.02, d - 0.04, h - 0.11), 1, looks.wood(rng),
                columns=max(2, round(w / 0.4)), handle=steel)  # fmt: skip
        out.box((0, d / 2, h - 0.03), (w, d, 0.03), looks.stone(rng))
        out.put("cylinder", (0, d * 0.52, h), (0.46, 0.36, 0.012), white)
        inside = looks.plain(rng, (0.7, 0.7, 0.7), gloss=0.6)
        out.put("cylinder", (0, d * 0.52, h + 0.004), (0.38, 0.29, 0.011), inside)
    else:
        out.put("cylinder", (0, d * 0.4, 0), (0.18, 0.16, h - 0.12), white)
        out.put("basin", (0, d / 2, h - 0.18), (w, d, 0.18), white)
    out.put("cylinder", (0, d * 0.14, h), (0.04, 0.04, 0.12), steel)
    out.box((0, d * 0.25, h + 0.1), (0.025, d * 0.26, 0.022), steel)
    side = Top(-w / 2, -0.22, 0.03, d - 0.05, h, 0.3)
    for top in (side, side._replace(x0=0.22, x1=w / 2)):
        if top.x1 - top.x0 > 0.1:
            scatter(rng, out, top, BATH, 0.8)
    if chance(rng, 0.85):
        wide, z = uniform(rng, 0.5, max(0.55, w)), uniform(rng, 1.05, 1.2)
        tall = uniform(rng, 0.6, 0.9)
        if chance(rng, 0.4):
            out.box((0, 0.06, z), (wide, 0.12, tall), looks.lacquer(rng))
            out.box(
                (0, 0.125, z + 0.01), (wide - 0.02, 0.01, tall - 0.02), looks.shown(rng, "mirror")
            )
        else:
            out.box((0, 0.012, z), (wide, 0.02, tall), looks.wood(rng))
            out.box(
                (0, 0.018, z + 0.03), (wide - 0.06, 0.02, tall - 0.06), looks.shown(rng, "mirror")
            )
        for k in range(int(rng.integers(0, 4))):
            lamp = looks.plain(rng, (1.0, 0.95, 0.85), glow=uniform(rng, 1, 5))
            out.put("ball", ((k - 1) * 0.2, 0.1, z + tall + 0.05), (0.1, 0.1, 0.1), lamp)
    return out


def tub(rng: Rng) -> Piece:
    """Return a bath, 1.5-1.75 m by 0.7-0.8 m and 0.5-0.6 m high, often with a curtain."""
    w, d, h = uniform(rng, 1.5, 1.75), uniform(rng, 0.7, 0.8), uniform(rng, 0.5, 0.6)
    out = Piece(w, d, 2.0)
    white = looks.ceramic(rng)
    for y in (0.035, d - 0.035):
        out.box((0, y, 0), (w, 0.07, h), white)
    for side in (-1, 1):
        out.box((side * (w / 2 - 0.05), d / 2, 0), (0.1, d, h), white)
    out.box((0, d / 2, 0), (w, d, 0.16), white)
    out.box((0, 0.004, 0), (w, 0.008, 2.0), looks.tiles(rng, (0.1, 0.2)))
    steel = looks.metal(rng)
    out.put("cylinder", (w / 2 - 0.06, d / 2, h), (0.04, 0.04, 0.15), steel)
    scatter(rng, out, Top(-w / 2, w / 2, 0.0, 0.08, h, 0.3), BATH, 0.5)
    if chance(rng, 0.7):
        wide = uniform(rng, 0.3, 0.95) * w
        x = (w - wide) / 2 * (1 if chance(rng, 0.5) else -1)
        out.put("curtain", (x, d + 0.01, 0.25), (wide, 0.1, 1.75), looks.cloth(rng, 0.7))
        out.put("cylinder", (0, d + 0.01, 2.0 - w / 2), (0.025, 0.025, w), steel, roll=90)
    return out


def shower(rng: Rng) -> Piece:
    """Return a shower with a curtain, 0.8-1.0 m square and 2 m high."""
    w = uniform(rng, 0.8, 1.0)
    out = Piece(w, w, 2.0)
    out.box((0, w / 2, 0), (w, w, 0.12), looks.ceramic(rng))
    out.box((0, 0.005, 0), (w, 0.01, 2.1), looks.tiles(rng, (0.08, 0.25)))
    out.put("curtain", (0, w, 0.15), (w, 0.1, 1.85), looks.cloth(rng, 0.7))
    return out


def washer(rng: Rng) -> Piece:
    """Return a washing machine or dryer, 0.6 m wide and 0.85-0.95 m high."""
    w, d, h = 0.6, uniform(rng, 0.55, 0.65), uniform(rng, 0.85, 0.95)
    out = Piece(w, d, h)
    look = looks.plain(rng, looks.colour(rng, (0, 0.05), (0.8, 0.95)), gloss=0.4)
    out.box((0, d / 2, 0), (w, d - 0.02, h), look)
    out.put(
        "cylinder", (0, d - 0.01, h * 0.5 - 0.15), (0.36, 0.36, 0.03), looks.metal(rng), pitch=90
    )
    out.put("cylinder", (0, d, h * 0.5 - 0.15), (0.26, 0.26, 0.04),
            looks.plain(rng, (0.1, 0.1, 0.12), gloss=0.8), pitch=90)  # fmt: skip
    out.box((0, d - 0.006, h - 0.12), (w - 0.02, 0.01, 0.1), looks.shown(rng, "label"))
    scatter(rng, out, Top(-w / 2, w / 2, 0.05, d, h, 0.5), BATH, 0.6)
    return out


def towels(rng: Rng) -> Piece:
    """Return towels on a rail at 0.9-1.4 m (the rail is at the piece's foot plus 0.7 m)."""
    w = uniform(rng, 0.45, 0.8)
    out = Piece(w, 0.1, 0.8)
    out.put("cylinder", (0, 0.07, 0.7 - w / 2), (0.02, 0.02, w), looks.metal(rng), roll=90)
    look = looks.cloth(rng, 0.3)
    for k in range(int(rng.integers(1, 3))):
        x = (k - 0.5) * w * 0.45
        h = uniform(rng, 0.4, 0.7)
        out.put("soft", (x, 0.07, 0.72 - h), (w * 0.42, 0.06, h), look)
    return out


def mirror(rng: Rng) -> Piece:
    """Return a mirror to hang, with a blurred room in it."""
    w, h = uniform(rng, 0.35, 0.8), uniform(rng, 0.5, 1.1)
    out = Piece(w, 0.04, h)
    out.box((0, 0.015, 0), (w, 0.03, h), looks.wood(rng))
    face = Look(layer(rng, "mirror"), ON_FRONT, 1.0, (1, 1, 1), (1, 1, 1), (1, 1, 1), 0.2)
    out.box((0, 0.02, 0.03), (w - 0.06, 0.03, h - 0.06), face)
    return out
