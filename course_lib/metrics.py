r"""How good is a segmentation: boundaries within a tolerance, regions by overlap.

Notebook: notebooks/02-canny.ipynb
References: D. Martin, C. Fowlkes, J. Malik, "Learning to detect natural image boundaries using local
brightness, color, and texture cues", IEEE TPAMI 26(5), 530-549 (2004), doi 10.1109/TPAMI.2004.1273918;
P. Jaccard, New Phytologist 11, 37-50 (1912); L. Dice, Ecology 26, 297-302 (1945).

| notation | code      | shape  | meaning                                        |
|----------|-----------|--------|------------------------------------------------|
| A, B     | a, b      | (H, W) | two masks                                      |
| P, R, F  | precision, recall, f1 | scalar, 0..1 | of matched boundary pixels   |
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial import cKDTree

from course_lib import checks


@dataclass(frozen=True)
class BoundaryScores:
    """precision, recall and f1 in 0..1, and the number of matched pixel pairs."""

    precision: float
    recall: float
    f1: float
    matched: int


def boundary_scores(predicted: np.ndarray, truth: np.ndarray, *, tolerance: float = 2.0) -> BoundaryScores:
    r"""Precision, recall and F of predicted boundary pixels, matched one to one (Eq. boundary-f).

    A predicted and a true pixel may be matched if their centres lie at most `tolerance` apart; each pixel
    is used once; the number of pairs is the largest possible. P = pairs / predicted, R = pairs / true,
    F = 2 P R / (P + R). Without "one to one" a thick smear around a contour would score a perfect P.

    Parameters
    ----------
    predicted, truth : (H, W) bool
    tolerance : float >= 0, pixels

    Returns
    -------
    scores : BoundaryScores
        Nothing predicted: P = 1 (no false alarm). Nothing to find: R = 1. F = 0 where P + R = 0.

    Notes
    -----
    The Berkeley benchmark finds its pairs by a cheapest assignment with outliers; the number of pairs
    here is the exact maximum (a bipartite matching), so it is never smaller. That benchmark also thins
    the prediction first and states the tolerance as a fraction of the picture's diagonal.

    >>> line = np.zeros((5, 5), bool); line[2] = True
    >>> boundary_scores(np.roll(line, 1, axis=0), line, tolerance=1).f1
    1.0

    Notebook: notebooks/02-canny.ipynb
    """
    predicted = checks.mask("boundary_scores", predicted, name="predicted")
    truth = checks.mask("boundary_scores", truth, name="truth")
    checks.same_shape("boundary_scores", predicted=predicted, truth=truth)
    tolerance = checks.number("boundary_scores", "tolerance", tolerance, low=0)
    pixels, targets = np.argwhere(predicted), np.argwhere(truth)  # (n, 2), (m, 2)
    matched = 0
    if len(pixels) and len(targets):
        reach = tolerance * (1 + 1e-12)  # a tolerance of math.sqrt(13) must reach (2, 3): squares are rounded
        near = cKDTree(pixels).sparse_distance_matrix(cKDTree(targets), reach, output_type="coo_matrix")
        near.data = np.ones_like(near.data)  # a distance of 0 is a pair too
        partner = maximum_bipartite_matching(near.tocsr(), perm_type="column")
        matched = int((partner >= 0).sum())
    P = matched / len(pixels) if len(pixels) else 1.0
    R = matched / len(targets) if len(targets) else 1.0
    F = 2 * P * R / (P + R) if P + R > 0 else 0.0  # Eq. boundary-f
    return BoundaryScores(P, R, F, matched)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    r"""Intersection over union of two masks, |A and B| / |A or B| (Eq. iou); 1 if both are empty.

    Parameters
    ----------
    a, b : (H, W) bool

    >>> iou(np.array([[True, True, False]]), np.array([[False, True, True]])) == 1 / 3
    True
    """
    a, b = checks.mask("iou", a, name="a"), checks.mask("iou", b, name="b")
    checks.same_shape("iou", a=a, b=b)
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else 1.0  # Eq. iou


def dice(a: np.ndarray, b: np.ndarray) -> float:
    r"""Dice coefficient of two masks, 2 |A and B| / (|A| + |B|) (Eq. dice); 1 if both are empty.

    Parameters
    ----------
    a, b : (H, W) bool

    >>> dice(np.array([[True, True, False]]), np.array([[False, True, True]]))
    0.5
    """
    a, b = checks.mask("dice", a, name="a"), checks.mask("dice", b, name="b")
    checks.same_shape("dice", a=a, b=b)
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0  # Eq. dice
