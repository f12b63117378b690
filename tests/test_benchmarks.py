"""The benchmarks measure what they say; how fast anything is, no test asks."""

import dataclasses
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import boundaries, filters, generators, live, pictures, regions, rendering, run, timing
from benchmarks.timing import Case, Peer

RESULTS = json.loads(run.RESULTS.read_text("utf-8"))


class FakeClock:
    """Time passes only where a function says so."""

    def __init__(self):
        self.now, self.log = 0.0, []

    def __call__(self):
        return self.now

    def work(self, name, seconds):
        """`seconds` is a number, or an iterator of what each call costs in turn."""
        self.now += seconds if isinstance(seconds, float) else next(seconds)
        self.log.append(name)
        return name


def case(clock, ours, theirs, agree=lambda a, b: True):
    peer = Peer("theirs", partial(clock.work, "theirs", theirs), agree, "the same", aim=1.5)
    return Case("task", "picture", 8, "ours", partial(clock.work, "ours", ours), (peer,))


@pytest.mark.parametrize(("ours", "theirs"), [(0.003, 0.001), (0.0001, 0.025), (7.0, 7.0)])
def test_ratio_is_the_ratio_of_the_costs(ours, theirs):
    clock = FakeClock()
    (row,) = timing.measure(case(clock, ours, theirs), clock=clock, seconds=1.0)
    assert row["ratio"] == pytest.approx(ours / theirs)
    assert row["ours_ms"] == pytest.approx(1000 * ours)
    assert row["peer_ms"] == pytest.approx(1000 * theirs)
    assert row["ratio_quartiles"] == pytest.approx([ours / theirs] * 2)


def test_medians_ignore_the_slow_first_call_and_a_rare_hiccup():
    clock = FakeClock()
    costs = iter([9.0] + [0.1 if k % 6 == 5 else 0.02 for k in range(1000)])  # a compilation, then hiccups
    (row,) = timing.measure(case(clock, costs, 0.01), clock=clock, seconds=3.0)
    assert row["ratio"] == pytest.approx(2.0)


def test_drift_of_the_machine_leaves_the_ratio_in_place():
    """Everything becomes slower and slower, up to ten times: the medians move, the ratio does not."""
    clock = FakeClock()
    factor = [1.0]

    def drifting(cost):
        while True:
            factor[0] = min(factor[0] * 1.01, 10.0)
            yield cost * factor[0]

    (row,) = timing.measure(case(clock, drifting(0.02), drifting(0.01)), clock=clock, seconds=3.0)
    assert row["ours_ms"] > 25
    assert row["ratio"] == pytest.approx(2.0, rel=0.05)


def test_functions_take_turns_and_every_second_round_goes_backwards():
    clock = FakeClock()
    calls = [partial(clock.work, name, 0.1) for name in "abc"]
    times = timing.take_turns(calls, clock=clock, seconds=2.9)
    assert [len(t) for t in times] == [10, 10, 10]
    assert "".join(clock.log).endswith("abccba" * 5)


def test_short_calls_are_repeated_and_the_number_of_turns_is_bounded():
    clock = FakeClock()
    turns, = timing.take_turns([partial(clock.work, "a", 1e-5)], clock=clock, seconds=1.0)
    assert len(clock.log) / len(turns) >= timing.TURN_SECONDS / 1e-5
    few, = timing.take_turns([partial(clock.work, "a", 60.0)], clock=clock, seconds=1.0)
    many, = timing.take_turns([partial(clock.work, "a", 0.01)], clock=clock, seconds=1e6)
    assert (len(few), len(many)) == timing.TURNS


def test_quartiles_enclose_the_middle_half():
    assert timing.quartiles([5.0, 1.0, 4.0, 2.0, 3.0]) == [2.0, 4.0]


def test_wrong_answer_is_not_timed():
    clock = FakeClock()
    with pytest.raises(AssertionError, match="task, 8 pixels: ours and theirs do not agree"):
        timing.measure(case(clock, 0.1, 0.1, agree=lambda a, b: a == b), clock=clock)
    assert clock.log == ["ours", "theirs"]


