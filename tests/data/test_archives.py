"""Members come out as they went in, by exact name and in memory; archives that try something are refused."""

import gzip
import io
import os
import struct
import tarfile
import tracemalloc
import zipfile

import pytest

from course_lib.data.archives import read_gzip, read_tgz, read_zip

MANY = 10**6


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working folder, with a check that it has stayed so."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path
    assert os.listdir(".") == [] and set(os.listdir(tmp_path)) <= {"work", "a.gz", "a.zip", "a.tgz", "a.xyz"}


def zipped(folder, *members):
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def tarred(folder, *members):
    """`members`: (name, data), or a TarInfo."""
    path = folder / "a.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


# ---- gzip


def test_gzip_is_undone_up_to_the_bound(place):
    path = place / "a.gz"
    path.write_bytes(gzip.compress(b"seven  ", mtime=0))
    assert read_gzip(path, most=7) == b"seven  "
    with pytest.raises(ValueError, match="read_gzip: 'a' in a.gz must have at most 6 bytes unpacked; got more"):
        read_gzip(path, most=6)


def test_a_gzip_bomb_stops_at_the_bound(place):
    path = place / "a.gz"
    path.write_bytes(gzip.compress(bytes(2**26), mtime=0))
    assert path.stat().st_size < 2**17
    tracemalloc.start()
    with pytest.raises(ValueError, match="at most 1000 bytes"):
        read_gzip(path, most=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**21


GZIP = gzip.compress(b"some bytes", mtime=0)


@pytest.mark.parametrize("data", [GZIP[:-9], GZIP[:5], b"PK" + GZIP, GZIP[:-8] + bytes(8)])
def test_damaged_gzip_is_refused(place, data):
    path = place / "a.gz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="^read_gzip: a.gz is damaged or no such archive .[A-Za-z]+..$"):
        read_gzip(path, most=MANY)


def test_an_empty_file_is_no_gzip_and_gzip_may_hold_nothing(place):
    path = place / "a.gz"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="^read_gzip: a.gz is damaged or no such archive .EOFError..$"):
        read_gzip(path, most=MANY)
    path.write_bytes(gzip.compress(b"", mtime=0))
    assert read_gzip(path, most=MANY) == b""


# ---- zip and tar alike


def read(kind, folder, names, *members, most=MANY):
    if kind == "zip":
        return read_zip(zipped(folder, *members), tuple(names), most=most)
    return read_tgz(tarred(folder, *members), "|".join(names), most=most)


BOTH = pytest.mark.parametrize("kind", ["zip", "tgz"])


@BOTH
def test_wanted_members_are_read_and_others_are_not(place, kind):
    found = read(kind, place, ["x/a", "x/b"], ("x/b", b"B"), ("x/c", b"C"), ("x/a", b"A"), ("a", b"wrong"))
    assert found == {"x/a": b"A", "x/b": b"B"}


@BOTH
@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "x/../../y", "..", "\\x", "x\\..\\y", "C:\\x", "c:/x"])
def test_an_archive_that_names_a_place_outside_itself_is_refused(place, kind, name):
    with pytest.raises(ValueError, match=f"^read_{kind}: a.{kind} names a place outside itself, .*; do not use it.$"):
        read(kind, place, ["a"], ("a", b"A"), (name, b"evil"))


@BOTH
def test_names_with_dots_that_lead_nowhere_are_good(place, kind):
    assert read(kind, place, ["a..b/c"], ("a..b/c", b"C"), ("...", b"")) == {"a..b/c": b"C"}


@BOTH
def test_a_member_beyond_the_bound_is_refused_and_one_at_the_bound_is_not(place, kind):
    assert read(kind, place, ["a"], ("a", bytes(100)), most=100)["a"] == bytes(100)
    for name in ("a", "other"):
        with pytest.raises(ValueError, match=f"read_{kind}: '{name}' in a.{kind} must have at most 99 bytes unpacked"):
            read(kind, place, ["a"], (name, bytes(100)), most=99)


