r"""A ray caster: for every pixel the first surface that its ray meets, and the light there.

Two kinds of surface are enough for a room: a parallelogram (a box is six of them) and a sphere.

Notebook: notebooks/24-known-answers.ipynb
References: A. Appel, "Some techniques for shading machine renderings of solids", AFIPS Spring Joint Computer
Conference (1968), 37-45, doi 10.1145/1468075.1468082 (rays and shadows); L. Williams, "Pyramidal parametrics",
SIGGRAPH (1983), 1-11, doi 10.1145/800059.801126 (the pyramid of a texture).

| notation | code            | shape     | meaning                                                        |
|----------|-----------------|-----------|----------------------------------------------------------------|
| o, d     | o, d            | (3,)      | a ray: the points o + z d; its z is the depth if d comes from the camera |
| n        | n               | (3,)      | normal; towards the eye once a ray has met the surface         |
| l        | l               | (3,)      | direction from the surface to the lamp                         |

The surfaces' own p, u*, v*, c, r are those of course_lib.data.surfaces.
"""

import math

import numpy as np
from numba import njit

from course_lib import checks
from course_lib.data.surfaces import Scene, View
from course_lib.data.textures import GAMMA, LIGHT
from course_lib.depth.camera import FAR, NEAR, Camera, pixel_rays

AMBIENT = 0.35  # the share of light that comes from everywhere; the lamp gives the rest
BACKGROUND = 0.8  # light where a ray meets nothing
MOST_PIXELS = 2**24  # 4096 x 4096; they take 3 GB
SEAM = 1e-11  # of its edges a parallelogram reaches beyond them, so that rounding opens no gap between two
TINY = 1e-100  # in place of a length of 0 that is divided by
SUBPIXELS = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))  # 2x2 rays a pixel for the colours


def render(scene: Scene, camera: Camera) -> View:
    r"""The picture of a scene, and the exact depth, normal and instance of every pixel.

    Along the ray o + z d of a pixel the surface with the smallest z > 0 is seen, and z is its depth. Its
    colour is the texture's times Lambert's law, ambient + (1 - ambient) max(0, n . l)  (Eq. lambert);
    without the second term where another surface stands between it and the lamp.

    Parameters
    ----------
    scene : Scene
    camera : Camera

    Returns
    -------
    view : View

    Raises
    ------
    TypeError, ValueError
        `scene` is no Scene or `camera` no Camera, or its picture has more than 2^24 pixels.

    Notes
    -----
    Where a ray meets nothing the picture is light grey. Light is added up as light and stored with a gamma
    of 2.2; two machines may differ by one grey level, not more.

    Notebook: notebooks/24-known-answers.ipynb
    """
    checks.instance("render", "scene", scene, Scene)
    checks.instance("render", "camera", camera, Camera)
    checks.whole("render", "camera.width * camera.height", camera.width * camera.height, low=1, high=MOST_PIXELS)
    y, x = np.mgrid[:camera.height, :camera.width].astype(np.float64)
    centers = np.stack([x, y], axis=-1)  # (H, W, 2)
    depth, surfaces, normals = _cast(camera.center, pixel_rays(camera, centers), *scene.shapes)
    lamp = np.full(3, np.nan) if scene.lamp_xyz is None else np.array(scene.lamp_xyz, np.float64)
    spacing = 1 / camera.K[0, 0]  # of the pixels' rays at depth 1, metres
    light = np.zeros((camera.height, camera.width, 3))
    for offset in SUBPIXELS:
        rays = pixel_rays(camera, centers + offset)
        light += _shade(camera.center, rays, *scene.shapes, *scene.paint, lamp, spacing) / len(SUBPIXELS)
    rgb = np.rint(255 * np.clip(light, 0, 1) ** (1 / GAMMA)).astype(np.uint8)
    instances = np.array([0, *(s.instance for s in scene.surfaces)], np.int32)[surfaces + 1]
    return View(rgb, depth, normals @ camera.cam_from_world[:3, :3].T, instances, surfaces, camera)


