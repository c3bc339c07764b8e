"""The door for webhooks: an HTTP server on loopback that answers 2xx only for what is safely kept.

TLS and the public address are the business of a reverse proxy in front of it.
"""

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from syncline_runtime.declaration import Resource
from syncline_runtime.signing import Rejected, Signing
from syncline_runtime.webhooks import LONGEST_BODY, Event, received

PATH: Final = "/webhooks/"
HEALTH: Final = "/health"
RETRY_AFTER_SECONDS: Final = 30
_AT_ONCE, _PATIENCE_SECONDS = 16, 10.0

Keep = Callable[[str, Event], None]
"""Keeps a system's event durably, or raises."""


class Door:
    """Listens from `start` to `stop`; `signings` and `resources` are by system. `tell` gets a line for what is refused or fails.

    A GET of HEALTH is answered 204 as long as it is `well`, else 503.
    """

    def __init__(
        self,
        signings: Mapping[str, Signing],
        resources: Mapping[str, Mapping[str, Resource]],
        *,
        keep: Keep,
        now: Callable[[], float],
        tell: Callable[[str], None],
        well: Callable[[], bool] = lambda: True,
    ) -> None:
        self.signings = signings
        self.resources = resources
        self.keep = keep
        self.now = now
        self.tell = tell
        self.well = well
        self.room = threading.BoundedSemaphore(_AT_ONCE)
        self._server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None, "the door is not open"
        return int(self._server.server_address[1])

    def start(self, port: int) -> "Door":
        """Listen on a loopback port; 0 takes a free one. Raises OSError."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = False  # what was begun is answered before `stop` returns
        threading.Thread(target=self._server.serve_forever, name="webhooks", daemon=True).start()
        return self

    def stop(self) -> None:
        """Take no more calls, and answer those that are under way."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status for a call, once it is kept."""
        system = path.removeprefix(PATH) if path.startswith(PATH) else ""
        signing = self.signings.get(system)
        if signing is None:
            return 404
        try:
            event = received(signing, self.resources[system], headers, body, self.now())
        except Rejected as reason:
            self.tell(f"webhook of {system} refused: {reason}")
            return 401
        try:
            self.keep(system, event)
        except Exception as error:  # the sender tries again: nothing is lost, and one bad moment ends no server
            self.tell(f"webhook of {system} not kept: {error}")
            return 503
        return 204


def _handler(door: Door) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One call."""

        timeout = _PATIENCE_SECONDS
        server_version = "Syncline"
        sys_version = ""

        def do_GET(self) -> None:
            self._status(405 if self.path != HEALTH else 204 if door.well() else 503)

        def do_POST(self) -> None:
            if not door.room.acquire(blocking=False):
                self._status(503)
                return
            try:
                self._status(self._called())
            except OSError:  # the caller went away or was too slow
                self.close_connection = True
            finally:
                door.room.release()

        def _called(self) -> int:
            declared = self.headers.get("Content-Length", "")
            if not declared.isascii() or not declared.isdecimal() or "Transfer-Encoding" in self.headers:
                return 411
            if len(declared) > 8 or int(declared) > LONGEST_BODY:
                return 413
            body = self.rfile.read(int(declared))
            headers = {name.lower(): value for name, value in self.headers.items()}
            return door.answer(self.path, headers, body)

        def _status(self, status: int) -> None:
            self.close_connection = True
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status == 503:
                self.send_header("Retry-After", str(RETRY_AFTER_SECONDS))
            self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what matters is told by the door, without what callers choose to send."""

    return Handler
