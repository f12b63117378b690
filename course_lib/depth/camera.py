r"""The pinhole camera: from a point in space to a pixel, and from a pixel back to a ray.

Notebook: notebooks/24-known-answers.ipynb
Reference: R. Hartley, A. Zisserman, "Multiple View Geometry in Computer Vision", 2nd edition,
Cambridge University Press (2004), doi 10.1017/CBO9780511811685, chapter 6.

| notation | code           | shape     | meaning                                                        |
|----------|----------------|-----------|----------------------------------------------------------------|
| K        | K              | (3, 3)    | focal lengths and principal point, pixels                      |
| T        | cam_from_world | (4, 4)    | rigid motion that takes world coordinates to camera coordinates |
| X        | points_xyz     | (..., 3)  | points in the world, metres                                    |
| x        | points_xy      | (..., 2)  | points in the picture, pixels; centres at whole numbers        |
| z        | depth          | (...)     | third camera coordinate, metres; not the distance along the ray |

Axes, of the world as of the camera: x right, y down, z forward.
"""

from dataclasses import dataclass

import numpy as np

from course_lib import checks

FAR = 1e7  # metres: no coordinate is larger, so that float64 resolves two nanometres
NEAR = 1e-9  # metres: what is not so far before the eye has no place in the picture


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera: K (3, 3), cam_from_world (4, 4), and the size of its picture in pixels."""

    K: np.ndarray
    cam_from_world: np.ndarray
    width: int
    height: int

    def __post_init__(self):
        K = checks.matrix("Camera", "K", self.K, (3, 3), most=1e12)
        T = checks.matrix("Camera", "cam_from_world", self.cam_from_world, (4, 4), most=FAR)
        R = T[:3, :3]
        if not (K[0, 0] >= 1e-6 and K[1, 1] >= 1e-6 and np.array_equal(K[2], [0, 0, 1]) and K[1, 0] == 0):
            raise ValueError("Camera: `K` must be [[fx, s, cx], [0, fy, cy], [0, 0, 1]] with fx, fy >= 1e-6; "
                             f"got {K.tolist()}.")
        if not (np.allclose(R @ R.T, np.eye(3), rtol=0, atol=1e-6) and np.linalg.det(R) > 0
                and np.array_equal(T[3], [0, 0, 0, 1])):
            raise ValueError("Camera: `cam_from_world` must be a rotation and a translation, [[R, t], [0, 1]] with "
                             "R R^T = 1, up to 1e-6, and det R = 1. Build it with look_at.")
        K.setflags(write=False)
        T.setflags(write=False)
        object.__setattr__(self, "K", K)
        object.__setattr__(self, "cam_from_world", T)
        object.__setattr__(self, "width", checks.whole("Camera", "width", self.width, low=1))
        object.__setattr__(self, "height", checks.whole("Camera", "height", self.height, low=1))

    @property
    def center(self) -> np.ndarray:
        """The camera's place in the world, (3,) metres: the point that cam_from_world takes to 0, -R^T t."""
        R, t = self.cam_from_world[:3, :3], self.cam_from_world[:3, 3]
        return -R.T @ t


def pinhole(width: int, height: int, *, field_of_view_deg: float = 60.0, cam_from_world=None) -> Camera:
    r"""A camera with square pixels whose optical axis passes through the middle of the picture.

    The picture reaches from -1/2 to W - 1/2, so its middle is ((W - 1) / 2, (H - 1) / 2), and its half
    width W / 2 is seen under half the angle: W / 2 = f tan(angle / 2)  (Eq. focal-length).

    Parameters
    ----------
    width, height : int, pixels
    field_of_view_deg : float, the horizontal angle of view, in [0.001, 179] degrees
    cam_from_world : (4, 4), default: the camera stands at the origin and looks along z

    Raises
    ------
    ValueError, TypeError
        A size below one, an angle outside its range, a matrix that is no rigid motion.

    >>> bool(abs(pinhole(200, 100, field_of_view_deg=90).K[0, 0] - 100) < 1e-9)
    True

    Notebook: notebooks/24-known-answers.ipynb
    """
    width, height = checks.whole("pinhole", "width", width, low=1), checks.whole("pinhole", "height", height, low=1)
    angle = np.radians(checks.number("pinhole", "field_of_view_deg", field_of_view_deg, low=1e-3, high=179))
    f = (width / 2) / np.tan(angle / 2)  # Eq. focal-length
    K = np.array([[f, 0, (width - 1) / 2], [0, f, (height - 1) / 2], [0, 0, 1]])
    return Camera(K, np.eye(4) if cam_from_world is None else cam_from_world, width, height)


