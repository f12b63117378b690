r"""What is exactly true of a rendered picture: its edges, where its points are in another view, its disparity.

Notebook: notebooks/24-known-answers.ipynb

| notation  | code        | shape   | meaning                                                                  |
|-----------|-------------|---------|--------------------------------------------------------------------------|
| p, q      | p, q        | (n, 3)  | rays of two neighbours that see different surfaces                       |
| z_p, z_q  | z_p, z_q    | (n,)    | depth on either side of the change, metres                               |
| d         | disparity   | (H, W)  | x_left - x_right, pixels                                                 |
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks
from course_lib.data.ray_caster import first_hits
from course_lib.data.surfaces import Scene, View
from course_lib.depth.camera import FAR, NEAR, Camera, back_project, pixel_rays, project

HALVINGS = 40  # of the step between two pixels: then both rays are the same to 1e-12 pixels
PAST = 1e-6  # pixels beyond the change: past the seams (ray_caster.SEAM), by which two faces of a box cross each other
GAP = 1e-5  # relative: where two surfaces meet, depth on both sides of the change is equal up to 1e-6


@dataclass(frozen=True, eq=False)
class TrueEdges:
    """Three masks (H, W) bool. Of two neighbours with an edge between them the one in front is marked; at a crease,
    where none is, the left or upper one.

    depth : one surface stands in front of the other, with a gap;  crease : two surfaces meet at an angle
    instance : the two belong to different instances
    """

    depth: np.ndarray
    crease: np.ndarray
    instance: np.ndarray


def true_edges(scene: Scene, view: View) -> TrueEdges:
    r"""The edges of a rendered view, by geometry: what the light does, textures and shadows do not matter.

    Between two neighbouring pixels that see different surfaces, P and another one, lies a ray at which P is
    left. It is found by halving: look at the ray in the middle, and keep the half in which P ends. If the
    depths on its two sides differ, P or what follows it ends there, and the other lies behind: a depth edge.
    If they are equal the two meet: a crease, unless they have one normal.

    Parameters
    ----------
    scene : Scene
    view : View, rendered from `scene`

    Returns
    -------
    edges : TrueEdges

    Raises
    ------
    TypeError, ValueError
        `scene` is no Scene or `view` no View, or it is the view of another scene.

    Notes
    -----
    Right and lower neighbours are compared, so that lines are one pixel wide. What is thinner than the step
    from one pixel's centre to the next may be missed.

    Notebook: notebooks/24-known-answers.ipynb
    """
    _check_view("true_edges", scene, view)
    y, x = np.mgrid[:view.camera.height, :view.camera.width]
    rays, o = pixel_rays(view.camera, np.stack([x, y], axis=-1)), view.camera.center
    masks = TrueEdges(*(np.zeros(view.depth.shape, bool) for _ in range(3)))
    for here, there in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        differ = view.surfaces[here] != view.surfaces[there]
        P, p, q = view.surfaces[here][differ], rays[here][differ], rays[there][differ]
        past = PAST * (q - p)
        for _ in range(HALVINGS):
            middle = (p + q) / 2
            sees_P = (first_hits(scene, o, middle[None])[1][0] == P)[:, None]
            p, q = np.where(sees_P, middle, p), np.where(sees_P, q, middle)
        (z_p, _, n_p), (z_q, _, n_q) = ((a[0] for a in first_hits(scene, o, ray[None])) for ray in (p, q + past))
        gap = np.maximum(z_p, z_q) > np.minimum(z_p, z_q) * (1 + GAP)
        bent = (n_p * n_q).sum(axis=-1) < 1 - 1e-9
        for mask, edge in ((masks.depth, gap), (masks.crease, ~gap & bent),
                           (masks.instance, view.instances[here][differ] != view.instances[there][differ])):
            for side, owner in ((here, ~gap | (z_p <= z_q)), (there, gap & (z_p > z_q))):
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
    TypeError, ValueError
        An argument is of the wrong class, or `view` is the view of another scene.

    Notebook: notebooks/24-known-answers.ipynb
    """
    _check_view("correspondences", scene, view)
    checks.instance("correspondences", "other", other, Camera)
    y, x = np.mgrid[:view.camera.height, :view.camera.width]
    seen = np.isfinite(view.depth)
    X = back_project(view.camera, np.stack([x, y], axis=-1), np.where(seen, view.depth, 1.0))  # (H, W, 3)
    points_xy, depth = project(other, X)
    points_xy[~seen] = np.nan
    in_front = depth > NEAR
    rays = np.where(in_front[..., None], X - other.center, 1.0)  # 1: any direction, where X may be the camera's place
    z, _, _ = first_hits(scene, other.center, rays)  # X itself lies at z = 1
    size = np.array([other.width, other.height])
    inside = ((points_xy >= -0.5) & (points_xy < size - 0.5)).all(axis=-1)  # False for NaN
    return points_xy, seen & inside & in_front & (z > 1 - 1e-7)


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
    B = checks.number("disparity", "baseline_m", baseline_m, low=0, high=FAR, strict=True)
    f = view.camera.K[0, 0]
    return f * B / view.depth  # Eq. disparity


def _check_view(function, scene, view):
    """Raise unless the view shows this scene: rays sent anew meet what it says."""
    checks.instance(function, "scene", scene, Scene)
    checks.instance(function, "view", view, View)
    y, x = np.mgrid[:view.camera.height, :view.camera.width]
    z, surfaces, _ = first_hits(scene, view.camera.center, pixel_rays(view.camera, np.stack([x, y], axis=-1)))
    instances = np.array([0, *(s.instance for s in scene.surfaces)])[surfaces + 1]
    if not (np.array_equal(surfaces, view.surfaces) and np.array_equal(instances, view.instances)
            and z.shape == view.depth.shape and np.allclose(z, view.depth, rtol=1e-9)):
        raise ValueError(f"{function}: `view` must be a view of `scene`, as `render` gave it; got that of another "
                         "scene or camera. Render this scene.")
