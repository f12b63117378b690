"""The numbered equations that a notebook computes itself, in a line that carries `# Eq. label`.

That line alone is run, in the notebook's own words, on values for which the answer is known in another way. A line
inside a function is run by calling the function. So a wrong sign, factor or index in the line is found even where the
notebook's own numbers would hide it, and no picture is drawn.
"""

import ast
import contextlib
import functools
import io
import itertools
import math
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import cv2
import nbformat
import numpy as np
import pytest
from scipy import integrate, ndimage, signal

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
EIGHT = np.ones((3, 3))

pytestmark = pytest.mark.large


# ---- lines and functions of the notebooks


class Line(NamedTuple):
    notebook: str
    cell: int
    statement: ast.stmt
    function: ast.FunctionDef | None  # the one around it


@functools.cache
def code_cells(notebook):
    """[(number, cell, syntax tree)] of the code cells; lines for IPython count as comments."""
    found = []
    for i, cell in enumerate(nbformat.read(NOTEBOOKS / notebook, as_version=4).cells):
        if cell.cell_type == "code":
            source = re.sub(r"^(\s*[%!?])", r"#\1", cell.source, flags=re.M)
            found.append((i, cell, ast.parse(source)))
    return found


@functools.cache
def numbered_lines():
    """label -> the lines with that label, of all notebooks, in their order."""
    found = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for i, cell, tree in code_cells(path.name):
            functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
            for at, text in enumerate(cell.source.split("\n"), start=1):
                for label in re.findall(r"#.*\bEq\. ([a-z0-9]+(?:-[a-z0-9]+)*)", text):
                    around = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)
                              and node.lineno <= at <= node.end_lineno]
                    statement = min(around, key=lambda node: node.end_lineno - node.lineno)
                    function = [node for node in functions if node in around]
                    line = Line(path.name, i, statement, function[0] if function else None)
                    found.setdefault(label, []).append(line)
    return found


def lines(label, count=1):
    """The lines with that label; a new one must not go untested, so their number is known."""
    found = numbered_lines().get(label, [])
    assert len(found) == count, f"{len(found)} lines of the notebooks carry '# Eq. {label}', not {count}"
    return found