@pytest.mark.large
@pytest.mark.parametrize(("cases", "sizes", "least"), [
    (filters.cases, pictures.SIZES[:1], 8), (boundaries.cases, pictures.SIZES[:1], 8),
    (regions.cases, pictures.SIZES[:1], 8), (generators.cases, (16, 28, 32, 64), 6),
], ids=["filters", "boundaries", "regions", "generators"])  # fmt: skip
def test_answers_agree_at_the_smallest_size(cases, sizes, least):
    compared = 0
    for small in (c for c in cases() if c.size in sizes):
        ours = small.call()
        for peer in small.peers:
            assert peer.agree(ours, peer.call()), f"{small.task}: {peer.name}"
            compared += 1
    assert compared >= least


def test_comparison_of_answers_can_fail():
    """One edge pixel, one grey level, one gradient off, and the case is not timed."""
    canny = boundaries.canny_case("l1", "camera", 64)
    edges = canny.call()
    wrong = edges.copy()
    wrong[32, 32] ^= True
    (peer,) = canny.peers
    assert peer.agree(edges, peer.call()) and not peer.agree(wrong, peer.call())

    gx, gy = boundaries.sobel_case(64).call()
    for peer in boundaries.sobel_case(64).peers:
        assert peer.agree((gx, gy), peer.call()) and not peer.agree((gx, gy + 1), peer.call())

    image = pictures.camera(64)
    opencv, scipy = filters.peers(image, 1)
    blurred = opencv.call()
    assert opencv.agree(blurred, opencv.call()) and not opencv.agree(blurred + 1, opencv.call())
    assert scipy.agree(blurred, scipy.call()) and not scipy.agree(255 - blurred, scipy.call())

    (scikit_image,) = boundaries.blurred_canny_case("camera", 64).peers
    assert not scikit_image.agree(edges.T, scikit_image.call())


def test_comparison_of_labels_can_fail():
    """A pixel, a region split or two in one, and OpenCV does not agree; with SciPy the numbers count too."""
    labels, count = regions.label_case(8, "busy", 64).call()
    opencv, scipy = regions.label_case(8, "busy", 64).peers
    theirs = opencv.call()
    renumbered = np.where(labels > 0, count + 1 - labels, 0)
    assert opencv.agree((labels, count), theirs) and opencv.agree((renumbered, count), theirs)
    assert scipy.agree((labels, count), scipy.call()) and not scipy.agree((renumbered, count), scipy.call())
    wrong = [np.where(labels == 2, 1, labels), np.where(labels == 1, 0, labels), np.maximum(labels, 1)]
    larger = int(np.argmax(np.bincount(labels.ravel())[1:])) + 1
    split, shifted = labels.copy(), labels.copy()
    split[np.nonzero(labels == larger)[0][0], np.nonzero(labels == larger)[1][0]] = count + 1
    y, x = np.argwhere(labels == 0)[0]
    shifted[y, x] = 1
    for other in (*wrong, split, shifted):
        assert not opencv.agree((other, count), theirs) and not scipy.agree((other, count), scipy.call())
    assert not opencv.agree((labels, count + 1), theirs) and not scipy.agree((labels, count + 1), scipy.call())
    four, _ = regions.label_case(4, "busy", 64).peers
    assert not four.agree((labels, count), four.call())


def test_comparison_of_statistics_can_fail():
    labels, statistics = regions.statistics_case("sparse", 64).call()
    (opencv,) = regions.statistics_case("sparse", 64).peers
    theirs = opencv.call()
    assert opencv.agree((labels, statistics), theirs)
    assert not opencv.agree((np.maximum(labels, 1), statistics), theirs)
    for name, off in (("area", 1), ("box_xywh", [0, 0, 0, 1]), ("centroid_xy", [0, 1e-6])):
        wrong = dataclasses.replace(statistics, **{name: getattr(statistics, name) + off})
        assert not opencv.agree((labels, wrong), theirs), name


def test_comparison_of_contours_can_fail():
    contours, hierarchy = regions.contours_case("busy", 64).call()
    (opencv,) = regions.contours_case("busy", 64).peers
    theirs = opencv.call()
    assert opencv.agree((contours, hierarchy), theirs)
    turned = [np.roll(contours[0], 1, axis=0), *contours[1:]]
    for wrong in (contours[1:], contours[::-1], turned, [contour[:, ::-1] for contour in contours]):
        assert not opencv.agree((wrong, hierarchy), theirs)
    assert not opencv.agree((contours, hierarchy[:, [1, 0, 2, 3]]), theirs)