def look_at(eye, target) -> np.ndarray:
    r"""The pose cam_from_world of an upright camera at `eye` that looks at `target`.

    The rows of R are the camera's axes in the world: z towards the target, x level (across z and the
    world's y, which points down), y = z cross x; and t = -R eye, so that the eye goes to the origin.

    Parameters
    ----------
    eye, target : (3,) points in the world, metres

    Returns
    -------
    cam_from_world : (4, 4) float64

    Raises
    ------
    ValueError
        The two points are equal, or one stands straight above the other: then no direction is level.

    >>> look_at([0, 0, -2], [0, 0, 0])[:3, 3].tolist()
    [0.0, 0.0, 2.0]
    """
    eye = checks.matrix("look_at", "eye", eye, (3,), most=FAR)
    forward = checks.matrix("look_at", "target", target, (3,), most=FAR) - eye
    level = np.cross([0.0, 1.0, 0.0], forward)  # right = down x forward
    if np.linalg.norm(level) <= 1e-9 * np.linalg.norm(forward):
        raise ValueError("look_at: `target` must not be `eye`, nor straight above or below it; "
                         f"got eye {eye.tolist()}, target - eye {forward.tolist()}. Move it a little aside.")
    z = forward / np.linalg.norm(forward)
    x = level / np.linalg.norm(level)
    R = np.stack([x, np.cross(z, x), z])
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = R, -R @ eye + 0.0  # + 0.0: no negative zeros
    return T


def project(camera: Camera, points_xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Where points of the world appear in the picture: z (x, y, 1) = K (R X + t)  (Eq. pinhole-projection).

    Parameters
    ----------
    camera : Camera
    points_xyz : (..., 3), world, metres

    Returns
    -------
    points_xy : (..., 2) float64, pixels; NaN for points that are not in front of the camera, by a nanometre
    depth : (...) float64, metres; negative behind the camera

    Raises
    ------
    TypeError, ValueError
        `camera` is no Camera, or the points are not finite (..., 3).

    >>> project(pinhole(11, 11, field_of_view_deg=90), np.array([0, 0, 2.0]))[0].tolist()
    [5.0, 5.0]

    Notebook: notebooks/24-known-answers.ipynb
    """
    checks.instance("project", "camera", camera, Camera)
    X = checks.points("project", points_xyz, name="points_xyz", axes="xyz")
    R, t = camera.cam_from_world[:3, :3], camera.cam_from_world[:3, 3]
    X_cam = X @ R.T + t
    depth = X_cam[..., 2]
    z = np.where(depth > NEAR, depth, np.nan)
    points_xy = (X_cam @ camera.K.T)[..., :2] / z[..., None]  # Eq. pinhole-projection
    return points_xy, depth


def pixel_rays(camera: Camera, points_xy: np.ndarray) -> np.ndarray:
    r"""For each point of the picture the direction of its ray in the world, d = R^T K^-1 (x, y, 1)  (Eq. pixel-ray).

    The ray is center + z d. Its direction is *not* of length one: in camera coordinates its third
    component is one, so the parameter z along the ray is the depth of the point that it reaches.

    Parameters
    ----------
    camera : Camera
    points_xy : (..., 2), pixels

    Returns
    -------
    directions : (..., 3) float64

    >>> pixel_rays(pinhole(11, 11), np.array([5.0, 5.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    checks.instance("pixel_rays", "camera", camera, Camera)
    points = checks.points("pixel_rays", points_xy)
    homogeneous = np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1)
    R = camera.cam_from_world[:3, :3]
    return homogeneous @ np.linalg.inv(camera.K).T @ R + 0.0  # Eq. pixel-ray, as rows: d^T = x^T K^-T R


def back_project(camera: Camera, points_xy: np.ndarray, depth: np.ndarray) -> np.ndarray:
    r"""The points of the world that lie at these depths behind these pixels: X = center + z d  (Eq. back-projection).

    Parameters
    ----------
    camera : Camera
    points_xy : (..., 2), pixels
    depth : (...), metres, finite and above zero

    Returns
    -------
    points_xyz : (..., 3) float64, world, metres

    Raises
    ------
    ValueError
        The shapes differ, or a depth is not positive and finite: such a pixel has no point.

    >>> X = back_project(pinhole(11, 11), np.array([[3.0, 4.0]]), np.array([2.0]))
    >>> bool(np.allclose(project(pinhole(11, 11), X)[0], [[3, 4]]))
    True

    Notebook: notebooks/24-known-answers.ipynb
    """
    d = pixel_rays(camera, points_xy)
    z = checks.array("back_project", "depth", depth)
    if z.dtype.kind not in "iuf" or z.shape != d.shape[:-1]:
        raise ValueError(f"back_project: `depth` must hold one number for each point, {d.shape[:-1]}; "
                         f"got {z.shape} {z.dtype}.")
    if not (np.isfinite(z) & (z > 0)).all():
        raise ValueError("back_project: `depth` must be finite and above zero; leave out the pixels that see nothing.")
    return camera.center + z[..., None] * d  # Eq. back-projection
