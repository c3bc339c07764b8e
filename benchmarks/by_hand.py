"""The same job by hand, as a careful person writes it: asyncio, httpx, sqlite3. `python by_hand.py URL DATABASE`."""

import asyncio
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


async def main(url: str, database: str) -> None:
    """Fetch every page and upsert its rows, a transaction a page."""
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
            with connection:
                connection.executemany(UPSERT, [row(record) for record in items])
            page += 1
    connection.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
