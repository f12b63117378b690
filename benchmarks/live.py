"""Canny in the page beside the compiled library, in Chromium from its own process: the live figures' JavaScript.

A page is another process, so the times are those that the page itself measures, and there is no ratio of turns. The
processor is slowed down four times by the browser for the second row, as a telephone is slower than a desk computer.
"""

import base64
import time
from pathlib import Path

import numpy as np

from benchmarks import pictures, timing
from benchmarks.boundaries import HIGH, LOW
from book._ext.make_pdf import FLAGS, chromium
from course_lib.boundaries.canny import canny

SCRIPT = Path(__file__).resolve().parents[1] / "course_lib" / "web" / "boundaries.js"
TASK, OURS, SIZE, TURNS = "Canny in the page, uint8, L1 norm", "web/boundaries.js canny", 512, 41
BOUND_MS = 50  # up to which the edges seem to hang on the slider
# How many times slower the browser makes the processor, the peer, the aim.
PEERS = [(1, "course_lib's canny, compiled", None), (4, f"{BOUND_MS} ms, processor slowed 4 times", 1.0)]
# Slowing down means that the browser stops the page every now and then, so a turn is five calls.
MEASURE = """([text, side, low, high, turns]) => {
  const data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), image = { width: side, height: side, data };
  const times = [];
  let edges;
  for (let k = 0; k < turns + 3; k++) {
    const start = performance.now();
    for (let call = 0; call < 5; call++) edges = window.courseBoundaries.canny(image, low, high);
    times.push((performance.now() - start) / 5);
  }
  return [times.slice(3), Array.from(edges)];
}"""


def rows():
    """Two rows of speed.json."""
    from playwright.sync_api import sync_playwright

    image = pictures.camera(SIZE)
    truth = canny(image, LOW, HIGH)
    case = timing.Case(TASK, pictures.CAMERA, SIZE, OURS, lambda: truth, ())
    library = [_seconds(lambda: canny(image, LOW, HIGH)) for _ in range(TURNS)]
    sent = [base64.b64encode(image.tobytes()).decode(), SIZE, LOW, HIGH, TURNS]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium("the benchmark of the live figures needs"),
                                             args=FLAGS)
        tab = browser.new_page()
        tab.add_script_tag(path=SCRIPT)
        throttle = tab.context.new_cdp_session(tab)
        for slower, name, aim in PEERS:
            throttle.send("Emulation.setCPUThrottlingRate", {"rate": slower})
            times, edges = tab.evaluate(MEASURE, sent)
            if not np.array_equal(np.reshape(edges, truth.shape), truth):
                raise AssertionError("Canny in the page and in the library do not agree.")
            theirs = library if slower == 1 else [BOUND_MS / 1e3] * TURNS
            peer = timing.Peer(name, lambda: truth, np.array_equal, "equal in every pixel", aim)
            yield timing.row(case, peer, [1e-3 * t for t in times], theirs)
        browser.close()


def _seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