def execute(node, notebook, cell, namespace):
    """Run one statement of a cell, or a list of them; returns what it prints."""
    body = node if isinstance(node, list) else [node]
    code = compile(ast.Module(body, type_ignores=[]), f"{notebook}, cell {cell}", "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, namespace)
    return printed.getvalue()


@functools.cache
def names_of(notebook):
    """What the imports, the parameters and the functions of a notebook give names to."""
    namespace = {"__name__": notebook}
    for number, (i, cell, tree) in enumerate(code_cells(notebook)):
        whole = number == 0 or "parameters" in cell.metadata.get("tags", [])
        body = tree.body if whole else [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        execute(body, notebook, i, namespace)
    return namespace


def run(line, **values):
    """Run the line alone, where names have the given values; returns all names, and `printed`."""
    namespace = names_of(line.notebook) | values
    printed = execute(line.statement, line.notebook, line.cell, namespace)
    return namespace | {"printed": printed}


def function_with(line, **values):
    """The function that holds the line, where names of the notebook have the given values."""
    namespace = names_of(line.notebook) | values
    execute(line.function, line.notebook, line.cell, namespace)
    return namespace[line.function.name]


def test_every_numbered_line_of_a_notebook_has_its_test_here():
    tests = [value for name, value in vars(sys.modules[__name__]).items() if name.startswith("test_")]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", [])]
    assert {mark.args[0] for mark in marks if mark.name == "equation"} == set(numbered_lines())


# ---- chapter 1: images as functions


@pytest.mark.equation("quantisation")
def test_the_quantised_value_is_the_nearest_multiple_of_the_step():
    (line,) = lines("quantisation")
    Y = np.random.default_rng(0).uniform(0, 1, 2000)
    for q in (1 / 3, 1 / 255, 0.07):
        levels = q * np.arange(math.ceil(1 / q) + 1)
        nearest = levels[np.abs(Y[:, None] - levels).argmin(axis=1)]
        assert run(line, Y=Y, q=q)["error"] == pytest.approx(nearest - Y, abs=1e-12)


@pytest.mark.equation("quantisation-error")
def test_the_mean_square_of_a_uniform_error_is_a_twelfth_of_the_squared_step():
    (line,) = lines("quantisation-error")
    for q in (0.25, 1 / 255, 3.0):
        error = q * ((np.arange(10_000) + 0.5) / 10_000 - 0.5)  # the midpoint rule on [-q/2, q/2]
        assert run(line, error=error, q=q)["ratio"] == pytest.approx(1, abs=1e-6)
        assert run(line, error=2 * error, q=q)["ratio"] == pytest.approx(4, abs=1e-5)


@pytest.mark.equation("correlation")
def test_the_four_loops_are_the_sum_over_a_window_with_the_kernel_as_it_is_written():
    slide = function_with(*lines("correlation"))
    rng = np.random.default_rng(1)
    for shape in ((3, 3), (3, 5), (5, 1)):
        I, k = rng.integers(-9, 10, (6, 8)), rng.integers(-9, 10, shape)
        b, a = shape[0] // 2, shape[1] // 2
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(I, ((b, b), (a, a))), shape)
        assert (slide(I, k) == np.einsum("yxji,ji->yx", windows, k)).all()


@pytest.mark.equation("separability")
def test_a_row_and_then_its_column_are_the_kernel_that_is_their_product():
    (line,) = lines("separability")
    picture, g = np.random.default_rng(2).normal(size=(12, 15)), np.array([[1.0, -2.0, 5.0]])
    at_once = signal.convolve2d(picture, np.outer(g, g), mode="valid")
    assert run(line, coins=picture, g=g)["in_turn"][1:-1, 1:-1] == pytest.approx(at_once, abs=1e-12)


@pytest.mark.equation("gaussian-semigroup")
def test_the_scales_of_two_gaussians_add_as_the_sides_of_a_right_angle():
    (line,) = lines("gaussian-semigroup")
    x = np.linspace(-40, 40, 8001)
    for s, t in ((3, 4), (1, 1), (1.2, 2.6)):
        one, other = (np.exp(-(x**2) / (2 * scale**2)) for scale in (s, t))
        twice = signal.fftconvolve(one, other, mode="same")[::100]  # the integral, then its values at -40..40
        once = run(line, s=s, t=t)["once"]
        assert once[40:121] == pytest.approx(twice / twice.sum(), abs=1e-6)
        assert len(once) == 161 and once[80] > 0.05


@pytest.mark.equation("folding")
@pytest.mark.parametrize("frequency", [0.1, 0.4, 0.5, 0.8, 1.3, 1.7, 2.6])
def test_the_folded_frequency_is_at_most_a_half_and_has_the_same_samples(frequency):
    n = np.arange(60)
    in_the_figure, in_the_cell = lines("folding", 2)
    folded = run(in_the_figure, frequency=frequency)["folded"]
    assert 0 <= folded <= 0.5
    assert np.cos(2 * np.pi * folded * n) == pytest.approx(np.cos(2 * np.pi * frequency * n), abs=1e-9)
    if frequency == 0.8:
        assert run(in_the_cell)["folded"] == pytest.approx(folded, abs=1e-12)
        assert folded == pytest.approx(0.2, abs=1e-12)


@pytest.mark.equation("central-difference")
def test_the_central_difference_of_the_sine_is_its_slope_times_sin_h_over_h():
    (line,) = lines("central-difference")
    h = np.array([1, 0.5, 0.1, 0.01])
    central = run(line, h=h)["central"]
    assert central == pytest.approx(math.cos(1) * np.sin(h) / h, abs=1e-12)  # by the addition theorem
    assert central[-2:] == pytest.approx(math.cos(1) - h[-2:] ** 2 / 6 * math.cos(1), abs=1e-6)  # I''' = -cos


@pytest.mark.equation("noise-gain")
def test_filtered_noise_has_the_variance_that_the_sum_of_squares_says():
    plain, smooth = lines("noise-gain", 2)
    noise = np.random.default_rng(3).normal(0, 1, (1000, 1000))
    for d in ([-0.5, 0, 0.5], [1.5, -1, 0.5]):
        measured = ndimage.correlate1d(noise, d, mode="wrap").var()
        assert run(plain, d=np.array([d]))["plain_gain"] == pytest.approx(measured, rel=0.02)
    across, along = np.array([1, 2, 0, -2, -1]) / 4, np.array([1, 3, 1]) / 5
    filtered = ndimage.correlate1d(ndimage.correlate1d(noise, across, mode="wrap"), along, axis=0, mode="wrap")
    assert run(smooth, dg=across, g=along)["smooth_gain"] == pytest.approx(filtered.var(), rel=0.02)


@pytest.mark.equation("noise-gain-gaussian")
def test_the_integral_of_the_squared_derivative_of_a_gaussian():
    (line,) = lines("noise-gain-gaussian")

    def squared(x, s):
        return (-x / s**2 * math.exp(-(x**2) / (2 * s**2)) / (math.sqrt(2 * math.pi) * s)) ** 2

    scales = np.array([0.5, 1, 2, 3.7])
    integrals = [integrate.quad(squared, -12 * s, 12 * s, args=(s,))[0] for s in scales]
    assert run(line, scales=scales)["formula"] == pytest.approx(integrals, rel=1e-6)


@pytest.mark.equation("derivative-theorem")
def test_the_difference_of_a_smoothed_picture_is_one_convolution():
    (line,) = lines("derivative-theorem")
    picture, taps = np.random.default_rng(4).normal(size=(8, 30)), np.array([1.0, 3.0, 2.0])
    smoothed = sum(w * np.roll(picture, k, axis=1) for k, w in zip((-1, 0, 1), taps, strict=True))
    slope = (np.roll(smoothed, -1, axis=1) - np.roll(smoothed, 1, axis=1)) / 2  # brighter to the right: positive
    kernel = np.array([[1.0, 3.0, 1.0, -3.0, -2.0]]) / 2  # (1, 0, -1)/2 and the taps, multiplied as polynomials
    apart = run(line, two_steps=slope, clock=picture, DG=kernel)["apart"]
    assert apart[:, 2:-2] == pytest.approx(0, abs=1e-12)
    assert np.abs(slope).max() > 1


# ---- chapter 2: gradients and Canny


@pytest.mark.equation("second-derivative")
def test_edges_are_the_inflections_with_a_large_slope_whether_it_rises_or_falls():
    (line,) = lines("second-derivative")
    steps = [(20.3, 30), (40.6, -30), (60.2, 6), (75.1, 8)]  # place, height; width 3: slopes 5, -5, 1, 4/3
    x = np.arange(90.0)
    first = sum(A / 6 / np.cosh((x - c) / 3) ** 2 for c, A in steps)
    second = sum(-A / 9 / np.cosh((x - c) / 3) ** 2 * np.tanh((x - c) / 3) for c, A in steps)
    sign_change = second[:-1] * second[1:] < 0
    assert {20, 40, 60, 75} < set(np.flatnonzero(sign_change).tolist())  # and between them, where the slope is least
    assert np.flatnonzero(run(line, sign_change=sign_change, first=first)["crossing"]).tolist() == [20, 40]


@pytest.mark.equation("second-derivative")
def test_the_slope_is_that_of_the_pixel_before_the_crossing_and_must_exceed_three():
    (line,) = lines("second-derivative")
    first, sign_change = np.array([2.0, 3.1, 2.9, 2.0, -3.0]), np.array([True, True, True, False])
    assert run(line, sign_change=sign_change, first=first)["crossing"].tolist() == [False, True, False, False]
    assert not run(line, sign_change=sign_change, first=0 * first + 3)["crossing"].any()


@pytest.mark.equation("laplacian-of-gaussian")
@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.3])
def test_the_kernel_is_the_sum_of_the_second_differences_of_a_gaussian(sigma):
    (line,) = lines("laplacian-of-gaussian")

    def gaussian(x, y):
        return np.exp(-(x**2 + y**2) / (2 * sigma**2)) / (2 * np.pi * sigma**2)

    v, u = np.mgrid[-6:7, -9:10].astype(float)
    h, G = 1e-3, gaussian(u, v)
    along_x = (gaussian(u + h, v) - 2 * G + gaussian(u - h, v)) / h**2
    along_y = (gaussian(u, v + h) - 2 * G + gaussian(u, v - h)) / h**2
    laplacian = run(line, sigma=sigma, u=u, v=v, G=G)["laplacian"]
    assert laplacian == pytest.approx(along_x + along_y, abs=1e-6)
    assert laplacian[6, 9] < -0.001  # far above the tolerance: a pit in the middle


