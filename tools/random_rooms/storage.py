"""Shelves, wardrobes, chests, cabinets and shop racks."""

from __future__ import annotations

from random_rooms import looks
from random_rooms.clutter import BATH, DESK, LIVING, SHELF, SHOP, Maker, case, scatter
from random_rooms.parts import Piece, Rng, Top, chance, uniform
from random_rooms.tables import drawers


def book_row(rng: Rng, piece: Piece, top: Top) -> None:
    """Fill a shelf with standing books, 1.5-5 cm thick and 18-31 cm high."""
    x, end = top.x0, top.x1
    tall = min(top.room - 0.02, uniform(rng, 0.2, 0.31))
    while x < end - 0.02:
        if chance(rng, 0.04):
            x += uniform(rng, 0.05, 0.25)
            continue
        thick = uniform(rng, 0.015, 0.05)
        height, depth = tall * uniform(rng, 0.75, 1.0), uniform(rng, 0.13, 0.21)
        if x + thick > end:
            return
        tone = looks.colour(rng, (0.0, 0.85), (0.12, 0.9))
        y = top.y1 - 0.02 - uniform(rng, 0, 0.04) - depth / 2
        look = looks.tinted(rng, "spine", tone)
        piece.box((x + thick / 2, y, top.z), (thick * 0.96, depth, height), look)
        x += thick


def fill(rng: Rng, piece: Piece, top: Top, books: float, makers: list[Maker]) -> None:
    """Fill a shelf with books in a share of the cases, else with other things."""
    if chance(rng, books):
        split = top.x0 + (top.x1 - top.x0) * min(1.0, uniform(rng, 0.4, 1.4))
        book_row(rng, piece, top._replace(x1=split))
        top = top._replace(x0=split)
    if top.x1 - top.x0 > 0.15:
        scatter(rng, piece, top, makers, uniform(rng, 0.4, 1.1))


def bookshelf(rng: Rng) -> Piece:
    """Return shelves 0.6-1.8 m wide, 0.28-0.4 m deep, 0.9-2.2 m high, full of things."""
    w, d, h = uniform(rng, 0.6, 1.8), uniform(rng, 0.28, 0.4), uniform(rng, 0.9, 2.2)
    out = Piece(w, d, h)
    look = looks.wood(rng)
    columns, rows = max(1, round(w / 0.75)), max(2, round(h / uniform(rng, 0.33, 0.42)))
    out.box((0, 0.006, 0), (w, 0.012, h), look)
    for column in range(columns + 1):
        x = -w / 2 + 0.01 + column * (w - 0.02) / columns
        out.box((x, d / 2, 0), (0.02, d, h), look)
    books = uniform(rng, 0.3, 1.1)
    for row in range(rows + 1):
        z = row * (h - 0.02) / rows
        out.box((0, d / 2, z), (w, d - 0.005, 0.02), look)
        for column in range(columns):
            x0 = -w / 2 + 0.02 + column * (w - 0.02) / columns
            top = Top(x0, x0 + (w - 0.02) / columns - 0.02, 0.02, d, z + 0.02, h / rows - 0.05)
            if row == rows:
                top = top._replace(room=0.4)
            fill(rng, out, top, books if row < rows else 0.1, SHELF)
    return out


def rack(rng: Rng) -> Piece:
    """Return an open rack of a shop or a store room, 0.9-1.8 m wide and 1.2-2.1 m high."""
    w, d, h = uniform(rng, 0.9, 1.8), uniform(rng, 0.35, 0.6), uniform(rng, 1.2, 2.1)
    out = Piece(w, d, h)
    look = looks.metal(rng) if chance(rng, 0.5) else looks.lacquer(rng)
    if chance(rng, 0.6):
        out.box((0, 0.01, 0), (w, 0.02, h), look)
    for sx in (-1, 1):
        for y in (0.02, d - 0.02):
            out.box((sx * (w / 2 - 0.02), y, 0), (0.04, 0.04, h), look)
    rows = int(rng.integers(3, 6))
    for row in range(rows):
        z = 0.1 + row * (h - 0.35) / (rows - 1)
        out.box((0, d / 2, z), (w, d, 0.03), look)
        fill(
            rng,
            out,
            Top(-w / 2, w / 2, 0.03, d, z + 0.03, (h - 0.35) / (rows - 1) - 0.05),
            0.25,
            SHOP,
        )
    return out


