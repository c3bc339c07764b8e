"""A state goes on under a newer runtime and under other keys."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.cli import execute
from syncline_runtime.state import SqliteStore, StateFailure
from syncline_runtime.state.keys import VARIABLE, OuterKey
from syncline_runtime.state.schema import SCHEMA_VERSION

OLD = Path(__file__).with_name("state_of_schema_6.sql")
OLD_KEY = "5a" * 32


def restored(path: Path, dump: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(dump)
    connection.close()


def tables(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
    connection.close()
    return found


@pytest.mark.in_a_file
async def test_a_state_of_an_older_schema_is_carried_over_with_all_it_holds(
    two: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, OLD_KEY)
    restored(two.path, OLD.read_text())
    with two.store() as store:
        assert store.count_links("Customer") == 3
        assert {row.shadow for rows in store.members_of([1]).values() for row in rows if row.shadow}
        assert len(store.review.conflicts()) == 1
        assert store.audit.faults() == []
    SqliteStore(tmp_path / "fresh.db", two.package.name).close()
    assert tables(two.path) == tables(tmp_path / "fresh.db")
    former = two.path.with_name(f"{two.path.name}.schema6")
    assert former.stat().st_mode & 0o077 == 0
    assert "link_open" not in tables(former)
    with two.store() as store:
        assert store._execute("PRAGMA user_version") == [(SCHEMA_VERSION,)]


@pytest.mark.in_a_file
async def test_a_state_that_is_too_old_or_too_new_is_refused_as_it_is(
    two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, OLD_KEY)
    for version, word in ((5, "too old"), (SCHEMA_VERSION + 1, "upgrade it")):
        two.path.unlink(missing_ok=True)
        restored(two.path, OLD.read_text().replace("user_version = 6", f"user_version = {version}"))
        before = two.path.read_bytes()
        with pytest.raises(StateFailure, match=word) as failure:
            await two.run()
        assert failure.value.unusable
        assert two.path.read_bytes() == before


async def test_a_state_goes_on_when_its_keys_are_exchanged(two: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        two.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}")
    await two.run()
    with two.store() as store:
        before = {table: rows for table, rows in store.opened().items() if table != "file_code"}
        sealed = store._execute("SELECT doc FROM link ORDER BY link_id")
        with store.transaction():
            assert store.rekeying.reseal() == 6  # a document a link, and the summary of the run
        again = store._execute("SELECT doc FROM link ORDER BY link_id")
        assert not set(sealed) & set(again)
        assert [len(row[0]) for row in sealed] == [len(row[0]) for row in again]
        after = store.opened()
        assert {table: after[table] for table in before if table not in ("data_key",)} == {
            table: rows for table, rows in before.items() if table not in ("data_key",)
        }
        assert list(store.rekeying.unreadable()) == []
        with store.transaction():
            store.rekeying.rewrap(OuterKey(bytes.fromhex("0d" * 32), "a test"), "state")
    with pytest.raises(StateFailure, match="does not open with the key"):
        await two.run()
    monkeypatch.setenv(VARIABLE, "0d" * 32)
    await two.settled()


async def test_a_state_is_looked_at_and_sealed_anew_by_command(
    two: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    two.twin("crm").put("customers", vat="A1", name="N")
    await two.run()
    state = ("--state", str(two.path))
    assert execute(two.package, ["state", "check", *state]) == 0
    assert "the state holds; audit" in capsys.readouterr().out
    monkeypatch.setenv("SYNCLINE_STATE_NEW_KEY", "0c" * 32)
    assert execute(two.package, ["state", "rekey", *state]) == 0
    assert "values are sealed anew" in capsys.readouterr().out
    assert execute(two.package, ["state", "check", *state]) == 7
    assert "does not open with the key" in capsys.readouterr().err
    monkeypatch.setenv(VARIABLE, "0c" * 32)
    assert execute(two.package, ["state", "check", *state]) == 0
    with two.store() as store, store.transaction():
        store._execute("UPDATE link SET doc = (SELECT summary FROM run LIMIT 1)")
    capsys.readouterr()
    assert execute(two.package, ["state", "check", *state]) == 7
    assert "link 1 does not open" in capsys.readouterr().err
