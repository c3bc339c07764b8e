"""Real servers for the tests in this folder: `pocketbase`, `tryton` and `postgres`, each running and empty.

They are installed on first use (see `servers/installation.py`), run for the whole session, and are emptied before each
test that asks for them. A system that cannot be had skips its tests with the reason.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from .servers import pocketbase as pocketbase_server
from .servers import postgres as postgres_server
from .servers import tryton as tryton_server
from .servers.installation import NotToBeHad

Server = TypeVar("Server", pocketbase_server.PocketBase, tryton_server.Tryton, postgres_server.Postgres)

INSTALLERS = {
    "pocketbase": pocketbase_server.install,
    "tryton": tryton_server.install,
    "postgres": postgres_server.install,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses a server."""
    for item in items:
        if "installations" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.systems)


@pytest.fixture(scope="session")
def installations(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Any]]]:
    """What the session's tests need, being installed side by side."""
    needed = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with ThreadPoolExecutor(len(INSTALLERS)) as pool:
        yield {name: pool.submit(install) for name, install in INSTALLERS.items() if f"{name}_session" in needed}


def installed(installations: dict[str, Future[Any]], name: str) -> Any:
    """Await an installation; skip where the system cannot be had."""
    try:
        return installations[name].result()
    except NotToBeHad as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def pocketbase_session(
    installations: dict[str, Future[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[pocketbase_server.PocketBase]:
    """PocketBase, running to the end of the session."""
    server = pocketbase_server.start(installed(installations, "pocketbase"), tmp_path_factory.mktemp("pocketbase"))
    yield server
    server.process.stop()


@pytest.fixture(scope="session")
def tryton_session(
    installations: dict[str, Future[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tryton_server.Tryton]:
    """Tryton, running to the end of the session."""
    server = tryton_server.start(installed(installations, "tryton"), tmp_path_factory.mktemp("tryton"))
    yield server
    server.process.stop()


@pytest.fixture(scope="session")
def postgres_session(installations: dict[str, Future[Any]]) -> Iterator[postgres_server.Postgres]:
    """PostgreSQL, running to the end of the session."""
    server = postgres_server.start(installed(installations, "postgres"))
    yield server
    server.stop()


@pytest.fixture
def pocketbase(pocketbase_session: pocketbase_server.PocketBase) -> pocketbase_server.PocketBase:
    """PocketBase with empty collections."""
    return _emptied(pocketbase_session)


@pytest.fixture
def tryton(tryton_session: tryton_server.Tryton) -> tryton_server.Tryton:
    """Tryton without customers, categories and products."""
    return _emptied(tryton_session)


@pytest.fixture
def postgres(postgres_session: postgres_server.Postgres) -> postgres_server.Postgres:
    """PostgreSQL with an empty table `customers`."""
    return _emptied(postgres_session)


def _emptied(server: Server) -> Server:
    if not server.process.running:  # a test before this one has ended it
        server.process.start()
    server.client.clear()
    return server