def wardrobe(rng: Rng) -> Piece:
    """Return a wardrobe or tall cabinet, 0.8-2 m wide, 0.5-0.65 m deep, 1.8-2.3 m high."""
    w, d, h = uniform(rng, 0.8, 2.0), uniform(rng, 0.5, 0.65), uniform(rng, 1.8, 2.3)
    out = Piece(w, d, h)
    look, handle = looks.wood(rng), looks.metal(rng)
    out.box((0, d / 2, 0), (w, d - 0.02, h), look)
    count = max(2, round(w / 0.5))
    for k in range(count):
        x = ((k + 0.5) / count - 0.5) * w
        door = looks.tinted(rng, "paned", look.b) if k == 0 and chance(rng, 0.4) else look
        out.box((x, d - 0.01, 0.08), (w / count - 0.008, 0.02, h - 0.12), door)
        side = 1 if k % 2 == 0 else -1
        out.box(
            (x + side * (w / count / 2 - 0.05), d + 0.01, h * 0.45), (0.015, 0.03, 0.16), handle
        )
    if chance(rng, 0.4):
        scatter(rng, out, Top(-w / 2, w / 2, 0.05, d, h, 0.4), [case], 0.5)
    return out


def chest(rng: Rng) -> Piece:
    """Return a chest of drawers, 0.7-1.5 m wide and 0.7-1.2 m high, things on it."""
    w, d, h = uniform(rng, 0.7, 1.5), uniform(rng, 0.4, 0.52), uniform(rng, 0.7, 1.2)
    out = Piece(w, d, h + 0.4)
    look = looks.wood(rng)
    rows, columns = int(rng.integers(3, 6)), 1 if w < 0.95 else 2
    drawers(
        out,
        (0, d / 2, 0.06),
        (w, d - 0.03, h - 0.08),
        rows,
        look,
        columns=columns,
        handle=looks.metal(rng),
    )
    out.box((0, d / 2, h - 0.025), (w + 0.03, d, 0.025), look)
    scatter(rng, out, Top(-w / 2, w / 2, 0.03, d, h, 0.6), LIVING, uniform(rng, 0.2, 0.8))
    return out


def nightstand(rng: Rng) -> Piece:
    """Return a night table, 0.4-0.55 m wide and 0.5-0.65 m high."""
    w, d, h = uniform(rng, 0.4, 0.55), uniform(rng, 0.36, 0.45), uniform(rng, 0.5, 0.65)
    out = Piece(w, d, h)
    drawers(
        out, (0, d / 2, 0.08), (w, d - 0.02, h - 0.08), int(rng.integers(1, 4)), looks.wood(rng)
    )
    scatter(rng, out, Top(-w / 2, w / 2, 0.02, d, h, 0.7), LIVING, 0.8)
    return out


def filing(rng: Rng) -> Piece:
    """Return a filing cabinet, 0.4-0.47 m wide and 0.7-1.35 m high."""
    rows = int(rng.integers(2, 5))
    w, d, h = uniform(rng, 0.4, 0.47), uniform(rng, 0.5, 0.65), 0.33 * rows + 0.03
    out = Piece(w, d, h)
    look = looks.plain(rng, looks.colour(rng, (0, 0.2), (0.15, 0.85)), gloss=0.2)
    drawers(out, (0, d / 2, 0), (w, d - 0.03, h), rows, look, handle=looks.metal(rng))
    scatter(rng, out, Top(-w / 2, w / 2, 0.05, d, h, 0.5), DESK, 0.7)
    return out


