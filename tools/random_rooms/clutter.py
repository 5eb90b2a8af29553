"""Small things of real sizes that stand on tables, shelves and floors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from random_rooms import looks
from random_rooms.bank import layer
from random_rooms.parts import ON_TOP, Look, Piece, Rng, Top, chance, uniform

Maker = Callable[[Rng], Piece]


def made(rng: Rng, makers: Sequence[Maker]) -> Piece:
    """Return what one of the makers, drawn evenly, makes."""
    return makers[int(rng.integers(len(makers)))](rng)


def mug(rng: Rng) -> Piece:
    """Return a cup, 7 to 9 cm wide and 8 to 11 cm high."""
    width, height = uniform(rng, 0.07, 0.09), uniform(rng, 0.08, 0.11)
    out = Piece(width + 0.03, width, height)
    look = looks.plain(rng, looks.colour(rng, (0, 0.8), (0.2, 0.95)), gloss=0.4)
    out.put("bowl" if chance(rng, 0.3) else "cylinder", (0, 0, 0), (width, width, height), look)
    out.box((width / 2 + 0.012, 0, height * 0.25), (0.025, 0.01, height * 0.5), look)
    return out


def bottle(rng: Rng) -> Piece:
    """Return a bottle, 6 to 9 cm wide and 18 to 32 cm high."""
    width, height = uniform(rng, 0.06, 0.09), uniform(rng, 0.18, 0.32)
    out = Piece(width, width, height)
    look = looks.plain(rng, looks.colour(rng, (0.1, 0.9), (0.1, 0.9)), gloss=0.6)
    cap = looks.lacquer(rng)
    out.put("cylinder", (0, 0, 0), (width, width, height * 0.68), look)
    out.put("cone", (0, 0, height * 0.68), (width, width, height * 0.17), look)
    out.put("cylinder", (0, 0, height * 0.8), (width * 0.38, width * 0.38, height * 0.2), cap)
    label = looks.plain(rng, looks.colour(rng, (0, 0.8), (0.4, 0.95)))
    out.put("cylinder", (0, 0, height * 0.2), (width * 1.02, width * 1.02, height * 0.3), label)
    return out


def packet(rng: Rng) -> Piece:
    """Return a printed packet: cereal, detergent, a game."""
    w, d, h = uniform(rng, 0.08, 0.24), uniform(rng, 0.04, 0.1), uniform(rng, 0.1, 0.32)
    out = Piece(w, d, h)
    edge = looks.colour(rng, (0.1, 0.8), (0.2, 0.9))
    out.box((0, 0, 0), (w, d, h), looks.shown(rng, "label", edge=edge))
    return out


def tin(rng: Rng) -> Piece:
    """Return a tin or a jar, 7 to 12 cm wide."""
    width, height = uniform(rng, 0.07, 0.12), uniform(rng, 0.08, 0.2)
    out = Piece(width, width, height)
    look = looks.plain(rng, looks.colour(rng, (0, 0.8), (0.2, 0.9)), gloss=0.3)
    out.put("cylinder", (0, 0, 0), (width, width, height * 0.88), look)
    lid = looks.metal(rng)
    out.put("cylinder", (0, 0, height * 0.88), (width * 0.96, width * 0.96, height * 0.12), lid)
    return out


def bowl(rng: Rng) -> Piece:
    """Return a bowl, 14 to 30 cm wide, sometimes with fruit."""
    width = uniform(rng, 0.14, 0.3)
    height = width * uniform(rng, 0.3, 0.5)
    out = Piece(width, width, height)
    out.put("bowl", (0, 0, 0), (width, width, height), looks.lacquer(rng))
    if chance(rng, 0.4):
        fruit = looks.plain(rng, looks.colour(rng, (0.6, 0.95), (0.5, 0.9)), gloss=0.2)
        for _ in range(5):
            x, y = rng.uniform(-0.22, 0.22, 2) * width
            out.put("ball", (x, y, height * 0.5), (0.075, 0.075, 0.075), fruit)
    return out


def books(rng: Rng) -> Piece:
    """Return a stack of lying books or papers, each 15 to 30 cm."""
    out = Piece(0.3, 0.3, 0.2)
    z = 0.0
    for _ in range(int(rng.integers(1, 6))):
        w, d, h = uniform(rng, 0.14, 0.22), uniform(rng, 0.2, 0.3), uniform(rng, 0.008, 0.045)
        tone = looks.colour(rng, (0, 0.8), (0.15, 0.95))
        kind = ("label", "poster", "abstract")[int(rng.integers(3))]
        look = Look(layer(rng, kind), ON_TOP, 1.0, (1, 1, 1), tone, tone, 0.1)
        out.box((0, 0, z), (w, d, h), look, yaw=uniform(rng, -20, 20))
        z += h
    return out


def paper(rng: Rng) -> Piece:
    """Return sheets of A4 or an open magazine."""
    out = Piece(0.24, 0.32, 0.01)
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(-0.05, 0.05, 2)
        out.box((x, y, 0), (0.21, 0.297, uniform(rng, 0.002, 0.01)),
                looks.spread(rng, "poster"), yaw=uniform(rng, -30, 30))  # fmt: skip
    return out


def case(rng: Rng) -> Piece:
    """Return a carton or a storage box, 20 to 50 cm."""
    w, d, h = uniform(rng, 0.2, 0.5), uniform(rng, 0.18, 0.38), uniform(rng, 0.12, 0.36)
    out = Piece(w, d, h)
    if chance(rng, 0.5):
        look = looks.plain(rng, looks.colour(rng, (0.35, 0.5), (0.5, 0.72)))
    else:
        look = looks.lacquer(rng) if chance(rng, 0.6) else looks.cloth(rng)
    out.box((0, 0, 0), (w, d, h), look)
    if chance(rng, 0.5):
        out.box((0, 0, h), (w * 1.04, d * 1.04, 0.02), looks.lacquer(rng))
    else:
        out.box(
            (0, 0, h), (w, 0.05, 0.002), looks.plain(rng, looks.colour(rng, (0.2, 0.4), (0.6, 0.8)))
        )
    return out


def table_lamp(rng: Rng) -> Piece:
    """Return a lamp with a shade, 35 to 65 cm high."""
    height, shade = uniform(rng, 0.35, 0.65), uniform(rng, 0.2, 0.36)
    out = Piece(shade, shade, height)
    foot = looks.metal(rng) if chance(rng, 0.5) else looks.lacquer(rng)
    out.put("cone", (0, 0, 0), (shade * 0.6, shade * 0.6, 0.03), foot)
    thick = uniform(rng, 0.02, 0.14)
    kind = "ball" if thick > 0.07 else "cylinder"
    out.put(kind, (0, 0, 0.02), (thick, thick, height * 0.6), foot)
    on = uniform(rng, 2, 6) if chance(rng, 0.4) else 0.3
    tone = looks.colour(rng, (0.05, 0.35), (0.8, 0.98))
    out.put(
        "cone",
        (0, 0, height * 0.58),
        (shade, shade, height * 0.42),
        looks.plain(rng, tone, glow=on),
    )
    return out


def plant(rng: Rng) -> Piece:
    """Return a potted plant, 25 to 60 cm high."""
    return _plant(rng, uniform(rng, 0.12, 0.22), uniform(rng, 0.15, 0.4))


def tall_plant(rng: Rng) -> Piece:
    """Return a plant that stands on the floor, 0.7 to 1.7 m high."""
    return _plant(rng, uniform(rng, 0.25, 0.4), uniform(rng, 0.45, 1.3))


def _plant(rng: Rng, pot: float, leaves: float) -> Piece:
    out = Piece(pot * 1.6, pot * 1.6, pot + leaves)
    out.put("cone", (0, 0, 0), (pot, pot, pot), looks.lacquer(rng), roll=180)
    green = looks.colour(rng, (0.4, 0.8), (0.2, 0.55))
    tone = (max(green) * 0.55, max(green) * 0.8, min(green) * 0.7)
    look = looks.plain(rng, tone, gloss=0.1)
    for _ in range(int(rng.integers(9, 26))):
        size = leaves * uniform(rng, 0.45, 1.0)
        out.put("leaf", (0, 0, pot * 0.9 + uniform(rng, 0, leaves * 0.3)),
                (size * 0.7, size * uniform(rng, 0.12, 0.4), size * 0.8), look,
                yaw=uniform(rng, 0, 360))  # fmt: skip
    return out


def frame(rng: Rng) -> Piece:
    """Return a photo in a frame that stands, 10 to 25 cm."""
    w, h = uniform(rng, 0.1, 0.22), uniform(rng, 0.12, 0.26)
    out = Piece(w, 0.06, h)
    kind = ("face", "landscape", "botanical")[int(rng.integers(3))]
    out.box((0, 0, 0), (w, 0.015, h), looks.wood(rng), pitch=8)
    out.box((0, 0.01, 0.015), (w - 0.03, 0.006, h - 0.03), looks.shown(rng, kind), pitch=8)
    return out


def pot(rng: Rng) -> Piece:
    """Return a cooking pot or pan, 18 to 30 cm wide."""
    width, height = uniform(rng, 0.18, 0.3), uniform(rng, 0.06, 0.2)
    out = Piece(width * 1.5, width, height)
    look = looks.metal(rng)
    out.put("cylinder", (0, 0, 0), (width, width, height), look)
    out.box((width * 0.7, 0, height * 0.75), (width * 0.6, 0.03, 0.02), looks.metal(rng))
    if chance(rng, 0.5):
        out.put("ball", (0, 0, height), (0.04, 0.04, 0.04), look)
    return out


def toy(rng: Rng) -> Piece:
    """Return a stuffed animal, 15 to 40 cm high."""
    size = uniform(rng, 0.15, 0.4)
    out = Piece(size, size, size)
    fur = looks.cloth(rng, 0.1)
    out.put("ball", (0, 0, 0), (size * 0.6, size * 0.55, size * 0.65), fur)
    out.put("ball", (0, 0, size * 0.52), (size * 0.46, size * 0.44, size * 0.44), fur)
    for side in (-1, 1):
        out.put("ball", (side * size * 0.2, 0, size * 0.85), (size * 0.17,) * 3, fur)
        out.put(
            "ball", (side * size * 0.3, size * 0.2, 0), (size * 0.24, size * 0.4, size * 0.22), fur
        )
    return out


def bag(rng: Rng) -> Piece:
    """Return a bag or heap of clothes, 25 to 50 cm."""
    size = uniform(rng, 0.25, 0.5)
    height = size * uniform(rng, 0.35, 1.0)
    out = Piece(size, size * 0.8, height)
    out.put(
        "heap", (0, 0, 0), (size, size * 0.7, height), looks.cloth(rng), yaw=uniform(rng, 0, 90)
    )
    return out


def bin_(rng: Rng) -> Piece:
    """Return a waste bin, 22 to 40 cm wide and 28 to 65 cm high."""
    width, height = uniform(rng, 0.22, 0.4), uniform(rng, 0.28, 0.65)
    out = Piece(width, width, height)
    shape = "bowl" if chance(rng, 0.5) else "box"
    look = looks.lacquer(rng) if chance(rng, 0.7) else looks.metal(rng)
    out.put(shape, (0, 0, 0), (width, width * 0.8, height), look)
    return out


def shoes(rng: Rng) -> Piece:
    """Return a pair of shoes, 28 cm long."""
    out = Piece(0.25, 0.3, 0.11)
    look = looks.leather(rng)
    for side in (-1, 1):
        out.put("soft", (side * 0.06, 0, 0), (0.1, 0.28, 0.07), look, yaw=uniform(rng, -20, 20))
        out.put("soft", (side * 0.06, -0.06, 0.03), (0.09, 0.14, 0.08), look)
    return out


def ball(rng: Rng) -> Piece:
    """Return a ball, 15 to 25 cm."""
    size = uniform(rng, 0.15, 0.25)
    out = Piece(size, size, size)
    out.put(
        "ball", (0, 0, 0), (size,) * 3, looks.plain(rng, looks.colour(rng, (0.2, 0.9), (0.3, 0.9)))
    )
    return out


def fan(rng: Rng) -> Piece:
    """Return a fan or heater that stands, 0.4 to 0.9 m."""
    height, width = uniform(rng, 0.45, 0.9), uniform(rng, 0.3, 0.45)
    out = Piece(width, 0.3, height)
    look = looks.lacquer(rng)
    out.put("cylinder", (0, 0, 0), (0.28, 0.28, 0.03), look)
    out.put("cylinder", (0, 0, 0), (0.03, 0.03, height - width / 2), look)
    out.put(
        "cylinder",
        (0, 0.05, height - width / 2 - 0.06),
        (width, width, 0.12),
        looks.metal(rng),
        pitch=90,
    )
    return out


KITCHEN: list[Maker] = [mug, bottle, packet, tin, bowl, pot, packet, bottle, tin, plant, mug, paper]
DESK: list[Maker] = [mug, books, paper, books, paper, frame, tin, table_lamp, plant, packet]
LIVING: list[Maker] = [mug, books, bowl, frame, plant, table_lamp, paper, bottle, toy]
BATH: list[Maker] = [bottle, bottle, tin, mug, packet, bowl]
SHELF: list[Maker] = [books, case, frame, packet, tin, bowl, plant, toy, bottle, packet]
SHOP: list[Maker] = [packet, packet, bottle, tin, bag, books, case]
FLOOR: list[Maker] = [
    bag, case, bin_, shoes, ball, case, toy, books, bag, bin_, shoes, paper, case, bag,
    tall_plant, fan,
]  # fmt: skip


def scatter(rng: Rng, piece: Piece, top: Top, makers: list[Maker], density: float) -> None:
    """Put things on a level surface, one in each cell of a grid of about 18 cm at most.

    Args:
        rng: source of chance.
        piece: takes the things.
        top: the surface.
        makers: what may stand there.
        density: share of the cells that hold something.

    """
    width, depth = top.x1 - top.x0, top.y1 - top.y0
    columns, rows = max(1, int(width / 0.18)), max(1, int(depth / 0.22))
    for row in range(rows):
        for column in range(columns):
            if not chance(rng, density):
                continue
            thing = made(rng, makers)
            w, d, h = thing.size
            if h > top.room or d > depth + 0.05 or w > max(0.4, width):
                continue
            x = top.x0 + (column + uniform(rng, 0.35, 0.65)) * width / columns
            y = top.y0 + (row + uniform(rng, 0.35, 0.65)) * depth / rows
            yaw = uniform(rng, -25, 25) if chance(rng, 0.7) else uniform(rng, 0, 360)
            if d > depth * 0.8:
                yaw = 0.0
            piece.include(thing, (x, y, top.z), yaw)
