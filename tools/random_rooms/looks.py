"""Random surfaces: what wood, paint, cloth, tiles and the like may look like."""

from __future__ import annotations

import colorsys

from random_rooms.bank import layer
from random_rooms.parts import ON_FRONT, ON_TOP, TILED, Colour, Look, Rng, chance, uniform

WHITE: Colour = (0.9, 0.9, 0.88)
WOODS: list[tuple[Colour, Colour]] = [
    ((0.46, 0.30, 0.17), (0.70, 0.51, 0.33)),
    ((0.20, 0.12, 0.07), (0.42, 0.27, 0.17)),
    ((0.64, 0.45, 0.26), (0.86, 0.71, 0.50)),
    ((0.34, 0.15, 0.08), (0.58, 0.34, 0.20)),
    ((0.60, 0.52, 0.42), (0.80, 0.73, 0.63)),
    ((0.09, 0.07, 0.06), (0.20, 0.15, 0.12)),
    ((0.52, 0.33, 0.13), (0.74, 0.52, 0.26)),
]


def colour(
    rng: Rng, saturation: tuple[float, float], value: tuple[float, float], warm: float = 0.55
) -> Colour:
    """Return a colour of any hue, a share of them warm."""
    hue = uniform(rng, 0.02, 0.16) if chance(rng, warm) else uniform(rng, 0, 1)
    return colorsys.hsv_to_rgb(hue, uniform(rng, *saturation), uniform(rng, *value))


def darker(tone: Colour, by: float) -> Colour:
    """Return a colour times a number."""
    return (tone[0] * by, tone[1] * by, tone[2] * by)


def wood(rng: Rng) -> Look:
    """Return furniture wood, sometimes painted white or black."""
    if chance(rng, 0.15):
        return lacquer(rng)
    a, b = WOODS[int(rng.integers(len(WOODS)))]
    by = uniform(rng, 0.8, 1.2)
    scale = uniform(rng, 0.4, 0.9)
    a, b = darker(a, by), darker(b, by)
    return Look(layer(rng, "wood"), TILED, scale, a, b, a, gloss=uniform(rng, 0, 0.2))


def lacquer(rng: Rng) -> Look:
    """Return painted wood or plastic: mostly white, else black, grey or coloured."""
    pick = rng.random()
    if pick < 0.5:
        tone = colour(rng, (0, 0.12), (0.78, 0.95))
    elif pick < 0.7:
        tone = colour(rng, (0, 0.2), (0.05, 0.3))
    else:
        tone = colour(rng, (0.15, 0.65), (0.2, 0.75))
    return plain(rng, tone, gloss=uniform(rng, 0.05, 0.3))


def plain(rng: Rng, tone: Colour, gloss: float = 0.1, glow: float = 0.0) -> Look:
    """Return one colour, hardly uneven."""
    by = darker(tone, uniform(rng, 0.92, 0.99))
    return Look(layer(rng, "plaster"), TILED, 1.0, tone, by, tone, gloss, glow)


def metal(rng: Rng) -> Look:
    """Return chrome, steel or black metal."""
    value = uniform(rng, 0.08, 0.2) if chance(rng, 0.3) else uniform(rng, 0.5, 0.75)
    return plain(rng, colour(rng, (0, 0.06), (value, value)), gloss=0.7)


def ceramic(rng: Rng) -> Look:
    """Return the white of toilets and basins."""
    return plain(rng, colour(rng, (0, 0.07), (0.85, 0.97)), gloss=0.6)


def cloth(rng: Rng, patterned: float = 0.35) -> Look:
    """Return fabric: plain, striped, checked, dotted or with flowers."""
    pale = chance(rng, 0.4)
    a = colour(rng, (0.0, 0.3), (0.6, 0.95)) if pale else colour(rng, (0.1, 0.75), (0.08, 0.7))
    if not chance(rng, patterned):
        return Look(layer(rng, "fabric"), TILED, 0.3, a, darker(a, 0.8), a, 0.0)
    kind = ("stripes", "plaid", "dots", "floral", "damask")[int(rng.integers(5))]
    b, c = (colour(rng, (0.05, 0.8), (0.2, 0.95)) for _ in range(2))
    return Look(layer(rng, kind), TILED, uniform(rng, 0.15, 0.8), a, b, c, 0.0)


def leather(rng: Rng) -> Look:
    """Return leather."""
    a = colour(rng, (0.0, 0.6), (0.06, 0.5))
    return Look(layer(rng, "plaster"), TILED, 0.3, a, darker(a, 0.8), a, 0.25)


