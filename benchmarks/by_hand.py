"""The same job by hand, as a careful person writes it: asyncio, httpx, sqlite3. `python by_hand.py URL DATABASE [STATE]`.

With a STATE file it is as durable as ours: what is about to be written is noted before it is, each record has a link to its row and
the document that both agree on, and records that did not change are not written again. Its state is not encrypted.
"""

import asyncio
import json
import sqlite3
import sys
from datetime import date
from decimal import Decimal
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
    CREATE TABLE IF NOT EXISTS link (source TEXT PRIMARY KEY, target INTEGER NOT NULL UNIQUE, document TEXT NOT NULL);
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

    def written(self, page: int, rows: list[tuple[Any, ...]], targets: dict[str, int]) -> None:
        """Keep links and documents; the writes are no longer open."""
        with self.connection:
            self.connection.executemany(
                "INSERT INTO link VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE SET document = excluded.document",
                [(row[0], targets[row[0]], json.dumps(row)) for row in rows],
            )
            self.connection.execute("DELETE FROM intent WHERE page = ?", (page,))
            self.connection.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?)", (page,))


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


async def main(url: str, database: str, file: str = "") -> None:
    """Fetch every page and upsert its rows, a transaction a page."""
    state = State(file) if file else None
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    async with httpx.AsyncClient(base_url=url) as client:
        page = 1
        while True:
            answer = await client.get("/people", params={"page": page, "per_page": 100})
            answer.raise_for_status()
            items = answer.json()["items"]
            if not items:
                break
            rows = [row(record) for record in items]
            if state is not None:
                rows = state.changed(rows)
                state.write_ahead(page, rows)
            with connection:
                connection.executemany(UPSERT, rows)
            if state is not None:
                sources = json.dumps([one[0] for one in rows])
                targets = connection.execute(
                    "SELECT p.source, p.id FROM json_each(?) j CROSS JOIN people p ON p.source = j.value", (sources,)
                )
                state.written(page, rows, dict(targets.fetchall()))
            page += 1
    connection.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
