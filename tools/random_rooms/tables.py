"""Tables, desks and what stands on them."""

from __future__ import annotations

from random_rooms import looks
from random_rooms.clutter import DESK, KITCHEN, LIVING, scatter
from random_rooms.parts import Look, Piece, Rng, Top, chance, uniform
from random_rooms.seats import chair, legs, office_chair


def dining_table(rng: Rng, *, office: bool = False) -> Piece:
    """Return a table 0.72-0.76 m high with its chairs around; the origin is in its middle."""
    w, d, h = uniform(rng, 0.9, 2.0), uniform(rng, 0.75, 1.0), uniform(rng, 0.72, 0.76)
    out = Piece(w + 0.5, d + 0.9, h)
    look, frame = looks.wood(rng), looks.wood(rng)
    covered = chance(rng, 0.2) and not office
    if not covered and chance(rng, 0.2):
        w = d = uniform(rng, 0.8, 1.2)
        out.put("cylinder", (0, 0, h - 0.03), (w, d, 0.03), look)
        out.put("cylinder", (0, 0, 0), (0.12, 0.12, h - 0.03), look)
        out.put("cone", (0, 0, 0), (w * 0.5, w * 0.5, 0.05), look)
        w, d = w * 0.75, d * 0.75
    else:
        out.box((0, 0, h - 0.03), (w, d, 0.03), look)
        legs(out, (w * 0.96, d * 0.94, h - 0.03), frame, uniform(rng, 0.04, 0.09))
        if covered:
            out.put("soft", (0, 0, h - 0.25), (w + 0.04, d + 0.04, 0.255), looks.cloth(rng, 0.8))
        else:
            out.box((0, 0, h - 0.12), (w * 0.9, d * 0.86, 0.09), frame)
    along = max(1, int(w / 0.65))
    maker = office_chair if office and chance(rng, 0.6) else chair
    state = rng.bit_generator.state
    for side, yaw in ((1, 180), (-1, 0)):
        for k in range(along):
            x = (k - (along - 1) / 2) * w / along
            out_by = uniform(rng, 0.05, 0.35)
            turn = yaw + rng.normal(0, 8)
            present = chance(rng, 0.85)
            after = rng.bit_generator.state
            rng.bit_generator.state = state  # all chairs of a table are of one make
            one = maker(rng)
            rng.bit_generator.state = after
            if present:
                out.include(one, (x, side * (d / 2 + out_by), 0), turn)
    makers = DESK if office else KITCHEN + LIVING
    scatter(rng, out, Top(-w / 2, w / 2, -d / 2, d / 2, h), makers, uniform(rng, 0.1, 0.6))
    return out


def coffee_table(rng: Rng) -> Piece:
    """Return a low table, 0.38-0.48 m high; the origin is in its middle."""
    w, d, h = uniform(rng, 0.7, 1.3), uniform(rng, 0.5, 0.75), uniform(rng, 0.38, 0.48)
    out = Piece(w, d, h)
    look = looks.wood(rng)
    out.box((0, 0, h - 0.035), (w, d, 0.035), look)
    if chance(rng, 0.3):
        out.box((0, 0, 0), (w * 0.8, d * 0.8, h - 0.03), look)
    else:
        legs(out, (w * 0.95, d * 0.95, h - 0.03), look, uniform(rng, 0.03, 0.08))
        if chance(rng, 0.5):
            out.box((0, 0, 0.12), (w * 0.9, d * 0.9, 0.02), look)
            scatter(rng, out, Top(-w / 2.4, w / 2.4, -d / 2.4, d / 2.4, 0.14, 0.2), LIVING, 0.3)
    scatter(rng, out, Top(-w / 2, w / 2, -d / 2, d / 2, h, 0.4), LIVING, uniform(rng, 0.2, 0.6))
    return out


def monitor(rng: Rng) -> Piece:
    """Return a monitor of 19 to 27 inches, or an old deep one."""
    width = uniform(rng, 0.41, 0.62)
    high = width * (0.6 if width > 0.46 else 0.78)
    out = Piece(width, 0.22, high + 0.12)
    dark = looks.plain(rng, (0.06, 0.06, 0.07), gloss=0.3)
    glow = uniform(rng, 0.5, 2.5) if chance(rng, 0.6) else 0.0
    out.box((0, 0, 0), (0.24, 0.2, 0.02), dark)
    out.box((0, -0.02, 0), (0.06, 0.04, 0.2), dark)
    out.box((0, 0.02, 0.1), (width, 0.05, high), dark)
    if chance(rng, 0.2):
        out.put(
            "cone", (0, -0.25, 0.1 + high * 0.1), (width * 0.9, high * 0.9, 0.3), dark, pitch=-90
        )
    face = (width - 0.04, 0.004, high - 0.04)
    if glow:
        out.box((0, 0.046, 0.12), face, looks.shown(rng, "screen", glow=glow))
    else:
        out.box((0, 0.046, 0.12), face, looks.plain(rng, (0.05, 0.05, 0.06), gloss=0.8))
    return out


