r"""A file from the network, once: fetched, continued, checked, kept. The only module that asks the network.

Reference: RFC 9110, section 14 (Range: how a download goes on where it stopped).

| in the data folder    | what it is                                                                                |
|-----------------------|-------------------------------------------------------------------------------------------|
| name                  | the whole file: it got this name after its SHA-256 was found right, which each use repeats |
| name.<random>.part    | what has arrived so far; never read as data; the next call goes on from it                 |

A process writes only to a .part file of its own, so two that fetch at once do not meet: the second to finish replaces
a file by the same bytes. The data folder is COURSE_DATA where that environment variable is set, else the cache folder
of the operating system.
"""

import errno
import http.client
import os
import socket
import ssl
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

from course_lib import checks
from course_lib.data.data_sets import File

TIMEOUT_S = 30  # a server that is silent for so long has failed
_ABANDONED_S = 4 * TIMEOUT_S  # a .part file that nobody has written to for so long belongs to nobody
_MOST_BYTES = 2**28  # of a file whose size is not known; the largest files of the course are near 100 MB
_CHUNK_BYTES = 2**13  # written at once; what a cut connection may cost

_REASONS = (  # the first that is in the chain of an exception
    (socket.gaierror, "the name of the server was not found, so this computer is probably offline"),
    (TimeoutError, "the server was silent for too long"),
    (ssl.SSLError, "the server's certificate could not be checked"),
    (ConnectionRefusedError, "the server refused the connection"),
    ((http.client.HTTPException, ConnectionError), "the connection was cut"),
)


class DownloadError(OSError):
    """The network, a server or the disk failed; the call itself was right and may be repeated."""


class _ServerError(Exception):
    """Why a server did not give the file, in words that follow "because"."""


def data_folder() -> Path:
    r"""Where downloaded files are kept: the folder COURSE_DATA, else the operating system's cache folder.

    Returns
    -------
    folder : Path
        It need not exist yet.

    Raises
    ------
    DownloadError
        COURSE_DATA begins with the ~ of a user whom this computer does not know.
    """
    import pooch

    chosen = os.environ.get("COURSE_DATA")
    try:
        return Path(chosen).expanduser().absolute() if chosen else Path(pooch.os_cache("course-lib"))
    except RuntimeError as error:
        raise DownloadError(f"data_folder: the environment variable COURSE_DATA must name a folder; got {chosen!r}, "
                            "whose ~ stands for no user of this computer.") from error


def fetch(file: File) -> Path:
    r"""The path of this file, which is downloaded if it is not yet in the data folder, whole and right.

    Parameters
    ----------
    file : File

    Returns
    -------
    path : Path
        Its bytes have the SHA-256 of `file`, checked in this call.

    Raises
    ------
    TypeError
        Not a File.
    DownloadError
        An OSError with one sentence: offline, a server that is silent or sends something else, a full disk, a folder
        that cannot be written. What has arrived is kept, and the next call goes on from there. A damaged file stays
        until the right one replaces it.
    """
    checks.instance("fetch", "file", file, File)
    path = data_folder() / file.name
    try:
        if _is_right(path, file):
            return path
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        with _own_part(path) as part:
            _from_any_server(file, part)
            part.replace(path)  # which may be a damaged file, kept so far
    except DownloadError:
        raise
    except OSError as error:
        raise _disk_failure(file, error) from error
    return path


@contextmanager
def _own_part(path):
    """A .part file for this process alone: the longest that a finished process has left, else a new one."""
    own = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    own.touch()
    for left in path.parent.glob(f"{path.name}.*.part"):
        try:
            if left == own or time.time() - left.stat().st_mtime < _ABANDONED_S:
                continue
            os.utime(left)  # now it belongs to somebody; another process that is as fast finds no file in the next line
            if left.stat().st_size > own.stat().st_size:
                left.replace(own)
            else:
                left.unlink()
        except OSError:
            continue
    try:
        yield own
    finally:  # also after Ctrl-C
        if own.exists():
            os.utime(own, (0, 0))  # belongs to nobody
            if own.stat().st_size == 0:
                own.unlink()


