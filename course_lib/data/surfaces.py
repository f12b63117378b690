r"""What a rendered scene is made of: parallelograms and spheres with textures, boxes of six parallelograms, a lamp.

Notebook: notebooks/24-known-answers.ipynb

| notation | code      | shape     | meaning                                                             |
|----------|-----------|-----------|---------------------------------------------------------------------|
| p, u, v  | corner, edge_u, edge_v | (3,) | a parallelogram: the points p + a u + b v with 0 <= a, b <= 1 |
| n        | n         | (3,)      | its normal, u x v                                                   |
| u*, v*   | geometry  | (3,)      | the dual edges: u* . u = 1, u* . v = 0, so that a = u* . (q - p)    |
| c, r     | center, radius | (3,), scalar | a sphere                                                    |

Lengths are metres; x right, y down, z forward, in the world as in a camera.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib import checks
from course_lib.data.textures import Texture
from course_lib.depth.camera import FAR, Camera

SHORTEST = 1e-6  # metres: no edge and no radius is shorter


@dataclass(frozen=True, eq=False)
class Parallelogram:
    """The points corner + a edge_u + b edge_v, 0 <= a, b <= 1; the texture's x along edge_u, its y along edge_v."""

    corner: tuple[float, float, float]
    edge_u: tuple[float, float, float]
    edge_v: tuple[float, float, float]
    texture: Texture
    instance: int

    def __post_init__(self):
        p, u, v = (checks.matrix("Parallelogram", name, getattr(self, name), (3,), most=FAR)
                   for name in ("corner", "edge_u", "edge_v"))
        width, height = math.hypot(*u), math.hypot(*v)
        if min(width, height) < SHORTEST or math.hypot(*_cross(u, v)) <= 1e-9 * width * height:
            raise ValueError("Parallelogram: `edge_u` and `edge_v` must span an area and be at least 1e-06 m long; "
                             f"got {u.tolist()} and {v.tolist()}.")
        _keep(self, corner=tuple(p.tolist()), edge_u=tuple(u.tolist()), edge_v=tuple(v.tolist()))
        _keep_paint("Parallelogram", self)

    def geometry(self) -> np.ndarray:
        """(4, 3): p, n = u x v, and the dual edges u*, v*, with which a = u* . (q - p) and b = v* . (q - p)."""
        p, u, v = (np.array(e, np.float64) for e in (self.corner, self.edge_u, self.edge_v))
        n = _cross(u, v)
        return np.stack([p, n, _cross(v, n) / (n @ n), _cross(n, u) / (n @ n)])

    def sides(self) -> tuple[float, float]:
        """Lengths that the texture's width and height cover, metres."""
        return float(np.linalg.norm(self.edge_u)), float(np.linalg.norm(self.edge_v))


@dataclass(frozen=True, eq=False)
class Sphere:
    """A ball: center and radius in metres; the texture is wound once around its vertical axis."""

    center: tuple[float, float, float]
    radius: float
    texture: Texture
    instance: int

    def __post_init__(self):
        center = checks.matrix("Sphere", "center", self.center, (3,), most=FAR)
        radius = checks.number("Sphere", "radius", self.radius, low=SHORTEST, high=FAR)
        _keep(self, center=tuple(center.tolist()), radius=radius)
        _keep_paint("Sphere", self)

    def geometry(self) -> np.ndarray:
        """(4, 3): the centre, then the radius (a row of r, 0, 0); two rows are empty."""
        return np.array([self.center, [self.radius, 0, 0], [0, 0, 0], [0, 0, 0]], np.float64)

    def sides(self) -> tuple[float, float]:
        """Lengths that the texture's width and height cover, metres: the equator and half a meridian."""
        return 2 * math.pi * self.radius, math.pi * self.radius


