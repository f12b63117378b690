"""A file arrives whole and right or not at all, whatever server, network and disk do; each failure says what to do."""

import errno
import gzip
import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.data import fetching
from course_lib.data.data_sets import File
from course_lib.data.fetching import DownloadError, data_folder, fetch

DATA = np.random.default_rng(0).bytes(300_001)
WRONG = bytes(len(DATA))


@pytest.fixture
def file(server, folder):
    """A file that is on the server and not yet in the data folder."""
    server.files["/a.bin"] = DATA
    return File("Stars", "stars/a.bin", (f"{server.url}/a.bin",), hashlib.sha256(DATA).hexdigest(), len(DATA))


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT_S", 1)


def parts(folder):
    return sorted(folder.rglob("*.part"))


def on_disk(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def whole_chunks(n):
    return n - n % fetching._CHUNK_BYTES


def cut_after(n):
    """The first n bytes of a good answer, then the connection is closed."""
    return lambda handler, data: handler.serve(data, send=n)


def ignore_range(handler, data):
    handler.head(200, Content_Length=len(data))
    handler.wfile.write(data)


# ---- the good case


def test_a_file_is_fetched_once_and_checked_each_time(server, file, folder):
    path = fetch(file)
    assert path == folder / "stars" / "a.bin" and path.read_bytes() == DATA and on_disk(folder) == {"a.bin": DATA}
    assert fetch(file) == path and server.requests == [("/a.bin", None)]


def test_without_a_size_the_checksum_decides(file, folder):
    assert fetch(replace(file, size=None)).read_bytes() == DATA


@pytest.mark.parametrize("damage", [b"", DATA[:1000], WRONG, DATA + b"!"])
def test_a_half_or_damaged_file_is_fetched_anew(server, file, folder, damage):
    fetch(file).write_bytes(damage)
    assert fetch(file).read_bytes() == DATA and len(server.requests) == 2 and not parts(folder)


def test_a_damaged_file_is_neither_returned_nor_deleted_before_there_is_a_better_one(server, file, folder):
    fetch(file).write_bytes(WRONG)
    server.files.clear()
    for _ in range(2):
        with pytest.raises(DownloadError, match="HTTP status 404"):
            fetch(file)
        assert on_disk(folder) == {"a.bin": WRONG}
    server.files["/a.bin"] = DATA
    assert fetch(file).read_bytes() == DATA and on_disk(folder) == {"a.bin": DATA}


def test_the_environment_chooses_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.setenv("COURSE_DATA", "~/x")
    assert data_folder() == Path.home() / "x"
    for nothing in (lambda: monkeypatch.setenv("COURSE_DATA", ""), lambda: monkeypatch.delenv("COURSE_DATA")):
        nothing()
        assert data_folder().is_absolute() and data_folder().name == "course-lib"


def test_a_folder_of_an_unknown_user_is_refused(monkeypatch, file):
    monkeypatch.setenv("COURSE_DATA", "~nosuchuser/x")
    for call in (data_folder, lambda: fetch(file)):
        with pytest.raises(DownloadError, match="COURSE_DATA must name a folder; got '~nosuchuser/x', whose ~ stands "):
            call()


def test_the_second_server_is_asked_when_the_first_fails(server, file, folder):
    first = f"{server.url}/gone"
    assert fetch(replace(file, urls=(first, *file.urls))).read_bytes() == DATA
    assert [path for path, _ in server.requests] == ["/gone", "/a.bin"]


def test_the_sentence_names_what_went_wrong_with_each_server(server, file, folder):
    server.behaviours["/page"] = page
    urls = (f"{server.url}/gone", f"{server.url}/page", "http://no.such.host.example/a.bin")
    with pytest.raises(DownloadError) as caught:
        fetch(replace(file, urls=urls))
    assert str(caught.value) == (
        f"Stars: {urls[0]} was not fetched, because the server answered with HTTP status 404; "
        f"{urls[1]} was not fetched, because the server sent a web page instead of the file; "
        f"{urls[2]} was not fetched, because the name of the server was not found, so this computer is probably "
        "offline. Repeat the call later, which goes on from what has arrived, or save the file yourself as "
        f"{folder / 'stars' / 'a.bin'}.")


def test_a_full_disk_is_not_blamed_on_a_server(server, file, folder, small_disk):
    server.files["/b.bin"] = DATA
    with pytest.raises(DownloadError, match="could not be read or written"):
        fetch(replace(file, urls=(*file.urls, f"{server.url}/b.bin")))
    assert [path for path, _ in server.requests] == ["/a.bin"]


def test_the_second_server_goes_on_where_the_first_stopped(server, file, folder):
    server.files["/b.bin"], server.behaviours["/b.bin"] = DATA, cut_after(200_000)
    assert fetch(replace(file, urls=(f"{server.url}/b.bin", *file.urls))).read_bytes() == DATA
    assert server.requests == [("/b.bin", None), ("/a.bin", f"bytes={whole_chunks(200_000) - 1}-")]


def test_what_is_not_a_file_of_the_table_is_refused():
    with pytest.raises(TypeError, match="fetch: `file` must be a File; got str"):
        fetch("mnist")


# ---- it goes on where it stopped


def test_a_cut_download_goes_on_from_its_last_byte(server, file, folder):
    server.behaviours["/a.bin"] = cut_after(123_456)
    with pytest.raises(DownloadError, match="the connection was cut"):
        fetch(file)
    (part,) = parts(folder)
    n = whole_chunks(123_456)
    assert part.read_bytes() == DATA[:n] and on_disk(folder).keys() == {part.name}
    server.behaviours.clear()
    assert fetch(file).read_bytes() == DATA and not parts(folder)
    assert server.requests[1] == ("/a.bin", f"bytes={n - 1}-")


def test_a_server_that_knows_no_range_starts_again(server, file, folder):
    server.behaviours["/a.bin"] = cut_after(123_456)
    with pytest.raises(DownloadError):
        fetch(file)
    server.behaviours["/a.bin"] = ignore_range
    assert fetch(file).read_bytes() == DATA and server.requests[1][1] and not parts(folder)


@given(cuts=st.lists(st.integers(0, 120_000), max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_series_of_cuts_ends_with_the_file(server, file, folder, cuts):
    (folder / "stars" / "a.bin").unlink(missing_ok=True)
    arrived = 0
    for n in cuts:
        server.behaviours["/a.bin"] = cut_after(n)
        first = max(0, arrived - 1)
        if first + n >= len(DATA):
            break
        arrived = first + whole_chunks(n)
        with pytest.raises(DownloadError):
            fetch(file)
        assert [p.read_bytes() for p in parts(folder)] == ([DATA[:arrived]] if arrived else [])
    server.behaviours.clear()
    assert fetch(file).read_bytes() == DATA and not parts(folder)


def test_a_part_that_was_complete_needs_one_byte(server, file, folder):
    (folder / "stars").mkdir(parents=True)
    part = folder / "stars" / "a.bin.x.part"
    part.write_bytes(DATA)
    os.utime(part, (0, 0))
    assert fetch(file).read_bytes() == DATA and server.requests == [("/a.bin", f"bytes={len(DATA) - 1}-")]


@pytest.mark.parametrize("size", [len(DATA), None])
def test_a_damaged_part_is_found_out_and_the_file_fetched_from_its_first_byte(server, file, folder, size):
    (folder / "stars").mkdir(parents=True)
    part = folder / "stars" / "a.bin.x.part"
    part.write_bytes(WRONG[:5000])
    os.utime(part, (0, 0))
    assert fetch(replace(file, size=size)).read_bytes() == DATA
    assert server.requests == [("/a.bin", "bytes=4999-"), ("/a.bin", None)] and not parts(folder)


def test_a_part_longer_than_the_file_is_dropped(server, file, folder):
    (folder / "stars").mkdir(parents=True)
    part = folder / "stars" / "a.bin.x.part"
    part.write_bytes(DATA + DATA)
    os.utime(part, (0, 0))
    with pytest.raises(DownloadError, match="HTTP status 416"):
        fetch(file)
    assert not parts(folder) and fetch(file).read_bytes() == DATA


@pytest.mark.parametrize("sizes", [(7000, 8000, 10), (8000, 7000, 10), (10, 7000, 8000), (8000, 10, 7000)])
def test_parts_of_others_are_left_alone_and_of_old_ones_the_longest_is_used(server, file, folder, sizes):
    (folder / "stars").mkdir(parents=True)
    busy = folder / "stars" / "a.bin.busy.part"
    busy.write_bytes(DATA[:9000])
    for k, size in enumerate(sizes):
        old = folder / "stars" / f"a.bin.{k}.part"
        old.write_bytes(DATA[:size])
        os.utime(old, (0, 0))

    def see(handler, data):
        ages = [time.time() - part.stat().st_mtime for part in parts(folder)]
        assert len(ages) == 2 and max(ages) < 60  # what is in use is not old, even before anything has arrived
        handler.serve(data)

    server.behaviours["/a.bin"] = see
    fetch(file)
    assert server.requests == [("/a.bin", "bytes=7999-")] and parts(folder) == [busy]
    assert busy.read_bytes() == DATA[:9000]


# ---- servers and networks that fail


def stall(handler, data):
    handler.head(200, Content_Length=len(data))
    handler.wfile.write(data[:10_000])
    handler.wfile.flush()
    time.sleep(4)


def endless(handler, data):
    handler.head(200)
    for block in repeat(data):
        handler.wfile.write(block)


def redirect(to):
    return lambda handler, data: handler.head(302, Location=to, Content_Length=0)


def page(handler, data):
    handler.head(200, Content_Type="text/html; charset=utf-8", Content_Length=21)
    handler.wfile.write(b"<html>Log in!</html>\n")


def answer(status):
    return lambda handler, data: handler.send_error(status)


def wrong(handler, data):
    ignore_range(handler, WRONG)


def declares(length, data=DATA):
    def behave(handler, _):
        handler.head(200, Content_Length=length)
        handler.wfile.write(data)

    return behave


def skip(handler, data):
    handler.head(206, Content_Range=f"bytes 10-{len(data) - 1}/{len(data)}", Content_Length=len(data) - 10)
    handler.wfile.write(data[10:])


def gibberish(handler, data):
    handler.wfile.write(b"\0\1\2 what?\r\n\r\n")


FAILURES = {
    "stall": (stall, "the server was silent for too long", True),
    "cut": (cut_after(70_000), "the connection was cut", True),
    "closed": (lambda handler, data: None, "the connection was cut", False),
    "declares too little": (declares(100_000), "cut after 100000 of 300001 bytes", True),
    "declares too much": (declares(2**40), "the connection was cut", True),
    "sends too much": (declares(len(DATA) + 1, DATA + b"!"), "more bytes than the file has", False),
    "endless": (endless, "more bytes than the file has", False),
    "declares nonsense": (declares("many"), "the request failed|the connection was cut", False),
    "wrong bytes": (wrong, "other bytes than the right ones", False),
    "web page": (page, "a web page instead of the file", False),
    "404": (answer(404), "HTTP status 404", False),
    "500": (answer(500), "HTTP status 500", False),
    "204": (answer(204), "HTTP status 204", False),
    "redirect loop": (redirect("/a.bin"), "the request failed .TooManyRedirects.", False),
    "redirect to nowhere": (redirect("ftp://127.0.0.1/x"), "the request failed .InvalidSchema.", False),
    "redirect to a page": (redirect("/page"), "a web page instead of the file", False),
    "skips bytes": (skip, "the server skipped bytes", False),
    "no HTTP": (gibberish, "the connection was cut", False),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_server_that_fails_gives_one_sentence_and_nothing_half_written(server, file, folder, name):
    behaviour, reason, something_is_kept = FAILURES[name]
    server.behaviours |= {"/a.bin": behaviour, "/page": page}
    with pytest.raises(DownloadError, match=reason) as caught:
        fetch(file)
    message = str(caught.value)
    assert message.startswith(f"Stars: {file.urls[0]} was not fetched, because ") and "\n" not in message
    assert message.endswith(f"or save the file yourself as {folder / 'stars' / 'a.bin'}.")
    assert isinstance(caught.value, OSError) and not (folder / "stars" / "a.bin").exists()
    kept = on_disk(folder).values()
    assert all(0 < len(data) and DATA.startswith(data) for data in kept) and len(kept) == something_is_kept
    server.behaviours.clear()
    assert fetch(file).read_bytes() == DATA and not parts(folder)


def test_an_unknown_size_has_a_bound_too(server, file, folder, monkeypatch):
    monkeypatch.setattr(fetching, "_MOST_BYTES", 2**20)
    server.behaviours["/a.bin"] = endless
    with pytest.raises(DownloadError, match="more bytes than the file has"):
        fetch(replace(file, size=None))
    assert on_disk(folder) == {}


def test_a_redirect_to_the_file_is_followed(server, file, folder):
    server.files["/b.bin"], server.behaviours["/a.bin"] = DATA, redirect("/b.bin")
    assert fetch(file).read_bytes() == DATA


def test_a_gz_stays_packed_even_where_a_server_calls_it_an_encoding(server, file, folder):
    packed = gzip.compress(DATA)
    server.files["/a.bin"] = packed

    def encoded(handler, data):
        handler.head(200, Content_Length=len(data), Content_Encoding="gzip")
        handler.wfile.write(data)

    server.behaviours["/a.bin"] = encoded
    assert fetch(replace(file, sha256=hashlib.sha256(packed).hexdigest(), size=len(packed))).read_bytes() == packed


def test_offline_says_so(file, folder):
    with pytest.raises(DownloadError, match="the name of the server was not found, so this computer is probably off"):
        fetch(replace(file, urls=("http://no.such.host.example/a.bin",)))
    with pytest.raises(DownloadError, match="the server refused the connection"):
        fetch(replace(file, urls=("http://127.0.0.1:1/a.bin",)))
    assert on_disk(folder) == {}


# ---- disks that fail


@pytest.fixture
def small_disk():
    """No file may grow beyond 100,000 bytes: the error of a full disk without a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_gives_one_sentence_and_the_download_goes_on_when_there_is_room(server, file, folder, small_disk):
    with pytest.raises(DownloadError, match="Stars: .*a.bin could not be read or written .File too large.. Make room "):
        fetch(file)
    assert [len(data) for data in on_disk(folder).values()] == [100_000] and parts(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    assert fetch(file).read_bytes() == DATA and server.requests[1] == ("/a.bin", "bytes=99999-")


def test_no_space_left_is_told_in_the_words_of_the_system(file, folder, monkeypatch):
    def replace_(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", replace_)
    with pytest.raises(DownloadError, match="No space left on device.*set the environment variable COURSE_DATA"):
        fetch(file)


@pytest.mark.parametrize("place", ["file in the way", "folder in the way", "locked"])
def test_a_place_that_cannot_be_written_gives_one_sentence(server, file, folder, place, monkeypatch):
    if place == "file in the way":
        folder.write_bytes(b"")
    elif place == "folder in the way":
        (folder / "stars" / "a.bin").mkdir(parents=True)
    else:  # as root, who may write everywhere, sees it too

        def locked(*_, **__):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(Path, "touch", locked)
    with pytest.raises(DownloadError, match="could not be read or written .*COURSE_DATA to another folder") as caught:
        fetch(file)
    assert server.requests == [] and not parts(folder.parent)
    assert ("Permission denied" in str(caught.value)) == (place == "locked")


# ---- interrupted, and several at once


def test_ctrl_c_leaves_what_has_arrived_and_passes_through(server, file, folder, monkeypatch):
    write = fetching._Arrival.write

    def press(self, chunk):
        write(self, chunk)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(fetching._Arrival, "write", press)
        fetch(file)
    (part,) = parts(folder)
    n = len(part.read_bytes())
    assert 0 < n < len(DATA) and fetch(file).read_bytes() == DATA
    assert server.requests[1] == ("/a.bin", f"bytes={n - 1}-")


PROGRAM = """
import sys
from course_lib.data.data_sets import File
from course_lib.data.fetching import fetch
print(fetch(File("Stars", "stars/a.bin", (sys.argv[1],), sys.argv[2], int(sys.argv[3]))))
"""


def start(file):
    arguments = [sys.executable, "-c", PROGRAM, file.urls[0], file.sha256, str(file.size)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2])


def test_three_processes_at_once_all_get_the_file(server, file, folder):
    gate = threading.Barrier(3, timeout=30)

    def together(handler, data):
        gate.wait()  # nobody is served before all have asked
        ignore_range(handler, data)

    server.behaviours["/a.bin"] = together
    running = [start(file) for _ in range(3)]
    outputs = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], outputs
    assert len(server.requests) == 3 and on_disk(folder) == {"a.bin": DATA}


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_a_process_that_is_stopped_in_the_middle_leaves_no_file_that_looks_whole(server, file, folder, sign):
    arrived = threading.Event()

    def half(handler, data):
        handler.head(200, Content_Length=len(data))
        handler.wfile.write(data[:150_000])
        handler.wfile.flush()
        arrived.set()
        server.stop.wait(20)

    server.behaviours["/a.bin"] = half
    process = start(file)
    assert arrived.wait(30)
    while not any(part.stat().st_size for part in parts(folder)):
        time.sleep(0.01)
    process.send_signal(sign)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == -sign and (b"KeyboardInterrupt" in errors) == (sign == signal.SIGINT)
    (part,) = parts(folder)
    assert DATA.startswith(part.read_bytes()) and not (folder / "stars" / "a.bin").exists()
    server.behaviours.clear()
    assert fetch(file).read_bytes() == DATA
    continued = server.requests[-1][1] is not None
    assert continued == (sign == signal.SIGINT)  # after a kill the part counts as somebody's for two minutes
    assert len(parts(folder)) == (0 if continued else 1)