def numerical_criteria(f, slope, bend):
    """Sigma, Lambda and x_max by adaptive integration; `slope` and `bend` are the derivatives of f."""
    whole = [integrate.quad(lambda x, g=g: g(x) ** 2, -30, 30, points=[0])[0] for g in (f, slope, bend)]
    snr = abs(integrate.quad(f, -30, 0)[0]) / math.sqrt(whole[0])
    return snr, abs(slope(0)) / math.sqrt(whole[1]), 2 * math.pi * math.sqrt(whole[1] / whole[2])


def odd_filter(sigma):
    """The derivative of a Gaussian, up to a factor, with its own two derivatives."""
    s = sigma**2
    return (
        lambda x: -x * np.exp(-(x**2) / (2 * s)),
        lambda x: (x**2 / s - 1) * np.exp(-(x**2) / (2 * s)),
        lambda x: (3 * x / s - x**3 / s**2) * np.exp(-(x**2) / (2 * s)),
    )


def lopsided_filter(sigma):
    """The same and half a Gaussian, moved: the halves have different integrals, so the wrong one is noticed."""
    s = sigma**2
    bump = (
        lambda x: math.sqrt(s) / 2 * np.exp(-(x**2) / (2 * s)),
        lambda x: -math.sqrt(s) / 2 * x / s * np.exp(-(x**2) / (2 * s)),
        lambda x: math.sqrt(s) / 2 * (x**2 / s - 1) / s * np.exp(-(x**2) / (2 * s)),
    )
    return tuple(lambda x, g=g, h=h: g(x - 0.8) + h(x - 0.8) for g, h in zip(odd_filter(sigma), bump, strict=True))


