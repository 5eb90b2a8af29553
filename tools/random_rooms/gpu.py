"""Draw rooms with OpenGL, without a display; a software driver will do."""

from __future__ import annotations

from typing import Any, NamedTuple

import moderngl
import numpy as np
from numpy.typing import NDArray

from fastdepth.camera import Intrinsics
from random_rooms import shaders
from random_rooms.bank import SIZE, pictures
from random_rooms.lamps import Lighting, perspective, rigid, shadow_matrix
from random_rooms.parts import F64, Item
from random_rooms.shapes import SHAPES, meshes
from random_rooms.view import Pose

F32 = NDArray[np.float32]
SHADOW_SIZE = 768
_HEADLESS: dict[str, Any] = {"standalone": True, "backend": "egl"}
_ROWS = "4f 4f 4f 4f 4f 4f 4f /i"
_NAMES = ("row_x", "row_y", "row_z", "colour_a", "colour_b", "colour_c", "texture_of")


class Shot(NamedTuple):
    """A frame: linear light H x W x 3 (oversampled) and depth along the axis H x W (m)."""

    light: F32
    depth: F32


class Glance(NamedTuple):
    """A small look: depth (m, 0 for nothing) and the number of the item seen, h x w each."""

    depth: F32
    item: F32


def rows_of(items: list[Item]) -> F32:
    """Return what the shaders want to know of items, N x 28."""
    out = np.zeros((len(items), 28), np.float32)
    for row, (_, matrix, look) in zip(out, items, strict=True):
        row[:12] = matrix.reshape(-1)
        row[12:15], row[15] = look.a, look.gloss
        row[16:19], row[19] = look.b, look.glow
        row[20:23] = look.c
        seed = float(np.abs(matrix[:, 3]).sum() * 7.13 % 1.0)
        row[24:28] = look.layer, look.mode, look.scale, seed
    for first in (12, 16, 20):
        out[:, first : first + 3] = np.clip(out[:, first : first + 3], 0, 1) ** 2.2
    return out


def _set(program: moderngl.Program, name: str, values: F64) -> None:
    """Set a uniform; matrices are given as OpenGL has them, column after column."""
    member = program[name]
    if not isinstance(member, moderngl.Uniform):
        text = f"{name} is not a uniform"
        raise TypeError(text)
    member.write(values.astype(np.float32).tobytes())


