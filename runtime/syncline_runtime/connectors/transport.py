"""HTTP as the connectors need it: one exchange, no redirects, verified TLS, bounded in time and size."""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from syncline_runtime.answering import Failure
from syncline_runtime.connectors.wire import IDLE_SECONDS, TooLarge, Wire

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


class UnusableWay(Exception):
    """A proxy or a file of authorities that cannot be used; `setting` is its name. Never repeats an address."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(problem)
        self.setting = setting


class Transport:
    """A pool of connections to one system, through a `proxy` if one is named; `authorities` is a file with the certificates of
    those who vouch for it, instead of the machine's own. Raises UnusableWay."""

    def __init__(self, *, timeout_seconds: float, encrypted: bool, proxy: str = "", authorities: str = "") -> None:
        self._total = timeout_seconds * 4
        _hush()
        tls = _tls(authorities) if encrypted or proxy.startswith("https:") else None
        # The environment's proxies and credentials are none of ours: a system is reached as its settings say, or not at all.
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 10.0), pool=None),
            transport=_through(proxy, tls) if proxy else Wire(tls, LARGEST_BODY),
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
        except httpx.ProxyError as error:
            raise TransportFailure(Failure.NOT_SENT, f"no way through the proxy ({_reason(error)})") from None
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


def _tls(authorities: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authorities or None)
    except ssl.SSLError:
        raise UnusableWay("authorities", f"there is no certificate (PEM) in {authorities}") from None
    except OSError as error:
        raise UnusableWay("authorities", f"{authorities} cannot be read ({error.strerror})") from None


def _through(proxy: str, tls: ssl.SSLContext | None) -> httpx.AsyncBaseTransport:
    """The client's own transport, which knows how to ask proxies: a tunnel for https, the whole address for http."""
    try:
        asked = httpx.Proxy(proxy, ssl_context=tls if proxy.startswith("https:") else None)
        return httpx.AsyncHTTPTransport(
            verify=tls if tls is not None else True,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, keepalive_expiry=IDLE_SECONDS),
            proxy=asked,
        )
    except (ValueError, httpx.InvalidURL, ImportError):
        raise UnusableWay(
            "proxy", "the address of the proxy cannot be used: it begins with http:// or https://"
        ) from None


def _hush() -> None:
    """Keep the client's own log, which repeats addresses and headers as they are, to warnings, unless somebody set it."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