@dataclass(frozen=True, eq=False)
class Scene:
    """Surfaces, and one lamp (a point; None: light comes from everywhere). Instances are numbered from 1."""

    surfaces: tuple[Parallelogram | Sphere, ...]
    lamp_xyz: tuple[float, float, float] | None = None

    def __post_init__(self):
        if not isinstance(self.surfaces, (list, tuple)) or not self.surfaces:
            raise ValueError("Scene: `surfaces` must be a tuple of at least one Parallelogram or Sphere.")
        for surface in self.surfaces:
            if not isinstance(surface, (Parallelogram, Sphere)):
                raise TypeError("Scene: `surfaces` must hold Parallelograms and Spheres; "
                                f"got {type(surface).__name__}.")
        _keep(self, surfaces=tuple(self.surfaces))
        if self.lamp_xyz is not None:
            _keep(self, lamp_xyz=tuple(checks.matrix("Scene", "lamp_xyz", self.lamp_xyz, (3,), most=FAR).tolist()))

    @cached_property
    def shapes(self) -> tuple[np.ndarray, np.ndarray]:
        """What the kernels know of the surfaces: which are spheres, (n,) bool, and their geometry, (n, 4, 3)."""
        return _read_only(np.array([isinstance(s, Sphere) for s in self.surfaces]),
                          np.stack([s.geometry() for s in self.surfaces]))

    @cached_property
    def paint(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All texels in a row, (N, 3) uint8; of each surface's pyramid (start, height, width), (n, levels, 3), and
        its texels a metre, (n,)."""
        textures = {id(s.texture): s.texture for s in self.surfaces}
        texels, pyramids, start = [], {}, 0
        depth = max(len(t.levels) for t in textures.values())
        for key, texture in textures.items():
            rows = []
            for level in texture.levels:
                rows.append([start, *level.shape[:2]])
                texels.append(level.reshape(-1, 3))
                start += len(texels[-1])
            pyramids[key] = rows + [rows[-1]] * (depth - len(rows))  # the smallest level again, where one has fewer
        tables = np.array([pyramids[id(s.texture)] for s in self.surfaces], np.int64)
        density = [math.sqrt(math.prod(s.texture.levels[0].shape[:2]) / math.prod(s.sides())) for s in self.surfaces]
        return _read_only(np.concatenate(texels), tables, np.array(density))


@dataclass(frozen=True, eq=False)
class View:
    """What a camera sees. Depth, normals, ids are exact for the rays through the pixels' centres.

    rgb : (H, W, 3) uint8, the mean of four rays a pixel;  depth : (H, W) float64, z in metres, inf where nothing is
    normals : (H, W, 3) float64 in camera coordinates, length one, towards the camera; 0 where nothing is
    instances : (H, W) int32, 0 where nothing is;  surfaces : (H, W) int32, index into scene.surfaces, -1 for none
    """

    rgb: np.ndarray
    depth: np.ndarray
    normals: np.ndarray
    instances: np.ndarray
    surfaces: np.ndarray
    camera: Camera


def box(center, size, turn_deg: float, textures: tuple[Texture, ...], instance: int) -> tuple[Parallelogram, ...]:
    """The six faces of an upright box.

    Parameters
    ----------
    center : (3,) of the box, metres
    size : (3,) along its own x, y, z, metres
    turn_deg : float, about the vertical axis; positive turns its front, which faces -z, towards +x
    textures : one for all faces, or six: front, right, back, left, top, bottom
    instance : int >= 1

    Returns
    -------
    faces : tuple of 6 Parallelogram
        Each texture stands upright on the four sides, seen from outside.

    Raises
    ------
    ValueError
        A side is not above zero, or there are neither one nor six textures.

    >>> from course_lib.data.textures import paint
    >>> len(box([0, 0, 0], [1, 1, 1], 30, (paint(np.zeros((2, 2), np.uint8)),), 1))
    6
    """
    center = checks.matrix("box", "center", center, (3,), most=FAR)
    size = checks.matrix("box", "size", size, (3,), most=FAR)
    if not (size > 0).all():
        raise ValueError(f"box: `size` must be above zero; got {size.tolist()}.")
    if not isinstance(textures, (tuple, list)) or len(textures) not in (1, 6):
        got = len(textures) if isinstance(textures, (tuple, list)) else type(textures).__name__
        raise ValueError(f"box: `textures` must be a tuple, of one for all faces or six; got {got}.")
    angle = math.radians(checks.number("box", "turn_deg", turn_deg))
    x = size[0] * np.array([math.cos(angle), 0, math.sin(angle)])
    y = size[1] * np.array([0, 1, 0])
    z = size[2] * np.array([-math.sin(angle), 0, math.cos(angle)])
    p = center - (x + y + z) / 2  # the left upper front corner
    faces = [(p, x, y), (p + x, z, y), (p + x + z, -x, y), (p + z, -z, y), (p + z, x, -z), (p + y, x, z)]
    return tuple(Parallelogram(tuple(corner), tuple(u), tuple(v), texture, instance)
                 for (corner, u, v), texture in zip(faces, textures * (6 // len(textures)), strict=True))


def _keep(self, **fields):
    """Set fields of a frozen dataclass: copies, which the caller cannot change later."""
    for name, value in fields.items():
        object.__setattr__(self, name, value)


def _keep_paint(function, surface):
    checks.instance(function, "texture", surface.texture, Texture, remedy="Make one with textures.paint.")
    _keep(surface, instance=checks.whole(function, "instance", surface.instance, low=1))


def _read_only(*arrays):
    """These arrays, locked: scenes are shared."""
    for a in arrays:
        a.setflags(write=False)
    return arrays


def _cross(a, b):
    """The cross product of two vectors; np.cross, made for arrays of them, takes ten times as long."""
    (a0, a1, a2), (b0, b1, b2) = a, b
    return np.array([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0])
