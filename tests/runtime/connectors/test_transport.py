"""HTTP on the wire: framing, reuse of connections, and what every kind of broken answer is called."""

import asyncio
import gzip
import subprocess
import sys

import pytest

from syncline_runtime.answering import Failure
from syncline_runtime.connectors.transport import Request, Transport, TransportFailure
from tests.runtime.connectors.loopback import Loopback, Raw, Reply, Reset, Silence, script

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def request(url, method="GET", content=None, **headers):
    return Request(method, url, headers, content)


async def exchanged(*answers, count=1):
    async with Loopback(script(*answers)) as server:
        transport = Transport(timeout_seconds=0.3, encrypted=False)
        try:
            replies = [await transport.send(request(server.url + "/x")) for _ in range(count)]
        finally:
            await transport.close()
    return replies, server


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (Raw((HEAD + b"Content-Length: 5\r\n\r\nhello",)), b"hello"),
        (Raw(tuple(bytes([byte]) for byte in HEAD + b"Content-Length: 5\r\n\r\nhello")), b"hello"),
        (Raw((HEAD, b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r", b"\n2\r\nlo\r\n0\r\n\r\n")), b"hello"),
        (Raw((HEAD + b"\r\nhello",), close=True), b"hello"),
        (Raw((b"HTTP/1.1 100 Continue\r\n\r\n", HEAD + b"Content-Length: 5\r\n\r\nhello")), b"hello"),
        (Raw((b"HTTP/1.1 204 No Content\r\n\r\n",)), b""),
        (Raw((HEAD + b"Content-Length: 0\r\n\r\n",)), b""),
        (Reply(200, gzip.compress(b"hello"), {"Content-Encoding": "gzip"}), b"hello"),
    ],
)
async def test_every_framing_is_read(answer, body):
    replies, _ = await exchanged(answer)
    assert replies[0].body == body


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Reset(), Failure.NO_ANSWER),
        (Reset(partial=True), Failure.NO_ANSWER),
        (Silence(), Failure.NO_ANSWER),
        (Raw((), close=True), Failure.NO_ANSWER),
        (Raw((HEAD + b"Content-Length: 50\r\n\r\nhello",), close=True), Failure.NO_ANSWER),
        (Raw((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",), close=True), Failure.NO_ANSWER),
        (Raw((b"SSH-2.0-OpenSSH_9.2\r\n",)), Failure.NO_ANSWER),
        (Raw((HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",)), Failure.NO_ANSWER),
        (Reply(200, b"not gzip", {"Content-Encoding": "gzip"}), Failure.UNREADABLE),
    ],
)
async def test_every_broken_answer_has_its_name(answer, failure):
    with pytest.raises(TransportFailure) as caught:
        await exchanged(answer)
    assert caught.value.failure is failure


async def test_nobody_there_means_that_nothing_was_sent():
    transport = Transport(timeout_seconds=0.3, encrypted=False)
    for url in ("http://127.0.0.1:9/x", "http://nosuch.invalid/x"):
        with pytest.raises(TransportFailure) as caught:
            await transport.send(request(url))
        assert caught.value.failure is Failure.NOT_SENT
    await transport.close()


async def test_a_connection_is_used_again_while_the_server_allows():
    _, server = await exchanged(Reply(200, {}), count=5)
    assert server.connections == 1
    _, server = await exchanged(Reply(200, {}, {"Connection": "close"}), count=3)
    assert server.connections == 3


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again():
    closing = Raw((HEAD + b"Content-Length: 2\r\n\r\n{}",), close=True)
    async with Loopback(script(closing)) as server:
        transport = Transport(timeout_seconds=0.3, encrypted=False)
        for _ in range(3):
            assert (await transport.send(request(server.url + "/x", "POST", b"{}"))).status == 200
            for _ in range(50):
                await asyncio.sleep(0)
        await transport.close()
    assert len(server.asked) == 3


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one():
    smuggled = Raw((HEAD + b"Content-Length: 2\r\n\r\n{}" + HEAD + b"Content-Length: 4\r\n\r\nevil",))
    replies, _ = await exchanged(smuggled, Reply(200, b"good"), count=2)
    assert [reply.body for reply in replies] == [b"{}", b"good"]


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b"])
async def test_a_header_cannot_break_out(value):
    async with Loopback(script(Reply(200, {}))) as server:
        transport = Transport(timeout_seconds=0.3, encrypted=False)
        with pytest.raises(TransportFailure) as caught:
            await transport.send(Request("GET", server.url + "/x", {"If-Match": value}, None))
        await transport.close()
    assert caught.value.failure is Failure.NOT_SENT
    assert server.asked == []


def test_httpx_is_imported_without_its_command_line() -> None:
    code = """
import sys
from syncline_runtime.connectors import without_command_line
with without_command_line():
    from syncline_runtime.connectors import rest
assert not {"rich", "click", "httpx._main"} & set(sys.modules), "a command line was imported"
import httpx
httpx.AsyncClient()
"""
    subprocess.run([sys.executable, "-c", code], check=True)
