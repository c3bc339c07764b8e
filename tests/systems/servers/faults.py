"""A proxy before a real server that spoils chosen exchanges: the server's own answers over real sockets, but for those."""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import urlsplit

_NOT_FORWARDED = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer this instead of the server, which hears nothing of the request."""

    status: int
    body: bytes = b'{"message":"Out of order."}'
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection; `forwarded`: after the server has carried the request out."""

    forwarded: bool


@dataclass(frozen=True, slots=True)
class Hang:
    """Let the server carry the request out and keep its answer back for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Do something when the request comes, then forward it."""

    act: Callable[[], object]


Fault: TypeAlias = Answer | Reset | Hang | Meanwhile


@dataclass(frozen=True, slots=True)
class Request:
    """A request that came by; `at` is in seconds of a monotonic clock."""

    method: str
    path: str
    body: bytes
    at: float


Matches: TypeAlias = Callable[[Request], bool]


class Proxy:
    """One proxy. Faults are used up: the first requests that match get them, in order, later ones pass."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = (str(parts.hostname), int(parts.port or 80))
        self._lock = threading.Lock()
        self._scripts: list[tuple[Matches, list[Fault]]] = []
        self.requests: list[Request] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def spoil(self, matches: Matches, *faults: Fault, after: int = 0) -> None:
        """Give the matching requests these faults, once `after` of them have passed."""
        with self._lock:
            self._scripts.append((matches, [*[Meanwhile(lambda: None)] * after, *faults]))

    def mend(self) -> None:
        """Let everything pass from now on."""
        with self._lock:
            self._scripts.clear()

    def seen(self, matches: Matches) -> Sequence[Request]:
        """The requests that have come by and match."""
        with self._lock:
            return [request for request in self.requests if matches(request)]

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def fault_of(self, request: Request) -> Fault | None:
        """Note a request and take its fault."""
        with self._lock:
            self.requests.append(request)
            for matches, faults in self._scripts:
                if faults and matches(request):
                    return faults.pop(0)
        return None

    def forward(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """The server's answer. Raises OSError or HTTPException where there is none."""
        connection = http.client.HTTPConnection(*self._upstream, timeout=60)
        try:
            headers = {name: value for name, value in handler.headers.items() if name.lower() not in _NOT_FORWARDED}
            connection.request(handler.command, handler.path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


@contextmanager
def before(upstream: str) -> Iterator[Proxy]:
    """A proxy before a server."""
    proxy = Proxy(upstream)
    try:
        yield proxy
    finally:
        proxy.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        self.close_request(request)  # no farewell, so that a reset is one

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        assert isinstance(self.server, _Server)
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fault = proxy.fault_of(Request(self.command, self.path, body, time.monotonic()))
        match fault:
            case Answer(status, text, headers):
                self._answer(status, list(headers.items()), text)
                return
            case Reset(forwarded=False):
                self._reset()
                return
            case Meanwhile(act):
                act()
        try:
            status, answered, content = proxy.forward(self, body)
        except (OSError, http.client.HTTPException):
            self._reset()
            return
        match fault:
            case Reset():
                self._reset()
                return
            case Hang(seconds):
                time.sleep(seconds)
        self._answer(status, answered, content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _handle

    def _answer(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""
