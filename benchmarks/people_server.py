"""People over REST, page by page, as bytes that are made once: `python people_server.py PORT COUNT [LATENCY_MS]`, on loopback.

Beside `/people` it keeps `/contacts`, empty at first: listed in pages too, written in batches of up to 100 at `/contacts/batch`,
where a source that is there already is overwritten, and emptied by DELETE. Each request takes LATENCY_MS more than its work.
"""

import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 100
START = datetime(2026, 1, 1, tzinfo=UTC)
EMPTY = b'{"items": []}'


def person(number: int) -> dict[str, object]:
    """One record of about 430 bytes, with the shapes that business APIs have."""
    return {
        "id": f"p{number:08d}",
        "updated": (START + timedelta(seconds=number)).isoformat().replace("+00:00", "Z"),
        "first": f"Ana {number % 977}",
        "last": f"Trujillo-{number % 4001}",
        "mail": f"Ana.{number}@Example.org",
        "phone": f"+4722{number % 1000000:06d}",
        "stage": ("lead", "opportunity", "customer")[number % 3],
        "birthday": f"19{number % 90 + 10:02d}-0{number % 9 + 1}-1{number % 9}",
        "limit": f"{number % 100000}.{number % 100:02d}",
        "address": {"street": f"Storgata {number % 300}", "city": "Oslo", "country": "NO"},
        "newsletter": number % 2 == 0,
        "notes": "" if number % 4 else f"Note on customer number {number}, as people write them",
    }


class Contacts:
    """What was written, by source and in order, and how many requests were made of all."""

    def __init__(self) -> None:
        self._stored: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self.requests = 0
        self.most_at_once = 0
        self._at_once = 0

    def begin(self) -> None:
        """A request is under way."""
        with self._lock:
            self.requests += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def end(self) -> None:
        """It is answered."""
        with self._lock:
            self._at_once -= 1

    def write(self, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The records as they are stored now."""
        if len(records) > PAGE:
            raise ValueError("too many at once")
        stored = []
        with self._lock:
            for record in records:
                known = self._stored.setdefault(record["source"], {"id": f"c{len(self._stored)}"})
                known.update(record)
                stored.append(dict(known))
        return stored

    def page(self, number: int) -> list[dict[str, Any]]:
        """One page of all."""
        with self._lock:
            return list(self._stored.values())[(number - 1) * PAGE : number * PAGE]

    def all(self) -> list[dict[str, Any]]:
        """All but their ids, in the order of their sources."""
        with self._lock:
            found = [
                {**record, "id": "", "credit_limit": float(record["credit_limit"])} for record in self._stored.values()
            ]
        return sorted(found, key=lambda record: record["source"])

    def clear(self) -> dict[str, int]:
        """Forget all; what was counted since the last time."""
        with self._lock:
            told = {"requests": self.requests, "most at once": self.most_at_once}
            self._stored.clear()
            self.requests = self.most_at_once = 0
        return told


def main(port: int, count: int, latency: float) -> None:
    """Serve until ended; prints a line when ready."""
    pages = [
        json.dumps({"items": [person(number) for number in range(start, min(start + PAGE, count))]}).encode()
        for start in range(0, count, PAGE)
    ]
    contacts = Contacts()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            place = urlsplit(self.path)
            query = parse_qs(place.query)
            number = int(query.get("page", ["1"])[0])
            if place.path == "/contacts/all":
                self.answer(json.dumps(contacts.all(), sort_keys=True).encode())
                return
            contacts.begin()
            time.sleep(latency)
            if place.path == "/contacts":
                found = contacts.page(number)
                body = json.dumps({"items": found}).encode() if found else EMPTY
            else:
                body = pages[number - 1] if number <= len(pages) and "since" not in query else EMPTY
            contacts.end()
            self.answer(body)

        def do_POST(self) -> None:
            records = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["records"]
            contacts.begin()
            time.sleep(latency)
            body = json.dumps({"records": contacts.write(records)}).encode()
            contacts.end()
            self.answer(body)

        def do_DELETE(self) -> None:
            self.answer(json.dumps(contacts.clear()).encode())

        def answer(self, body: bytes) -> None:
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000 if len(sys.argv) > 3 else 0.0)
