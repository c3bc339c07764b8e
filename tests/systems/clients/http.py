"""JSON over HTTP with the standard library alone, so that what the servers hold is seen without the product under test."""

import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any


class Answered(Exception):
    """The server refused: its status and body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"HTTP {status}: {body}")
        self.status, self.body = status, body


def call(method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
    """The answer's JSON, None if it has no body. Raises Answered for a status of 400 and above, OSError without an answer."""
    request = urllib.request.Request(
        url,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept-Encoding": "gzip", **(headers or {})},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            raw: bytes = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                raw = gzip.decompress(raw)
            return json.loads(raw) if raw else None
    except urllib.error.HTTPError as problem:
        text = problem.read().decode(errors="replace")
        raise Answered(problem.code, text) from None


def answers(method: str, url: str, body: Any = None) -> bool:
    """Whether anything but an error comes back."""
    try:
        call(method, url, body)
    except (Answered, OSError):
        return False
    return True
