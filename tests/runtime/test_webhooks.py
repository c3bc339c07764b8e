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

from syncline_runtime.declaration import SCHEMES, Scheme
from syncline_runtime.keeping import Keeper
from syncline_runtime.receiving import Door
from syncline_runtime.signing import Rejected, Signing, signing
from syncline_runtime.state import SqliteStore
from syncline_runtime.webhooks import LONGEST_BODY, Event, received
from tests.hostile.calls import ADDRESS, BODY, KEY, NOW, RESOURCES, mutated, signature, signed

STANDARD = Signing("standard", KEY)


def taken(headers: dict[str, str], body: bytes = BODY, now: float = NOW, with_: Signing = STANDARD) -> Event:
    return received(with_, RESOURCES, headers, body, now)


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
    key = signing("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
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


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_call_of_each_scheme_is_taken_once_and_known_again(scheme: Scheme) -> None:
    by = Signing(scheme, KEY, ADDRESS)
    first = taken(signed(scheme=scheme), with_=by)
    assert first.records == (("people", "7"),)
    assert taken(signed(scheme=scheme), with_=by, now=NOW + 200).event_id == first.event_id
    other = BODY.replace(b"Ana", b"Eva")
    again = taken(signed(other, "msg_2", scheme=scheme), other, with_=by)
    assert again.event_id != first.event_id


def test_what_stripe_shopify_and_hubspot_document_is_what_is_signed() -> None:
    key, secret = b"whsec_of_sixteen_bytes", "whsec_of_sixteen_bytes"
    stripe = hmac.new(key, f"{int(NOW)}.".encode() + BODY, sha256).hexdigest()
    headers = {"stripe-signature": f"t={int(NOW)},v0=00,v1={'0' * 64},v1={stripe}"}
    assert taken(headers, with_=signing("stripe", secret)).records
    shopify = b64encode(hmac.new(key, BODY, sha256).digest()).decode()
    assert taken({"x-shopify-hmac-sha256": shopify}, with_=signing("shopify", secret)).records
    at = str(int(NOW * 1000))
    address = "https://sync.example.com/webhooks/crm?to=a@b"
    hubspot = b64encode(hmac.new(key, f"POST{address}".encode() + BODY + at.encode(), sha256).digest()).decode()
    headers = {"x-hubspot-signature-v3": hubspot, "x-hubspot-request-timestamp": at}
    assert taken(headers, with_=signing("hubspot", secret, address.replace("@", "%40").replace(":", "%3a", 0))).records


@pytest.mark.parametrize("scheme", ["standard", "stripe", "hubspot"])
@pytest.mark.parametrize("skew", [-301, 301, 86_400])
def test_an_old_call_of_a_scheme_that_says_when_is_refused(scheme: Scheme, skew: int) -> None:
    by = Signing(scheme, KEY, ADDRESS)
    with pytest.raises(Rejected):
        taken(signed(at=NOW + skew, scheme=scheme), with_=by)
    # A new time beside an old signature is no new call.
    old, new = signed(at=NOW + skew, scheme=scheme), signed(scheme=scheme)
    for name in old:
        if "timestamp" in name:
            with pytest.raises(Rejected):
                taken({**old, name: new[name]}, with_=by)


def test_a_call_that_was_heard_and_sent_again_under_other_names_is_the_same() -> None:
    by = Signing("shopify", KEY)
    first = taken({**signed(scheme="shopify"), "x-shopify-webhook-id": "a"}, with_=by)
    second = taken({**signed(scheme="shopify"), "x-shopify-webhook-id": "b"}, with_=by, now=NOW + 86_400)
    assert first.event_id == second.event_id


@pytest.mark.parametrize("scheme", SCHEMES)
def test_thousands_of_mutated_calls_are_refused_in_one_way(scheme: Scheme) -> None:
    by, chance = Signing(scheme, KEY, ADDRESS), random.Random(SCHEMES.index(scheme))
    for _ in range(2600):
        headers, body = mutated(chance, scheme)
        with pytest.raises(Rejected):
            taken(headers, body, with_=by)


def test_a_scheme_that_signs_the_address_needs_it() -> None:
    with pytest.raises(ValueError, match="https://"):
        signing("hubspot", "a secret of sixteen bytes", "http://x.example")


@pytest.mark.parametrize("secret", ["", "whsec_", "short", "whsec_c2hvcnQ=", "no base64 at all!", "whsec_é"])
def test_a_secret_that_protects_nothing_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        signing("standard", secret)


# -- over HTTP ---------------------------------------------------------------------------------------------------------


class Caller:
    """An open door, what it kept and what it told."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Event]] = []
        self.told: list[str] = []
        self.broken = False
        self.door = Door({"crm": STANDARD}, {"crm": RESOURCES}, keep=self.keep, now=lambda: NOW, tell=self.told.append)

    def keep(self, system: str, event: Event) -> None:
        if self.broken:
            raise OSError("disk full")
        self.kept.append((system, event))

    def call(self, headers: dict[str, Any], body: bytes = BODY, path: str = "/webhooks/crm", verb: str = "POST") -> int:
        return asked(self.door, headers, body, path, verb)[0]


def asked(
    door: Door, headers: dict[str, Any], body: bytes = BODY, path: str = "/webhooks/crm", verb: str = "POST"
) -> tuple[int, str | None]:
    """The status of a call, and after how many seconds it is to be tried again."""
    connection = HTTPConnection("127.0.0.1", door.port, timeout=30)
    try:
        connection.request(verb, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Retry-After"]
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
            headers, body = mutated(chance, "standard")
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
        assert one.call(signed(), verb="GET") == 405
        assert one.call(signed(), verb="PUT") == 501
        assert one.call({}, b"", "/health", "GET") == 204
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


def test_what_comes_while_a_plan_is_applied_is_kept_when_it_comes_again(tmp_path: Path) -> None:
    """`apply` looks at everything in one transaction; who calls meanwhile is told when to call again, and nothing is lost."""
    path, told = tmp_path / "state.db", list[str]()
    with SqliteStore(path, "shops") as applying:
        keeper = Keeper(lambda: SqliteStore(path, "shops"), Now())
        door = Door({"crm": STANDARD}, {"crm": RESOURCES}, keep=keeper.keep, now=lambda: NOW, tell=told.append).start(0)
        try:
            with applying.tentative():
                assert asked(door, signed()) == (503, "30")
            assert asked(door, signed()) == (204, None)
            assert applying.inbox.waiting() == {("crm", "people"): ["7"]}
        finally:
            door.stop()
            keeper.close()
    assert [line.partition(":")[0] for line in told] == ["webhook of crm not kept"]


def test_a_caller_that_breaks_off_keeps_nobody_waiting() -> None:
    with caller() as one:
        with socket.create_connection(("127.0.0.1", one.door.port)) as line:
            line.sendall(b"POST /webhooks/crm HTTP/1.1\r\nContent-Length: 50\r\n\r\n{")
        assert one.call(signed()) == 204