@pytest.mark.large
def test_comparison_of_glyphs_can_fail():
    images, labels = ours = generators.our_glyphs(16)
    theirs = generators.pillow_glyphs(16)
    assert generators.same_digits(ours, theirs)
    wrong = [(images[:, ::-1], labels), (images[:, :, ::-1], labels), (images, (labels + 1) % 10), (images / 2, labels),
             (images.astype(float), labels), (images[:, 1:], labels), (np.roll(images, 3, axis=2), labels)]
    assert not any(generators.same_digits(other, theirs) for other in wrong)


def test_comparison_of_scenes_can_fail():
    ours = generators.our_shapes(64)
    opencv, scikit_image = (peer.call() for peer in generators.shapes_case(64).peers)
    assert generators.same_scenes(ours, opencv)
    images, classes, instances = opencv
    wrong = [(images, classes % 4 + 1, instances), (images, classes, instances + 3),
             (images[:, 1:], classes, instances), (images, classes.astype(np.int64), instances),
             (images, np.where(classes == 4, 0, classes), instances)]
    assert not any(generators.same_scenes(ours, other) for other in wrong)
    _, peer = generators.shapes_case(64).peers
    assert peer.agree(ours, scikit_image) and not peer.agree(ours, scikit_image[:-1])
    assert scikit_image.min() < 255 and len(np.unique(scikit_image.reshape(-1, 3), axis=0)) > 60  # it has drawn


@pytest.mark.parametrize("kind", ["int16", "float32"])
def test_comparison_of_watersheds_can_fail(kind):
    """One pixel that water reaches only over a higher pass is found, wherever it is; so are two lakes exchanged."""
    labels = regions.watershed_case(kind, "grass", 128).call()
    (peer,) = regions.watershed_case(kind, "grass", 128).peers
    theirs = peer.call()
    assert peer.agree(labels, theirs) and peer.agree(theirs, labels)
    for y, x in ((0, 0), (40, 90), (127, 127)):
        far = labels.copy()
        far[y, x] = labels.max() + 1 - labels[y, x]  # the lake on the other side of the picture
        dry = labels.copy()
        dry[y, x] = 0
        assert not peer.agree(far, theirs) and not peer.agree(dry, theirs) and not peer.agree(theirs, far)
    exchanged = np.where(labels == 1, 2, np.where(labels == 2, 1, labels))
    assert not peer.agree(exchanged, theirs) and not peer.agree(exchanged, exchanged)


def test_a_way_that_rises_above_the_pass_is_seen():
    """Both lakes may take the middle, over a pass of 5. A pixel may not be dry, nor be cut off from its lake."""
    height = np.array([[0, 5, 3, 5, 0, 9]])
    markers = np.array([[1, 0, 0, 0, 2, 0]])
    rank = np.array([[0, 1, 1, 1, 0, 2]])  # of the pass heights 0 5 5 5 0 9
    same_flood = partial(regions.same_flood, height, markers)
    left, right = np.array([[1, 1, 1, 2, 2, 2]]), np.array([[1, 2, 2, 2, 2, 2]])
    assert regions.lies_low(rank, markers, left) and regions.lies_low(rank, markers, right)
    assert same_flood(left, left) and same_flood(right, right)
    assert not same_flood(left, right)  # neither is wrong, but fewer than 99 % of the labels are equal
    for wrong in ([1, 1, 1, 1, 2, 1], [1, 1, 2, 1, 2, 2], [1, 1, 1, 1, 1, 1], [1, 1, 0, 2, 2, 2]):
        assert not regions.lies_low(rank, markers, np.array([wrong])), wrong
        assert not same_flood(np.array([wrong]), np.array([wrong]))
    higher = partial(regions.same_flood, np.array([[0, 9, 3, 5, 0, 9]]), markers)  # the left lake comes over 9
    assert higher(right, right) and not higher(left, left)


