"""The state file: what is packed comes back, what is not ours is refused, what is not committed is not there."""

import socket
import sqlite3
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypedDict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline_runtime.declaration import Entity
from syncline_runtime.state import SqliteStore, StateFailure
from syncline_runtime.state.packing import pack_value, packing, unpack_value
from syncline_runtime.state.schema import SCHEMA_VERSION
from syncline_runtime.values import ABSENT, Money

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A loaded machine is no finding."""

Where = Callable[[Path], Path | str]

Shape = TypedDict(
    "Shape",
    {
        "name": str | None,
        "address.street": str | None,
        "count": int | None,
        "active": bool | None,
        "price": Decimal | None,
        "amount": Money | None,
        "born": date | None,
        "at": time | None,
        "lasts": timedelta | None,
        "seen": datetime | None,
        "tags": frozenset[str],
        "lines": tuple[str, ...],
        "blob": bytes | None,
    },
)
ENTITY = Entity(name="Thing", shape=Shape, fields=tuple(Shape.__annotations__), kinds={})

text = st.text(st.characters(exclude_categories=["Cs"]))
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
moments = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC))
scalars = {
    "name": text,
    "address.street": text,
    "count": st.integers(-(2**63), 2**63 - 1),
    "active": st.booleans(),
    "price": decimals,
    "amount": st.builds(Money, decimals, st.sampled_from(["EUR", "JPY"])),
    "born": st.dates(),
    "at": st.times(),
    "lasts": st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9999)),
    "seen": moments,
    "blob": st.binary(),
}
optional = {name: st.one_of(strategy, st.none(), st.just(ABSENT)) for name, strategy in scalars.items()}
records = st.fixed_dictionaries(
    {
        **optional,
        "tags": st.one_of(st.frozensets(text), st.just(ABSENT)),
        "lines": st.one_of(st.lists(text).map(tuple), st.just(ABSENT)),
        "=slot": st.one_of(*scalars.values(), st.frozensets(text), st.none(), st.just(ABSENT)),
    }
)


@unhurried
@given(records)
def test_values_come_back_as_they_were(values: dict[str, Any]) -> None:
    packed = packing(ENTITY, ["=slot"])
    document = packed.pack(values)
    shown = {name: value for name, value in values.items() if value is not ABSENT}
    assert packed.unpack(document) == shown
    assert {name: type(value) for name, value in packed.unpack(document).items()} == {
        name: type(value) for name, value in shown.items()
    }


@unhurried
@given(records)
def test_equal_values_are_equal_bytes(values: dict[str, Any]) -> None:
    packed = packing(ENTITY, ["=slot"])
    other = dict(reversed(values.items()))
    for name in ("tags", "=slot"):
        if isinstance(other[name], frozenset):
            other[name] = frozenset(sorted(other[name], reverse=True))
    assert packed.pack(other) == packed.pack(values)


@unhurried
@given(st.one_of(*scalars.values(), st.frozensets(text), st.lists(text).map(tuple), st.none(), st.just(ABSENT)))
def test_one_value_comes_back_as_it_was(value: Any) -> None:
    assert unpack_value(pack_value(value)) == value


def test_a_field_that_changed_its_type_loses_its_base_alone() -> None:
    document = packing(ENTITY).pack({"name": "Ana", "count": 3})
    changed = Entity(
        name="Thing", shape=TypedDict("S", {"name": str, "count": bool}), fields=("name", "count"), kinds={}
    )
    assert packing(changed).unpack(document) == {"name": "Ana"}


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "state.db", "p") as store, store.transaction():
        store.save_setting("a", "b")
        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_the_file_is_durable_and_keeps_references(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "state.db", "p") as store:
        pragmas = [store._execute(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")]
        assert pragmas == ["wal", 2, 1]


def foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs(a)")
    connection.commit()
    connection.close()


def newer(path: Path) -> None:
    SqliteStore(path, "p").close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()


def of_another_package(path: Path) -> None:
    SqliteStore(path, "q").close()


def truncated(path: Path) -> None:
    SqliteStore(path, "p").close()
    path.write_bytes(path.read_bytes()[:5000])


def garbage(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def linked_elsewhere(path: Path) -> None:
    SqliteStore(path.with_name("real.db"), "p").close()
    path.symlink_to(path.with_name("real.db"))


@pytest.mark.parametrize("make", [foreign, newer, of_another_package, truncated, garbage, linked_elsewhere])
def test_what_is_not_ours_is_refused_in_one_line(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "state.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(StateFailure) as failure:
        SqliteStore(path, "p")
    assert "\n" not in str(failure.value)
    assert str(path) in str(failure.value)
    assert path.read_bytes() == before


def test_a_preview_is_seen_inside_and_gone_afterwards(tmp_path: Path, database: Where) -> None:
    with SqliteStore(database(tmp_path / "state.db"), "p") as store:
        with store.preview():
            with store.transaction():
                store.add_links([(store.reserve_links(1), "E", 1, b"{}", 1, 0)])
            assert store.count_links("E") == 1
        assert store.count_links("E") == 0
        assert store.reserve_links(1) == 1


class Oops(Exception):
    """Something goes wrong between two writes."""


def save_and_fail(store: SqliteStore) -> None:
    with store.transaction():
        store.save_setting("a", "b")
        raise Oops


@pytest.mark.parametrize("kept", [True, False])
def test_what_is_tentative_is_kept_whole_or_not_at_all(tmp_path: Path, database: Where, kept: bool) -> None:
    where = database(tmp_path / "state.db")
    with SqliteStore(where, "p") as store:
        with store.tentative() as keep:
            for number in range(3):
                with store.transaction():
                    store.save_setting(f"s{number}", "yes")
            assert store.setting("s2") == "yes"
            if kept:
                keep()
        assert store.setting("s0") == ("yes" if kept else None)
        with pytest.raises(Oops):
            keep_and_fail(store)
        assert store.setting("t") is None
    with SqliteStore(where, "p") as store:
        assert store.setting("s2") == ("yes" if kept else None)


def test_a_damaged_schema_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    SqliteStore(path, "p").close()
    content = path.read_bytes()
    assert b"shadow BLOB, seen" in content
    path.write_bytes(content.replace(b"shadow BLOB, seen", b'shadow BLOB" seen'))
    with pytest.raises(StateFailure) as failure:
        SqliteStore(path, "p")
    assert "\n" not in str(failure.value)
    assert failure.value.unusable


def keep_and_fail(store: SqliteStore) -> None:
    with store.tentative() as keep:
        keep()
        with store.transaction():
            store.save_setting("t", "yes")
        raise Oops


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path, database: Where) -> None:
    with SqliteStore(database(tmp_path / "state.db"), "p") as store:
        with pytest.raises(Oops):
            save_and_fail(store)
        assert store.setting("a") is None


def test_a_run_that_lost_its_lease_commits_nothing_more(tmp_path: Path, database: Where) -> None:
    with (
        SqliteStore(database(tmp_path / "state.db"), "p") as first,
        SqliteStore(database(tmp_path / "state.db"), "p") as second,
    ):
        first.acquire("p", 0.0, 60.0)
        second.acquire("p", 1.0, 60.0)
        with pytest.raises(StateFailure, match="took"), first.transaction():
            first.save_setting("a", "b")
        assert second.setting("a") is None


def test_a_living_process_keeps_its_lease(tmp_path: Path, database: Where) -> None:
    with SqliteStore(database(tmp_path / "state.db"), "p") as store:
        with store.transaction():
            # Process 1 is always alive, and never ours.
            store._execute("INSERT INTO lease SELECT 'p', ? || ':1', 1, 1000", (socket.gethostname(),))
        with pytest.raises(StateFailure, match="another run"):
            store.acquire("p", 500.0, 60.0)
        store.acquire("p", 2000.0, 60.0)


def test_no_wave_has_the_number_of_another(tmp_path: Path, database: Where) -> None:
    where, row = ("Customer", "crm", "create"), (1, None, b"{}", None, None)
    with SqliteStore(database(tmp_path / "state.db"), "customers") as store:
        numbers = []
        for _ in range(2):
            with store.transaction():
                numbers.append(store.write_ahead(where, [row], 0.0, 0.0, 1))
                store.end_wave(numbers[-1])
    # Else two creations would have one idempotency key, and the system would take the second for the first.
    assert numbers[0] != numbers[1]
