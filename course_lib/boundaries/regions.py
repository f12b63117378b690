r"""From grey values or edges to regions: a threshold that is chosen by the picture, and edges whose gaps are closed.

Notebook: notebooks/03-edges-to-regions.ipynb
Reference: N. Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on Systems, Man, and
Cybernetics 9(1), 62-66 (1979), doi 10.1109/TSMC.1979.4310076.

| notation     | code      | shape  | meaning                                                  |
|--------------|-----------|--------|----------------------------------------------------------|
| N, v         | n, v      | (K,)   | how many pixels have the grey value v, from low to high  |
| w_0, w_1     | w, N - w  | (K-1,) | pixels up to a threshold, and above it                   |
| mu_0, mu_1   | s / w, .. | (K-1,) | mean grey value of either class                          |
| sigma_B^2    | between   | (K-1,) | variance between the classes                             |
| d            | distance  | (H, W) | pixels to the nearest edge pixel                         |
"""

import numpy as np
from scipy import ndimage

from course_lib import checks
from course_lib.boundaries.components import label
from course_lib.boundaries.watershed import watershed


def otsu(image: np.ndarray) -> int | float:
    r"""The threshold whose two classes differ most: largest variance between them (Eq. otsu).

    sigma_B^2(t) = w_0 w_1 (mu_1 - mu_0)^2, with the shares w and means mu of the pixels <= t and > t.
    The total variance is sigma_B^2 plus the variance within the classes, so this one is smallest.

    Parameters
    ----------
    image : (H, W) field, any range
        All distinct values are candidates: nothing is sorted into bins.

    Returns
    -------
    threshold : int for integers, else float
        One of the values; the object is ``image > threshold``, or what is not. Of equally good ones the
        lowest. An image of a single value has nothing to separate: that value, and nothing is above it.
        For uint8 equal to ``cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)`` and to scikit-image's
        ``threshold_otsu``, but for ties and, in OpenCV, images of a single value.

    Raises
    ------
    TypeError, ValueError
        Wrong rank or dtype, NaN.

    >>> otsu(np.array([[10, 12, 11], [200, 10, 205]], np.uint8))
    12

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    image = checks.field("otsu", image)
    if image.dtype == np.uint8:
        n = np.bincount(image.ravel(), minlength=256)
        v, n = np.flatnonzero(n), n[n > 0]
    else:
        v, n = np.unique(image, return_counts=True)
    if len(v) == 1:
        return v[0].item()
    w, s = np.cumsum(n)[:-1], np.cumsum(n * (v.astype(np.float64) - v[0]))
    N, S = image.size, s[-1]
    between = (S * w - N * s[:-1]) ** 2 / (w * (N - w))  # Eq. otsu, times N^2: w_0 w_1 (mu_1 - mu_0)^2
    return v[np.argmax(between)].item()


def regions_from_edges(edges: np.ndarray, *, gap: int = 3) -> tuple[np.ndarray, int]:
    r"""Close the gaps of an edge map, so that it divides the picture into regions (Eq. gap).

    A disk that is too wide for a gap cannot roll through it. Where such a disk has room, d^2 > ((gap + 1)^2 + 1) / 2,
    a region begins; the regions then grow, far from edges first, until they meet: on the edges, and in the
    narrowest place of a gap. This is the watershed of -d. (The bound is that of a diagonal gap, whose two ends
    are sqrt(2) (gap + 1) apart; for gap = 0 the regions are the 4-connected components of what is no edge.)

    Parameters
    ----------
    edges : (H, W) bool
    gap : int >= 0
        So many missing edge pixels, side by side in any direction, are bridged; along a row or a column
        up to about 1.4 times as many, but only 0.7 times between an edge and the picture's border. 0 closes
        nothing: then only an 8-connected edge separates that is closed or leads from border to border.

    Returns
    -------
    labels : (H, W) int32, 1..count
        Edge pixels too belong to one of their neighbours' regions. What is narrower than the disk, be it a
        thin object or a neck, has no region of its own or is cut. No edges at all: one region; nowhere
        room for the disk: none, and all labels are 0.
    count : int

    Raises
    ------
    TypeError, ValueError
        Not a mask, or a gap that is no whole number.

    >>> edges = np.zeros((9, 12), bool); edges[:, 6] = True; edges[4, 6] = False
    >>> regions_from_edges(edges, gap=0)[1], regions_from_edges(edges, gap=1)[1]
    (1, 2)

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    edges = checks.mask("regions_from_edges", edges, name="edges")
    gap = checks.whole("regions_from_edges", "gap", gap, low=0)
    if not edges.any():
        return np.ones(edges.shape, np.int32), 1
    distance = ndimage.distance_transform_edt(~edges)
    squared = np.rint(distance**2).astype(np.int32)  # whole numbers, in the same order
    if gap == 0:
        markers, count = label(~edges, connectivity=4)
    else:
        markers, count = label(squared > ((gap + 1) ** 2 + 1) / 2)  # Eq. gap
    return watershed(-squared, markers), count