@pytest.mark.large
def test_comparison_of_views_can_fail():
    """Depth, normals, colours, which surface: each can be wrong alone."""
    small = next(iter(rendering.cases()))
    (peer,) = small.peers
    ours, theirs = small.call(), peer.call()
    assert peer.agree(ours, theirs) and peer.agree(theirs, ours)
    for name, wrong in (("depth", 1.001 * ours.depth), ("normals", -ours.normals), ("rgb", ours.rgb + np.uint8(2)),
                        ("instances", ours.instances + 1), ("surfaces", np.roll(ours.surfaces, 1, axis=1))):
        assert not peer.agree(dataclasses.replace(ours, **{name: wrong}), theirs), name


def test_masks_are_busy_and_sparse_and_markers_form_a_grid():
    for size in pictures.SIZES:
        busy, sparse = pictures.busy_mask(size), pictures.sparse_mask(size)
        assert busy.shape == sparse.shape == (size, size) and busy.dtype == sparse.dtype == bool
        assert 0.4 < busy.mean() < 0.6 and 0 < sparse.mean() < 0.15
    markers = regions.grid(128)
    assert np.argwhere(markers)[[0, 1, -1]].tolist() == [[16, 16], [16, 48], [112, 112]]
    assert markers[markers > 0].tolist() == list(range(1, 17))


def test_pictures_have_the_size_and_differ():
    for size in pictures.SIZES:
        camera, grass = pictures.camera(size), pictures.grass(size)
        assert camera.shape == grass.shape == (size, size)
        assert camera.dtype == grass.dtype == "uint8"
        assert (camera != grass).any()


def test_results_hold_every_task_peer_and_size():
    """A benchmark was added or renamed: run `make bench`."""
    promised = {(c.task, c.size, c.ours, peer.name, peer.aim) for c in run.all_cases() for peer in c.peers}
    promised |= {(live.TASK, live.SIZE, live.OURS, peer, aim) for _, peer, aim in live.PEERS}
    promised |= {(task, size, ours, peer, 1.0) for task, size, ours, peer, _ in rendering.BUDGETS}
    held = [(row["task"], row["size"], row["ours"], row["peer"], row["aim"]) for row in RESULTS["rows"]]
    assert len(held) == len(set(held))
    assert set(held) == promised
    assert {size for _, size, *_ in held} == {16, 28, 32, 48, 64, 80, 128, 160, 256, 320, 512, 640, 1024, 2048}


def test_rows_are_consistent():
    for row in RESULTS["rows"]:
        assert row["ratio"] == pytest.approx(row["ours_ms"] / row["peer_ms"], rel=1e-4)  # rounded to five digits
        for name in ("ours_ms", "peer_ms"):
            low, high = row[f"{name}_quartiles"]
            assert 0 < low <= row[name] <= high
        low, high = row["ratio_quartiles"]
        assert 0 < low <= high
        assert row["turns"] >= timing.TURNS[0]
        assert row["picture"] and row["answers"]


def test_results_name_the_processor_and_the_versions_and_nothing_private():
    assert set(RESULTS["machine"]) == {"processor", "cores", "system", "Python", *run.PACKAGES}
    for value in RESULTS["machine"].values():
        assert value and "/" not in str(value)


def test_table_prints_every_row_and_marks_a_missed_aim():
    missed = {**RESULTS["rows"][0], "aim": 0.5, "ratio": 0.75}
    assert "0.5 missed" in run.table([missed])
    assert "missed" not in run.table([{**missed, "ratio": 0.25}])
    printed = run.table(RESULTS["rows"]).splitlines()
    assert sum(line.startswith("  peer ") for line in printed) == len({row["task"] for row in RESULTS["rows"]})
    peers = ("  cv2.", "  scipy.", "  skimage.", "  course_lib", "  50 ms", "  NumPy", "  budget", "  Pillow")
    assert sum(line.startswith(peers) for line in printed) == len(RESULTS["rows"])


def test_run_finds_every_file_with_cases():
    folder = Path(run.FOLDER)
    with_cases = {path.stem for path in folder.glob("*.py") if "\ndef cases():" in path.read_text("utf-8")}
    assert with_cases == {"filters", "boundaries", "regions", "generators", "rendering"}
    assert len(list(run.all_cases())) == len([*filters.cases(), *boundaries.cases(), *regions.cases(),
                                              *generators.cases(), *rendering.cases()])
