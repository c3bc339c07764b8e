"""A webhook counts if it is the system's own and of now; anything else is refused alike, and nothing it says is believed."""

import hmac
import json
import random
import socket
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.declaration import Hook, Resource
from syncline_runtime.keeping import Keeper
from syncline_runtime.receiving import Door
from syncline_runtime.state import SqliteStore
from syncline_runtime.webhooks import LONGEST_BODY, Event, Rejected, received, signing_key

KEY = b"0123456789abcdef0123456789abcdef"
NOW = 1_800_000_000.0
PEOPLE = Resource(
    name="people", identity="id", fields={}, webhook=Hook(id="data.id", event="type", events=("person.updated",))
)
ORDERS = Resource(name="orders", identity="id", fields={}, webhook=Hook(id="data.orders.*.id"))
SILENT = Resource(name="silent", identity="id", fields={})
RESOURCES = {"people": PEOPLE, "orders": ORDERS, "silent": SILENT}
BODY = json.dumps({"type": "person.updated", "data": {"id": "7", "name": "Ana"}}).encode()


def signature(body: bytes, event_id: str = "msg_1", at: float = NOW, key: bytes = KEY) -> str:
    digest = hmac.new(key, f"{event_id}.{int(at)}.".encode() + body, sha256).digest()
    return "v1," + b64encode(digest).decode()


def signed(body: bytes = BODY, event_id: str = "msg_1", at: float = NOW, key: bytes = KEY) -> dict[str, str]:
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": signature(body, event_id, at, key),
    }


def taken(headers: dict[str, str], body: bytes = BODY, now: float = NOW) -> Event:
    return received(KEY, RESOURCES, headers, body, now)


def test_a_genuine_webhook_names_records_and_nothing_else() -> None:
    event = taken(signed())
    assert (event.event_id, event.records) == ("msg_1", (("people", "7"),))
    body = json.dumps(
        [{"data": {"orders": [{"id": 1}, {"id": "b"}, {"id": 1}]}}, {"type": "x", "data": {"id": 2}}]
    ).encode()
    assert taken(signed(body), body).records == (("orders", "1"), ("orders", "b"))
    for nothing in (b"{}", b'{"type": "person.updated"}', b'{"type":"person.updated","data":{"id":true}}', b"[]"):
        assert taken(signed(nothing), nothing).records == ()


def test_the_published_example_of_standard_webhooks_is_verified() -> None:
    # https://github.com/standard-webhooks/standard-webhooks, the test of its libraries
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body = b'{"test": 2432232314}'
    assert received(key, {}, headers, body, 1_614_265_330.0).event_id == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_any_of_several_signatures_will_do() -> None:
    good = signed()
    for others in ("v1,AAAA ", "v2,x ", "v1a,zzz v1, ", signature(BODY, key=b"another key of some length") + " "):
        assert taken({**good, "webhook-signature": others + good["webhook-signature"]}).event_id == "msg_1"


