"""Overlap, boundary and region scores: hand counts, identities, brute force, scikit-learn, bad masks and labels."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix

from course_lib.metrics import FOUND, BoundaryScores, adjusted_rand_index, boundary_scores, dice, iou, region_scores

MASKS = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6).flatmap(
    lambda s: st.tuples(*[hnp.arrays(bool, s, elements=st.sampled_from([False, False, True]))] * 2)
)

LABELS = hnp.array_shapes(min_dims=2, max_dims=2, max_side=5).flatmap(
    lambda s: st.tuples(*[hnp.arrays(np.int32, s, elements=st.sampled_from([0, 0, 1, 2, 3, 9]))] * 2)
)
PARTITIONS = hnp.array_shapes(min_dims=2, max_dims=2, max_side=5).flatmap(
    lambda s: st.tuples(*[st.just(np.zeros(s, int)) | st.just(np.arange(s[0] * s[1]).reshape(s))
                          | hnp.arrays(np.int64, s, elements=st.integers(0, 3))] * 2)
)  # fmt: skip


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


# ---- partitions: the adjusted Rand index


@pytest.mark.equation("adjusted-rand")
@given(PARTITIONS)
def test_the_index_counts_pairs_of_pixels_and_equals_scikit_learn(pair):
    a, b = pair
    index = adjusted_rand_index(a, b)
    assert index == pytest.approx(adjusted_rand_score(a.ravel(), b.ravel()), abs=1e-12)
    in_a, in_b = ([u == v for k, u in enumerate(x.ravel()) for v in x.ravel()[:k]] for x in (a, b))  # all pairs
    n, together = max(len(in_a), 1), sum(p and q for p, q in zip(in_a, in_b, strict=True))
    expected, largest = sum(in_a) * sum(in_b) / n, (sum(in_a) + sum(in_b)) / 2
    if in_a == in_b:
        assert index == 1  # the same partition, also where the formula says 0 / 0
    else:
        assert index == pytest.approx((together - expected) / (largest - expected), abs=1e-12) and index < 1
    assert type(index) is float and index == adjusted_rand_index(b, a)


def test_an_index_counted_by_hand():
    a, b = np.array([[1, 1, 1, 2, 2, 2]]), np.array([[4, 4, 0, 0, 7, 7]])
    # 2 pairs together both times, of 6 and 3; 6 * 3 / 15 = 1.2 by chance, at most (6 + 3) / 2 = 4.5
    assert adjusted_rand_index(a, b) == pytest.approx((2 - 1.2) / (4.5 - 1.2), abs=1e-15)
    crossed = adjusted_rand_index(np.array([[1, 1], [2, 2]]), np.array([[1, 2], [1, 2]]))
    assert crossed == pytest.approx(-0.5, abs=1e-15)  # worse than chance: (0 - 2 * 2 / 6) / (2 - 2 * 2 / 6)


def test_the_index_of_degenerate_partitions():
    one, each = np.full((3, 4), 5), np.arange(12).reshape(3, 4)
    assert adjusted_rand_index(one, one) == adjusted_rand_index(each, each[::-1]) == 1
    assert adjusted_rand_index(one, each) == adjusted_rand_index(each, one) == 0
    assert adjusted_rand_index([[0]], [[3]]) == 1  # one pixel: no pair disagrees


@given(PARTITIONS, st.permutations(range(30)), st.integers(0, 10**6))
def test_names_and_places_do_not_count(pair, names, seed):
    a, b = pair
    index = adjusted_rand_index(a, b)
    renamed = np.array(names)[a]
    assert adjusted_rand_index(renamed, b) == pytest.approx(index, abs=1e-12)
    order = np.random.default_rng(seed).permutation(a.size)
    moved = adjusted_rand_index(a.ravel()[order][None], b.ravel()[order][None])
    assert moved == pytest.approx(index, abs=1e-12)


def test_random_partitions_have_an_index_of_0_on_average():
    rng = np.random.default_rng(1)
    sizes = np.repeat([0, 1, 2], [20, 10, 6]).reshape(6, 6)  # the same regions, dealt out anew
    values = [adjusted_rand_index(sizes, rng.permuted(sizes)) for _ in range(2000)]
    error = np.std(values) / math.sqrt(len(values))
    assert abs(np.mean(values)) < 4 * error < 0.01 and min(values) < 0 < max(values)


def test_the_index_of_a_large_picture_does_not_overflow():
    a, b = np.zeros((2, 4000, 4000), np.uint8)
    a[:, 2000:], b[2000:] = 1, 1  # 1.3e14 pairs, whose products exceed 2^64
    assert adjusted_rand_index(a, a) == 1
    # independent halves: n = 16e6 pixels; chance expects half of 2 C(n/2, 2), and a crossing has 4 C(n/4, 2)
    assert adjusted_rand_index(a, b) == pytest.approx(-1 / 16e6, rel=1e-6)


# ---- regions: the matched intersection over union


def best_matching(overlap):
    """The largest sum by trying everything: the first row stays alone or takes one of the columns."""
    if not len(overlap):
        return 0.0
    rest = overlap[1:]
    return max([best_matching(rest)] + [
        overlap[0, k] + best_matching(np.delete(rest, k, axis=1)) for k in range(overlap.shape[1])])  # fmt: skip


@pytest.mark.equation("matched-iou")
@pytest.mark.equation("iou")
def test_regions_counted_by_hand():
    truth = np.array([[1, 1, 1, 1, 0, 2, 2, 2, 0, 5]])
    found = np.array([[7, 7, 7, 4, 4, 4, 9, 9, 0, 0]])
    # 7 with 1: 3/4; 4 with 1: 1/6, with 2: 1/5; 9 with 2: 2/3; nothing with 5
    scores = region_scores(found, truth)
    assert scores.pairs.tolist() == [[7, 1], [9, 2]] and scores.ious.tolist() == [3 / 4, 2 / 3]
    assert scores.mean_iou == pytest.approx((3 / 4 + 2 / 3) / 3, abs=1e-15)
    assert (scores.precision, scores.recall, scores.f1) == (2 / 3, 2 / 3, pytest.approx(2 / 3, abs=1e-15))
    back = region_scores(truth, found)
    assert back.pairs.tolist() == [[1, 7], [2, 9]] and back.mean_iou == scores.mean_iou


def test_half_an_overlap_is_not_enough_to_be_found_and_a_little_more_is():
    truth = np.array([[1] * 10 + [0] * 11])
    for pixels, found in ((20, 0), (19, 1)):  # 10/20, 10/19
        predicted = np.array([[3] * pixels + [0] * (21 - pixels)])
        scores = region_scores(predicted, truth)
        assert (scores.precision, scores.recall, scores.f1) == (found,) * 3 and scores.mean_iou == 10 / pixels
    assert FOUND == 0.5


def test_the_best_sum_is_not_the_greedy_one():
    truth, predicted = np.zeros((2, 1, 30), int)
    truth[0, :10], truth[0, 10:20] = 1, 2
    predicted[0, 5:15], predicted[0, :5] = 3, 4  # 3 overlaps 1 and 2 by 5/15 each, 4 overlaps 1 by 5/10
    assert region_scores(predicted, truth).pairs.tolist() == [[3, 2], [4, 1]]
    predicted[0, 4:18], predicted[0, :4], predicted[0, 18:] = 3, 4, 0  # 3: 6/18 and 8/16; 4: 4/10 with 1
    assert sorted(region_scores(predicted, truth).pairs.tolist()) == [[3, 2], [4, 1]]
    predicted[0, :12], predicted[0, 12:] = 3, 0
    predicted[0, :1] = 4  # 3: 9/12 with 1, 2/19 with 2; 4: 1/10 with 1 only: the sum is largest with 4 alone
    assert region_scores(predicted, truth).pairs.tolist() == [[3, 1]]


@pytest.mark.equation("matched-iou")
@given(LABELS)
def test_no_other_matching_has_a_larger_sum(drawn):
    predicted, truth = drawn
    names_p, names_t = (np.unique(a[a > 0]).tolist() for a in drawn)
    overlap = np.array([[iou(predicted == i, truth == j) for j in names_t] for i in names_p])
    overlap = overlap.reshape(len(names_p), len(names_t))
    scores = region_scores(predicted, truth)
    assert scores.pairs.shape == (len(scores.ious), 2) and (scores.ious > 0).all()
    for (i, j), value in zip(scores.pairs.tolist(), scores.ious, strict=True):
        assert value == iou(predicted == i, truth == j)
    assert all(len(set(column)) == len(column) for column in scores.pairs.T.tolist())  # one to one
    best = best_matching(overlap)
    assert scores.ious.sum() == pytest.approx(best, abs=1e-12)
    good = int((overlap > 0.5).sum())
    P, R = good / len(names_p) if names_p else 1, good / len(names_t) if names_t else 1
    assert (scores.precision, scores.recall) == (P, R)
    assert scores.f1 == pytest.approx(2 * P * R / (P + R) if P + R else 0, abs=1e-15)
    assert scores.mean_iou == pytest.approx(best / len(names_t) if names_t else 1, abs=1e-12)
    assert all(type(v) is float for v in (scores.mean_iou, scores.precision, scores.recall, scores.f1))


@given(LABELS, st.permutations(range(1, 10)))
def test_names_of_regions_do_not_count_and_the_background_has_none(drawn, names):
    predicted, truth = drawn
    names = np.array([0, *names])
    before, after = region_scores(predicted, truth), region_scores(names[predicted], truth * 1000)
    for name in ("mean_iou", "precision", "recall", "f1"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), abs=1e-12)
    assert np.sort(after.ious).sum() == pytest.approx(before.ious.sum(), abs=1e-12)
    assert not (after.pairs == 0).any()


def test_equals_the_way_over_scikit_learns_contingency_table():
    rng = np.random.default_rng(2)
    for kept in (0.5, 0.7, 0.8):
        truth = np.repeat(rng.integers(0, 12, (6, 8)), 7, axis=1)
        noise = rng.integers(0, 15, truth.shape)
        predicted = np.where(rng.random(truth.shape) < kept, np.roll(truth, 1, axis=1), noise)
        truth[0, :12], predicted[1, :15] = range(12), range(15)
        n = contingency_matrix(predicted.ravel(), truth.ravel())
        overlap = (n / (n.sum(axis=1, keepdims=True) + n.sum(axis=0) - n))[1:, 1:]
        row, column = linear_sum_assignment(-overlap)
        scores = region_scores(predicted, truth)
        assert scores.ious.sum() == pytest.approx(overlap[row, column].sum(), abs=1e-12)
        assert scores.mean_iou == pytest.approx(overlap[row, column].sum() / truth.max(), abs=1e-12)
        assert scores.recall == (overlap > 0.5).any(axis=0).mean() < 1
        assert scores.precision == (overlap > 0.5).any(axis=1).mean() and (kept < 0.8 or scores.precision > 0)


def test_nothing_predicted_and_nothing_to_find():
    none, some = np.zeros((3, 3), int), np.eye(3, dtype=int)
    for predicted, truth, expected in (
        (none, some, (0, 1, 0, 0)), (some, none, (1, 0, 1, 0)), (none, none, (1, 1, 1, 1)),
        (1 - some, some, (0, 0, 0, 0)), (some, some * 4, (1, 1, 1, 1)),
    ):  # fmt: skip
        s = region_scores(predicted, truth)
        assert (s.mean_iou, s.precision, s.recall, s.f1) == expected
        assert s.pairs.tolist() == ([[1, 4]] if truth.max() == 4 else []) and s.pairs.shape == (len(s.ious), 2)


def test_products_of_large_names_do_not_overflow():
    a, b = np.array([[0, 2**16, 5]], np.int32), np.array([[0, 0, 2**16 - 1]], np.int32)  # 2^16 * 2^16 is 0 in int32
    assert adjusted_rand_index(a, b) == pytest.approx(adjusted_rand_score(a[0], b[0]), abs=1e-12) == 0
    assert region_scores(a, b).pairs.tolist() == [[5, 2**16 - 1]] and region_scores(a, b).precision == 0.5


def test_odd_but_good_labels_give_the_same_scores():
    a, b = np.random.default_rng(3).integers(0, 5, (2, 14, 16))
    part = np.s_[::-2, 1::3]
    index, scores = adjusted_rand_index(a[part].copy(), b[part].copy()), region_scores(a[part].copy(), b[part].copy())
    for kind in (np.uint8, ">i2", np.uint64, np.int32):
        locked = b[part].astype(kind)
        locked.setflags(write=False)
        for x in (a[part], np.asfortranarray(a[part]).astype(kind)):
            assert adjusted_rand_index(x, locked) == index
            assert (region_scores(x, locked).pairs == scores.pairs).all()


@pytest.mark.parametrize("function", [adjusted_rand_index, region_scores])
def test_bad_labels_are_refused(function):
    labels, name = np.eye(3, 4, dtype=np.int32), function.__name__
    for bad, error, message in (
        (labels * 1.0, TypeError, "must be whole numbers, 0 for the background; got float64"),
        (labels > 0, TypeError, "got bool: number the regions of a mask first"),
        (-labels, ValueError, "must lie in 0..2.31 - 1; got -1..0"),
        (labels.astype(np.uint64) << 31, ValueError, "got 0..2147483648"),
        (labels[0], ValueError, r"must be \(H, W\); got \(4,\)"),
        (labels[:0], ValueError, "has no pixels"),
        (labels.T, ValueError, r"must have one shape; got .*\(., .\), .*\(., .\)"),
        (np.ma.masked_array(labels), TypeError, "masked array"),
        ("labels", TypeError, "got str"),
    ):
        for arguments in ((bad, labels), (labels, bad)):
            with pytest.raises(error, match=f"{name}: .*{message}"):
                function(*arguments)
    first, second = ("a", "b") if function is adjusted_rand_index else ("predicted", "truth")
    for argument, arguments in ((first, (-labels, labels)), (second, (labels, -labels))):
        with pytest.raises(ValueError, match=f"`{argument}` must lie in"):
            function(*arguments)


def test_the_memory_follows_the_pixels_and_not_the_largest_number():
    a = np.array([[0, 2**31 - 1]])
    assert adjusted_rand_index(a, a) == 1 and region_scores(a, a).mean_iou == 1


def test_a_region_counts_as_found_even_where_the_best_sum_matches_it_otherwise():
    """The pair with IoU 100 / 196 is given up for two of 48 / 148 each, whose sum is larger."""
    predicted, truth = np.zeros((2, 1, 196), np.int32)
    predicted[0, :148], predicted[0, 148:] = 1, 2
    truth[0, 48:], truth[0, :48] = 1, 2
    scores = region_scores(predicted, truth)
    assert scores.pairs.tolist() == [[1, 2], [2, 1]] and scores.ious == pytest.approx([48 / 148] * 2)
    assert (scores.precision, scores.recall, scores.f1) == (0.5, 0.5, 0.5)
