"""A state in PostgreSQL is made whole or not at all, carried over, sealed anew, moved, and erased from, as one in a file."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
import pytest

from syncline_runtime.cli import execute
from syncline_runtime.erasing import erase
from syncline_runtime.state import SqliteStore, StateFailure
from syncline_runtime.state.keys import VARIABLE
from syncline_runtime.state.schema import SCHEMA_VERSION
from tests.compiled import test_erasing
from tests.compiled.installation import Installation
from tests.runtime import postgres
from tests.runtime.executing.conftest import World, package

_KILLED, _FAILED = 9, 1
_LEAVES_TRACES = {"execute", "many", "begin", "commit", "roll_back", "prepared", "settle", "filled", "unlocked"}

Make = Callable[[], str]


@pytest.fixture
def new(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes an empty database, and its URL."""
    monkeypatch.chdir(tmp_path)
    return lambda: postgres.new_database(postgres_url)


def made_or_killed(url: str, calls: int) -> int:
    """Make a state in a process of its own, which ends before the nth of its calls that leave traces; its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = calls

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal left
        if event == "call" and frame.f_code.co_name in _LEAVES_TRACES and "state" in frame.f_code.co_filename:
            left -= 1
            if not left:
                os._exit(_KILLED)

    sys.setprofile(count)
    try:
        SqliteStore(url, "p").close()
    except BaseException:
        os._exit(_FAILED)
    finally:
        os._exit(0)


def dropped(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS syncline_p CASCADE")


def test_killed_at_its_birth(new: Make, tmp_path: Path) -> None:
    url, key = new(), tmp_path / "p.state.key"
    last = next(calls for calls in range(20, 200, 20) if made_or_killed(url, calls) == 0)
    for calls in range(1, last):
        # In the middle are the statements that make the tables, one like the other.
        if 8 < calls < last - 36 and calls % 20:
            continue
        key.unlink(missing_ok=True)
        dropped(url)
        if made_or_killed(url, calls) != _KILLED:
            break
        SqliteStore(url, "p").close()
        with SqliteStore(url, "p", create=False) as store:
            assert store.audit.faults() == []
        assert [path.name for path in tmp_path.iterdir()] == [key.name]
    assert calls > 30


def test_a_key_without_its_state_is_no_new_state(new: Make, tmp_path: Path) -> None:
    url = new()
    SqliteStore(url, "p").close()
    dropped(url)
    with pytest.raises(StateFailure, match="is gone, but its key") as failure:
        SqliteStore(url, "p")
    assert failure.value.unusable
    SqliteStore(url, "p", lost=True).close()


def test_two_that_make_it_at_once_make_one(new: Make, tmp_path: Path) -> None:
    url, children = new(), []
    for _ in range(4):
        child = os.fork()
        if not child:
            try:
                SqliteStore(url, "p").close()
                os._exit(0)
            except BaseException:
                os._exit(_FAILED)
        children.append(child)
    assert {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children} == {0}
    SqliteStore(url, "p", create=False).close()


def indexes(url: str, package: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT indexname FROM pg_indexes WHERE schemaname = %s", (f"syncline_{package}",))
        return {row[0] for row in rows.fetchall()}


async def test_a_state_of_an_older_schema_is_carried_over(new: Make) -> None:
    world = World(new(), package("crm", "erp"))
    world.twin("crm").put("customers", vat="A1", name="Ana")
    await world.run()
    whole = indexes(str(world.path), "customers")
    for version, word in ((5, "too old"), (SCHEMA_VERSION + 1, "upgrade it"), (6, "")):
        with world.store() as store, store.transaction():
            store._execute("DROP INDEX IF EXISTS link_open")
            store._execute("DROP INDEX IF EXISTS link_held")
            store._execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(version),))
        if word:
            with pytest.raises(StateFailure, match=word):
                world.store()
            with psycopg.connect(str(world.path)) as connection:
                connection.execute(
                    "UPDATE syncline_customers.meta SET value = %s WHERE key = 'schema'", (str(SCHEMA_VERSION),)
                )
    await world.settled()
    assert indexes(str(world.path), "customers") == whole


def command(world: World, *argv: str, state: str | Path | None = None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = execute(world.package, [*argv, "--state", str(state or world.path)], stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()


async def test_it_is_sealed_anew_and_under_another_key(new: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(new(), package("crm", "erp"))
    world.twin("crm").put("customers", vat="A1", name="Ana")
    await world.run()
    assert command(world, "state", "check")[0] == 0
    with world.store() as store:
        sealed = store._execute("SELECT doc FROM link")
    monkeypatch.setenv("SYNCLINE_STATE_NEW_KEY", "0c" * 32)
    assert command(world, "state", "rekey")[0] == 0
    assert command(world, "state", "check")[0] == 7
    monkeypatch.setenv(VARIABLE, "0c" * 32)
    assert command(world, "state", "check")[0] == 0
    with world.store() as store:
        assert store._execute("SELECT doc FROM link") != sealed
    await world.settled()


@pytest.mark.parametrize("form", ["--sealed", "--clear"])
async def test_a_state_moves_from_a_file_into_it_and_back(
    new: Make, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "0d" * 32)
    world = World(tmp_path / "state.db", package("crm", "erp"))
    for vat in "123":
        world.twin("crm").put("customers", vat=vat, name="Ana", note="old")
    await world.run()
    with world.store() as store:
        whole = {table: rows for table, rows in store.opened().items() if table not in ("lease", "audit", "meta")}
    url, file = new(), tmp_path / "export.jsonl"
    for start, end in ((tmp_path / "state.db", url), (url, tmp_path / "again.db"), (tmp_path / "again.db", new())):
        assert command(world, "export", form, str(file), state=start)[0] == 0
        assert command(world, "import", str(file), state=end)[::2] == (0, "")
        assert "already" in command(world, "import", str(file), state=end)[2]
        file.unlink()
        world.path = end
        await world.settled()
        with world.store() as store:
            assert store.audit.faults() == []
            found = store.opened()
        assert found["link"] == whole["link"]
        assert len(found["record_key"]) == len(whole["record_key"])


async def test_an_import_that_fails_leaves_nothing(new: Make, tmp_path: Path) -> None:
    world = World(tmp_path / "state.db", package("crm", "erp"))
    world.twin("crm").put("customers", vat="1", name="Ana")
    await world.run()
    file, url = tmp_path / "export.jsonl", new()
    assert command(world, "export", "--clear", str(file))[0] == 0
    head, *rows, end = file.read_text().splitlines()
    for lines, word in (
        ([head, *rows], "not whole"),
        ([head, *rows[:-1], end], "are missing"),
        ([head, "["], "cannot"),
    ):
        file.write_text("\n".join(lines))
        code, _, err = command(world, "import", str(file), state=url)
        assert (code, err.count("\n"), word in err) == (2, 1, True), err
        with pytest.raises(StateFailure, match="there is no state"):
            SqliteStore(url, "customers", create=False)
    file.write_text("\n".join([head, *rows, end]))
    assert command(world, "import", str(file), state=url)[0] == 0


async def test_a_person_is_erased_from_it(new: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Installation, "store", lambda self: SqliteStore(url, self.package.name))
    url = new()
    world = await test_erasing.known(tmp_path)
    chosen = test_erasing.links(world, test_erasing.record_of(world, "crm.contacts", "Ana Canary"))
    before = stored(world)
    assert "Ana Canary" in before
    with world.store() as store:
        found = await erase(world.package, chosen, systems=world.twins, store=store, clock=world.clock, actor="tester")
    assert found.failed == []
    left = stored(world)
    assert not [canary for canary in test_erasing.CANARIES if canary in left]
    assert "bo@x.org" in left
    with world.store() as store:
        assert store.audit.faults() == []


def stored(world: Installation) -> str:
    with world.store() as store:
        return json.dumps(store.opened(), default=repr)
