"""The loaders read files of the layout that the real ones have, made here and served on the loopback."""

import gzip
import hashlib
import io
import re
import struct
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from course_lib.data import downloads, fetching
from course_lib.data.data_sets import DATA_SETS
from course_lib.data.downloads import bsds500, fashion_mnist, middlebury2014, mnist
from course_lib.data.fetching import DownloadError

RNG = np.random.default_rng(0)


@pytest.fixture
def publish(server, folder, monkeypatch):
    """Put these bytes on the server in place of a file of the table, so that its size and SHA-256 are theirs."""

    def put(data_set, key, data):
        old = DATA_SETS[data_set].files[key]
        path = "/" + old.name
        server.files[path] = data
        new = replace(old, urls=(server.url + path,), sha256=hashlib.sha256(data).hexdigest(),
                      size=None if old.size is None else len(data))  # fmt: skip
        monkeypatch.setitem(DATA_SETS[data_set].files, key, new)

    return put


# ---- the table

FILES = [file for data_set in DATA_SETS.values() for file in data_set.files.values()]


def test_the_table_is_complete():
    assert set(DATA_SETS) == {"mnist", "fashion_mnist", "bsds500", "middlebury2014"}
    for data_set in DATA_SETS.values():
        assert data_set.title and data_set.license and re.search(r"\((19|20)\d\d\)|GCPR 20\d\d", data_set.citation)
        assert data_set.part in ("boundaries", "generation", "depth")
        assert {file.data_set for file in data_set.files.values()} == {data_set.title}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_has_a_checksum_a_size_and_an_address_that_ends_in_its_name(file):
    assert re.fullmatch("[0-9a-f]{64}", file.sha256)
    assert file.urls and all(url.startswith(("https://", "http://fashion-mnist.s3-website.")) for url in file.urls)
    assert {url.rpartition("/")[2] for url in file.urls} == {file.name.rpartition("/")[2]}
    assert (file.size is None) == (file.data_set == "Middlebury 2014") and (file.size or 5000) > 4000
    assert re.fullmatch(r"[a-z0-9-]+/[\w.-]+", file.name)


def test_no_two_files_share_a_place_or_a_checksum():
    assert len({file.name for file in FILES}) == len({file.sha256 for file in FILES}) == len(FILES) == 19


def test_loopback_is_the_only_network_of_these_tests(folder):
    with pytest.raises(DownloadError, match="MNIST: https://ossci.* probably offline; https://storage.* offline"):
        mnist("test")


@pytest.mark.parametrize(("change", "error", "message"), [
    *((dict(name=name), ValueError, "File: `name` must be a path below the data folder, with /; got ")
      for name in ("../../x", "/etc/passwd", "a/../b", "", "a//b", "a/", "..", ".hidden", "a\\b", "C:/x", "a\n")),
    (dict(name=Path("a")), TypeError, "File: `name` must be a str; got PosixPath"),
    (dict(data_set=None), TypeError, "File: `data_set` must be a str; got NoneType"),
    (dict(urls=()), TypeError, r"File: `urls` must be a tuple of at least one address; got \(\)"),
    (dict(urls="http://x"), TypeError, "File: `urls` must be a tuple of at least one address; got 'http://x'"),
    (dict(sha256="A" * 64), ValueError, "File: `sha256` must be 64 hexadecimal digits in lower case"),
    (dict(sha256="0" * 63), ValueError, "File: `sha256` must be 64 hexadecimal digits"),
    (dict(size=0), ValueError, "File: `size` must be at least 1"),
    (dict(size=1.5), TypeError, "File: `size` must be a whole number"),
])  # fmt: skip
def test_a_file_of_a_table_cannot_be_what_would_do_harm(change, error, message):
    with pytest.raises(error, match=message):
        replace(FILES[0], **change)


# ---- MNIST and Fashion-MNIST

LOADERS = pytest.mark.parametrize("load", [mnist, fashion_mnist], ids=lambda f: f.__name__)


def idx(array):
    return gzip.compress(struct.pack(f">I{array.ndim}I", 2048 + array.ndim, *array.shape) + array.tobytes())


