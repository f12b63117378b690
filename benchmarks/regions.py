"""course_lib.boundaries beside OpenCV, SciPy and scikit-image: components, contours and the watershed."""

from functools import partial

import cv2
import numpy as np
from scipy import ndimage
from skimage import measure, morphology, segmentation

from benchmarks import pictures
from benchmarks.timing import Case, Peer
from course_lib.boundaries.components import label, region_statistics
from course_lib.boundaries.contours import find_contours
from course_lib.boundaries.watershed import watershed

MASKS = {"busy": (pictures.BUSY, pictures.busy_mask), "sparse": (pictures.SPARSE, pictures.sparse_mask)}
HEIGHTS = {"camera": (pictures.CAMERA, pictures.camera), "grass": (pictures.GRASS, pictures.grass)}
NEIGHBOURS = {4: np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]]), 8: np.ones((3, 3), int)}
CONTOURS_AIM = {"busy": 1.0, "sparse": 2.5}
GRID = 32  # pixels from marker to marker
EQUAL_PIXELS = 0.99  # of two watersheds; where a pixel may choose between lakes, they choose differently


def cases():
    for connectivity in (8, 4):
        for name in MASKS:
            for size in pictures.SIZES:
                yield label_case(connectivity, name, size)
    for task in (statistics_case, contours_case):
        for name in MASKS:
            for size in pictures.SIZES:
                yield task(name, size)
    for kind, name in (("int16", "camera"), ("int16", "grass"), ("float32", "camera")):
        for size in pictures.SIZES:
            yield watershed_case(kind, name, size)


def label_case(connectivity, name, size):
    picture, make = MASKS[name]
    mask = make(size)
    return Case(f"Components, {connectivity}-connected, {name} mask", picture, size, "boundaries.components.label",
                partial(label, mask, connectivity=connectivity), (
        Peer("cv2.connectedComponents",
             partial(cv2.connectedComponents, mask.view(np.uint8), connectivity=connectivity),
             lambda ours, theirs: ours[1] == theirs[0] - 1 and names(ours[0], theirs[1]) is not None,
             "the same regions, whatever their numbers", aim=1.5),
        Peer("scipy.ndimage.label", partial(ndimage.label, mask, structure=NEIGHBOURS[connectivity]),
             lambda ours, theirs: ours[1] == theirs[1] and np.array_equal(ours[0], theirs[0]),
             "the same number in every pixel"),
    ))


def statistics_case(name, size):
    picture, make = MASKS[name]
    mask = make(size)

    def ours():
        labels, _ = label(mask)
        return labels, region_statistics(labels)

    return Case(f"Components and statistics, {name} mask", picture, size, "boundaries.components.region_statistics",
                ours, (
        Peer("cv2.connectedComponentsWithStats", partial(cv2.connectedComponentsWithStats, mask.view(np.uint8)),
             same_statistics,
             "the same regions, areas and boxes, and centroids up to rounding; ours adds the second moments"),
    ))


def contours_case(name, size):
    picture, make = MASKS[name]
    mask = make(size)
    return Case(f"Contours, {name} mask", picture, size, "boundaries.contours.find_contours",
                partial(find_contours, mask), (
        Peer("cv2.findContours",
             partial(cv2.findContours, mask.view(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE), same_contours,
             "equal in every point, in the order and in the hierarchy", aim=CONTOURS_AIM[name]),
    ))


def watershed_case(kind, name, size):
    """int16 heights have a queue for each value; float32 ones, which nearly all differ, are sorted first."""
    picture, make = HEIGHTS[name]
    height, markers = magnitude(make(size), kind), grid(size)
    what = "L1 norm of the gradient" if kind == "int16" else "L2 norm of the smoothed gradient"
    return Case(f"Watershed, {kind}, {what}, {name}", f"{picture}; a marker every {GRID} pixels", size,
                "boundaries.watershed.watershed", partial(watershed, height, markers), (
        Peer("skimage.segmentation.watershed", partial(segmentation.watershed, height, markers),
             partial(same_flood, height, markers),
             "the same pass height in every pixel, and at least 99 % of the labels equal; the others are ties, "
             "pixels that two lakes reach at the same height", aim=0.12 if kind == "int16" else 1.0),
    ))


def magnitude(image, kind):
    """(size, size): |gx| + |gy| in int16, or in float32 the length of the gradient of the picture in 0..1, smoothed."""
    if kind == "int16":
        return np.abs(cv2.Sobel(image, cv2.CV_16S, 1, 0)) + np.abs(cv2.Sobel(image, cv2.CV_16S, 0, 1))
    smooth = cv2.GaussianBlur(image / np.float32(255), (0, 0), 1.0)
    return np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))


def grid(size):
    """(size, size) int32: one marker pixel in the middle of each square of the grid, numbered row by row."""
    markers = np.zeros((size, size), np.int32)
    middles = markers[GRID // 2::GRID, GRID // 2::GRID]
    middles[...] = np.arange(1, middles.size + 1).reshape(middles.shape)
    return markers


def names(ours, theirs):
    """Their number of each of our regions; None where the regions are not the same, or the background is not 0."""
    found = np.zeros(ours.max() + 1, theirs.dtype)
    found[ours] = theirs  # of all numbers in a region the last one
    same = found[0] == 0 and len(np.unique(found)) == len(found) and np.array_equal(found[ours], theirs)
    return found if same else None


def same_statistics(ours, theirs):
    (labels, statistics), (count, their_labels, stats, centroids) = ours, theirs
    found = names(labels, their_labels)
    if found is None or count != len(found):
        return False
    rows = found[1:]
    return (np.array_equal(statistics.area, stats[rows, cv2.CC_STAT_AREA])
            and np.array_equal(statistics.box_xywh, stats[rows, :4])
            and np.allclose(statistics.centroid_xy, centroids[rows], rtol=1e-12, atol=0))


def same_contours(ours, theirs):
    (contours, hierarchy), (their_contours, their_hierarchy) = ours, theirs
    return (len(contours) == len(their_contours) and np.array_equal(hierarchy, their_hierarchy[0])
            and all(np.array_equal(a, b[:, 0]) for a, b in zip(contours, their_contours, strict=True)))


def same_flood(height, markers, ours, theirs):
    if (ours == theirs).mean() < EQUAL_PIXELS:
        return False
    dry = np.where(markers > 0, height, height.max())
    passes = morphology.reconstruction(dry, height, method="erosion", footprint=NEIGHBOURS[4])
    _, rank = np.unique(passes, return_inverse=True)
    return all(lies_low(rank.reshape(height.shape), markers, labels) for labels in (ours, theirs))


def lies_low(rank, markers, labels):
    """Does a way lead from every pixel to its marker, inside its lake, that nowhere rises above the pass height?

    It does if every plateau, connected pixels of one lake and one pass height, holds the marker or has a neighbour of
    the same lake with a lower pass height: step there, and the same is true again. `rank` is the order of the passes.
    """
    plateau = measure.label(rank * (int(labels.max()) + 1) + labels, background=-1, connectivity=1)
    low = np.zeros(plateau.max() + 1, bool)
    low[0] = True  # a number that measure.label does not give
    low[plateau[(markers > 0) & (labels == markers)]] = True
    for here, there in (np.s_[1:, :], np.s_[:-1, :]), (np.s_[:, 1:], np.s_[:, :-1]):
        for a, b in ((here, there), (there, here)):
            low[plateau[a][(rank[b] < rank[a]) & (labels[b] == labels[a])]] = True
    return bool(low.all()) and labels.min() > 0
