"""A real HTTP server on loopback that answers as a test scripts it: over sockets, so that resets and truncation are real."""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server saw it; `raw_path` before percent-decoding."""

    method: str
    path: str
    raw_path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON, decimals exact."""
        return json.loads(self.body, parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `body` is text, bytes, or a document that becomes JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset, after part of an answer if `partial`."""

    partial: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """These bytes on the wire, piece by piece; then the connection is closed if `close`."""

    pieces: tuple[bytes, ...]
    close: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer at all, while the connection stays open."""


Answer = Reply | Reset | Raw | Silence
Handler = Callable[[Asked], Answer | Awaitable[Answer]]


class Loopback:
    """`async with Loopback(handler) as server`: serves at `server.url`, remembers `server.asked`."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.tls = tls
        self.asked: list[Asked] = []
        self.at_once = 0
        self.most_at_once = 0
        self.connections = 0
        self.url = ""
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Loopback":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.split("\r\n")
        method, target, _ = line.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (item.partition(":") for item in lines if item)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(target)
        asked = Asked(method, unquote(parts.path), parts.path, dict(parse_qsl(parts.query)), headers, body)
        self.asked.append(asked)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answer = self.handler(asked)
            if not isinstance(answer, Reply | Reset | Raw | Silence):
                answer = await answer
        finally:
            self.at_once -= 1
        match answer:
            case Silence():
                await asyncio.Event().wait()
                return False
            case Raw(pieces, close):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                return not close
            case Reset(partial):
                if partial:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[{")
                    await writer.drain()
                connection: socket.socket = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            case Reply(status, content, extra):
                match content:
                    case bytes():
                        payload = content
                    case str():
                        payload = content.encode()
                    case None:
                        payload = b""
                    case _:
                        payload = json.dumps(content).encode()
                sent = {"Content-Type": "application/json", "Content-Length": str(len(payload)), **extra}
                text = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
                writer.write(f"HTTP/1.1 {status} Scripted\r\n{text}\r\n".encode() + payload)
                await writer.drain()
                return True


def script(*answers: Answer) -> Handler:
    """Answers in order; the last one stays."""
    left = list(answers)
    return lambda asked: left.pop(0) if len(left) > 1 else left[0]
