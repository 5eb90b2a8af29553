"""Kitchen runs: base cabinets of 0.86-0.94 m with a worktop, wall cabinets, machines."""

from __future__ import annotations

from random_rooms import looks
from random_rooms.clutter import KITCHEN, case, scatter
from random_rooms.parts import Look, Piece, Rng, Top, chance, uniform


class Style:
    """What the cabinets of one kitchen have in common."""

    def __init__(self, rng: Rng) -> None:
        """Choose fronts, worktop, handles and heights."""
        self.body = looks.wood(rng)
        tone = self.body.b
        paned = looks.tinted(rng, "paned", tone)
        self.front: Look = paned if chance(rng, 0.4) else self.body
        self.top = looks.wood(rng) if chance(rng, 0.2) else looks.stone(rng)
        self.handle = looks.metal(rng)
        self.high = uniform(rng, 0.86, 0.94)
        self.deep = uniform(rng, 0.58, 0.65)
        white = chance(rng, 0.55)
        machine = looks.plain(rng, (0.9, 0.9, 0.9), gloss=0.4)
        self.machine = machine if white else looks.metal(rng)
        self.splash = looks.tiles(rng, (0.08, 0.2))


def _fronts(
    piece: Piece, style: Style, x: tuple[float, float], z: tuple[float, float], y: float
) -> None:
    """Add doors that fill a rectangle, their middles at y."""
    (x0, x1), (z0, z1) = x, z
    count = max(1, round((x1 - x0) / 0.45))
    for k in range(count):
        at_x = x0 + (k + 0.5) * (x1 - x0) / count
        piece.box((at_x, y, z0), ((x1 - x0) / count - 0.008, 0.02, z1 - z0), style.front)
        side = 1 if k % 2 == 0 else -1
        at = (at_x + side * (0.5 * (x1 - x0) / count - 0.05), y + 0.02, z0 + (z1 - z0) * 0.6)
        piece.box(at, (0.014, 0.03, min(0.12, (z1 - z0) * 0.3)), style.handle)


def counter(rng: Rng, style: Style, width: float, ceiling: float) -> Piece:
    """Return a run of cabinets with sink, hob or machines, and cabinets on the wall above."""
    d, h = style.deep, style.high
    out = Piece(width, d, h)
    out.box((0, d / 2 - 0.03, 0), (width, d - 0.1, 0.1), looks.plain(rng, (0.1, 0.1, 0.1)))
    out.box((0, d / 2 - 0.02, 0.1), (width, d - 0.05, h - 0.14), style.body)
    out.box((0, d / 2, h - 0.04), (width, d + 0.02, 0.04), style.top)
    out.box((0, 0.006, h), (width, 0.012, uniform(rng, 0.1, 0.55)), style.splash)
    x = -width / 2
    free: list[tuple[float, float]] = []
    extras = ["sink", "stove", "washer"]
    while x < width / 2 - 0.1:
        left = width / 2 - x
        kind = str(rng.choice(extras)) if extras and left > 0.6 and chance(rng, 0.45) else "plain"
        step = 0.6 if kind != "plain" else min(left, uniform(rng, 0.4, 1.0))
        if kind in extras:
            extras.remove(kind)
        _unit(rng, out, style, kind, (x, x + step))
        if kind in {"plain", "washer"}:
            free.append((x, x + step))
        x += step
    for x0, x1 in free:
        scatter(rng, out, Top(x0, x1, 0.05, d, h, 0.42), KITCHEN, uniform(rng, 0.2, 0.9))
        if x1 - x0 > 0.5 and chance(rng, 0.3):
            out.include(_appliance(rng), ((x0 + x1) / 2, d * 0.4, h))
    if chance(rng, 0.75):
        _uppers(rng, out, style, width, ceiling)
    return out


def _unit(rng: Rng, out: Piece, style: Style, kind: str, x: tuple[float, float]) -> None:
    """Add one cabinet or machine of a run from x[0] to x[1]."""
    d, h = style.deep, style.high
    middle = (x[0] + x[1]) / 2
    if kind == "sink":
        _sink(rng, out, middle, d, h)
    if kind == "stove":
        _stove(rng, out, style, middle)
    if kind == "washer":
        front = looks.tinted(rng, "front", style.machine.a)
        out.box((middle, d / 2, 0.08), (0.595, d - 0.01, h - 0.13), front)
    if kind in {"plain", "sink"}:
        low, width = h - 0.22, x[1] - x[0]
        _fronts(out, style, x, (0.12, low), d - 0.045)
        out.box((middle, d - 0.045, low + 0.01), (width - 0.008, 0.02, 0.15), style.front)
        out.box((middle, d - 0.025, low + 0.08), (0.12, 0.03, 0.014), style.handle)


def _sink(rng: Rng, out: Piece, x: float, d: float, h: float) -> None:
    steel = looks.metal(rng)._replace(gloss=0.5)
    dark = looks.plain(rng, (0.25, 0.25, 0.26), gloss=0.5)
    out.box((x, d / 2, h), (0.56, 0.46, 0.006), steel)
    out.box((x, d / 2 + 0.03, h + 0.002), (0.46, 0.34, 0.006), dark)
    out.put("cylinder", (x, 0.1, h), (0.03, 0.03, 0.24), steel)
    out.box((x, 0.2, h + 0.22), (0.024, 0.22, 0.024), steel)
    if chance(rng, 0.6):
        scatter(rng, out, Top(x - 0.25, x + 0.25, 0.15, d - 0.05, h, 0.3), KITCHEN, 0.5)


