r"""The pictures of the course that come inside installed packages, so that nothing is downloaded.

Notebook: notebooks/01-images.ipynb

``load("coins")`` returns the array in the library's contract (grey (H, W) or RGB (H, W, 3), uint8);
``SAMPLES`` is the table with size, subject, origin, licence and chapters of each picture.
``motorcycle_disparity``, ``digits`` and ``faces`` return the bundled arrays that are not pictures, or many small ones.
"""

from dataclasses import dataclass
from importlib import resources

import numpy as np

from course_lib import checks, images

_CC0 = "CC0 1.0"
_PUBLIC = "public domain or no known copyright restrictions"
_CC_BY = "CC BY 2.0"
_NOT_STATED = "not stated by scikit-image"
_IMAGES, _CANNY, _REGIONS = "01-images", "02-canny", "03-edges-to-regions"


@dataclass(frozen=True)
class Sample:
    """One bundled picture: name, array shape, subject, package, file, origin, licence, the notebooks that load it."""

    name: str
    shape: tuple[int, ...]
    subject: str
    package: str
    file: str
    origin: str
    license: str
    chapters: tuple[str, ...] = ()


def _scikit_image(name, shape, subject, file, origin, license, *chapters):
    return Sample(name, shape, subject, "skimage", f"data/{file}", origin, license, chapters)