@functools.cache
def measured_criteria(name, sigma):
    """The three criteria of a filter: by the notebook's function, which holds all three lines, and by integration."""
    filters = {"odd": odd_filter, "lopsided": lopsided_filter}[name](sigma)
    t = np.linspace(-30, 30, 60_001)
    ours = function_with(*lines("canny-snr"), t=t, dt=t[1] - t[0])(filters[0](t))
    return tuple(map(float, ours)), numerical_criteria(*filters)


FILTERS = [("odd", 1.0), ("odd", 2.3), ("lopsided", 1.7)]


@pytest.mark.equation("canny-snr")
@pytest.mark.parametrize(("name", "sigma"), FILTERS)
def test_the_signal_to_noise_ratio_is_the_integral_of_one_half_over_the_root_of_the_energy(name, sigma):
    ours, truth = measured_criteria(name, sigma)
    assert ours[0] == pytest.approx(truth[0], rel=2e-3)
    if name == "odd":
        assert ours[0] == pytest.approx(sigma**2 / math.sqrt(math.sqrt(math.pi) / 2 * sigma**3), rel=2e-3)


@pytest.mark.equation("canny-localization")
@pytest.mark.parametrize(("name", "sigma"), FILTERS)
def test_the_localisation_is_the_slope_in_the_middle_over_the_root_of_the_energy_of_the_slope(name, sigma):
    assert len(lines("canny-localization")) == 1
    ours, truth = measured_criteria(name, sigma)
    assert ours[1] == pytest.approx(truth[1], rel=2e-3)
    if name == "odd":
        assert ours[1] == pytest.approx(1 / math.sqrt(0.75 * math.sqrt(math.pi) * sigma), rel=2e-3)