@BOTH
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_a_wanted_name_are_refused(place, kind):
    with pytest.raises(ValueError, match="'a' in a.* must be one plain file; got two of that name"):
        read(kind, place, ["a"], ("a", b"1"), ("a", b"2"))
    assert read(kind, place, ["a"], ("a", b"1"), ("b", b"2"), ("b", b"3")) == {"a": b"1"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_what_is_no_plain_file_in_a_tar_is_refused(place, kind):
    with pytest.raises(ValueError, match="read_tgz: 'a' in a.tgz must be one plain file; got a link or a folder"):
        read_tgz(tarred(place, ("b", b"B"), link("a", "b", kind)), "a", most=MANY)
    assert read_tgz(tarred(place, ("b", b"B"), link("a", "b", kind)), "b", most=MANY) == {"b": b"B"}


def test_what_is_no_plain_file_in_a_zip_is_refused(place):
    info = zipfile.ZipInfo("a")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with pytest.raises(ValueError, match="read_zip: 'a' in a.zip must be one plain file; got a link or a folder"):
        read_zip(zipped(place, (info, "/etc/passwd")), ("a",), most=MANY)
    with pytest.raises(ValueError, match="got a link or a folder"):
        read_zip(zipped(place, ("a/", b"")), ("a/",), most=MANY)


def test_a_missing_member_of_a_zip_is_named_and_a_pattern_may_match_nothing(place):
    with pytest.raises(ValueError, match="read_zip: a.zip has no member 'b'"):
        read_zip(zipped(place, ("a", b"")), ("a", "b"), most=MANY)
    assert read_tgz(tarred(place, ("a", b"")), "b", most=MANY) == {}


def test_a_pattern_must_match_the_whole_name(place):
    path = tarred(place, ("x/1.jpg", b"1"), ("x/1.jpg.txt", b"2"), ("y/x/1.jpg", b"3"), ("x/1.jpg\n", b"4"))
    assert read_tgz(path, r"x/[0-9]\.jpg", most=MANY) == {"x/1.jpg": b"1"}


# ---- lies


def test_a_zip_whose_bytes_do_not_have_its_crc_is_refused(place):
    path = zipped(place, ("a", b"abc"))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2") + 16  # the CRC-32 in the central directory
    data[at : at + 4] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="read_zip: a.zip is damaged or no such archive .BadZipFile"):
        read_zip(path, ("a",), most=MANY)


def test_a_zip_that_declares_less_than_it_holds_is_refused(place):
    path = zipped(place, ("a", bytes(10**6)))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2") + 24  # the unpacked size in the central directory
    data[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="is damaged"):
        read_zip(path, ("a",), most=100)


@BOTH
@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"\x1f\x8b\x08", b"<html></html>" * 100,
                                  gzip.compress(b"no" * 999, mtime=0)])
def test_what_is_no_archive_is_refused(place, kind, data):
    path = place / "a.xyz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"^read_{kind}: a.xyz is damaged or no such archive .[A-Za-z]+..$"):
        read_zip(path, ("a",), most=MANY) if kind == "zip" else read_tgz(path, "a", most=MANY)


@BOTH
def test_an_archive_cut_anywhere_is_refused_or_read_right(place, kind):
    path = (zipped if kind == "zip" else tarred)(place, ("a", b"A" * 100), ("b", bytes(range(256))))
    whole, refused = path.read_bytes(), 0
    for n in range(0, len(whole), 3):
        path.write_bytes(whole[:n])
        try:
            found = read_zip(path, ("a",), most=MANY) if kind == "zip" else read_tgz(path, "a", most=MANY)
            assert found == {"a": b"A" * 100}
        except ValueError as error:
            refused += 1
            assert str(error).startswith(f"read_{kind}: ") and "\n" not in str(error)
    assert refused > 0.5 * len(whole) / 3


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE])
def test_a_header_larger_than_the_bound_is_refused_before_it_is_read(place, kind):
    path, header = place / "a.tgz", tarfile.TarInfo("././@LongLink")
    header.type, header.size = kind, 2**26
    with gzip.open(path, "wb") as stream:
        stream.write(header.tobuf(tarfile.GNU_FORMAT))
        stream.write(bytes(2**26))
    assert path.stat().st_size < 2**17
    tracemalloc.start()
    with pytest.raises(ValueError, match="^read_tgz: a.tgz is damaged or no such archive .ReadError..$"):
        read_tgz(path, "a", most=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**21


def test_names_of_a_thousand_letters_are_read(place):
    name = "x" * 1000
    assert read_tgz(tarred(place, (name, b"A"), ("b", b"B")), name, most=MANY) == {name: b"A"}



@pytest.mark.parametrize("name", ["gone.gz", "", "a\0b"])
def test_a_path_without_a_file_is_told_as_what_it_is(place, name):
    for function, read_ in (("read_gzip", lambda path: read_gzip(path, most=9)),
                            ("read_zip", lambda path: read_zip(path, ("a",), most=9)),
                            ("read_tgz", lambda path: read_tgz(path, "a", most=9))):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{function}: `path` must be a file that is there; got '"):
            read_(place / name)


def test_bad_arguments_are_refused(place):
    path = zipped(place, ("a", b""))
    for call, message in [
        (lambda: read_zip("a.zip", ("a",), most=1), "read_zip: `path` must be a Path; got str"),
        (lambda: read_zip(path, "a", most=1), "read_zip: `names` must be a tuple; got str"),
        (lambda: read_tgz(path, ("a",), most=1), "read_tgz: `pattern` must be a str; got tuple"),
        (lambda: read_gzip(path, most=1.5), "read_gzip: `most` must be a whole number"),
    ]:
        with pytest.raises(TypeError, match=message):
            call()
    with pytest.raises(ValueError, match="read_gzip: `most` must be at least 1"):
        read_gzip(path, most=0)
