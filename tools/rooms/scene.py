"""A room as mitsuba renders it: one mesh for each material."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mitsuba as mi
import numpy as np

from rooms.materials import surface
from rooms.mesh import Part, Piece, join, place


@dataclass
class Room:
    """A furnished room and the way the camera goes through it.

    Attributes:
        name: short name, used for file names.
        width: size along x, m; the floor is z = 0 and one corner the origin.
        depth: size along y, m.
        height: of the ceiling, m.
        exposure: factor from radiance to the camera's linear value.
        eyes: way points of the camera, m.
        targets: the point looked at from each way point, m.
        pieces: everything in it.

    """

    name: str
    width: float
    depth: float
    height: float
    exposure: float
    eyes: list[tuple[float, float, float]]
    targets: list[tuple[float, float, float]]
    pieces: Piece = field(default_factory=list)

    def add(self, piece: Piece, x: float = 0, y: float = 0, z: float = 0, yaw: float = 0) -> None:
        """Put a piece into the room."""
        self.pieces += place(piece, x, y, z, yaw)

    def on_wall(self, side: str, piece: Piece, along: float = 0, z: float = 0) -> None:
        """Put a piece that faces -y on a wall: "far", "left", "right" or "near".

        Args:
            side: the wall, as seen by someone who looks along +y.
            piece: the piece, in the wall's own x-z plane.
            along: where its origin comes, m from the wall's left end seen from inside.
            z: height of its origin, m.

        """
        x, y, yaw = {
            "far": (along, self.depth, 0.0),
            "left": (0.0, along, 90.0),
            "right": (self.width, self.depth - along, -90.0),
            "near": (self.width - along, 0.0, 180.0),
        }[side]
        self.add(piece, x, y, z, yaw)


def _outward(part: Part) -> Part:
    """Return the part with every face wound the way its normals point."""
    corner = part.points[part.faces]
    area = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    against = (area * part.normals[part.faces].sum(1)).sum(-1) < 0
    faces = part.faces.copy()
    faces[against] = faces[against][:, ::-1]
    kept = np.linalg.norm(area, axis=-1) > 1e-12
    return part._replace(faces=faces[kept])


def _write_ply(path: Path, part: Part) -> None:
    """Write a mesh as binary PLY."""
    fields = ("x", "y", "z", "nx", "ny", "nz", "u", "v")
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(part.points)}"]
    head += [f"property float {name}" for name in fields]
    head += [f"element face {len(part.faces)}", "property list uchar int vertex_indices"]
    head += ["end_header", ""]
    vertices = np.concatenate([part.points, part.normals, part.uv], 1).astype("<f4")
    faces = np.zeros(len(part.faces), [("count", "u1"), ("index", "<i4", 3)])
    faces["count"], faces["index"] = 3, part.faces
    with path.open("wb") as file:
        file.write("\n".join(head).encode() + vertices.tobytes() + faces.tobytes())


def load(room: Room, folder: Path) -> mi.Scene:
    """Return the room as a scene; its meshes are written to the folder on the way.

    The identifier of each shape is its material's name.
    """
    parts: dict[str, list[Part]] = {}
    for name, part in room.pieces:
        parts.setdefault(name, []).append(part)
    folder.mkdir(parents=True, exist_ok=True)
    scene: dict[str, Any] = {"type": "scene"}
    for name, some in parts.items():
        path = folder / f"{name}.ply"
        _write_ply(path, _outward(join(some)))
        scene[name] = {"type": "ply", "filename": str(path), **surface(name)}
    return mi.load_dict(scene)
