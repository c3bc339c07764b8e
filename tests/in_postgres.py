"""A plugin of pytest: a state that a test would keep in a file is kept in a PostgreSQL of its own. `make postgres` runs with it.

Tests that look at the file itself are marked `in_a_file` and left out.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.state import SqliteStore
from syncline_runtime.state.keys import VARIABLE
from tests.runtime import postgres


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    yield from postgres.server()


@pytest.fixture(autouse=True)
def in_postgres(
    request: pytest.FixtureRequest, server_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Let the state be elsewhere than in the file that a test names."""
    if request.node.get_closest_marker("in_a_file"):
        pytest.skip("speaks of the file itself")
    places: dict[Path, str] = {}
    opened = SqliteStore.__init__

    def init(self: SqliteStore, where: Path | str, package: str, **how: Any) -> None:
        if isinstance(where, Path):
            if where not in places:
                places[where] = postgres.new_database(server_url)
            where = places[where]
        opened(self, where, package, **how)

    monkeypatch.chdir(tmp_path)
    # One key: the databases of a test have one working directory, and each its own tables.
    monkeypatch.setenv(VARIABLE, "5b" * 32)
    monkeypatch.setattr(SqliteStore, "__init__", init)
