"""What hangs on walls; every piece's foot is its lower edge."""

from __future__ import annotations

from random_rooms import looks
from random_rooms.clutter import SHELF, scatter
from random_rooms.parts import Piece, Rng, Top, chance, uniform


def painting(rng: Rng) -> Piece:
    """Return a picture, poster or photo, 0.2-1.2 m wide, framed or not."""
    w = uniform(rng, 0.2, 0.6) if chance(rng, 0.6) else uniform(rng, 0.5, 1.2)
    h = w * uniform(rng, 0.6, 1.5)
    out = Piece(w, 0.04, h)
    kinds = ("landscape", "abstract", "botanical", "poster", "face", "label")
    kind = kinds[int(rng.integers(len(kinds)))]
    framed = chance(rng, 0.65)
    edge = uniform(rng, 0.02, 0.06) if framed else 0.0
    thick = uniform(rng, 0.015, 0.035) if framed else 0.004
    if framed:
        out.box((0, thick / 2, 0), (w, thick, h), looks.wood(rng))
        mat = uniform(rng, 0.0, 0.08) if w > 0.4 else 0.0
        out.box((0, thick / 2 + 0.002, edge), (w - 2 * edge, thick, h - 2 * edge),
                looks.plain(rng, looks.WHITE))  # fmt: skip
        edge += mat
    out.box(
        (0, thick / 2 + 0.004, edge), (w - 2 * edge, thick, h - 2 * edge), looks.shown(rng, kind)
    )
    return out


def notices(rng: Rng) -> Piece:
    """Return a pin board full of sheets."""
    w, h = uniform(rng, 0.6, 1.4), uniform(rng, 0.5, 1.0)
    out = Piece(w, 0.03, h)
    out.box((0, 0.01, 0), (w, 0.02, h), looks.plain(rng, looks.colour(rng, (0.2, 0.5), (0.4, 0.7))))
    for _ in range(int(rng.integers(3, 14))):
        x, z = uniform(rng, -0.5, 0.5) * (w - 0.25), uniform(rng, 0.02, h - 0.3)
        kind = ("poster", "label", "face")[int(rng.integers(3))]
        size = (uniform(rng, 0.1, 0.21), 0.004, uniform(rng, 0.1, 0.3))
        out.box((x, 0.022 + uniform(rng, 0, 0.004), z), size, looks.shown(rng, kind))
    return out


def board(rng: Rng) -> Piece:
    """Return a whiteboard, 1.2-2.4 m wide and 0.9-1.2 m high."""
    w, h = uniform(rng, 1.2, 2.4), uniform(rng, 0.9, 1.2)
    out = Piece(w, 0.06, h)
    out.box((0, 0.012, 0), (w, 0.024, h), looks.metal(rng))
    out.box((0, 0.016, 0.02), (w - 0.04, 0.024, h - 0.04), looks.shown(rng, "whiteboard"))
    out.box((0, 0.04, 0), (w * 0.7, 0.06, 0.015), looks.metal(rng))
    return out


def clock(rng: Rng) -> Piece:
    """Return a wall clock, 25-35 cm."""
    w = uniform(rng, 0.25, 0.35)
    out = Piece(w, 0.05, w)
    out.put("cylinder", (0, 0.02, w / 2 - 0.02), (w, w, 0.04), looks.lacquer(rng), pitch=90)
    out.box((0, 0.042, w * 0.16), (w * 0.68, 0.004, w * 0.68), looks.shown(rng, "clock"))
    return out


def shelf(rng: Rng) -> Piece:
    """Return one or two boards on the wall with things on them."""
    w, d = uniform(rng, 0.5, 1.3), uniform(rng, 0.18, 0.28)
    count = int(rng.integers(1, 3))
    out = Piece(w, d, 0.4 * count)
    look = looks.wood(rng)
    for k in range(count):
        out.box((0, d / 2, 0.4 * k), (w, d, 0.025), look)
        scatter(rng, out, Top(-w / 2, w / 2, 0.01, d, 0.4 * k + 0.025, 0.36), SHELF, 0.8)
    return out


def television(rng: Rng) -> Piece:
    """Return a flat television on the wall, 0.8-1.3 m wide."""
    w = uniform(rng, 0.8, 1.3)
    out = Piece(w, 0.08, w * 0.58)
    out.box((0, 0.05, 0), (w, 0.06, w * 0.58), looks.plain(rng, (0.04, 0.04, 0.05), gloss=0.6))
    return out


def coats(rng: Rng) -> Piece:
    """Return clothes on hooks, 0.8-1.2 m long; they hang from the piece's top."""
    w, h = uniform(rng, 0.5, 1.0), uniform(rng, 0.8, 1.2)
    out = Piece(w, 0.25, h)
    out.box((0, 0.015, h - 0.1), (w, 0.03, 0.1), looks.wood(rng))
    for k in range(int(rng.integers(1, 5))):
        long = h * uniform(rng, 0.6, 0.95)
        x = (k - 1.5) / 4 * w
        out.put("heap", (x, 0.13, h - long), (0.34, 0.22, long), looks.cloth(rng, 0.2))
    return out


def switch(rng: Rng) -> Piece:
    """Return a light switch or a socket, 8 cm."""
    out = Piece(0.08, 0.01, 0.12)
    out.box((0, 0.005, 0), (0.075, 0.01, 0.115), looks.plain(rng, looks.WHITE))
    return out