@pytest.mark.equation("canny-responses")
def test_maxima_of_filtered_noise_are_as_far_apart_as_the_formula_says():
    assert len(lines("canny-responses")) == 1
    sigma = 4.0  # pixels: wide, so that samples at whole numbers miss no maximum
    t, noise = np.arange(-30, 31), np.random.default_rng(5).normal(size=1_000_000)
    response = signal.fftconvolve(noise, odd_filter(sigma)[0](t), mode="valid")
    maxima = (response[1:-1] > response[:-2]) & (response[1:-1] > response[2:])
    ours, _ = measured_criteria("odd", sigma)
    assert ours[2] == pytest.approx(maxima.size / maxima.sum(), rel=0.02)
    assert ours[2] == pytest.approx(2 * math.pi * math.sqrt(0.4) * sigma, rel=2e-3)


@pytest.mark.equation("canny-responses")
@pytest.mark.parametrize(("name", "sigma"), FILTERS)
def test_the_distance_of_maxima_is_the_ratio_of_two_energies(name, sigma):
    ours, truth = measured_criteria(name, sigma)
    assert ours[2] == pytest.approx(truth[2], rel=2e-3)


@pytest.mark.equation("canny-gaussian")
def test_the_product_and_the_distance_of_maxima_of_the_derivative_of_a_gaussian():
    (line,) = lines("canny-gaussian")
    for sigma in (1.0, 2.3):
        snr, localisation, x_max = numerical_criteria(*odd_filter(sigma))
        assert run(line)["closed_form"] == pytest.approx([snr * localisation, x_max / sigma], rel=1e-6)


@pytest.mark.equation("canny-bound")
def test_six_and_twenty_are_the_largest_norms_over_all_black_and_white_blocks():
    (line,) = lines("canny-bound")
    blocks = [np.reshape(bits, (3, 3)).astype(np.float64) for bits in itertools.product([0, 1], repeat=9)]
    slopes = [(cv2.Sobel(b, -1, 1, 0)[1, 1], cv2.Sobel(b, -1, 0, 1)[1, 1]) for b in blocks]
    l1 = max(abs(gx) + abs(gy) for gx, gy in slopes)
    l2_squared = max(gx**2 + gy**2 for gx, gy in slopes)
    run(line, largest_l1=l1, largest_l2_squared=l2_squared)  # asserts
    for wrong in ((l1 + 1, l2_squared), (l1, l2_squared + 1), (l1 - 1, l2_squared), (-l1, l2_squared)):
        with pytest.raises(AssertionError):
            run(line, largest_l1=wrong[0], largest_l2_squared=wrong[1])


# ---- chapter 3: from edges to regions


def masks(count=40):
    rng = np.random.default_rng(6)
    return [rng.random(rng.integers(3, 14, 2)) < rng.uniform(0.2, 0.8) for _ in range(count)]


@pytest.mark.equation("union-find")
@pytest.mark.parametrize("compress", [False, True])
def test_two_numbers_that_meet_have_the_smaller_root_and_the_regions_are_the_components(compress):
    (line,) = lines("union-find")
    first_pass, second_pass = function_with(line), names_of(line.notebook)["second_pass"]
    hung = 0
    for mask in masks(80):
        provisional, parent = first_pass(mask, compress)
        assert all(0 <= above <= i for i, above in enumerate(parent))  # a parent is never larger
        hung += sum(above < i for i, above in enumerate(parent))
        theirs = ndimage.label(mask, EIGHT)[0]  # numbered by the first pixel in the order of reading, as ours
        assert (second_pass(provisional, parent) == theirs).all()
    assert hung > 60  # so often did numbers meet