def _from_any_server(file, part):
    """Fill `part` with the right bytes from the first server that has them."""
    failures = []
    for url in file.urls:
        try:
            return _from_server(file, url, part)
        except _ServerError as error:
            failures.append(f"{url} was not fetched, because {error}")
    raise DownloadError(f"{file.data_set}: {'; '.join(failures)}. Repeat the call later, which goes on from what has "
                        f"arrived, or save the file yourself as {data_folder() / file.name}.")


def _from_server(file, url, part):
    continued = part.stat().st_size > 0
    _transfer(file, url, part)
    if continued and not _is_right(part, file):  # what was there may have been damaged: once more, from 0
        os.truncate(part, 0)
        _transfer(file, url, part)
    if not _is_right(part, file):
        os.truncate(part, 0)
        raise _ServerError("the server sent other bytes than the right ones (their SHA-256 differs)")


def _transfer(file, url, part):
    """Let pooch send the request; what arrives goes through `_Arrival` into `part`."""
    import pooch

    with open(part, "ab", buffering=0) as stream, _Arrival(file, stream) as arrival:
        # One byte less than we have: the server then has at least one to send, and no special answer for "nothing".
        first = max(0, stream.tell() - 1)
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={first}-"} if first else {})
        download = pooch.HTTPDownloader(headers=headers, timeout=TIMEOUT_S, chunk_size=_CHUNK_BYTES,
                                        hooks={"response": arrival.begin})
        try:
            download(url, arrival, None)
        except DownloadError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:  # requests' exceptions are OSError
            raise _ServerError(_reason(error)) from error
        if file.size is not None and stream.tell() < file.size:
            raise _ServerError(f"the connection was cut after {stream.tell()} of {file.size} bytes")


class _Arrival:
    """The end of a download that pooch writes to: begins where the server does, and takes no byte too many."""

    def __init__(self, file, stream):
        from tqdm import tqdm

        self.file, self.stream = file, stream
        self.bar = tqdm(desc=file.data_set, total=file.size, unit="B", unit_scale=True, leave=False, delay=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bar.close()

    def begin(self, response, **_):
        """Look at the head of each answer, before its body."""
        if response.is_redirect:
            return
        if response.status_code == 416:  # our part is longer than the file
            self.stream.truncate(0)
        if response.status_code not in (200, 206):
            raise _ServerError(f"the server answered with HTTP status {response.status_code}")
        response.raw.headers.pop("Content-Encoding", None)  # a .gz stays packed: the checksum is that of the .gz
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise _ServerError("the server sent a web page instead of the file")
        first = response.headers.get("Content-Range", "bytes 0-").removeprefix("bytes ").partition("-")[0]
        start = int(first) if response.status_code == 206 and first.isdecimal() else 0
        if start > self.stream.tell():
            raise _ServerError("the server skipped bytes")
        self.stream.truncate(start)  # a server that knows no Range begins at 0
        self.stream.seek(start)
        self.bar.update(start)

    def write(self, chunk):
        if self.stream.tell() + len(chunk) > (_MOST_BYTES if self.file.size is None else self.file.size):
            self.stream.truncate(0)  # whatever this is, it is not the file
            raise _ServerError("the server sent more bytes than the file has")
        try:
            written = self.stream.write(chunk)
            if written != len(chunk):  # the disk took a part; asked again, it says why not the rest
                self.stream.write(chunk[written:])
        except OSError as error:
            raise _disk_failure(self.file, error) from error
        self.bar.update(len(chunk))

    def flush(self):
        """Nothing is buffered."""


def _is_right(path, file):
    import pooch

    return path.is_file() and pooch.file_hash(str(path), alg="sha256") == file.sha256


def _disk_failure(file, error):
    path = data_folder() / file.name
    return DownloadError(f"{file.data_set}: {path} could not be read or written ({error.strerror or error}). Make room "
                         "there or set the environment variable COURSE_DATA to another folder.")


def _reason(error):
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    for kinds, reason in _REASONS:
        if any(isinstance(one, kinds) for one in chain):
            return reason
    return f"the request failed ({type(error).__name__})"
