r"""The pictures of the course: all come inside installed packages, so nothing is downloaded.

Notebook: notebooks/01-images.ipynb

``load("coins")`` returns the array in the library's contract (grey (H, W) or RGB (H, W, 3), uint8);
``SAMPLES`` is the table with size, subject, origin and licence of each picture.
"""

from dataclasses import dataclass
from importlib import resources

import numpy as np

from course_lib import checks, images

_CC0 = "CC0 1.0"
_PUBLIC = "public domain or no known copyright restrictions"
_CC_BY = "CC BY 2.0"


@dataclass(frozen=True)
class Sample:
    """One bundled picture: its name, array shape, subject, package, file, origin and licence."""

    name: str
    shape: tuple[int, ...]
    subject: str
    package: str
    file: str
    origin: str
    license: str


def _scikit_image(name, shape, subject, file, origin, license):
    return Sample(name, shape, subject, "skimage", f"data/{file}", origin, license)


SAMPLES: dict[str, Sample] = {s.name: s for s in (
    _scikit_image("astronaut", (512, 512, 3), "astronaut Eileen Collins", "astronaut.png", "NASA", _PUBLIC),
    _scikit_image("brick", (512, 512), "brick wall, a texture", "brick.png", "CC0Textures", _CC0),
    _scikit_image("camera", (512, 512), "cameraman on a lawn", "camera.png", "Lav Varshney", _CC0),
    _scikit_image("cat", (300, 451, 3), "the cat Chelsea, fur and whiskers", "chelsea.png",
                  "Stefan van der Walt", _CC0),
    _scikit_image("cell", (660, 550), "a cell in saline, quantitative phase", "cell.png",
                  "P. Mueller et al., doi 10.1364/OE.26.010729", _CC0),
    _scikit_image("checkerboard", (200, 200), "checkerboard, a drawing", "chessboard_GRAY.png",
                  "scikit-image", "not stated by scikit-image"),
    _scikit_image("clock", (300, 400), "wall clock, blurred by motion", "clock_motion.png",
                  "Stefan van der Walt", _PUBLIC),
    _scikit_image("coffee", (400, 600, 3), "cup of coffee on wood", "coffee.png", "Rachel Michetti", _CC0),
    _scikit_image("coins", (303, 384), "24 Greek coins from Pompeii", "coins.png",
                  "Brooklyn Museum", _PUBLIC),
    _scikit_image("grass", (512, 512), "grass, a texture", "grass.png", "linolafett", _CC0),
    _scikit_image("gravel", (512, 512), "gravel, a texture", "gravel.png", "CC0Textures", _CC0),
    _scikit_image("horse", (328, 400), "silhouette of a horse, a drawing", "horse.png", "Andreas Preuss", _CC0),
    _scikit_image("hubble", (872, 1000, 3), "galaxies, Hubble extreme deep field", "hubble_deep_field.jpg",
                  "NASA", _PUBLIC),
    _scikit_image("microaneurysms", (102, 102), "retina with lesions, detail", "microaneurysms.png",
                  "Andreas Maier, doi 10.1155/2013/154860", _CC0),
    _scikit_image("moon", (512, 512), "surface of the moon, low contrast", "moon.png",
                  "scikit-image", "not stated by scikit-image"),
    _scikit_image("motorcycle_left", (500, 741, 3), "motorcycle, left picture of a stereo pair",
                  "motorcycle_left.png", "Middlebury 2014 stereo, doi 10.1007/978-3-319-11752-2_3",
                  "use and publication permitted by Middlebury, citation requested"),
    _scikit_image("motorcycle_right", (500, 741, 3), "motorcycle, right picture of a stereo pair",
                  "motorcycle_right.png", "Middlebury 2014 stereo, doi 10.1007/978-3-319-11752-2_3",
                  "use and publication permitted by Middlebury, citation requested"),
    _scikit_image("page", (191, 384), "scanned page, uneven light", "page.png",
                  "scikit-image", "not stated by scikit-image"),
    _scikit_image("retina", (1411, 1411, 3), "human retina", "retina.jpg",
                  "Mikael Haggstrom, doi 10.15347/wjm/2014.008", _CC0),
    _scikit_image("rocket", (427, 640, 3), "rocket on its launch pad at dusk", "rocket.jpg", "SpaceX",
                  "public domain, as scikit-image states"),
    _scikit_image("text", (172, 448), "photographed writing", "text.png", "Wikipedia", _PUBLIC),
    _scikit_image("tissue", (512, 512, 3), "colon glands, immunohistochemistry", "ihc.png",
                  "Center for Microscopy and Molecular Imaging", _PUBLIC),
    Sample("china", (427, 640, 3), "Chinese palace roofs", "sklearn", "datasets/images/china.jpg",
           "danielbuechele, flickr 6061409035", _CC_BY),
    Sample("flower", (427, 640, 3), "a dahlia in front of leaves", "sklearn", "datasets/images/flower.jpg",
           "vultilion, flickr 6056698931", _CC_BY),
    Sample("hopper", (600, 512, 3), "the computer scientist Grace Hopper", "matplotlib",
           "mpl-data/sample_data/grace_hopper.jpg", "US Navy",
           "public domain, as matplotlib's pull request 1599 states"),
)}


def load(name: str) -> np.ndarray:
    r"""The bundled picture of this name.

    Parameters
    ----------
    name : str
        A key of ``SAMPLES``.

    Returns
    -------
    image : (H, W) or (H, W, 3) uint8, 0..255
        Grey where the file is grey; a new array each time, so it may be drawn on.

    Raises
    ------
    ValueError
        There is no picture of this name.

    >>> load("coins").shape
    (303, 384)
    """
    sample = SAMPLES[checks.choice("load", "name", name, tuple(SAMPLES))]
    with resources.as_file(resources.files(sample.package).joinpath(sample.file)) as path:
        image = images.read(path)
    return image[..., 0].copy() if len(sample.shape) == 2 else image
