"""PostgreSQL as the state's database, where a server's programs are on the machine; nothing is installed for it."""

from collections.abc import Iterator

import pytest

from tests.systems.servers import postgres


def server() -> Iterator[str]:
    """The URL of a server that runs to the end of the session."""
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    running = postgres.start(postgres.install())
    yield running.url.replace("+psycopg", "")
    running.stop()
