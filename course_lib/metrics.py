r"""How good is a segmentation: boundaries within a tolerance, regions by overlap.

Notebooks: notebooks/02-canny.ipynb (boundaries), notebooks/03-edges-to-regions.ipynb (regions)
References: D. Martin, C. Fowlkes, J. Malik, "Learning to detect natural image boundaries using local
brightness, color, and texture cues", IEEE TPAMI 26(5), 530-549 (2004), doi 10.1109/TPAMI.2004.1273918;
P. Jaccard, New Phytologist 11, 37-50 (1912); L. Dice, Ecology 26, 297-302 (1945); L. Hubert, P. Arabie, "Comparing
partitions", Journal of Classification 2, 193-218 (1985), doi 10.1007/BF01908075; H. W. Kuhn, "The Hungarian method for
the assignment problem", Naval Research Logistics Quarterly 2, 83-97 (1955), doi 10.1002/nav.3800020109.

| notation | code      | shape  | meaning                                        |
|----------|-----------|--------|------------------------------------------------|
| A, B     | a, b      | (H, W) | two masks                                      |
| P, R, F  | precision, recall, f1 | scalar, 0..1 | of matched boundary pixels, or of matched regions |
| n_ij     | n         | (labels, labels), sparse | pixels with label i in one picture and j in the other |
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
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


def adjusted_rand_index(a: np.ndarray, b: np.ndarray) -> float:
    r"""How far two partitions agree on which pixels belong together, chance taken off (Eq. adjusted-rand).

    Of all pairs of pixels, count those that lie in one region both times; subtract what is expected if the
    same regions were dealt out at random, and divide by the largest possible such difference.

    Parameters
    ----------
    a, b : (H, W) integers >= 0
        The names of the regions do not matter. 0 is a region like any other.

    Returns
    -------
    index : float, at most 1 (the same partition); 0 on average for random ones; negative is worse than chance
        Equal to ``sklearn.metrics.adjusted_rand_score(a.ravel(), b.ravel())``.

    >>> adjusted_rand_index(np.array([[1, 1, 2, 2]]), np.array([[7, 7, 3, 3]]))
    1.0

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    _, _, n = _overlaps("adjusted_rand_index", a=a, b=b)
    counts = n.data, n.sum(axis=1), n.sum(axis=0), [n.sum()]
    together, pairs_a, pairs_b, pairs = (sum(int(k) * (int(k) - 1) // 2 for k in sizes) for sizes in counts)
    expected, largest = pairs_a * pairs_b / max(pairs, 1), (pairs_a + pairs_b) / 2
    if largest == expected:  # both are one region, or both have a region for each pixel
        return 1.0
    return (together - expected) / (largest - expected)  # Eq. adjusted-rand


@dataclass(frozen=True)
class RegionScores:
    """Matched `pairs` (m, 2) of labels, predicted and true, their `ious` (m,), and what follows from them."""

    pairs: np.ndarray
    ious: np.ndarray
    mean_iou: float  # over the true regions; one without a partner counts 0
    precision: float  # share of the predicted regions that have an IoU above FOUND with a true one
    recall: float  # share of the true regions that have an IoU above FOUND with a predicted one
    f1: float


FOUND = 0.5  # two regions cannot both share more than half of their union with a third: nothing to choose here


def region_scores(predicted: np.ndarray, truth: np.ndarray) -> RegionScores:
    r"""Regions matched one to one so that the sum of their IoU is largest (Eq. matched-iou).

    Parameters
    ----------
    predicted, truth : (H, W) integers >= 0
        0 is background and is not matched. The numbers of the regions do not matter.

    Returns
    -------
    scores : RegionScores
        Pairs that overlap: an assignment problem, which needs a table of all pairs (some thousand
        regions are fine). Precision, recall and f1 do not depend on the assignment. Nothing
        predicted: precision 1; nothing to find: recall and mean IoU 1.

    >>> truth = np.array([[1, 1, 0, 2, 2]])
    >>> region_scores(np.array([[5, 5, 0, 0, 9]]), truth).ious.tolist()
    [1.0, 0.5]

    Notebook: notebooks/03-edges-to-regions.ipynb
    """
    names_p, names_t, n = _overlaps("region_scores", predicted=predicted, truth=truth)
    both = n.toarray()
    overlap = both / (n.sum(axis=1)[:, None] + n.sum(axis=0) - both)  # Eq. iou
    overlap = overlap[names_p > 0][:, names_t > 0]
    names_p, names_t = names_p[names_p > 0], names_t[names_t > 0]
    row, column = linear_sum_assignment(overlap, maximize=True)  # Eq. matched-iou
    ious = overlap[row, column]
    row, column, ious = row[ious > 0], column[ious > 0], ious[ious > 0]
    many_p, many_t, found = len(names_p), len(names_t), int((overlap > FOUND).sum())
    P, R = (found / many if many else 1.0 for many in (many_p, many_t))
    return RegionScores(np.stack([names_p[row], names_t[column]], axis=1), ious,
                        float(ious.sum() / many_t) if many_t else 1.0, P, R, 2 * P * R / (P + R) if P + R else 0.0)


def _overlaps(function, **labels):
    """The labels of either picture, and how many pixels have label i in one and j in the other: a sparse table n_ij."""
    a, b = (checks.labels(function, values, name=name) for name, values in labels.items())
    checks.same_shape(function, **dict(zip(labels, (a, b), strict=True)))
    (names_a, i), (names_b, j) = (np.unique(values, return_inverse=True) for values in (a, b))
    pixels = np.ones(a.size, np.int64)
    return names_a, names_b, coo_array((pixels, (i.ravel(), j.ravel()))).tocsr()  # which adds up equal places