@pytest.mark.equation("otsu-identity")
def test_the_variance_within_and_the_variance_between_add_up_to_the_whole():
    (line,) = lines("otsu-identity")
    variances = names_of(line.notebook)["variances"]
    values = np.random.default_rng(7).integers(0, 12, 300).astype(float)
    thresholds, both = np.arange(11), []
    for t in thresholds:
        classes = [values[values <= t], values[values > t]]
        within = sum(((c - c.mean()) ** 2).sum() for c in classes) / 300
        between = sum(len(c) * (c.mean() - values.mean()) ** 2 for c in classes) / 300
        assert variances(values, t) == pytest.approx((within, between), rel=1e-9)
        both.append((within, between))
    within, between = np.array(both).T
    run(line, within=within, between=between, values=values)  # asserts
    for wrong in (1.01 * between, -between, np.roll(between, 1)):
        with pytest.raises(AssertionError):
            run(line, within=within, between=wrong, values=values)


@pytest.mark.equation("euler-number")
def test_the_count_of_windows_is_components_minus_holes():
    euler_number = function_with(*lines("euler-number"))
    numbers = []
    for mask in masks():
        holes = ndimage.label(~np.pad(mask, 1))[1] - 1  # 4-connected, without the outside
        numbers.append(ndimage.label(mask, EIGHT)[1] - holes)
        assert euler_number(mask) == numbers[-1]
    assert min(numbers) < 0 < max(numbers)


@pytest.mark.equation("pick")
def test_area_and_border_count_the_lattice_points_of_boxes_and_triangles():
    (line,) = lines("pick")

    def pixels(A, b):
        return int(re.search(r"[-\d,]+$", run(line, A=A, b=b)["printed"].strip())[0].replace(",", ""))

    for p, q in [(1, 1), (3, 7), (6, 9), (199, 249)]:
        y, x = np.mgrid[: q + 1, : p + 1]
        assert pixels(p * q, 2 * (p + q)) == x.size  # a box
        assert pixels(p * q / 2, p + q + math.gcd(p, q)) == (x * q + y * p <= p * q).sum()  # half of it


def lowest_pass(height, start):
    """The lowest level at which water from `start` is at each pixel, by relaxing until nothing changes."""
    T = np.full(height.shape, np.inf)
    T[start] = height[start]
    while True:
        framed = np.pad(T, 1, constant_values=np.inf)
        around = np.min([framed[:-2, 1:-1], framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:]], axis=0)
        lower = np.minimum(T, np.maximum(around, height))
        if (lower == T).all():
            return T
        T = lower


@pytest.mark.equation("pass-height")
def test_every_pixel_belongs_to_a_marker_from_which_its_pass_height_is_lowest():
    flood = function_with(*lines("pass-height"))
    rng, decided = np.random.default_rng(8), 0
    for _ in range(30):
        height = rng.integers(0, 50, rng.integers(4, 10, 2))
        markers = np.zeros(height.shape, int)
        places = rng.choice(height.size, 3, replace=False)
        markers.flat[places] = 1, 2, 3
        passes = np.array([lowest_pass(height, np.unravel_index(k, height.shape)) for k in places])
        flooded = flood(height, markers)
        attained = np.take_along_axis(passes, flooded[None] - 1, axis=0)[0]
        assert (attained == passes.min(axis=0)).all()
        decided += ((passes == passes.min(axis=0)).sum(axis=0) == 1).sum()
    assert decided > 300  # pixels with one right answer


