"""The way to a system: whose certificates are believed, and proxies, which only its settings name."""

import asyncio
import gzip

import pytest

from syncline_runtime.answering import Failure
from syncline_runtime.connectors.transport import LARGEST_BODY, Request, Transport, TransportFailure, UnusableWay
from syncline_runtime.ports import SystemFailure
from syncline_runtime.settings import SecretText
from tests.runtime.connectors.certificates import Authority
from tests.runtime.connectors.loopback import Loopback, Reply, Silence, script
from tests.runtime.connectors.worlds import contacts, listed, system


class Proxy:
    """A proxy on loopback: tunnels, and plain requests by their whole address; `asked` are the first lines of what it was sent."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.asked: list[str] = []
        self.heads: list[str] = []
        self._refusal = refusal
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
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
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            line = head.split(b"\r\n")[0].decode()
            self.asked.append(line)
            self.heads.append(head.decode())
            if self._refusal:
                writer.write(self._refusal)
                await writer.drain()
                return
            method, target, _ = line.split(" ")
            place = target if method == "CONNECT" else target.split("/")[2]
            host, _, port = place.partition(":")
            there, onward = await asyncio.open_connection(host, int(port))
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                onward.write(head)
            await asyncio.gather(_pumped(reader, onward), _pumped(there, writer))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()


async def _pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()


async def sent(url, **ways):
    transport = Transport(timeout_seconds=1.0, encrypted=url.startswith("https:"), **ways)
    try:
        return await transport.send(Request("GET", url, {}, None))
    finally:
        await transport.close()


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture(params=["directly", "through a proxy"])
def proxied(request):
    return request.param == "through a proxy"


async def refused(authority, tls, proxied, **ways):
    """What an exchange with a server of this certificate fails with; nothing may have been asked of it."""
    async with Loopback(script(Reply(200, {})), tls) as server, Proxy() as proxy:
        chosen = {**ways, **({"proxy": proxy.url} if proxied else {})}
        with pytest.raises(TransportFailure, match="certificate") as caught:
            await sent(server.url + "/x", **chosen)
    assert server.asked == []
    return caught.value.failure


async def test_a_server_is_believed_when_the_named_authority_vouches_for_it(authority, proxied):
    async with Loopback(script(Reply(200, b"hello")), authority.server()) as server, Proxy() as proxy:
        ways = {"authorities": str(authority.file), **({"proxy": proxy.url} if proxied else {})}
        reply = await sent(server.url + "/x", **ways)
    assert reply.body == b"hello"
    assert proxy.asked == ([f"CONNECT {server.url.removeprefix('https://')} HTTP/1.1"] if proxied else [])


async def test_a_certificate_that_nobody_vouches_for_is_refused(authority, proxied):
    assert await refused(authority, authority.server(), proxied) is Failure.NOT_SENT


async def test_an_expired_certificate_is_refused(authority, proxied):
    tls = authority.server(expired=True)
    assert await refused(authority, tls, proxied, authorities=str(authority.file)) is Failure.NOT_SENT


async def test_a_certificate_of_another_host_is_refused(authority, proxied):
    tls = authority.server("api.example.com")
    assert await refused(authority, tls, proxied, authorities=str(authority.file)) is Failure.NOT_SENT


@pytest.mark.parametrize("name", ["missing.pem", "empty.pem"])
def test_a_file_of_authorities_that_holds_none_is_told(tmp_path, name):
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(UnusableWay) as caught:
        Transport(timeout_seconds=1.0, encrypted=True, authorities=str(tmp_path / name))
    assert caught.value.setting == "authorities"


async def test_a_plain_request_goes_to_the_proxy_with_its_whole_address():
    async with Loopback(script(Reply(200, b"hello"))) as server, Proxy() as proxy:
        reply = await sent(server.url + "/x?a=1", proxy=proxy.url)
    assert reply.body == b"hello"
    assert proxy.asked == [f"GET {server.url}/x?a=1 HTTP/1.1"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
async def test_the_environment_names_no_proxy(authority, monkeypatch, name):
    async with Loopback(script(Reply(200, b"hello")), authority.server()) as server, Proxy() as proxy:
        monkeypatch.setenv(name, proxy.url)
        reply = await sent(server.url + "/x", authorities=str(authority.file))
    assert reply.body == b"hello"
    assert proxy.asked == []


async def test_a_proxy_that_refuses_the_tunnel_means_that_nothing_was_sent(authority):
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with Loopback(script(Reply(200, {})), authority.server()) as server, Proxy(refusal) as proxy:
        secret = proxy.url.replace("//", "//user:hidden@")
        with pytest.raises(TransportFailure, match="proxy") as caught:
            await sent(server.url + "/x", authorities=str(authority.file), proxy=secret)
    assert caught.value.failure is Failure.NOT_SENT
    assert "hidden" not in str(caught.value)
    assert "proxy-authorization: basic " in proxy.heads[0].lower()
    assert server.asked == []


async def test_a_proxy_that_is_not_there_means_that_nothing_was_sent():
    async with Proxy() as proxy:
        gone = proxy.url
    with pytest.raises(TransportFailure) as caught:
        await sent("http://127.0.0.1:9/x", proxy=gone)
    assert caught.value.failure is Failure.NOT_SENT


@pytest.mark.parametrize("address", ["socks9://127.0.0.1:1", "nonsense", "ftp://127.0.0.1"])
def test_a_proxy_of_another_kind_is_told(address):
    with pytest.raises(UnusableWay) as caught:
        Transport(timeout_seconds=1.0, encrypted=False, proxy=address)
    assert caught.value.setting == "proxy"
    assert address not in str(caught.value)


async def test_a_system_is_reached_as_its_settings_say():
    answers = script(Reply(200, {"token": "t"}), Reply(200, {"items": []}))
    async with Loopback(answers) as server, Proxy() as proxy:
        port = system(server.url, contacts(), proxy=SecretText(proxy.url))
        await port.open()
        records, _ = await listed(port)
        await port.close()
    assert records == []
    assert proxy.asked
    assert all(server.url in line for line in proxy.asked)


@pytest.mark.parametrize(("name", "value"), [("proxy", "nonsense"), ("authorities", "nowhere.pem")])
async def test_a_way_that_cannot_be_used_is_named(name, value):
    port = system("https://127.0.0.1:9", contacts(), **{name: value})
    with pytest.raises(SystemFailure) as caught:
        await port.open()
    assert caught.value.setting == name


async def test_credentials_for_the_server_do_not_reach_the_proxy(authority):
    async with Loopback(script(Reply(200, b"hello")), authority.server()) as server, Proxy() as proxy:
        transport = Transport(timeout_seconds=1.0, encrypted=True, authorities=str(authority.file), proxy=proxy.url)
        await transport.send(Request("GET", server.url + "/x", {"Authorization": "Bearer s3cret"}, None))
        await transport.close()
    assert "s3cret" not in "".join(proxy.heads)
    assert server.asked[0].headers["authorization"] == "Bearer s3cret"


async def test_silence_behind_a_proxy_ends_in_time():
    async with Loopback(script(Silence())) as server, Proxy() as proxy:
        transport = Transport(timeout_seconds=0.2, encrypted=False, proxy=proxy.url)
        with pytest.raises(TransportFailure) as caught:
            await transport.send(Request("GET", server.url + "/x", {}, None))
        await transport.close()
    assert caught.value.failure is Failure.NO_ANSWER


@pytest.mark.parametrize("packed", [False, True])
async def test_an_endless_answer_is_refused(proxied, packed):
    body = bytes(LARGEST_BODY + 1)
    # 10 MiB of zeros in 10 KB: what counts is what it becomes.
    answer = Reply(200, gzip.compress(body), {"Content-Encoding": "gzip"}) if packed else Reply(200, body)
    async with Loopback(script(answer)) as server, Proxy() as proxy:
        with pytest.raises(TransportFailure, match="larger than 10 MiB") as caught:
            await sent(server.url + "/x", **({"proxy": proxy.url} if proxied else {}))
    assert caught.value.failure is Failure.UNREADABLE


async def test_an_answer_that_trickles_ends_with_the_time_for_all_of_it():
    async def trickle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.01)

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
    transport = Transport(timeout_seconds=0.1, encrypted=False)
    with pytest.raises(TransportFailure, match="no complete answer") as caught:
        await transport.send(Request("GET", url, {}, None))
    await transport.close()
    server.close()
    assert caught.value.failure is Failure.NO_ANSWER
