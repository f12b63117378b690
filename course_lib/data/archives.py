r"""Members of archives, read in memory: nothing is unpacked to disk, and no name of a member becomes a path.

An archive comes from elsewhere and is not trusted. A member is read by its exact name through a file object, never by
``extractall``. Refused with one sentence: an archive with an absolute name, with ``..`` in a name or with a member
larger than the bound; a wanted member that is a link or a folder, that stands there twice, or that is missing.

| function   | file          | what protects                                        |
|------------|---------------|------------------------------------------------------|
| read_gzip  | name.gz       | reading stops one byte past the bound                |
| read_zip   | name.zip      | declared sizes, then the CRC-32 of what was read     |
| read_tgz   | name.tgz      | declared sizes, headers included; the end must be there |
"""

import gzip
import re
import tarfile
import zipfile
import zlib
from pathlib import Path

from course_lib import checks

_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, NotImplementedError, RuntimeError,
            UnicodeError, OverflowError)


def read_gzip(path: Path, *, most: int) -> bytes:
    r"""What a .gz file holds.

    Parameters
    ----------
    path : Path
    most : int, the bound on the unpacked size in bytes

    Returns
    -------
    data : bytes

    Raises
    ------
    TypeError, ValueError
        Not a Path, or no file there; not gzip, or damaged; larger than `most`.
    """
    most = _bound("read_gzip", path, most)
    try:
        with gzip.open(path) as stream:
            data = stream.read(most + 1)
        if path.stat().st_size == 0:  # Python's gzip module lets this pass
            raise EOFError
    except _DAMAGED as error:
        raise _unreadable("read_gzip", path, error) from error
    _check_size("read_gzip", path, path.stem, len(data), most)
    return data


def read_zip(path: Path, names: tuple[str, ...], *, most: int) -> dict[str, bytes]:
    r"""The members of these names in a .zip file.

    Parameters
    ----------
    path : Path
    names : tuple of str, exact
    most : int, the bound on the size of any member in bytes

    Returns
    -------
    members : dict, name to bytes, in the order of `names`

    Raises
    ------
    TypeError, ValueError
        Not a Path, or no file there; not a zip archive, or damaged; a member is missing, or is one of those that are
        refused.
    """
    most = _bound("read_zip", path, most)
    checks.instance("read_zip", "names", names, tuple)
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                _check_member("read_zip", path, info.filename, info.file_size, most)
                if info.filename in names:
                    is_link = (info.external_attr >> 16) & 0o170000 == 0o120000  # Unix: S_IFMT, S_IFLNK
                    _check_wanted("read_zip", path, info.filename, is_link or info.is_dir(), found)
                    with archive.open(info) as stream:
                        found[info.filename] = stream.read(most)
    except _DAMAGED as error:
        raise _unreadable("read_zip", path, error) from error
    for name in names:
        if name not in found:
            raise ValueError(f"read_zip: {path.name} has no member {name!r}.")
    return {name: found[name] for name in names}


def read_tgz(path: Path, pattern: str, *, most: int) -> dict[str, bytes]:
    r"""The members of a .tgz file whose whole name matches a regular expression, in one pass through the file.

    Parameters
    ----------
    path : Path
    pattern : str
        Such as ``r"folder/\d+\.jpg"``.
    most : int, the bound on the size of any member in bytes

    Returns
    -------
    members : dict, name to bytes, in the order of the archive; empty if nothing matches

    Raises
    ------
    TypeError, ValueError
        Not a Path, or no file there; not a gzip'ed tar archive, or damaged; a member is one of those that are
        refused.
    """
    most = _bound("read_tgz", path, most)
    checks.instance("read_tgz", "pattern", pattern, str)
    found: dict[str, bytes] = {}
    try:
        with _Unpacked(path, most) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as archive:
            for info in archive:
                _check_member("read_tgz", path, info.name, info.size, most)
                if re.fullmatch(pattern, info.name):
                    stream = archive.extractfile(info) if info.isreg() else None
                    _check_wanted("read_tgz", path, info.name, stream is None, found)
                    found[info.name] = stream.read(most) if stream else b""
    except _DAMAGED as error:
        raise _unreadable("read_tgz", path, error) from error
    return found


class _Unpacked(gzip.GzipFile):
    """The tar in a .tgz. A header may declare any length; what tarfile asks for at once has a bound here."""

    def __init__(self, path, most):
        super().__init__(path)
        self.most = most + tarfile.RECORDSIZE

    def read(self, size=-1):
        if not 0 <= size <= self.most:
            raise tarfile.ReadError
        return super().read(size)


def _bound(function, path, most):
    checks.instance(function, "path", path, Path)
    if not path.is_file():
        raise ValueError(f"{function}: `path` must be a file that is there; got {str(path)!r}.")
    return checks.whole(function, "most", most, low=1)


def _check_member(function, path, name, size, most):
    if re.match(r"[/\\]|[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
        raise ValueError(f"{function}: {path.name} names a place outside itself, {name[:60]!r}; do not use it.")
    _check_size(function, path, name, size, most)


def _check_size(function, path, name, size, most):
    if not 0 <= size <= most:
        raise ValueError(f"{function}: {name[:60]!r} in {path.name} must have at most {most} bytes unpacked; got "
                         f"{'more' if size == most + 1 else size}.")


def _check_wanted(function, path, name, is_no_file, found):
    if is_no_file or name in found:
        raise ValueError(f"{function}: {name[:60]!r} in {path.name} must be one plain file; got "
                         f"{'a link or a folder' if is_no_file else 'two of that name'}.")


def _unreadable(function, path, error):
    return ValueError(f"{function}: {path.name} is damaged or no such archive ({type(error).__name__}).")
