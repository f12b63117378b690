"""Overlap and boundary scores: hand counts, identities, brute force over all matchings, bad masks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from course_lib.metrics import BoundaryScores, boundary_scores, dice, iou

MASKS = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6).flatmap(
    lambda s: st.tuples(*[hnp.arrays(bool, s, elements=st.sampled_from([False, False, True]))] * 2)
)


def largest_matching(pixels, targets, tolerance):
    """By trying everything: the first pixel stays alone or takes one of its targets."""
    if not pixels or not targets:
        return 0
    (y, x), rest = pixels[0], pixels[1:]
    best = largest_matching(rest, targets, tolerance)
    for k, (v, u) in enumerate(targets):
        if (y - v) ** 2 + (x - u) ** 2 <= tolerance**2 + 1e-9:  # 1e-9: a tolerance of sqrt(2) reaches sqrt(2)
            best = max(best, 1 + largest_matching(rest, targets[:k] + targets[k + 1:], tolerance))  # fmt: skip
    return best


@pytest.mark.equation("iou")
@pytest.mark.equation("dice")
def test_overlaps_counted_by_hand():
    a, b = np.zeros((2, 4, 5), bool)
    a[:2, :3], b[1:3, 1:3] = True, True  # 6 and 4 pixels, 2 in common
    assert iou(a, b) == 2 / 8 and dice(a, b) == 4 / 10
    assert iou(a, a) == dice(a, a) == 1 and iou(a, ~a) == dice(a, ~a) == 0
    assert iou(a & ~a, a & ~a) == dice(a & ~a, a & ~a) == 1  # both empty


@pytest.mark.equation("dice")
@given(MASKS)
def test_dice_and_iou_determine_each_other_and_are_symmetric(pair):
    a, b = pair
    j = iou(a, b)
    assert dice(a, b) == pytest.approx(2 * j / (1 + j), abs=1e-15)  # one rounding on either side
    assert j == iou(b, a) and dice(a, b) == dice(b, a) and 0 <= j <= dice(a, b) <= 1
    assert iou(a[::-1, ::-1], b[::-1, ::-1]) == j


@pytest.mark.equation("boundary-f")
@given(MASKS, st.sampled_from([0, 1, 1.3, math.sqrt(2), 2, math.sqrt(5)]))
def test_scores_count_the_largest_one_to_one_matching(pair, tolerance):
    a, b = pair
    pixels, targets = (list(map(tuple, np.argwhere(m)[:6].tolist())) for m in (a, b))
    a, b = np.zeros((2, *a.shape), bool)
    for mask, places in ((a, pixels), (b, targets)):
        for place in places:
            mask[place] = True
    scores = boundary_scores(a, b, tolerance=tolerance)
    assert scores.matched == largest_matching(pixels, targets, tolerance)
    P = scores.matched / len(pixels) if pixels else 1
    R = scores.matched / len(targets) if targets else 1
    assert (scores.precision, scores.recall) == (P, R)
    assert scores.f1 == pytest.approx(2 * P * R / (P + R) if P + R else 0, abs=1e-15)
    swapped = boundary_scores(b, a, tolerance=tolerance)
    assert swapped == BoundaryScores(R, P, scores.f1, scores.matched)


@pytest.mark.equation("boundary-f")
def test_a_smear_does_not_score_as_well_as_a_line():
    truth = np.zeros((9, 9), bool)
    truth[4] = True
    smear = np.zeros_like(truth)
    smear[3:6] = True
    assert boundary_scores(smear, truth) == BoundaryScores(1 / 3, 1.0, 0.5, 9)
    assert boundary_scores(np.roll(truth, 2, axis=0), truth) == BoundaryScores(1.0, 1.0, 1.0, 9)
    assert boundary_scores(np.roll(truth, 3, axis=0), truth) == BoundaryScores(0.0, 0.0, 0.0, 0)


def test_a_wider_tolerance_never_matches_less_and_zero_means_the_same_pixel():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 12, 12)) < 0.2
    matched = [boundary_scores(a, b, tolerance=t).matched for t in (0, 1, 1.5, 2, 3, 1e30)]
    assert matched == sorted(matched) and len(set(matched)) > 2
    assert matched[0] == (a & b).sum() and matched[-1] == min(a.sum(), b.sum())
    assert boundary_scores(a, b) == boundary_scores(a, b, tolerance=2.0)


def test_a_tolerance_reaches_exactly_as_far_as_it_says():
    for i in range(8):
        for j in range(i + 1):
            a, b = np.zeros((2, 8, 8), bool)
            a[0, 0] = b[i, j] = True
            distance = math.sqrt(i * i + j * j)
            assert boundary_scores(a, b, tolerance=distance).matched == 1
            if distance:
                assert boundary_scores(a, b, tolerance=distance * 0.999).matched == 0


def test_nothing_predicted_is_precise_and_nothing_to_find_is_found():
    none, some = np.zeros((3, 3), bool), np.eye(3, dtype=bool)
    assert boundary_scores(none, some) == BoundaryScores(1.0, 0.0, 0.0, 0)
    assert boundary_scores(some, none) == BoundaryScores(0.0, 1.0, 0.0, 0)
    assert boundary_scores(none, none) == BoundaryScores(1.0, 1.0, 1.0, 0)


@pytest.mark.parametrize("function", [iou, dice, boundary_scores])
def test_bad_masks_are_refused(function):
    mask = np.zeros((3, 4), bool)
    with pytest.raises(TypeError, match=f"{function.__name__}: `.*` must be bool, True inside; got float64"):
        function(mask, mask * 1.0)
    with pytest.raises(TypeError, match="must be bool"):
        function(mask.astype(np.uint8), mask)
    with pytest.raises(ValueError, match=r"must have one shape; got .*\(3, 4\), .*\(4, 3\)"):
        function(mask, mask.T)
    with pytest.raises(ValueError, match=r"must be \(H, W\)"):
        function(mask[0], mask[0])


@pytest.mark.parametrize(("tolerance", "error"), [(-1, ValueError), (math.nan, ValueError), ("2", TypeError)])
def test_bad_tolerances_are_refused(tolerance, error):
    with pytest.raises(error, match="boundary_scores: `tolerance` must"):
        boundary_scores(np.eye(3) > 0, np.eye(3) > 0, tolerance=tolerance)
