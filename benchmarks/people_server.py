"""People over REST, page by page, as bytes that are made once: `python people_server.py PORT COUNT` serves them on loopback."""

import json
import sys
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE = 100
START = datetime(2026, 1, 1, tzinfo=UTC)


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


def main(port: int, count: int) -> None:
    """Serve until ended; prints a line when ready."""
    pages = [
        json.dumps({"items": [person(number) for number in range(start, min(start + PAGE, count))]}).encode()
        for start in range(0, count, PAGE)
    ]
    empty = b'{"items": []}'

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            number = int(query.get("page", ["1"])[0])
            body = pages[number - 1] if number <= len(pages) and "since" not in query else empty
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
