"""The same job by hand, as a careful person writes it: asyncio, httpx, sqlite3. `python by_hand.py URL TARGET [STATE [sealed]]`.

The target is a SQLite database, or the address of an API that takes batches of 100.

With a STATE file it is as durable as ours: what is about to be written is noted before it is, each record has a link to its row and
the document that both agree on, and records that did not change are not written again. Its state is not encrypted. A `sealed` one
holds what ours holds: documents and intents as AES-256-GCM ciphertexts, a keyed index of what records are found by, a row for the
record of each system with its version and when it was seen, and a chained audit of every write.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import httpx

LIFECYCLE = {"lead": 0, "opportunity": 1, "customer": 2}
UPSERT = """
    INSERT INTO people (source, name, email, phone, lifecycle, born, credit_limit, street, city, country, newsletter, notes)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (source) DO UPDATE SET
      name = excluded.name, email = excluded.email, phone = excluded.phone, lifecycle = excluded.lifecycle, born = excluded.born,
      credit_limit = excluded.credit_limit, street = excluded.street, city = excluded.city, country = excluded.country,
      newsletter = excluded.newsletter, notes = excluded.notes
"""

TABLES = """
    PRAGMA journal_mode=WAL;
    PRAGMA synchronous=FULL;
    CREATE TABLE IF NOT EXISTS link (source TEXT PRIMARY KEY, target NOT NULL UNIQUE, document TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS intent (page INTEGER PRIMARY KEY, documents TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS cursor (id INTEGER PRIMARY KEY, page INTEGER NOT NULL);
"""


class State:
    """Links, agreed documents, and writes whose outcome is not known."""

    def __init__(self, file: str) -> None:
        self.connection = sqlite3.connect(file)
        self.connection.executescript(TABLES)

    def changed(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Those of the rows that are new or not as they were agreed."""
        sources = json.dumps([row[0] for row in rows])
        found = self.connection.execute(
            "SELECT source, document FROM json_each(?) CROSS JOIN link ON source = value", (sources,)
        )
        known = dict(found.fetchall())
        return [row for row in rows if known.get(row[0]) != json.dumps(row)]

    def write_ahead(self, page: int, rows: list[tuple[Any, ...]]) -> None:
        """Note what is about to be written."""
        with self.connection:
            self.connection.execute("INSERT INTO intent VALUES (?, ?)", (page, json.dumps(rows)))

    def written(self, page: int, rows: list[tuple[Any, ...]], targets: dict[str, Any]) -> None:
        """Keep links and documents; the writes are no longer open."""
        with self.connection:
            self.connection.executemany(
                "INSERT INTO link VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE SET document = excluded.document",
                [(row[0], targets[row[0]], json.dumps(row)) for row in rows],
            )
            self.connection.execute("DELETE FROM intent WHERE page = ?", (page,))
            self.connection.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?)", (page,))


SEALED_TABLES = """
    PRAGMA journal_mode=WAL;
    PRAGMA synchronous=FULL;
    CREATE TABLE IF NOT EXISTS link (id INTEGER PRIMARY KEY, document BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS record (
      id INTEGER PRIMARY KEY, system INTEGER NOT NULL, remote_id TEXT NOT NULL, link_id INTEGER NOT NULL REFERENCES link(id),
      version TEXT, as_of REAL NOT NULL, first_seen REAL NOT NULL, UNIQUE (system, remote_id), UNIQUE (link_id, system));
    CREATE TABLE IF NOT EXISTS key (
      code BLOB NOT NULL, system INTEGER NOT NULL, remote_id TEXT NOT NULL, PRIMARY KEY (code, system, remote_id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS intent (page INTEGER PRIMARY KEY, documents BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY, at REAL NOT NULL, batch BLOB NOT NULL, hash BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS cursor (id INTEGER PRIMARY KEY, page INTEGER NOT NULL);
"""


class SealedState:
    """The same, and what ours holds beside."""

    def __init__(self, file: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.connection = sqlite3.connect(file)
        self.connection.executescript(SEALED_TABLES)
        self.cipher = AESGCM(os.urandom(32))
        self.key = os.urandom(32)
        self.next = 1
        self.hash = bytes(32)
        self.versions: dict[str, str] = {}

    def seal(self, value: bytes, place: str) -> bytes:
        """A value that opens only in its own place."""
        nonce = os.urandom(12)
        return nonce + self.cipher.encrypt(nonce, value, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        return self.cipher.decrypt(sealed[:12], sealed[12:], place.encode())

    def code(self, value: bytes, size: int = 16) -> bytes:
        return blake2b(value, key=self.key, digest_size=size).digest()

    def changed(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Those of the rows that are new or not as they were agreed."""
        found = self.connection.execute(
            "SELECT r.remote_id, l.id, l.document FROM json_each(?) CROSS JOIN record r ON r.system = 1 AND r.remote_id = value"
            " CROSS JOIN link l ON l.id = r.link_id",
            (json.dumps([row[0] for row in rows]),),
        )
        known = {source: self.open(document, f"link {link}").decode() for source, link, document in found}
        return [row for row in rows if known.get(row[0]) != json.dumps(row)]

    def write_ahead(self, page: int, rows: list[tuple[Any, ...]]) -> None:
        """Note what is about to be written."""
        with self.connection:
            sealed = self.seal(json.dumps(rows).encode(), f"intent {page}")
            self.connection.execute("INSERT INTO intent VALUES (?, ?)", (page, sealed))

    def written(self, page: int, rows: list[tuple[Any, ...]], targets: dict[str, Any]) -> None:
        """Keep links, records, keys and what was done; the writes are no longer open."""
        now, first = time.time(), self.next
        self.next += len(rows)
        documents = [json.dumps(row).encode() for row in rows]
        links = range(first, self.next)
        sources = [row[0] for row in rows]
        with self.connection:
            self.connection.executemany(
                "INSERT INTO link VALUES (?, ?)",
                [(link, self.seal(document, f"link {link}")) for link, document in zip(links, documents, strict=True)],
            )
            insert = (
                "INSERT INTO record(system, remote_id, link_id, version, as_of, first_seen) VALUES (?, ?, ?, ?, ?, ?)"
            )
            self.connection.executemany(
                insert,
                [
                    (1, source, link, self.versions.get(source), now, now)
                    for source, link in zip(sources, links, strict=True)
                ],
            )
            self.connection.executemany(
                insert,
                [(2, str(targets[source]), link, None, now, now) for source, link in zip(sources, links, strict=True)],
            )
            self.connection.executemany(
                "INSERT INTO key VALUES (?, 1, ?)",
                [(self.code(b"source " + source.encode(), 12), source) for source in sources],
            )
            batch = json.dumps(
                [(link, self.code(document).hex()) for link, document in zip(links, documents, strict=True)]
            ).encode()
            self.hash = self.code(self.hash + batch, 32)
            self.connection.execute("INSERT INTO audit(at, batch, hash) VALUES (?, ?, ?)", (now, batch, self.hash))
            self.connection.execute("DELETE FROM intent WHERE page = ?", (page,))
            self.connection.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?)", (page,))
        self.versions.clear()


def row(record: dict[str, Any]) -> tuple[Any, ...]:
    """One record as a row."""
    address = record["address"]
    return (
        record["id"],
        f"{record['first']} {record['last']}",
        record["mail"].lower(),
        record["phone"],
        LIFECYCLE[record["stage"]],
        date.fromisoformat(record["birthday"]).isoformat(),
        str(Decimal(record["limit"])),
        address["street"],
        address["city"],
        address["country"],
        record["newsletter"],
        record["notes"] or None,
    )


class Table:
    """The target as a table."""

    def __init__(self, database: str) -> None:
        self.connection = sqlite3.connect(database)
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=FULL")

    async def write(self, rows: list[tuple[Any, ...]], *, told: bool) -> dict[str, Any]:
        """Upsert rows in one transaction; if it is to be `told`, their ids by source."""
        with self.connection:
            self.connection.executemany(UPSERT, rows)
        if not told:
            return {}
        sources = json.dumps([one[0] for one in rows])
        found = self.connection.execute(
            "SELECT p.source, p.id FROM json_each(?) j CROSS JOIN people p ON p.source = j.value", (sources,)
        )
        return dict(found.fetchall())


COLUMNS = (
    "source",
    "name",
    "email",
    "phone",
    "lifecycle",
    "born",
    "credit_limit",
    "street",
    "city",
    "country",
    "newsletter",
    "notes",
)


class Api:
    """The target as an API."""

    def __init__(self, url: str) -> None:
        self.client = httpx.AsyncClient(base_url=url)

    async def write(self, rows: list[tuple[Any, ...]], *, told: bool) -> dict[str, Any]:
        """Upsert rows by one call; their ids by source."""
        if not rows:
            return {}
        records = [dict(zip(COLUMNS, one, strict=True)) for one in rows]
        answer = await self.client.post("/contacts/batch", json={"records": records})
        answer.raise_for_status()
        return {record["source"]: record["id"] for record in answer.json()["records"]}


async def main(url: str, target: str, file: str = "", kind: str = "") -> None:
    """Fetch every page and upsert its rows, a transaction or a call a page."""
    state = (SealedState(file) if kind == "sealed" else State(file)) if file else None
    there = Api(target) if target.startswith("http") else Table(target)
    async with httpx.AsyncClient(base_url=url) as client:
        page = 1
        while True:
            answer = await client.get("/people", params={"page": page, "per_page": 100})
            answer.raise_for_status()
            items = answer.json()["items"]
            if not items:
                break
            rows = [row(record) for record in items]
            if isinstance(state, SealedState):
                state.versions = {record["id"]: record["updated"] for record in items}
            if state is not None:
                rows = state.changed(rows)
                state.write_ahead(page, rows)
            targets = await there.write(rows, told=state is not None)
            if state is not None:
                state.written(page, rows, targets)
            page += 1


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
