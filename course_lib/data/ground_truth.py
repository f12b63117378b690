r"""What is exactly true of a rendered picture: its edges, where its points are in another view, its disparity.

Notebook: notebooks/24-known-answers.ipynb

| notation  | code        | shape   | meaning                                                                  |
|-----------|-------------|---------|--------------------------------------------------------------------------|
| z_p       | z[p]        | scalar  | depth of the surface P that is seen in pixel p, metres                   |
| Z_P(q)    | reach(P, q) | scalar  | depth at which the ray of pixel q meets P, prolonged beyond its borders  |
| d         | disparity   | (H, W)  | x_left - x_right, pixels                                                 |
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks
from course_lib.data.ray_caster import View, first_hits
from course_lib.data.surfaces import Scene
from course_lib.depth.camera import Camera, back_project, pixel_rays, project


@dataclass(frozen=True)
class TrueEdges:
    """Three masks (H, W) bool. Of two neighbours with an edge between them, the one in front is marked; at a crease
    the nearer one.

    depth : one surface stands in front of the other, with a gap;  crease : two surfaces meet at an angle
    instance : the two belong to different instances
    """

    depth: np.ndarray
    crease: np.ndarray
    instance: np.ndarray


def true_edges(scene: Scene, view: View) -> TrueEdges:
    r"""The edges of a rendered view, by geometry: what the light does, textures and shadows do not matter.

    Let P be the surface in pixel p and Q another one in its neighbour q. Prolong both beyond their borders.
    If P is in front of Q on the rays of both pixels, then P ends between them and Q is seen past its end: a
    depth edge. If P is in front on one ray and Q on the other, they cross in between: a crease.

    Parameters
    ----------
    scene : Scene
    view : View, rendered from `scene`

    Returns
    -------
    edges : TrueEdges

    Raises
    ------
    TypeError
        `scene` is no Scene or `view` no View.

    Notes
    -----
    Right and lower neighbours are compared, so that lines are one pixel wide. Exact up to the pixel grid:
    what is thinner than a pixel, or a gap that no ray looks into, is not seen.

    Notebook: notebooks/24-known-answers.ipynb
    """
    checks.instance("true_edges", "scene", scene, Scene)
    checks.instance("true_edges", "view", view, View)
    y, x = np.mgrid[:view.camera.height, :view.camera.width]
    rays = pixel_rays(view.camera, np.stack([x, y], axis=-1))
    masks = TrueEdges(*(np.zeros(view.depth.shape, bool) for _ in range(3)))
    for p, q in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        differ = view.surfaces[p] != view.surfaces[q]
        (z_p, P), (z_q, Q) = ((view.depth[k][differ], view.surfaces[k][differ]) for k in (p, q))
        Z_Q = _reach(scene, Q, view.camera.center, rays[p][differ])  # in p
        Z_P = _reach(scene, P, view.camera.center, rays[q][differ])  # in q
        P_in_front = _before(z_p, Z_Q) & _before(Z_P, z_q)
        Q_in_front = _before(Z_Q, z_p) & _before(z_q, Z_P)
        gap = P_in_front | Q_in_front | np.isnan(Z_P) | np.isnan(Z_Q)  # a ball ends by itself
        mark_p = np.where(gap, _before(z_p, Z_Q), z_p <= z_q)
        bent = (view.normals[p][differ] * view.normals[q][differ]).sum(axis=-1) < 1 - 1e-9
        for mask, edge in ((masks.depth, gap), (masks.crease, ~gap & bent),
                           (masks.instance, view.instances[p][differ] != view.instances[q][differ])):
            for side, owner in ((p, mark_p), (q, ~mark_p)):
                marked = np.zeros(differ.shape, bool)
                marked[differ] = edge & owner
                mask[side] |= marked
    return masks


def correspondences(scene: Scene, view: View, other: Camera) -> tuple[np.ndarray, np.ndarray]:
    r"""Where the point that is seen in each pixel of a view appears to another camera, and whether it is visible there.

    The pixel's point X = center + z d is projected into the other picture. It is visible there if the ray
    from the other camera to X meets nothing before X.

    Parameters
    ----------
    scene : Scene
    view : View, rendered from `scene`
    other : Camera

    Returns
    -------
    points_xy : (H, W, 2) float64, pixels of the other picture; NaN where the pixel sees nothing or the
        point is not in front of the other camera
    visible : (H, W) bool, inside the other picture (from -1/2 to W - 1/2) and not hidden

    Raises
    ------
    TypeError
        An argument is of the wrong class.

    Notebook: notebooks/24-known-answers.ipynb
    """
    checks.instance("correspondences", "scene", scene, Scene)
    checks.instance("correspondences", "view", view, View)
    checks.instance("correspondences", "other", other, Camera)
    y, x = np.mgrid[:view.camera.height, :view.camera.width]
    seen = np.isfinite(view.depth)
    X = back_project(view.camera, np.stack([x, y], axis=-1), np.where(seen, view.depth, 1.0))  # (H, W, 3)
    points_xy, depth = project(other, X)
    points_xy[~seen] = np.nan
    z, _ = first_hits(scene, other.center, X - other.center)  # X itself lies at z = 1
    size = np.array([other.width, other.height])
    inside = ((points_xy >= -0.5) & (points_xy < size - 0.5)).all(axis=-1)  # False for NaN
    return points_xy, seen & inside & (depth > 0) & (z > 1 - 1e-7)


def disparity(view: View, baseline_m: float) -> np.ndarray:
    r"""How far each point moves to the left when the camera steps to the right: d = f B / z  (Eq. disparity).

    Parameters
    ----------
    view : View, of the left camera of `scenes.stereo_pair`
    baseline_m : float > 0, the step B in metres

    Returns
    -------
    disparity : (H, W) float64, x_left - x_right in pixels; 0 where nothing is seen

    Notebook: notebooks/24-known-answers.ipynb
    """
    checks.instance("disparity", "view", view, View)
    B = checks.number("disparity", "baseline_m", baseline_m, low=0, strict=True)
    f = view.camera.K[0, 0]
    return f * B / view.depth  # Eq. disparity


def _before(z, other):
    """Nearer than rounding can make two equal depths."""
    return z < other * (1 - 1e-9)


def _reach(scene, surfaces, origin, rays):
    """(n,): the z at which each ray meets its surface prolonged; inf if it does not meet a plane, NaN if not a ball."""
    spheres, g = scene.shapes
    e = origin - g[surfaces, 0]
    n = g[surfaces, 1]
    a, h = (rays * rays).sum(axis=-1), (e * rays).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        plane = -(n * e).sum(axis=-1) / (n * rays).sum(axis=-1)
        ball = (-h - np.sqrt(h * h - a * ((e * e).sum(axis=-1) - n[:, 0] ** 2))) / a
    plane = np.where((plane > 0) & (surfaces >= 0), plane, np.inf)
    return np.where(spheres[surfaces] & (surfaces >= 0), ball, plane)
