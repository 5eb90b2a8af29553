"""From a scene and a pose to what a colour and a depth camera would deliver."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import mitsuba as mi
import numpy as np
from numpy.typing import NDArray
from pyoidn import denoise  # type: ignore[import-not-found, unused-ignore]

from rooms.camera import FOCAL, HEIGHT, WIDTH, Pose, rays
from rooms.materials import NO_DEPTH

F32 = NDArray[np.float32]

OVERSAMPLING = 2  # the picture is rendered this much larger, then averaged


class Shot(NamedTuple):
    """One frame: rgb H x W x 3 uint8; depth H x W uint16, mm along the optical axis, 0 for none."""

    rgb: NDArray[np.uint8]
    depth: NDArray[np.uint16]


def _sensor(pose: Pose, samples: int) -> mi.Sensor:
    """Return mitsuba's camera; the principal point is the middle of the film."""
    eye, down, forward = pose.eye, pose.axes[:, 1], pose.axes[:, 2]
    to_world = mi.ScalarTransform4f().look_at(
        origin=eye.tolist(), target=(eye + forward).tolist(), up=(-down).tolist()
    )
    return mi.load_dict(
        {
            "type": "perspective",
            "fov": float(np.degrees(2 * np.arctan(WIDTH / 2 / FOCAL))),
            "fov_axis": "x",
            "near_clip": 0.05,
            "to_world": to_world,
            "film": {
                "type": "hdrfilm",
                "width": WIDTH * OVERSAMPLING,
                "height": HEIGHT * OVERSAMPLING,
                "pixel_format": "rgb",
                "rfilter": {"type": "box"},
            },
            "sampler": {"type": "independent", "sample_count": samples},
        }
    )


def radiance(scene: mi.Scene, pose: Pose, samples: int, seed: int) -> F32:
    """Return the denoised linear picture, OVERSAMPLING times the size of the frame."""
    path = mi.load_dict({"type": "path", "max_depth": 9, "rr_depth": 4})
    guide = mi.load_dict({"type": "aov", "aovs": "albedo:albedo,normal:sh_normal"})
    # Two passes: mitsuba's aov integrator takes twice as long when it also has to trace the paths.
    sensor = _sensor(pose, samples)
    colour = np.array(mi.render(scene, sensor=sensor, integrator=path, spp=samples, seed=seed))
    guides = np.array(mi.render(scene, sensor=sensor, integrator=guide, spp=1, seed=seed))
    albedo, normal = (np.ascontiguousarray(guides[..., k : k + 3], np.float32) for k in (0, 3))
    clean = denoise(np.nan_to_num(colour), albedo=albedo, normal=normal, hdr=True)
    return np.asarray(clean, dtype=np.float32)


def develop(linear: F32, exposure: float, seed: int) -> NDArray[np.uint8]:
    """Return the picture as a small camera would: vignette, soft highlights, sRGB, some noise."""
    v, u = np.mgrid[-1 : 1 : linear.shape[0] * 1j, -1 : 1 : linear.shape[1] * 1j]
    x = linear * exposure * (1 - 0.10 * (u**2 + v**2))[..., None]
    x = 1 - np.exp(-x)  # highlights roll off as on film
    srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-8) ** (1 / 2.4) - 0.055)
    small = cv2.resize(srgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) * 255
    grain = np.random.default_rng(seed).normal(0, 1, small.shape)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * (0.4 + 0.5 * (1 - small / 255))
    return np.asarray(np.clip(np.rint(small + grain), 0, 255), dtype=np.uint8)


def depth(scene: mi.Scene, pose: Pose) -> NDArray[np.uint16]:
    """Return the depth at each pixel's centre, mm, from one ray each; 0 on window panes."""
    origin = mi.ScalarPoint3f(pose.eye.tolist())
    out = np.zeros(WIDTH * HEIGHT)
    for k, way in enumerate(rays(pose).reshape(-1, 3).tolist()):
        # A ray's t counts lengths of its direction, which is 1 m long along the optical axis.
        hit = scene.ray_intersect_preliminary(mi.Ray3f(origin, mi.ScalarVector3f(way)))
        if hit.is_valid() and hit.shape.id() not in NO_DEPTH:
            out[k] = hit.t
    return np.rint(out * 1000).astype(np.uint16).reshape(HEIGHT, WIDTH)


def shoot(scene: mi.Scene, pose: Pose, *, exposure: float, samples: int, seed: int) -> Shot:
    """Return one frame; the same seed gives the same frame."""
    linear = radiance(scene, pose, samples, seed)
    return Shot(develop(linear, exposure, seed), depth(scene, pose))
