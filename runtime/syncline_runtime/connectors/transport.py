"""HTTP as the connectors need it: one exchange, no redirects, verified TLS, bounded in time and size."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from syncline_runtime.answering import Failure
from syncline_runtime.connectors.wire import TooLarge, Wire

LARGEST_BODY: Final = 10 * 1024 * 1024
"""Bytes of an answer, decompressed, beyond which it is refused."""

_NOTHING: Final = httpx.ByteStream(b"")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer; `headers` with names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TransportFailure(Exception):
    """No complete answer: `failure` says whether the request can have had an effect."""

    def __init__(self, failure: Failure, text: str) -> None:
        super().__init__(text)
        self.failure = failure


class Transport:
    """A pool of connections to one system."""

    def __init__(self, *, timeout_seconds: float, encrypted: bool) -> None:
        self._total = timeout_seconds * 4
        _hush()
        # The environment's proxies and credentials are none of ours: a system is reached as its settings say, or not at all.
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 10.0), pool=None),
            transport=Wire(ssl.create_default_context() if encrypted else None, LARGEST_BODY),
            follow_redirects=False,
            trust_env=False,
        )

    async def send(self, request: Request) -> Reply:
        """Send `request` and read its whole answer. Raises TransportFailure."""
        try:
            async with asyncio.timeout(self._total):
                return await self._exchange(request)
        except TimeoutError:
            raise TransportFailure(Failure.NO_ANSWER, f"no complete answer in {self._total:.0f} s") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise TransportFailure(Failure.NOT_SENT, f"no connection ({_reason(error)})") from None
        except httpx.TimeoutException:
            raise TransportFailure(Failure.NO_ANSWER, "no answer in time") from None
        except TooLarge as error:
            raise TransportFailure(Failure.UNREADABLE, str(error)) from None
        except httpx.DecodingError:
            raise TransportFailure(Failure.UNREADABLE, "the answer's compression is broken") from None
        except httpx.HTTPError as error:
            raise TransportFailure(Failure.NO_ANSWER, f"the connection broke ({_reason(error)})") from None

    async def _exchange(self, request: Request) -> Reply:
        async with self._client.stream(
            request.method, request.url, headers=dict(request.headers), content=request.content
        ) as response:
            chunks: list[bytes] = []
            size = 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > LARGEST_BODY:
                    raise TooLarge(f"the answer is larger than {LARGEST_BODY // 1024 // 1024} MiB")
                chunks.append(chunk)
            # The client's response and its stream hold each other, and with them the body, until the collector comes by.
            response.stream = _NOTHING
            return Reply(response.status_code, response.headers, b"".join(chunks))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _hush() -> None:
    """Keep the client's own log, which repeats addresses and headers as they are, to warnings, unless somebody set it."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