@LOADERS
def test_pictures_and_classes_come_in_their_order(load, publish):
    for split, n in (("train", 6), ("test", 3)):
        publish(load.__name__, f"{split} images", idx(np.arange(n * 784, dtype=np.uint8).reshape(n, 28, 28)))
        publish(load.__name__, f"{split} classes", idx(np.arange(n, dtype=np.uint8)))
    for split, n in (("train", 6), ("test", 3)):
        images, classes = load(split)
        assert images.shape == (n, 28, 28) and images.dtype == np.uint8 and classes.dtype == np.int64
        assert classes.tolist() == list(range(n)) and images[1, 0, :3].tolist() == [16, 17, 18]
        images[:], classes[:] = 0, 0
        assert load(split)[1][1] == 1


def test_mnist_and_fashion_mnist_do_not_share_a_folder(publish, folder):
    for value, load in enumerate((mnist, fashion_mnist)):
        publish(load.__name__, "test images", idx(np.full((1, 28, 28), value, np.uint8)))
        publish(load.__name__, "test classes", idx(np.zeros(1, np.uint8)))
    assert mnist("test")[0].max() == 0 and fashion_mnist("test")[0].max() == 1
    assert sorted(path.name for path in folder.iterdir()) == ["fashion-mnist", "mnist"]


@LOADERS
@pytest.mark.parametrize(("images", "classes"), [((2, 28, 28), (3,)), ((2, 28), (2,)), ((2, 28, 28), (2, 1))])
def test_classes_that_do_not_fit_the_pictures_are_refused(load, publish, images, classes):
    publish(load.__name__, "test images", idx(np.zeros(images, np.uint8)))
    publish(load.__name__, "test classes", idx(np.zeros(classes, np.uint8)))
    with pytest.raises(ValueError, match=f"{load.__name__}: the files must hold as many"):
        load("test")


# ---- BSDS500

BSR = "BSR/BSDS500/data"