SAMPLES: dict[str, Sample] = {s.name: s for s in (
    _scikit_image("astronaut", (512, 512, 3), "astronaut Eileen Collins", "astronaut.png", "NASA", _PUBLIC, _IMAGES),
    _scikit_image("brick", (512, 512), "brick wall, a texture", "brick.png", "CC0Textures", _CC0),
    _scikit_image("camera", (512, 512), "cameraman on a lawn", "camera.png", "Lav Varshney", _CC0, _IMAGES),
    _scikit_image("cat", (300, 451, 3), "the cat Chelsea, fur and whiskers", "chelsea.png",
                  "Stefan van der Walt", _CC0, _IMAGES, _CANNY, _REGIONS),
    _scikit_image("cell", (660, 550), "a cell in saline, quantitative phase", "cell.png",
                  "P. Mueller et al., doi 10.1364/OE.26.010729", _CC0, _REGIONS),
    _scikit_image("checkerboard", (200, 200), "checkerboard, a drawing", "chessboard_GRAY.png",
                  "scikit-image", _NOT_STATED),
    _scikit_image("clock", (300, 400), "wall clock, blurred by motion", "clock_motion.png",
                  "Stefan van der Walt", _PUBLIC, _IMAGES),
    _scikit_image("coffee", (400, 600, 3), "cup of coffee on wood", "coffee.png", "Rachel Michetti", _CC0,
                  _IMAGES, _CANNY),
    _scikit_image("coins", (303, 384), "24 Greek coins from Pompeii", "coins.png",
                  "Brooklyn Museum", _PUBLIC, _IMAGES, _CANNY, _REGIONS),
    _scikit_image("colorwheel", (370, 371, 3), "every hue and saturation at full value, a drawing", "color.png",
                  "scikit-image", _NOT_STATED),
    _scikit_image("grass", (512, 512), "grass, a texture", "grass.png", "linolafett", _CC0, _CANNY),
    _scikit_image("gravel", (512, 512), "gravel, a texture", "gravel.png", "CC0Textures", _CC0),
    _scikit_image("horse", (328, 400), "silhouette of a horse, a drawing", "horse.png", "Andreas Preuss", _CC0),
    _scikit_image("hubble", (872, 1000, 3), "galaxies, Hubble extreme deep field", "hubble_deep_field.jpg",
                  "NASA", _PUBLIC),
    _scikit_image("microaneurysms", (102, 102), "retina with lesions, detail", "microaneurysms.png",
                  "Andreas Maier, doi 10.1155/2013/154860", _CC0),
    _scikit_image("moon", (512, 512), "surface of the moon, low contrast", "moon.png",
                  "scikit-image", _NOT_STATED, _CANNY),
    _scikit_image("motorcycle_left", (500, 741, 3), "motorcycle, left picture of a stereo pair",
                  "motorcycle_left.png", "Middlebury 2014 stereo, doi 10.1007/978-3-319-11752-2_3",
                  "use and publication permitted by Middlebury, citation requested"),
    _scikit_image("motorcycle_right", (500, 741, 3), "motorcycle, right picture of a stereo pair",
                  "motorcycle_right.png", "Middlebury 2014 stereo, doi 10.1007/978-3-319-11752-2_3",
                  "use and publication permitted by Middlebury, citation requested"),
    _scikit_image("page", (191, 384), "scanned page, uneven light", "page.png",
                  "scikit-image", _NOT_STATED),
    _scikit_image("phantom", (400, 400), "the Shepp-Logan head phantom, a drawing of ellipses", "phantom.png",
                  "scikit-image, after doi 10.1109/TNS.1974.6499235", _NOT_STATED),
    _scikit_image("retina", (1411, 1411, 3), "human retina", "retina.jpg",
                  "Mikael Haggstrom, doi 10.15347/wjm/2014.008", _CC0),
    _scikit_image("rocket", (427, 640, 3), "rocket on its launch pad at dusk", "rocket.jpg", "SpaceX",
                  "public domain, as scikit-image states", _IMAGES),
    _scikit_image("text", (172, 448), "photographed writing", "text.png", "Wikipedia", _PUBLIC),
    _scikit_image("tissue", (512, 512, 3), "colon glands, immunohistochemistry", "ihc.png",
                  "Center for Microscopy and Molecular Imaging", _PUBLIC, _REGIONS),
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
    with _bundled(sample.package, sample.file) as path:
        image = images.read(path)
    return image[..., 0].copy() if len(sample.shape) == 2 else image


def motorcycle_disparity() -> np.ndarray:
    r"""How far each pixel of ``load("motorcycle_left")`` lies further left in ``load("motorcycle_right")``.

    Returns
    -------
    disparity : (500, 741) float32, px, 7..60
        d = x_left - x_right: ``left[y, x]`` and ``right[y, x - d[y, x]]`` show one point. NaN where it was not
        measured, 7 % of the pixels. The depth is 0.193001 m * 994.978 px / (d + 31.086 px). Middlebury 2014 at a
        quarter of its size; scikit-image has it from there under the terms of the two pictures.

    >>> motorcycle_disparity().shape
    (500, 741)
    """
    with _bundled("skimage", "data/motorcycle_disp.npz") as path, np.load(path, allow_pickle=False) as arrays:
        d = arrays["arr_0"]
    return np.where(np.isfinite(d), d, np.nan).astype(np.float32)  # the file has infinity


def digits() -> tuple[np.ndarray, np.ndarray]:
    r"""Handwritten digits, 1797 of 8 x 8 pixels, and which digit each is: small enough for a first generative model.

    Returns
    -------
    images : (1797, 8, 8) float32, 0 paper .. 1 ink, multiples of 1/16
    classes : (1797,) int64, 0..9
        E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI (1998), doi 10.24432/C50P49, CC BY 4.0;
        scikit-learn has its test part.

    >>> digits()[1][:5].tolist()
    [0, 1, 2, 3, 4]
    """
    with _bundled("sklearn", "datasets/data/digits.csv.gz") as path:
        rows = np.loadtxt(path, delimiter=",")  # (1797, 65): 64 counts of 0..16, then the digit
    return (rows[:, :64].reshape(-1, 8, 8) / 16).astype(np.float32), rows[:, 64].astype(np.int64)


def faces() -> tuple[np.ndarray, np.ndarray]:
    r"""Faces, 100 of 25 x 25 pixels, and 100 cuttings that are none, though a few show a part of one.

    Returns
    -------
    images : (200, 25, 25) float32, 0..1
    classes : (200,) int64, 1 a face, 0 not
        First the faces. From Labeled Faces in the Wild (G. Huang et al., UMass technical report 07-49, 2007);
        scikit-image states no licence.

    >>> faces()[1].sum().item()
    100
    """
    with _bundled("skimage", "data/lfw_subset.npy") as path:
        pictures = np.load(path, allow_pickle=False)
    return pictures.astype(np.float32), (np.arange(len(pictures)) < 100).astype(np.int64)


def _bundled(package, file):
    return resources.as_file(resources.files(package).joinpath(file))
