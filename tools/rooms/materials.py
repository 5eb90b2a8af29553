"""What the parts are made of: each material's name, and its mitsuba BSDF built on demand."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import mitsuba as mi
import numpy as np

from rooms import prints
from rooms import textures as draw
from rooms.textures import F64, U8, Colour

Bsdf = dict[str, Any]
Maker = Callable[[np.random.Generator], Bsdf]

# Window panes: a depth camera measures nothing there, so their pixels carry no depth.
NO_DEPTH = frozenset({"view"})


def _spread(metres: float | None) -> Bsdf:
    if metres is None:
        return {}
    return {"to_uv": mi.ScalarTransform4f().scale([1 / metres, 1 / metres, 1])}


def _texture(image: U8, metres: float | None) -> Bsdf:
    """Return a texture that repeats every `metres`, or covers uv 0..1 once where that is None."""
    upright = np.ascontiguousarray(image[::-1])  # v grows upwards
    return {"type": "bitmap", "bitmap": mi.Bitmap(upright), **_spread(metres)}


def _rgb(colour: Colour) -> Bsdf:
    """Return an sRGB colour (0..255) as linear reflectance."""
    value = np.array(colour) / 255.0
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return {"type": "rgb", "value": [float(v) for v in linear]}


def _coat(base: Bsdf, roughness: float, specular: float = 0.5) -> Bsdf:
    """Return a varnished, painted or plastic surface, seen from both sides."""
    inner = {
        "type": "principled",
        "base_color": base,
        "roughness": roughness,
        "specular": specular,
    }
    return {"type": "twosided", "bsdf": inner}


def _matte(base: Bsdf) -> Bsdf:
    return {"type": "twosided", "bsdf": {"type": "diffuse", "reflectance": base}}


def _bumped(surface: Bsdf, height: F64, metres: float, depth: float) -> Bsdf:
    """Return the surface with relief: `height` 0..1 stands for `depth` metres."""
    bitmap = mi.Bitmap(height.astype(np.float32)[..., None])
    relief = {"type": "bitmap", "bitmap": bitmap, "raw": True, **_spread(metres)}
    bump = {"type": "bumpmap", "relief": relief, "scale": depth, "bsdf": surface["bsdf"]}
    return {"type": "twosided", "bsdf": bump}


def _metal(colour: Colour, roughness: float) -> Bsdf:
    inner = {
        "type": "principled",
        "base_color": _rgb(colour),
        "roughness": roughness,
        "metallic": 1.0,
    }
    return {"type": "twosided", "bsdf": inner}


def _wood(colours: list[Colour], roughness: float = 0.38, metres: float = 0.7) -> Maker:
    return lambda rng: _coat(_texture(draw.wood(rng, colours), metres), roughness, 0.4)


def _planks(colours: list[Colour], roughness: float) -> Maker:
    def make(rng: np.random.Generator) -> Bsdf:
        image, height = draw.planks(rng, colours)
        return _bumped(_coat(_texture(image, 2.1), roughness, 0.4), height, 2.1, 0.0015)

    return make


def _tiles(metres: float, depth: float, roughness: float, **options: Any) -> Maker:
    def make(rng: np.random.Generator) -> Bsdf:
        image, height = draw.tiles(rng, **options)
        return _bumped(_coat(_texture(image, metres), roughness), height, metres, depth)

    return make


def _carpet(*colours: Colour) -> Maker:
    def make(rng: np.random.Generator) -> Bsdf:
        image, height = draw.carpet(rng, colours)
        return _bumped(_matte(_texture(image, 0.8)), height, 0.8, 0.004)

    return make


def _plaster(colour: Colour) -> Maker:
    def make(rng: np.random.Generator) -> Bsdf:
        image, height = draw.plaster(rng, colour)
        return _bumped(_matte(_texture(image, 2.5)), height, 2.5, 0.0012)

    return make


def _fabric(colour: Colour, metres: float = 0.25) -> Maker:
    return lambda rng: _matte(_texture(draw.fabric(rng, colour), metres))


def _print(image: Callable[[np.random.Generator], U8], roughness: float = 0.5) -> Maker:
    return lambda rng: _coat(_texture(image(rng), None), roughness, 0.3)


def _paint(colour: Colour, roughness: float = 0.35) -> Maker:
    return lambda _: _coat(_rgb(colour), roughness)


WARM: list[Colour] = [(196, 172, 132), (206, 120, 70), (60, 84, 96), (226, 204, 150), (120, 48, 40)]
COOL: list[Colour] = [(206, 210, 208), (58, 92, 128), (226, 226, 220), (36, 50, 66), (214, 158, 84)]

MATERIALS: dict[str, Maker] = {
    "oak_floor": _planks(draw.OAK, 0.42),
    "walnut": _wood(draw.WALNUT),
    "oak": _wood(draw.OAK, 0.42),
    "pine": _wood(draw.PINE, 0.45),
    "cherry": _wood(draw.CHERRY, 0.3),
    "ash": _wood(draw.ASH, 0.45),
    "stone_floor": _tiles(
        1.6, 0.003, 0.3, colours=[(148, 132, 112), (178, 160, 136), (198, 182, 158)],
        grout=(124, 116, 104), joint=4,
    ),
    "splash_tiles": _tiles(
        0.6, 0.003, 0.15, colours=[(204, 210, 204), (222, 226, 220), (232, 234, 228)],
        grout=(186, 184, 176), count=(8, 4), joint=4, staggered=True,
    ),
    "grey_carpet": _carpet((74, 76, 82), (118, 118, 120), (166, 164, 160)),
    "cream_wall": _plaster((224, 212, 188)),
    "blue_wall": _plaster((158, 176, 190)),
    "yellow_wall": _plaster((230, 214, 166)),
    "ceiling": _plaster((238, 237, 233)),
    "white_paint": _paint((232, 230, 224)),
    "cream_paint": _paint((222, 212, 190)),
    "teal_paint": _paint((70, 104, 104)),
    "black_paint": _paint((36, 36, 38), 0.4),
    "grey_plastic": _paint((112, 114, 116), 0.45),
    "dark_plastic": _paint((44, 45, 48), 0.4),
    "white_plastic": _paint((226, 226, 222), 0.3),
    "red_glaze": _paint((150, 42, 34), 0.12),
    "blue_glaze": _paint((46, 84, 122), 0.12),
    "white_glaze": _paint((230, 228, 220), 0.1),
    "green_glaze": _paint((72, 104, 78), 0.15),
    "terracotta": _paint((172, 96, 64), 0.7),
    "soil": _paint((52, 40, 30), 0.9),
    "orange": _paint((222, 128, 36), 0.45),
    "apple": _paint((150, 44, 36), 0.3),
    "lemon": _paint((222, 192, 62), 0.4),
    "black_glass": _paint((14, 14, 16), 0.06),
    "card": lambda rng: _matte(_texture(draw.fabric(rng, (178, 138, 96), threads=24), 0.5)),
    "tape": _paint((196, 170, 128), 0.25),
    "paper": _paint((236, 234, 226), 0.8),
    "steel": lambda _: _metal((206, 207, 208), 0.36),
    "chrome": lambda _: _metal((214, 216, 218), 0.1),
    "brass": lambda _: _metal((196, 160, 92), 0.25),
    "stem": _paint((92, 84, 48), 0.7),
    "leaf": lambda rng: _coat(_texture(draw.leaf(rng, (34, 66, 30), (94, 132, 70)), None), 0.4),
    "palm": lambda rng: _coat(_texture(draw.leaf(rng, (52, 84, 40), (122, 150, 80)), None), 0.45),
    "sofa_fabric": _fabric((106, 114, 122)),
    "armchair_fabric": _fabric((170, 104, 62)),
    "linen": _fabric((206, 194, 170)),
    "mustard": _fabric((196, 150, 62)),
    "teal_fabric": _fabric((62, 108, 112)),
    "office_fabric": _fabric((72, 84, 104), 0.15),
    "curtain": _fabric((204, 178, 136), 0.3),
    "towel": lambda rng: _matte(_texture(draw.stripes(rng, [(226, 222, 212), (168, 60, 52)]), 0.3)),
    "throw": lambda rng: _matte(
        _texture(draw.stripes(rng, [(196, 180, 150), (120, 70, 52), (214, 204, 184)]), 0.4)
    ),
    "rug": _print(
        lambda rng: draw.rug(
            rng, [(150, 52, 44), (38, 46, 72), (206, 184, 142), (86, 34, 34), (120, 112, 84)]
        ), 0.95,
    ),
    "worktop": lambda rng: _coat(
        _texture(draw.stone(rng, [(52, 50, 50), (92, 88, 86), (140, 134, 128)]), 0.5), 0.15
    ),
    "landscape": _print(prints.landscape),
    "lake": _print(prints.landscape),
    "abstract_warm": _print(lambda rng: prints.abstract(rng, WARM)),
    "abstract_cool": _print(lambda rng: prints.abstract(rng, COOL)),
    "botanical": _print(prints.botanical),
    "botanical_2": _print(prints.botanical),
    "books": lambda rng: _coat(_texture(prints.spines(rng), None), 0.5, 0.3),
    "pages": _paint((222, 212, 188), 0.9),
    "letter": _print(lambda rng: prints.text(rng, (238, 236, 230), [(60, 62, 70)]), 0.8),
    "clock_face": _print(lambda _: prints.clock_face(), 0.3),
    "whiteboard": _print(prints.whiteboard, 0.2),
}  # fmt: skip

# Surfaces that shine: linear RGB radiance, or a picture scaled by a radiance.
LIGHTS: dict[str, tuple[tuple[float, float, float], Callable[[np.random.Generator], U8] | None]] = {
    "view": ((9.0, 9.6, 10.4), prints.outdoors),
    "shade": ((5.6, 3.8, 2.1), None),
    "globe": ((26.0, 19.5, 12.5), None),
    "bulb": ((70.0, 52.0, 32.0), None),
    "strip": ((26.0, 25.0, 23.0), None),
    "screen": ((0.9, 0.9, 0.95), prints.screen),
}


def surface(name: str) -> Bsdf:
    """Return the material's or light's part of a mitsuba shape, the same on every run."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if name not in LIGHTS:
        return {"bsdf": MATERIALS[name](rng)}
    radiance, image = LIGHTS[name]
    emitted: Bsdf = {"type": "rgb", "value": list(radiance)}
    if image is not None:
        value = image(rng)[::-1].astype(np.float32) / 255
        emitted = {
            "type": "bitmap",
            "bitmap": mi.Bitmap(value**2.2 * np.array(radiance, np.float32)),
            "raw": True,
        }
    return {
        "bsdf": {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.1}},
        "emitter": {"type": "area", "radiance": emitted},
    }