def _stove(rng: Rng, out: Piece, style: Style, x: float) -> None:
    d, h = style.deep, style.high
    out.box(
        (x, d / 2 + 0.01, 0.02),
        (0.6, d, h - 0.02),
        looks.tinted(rng, "front", style.machine.a, 0.4),
    )
    dark = looks.plain(rng, (0.04, 0.04, 0.04), gloss=0.5)
    out.box((x, d / 2, h), (0.58, 0.52, 0.008), dark)
    for sx in (-0.14, 0.14):
        for sy in (-0.12, 0.12):
            out.put("cylinder", (x + sx, d / 2 + sy, h), (0.18, 0.18, 0.02), looks.metal(rng))
    if chance(rng, 0.5):
        out.box((x, 0.04, h), (0.6, 0.07, 0.16), looks.tinted(rng, "front", style.machine.a))
    scatter(rng, out, Top(x - 0.25, x + 0.25, 0.08, d - 0.06, h + 0.02, 0.3), KITCHEN, 0.35)


def _appliance(rng: Rng) -> Piece:
    """Return a microwave, a toaster or a coffee maker."""
    pick = rng.random()
    if pick < 0.5:
        out = Piece(0.5, 0.38, 0.3)
        out.box(
            (0, 0, 0),
            (uniform(rng, 0.45, 0.53), 0.36, 0.29),
            looks.tinted(rng, "front", looks.lacquer(rng).a),
        )
    elif pick < 0.75:
        out = Piece(0.28, 0.18, 0.2)
        out.put("soft", (0, 0, 0), (0.28, 0.17, 0.2), looks.metal(rng))
    else:
        out = Piece(0.2, 0.28, 0.35)
        dark = looks.lacquer(rng)
        out.box((0, 0, 0), (0.19, 0.26, 0.04), dark)
        out.box((0, -0.08, 0), (0.19, 0.1, 0.34), dark)
        out.box((0, 0, 0.26), (0.19, 0.26, 0.09), dark)
        out.put("cylinder", (0, 0.05, 0.04), (0.13, 0.13, 0.15), looks.metal(rng))
    return out


def _uppers(rng: Rng, out: Piece, style: Style, width: float, ceiling: float) -> None:
    """Add wall cabinets, 0.45-0.55 m above the worktop, 0.3-0.36 m deep."""
    z0 = style.high + uniform(rng, 0.45, 0.55)
    z1 = min(ceiling - 0.05, z0 + uniform(rng, 0.6, 0.95))
    if z1 - z0 < 0.3:
        return
    d = uniform(rng, 0.3, 0.36)
    x0, x1 = -width / 2, width / 2
    if width > 1.8 and chance(rng, 0.5):
        cut = uniform(rng, 0.5, 0.7) * width
        x0, x1 = (x0, x0 + cut) if chance(rng, 0.5) else (x1 - cut, x1)
    out.box(((x0 + x1) / 2, d / 2, z0), (x1 - x0, d - 0.02, z1 - z0), style.body)
    _fronts(out, style, (x0, x1), (z0 + 0.005, z1 - 0.005), d - 0.01)
    if z1 < ceiling - 0.35:
        scatter(rng, out, Top(x0, x1, 0.04, d, z1, 0.3), [case], 0.2)


def fridge(rng: Rng, style: Style) -> Piece:
    """Return a refrigerator: 0.6-0.9 m wide, 0.62-0.75 m deep, 1.5-1.85 m high."""
    w, d, h = uniform(rng, 0.6, 0.9), uniform(rng, 0.62, 0.75), uniform(rng, 1.5, 1.85)
    out = Piece(w, d, h)
    look = style.machine
    out.box((0, d / 2 - 0.03, 0), (w, d - 0.07, h), look)
    split = h * (0.68 if chance(rng, 0.6) else 0.35)
    for z0, z1 in ((0.04, split), (split + 0.01, h)):
        out.put("box", (0, d - 0.035, z0), (w, 0.06, z1 - z0), look)
        out.box(
            (-w / 2 + 0.06, d + 0.01, z0 + (z1 - z0) * 0.3),
            (0.025, 0.04, (z1 - z0) * 0.4),
            style.handle,
        )
    for _ in range(int(rng.integers(0, 9))):
        at = (uniform(rng, -0.4, 0.4) * w, d - 0.002, uniform(rng, 0.9, h - 0.25))
        kind = ("poster", "face", "label")[int(rng.integers(3))]
        out.box(
            at, (uniform(rng, 0.06, 0.21), 0.006, uniform(rng, 0.06, 0.25)), looks.shown(rng, kind)
        )
    if chance(rng, 0.6):
        scatter(rng, out, Top(-w / 2, w / 2, 0.1, d - 0.1, h, 0.4), [*KITCHEN, case], 0.5)
    return out


def island(rng: Rng, style: Style) -> Piece:
    """Return a kitchen island; the origin is in its middle."""
    w, d = uniform(rng, 1.0, 2.0), uniform(rng, 0.65, 0.95)
    out = Piece(w + 0.2, d + 0.2, style.high)
    out.box((0, 0, 0), (w - 0.06, d - 0.1, style.high - 0.04), style.body)
    _fronts(out, style, (-w / 2 + 0.03, w / 2 - 0.03), (0.12, style.high - 0.06), d / 2 - 0.05)
    out.box((0, 0, style.high - 0.04), (w, d, 0.04), style.top)
    scatter(rng, out, Top(-w / 2, w / 2, -d / 2, d / 2, style.high, 0.5), KITCHEN, 0.4)
    return out