def desk(rng: Rng) -> Piece:
    """Return a desk 0.72-0.76 m high with a computer, papers and a chair before it."""
    w, d, h = uniform(rng, 1.0, 1.8), uniform(rng, 0.6, 0.8), uniform(rng, 0.72, 0.76)
    out = Piece(w, d + 0.65, 1.2)
    look = looks.wood(rng)
    out.box((0, d / 2, h - 0.03), (w, d, 0.03), look)
    if chance(rng, 0.5):
        legs(out, (w * 0.97, d * 0.95, h - 0.03), looks.metal(rng), 0.04, y=d / 2)
    else:
        for side in (-1, 1):
            out.box((side * (w / 2 - 0.015), d / 2, 0), (0.03, d * 0.96, h - 0.03), look)
    if chance(rng, 0.6):
        side = 1 if chance(rng, 0.5) else -1
        drawers(out, (side * (w / 2 - 0.24), d / 2, 0.03), (0.4, d * 0.85, h - 0.09), 3, look)
    taken = 0.0
    screens = int(rng.choice([0, 1, 1, 1, 2]))
    at = uniform(rng, -0.2, 0.2) * w
    for k in range(screens):
        out.include(
            monitor(rng), (at + (k - (screens - 1) / 2) * 0.56, 0.2, h), uniform(rng, -10, 10)
        )
        taken = 0.25
    if screens:
        keys = looks.spread(rng, "keys", edge=(0.1, 0.1, 0.1))
        out.box((at, d * 0.7, h), (0.44, 0.15, 0.02), keys, yaw=uniform(rng, -8, 8))
        out.put("soft", (at + 0.3, d * 0.7, h), (0.06, 0.11, 0.035), looks.lacquer(rng))
        out.box((w * 0.35, d * 0.5, 0.0), (0.19, 0.44, 0.42), looks.lacquer(rng))
    if chance(rng, 0.3):
        out.box((0, 0.015, h), (w, 0.03, uniform(rng, 0.3, 0.6)), looks.cloth(rng, 0.1))
    elif chance(rng, 0.25):
        out.box((0, 0.14, h + 0.42), (w, 0.28, 0.025), look)
        for side in (-1, 1):
            out.box((side * (w / 2 - 0.015), 0.14, h), (0.03, 0.28, 0.44), look)
        scatter(rng, out, Top(-w / 2, w / 2, 0.02, 0.28, h + 0.445, 0.4), DESK, 0.7)
    scatter(rng, out, Top(-w / 2, w / 2, 0.05 + taken, d, h, 0.5), DESK, uniform(rng, 0.15, 0.7))
    if chance(rng, 0.85):
        seat = (office_chair if chance(rng, 0.75) else chair)(rng)
        turn = 180 + rng.normal(0, 30)
        out.include(
            seat, (uniform(rng, -0.15, 0.15) + at * 0.5, d + uniform(rng, 0.25, 0.6), 0), turn
        )
    return out


def drawers(
    piece: Piece,
    foot: tuple[float, float, float],
    size: tuple[float, float, float],
    rows: int,
    look: Look,
    *,
    columns: int = 1,
    handle: Look | None = None,
) -> None:
    """Add a chest with fronts and handles on its +y side."""
    w, d, h = size
    piece.box(foot, size, look)
    knob = handle or look._replace(a=looks.darker(look.a, 0.5), b=looks.darker(look.b, 0.5))
    for row in range(rows):
        for column in range(columns):
            x = foot[0] + ((column + 0.5) / columns - 0.5) * w
            z = foot[2] + (row + 0.06) * h / rows
            front = (w / columns - 0.012, 0.018, h / rows * 0.94 - 0.006)
            piece.box((x, foot[1] + d / 2 + 0.005, z), front, look)
            grip = (min(0.14, w * 0.3), 0.03, 0.014)
            piece.box((x, foot[1] + d / 2 + 0.02, z + h / rows * 0.55), grip, knob)
