"""Settings of every test: the same examples each time, and one thread."""

import cv2
import hypothesis
import pytest

# The same examples in every run: what failed fails again. `--hypothesis-profile=search` looks further.
hypothesis.settings.register_profile(
    "course",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # the first example compiles a kernel
)
hypothesis.settings.register_profile("search", deadline=None, database=None, max_examples=2000)
hypothesis.settings.load_profile("course")


@pytest.fixture(autouse=True, scope="session")
def one_opencv_thread():
    """OpenCV's own threads would fight with the two test workers for the cores."""
    cv2.setNumThreads(1)