def jpeg(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def drawings(people):
    cell = np.empty((1, len(people)), object)
    for k, segmentation in enumerate(people):
        line = np.zeros(segmentation.shape, np.uint8)
        line[:, 1:] = segmentation[:, 1:] != segmentation[:, :-1]
        cell[0, k] = {"Segmentation": segmentation.astype(np.uint16), "Boundaries": line}
    stream = io.BytesIO()
    scipy.io.savemat(stream, {"groundTruth": cell}, do_compression=True)
    return stream.getvalue()


def tgz(members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def segmentation(k, shape):
    labels = np.ones(shape, int)
    labels[:, k:] = 2
    return labels


@pytest.fixture
def berkeley():
    """Picture k of each split is of grey k; person p of it cuts at column k + p. Some lie, some stand."""
    members = {"BSR/documentation/readme.txt": b"...", f"{BSR}/images/train/Thumbs.db": b"..."}
    for split, numbers in {"train": (100, 20, 3), "val": (7,), "test": (8, 9)}.items():
        for k in numbers:
            shape = (32, 48) if k % 2 else (48, 32)
            members[f"{BSR}/images/{split}/{k}.jpg"] = jpeg(np.full((*shape, 3), k, np.uint8))
            people = [segmentation(k % 10 + p, shape) for p in range(1, 3 + k % 2)]
            members[f"{BSR}/groundTruth/{split}/{k}.mat"] = drawings(people)
    return members


def test_pictures_and_drawings_belong_together(publish, berkeley, folder):
    publish("bsds500", "all", tgz(berkeley))
    for split, names in {"train": ["3", "20", "100"], "val": ["7"], "test": ["8", "9"]}.items():
        pictures = bsds500(split)
        assert list(pictures.names) == [picture.name for picture in pictures] == names and len(pictures) == len(names)
        for picture in pictures:
            k = int(picture.name)
            shape = (32, 48) if k % 2 else (48, 32)
            assert picture.image.shape == (*shape, 3) and picture.image.dtype == np.uint8
            assert abs(picture.image.astype(int) - k).max() <= 1
            assert len(picture.segmentations) == len(picture.boundaries) == 2 + k % 2
            for p, (labels, line) in enumerate(zip(picture.segmentations, picture.boundaries, strict=True), 1):
                assert (labels == segmentation(k % 10 + p, shape)).all() and labels.dtype == np.int32
                assert line.dtype == bool and np.flatnonzero(line[0]).tolist() == [k % 10 + p]
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["BSR_bsds500.tgz"]  # nothing unpacked


def test_the_pictures_are_a_sequence_that_decodes_what_is_asked_for(publish, berkeley, monkeypatch):
    publish("bsds500", "all", tgz(berkeley))
    pictures, decoded = bsds500("train"), []
    decode = downloads._rgb
    monkeypatch.setattr(downloads, "_rgb", lambda data: decoded.append(len(data)) or decode(data))
    assert len(pictures) == 3 and decoded == []
    assert pictures[-1].name == "100" and pictures[1].name == "20" and len(decoded) == 2
    assert pictures[1:].names == ("20", "100") and [p.name for p in pictures[::2]] == ["3", "100"]
    assert len(decoded) == 4 and next(iter(pictures)).name == "3" and len(decoded) == 5
    with pytest.raises(IndexError):
        pictures[3]
    pictures[0].image[:] = 0
    assert pictures[0].image.max() > 0
    assert pictures[0] != pictures[0] and len({pictures[0], pictures[1]}) == 2  # decoded anew, compared as objects
    with pytest.raises(TypeError, match="AnnotatedPictures: `members` must be a dict; got NoneType. Call bsds500."):
        downloads.AnnotatedPictures(None)


@pytest.mark.parametrize(("change", "message"), [
    (lambda m: m.pop(f"{BSR}/images/val/7.jpg"), "a drawing for each photograph of 'val'; got 0 photographs and 1 dr"),
    (lambda m: m.pop(f"{BSR}/groundTruth/val/7.mat"), "got 1 photographs and 0 drawings"),
    (lambda m: m.update({f"{BSR}/groundTruth/val/7.mat": b"MATLAB"}), "`data` must be a MATLAB file"),
    (lambda m: m.update({"../x": b""}), "names a place outside itself"),
])  # fmt: skip
def test_an_archive_of_another_layout_is_refused(publish, berkeley, change, message):
    change(berkeley)
    publish("bsds500", "all", tgz(berkeley))
    with pytest.raises(ValueError, match=message):
        bsds500("val")[0]


# ---- Middlebury

H, W = 6, 9
CALIBRATION = """cam0=[50.5 0 4.25; 0 50.5 3; 0 0 1]
cam1=[50.5 0 5.5; 0 50.5 3; 0 0 1]
doffs=1.25
baseline=193.001
width=9
height=6
ndisp=280
"""


def png(image):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def pfm(values):
    return f"Pf\n{values.shape[1]} {values.shape[0]}\n-0.003922\n".encode() + values[::-1].astype("<f4").tobytes()


@pytest.fixture
def piano():
    left = RNG.integers(0, 256, (H, W, 3), np.uint8)
    right = np.roll(left, -2, axis=1)  # right[y, x - 2] = left[y, x]
    d0, d1 = np.full((H, W), 2, np.float32), np.full((H, W), 2, np.float32)
    d0[0, 0] = d1[-1, -1] = np.inf
    return {"im0.png": png(left), "im1.png": png(right), "disp0.pfm": pfm(d0), "disp1.pfm": pfm(d1),
            "calib.txt": CALIBRATION.encode(), "im1E.png": b"not read"}  # fmt: skip


def zipped(members, scene="Piano"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{scene}-perfect/", b"")
        for name, data in members.items():
            archive.writestr(f"{scene}-perfect/{name}", data)
    return stream.getvalue()


def test_a_stereo_scene_is_read_with_its_units(publish, piano, folder):
    publish("middlebury2014", "Piano", zipped(piano))
    pair = middlebury2014("Piano")
    assert pair.left.shape == pair.right.shape == (H, W, 3) and pair.left.dtype == pair.right.dtype == np.uint8
    assert pair.disparity_left.dtype == pair.disparity_right.dtype == np.float32
    assert (pair.focal_px, pair.center_left_xy, pair.doffs_px) == (50.5, (4.25, 3.0), 1.25)
    assert pair.baseline_m == pytest.approx(0.193001, rel=1e-15)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["Piano-perfect.zip"]


def test_the_disparity_leads_from_one_picture_to_the_other_and_is_nan_where_unknown(publish, piano):
    publish("middlebury2014", "Piano", zipped(piano))
    pair = middlebury2014("Piano")
    known_left, known_right = ~np.isnan(pair.disparity_left), ~np.isnan(pair.disparity_right)
    assert np.argwhere(~known_left).tolist() == [[0, 0]] and np.argwhere(~known_right).tolist() == [[H - 1, W - 1]]
    y, x = np.nonzero(known_left & (np.arange(W) >= 2))
    assert (pair.left[y, x] == pair.right[y, x - pair.disparity_left[y, x].astype(int)]).all()
    y, x = np.nonzero(known_right & (np.arange(W) < W - 2))
    assert (pair.right[y, x] == pair.left[y, x + pair.disparity_right[y, x].astype(int)]).all()


@pytest.mark.parametrize(("name", "data", "message"), [
    ("im1.png", png(np.zeros((H, W + 1, 3), np.uint8)), r"middlebury2014: the files of Piano must have one size"),
    ("disp0.pfm", pfm(np.zeros((H + 1, W), np.float32)), "must have one size"),
    ("disp1.pfm", pfm(np.zeros((H, W), np.float32))[:-1], "read_pfm: `data` promises"),
    ("calib.txt", CALIBRATION.replace("width=9", "width=8").encode(), "must have one size"),
    ("calib.txt", b"\xff", "read_calibration: `text` must have a line cam0"),
    ("im0.png", None, "has no member 'Piano-perfect/im0.png'"),
])  # fmt: skip
def test_files_of_a_scene_that_do_not_fit_are_refused(publish, piano, name, data, message):
    members = {key: value for key, value in (piano | {name: data}).items() if value is not None}
    publish("middlebury2014", "Piano", zipped(members))
    with pytest.raises(ValueError, match=message):
        middlebury2014("Piano")


def test_scenes_are_compared_as_the_objects_they_are(publish, piano):
    publish("middlebury2014", "Piano", zipped(piano))
    scene, twin = middlebury2014("Piano"), middlebury2014("Piano")
    assert scene == scene and scene != twin and len({scene, twin}) == 2


def test_another_scene_is_another_file(publish, piano):
    publish("middlebury2014", "Piano", zipped(piano))
    publish("middlebury2014", "Pipes", zipped(piano | {"im0.png": piano["im1.png"]}, "Pipes"))
    assert (middlebury2014("Pipes").left == middlebury2014("Piano").right).all()


# ---- all loaders

CALLS = {"mnist": (mnist, "train"), "fashion_mnist": (fashion_mnist, "test"), "bsds500": (bsds500, "val"),
         "middlebury2014": (middlebury2014, "Piano")}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("wrong", ["training", "piano", "", None, 3, ["train"]])
def test_other_splits_and_scenes_are_refused_before_anything_is_fetched(name, wrong, folder):
    with pytest.raises(ValueError, match=f"{name}: `(split|scene)` must be '.*; got "):
        CALLS[name][0](wrong)
    assert not folder.exists()


@pytest.mark.parametrize("name", CALLS)
def test_every_loader_says_when_it_is_offline(name, folder):
    with pytest.raises(DownloadError, match=f"^{DATA_SETS[name].title}: .*offline. Repeat the call later.*{folder}"):
        CALLS[name][0](CALLS[name][1])


@pytest.mark.parametrize("name", CALLS)
def test_wrong_bytes_never_reach_a_reader(name, server, publish, monkeypatch):
    for key in DATA_SETS[name].files:
        publish(name, key, b"right")
    server.files = {path: b"wrong" for path in server.files}
    for reader in ("read_gzip", "read_tgz", "read_zip"):
        monkeypatch.setattr(downloads.archives, reader, lambda *_, **__: pytest.fail("a reader was called"))
    with pytest.raises(DownloadError, match="other bytes than the right ones"):
        CALLS[name][0](CALLS[name][1])


def test_only_one_module_asks_the_network():
    library = Path(fetching.__file__).parents[1]
    sources = {path.name: path.read_text("utf-8") for path in library.rglob("*.py")}
    network = r"(?m)^\s*(import|from) (pooch|urllib|requests|http|socket)\b"
    assert [name for name, text in sources.items() if re.search(network, text)] == ["fetching.py"]
    assert not [name for name, text in sources.items() if re.search(r"\.extractall|allow_pickle=True", text)]
