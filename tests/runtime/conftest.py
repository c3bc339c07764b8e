"""Where the state of a test is kept: in a file, and of some tests once more in PostgreSQL, if the machine has it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runtime import postgres

ON_BOTH = ("test_failures", "test_truth", "test_deletions", "test_records_alone", "test_state")
"""The modules whose tests of a world run on both."""

Where = Callable[[Path], "Path | str"]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server of PostgreSQL, running to the end of the session."""
    yield from postgres.server()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what has a world on both databases."""
    if "database" in metafunc.fixturenames and metafunc.module.__name__.rpartition(".")[2] in ON_BOTH:
        metafunc.parametrize("database", ["file", "postgres"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Where:
    """Where a state goes that would be kept in a file."""
    if getattr(request, "param", "file") == "file":
        return lambda path: path
    url = postgres.new_database(request.getfixturevalue("postgres_url"))
    monkeypatch.chdir(tmp_path)
    return lambda path: url