def tv_stand(rng: Rng) -> Piece:
    """Return a low cabinet, 0.45-0.6 m high, with a television of 32 to 60 inches."""
    w, d, h = uniform(rng, 1.0, 1.8), uniform(rng, 0.4, 0.5), uniform(rng, 0.45, 0.6)
    out = Piece(w, d, h + 0.7)
    look, dark = looks.wood(rng), looks.plain(rng, (0.04, 0.04, 0.05), gloss=0.6)
    if chance(rng, 0.5):
        drawers(out, (0, d / 2, 0.04), (w, d - 0.03, h - 0.04), 2, look, columns=3)
    else:
        for z in (0.0, h / 2 - 0.02, h - 0.03):
            out.box((0, d / 2, z), (w, d, 0.03), look)
        for x in (-w / 2 + 0.015, 0, w / 2 - 0.015):
            out.box((x, d / 2, 0), (0.03, d, h), look)
        scatter(rng, out, Top(-w / 2, w / 2, 0.05, d, h / 2 + 0.01, h / 2 - 0.06), SHELF, 0.8)
    wide = uniform(rng, 0.7, min(1.35, w))
    high = wide * 0.58
    out.box((0, d * 0.45, h), (wide * 0.4, 0.22, 0.02), dark)
    out.box((0, d * 0.4, h), (0.1, 0.04, 0.1), dark)
    out.box((0, d * 0.45, h + 0.06), (wide, 0.06, high), dark)
    if chance(rng, 0.3):
        face = looks.shown(rng, "landscape", glow=uniform(rng, 1, 3))
        out.box((0, d * 0.45 + 0.031, h + 0.09), (wide - 0.06, 0.004, high - 0.06), face)
    for side in (-1, 1):
        if chance(rng, 0.4):
            out.box(
                (side * w * 0.43, d * 0.4, h),
                (0.16, 0.2, uniform(rng, 0.2, 0.4)),
                looks.lacquer(rng),
            )
    return out


def garments(rng: Rng) -> Piece:
    """Return clothes on a rail, 1.0-1.8 m long; the rail is 1.3-1.7 m high."""
    w, h = uniform(rng, 1.0, 1.8), uniform(rng, 1.3, 1.7)
    out = Piece(w, 0.55, h)
    steel = looks.metal(rng)
    out.put("cylinder", (0, 0.28, h - w / 2), (0.03, 0.03, w), steel, roll=90)
    for side in (-1, 1):
        out.box((side * (w / 2 - 0.02), 0.28, 0), (0.03, 0.4, 0.03), steel)
        out.put("cylinder", (side * (w / 2 - 0.02), 0.28, 0), (0.03, 0.03, h), steel)
    x, look = -w / 2 + 0.06, looks.cloth(rng, 0.4)
    while x < w / 2 - 0.06:
        thick, long = uniform(rng, 0.03, 0.09), uniform(rng, 0.6, min(1.2, h - 0.1))
        if chance(rng, 0.4):
            look = looks.cloth(rng, 0.4)
        out.put("soft", (x, 0.28, h - 0.04 - long), (thick, uniform(rng, 0.38, 0.5), long), look)
        x += thick + uniform(rng, 0.0, 0.05)
    return out


def boxes(rng: Rng) -> Piece:
    """Return a stack of cartons on the floor."""
    out = Piece(0.6, 0.45, 1.2)
    z = 0.0
    for _ in range(int(rng.integers(1, 5))):
        one = case(rng)
        out.include(one, (uniform(rng, -0.05, 0.05), 0.22, z), uniform(rng, -12, 12))
        z += one.size[2] + 0.005
    return out


def cupboard(rng: Rng) -> Piece:
    """Return a sideboard with doors, 0.8-1.6 m wide and 0.75-0.95 m high."""
    w, d, h = uniform(rng, 0.8, 1.6), uniform(rng, 0.38, 0.5), uniform(rng, 0.75, 0.95)
    out = Piece(w, d, h + 0.4)
    look = looks.wood(rng)
    drawers(
        out, (0, d / 2, 0.05), (w, d - 0.03, h - 0.07), 1, look, columns=max(2, round(w / 0.45))
    )
    out.box((0, d / 2, h - 0.025), (w + 0.02, d, 0.025), look)
    scatter(rng, out, Top(-w / 2, w / 2, 0.03, d, h, 0.6), LIVING + BATH, uniform(rng, 0.3, 0.9))
    return out