@pytest.mark.parametrize("skew", [-301, 301, 86_400])
def test_what_is_not_of_now_is_refused(skew: int) -> None:
    with pytest.raises(Rejected):
        taken(signed(at=NOW + skew))
    taken(signed(at=NOW + max(-300, min(300, skew))))


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
        {"webhook-id": "m" * 256},
        {"webhook-id": "msg_é"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "1.8e9"},
        {"webhook-timestamp": "١٨٠٠٠٠٠٠٠٠"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,a,b"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1," + "A" * 43 + "="},
        {"webhook-signature": signature(BODY).replace("v1,", "v2,")},
    ],
)
def test_a_header_that_does_not_fit_refuses_all(changes: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        taken(signed() | changes)


@pytest.mark.parametrize("body", [b"", b"7", b'"x"', b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 5000])
def test_a_signed_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        taken(signed(body), body)


def mutated(chance: random.Random) -> tuple[dict[str, str], bytes]:
    """A genuine call with one thing wrong in its headers or its body."""
    headers, body = dict(signed()), bytearray(BODY)
    match chance.randrange(6):
        case 0:
            at = chance.randrange(len(body))
            body[at] ^= 1 << chance.randrange(8)
        case 1:
            del body[chance.randrange(len(body)) :]
        case 2:
            body += bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
        case 3:
            name = chance.choice(list(headers))
            text = list(headers[name])
            at = chance.randrange(len(text))
            text[at] = chr(chance.choice((chance.randrange(32, 127), chance.randrange(0x100, 0x2000))))
            headers[name] = "".join(text)
        case 4:
            del headers[chance.choice(list(headers))]
        case _:
            headers["webhook-signature"] = "".join(
                chr(chance.randrange(32, 0x500)) for _ in range(chance.randrange(80))
            )
    return headers, bytes(body)


@pytest.mark.parametrize("seed", range(4))
def test_thousands_of_mutated_calls_are_refused_in_one_way(seed: int) -> None:
    chance = random.Random(seed)
    tried = 0
    for _ in range(2600):
        headers, body = mutated(chance)
        if headers == signed() and body == BODY:
            continue
        tried += 1
        with pytest.raises(Rejected):
            taken(headers, body)
    assert tried > 2500


@pytest.mark.parametrize("secret", ["", "whsec_", "short", "whsec_c2hvcnQ=", "no base64 at all!", "whsec_é"])
def test_a_secret_that_protects_nothing_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        signing_key(secret)


# -- over HTTP ---------------------------------------------------------------------------------------------------------


class Caller:
    """An open door, what it kept and what it told."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Event]] = []
        self.told: list[str] = []
        self.broken = False
        self.door = Door({"crm": KEY}, {"crm": RESOURCES}, keep=self.keep, now=lambda: NOW, tell=self.told.append)

    def keep(self, system: str, event: Event) -> None:
        if self.broken:
            raise OSError("disk full")
        self.kept.append((system, event))

    def call(self, headers: dict[str, Any], body: bytes = BODY, path: str = "/webhooks/crm", verb: str = "POST") -> int:
        connection = HTTPConnection("127.0.0.1", self.door.port, timeout=5)
        try:
            connection.request(verb, path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def caller() -> Iterator[Caller]:
    made = Caller()
    made.door.start(0)
    try:
        yield made
    finally:
        made.door.stop()


def test_only_what_is_kept_is_acknowledged() -> None:
    with caller() as one:
        assert one.call(signed()) == 204
        assert [(system, event.records) for system, event in one.kept] == [("crm", (("people", "7"),))]
        one.broken = True
        assert one.call(signed(event_id="msg_2")) == 503
        assert len(one.kept) == 1
        assert one.told == ["webhook of crm not kept: disk full"]


def test_what_is_not_genuine_gets_401_and_leaves_no_trace() -> None:
    chance = random.Random(11)
    with caller() as one:
        for _ in range(60):
            headers, body = mutated(chance)
            if any(not value.isascii() for value in headers.values()):
                headers = {name: value.encode("latin-1", "ignore").decode("latin-1") for name, value in headers.items()}
            if headers != signed() or body != BODY:
                assert one.call(headers, body) == 401
        assert one.kept == []
        assert not any("Ana" in line for line in one.told)


def test_other_doors_and_sizes() -> None:
    with caller() as one:
        assert one.call(signed(), path="/webhooks/erp") == 404
        assert one.call(signed(), path="/") == 404
        assert one.call(signed(), verb="GET") == 501
        assert one.call(signed() | {"Content-Length": str(LONGEST_BODY + 1)}, b"") == 413
        assert one.call(signed() | {"Content-Length": "x"}, b"") == 411
        assert one.call({**signed(), "Transfer-Encoding": "chunked"}, b"") == 411
        assert one.kept == []


class Now:
    """A clock that stands."""

    def now(self) -> float:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


def test_what_is_kept_is_kept_once_and_by_one_connection(tmp_path: Path) -> None:
    opened: list[SqliteStore] = []

    def made() -> SqliteStore:
        opened.append(SqliteStore(tmp_path / "state.db", "shops"))
        return opened[-1]

    keeper = Keeper(made, Now())
    with ThreadPoolExecutor(8) as callers:
        done = [
            callers.submit(keeper.keep, "crm", Event(f"m{at % 20}", (("people", str(at % 20)),), "0"))
            for at in range(200)
        ]
        assert all(one.result() is None for one in done)
    # A moment in which the state does not answer costs one call, not those after it.
    keeper._thread.submit(opened[0].close).result()
    with pytest.raises(Exception, match="closed"):
        keeper.keep("crm", Event("late", (("people", "99"),), "0"))
    keeper.keep("crm", Event("late", (("people", "99"),), "0"))
    keeper.close()
    assert len(opened) == 2
    with SqliteStore(tmp_path / "state.db", "shops") as store:
        assert sorted(map(int, store.inbox.waiting()["crm", "people"])) == [*range(20), 99]


def test_a_caller_that_breaks_off_keeps_nobody_waiting() -> None:
    with caller() as one:
        with socket.create_connection(("127.0.0.1", one.door.port)) as line:
            line.sendall(b"POST /webhooks/crm HTTP/1.1\r\nContent-Length: 50\r\n\r\n{")
        assert one.call(signed()) == 204
