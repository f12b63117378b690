r"""The data sets that are downloaded: every file with its size and SHA-256, the terms, whom to cite, where it is used.

course_lib.data.downloads reads them. A comment at each list of checksums says where they were found; two sources that
agree, unless it says otherwise. The bundled pictures have a table of their own, course_lib.data.samples.
"""

import re
from dataclasses import dataclass

from course_lib import checks


@dataclass(frozen=True)
class File:
    """One file of a data set: where it is, and how its bytes are known to be the right ones."""

    data_set: str  # as messages name it
    name: str  # the path below the data folder, with /
    urls: tuple[str, ...]  # the same bytes on each; asked in this order
    sha256: str  # 64 hexadecimal digits, lower case
    size: int | None  # bytes; None where nobody states it

    def __post_init__(self):
        for name in ("data_set", "name", "sha256"):
            checks.instance("File", name, getattr(self, name), str)
        if not re.fullmatch(r"(\w[\w.-]*/)*\w[\w.-]*", self.name):  # nothing that leaves the data folder
            raise ValueError(f"File: `name` must be a path below the data folder, with /; got {self.name!r}.")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"File: `sha256` must be 64 hexadecimal digits in lower case; got {self.sha256!r}.")
        if not isinstance(self.urls, tuple) or not self.urls:
            raise TypeError(f"File: `urls` must be a tuple of at least one address; got {self.urls!r}.")
        if self.size is not None:
            checks.whole("File", "size", self.size, low=1)


@dataclass(frozen=True)
class DataSet:
    """One data set: title, files by a short key, terms of use, whom to cite, the part of the course."""

    title: str
    files: dict[str, File]
    license: str
    citation: str
    part: str


def _idx(title, folder, servers, sums):
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    keys = ("train images", "train classes", "test images", "test classes")
    return {key: File(title, f"{folder}/{name}-ubyte.gz", tuple(f"{server}/{name}-ubyte.gz" for server in servers),
                      sha256, size) for key, name, (size, sha256) in zip(keys, names, sums, strict=True)}


# Sizes and SHA-256: tensorflow/datasets, url_checksums/mnist.txt (the second server's files). The same SHA-256:
# ankane/torchvision-ruby, lib/torchvision/datasets/mnist.rb (the first server's).
_MNIST = _idx("MNIST", "mnist", (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist"), (
    (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
    (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
    (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
    (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
))
# Sizes and SHA-256: tensorflow/datasets, url_checksums/fashion_mnist.txt. The same SHA-256: FluxML/Flux.jl,
# src/data/fashion-mnist.jl. The first server speaks no https; the SHA-256 makes that harmless.
_FASHION_MNIST = _idx("Fashion-MNIST", "fashion-mnist", (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion"), (
    (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
    (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
    (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
))
# SHA-256: hasslelee/flipguard, scripts/export_bsds500_sobel_holdout.py. The same with the size:
# SharoonSharif/conv3x3-engine-zynq, eval/README.md. The same size: tensorpack (2016), dataflow/dataset/bsds500.py.
_BSDS500 = {"all": File("BSDS500", "bsds500/BSR_bsds500.tgz", (
    "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/BSR_bsds500.tgz",),
    "97e49d31764f3912f0c4122707d53062ac9e783ba0f095e447a4d53c1a41af8e", 70763455)}
# SHA-256: visgraf/active-stereo, configs/dataset/middlebury2014.yaml, which also found no sizes. No second source is
# known to us; a zip archive has a CRC-32 of every member besides, which is checked when one is read.
_MIDDLEBURY = {scene: File("Middlebury 2014", f"middlebury2014/{scene}-perfect.zip", (
    f"https://vision.middlebury.edu/stereo/data/scenes2014/zip/{scene}-perfect.zip",), sha256, None)
    for scene, sha256 in {
        "Adirondack": "df1d9fdde1780dcba9b045898324226132405b33ad1d3fde399d2ce4b619c85a",
        "Jadeplant": "fe7aaeeaa2e39735feee31219863c3d47ed81945f4622152af1af636347c57f5",
        "Motorcycle": "86676850791286c01600cf84448db6c2bb2afee9be9ad7f32e05c4bf89ddeb26",
        "Piano": "dfaf03ff2fa4a054a75a8feae3f64977c9bc845455cb613b86861e8276251d0c",
        "Pipes": "35866b3fc940d546886632dc40e9ca61414d4b4525b66117a473b5862a740d67",
        "Playroom": "1a009444d3d286e8900f0472e629747c5c59dd2dc8a2c46673731cfefa9762fc",
        "Playtable": "7c4c6a803304aacd7ea5f4610adb1a0350754aeb5dbdb49a08aa90deb021d81e",
        "Recycle": "4005342bd4267983fa807687c68d29e6e04ee1774757fe7ce313ba3402d7b193",
        "Shelves": "6a6c121243c03135787c32c3828baaac2fa54f048e5bd40a7cf7a95db9e6b9cf",
        "Vintage": "e9d74fc03159f04ea45dca645840e0f894375ce56d5fbd1d317c7fb6674121a5",
    }.items()}

DATA_SETS: dict[str, DataSet] = {
    "mnist": DataSet("MNIST", _MNIST, "none stated on its page, CC BY-SA 3.0 according to Keras",
                     "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document "
                     "recognition, Proceedings of the IEEE 86(11), 2278-2324 (1998), doi 10.1109/5.726791",
                     "generation"),
    "fashion_mnist": DataSet("Fashion-MNIST", _FASHION_MNIST, "MIT License, (c) 2017 Zalando SE",
                             "H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking "
                             "machine learning algorithms, arXiv 1708.07747 (2017)", "generation"),
    "bsds500": DataSet("BSDS500", _BSDS500, "free for non-commercial research and education; photographs by Corel",
                       "P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, Contour detection and hierarchical image "
                       "segmentation, IEEE TPAMI 33(5), 898-916 (2011), doi 10.1109/TPAMI.2010.161", "boundaries"),
    "middlebury2014": DataSet("Middlebury 2014", _MIDDLEBURY, "use and publication permitted, citation requested",
                              "D. Scharstein et al., High-resolution stereo datasets with subpixel-accurate ground "
                              "truth, GCPR 2014, doi 10.1007/978-3-319-11752-2_3", "depth"),
}
