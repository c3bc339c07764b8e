"""A REST server that keeps records rightly and says of them what it likes: malformed records, and malformed bodies."""

import json
import random
from collections.abc import Callable
from typing import Any

from tests.runtime.connectors.loopback import Answer, Asked, Raw, Reply, Reset

Native = dict[str, Any]
PAGE = 40

JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 10**40, 1.5, 1e300, "", " ", "x" * 5000, "\x00", "a\r\nb", "../..", "a/b?c#d", "%2e%2e",
    "2020-13-45T99:99:99Z", "nobody", "NaN", [], [[]], {}, {"a": {"b": [1]}}, ["x", None, 7], [{}], "١٢٣", "'; --", "\u202e",
)  # fmt: skip


def spoiled_record(chance: random.Random, record: Native) -> Native:
    """A record as no connector was told of: some value but its id is something else, or not there."""
    names = [name for name in record if name != "id"]
    match chance.randrange(5):
        case 0:
            gone = chance.choice(names)
            return {name: value for name, value in record.items() if name != gone}
        case 1:
            return {**{name: chance.choice(JUNK) for name in names}, "id": record["id"]}
        case _:
            return {**record, chance.choice(names): chance.choice(JUNK)}


def nameless(chance: random.Random, record: Native) -> Any:
    """A record that nobody can call by an id, or that is none."""
    match chance.randrange(3):
        case 0:
            return chance.choice(JUNK)
        case 1:
            return {name: value for name, value in record.items() if name != "id"}
        case _:
            return {**record, "id": chance.choice(JUNK)}


def spoiled_body(chance: random.Random, document: Any) -> Answer:
    """An answer in which no records can be found, or that nobody can read."""
    whole = json.dumps(document).encode()
    match chance.randrange(18):
        case 0:
            return Reply(200, whole[: chance.randrange(len(whole))])
        case 1:
            return Reply(200, whole.replace(b"null", b"NaN") + b" NaN")
        case 2:
            return Reply(200, b"[" * 5000)
        case 3:
            return Reply(200, whole.replace(b'"id"', b'"id": "1", "id"', 1) if b'"id"' in whole else b"{")
        case 4:
            return Reply(200, "<html><body>Sign in</body></html>", {"Content-Type": "text/html"})
        case 5:
            return Reply(200, bytes(chance.randrange(256) for _ in range(chance.randrange(1, 200))))
        case 6:
            return Reply(200, chance.choice(JUNK[:12]))
        case 7:
            return Reply(200, {"items": document} if isinstance(document, list) else [document])
        case 8:
            return Reply(chance.choice((400, 401, 403, 404, 409, 418, 422, 500, 501)), whole)
        case 9:
            return Reply(302, "", {"Location": "http://127.0.0.1:1/elsewhere"})
        case 10:
            return Raw((b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n[",), close=True)
        case 11:
            return Raw((b"\x16\x03\x01 this is no HTTP\r\n\r\n",), close=True)
        case 12:
            return Reset(partial=True)
        case 13:
            return Reply(200, whole, {"Content-Encoding": "gzip"})
        case 14 | 15 if isinstance(document, list) and document:
            spoiled = list(document)
            for at in chance.sample(range(len(spoiled)), chance.randint(1, len(spoiled))):
                spoiled[at] = nameless(chance, spoiled[at])
            return Reply(200, json.dumps(spoiled))
        case 14:
            return Reply(200, b'"\\ud800"')
        case _:
            return Reply(200, b"")


class Desk:
    """Keeps contacts; `spoil` may put another answer in place of the right one, told what was asked and what is right."""

    def __init__(self) -> None:
        self.records: dict[str, Native] = {}
        self.spoil: Callable[[Asked, Any], Answer | None] = lambda asked, document: None
        self._clock = 0

    def put(self, identity: str | None, values: Native) -> Native:
        """Create or change a record as stored."""
        self._clock += 1
        identity = identity or f"c{len(self.records) + 1}"
        stamp = f"2026-01-01 00:{self._clock // 60 % 60:02}:{self._clock % 60:02}.{self._clock // 3600:03}Z".replace(
            " ", "T"
        )
        blank = {"name": None, "rating": None, "vip": False, "active": True, "tags": []}
        record = {**blank, **self.records.get(identity, {}), **values, "id": identity, "updated": stamp}
        self.records[identity] = record
        return record

    def answer(self, asked: Asked) -> Answer:
        """The answer to a request."""
        before = dict(self.records)
        status, document = self._right(asked)
        spoiled = self.spoil(asked, document)
        if isinstance(spoiled, Reply) and 400 <= spoiled.status < 500:
            self.records = before  # whatever else it says, it says that it did nothing
        return Reply(status, document) if spoiled is None else spoiled

    def _right(self, asked: Asked) -> tuple[int, Any]:
        identity = asked.path.removeprefix("/contacts").strip("/")
        match asked.method, identity:
            case "GET", "":
                start = (int(asked.query.get("page", "1")) - 1) * PAGE
                return 200, list(self.records.values())[start : start + PAGE]
            case "GET", _ if identity in self.records:
                return 200, self.records[identity]
            case "POST", "":
                return 201, self.put(None, asked.document)
            case "PATCH", _ if identity in self.records:
                return 200, self.put(identity, asked.document)
            case _:
                return 404, {"message": "there is none"}
