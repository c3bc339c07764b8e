"""A wrong credential or address gives one line: which system, which setting, and what the server answered."""

from collections.abc import Callable

import pytest

from .command import FAILED, Command, build
from .customers_in_two import EXAMPLES, crm_settings, erp_settings
from .servers.pocketbase import PocketBase
from .servers.postgres import Postgres
from .servers.process import free_port
from .servers.tryton import Tryton

CANARY = "canary-4711"
Run = Callable[..., str]


@pytest.fixture(scope="module")
def command(
    pocketbase_session: PocketBase,
    tryton_session: Tryton,
    postgres_session: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Command:
    """The command over three systems, with the right settings."""
    for server in (pocketbase_session, tryton_session, postgres_session):
        if not server.process.running:
            server.process.start()
    variables = {**crm_settings(pocketbase_session), **erp_settings(tryton_session), "SHOP_URL": postgres_session.url}
    return build(EXAMPLES / "three_systems.sync", tmp_path_factory.mktemp("credentials"), variables)


def told(command: Command, **wrong: str | None) -> str:
    """The one line that a run ends with when some variables are wrong, or missing (None)."""
    variables = {name: value for name, value in {**command.variables, **wrong}.items() if value is not None}
    ended = Command(command.folder, command.package, variables)("run")
    assert ended.code == FAILED
    assert CANARY not in ended.text + ended.problems
    (line,) = ended.problems.splitlines()
    return line


def test_a_wrong_password_of_pocketbase(command: Command) -> None:
    assert told(command, CRM_PASSWORD=CANARY) == (
        "three_systems: crm: the credentials are not accepted; setting email or password; "
        "the server answered: HTTP 400: Failed to authenticate."
    )


def test_a_wrong_password_of_tryton(command: Command) -> None:
    assert told(command, ERP_PASSWORD=CANARY) == (
        "three_systems: erp: the credentials are not accepted; setting password or user; the server answered: HTTP 401"
    )


def test_a_database_that_tryton_does_not_have(command: Command) -> None:
    assert told(command, ERP_DATABASE="nosuch") == (
        "three_systems: erp: there is nothing to log in to at its address; setting database or url; "
        "the server answered: HTTP 404"
    )


def test_a_role_that_postgresql_does_not_have(command: Command) -> None:
    url = command.variables["SHOP_URL"].replace("postgres@", f"nobody:{CANARY}@")
    line = told(command, SHOP_URL=url)
    assert line.startswith("three_systems: shop: ")
    assert "setting url" in line
    assert 'role "nobody" does not exist' in line


def test_an_address_where_nobody_listens(command: Command) -> None:
    line = told(command, CRM_URL=f"http://127.0.0.1:{free_port()}")
    assert line.startswith("three_systems: crm: could not log in: no connection")
    assert "setting url" in line


def test_a_variable_that_is_not_set(command: Command) -> None:
    assert told(command, CRM_PASSWORD=None) == (
        "three_systems: crm: a setting has no value; setting password; "
        "set the environment variable CRM_PASSWORD, or put CRM_PASSWORD=… into the file .env"
    )
