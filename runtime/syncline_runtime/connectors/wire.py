"""A lean transport under the httpx client: HTTP/1.1 on asyncio and httptools, a fifth of the default transport's cost."""

import asyncio
import ssl
from typing import Final

import httptools
import httpx

IDLE_SECONDS: Final = 4.0
"""How long an idle connection is kept; many servers close theirs after five."""


class TooLarge(httpx.DecodingError):
    """The answer has more bytes than are taken."""


class Connection(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[None] | None = None
        self._patience: asyncio.Timeout | None = None
        self._seconds: float | None = None
        self.reusable = True
        self.idle_since = 0.0
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = 0
        self._status = 0
        self._complete = False
        self._ends_with_connection = False

    async def exchange(self, head: bytes, body: bytes, seconds: float | None) -> httpx.Response:
        """Send a request and wait for its answer, `seconds` of silence at most. Raises httpx.TransportError."""
        if self._transport is None:
            raise httpx.ConnectError("the connection is closed")
        self._begin()
        self._done = self._loop.create_future()
        self._seconds = seconds
        self._transport.write(head + body)
        try:
            async with asyncio.timeout(seconds) as self._patience:
                await self._done
        except TimeoutError:
            raise httpx.ReadTimeout("no answer in time") from None
        finally:
            self._done = self._patience = None
        return httpx.Response(self._status, headers=self._headers, stream=httpx.ByteStream(b"".join(self._body)))

    def close(self) -> None:
        """Drop the connection."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    @property
    def alive(self) -> bool:
        """Whether another exchange can begin."""
        return (
            self.reusable
            and self._transport is not None
            and not self._transport.is_closing()
            and self._loop.time() - self.idle_since < IDLE_SECONDS
        )

    # -- what asyncio tells ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._done is None or self._done.done():
            self.close()  # nobody asked for this
            return
        if self._patience is not None and self._seconds is not None and not self._patience.expired():
            self._patience.reschedule(self._loop.time() + self._seconds)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(f"the answer is not HTTP ({type(error).__name__})"))

    def eof_received(self) -> bool:
        if self._ends_with_connection:
            self._succeed()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.reusable = False
        if self._ends_with_connection and error is None:
            self._succeed()
        self._fail(httpx.ReadError("the server closed the connection before its answer was complete"))
        self._transport = None

    # -- what the parser tells ---------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self._complete:  # a second answer to one question: neither it nor the connection is to be trusted
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._complete:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        self._status = self._parser.get_status_code()
        names = {name.lower() for name, _ in self._headers}
        empty = self._status < 200 or self._status in (204, 304)
        self._ends_with_connection = not empty and not names & {b"content-length", b"transfer-encoding"}

    def on_body(self, body: bytes) -> None:
        if self._complete:
            return
        self._size += len(body)
        if self._size > self._largest:
            self._fail(TooLarge(f"the answer is larger than {self._largest // 1024 // 1024} MiB"))
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._complete:
            return
        if self._status < 200:  # an interim answer: the real one follows
            self._headers, self._body = [], []
        else:
            self._complete = True
            self.reusable = self.reusable and self._parser.should_keep_alive()
            self._succeed()

    def _succeed(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)
            self.close()


class Wire(httpx.AsyncBaseTransport):
    """Connections to one system, kept while they are fresh. How many are used at once is the caller's concern."""

    def __init__(self, tls: ssl.SSLContext | None, largest_body: int) -> None:
        self._tls = tls
        self._largest = largest_body
        self._idle: list[tuple[tuple[str, int], Connection]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make one exchange. Raises httpx.TransportError; httpx.ConnectError and ConnectTimeout mean that nothing was sent."""
        timeouts = request.extensions.get("timeout", {})
        url = request.url
        secure = url.scheme == "https"
        place = (url.raw_host.decode("ascii"), url.port or (443 if secure else 80))
        content = await request.aread()
        lines = [b"%s %s HTTP/1.1\r\n" % (request.method.encode("ascii"), url.raw_path)]
        for name, value in request.headers.raw:
            if b"\r" in value or b"\n" in value or b"\x00" in value:
                raise httpx.UnsupportedProtocol(f"the header {name.decode()} holds a line break")
            lines.append(b"%s: %s\r\n" % (name, value))
        lines.append(b"\r\n")
        connection = self._fresh(place) or await self._connected(place, secure, timeouts.get("connect"))
        try:
            response = await connection.exchange(b"".join(lines), content, timeouts.get("read"))
        except BaseException:
            connection.close()
            raise
        if connection.reusable:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append((place, connection))
        else:
            connection.close()
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop()[1].close()

    def _fresh(self, place: tuple[str, int]) -> Connection | None:
        while self._idle:
            where, connection = self._idle.pop()
            if where == place and connection.alive:
                return connection
            connection.close()
        return None

    async def _connected(self, place: tuple[str, int], secure: bool, seconds: float | None) -> Connection:
        host, port = place
        try:
            async with asyncio.timeout(seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self._largest),
                    host,
                    port,
                    ssl=self._tls if secure else None,
                    server_hostname=host if secure else None,
                )
        except TimeoutError:
            raise httpx.ConnectTimeout("no connection in time") from None
        except ssl.SSLError as error:
            raise httpx.ConnectError(f"the server's certificate is not accepted: {error.reason or error}") from None
        except OSError as error:
            raise httpx.ConnectError(error.strerror or str(error)) from None
        return connection
