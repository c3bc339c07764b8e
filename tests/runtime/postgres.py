"""PostgreSQL as the state's database, where a server's programs are on the machine; nothing is installed for it."""

import itertools
import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.systems.servers import postgres


def server() -> Iterator[str]:
    """The URL of a server that runs to the end of the session."""
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    running = postgres.start(postgres.install())
    yield running.url.replace("+psycopg", "")
    running.stop()


_NUMBERS = itertools.count(1)


def new_database(server_url: str) -> str:
    """The URL of an empty database."""
    name = f"state_{os.getpid()}_{next(_NUMBERS)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
    return f"{server_url.rpartition('/')[0]}/{name}"
