"""A server on the loopback, which serves as well or as badly as a test wants; nothing else can be reached."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Server:
    """`files`: path to bytes. `behaviours`: path to a function of (handler, bytes); without one it is served well."""

    def __init__(self):
        self.files, self.behaviours, self.requests = {}, {}, []
        self.stop = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests.append((self.path, self.headers.get("Range")))
                data = server.files.get(self.path)
                if self.path in server.behaviours:
                    server.behaviours[self.path](self, data)
                elif data is None:
                    self.send_error(404)
                else:
                    self.serve(data)

            def head(self, status=200, **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()

            def serve(self, data, send=None):
                """As RFC 9110 wants it; then `send` bytes of the answer only, if given."""
                wanted = self.headers.get("Range")
                first = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
                if wanted and first >= len(data):
                    return self.head(416, Content_Range=f"bytes */{len(data)}", Content_Length=0)
                part = {"Content_Range": f"bytes {first}-{len(data) - 1}/{len(data)}"} if wanted else {}
                self.head(206 if wanted else 200, Content_Length=len(data) - first, **part)
                self.wfile.write(data[first:][:send])

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None  # clients that leave early are part of the game
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def close(self):
        self.stop.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """A test that tried to leave this computer would fail, not be slow."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self, address):
        assert self.family == socket.AF_UNIX or address[0] == "127.0.0.1", address
        return connect(self, address)

    def guarded_look_up(host, *rest, **options):
        if host not in ("127.0.0.1", None):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty data folder, which the library uses."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"