def stone(rng: Rng) -> Look:
    """Return worktop stone or laminate."""
    kind = "marble" if chance(rng, 0.3) else "speckle"
    a = colour(rng, (0.0, 0.35), (0.1, 0.85))
    b, c = darker(a, uniform(rng, 0.5, 1.1)), colour(rng, (0, 0.3), (0.1, 0.9))
    return Look(layer(rng, kind), TILED, uniform(rng, 0.3, 0.8), a, b, c, uniform(rng, 0.1, 0.4))


def tiles(rng: Rng, size: tuple[float, float]) -> Look:
    """Return tiles whose sides are between two sizes, m."""
    a = (
        colour(rng, (0.0, 0.3), (0.5, 0.95))
        if chance(rng, 0.7)
        else colour(rng, (0, 0.7), (0.1, 0.6))
    )
    b = darker(a, uniform(rng, 0.6, 1.0))
    grout = colour(rng, (0, 0.1), (0.35, 0.9))
    scale = 4 * uniform(rng, *size)
    return Look(layer(rng, "tiles"), TILED, scale, a, b, grout, uniform(rng, 0.05, 0.4))


def floor(rng: Rng, wet: bool) -> Look:
    """Return a floor: tiles in wet rooms, else boards, carpet, tiles or lino."""
    pick = rng.random()
    if wet or pick < 0.15:
        if chance(rng, 0.25):
            return stone(rng)._replace(scale=1.5)
        return tiles(rng, (0.1, 0.45))
    if pick < 0.55:
        a, b = WOODS[int(rng.integers(len(WOODS)))]
        look = Look(layer(rng, "planks"), TILED, 1.0, a, b, darker(a, 0.5), uniform(rng, 0, 0.3))
        return look._replace(scale=uniform(rng, 0.6, 1.4))
    a = colour(rng, (0.0, 0.35), (0.15, 0.75))
    return Look(layer(rng, "carpet"), TILED, uniform(rng, 0.5, 1.2), a, darker(a, 0.72), a, 0.0)


def wall(rng: Rng, wet: bool) -> Look:
    """Return a wall: paint most often, else wallpaper, tiles, panelling or brick."""
    pick = rng.random()
    if wet and pick < 0.4:
        return tiles(rng, (0.08, 0.25))
    a = colour(rng, (0.0, 0.14), (0.75, 0.97), warm=0.8)  # most walls are white, cream or beige
    if chance(rng, 0.35):
        a = colour(rng, (0.1, 0.35), (0.5, 0.9), warm=0.75)
    if chance(rng, 0.08):
        a = colour(rng, (0.3, 0.65), (0.25, 0.75))
    if pick > 0.97:
        rough = colour(rng, (0.1, 0.6), (0.4, 0.7))
        return Look(layer(rng, "brick"), TILED, 0.5, rough, darker(rough, 0.6), WHITE, 0.0)
    if pick > 0.94:
        return wood(rng)
    if pick > 0.86:
        kind = ("stripes", "floral", "damask", "dots")[int(rng.integers(4))]
        b = darker(a, uniform(rng, 0.7, 1.1))
        c = colour(rng, (0.1, 0.6), (0.3, 0.9))
        return Look(layer(rng, kind), TILED, uniform(rng, 0.25, 0.9), a, b, c, 0.0)
    return Look(layer(rng, "plaster"), TILED, uniform(rng, 1, 3), a, darker(a, 0.94), a, 0.02)


def shown(
    rng: Rng, kind: str, *, edge: Colour = WHITE, tint: float = 1.0, glow: float = 0.0
) -> Look:
    """Return a picture of the bank on the front of a part."""
    tone = (tint, tint, tint)
    return Look(layer(rng, kind), ON_FRONT, 1.0, tone, edge, edge, 0.1, glow)


def tinted(rng: Rng, kind: str, tone: Colour, gloss: float = 0.1) -> Look:
    """Return a nearly white picture of the bank in a colour, the other sides in it too."""
    return Look(layer(rng, kind), ON_FRONT, 1.0, tone, tone, tone, gloss)


def spread(rng: Rng, kind: str, edge: Colour = WHITE) -> Look:
    """Return a picture of the bank on the top of a part."""
    return Look(layer(rng, kind), ON_TOP, 1.0, (1, 1, 1), edge, edge, 0.0)