class Renderer:
    """Draws one room after the other through one lens."""

    def __init__(self, lens: Intrinsics, *, oversample: int = 2) -> None:
        """Compile the programs and upload the meshes and the textures."""
        self.lens = lens
        self._gl = gl = moderngl.create_context(**_HEADLESS)
        gl.enable(moderngl.DEPTH_TEST)
        vertex = shaders.SURFACE_VERTEX
        self._programs = {
            name: gl.program(vertex_shader=vertex, fragment_shader=fragment)
            for name, fragment in (
                ("surface", shaders.SURFACE_FRAGMENT),
                ("depth", shaders.DEPTH_FRAGMENT),
                ("shadow", shaders.SHADOW_FRAGMENT),
            )
        }
        self._shade = gl.program(
            vertex_shader=shaders.SHADE_VERTEX, fragment_shader=shaders.SHADE_FRAGMENT
        )
        corners = np.array([[-1, -1], [3, -1], [-1, 3]], np.float32)
        self._all = gl.vertex_array(self._shade, [(gl.buffer(corners.tobytes()), "2f", "corner")])
        layers = pictures()
        self._bank = gl.texture_array((SIZE, SIZE, len(layers)), 3, layers.tobytes(), alignment=1)
        self._bank.build_mipmaps()
        self._bank.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        size = (lens.width * oversample, lens.height * oversample)
        self._surfaces = [
            gl.texture(size, 4, dtype="f1"),
            gl.texture(size, 4, dtype="f2"),
            gl.texture(size, 1, dtype="f4"),
        ]
        self._buffers = gl.framebuffer(self._surfaces, gl.depth_renderbuffer(size))
        self._seen = gl.framebuffer([gl.texture(size, 4, dtype="f2")])
        self._shadows = [gl.depth_texture((SHADOW_SIZE,) * 2) for _ in range(shaders.SHADOWS)]
        for texture in self._shadows:
            texture.compare_func = "<="
            texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._shadow_targets = [gl.framebuffer([], texture) for texture in self._shadows]
        self._small: dict[tuple[int, int], moderngl.Framebuffer] = {}
        self._meshes = {name: gl.buffer(mesh.tobytes()) for name, mesh in meshes().items()}
        self._drawn: list[tuple[dict[str, moderngl.VertexArray], int, int]] = []
        self._instances: list[moderngl.Buffer] = []
        self._lighting: Lighting | None = None

    def load(self, items: list[Item], lighting: Lighting) -> list[Item]:
        """Take over a room and draw its shadows.

        Returns:
            The items in the order of their numbers in a glance.

        """
        for arrays, _, _ in self._drawn:
            for array in arrays.values():
                array.release()
        for buffer in self._instances:
            buffer.release()
        self._drawn, self._instances = [], []
        ordered: list[Item] = []
        for shape in SHAPES:
            chosen = [item for item in items if item.shape == shape]
            if not chosen:
                continue
            rows = self._gl.buffer(rows_of(chosen).tobytes())
            content = [(self._meshes[shape], "3f 3f", "point", "normal"), (rows, _ROWS, *_NAMES)]
            arrays = {
                name: self._gl.vertex_array(program, content, skip_errors=True)
                for name, program in self._programs.items()
            }
            self._drawn.append((arrays, len(ordered), len(chosen)))
            self._instances.append(rows)
            ordered += chosen
        self._lighting = lighting
        self._draw_shadows(lighting)
        return ordered

    def shoot(self, where: Pose) -> Shot:
        """Draw the loaded room in full."""
        if self._lighting is None:
            text = "no room is loaded"
            raise RuntimeError(text)
        self._buffers.use()
        self._buffers.clear()
        self._aim("surface", self.lens, where)
        self._bank.use(0)
        self._draw("surface")
        self._seen.use()
        self._gl.disable(moderngl.DEPTH_TEST)
        self._light(where, self._lighting)
        self._all.render(vertices=3)
        self._gl.enable(moderngl.DEPTH_TEST)
        width, height = self._seen.size
        raw = np.frombuffer(self._seen.read(components=3, dtype="f2", alignment=1), np.float16)
        light = raw.reshape(height, width, 3).astype(np.float32)
        return Shot(light, self.glance(where, self.lens).depth)

    def glance(self, where: Pose, lens: Intrinsics) -> Glance:
        """Draw only what is where, at the centres of a lens's pixels."""
        size = (lens.width, lens.height)
        if size not in self._small:
            self._small[size] = self._gl.framebuffer(
                [self._gl.texture(size, 2, dtype="f4")], self._gl.depth_renderbuffer(size)
            )
        target = self._small[size]
        target.use()
        target.clear()
        self._aim("depth", lens, where)
        self._draw("depth")
        raw = np.frombuffer(target.read(components=2, dtype="f4"), np.float32)
        both = raw.reshape(lens.height, lens.width, 2)
        return Glance(both[..., 0].copy(), both[..., 1].copy())

    def _draw(self, name: str) -> None:
        for arrays, first, count in self._drawn:
            if name == "depth":
                self._programs[name]["first"] = first
            arrays[name].render(instances=count)

    def _aim(self, name: str, lens: Intrinsics, where: Pose) -> None:
        program = self._programs[name]
        half_w, half_h = lens.width / 2, lens.height / 2
        px, py = (lens.cx + 0.5) / half_w - 1, (lens.cy + 0.5) / half_h - 1
        to_camera = rigid(where.eye, where.axes)
        clip = perspective(lens.fx / half_w, lens.fy / half_h, px, py) @ to_camera
        _set(program, "to_clip", clip.T)
        _set(program, "to_depth", to_camera[2])

    def _draw_shadows(self, lighting: Lighting) -> None:
        program = self._programs["shadow"]
        self._gl.polygon_offset = 2.0, 4.0
        for target, lamp in zip(self._shadow_targets, lighting.lamps, strict=False):
            target.use()
            target.clear()
            clip = shadow_matrix(lamp).T
            _set(program, "to_clip", clip)
            self._draw("shadow")
        self._gl.polygon_offset = 0.0, 0.0

    def _light(self, where: Pose, lighting: Lighting) -> None:
        program, lens = self._shade, self.lens
        scale = self._seen.size[0] / lens.width
        units = [*self._surfaces, *self._shadows]
        names = ["albedo", "facing", "distance", "shadow0", "shadow1", "shadow2"]
        for unit, (name, texture) in enumerate(zip(names, units, strict=True)):
            texture.use(unit)
            program[name] = unit
        camera = (lens.fx, lens.fy, lens.cx + 0.5, lens.cy + 0.5)
        program["camera"] = tuple(k * scale for k in camera)
        program["eye"] = tuple(where.eye)
        _set(program, "axes", where.axes.T)
        blank = np.zeros(4)
        lamps = [*lighting.lamps, *[None] * shaders.LIGHTS][: shaders.LIGHTS]
        at = [blank if k is None else np.array([*k.position, k.size]) for k in lamps]
        power = [blank[:3] if k is None else k.power for k in lamps]
        beam = [blank[:3] if k is None else k.beam for k in lamps]
        for name, values in (("lamp", at), ("light", power), ("beam", beam)):
            _set(program, name, np.array(values))
        throws = [np.zeros((4, 4)) if k is None else shadow_matrix(k) for k in lamps]
        maps: list[F64] = [m.T for m in throws[: shaders.SHADOWS]]
        _set(program, "shadow_of", np.array(maps))
        program["above"] = tuple(lighting.above)
        program["below"] = tuple(lighting.below)
        program["occlusion"] = lighting.occlusion
        program["lit_by"] = min(len(lighting.lamps), shaders.LIGHTS)