def first_hits(scene: Scene, origin, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first surface that each ray origin + z direction meets, with z > 0.

    Parameters
    ----------
    scene : Scene
    origin : (3,), metres
    directions : (H, W, 3), of any length but zero

    Returns
    -------
    z : (H, W) float64, in units of the direction's length; inf where the ray meets nothing
    surfaces : (H, W) int32, index into scene.surfaces, -1 for none
    normals : (H, W, 3) float64, in the world, length one, towards the origin; 0 for none
    """
    checks.instance("first_hits", "scene", scene, Scene)
    origin = checks.matrix("first_hits", "origin", origin, (3,), most=FAR)
    directions = checks.points("first_hits", directions, name="directions", axes="xyz")
    longest = np.abs(directions).max(axis=-1)
    if directions.ndim != 3 or not ((longest > TINY) & (longest < 1 / TINY)).all():
        raise ValueError("first_hits: `directions` must be (H, W, 3), none of them 0; "
                         f"got {directions.shape}, lengths from {longest.min(initial=np.inf):g}.")
    return _cast(origin, directions, *scene.shapes)


@njit(cache=True)
def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True)
def _row(g, i, k):
    """A row of the geometry as a tuple: numba keeps tuples in registers, a slice of an array would cost 20 ns."""
    return g[i, k, 0], g[i, k, 1], g[i, k, 2]


@njit(cache=True)
def _minus(a, b):
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@njit(cache=True)
def _along(o, z, d):
    return o[0] + z * d[0], o[1] + z * d[1], o[2] + z * d[2]


@njit(cache=True)
def _hit(o, d, sphere, g, i, best):
    """The smallest z > NEAR at which the ray o + z d meets surface i, if it is below `best`; else `best`."""
    e = _minus(o, _row(g, i, 0))  # from the centre, or the corner, to the eye
    if sphere:  # |e + z d|^2 = r^2, that is a z^2 + 2 h z + k = 0
        a, h, k = _dot(d, d), _dot(e, d), _dot(e, e) - g[i, 1, 0] * g[i, 1, 0]
        if a == 0 or h * h < a * k:
            return best
        z = (-h - math.sqrt(h * h - a * k)) / a  # Eq. ray-sphere: the nearer of the two
        return z if NEAR < z < best else best
    n = _row(g, i, 1)
    slope = _dot(n, d)
    if slope == 0:  # the ray runs along the plane
        return best
    z = -_dot(n, e) / slope  # Eq. ray-plane, with p - o = -e
    if not NEAR < z < best:
        return best
    q = _along(e, z, d)
    a = _dot(_row(g, i, 2), q)
    if not (a >= -SEAM and a <= 1 + SEAM):  # not a < ..: NaN lies nowhere
        return best
    b = _dot(_row(g, i, 3), q)
    if not (b >= -SEAM and b <= 1 + SEAM):
        return best
    return z


@njit(cache=True)
def _first(o, d, spheres, g):
    best, index = math.inf, -1
    for i in range(len(spheres)):
        z = _hit(o, d, spheres[i], g, i, best)
        if z < best:
            best, index = z, i
    return best, index


@njit(cache=True)
def _normal(q, o, sphere, g, i):
    """The unit normal of surface i at its point q, on the side of o."""
    n = _minus(q, _row(g, i, 0)) if sphere else _row(g, i, 1)
    length = math.copysign(max(math.sqrt(_dot(n, n)), TINY), _dot(n, _minus(o, q)))
    return n[0] / length, n[1] / length, n[2] / length


@njit(cache=True)
def _cast(origin, directions, spheres, g):
    h, w = directions.shape[:2]
    depth, surfaces, normals = np.empty((h, w)), np.empty((h, w), np.int32), np.zeros((h, w, 3))
    o = (origin[0], origin[1], origin[2])
    for y in range(h):
        for x in range(w):
            d = _row(directions, y, x)
            z, i = _first(o, d, spheres, g)
            depth[y, x], surfaces[y, x] = z, i
            if i >= 0:
                n = _normal(_along(o, z, d), o, spheres[i], g, i)
                normals[y, x, 0], normals[y, x, 1], normals[y, x, 2] = n
    return depth, surfaces, normals


@njit(cache=True)
def _texture_place(q, sphere, g, i):
    """Where on its texture a point of surface i lies, 0..1 to the right and 0..1 down."""
    e = _minus(q, _row(g, i, 0))
    if sphere:
        height = max(-1.0, min(1.0, e[1] / g[i, 1, 0]))
        return math.atan2(e[0], -e[2]) / (2 * math.pi) + 0.5, math.asin(height) / math.pi + 0.5
    return _dot(_row(g, i, 2), e), _dot(_row(g, i, 3), e)


@njit(cache=True)
def _texel(texels, pyramids, i, level, a, b):
    """Bilinear between the four texels around the place (a, b) on one level of a pyramid: red, green, blue light."""
    start, h, w = _row(pyramids, i, level)
    x, y = min(max(a * w - 0.5, 0.0), w - 1.0), min(max(b * h - 0.5, 0.0), h - 1.0)
    x0, y0 = int(x), int(y)
    x1, y1 = min(x0 + 1, w - 1), min(y0 + 1, h - 1)
    s, t = x - x0, y - y0
    weights = ((1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t)
    places = (start + y0 * w + x0, start + y0 * w + x1, start + y1 * w + x0, start + y1 * w + x1)
    red = green = blue = 0.0
    for weight, k in zip(weights, places):  # noqa: B905 (numba knows no strict)
        red += weight * LIGHT[texels[k, 0]]
        green += weight * LIGHT[texels[k, 1]]
        blue += weight * LIGHT[texels[k, 2]]
    return red, green, blue


@njit(cache=True)
def _shade(origin, directions, spheres, g, texels, pyramids, density, lamp, spacing):
    """(H, W, 3): the light along each ray, 0..1, linear."""
    h, w = directions.shape[:2]
    light = np.full((h, w, 3), BACKGROUND)
    o, lamp = (origin[0], origin[1], origin[2]), (lamp[0], lamp[1], lamp[2])
    for y in range(h):
        for x in range(w):
            d = _row(directions, y, x)
            z, i = _first(o, d, spheres, g)
            if i < 0:
                continue
            q = _along(o, z, d)
            n = _normal(q, o, spheres[i], g, i)
            brightness = _brightness(q, n, lamp, spheres, g)
            # Texels under one pixel, wider where the surface is far or slanted: they choose two levels of the pyramid.
            slant = abs(_dot(n, d)) / math.sqrt(_dot(d, d))
            texels_per_pixel = z * spacing * density[i] / math.sqrt(max(slant, 0.05))
            level = min(math.log2(max(texels_per_pixel, 1.0)), pyramids.shape[1] - 1.0)
            fine, coarse = int(level), min(int(level) + 1, pyramids.shape[1] - 1)
            a, b = _texture_place(q, spheres[i], g, i)
            sharp, soft = _texel(texels, pyramids, i, fine, a, b), _texel(texels, pyramids, i, coarse, a, b)
            for k in range(3):
                light[y, x, k] = brightness * (sharp[k] + (level - fine) * (soft[k] - sharp[k]))
    return light


@njit(cache=True)
def _brightness(q, n, lamp, spheres, g):
    if math.isnan(lamp[0]):  # no lamp
        return 1.0
    l = _minus(lamp, q)
    cosine = _dot(n, l) / max(math.sqrt(_dot(l, l)), TINY)
    start = _along(q, 1e-6, n)  # off the surface; the lamp stands at 1 on the ray from there, perhaps on a wall itself
    lit = cosine > 0 and _first(start, _minus(lamp, start), spheres, g)[0] >= 1 - 1e-6
    return AMBIENT + (1 - AMBIENT) * (cosine if lit else 0.0)  # Eq. lambert