@pytest.mark.equation("pass-height")
def test_behind_two_walls_of_equal_height_the_waters_share_the_valley():
    flood = function_with(*lines("pass-height"))
    height = np.array([[0, 5, 1, 1, 1, 1, 5, 0]])  # the water stands at 5 in all of the valley, however deep it is
    markers = np.array([[1, 0, 0, 0, 0, 0, 0, 2]])
    assert flood(height, markers).tolist() == [[1, 1, 1, 1, 2, 2, 2, 2]]


@pytest.mark.equation("gap")
@pytest.mark.parametrize("gap", [3, 1])
def test_the_places_with_room_are_the_largest_that_a_gap_along_a_row_or_a_diagonal_separates(gap):
    line = lines("gap", 2)[{3: 0, 1: 1}[gap]]
    y, x = np.mgrid[-15:16, -15:16]
    walls, levels = [], []
    for wall in (y == 0, y == x):
        wall &= ~((x > -(gap + 1) / 2) & (x < (gap + 1) / 2))  # the gap: x = -(g - 1)/2 .. (g - 1)/2
        edge = np.argwhere(wall) - 15
        squared = ((y[..., None] - edge[:, 0]) ** 2 + (x[..., None] - edge[:, 1]) ** 2).min(axis=-1)
        walls.append(squared)
        levels.append(next(c for c in range(100) if parted(squared > c)))
    for squared in walls:
        values = {"distance": np.sqrt(squared), "squared": squared}
        found = next(found for name, found in run(line, **values).items() if name in ("room", "roomy"))
        assert ((found > 0) == (squared > max(levels))).all()


def parted(room):
    """Whether the corners at the upper right and the lower left lie in different 8-connected parts."""
    labels, _ = ndimage.label(room, EIGHT)
    return labels[0, -1] != labels[-1, 0]


# ---- appendix: pictures with known answers


@pytest.mark.equation("focal-length")
@pytest.mark.parametrize("width", [320, 101])
def test_a_ray_at_half_the_angle_of_view_leaves_the_picture_at_its_border(width):
    (line,) = lines("focal-length")
    f = run(line, WIDTH=width)["f"]
    assert f * math.tan(math.radians(31)) == pytest.approx(width / 2)


@pytest.mark.equation("pinhole-projection")
def test_the_point_appears_where_opencv_projects_it():
    (line,) = lines("pinhole-projection")
    K = np.array([[300.0, 0, 150], [0, 300, 110], [0, 0, 1]])
    rvec, t, point = np.array([0.1, -0.4, 0.05]), np.array([0.3, -0.2, 0.5]), np.array([0.4, 0.1, 4.0])
    R = cv2.Rodrigues(rvec)[0]
    found = run(line, K=K, R=R, t=t, ball=SimpleNamespace(center=point))
    theirs = cv2.projectPoints(point, rvec, t, K, None)[0].ravel()
    assert [found["zx"] / found["z"], found["zy"] / found["z"]] == pytest.approx(theirs.tolist())
    assert found["z"] == pytest.approx((R @ point + t)[2])


@pytest.mark.equation("back-projection")
def test_the_point_at_a_depth_behind_a_pixel_has_this_depth_and_this_pixel():
    (line,) = lines("back-projection")
    names = names_of(line.notebook)
    camera = names["pinhole"](64, 48, cam_from_world=names["look_at"]([1, -1, 0], [0, 0, 4]))
    for place, z in (([3.0, 7.5], 2.0), ([60.0, 40.0], 0.3)):
        X = run(line, camera=camera, place=np.array(place), z=z)["X"]
        pixel, depth = names["project"](camera, X)
        assert pixel == pytest.approx(place) and depth == pytest.approx(z)


@pytest.mark.equation("eikonal")
def test_the_length_of_a_gradient_is_that_of_the_vector():
    (line,) = lines("eikonal")
    assert run(line, dx=np.array([3.0, 0.6]), dy=np.array([-4.0, 0.8]))["length"] == pytest.approx([5, 1])
