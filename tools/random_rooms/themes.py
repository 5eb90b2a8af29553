"""Kinds of rooms: their sizes and what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from random_rooms import baths, beds, hangings, kitchens, looks, seats, shell, storage, tables
from random_rooms.clutter import FLOOR, Maker, made
from random_rooms.lamps import Lighting
from random_rooms.parts import Piece, Rng, chance, uniform
from random_rooms.space import Space

Range = tuple[float, float]
Furnish = Callable[[Rng, Space], None]


def some(rng: Rng, low: int, high: int) -> range:
    """Return a range of between low and high turns."""
    return range(int(rng.integers(low, high + 1)))


def rug(rng: Rng, space: Space) -> None:
    """Lay a rug on the floor; furniture may stand on it."""
    w, d = (
        uniform(rng, 0.6, min(2.4, space.width * 0.8)),
        uniform(rng, 0.9, min(3.2, space.depth * 0.8)),
    )
    look = (
        looks.spread(rng, "rug") if chance(rng, 0.35) else looks.cloth(rng, 0.6)._replace(scale=0.8)
    )
    piece = Piece(w, d, 0.02)
    at = uniform(rng, 0.3, 0.7) * space.width, uniform(rng, 0.3, 0.7) * space.depth
    piece.box((*at, 0), (w, d, 0.012), look, yaw=float(rng.normal(0, 6)))
    space.items += piece.items


def walls(rng: Rng, space: Space, pictures: tuple[int, int]) -> None:
    """Hang pictures, clocks, shelves and switches."""
    for _ in some(rng, *pictures):
        space.hang(rng, hangings.painting(rng), (1.1, 1.6))
    if chance(rng, 0.2):
        space.hang(rng, hangings.clock(rng), (1.7, 2.0))
    for _ in some(rng, 0, 3):
        space.hang(rng, hangings.switch(rng), (1.0, 1.15) if chance(rng, 0.5) else (0.25, 0.35))


def litter(rng: Rng, space: Space, low: int, high: int) -> None:
    """Leave things on the floor."""
    for _ in some(rng, low, high):
        thing = FLOOR[int(rng.integers(len(FLOOR)))](rng)
        space.set_free(rng, thing, margin=0.05, tries=6)


def bedroom(rng: Rng, space: Space) -> None:
    """Furnish a bedroom."""
    for _ in some(rng, 1, 2):
        one = beds.bed(rng)
        if space.stand(rng, one, gap=0.45, tries=30) and chance(rng, 0.9):
            wall = next(w for w in space.walls if w.hung)
            s0, s1 = wall.hung[0][:2]
            for s in (s0 - 0.3, s1 + 0.3):
                space.stand_at(wall, s, storage.nightstand(rng))
    if chance(rng, 0.08):
        space.stand(rng, beds.crib(rng))
    makers = [
        storage.wardrobe,
        storage.chest,
        tables.desk,
        storage.bookshelf,
        storage.chest,
        seats.sofa,
    ]
    makers += [storage.garments]
    makers += [storage.nightstand, storage.tv_stand, seats.chair, storage.boxes]
    for _ in some(rng, 3, 7):
        space.stand(rng, made(rng, makers))
    walls(rng, space, (2, 8))
    if chance(rng, 0.3):
        space.hang(rng, hangings.coats(rng), (0.75, 0.95))
    if chance(rng, 0.3):
        space.hang(rng, baths.mirror(rng), (0.7, 1.0))
    litter(rng, space, 2, 8)


def living(rng: Rng, space: Space) -> None:
    """Furnish a living room."""
    for _ in some(rng, 1, 3):
        space.stand(rng, seats.sofa(rng), tries=25)
    if chance(rng, 0.8):
        space.set_free(rng, tables.coffee_table(rng))
    makers = [storage.tv_stand, storage.bookshelf, storage.cupboard, seats.sofa, storage.bookshelf]
    makers += [tables.desk, seats.ottoman, storage.nightstand, storage.chest]
    for _ in some(rng, 4, 8):
        space.stand(rng, made(rng, makers))
    if chance(rng, 0.35):
        space.set_free(rng, tables.dining_table(rng))
    if chance(rng, 0.4):
        turned = seats.sofa(rng)
        space.set_free(rng, _centred(turned), margin=0.2)
    if chance(rng, 0.25):
        space.hang(rng, hangings.television(rng), (1.0, 1.3))
    if chance(rng, 0.3):
        space.hang(rng, hangings.shelf(rng), (1.2, 1.6))
    walls(rng, space, (2, 9))
    litter(rng, space, 2, 8)


def _centred(piece: Piece) -> Piece:
    """Return a piece with its origin in its middle."""
    out = Piece(*piece.size)
    out.include(piece, (0, -piece.size[1] / 2, 0))
    return out


def kitchen(rng: Rng, space: Space) -> None:
    """Furnish a kitchen: runs of cabinets along one to three walls, a fridge, a table."""
    style = kitchens.Style(rng)
    space.stand(rng, kitchens.fridge(rng, style), tries=20)
    for _ in some(rng, 2, 4):
        width = uniform(rng, 1.2, 3.6)
        for _ in range(5):
            if space.stand(rng, kitchens.counter(rng, style, width, space.height), tries=4):
                break
            width *= 0.75
    if chance(rng, 0.25) and min(space.width, space.depth) > 3:
        space.set_free(rng, kitchens.island(rng, style), margin=0.5)
    if chance(rng, 0.5):
        space.set_free(rng, tables.dining_table(rng), margin=0.1)
    makers = [storage.cupboard, storage.rack, seats.chair, baths.washer, seats.stool]
    for _ in some(rng, 0, 3):
        space.stand(rng, made(rng, makers))
    if chance(rng, 0.4):
        space.hang(rng, hangings.shelf(rng), (1.3, 1.6))
    walls(rng, space, (1, 5))
    litter(rng, space, 1, 5)


def bathroom(rng: Rng, space: Space) -> None:
    """Furnish a bathroom."""
    space.stand(rng, baths.vanity(rng), tries=30)
    space.stand(rng, baths.toilet(rng), gap=0.12, tries=30)
    space.stand(rng, baths.tub(rng) if chance(rng, 0.6) else baths.shower(rng), tries=30)
    makers = [storage.nightstand, baths.washer, storage.rack, storage.cupboard, storage.boxes]
    for _ in some(rng, 0, 2):
        space.stand(rng, made(rng, makers), tries=5)
    for _ in some(rng, 1, 3):
        space.hang(rng, baths.towels(rng), (0.55, 0.8))
    if chance(rng, 0.4):
        space.hang(rng, hangings.shelf(rng), (1.1, 1.5))
    walls(rng, space, (0, 4))
    litter(rng, space, 1, 5)


def office(rng: Rng, space: Space) -> None:
    """Furnish an office or a study."""
    for _ in some(rng, 1, 4):
        space.stand(rng, tables.desk(rng), tries=20)
    makers = [storage.filing, storage.bookshelf, storage.bookshelf, storage.cupboard, storage.boxes]
    makers += [storage.rack, seats.chair, seats.sofa, storage.filing, tables.desk]
    for _ in some(rng, 4, 9):
        space.stand(rng, made(rng, makers))
    if chance(rng, 0.3):
        space.set_free(rng, tables.dining_table(rng, office=True))
    for _ in some(rng, 0, 2):
        space.set_free(rng, _centred(tables.desk(rng)), margin=0.2)
    for _ in some(rng, 0, 2):
        one = hangings.board(rng) if chance(rng, 0.5) else hangings.notices(rng)
        space.hang(rng, one, (0.9, 1.2))
    walls(rng, space, (1, 7))
    litter(rng, space, 2, 7)


def dining(rng: Rng, space: Space) -> None:
    """Furnish a dining room."""
    space.set_free(rng, tables.dining_table(rng), margin=0.15)
    makers = [storage.cupboard, storage.chest, storage.bookshelf, seats.chair, seats.sofa]
    for _ in some(rng, 3, 7):
        space.stand(rng, made(rng, makers))
    walls(rng, space, (2, 8))
    litter(rng, space, 1, 6)


def shop(rng: Rng, space: Space) -> None:
    """Furnish a shop, a library or a store room."""
    makers = [storage.bookshelf, storage.rack, storage.garments]
    for _ in some(rng, 8, 18):
        space.stand(rng, made(rng, makers))
    for _ in some(rng, 3, 10):
        space.set_free(rng, _centred(made(rng, makers)), margin=0.35)
    for _ in some(rng, 1, 3):
        space.set_free(rng, tables.coffee_table(rng), margin=0.2)
    if chance(rng, 0.4):
        space.set_free(rng, tables.dining_table(rng), margin=0.2)
    walls(rng, space, (0, 5))
    litter(rng, space, 1, 6)


def classroom(rng: Rng, space: Space) -> None:
    """Furnish a class or meeting room."""
    for _ in some(rng, 2, 7):
        space.set_free(rng, tables.dining_table(rng, office=True), margin=0.1)
    for _ in some(rng, 1, 2):
        space.hang(rng, hangings.board(rng), (0.9, 1.1))
    makers = [storage.cupboard, storage.bookshelf, tables.desk, storage.filing, seats.chair]
    for _ in some(rng, 2, 5):
        space.stand(rng, made(rng, makers))
    walls(rng, space, (1, 7))
    litter(rng, space, 0, 4)


def passage(rng: Rng, space: Space) -> None:
    """Furnish a corridor, sparsely."""
    makers = [storage.bookshelf, storage.boxes, seats.chair, storage.filing, storage.cupboard]
    for _ in some(rng, 1, 4):
        space.stand(rng, made(rng, makers))
    if chance(rng, 0.5):
        space.hang(rng, hangings.coats(rng), (0.75, 0.95))
    if chance(rng, 0.4):
        space.hang(rng, hangings.notices(rng), (1.0, 1.3))
    walls(rng, space, (2, 8))
    litter(rng, space, 1, 3)


class Theme(NamedTuple):
    """A kind of room: its share, the ranges of its sides and height, and how it is furnished.

    What is left of its walls is filled, to a random degree, with the extras.
    """

    share: float
    width: Range
    depth: Range
    height: Range
    windows: tuple[int, int]
    ceilings: tuple[str, ...]
    furnish: Furnish
    extras: tuple[Maker, ...]
    wet: bool = False


FILLERS: tuple[Maker, ...] = (
    storage.bookshelf,
    storage.chest,
    storage.nightstand,
    storage.boxes,
    seats.chair,
    storage.cupboard,
    seats.ottoman,
    tables.desk,
)
WORK: tuple[Maker, ...] = (
    storage.bookshelf,
    storage.filing,
    storage.boxes,
    storage.rack,
    seats.office_chair,
    tables.desk,
)
GOODS: tuple[Maker, ...] = (storage.rack, storage.bookshelf, storage.garments, storage.boxes)
STORES: tuple[Maker, ...] = (
    storage.rack,
    storage.boxes,
    seats.stool,
    storage.cupboard,
    seats.chair,
)
SMALL: tuple[Maker, ...] = (storage.nightstand, storage.boxes, seats.stool, storage.chest)
HOME = ("dome", "dome", "hanging")
THEMES: dict[str, Theme] = {
    "bedroom": Theme(0.25, (3.1, 5.4), (3.4, 6.2), (2.35, 2.8), (0, 2), HOME, bedroom, FILLERS),
    "kitchen": Theme(
        0.18, (2.7, 5.2), (3.2, 6.4), (2.35, 2.8), (0, 2), HOME, kitchen, STORES, wet=True
    ),
    "living": Theme(0.16, (3.6, 6.5), (4.0, 7.5), (2.4, 3.0), (1, 3), HOME, living, FILLERS),
    "bathroom": Theme(
        0.1, (1.9, 3.2), (2.2, 3.8), (2.3, 2.7), (0, 1), ("dome",), bathroom, SMALL, wet=True
    ),
    "office": Theme(
        0.1, (3.0, 6.0), (3.4, 7.0), (2.5, 3.0), (0, 2), ("panels", "dome"), office, WORK
    ),
    "dining": Theme(0.08, (3.2, 5.5), (3.6, 6.5), (2.4, 3.0), (0, 3), HOME, dining, FILLERS),
    "shop": Theme(0.06, (4.0, 8.0), (5.0, 10.0), (2.6, 3.3), (0, 1), ("panels",), shop, GOODS),
    "classroom": Theme(
        0.04, (5.0, 8.0), (6.0, 9.5), (2.6, 3.2), (0, 3), ("panels",), classroom, WORK
    ),
    "passage": Theme(
        0.03, (1.5, 2.6), (5.0, 10.0), (2.4, 2.9), (0, 1), ("dome", "panels"), passage, SMALL
    ),
}


class Room(NamedTuple):
    """A furnished room."""

    kind: str
    space: Space
    lighting: Lighting


def random_room(rng: Rng) -> Room:
    """Return a room of a random kind."""
    names = list(THEMES)
    shares = [THEMES[name].share for name in names]
    kind = names[int(rng.choice(len(names), p=shares))]
    theme = THEMES[kind]
    width, depth = uniform(rng, *theme.width), uniform(rng, *theme.depth)
    notch = None
    if min(width, depth) > 3.4 and chance(rng, 0.3):
        notch = uniform(rng, 0.6, width - 2.4), uniform(rng, 0.6, depth - 2.4)
    space = Space(width, depth, uniform(rng, *theme.height), notch)
    shell.cut_openings(
        rng, space, windows=int(rng.integers(theme.windows[0], theme.windows[1] + 1))
    )
    ceiling = theme.ceilings[int(rng.integers(len(theme.ceilings)))]
    if kind != "passage" and chance(rng, 0.4 if not theme.wet else 0.25):
        rug(rng, space)
    theme.furnish(rng, space)
    around = sum(wall.length for wall in space.walls)
    for _ in range(int(around * uniform(rng, 0.2, 1.2))):
        space.stand(rng, theme.extras[int(rng.integers(len(theme.extras)))](rng), tries=12)
    for _ in range(int(around * uniform(rng, 0.0, 0.35))):
        space.hang(rng, hangings.painting(rng), (0.9, 1.7))
    litter(rng, space, 0, int(width * depth * uniform(rng, 0.1, 0.6)))
    lighting = shell.build(rng, space, wet=theme.wet, ceiling=ceiling)
    return Room(kind, space, lighting)
