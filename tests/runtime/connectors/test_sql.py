"""Tables of a real SQLite file; the same port over PostgreSQL is tested with the other real servers."""

import sqlite3
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from syncline_runtime.connectors import open_system
from syncline_runtime.declaration import Condition, Connector, NativeField, Resource, System
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.ports import Applied, Gone, Refused, Stale, SystemFailure, Unavailable, Write
from syncline_runtime.settings import SecretText
from tests.runtime.connectors.worlds import CANARY, StillClock, listed

TRIMS = (
    "create trigger trims after insert on customers begin"
    " update customers set held = trim(new.held) where id = new.id and typeof(new.held) = 'text' and new.held like ' %'; end"
)
TABLE = """
create table customers (
    id integer primary key, updated_at text not null default '2026-01-01 00:00:00', name text not null,
    email text unique, credit text, vip boolean, born date
)
"""
KINDS = {
    "id": "integer",
    "updated_at": "instant",
    "name": "text",
    "email": "email",
    "credit": "decimal",
    "vip": "boolean",
    "born": "date",
}


def customers(**changes):
    values = {
        "name": "customers",
        "identity": "id",
        "location": "customers",
        "fields": {name: NativeField(name=name, kind=kind) for name, kind in KINDS.items()},
        "version": "updated_at",
        "version_spelling": "native",
    }
    return Resource(**{**values, **changes})


def database(path, resource=None, url=None):
    resource = resource or customers()
    declared = System(
        name="shop",
        connector=Connector(name="shopdb", protocol="sql"),
        settings={},
        resources={resource.name: resource},
    )
    clock = StillClock()
    return open_system(declared, {"url": SecretText(url or f"sqlite:///{path}")}, clock, TokenBucket(None, clock))


@asynccontextmanager
async def opened(path, resource=None):
    port = database(path, resource)
    await port.open()
    yield port
    await port.close()


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(file)
    connection.execute(TABLE)
    connection.commit()
    connection.close()
    return file


def execute(path, statement, *parameters):
    connection = sqlite3.connect(path)
    rows = connection.execute(statement, parameters).fetchall()
    connection.commit()
    connection.close()
    return rows


async def test_rows_are_created_and_told_as_stored(path):
    async with opened(path) as port:
        native = {
            "name": "Ana",
            "credit": Decimal("10.50"),
            "vip": True,
            "email": None,
            "born": datetime(2000, 1, 2).date(),
        }
        [outcome] = await port.create("customers", [Write(native)])
    assert isinstance(outcome, Applied)
    assert outcome.record is not None
    assert outcome.record.native == {
        "id": 1,
        "updated_at": "2026-01-01 00:00:00",
        "name": "Ana",
        "credit": Decimal("10.50"),
        "vip": True,
        "email": None,
        "born": "2000-01-02",
    }
    assert execute(path, "select id, credit, vip, born from customers") == [(1, "10.50", 1, "2000-01-02")]


async def test_one_bad_row_stops_nobody_else_and_names_its_field(path):
    async with opened(path) as port:
        writes = [
            Write({"name": "A", "email": "a@x"}),
            Write({"name": "B", "email": "a@x"}),
            Write({"name": None, "email": "c@x"}),
            Write({"name": "D", "email": "d@x"}),
        ]
        outcomes = await port.create("customers", writes)
    assert [type(outcome) for outcome in outcomes] == [Applied, Refused, Refused, Applied]
    assert outcomes[1].code == "unique"
    assert outcomes[1].fields == {"email": "another record has this value already"}
    assert outcomes[2].fields == {"name": "a value is required"}
    assert execute(path, "select name from customers order by id") == [("A",), ("D",)]


async def test_updates_of_different_fields_and_a_row_that_is_gone(path):
    execute(path, "insert into customers (id, name) values (1, 'A'), (2, 'B')")
    async with opened(path) as port:
        outcomes = await port.update(
            "customers",
            [Write({"name": "A2"}, "1"), Write({"email": "b@x", "name": "B2"}, "2"), Write({"name": "x"}, "9")],
        )
        deleted = await port.delete("customers", [Write({}, "1"), Write({}, "1"), Write({}, "not-a-number")])
    assert [type(outcome) for outcome in outcomes] == [Applied, Applied, Gone]
    assert [type(outcome) for outcome in deleted] == [Applied, Gone, Refused]
    assert execute(path, "select id, name, email from customers") == [(2, "B2", "b@x")]


async def test_a_locked_update_of_a_changed_row_is_stale(path):
    execute(path, "insert into customers (id, name) values (1, 'A')")
    async with opened(path, customers(lock="version")) as port:
        stale = await port.update("customers", [Write({"name": "x"}, "1", version="2025-12-31 00:00:00")])
        good = await port.update("customers", [Write({"name": "y"}, "1", version="2026-01-01 00:00:00")])
    assert stale == [Stale()]
    assert isinstance(good[0], Applied)


@pytest.mark.parametrize("separator", [" ", "T"])
@pytest.mark.parametrize("ending", ["", ".5", "Z", ".123456Z", "+00:00"])
async def test_what_changed_is_found_however_the_table_spells_time(path, separator, ending):
    for second in range(0, 50, 10):
        execute(
            path,
            "insert into customers (id, name, updated_at) values (?, 'x', ?)",
            50 - second,
            f"2026-01-01{separator}00:00:{second:02d}{ending}",
        )
    async with opened(path) as port:
        _, pages = await listed(port, "customers")
        records, again = await listed(port, "customers", since=pages[-1].cursor)
    assert [record.remote_id for record in records] == ["20", "10"]
    assert again[-1].cursor == pages[-1].cursor


async def test_pages_are_whole_at_every_boundary_and_the_cursor_counts_only_at_the_end(path):
    for number in range(2500):
        execute_many = [(number + 1, f"N{number}", "2026-01-01 00:00:00") for number in range(2500)]
        break
    connection = sqlite3.connect(path)
    connection.executemany("insert into customers (id, name, updated_at) values (?,?,?)", execute_many)
    connection.commit()
    connection.close()
    async with opened(path) as port:
        records, pages = await listed(port, "customers")
        changed, _ = await listed(port, "customers", since=pages[-1].cursor)
    assert [len(page.records) for page in pages] == [1000, 1000, 500]
    assert [page.cursor for page in pages] == [None, None, "2026-01-01T00:00:00+00:00"]
    assert len({record.remote_id for record in records}) == len(changed) == 2500


async def test_conditions_are_parameters(path):
    execute(path, "insert into customers (id, name, vip) values (1, 'A', 1), (2, ?, 0), (3, 'C', null)", "'; --")
    async with opened(path) as port:
        hostile, _ = await listed(port, "customers", where=[Condition(field="name", value="'; --")])
        vip, _ = await listed(port, "customers", where=[Condition(field="vip", value=True)])
        unset, _ = await listed(port, "customers", where=[Condition(field="vip", value=None)])
        found = await port.read("customers", ["1", "7", "x"], fields=("name",))
    assert [[record.remote_id for record in records] for records in (hostile, vip, unset)] == [["2"], ["1"], ["3"]]
    assert found["7"] is None
    assert found["x"] is None
    assert found["1"] is not None
    assert found["1"].native["name"] == "A"


async def test_a_missing_column_is_told_at_the_start(path):
    port = database(path, customers(fields={**customers().fields, "nosuch": NativeField(name="nosuch", kind="text")}))
    with pytest.raises(SystemFailure) as caught:
        await port.open()
    await port.close()
    assert str(caught.value) == (
        "shop: could not open the database; setting url; the server answered: no such column: customers.nosuch"
    )


@pytest.mark.parametrize(
    "url", [f"mysql://u:{CANARY}@127.0.0.1/x", f"nonsense {CANARY}", f"postgresql://u:{CANARY}@127.0.0.1:1/x"]
)
async def test_a_wrong_address_is_one_line_without_its_password(path, url):
    port = database(path, url=url)
    with pytest.raises(SystemFailure) as caught:
        await port.open()
    await port.close()
    assert "setting url" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert CANARY not in str(caught.value) + repr(caught.value) + repr(port.__dict__)


async def test_values_that_sqlite_cannot_hold_are_refused_one_by_one(path):
    async with opened(path) as port:
        values = [10**30, "\ud800", {"a": 1}, "fine"]
        outcomes = await port.create("customers", [Write({"name": value}) for value in values])
    assert [type(outcome) for outcome in outcomes] == [Refused, Refused, Applied, Applied]


async def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "x.sqlite").write_bytes(b"this is not a database at all, is it?" * 100)
    port = database(tmp_path / "x.sqlite")
    with pytest.raises(SystemFailure, match="file is not a database"):
        await port.open()
    await port.close()


async def test_instants_are_written_as_sqlite_writes_them(path):
    async with opened(path) as port:
        await port.create("customers", [Write({"name": "A", "updated_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)})])
    assert execute(path, "select updated_at from customers") == [("2026-01-02 03:04:05",)]


async def test_nothing_happens_while_another_process_holds_the_database(path, monkeypatch):
    import syncline_runtime.connectors.sql as sql

    monkeypatch.setattr(sql, "_BUSY_SECONDS", 0.05)
    async with opened(path) as port:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("begin immediate")
        [outcome] = await port.create("customers", [Write({"name": "A"})])
        holder.execute("rollback")
        holder.close()
        [second] = await port.create("customers", [Write({"name": "A"})])
    assert isinstance(outcome, Unavailable)
    assert isinstance(second, Applied)
    assert threading.active_count() < 50


@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize(
    ("column", "kind", "value", "as_sent"),
    [
        ("text", "text", "Ana", True),
        ("text", "date", datetime(2000, 1, 2).date(), True),
        ("numeric", "decimal", Decimal("10.5"), True),
        ("integer", "boolean", True, True),
        ("text", "integer", 7, False),
        ("real", "integer", 7, False),
        ("integer", "text", "007", False),
        ("real", "decimal", Decimal("0.12345678901234567891"), False),
        ("text not null on conflict replace default 'none'", "text", None, False),
        ("", "boolean", False, True),
        ("date", "integer", 7, True),
        ("text", "text", " Ana ", False),  # a trigger trims it
    ],
)
async def test_what_a_column_made_of_a_value_is_told(tmp_path, column, kind, value, as_sent, watched):
    path = tmp_path / "shop.sqlite"
    execute(path, f"create table customers(id integer primary key, held {column})")
    if watched:
        execute(path, TRIMS)
    fields = {"id": NativeField(name="id", kind="integer"), "held": NativeField(name="held", kind=kind)}
    resource = customers(fields=fields, version=None)
    async with opened(path, resource) as port:
        [outcome] = await port.create("customers", [Write({"held": value})])
        [page] = [page async for page in port.pages("customers", fields=["held"])]
    assert isinstance(outcome, Applied)
    assert outcome.as_sent is (as_sent or (not watched and value == " Ana "))
    assert outcome.record == page.records[0], "the outcome tells what the next listing shows"


@pytest.mark.parametrize(
    "shape",
    [
        "(id integer primary key, name text)",
        "(id text primary key, name text) without rowid",
        "(id integer primary key, name text, rowid text)",
    ],
)
async def test_every_row_is_told_as_its_own(tmp_path, shape):
    path = tmp_path / "shop.sqlite"
    execute(path, f"create table customers{shape}")
    fields = {name: NativeField(name=name, kind="text") for name in ("id", "name")}
    async with opened(path, customers(fields=fields, version=None)) as port:
        writes = [Write({"id": str(number), "name": f"n{number}"}) for number in (5, 3, 3, 9, 1)]
        outcomes = await port.create("customers", writes)
    assert [one.record.native["name"] if isinstance(one, Applied) else one.code for one in outcomes] == [
        "n5",
        "n3",
        "unique",
        "n9",
        "n1",
    ]


async def test_a_row_without_identity_is_told_and_the_others_come(tmp_path):
    path = tmp_path / "shop.sqlite"
    execute(path, "create table customers(id text, name text)")
    execute(path, "insert into customers values ('a', 'Ana'), (null, 'nobody'), ('b', 'Bo'), (null, 'nor he')")
    fields = {name: NativeField(name=name, kind="text") for name in ("id", "name")}
    async with opened(path, customers(fields=fields, version=None)) as port:
        records, [page] = await listed(port, "customers")
    assert [record.remote_id for record in records] == ["a", "b"]
    assert [(one.place, one.why, one.native["name"]) for one in page.unidentified] == [
        ("row 1 without key", "has no id", "nobody"),
        ("row 2 without key", "has no id", "nor he"),
    ]


async def test_a_table_in_which_no_row_has_an_identity_is_refused(tmp_path):
    path = tmp_path / "shop.sqlite"
    execute(path, "create table customers(id text, name text)")
    execute(path, "insert into customers values (null, 'nobody')")
    fields = {name: NativeField(name=name, kind="text") for name in ("id", "name")}
    async with opened(path, customers(fields=fields, version=None)) as port:
        with pytest.raises(SystemFailure, match="none of its rows has a value in id"):
            await listed(port, "customers")


@pytest.mark.parametrize(
    ("definition", "before"),
    [
        ("id integer primary key, name text unique, age integer", ()),
        ("id integer primary key, name text unique, age integer", ("insert into customers values (7, 'a', 1)",)),
        (
            "id integer primary key, name text unique, age integer",
            ("insert into customers values (9223372036854775807, 'a', 1)",),
        ),
        (
            "id integer primary key autoincrement, name text unique, age integer",
            ("insert into customers values (41, 'a', 1)", "delete from customers"),
        ),
        ("number integer primary key, name text unique, age integer, id text default 'none'", ()),
        ("id integer primary key, name text unique, age integer check(age > 0)", ()),
        (
            "id integer primary key, name text unique, age integer",
            (
                "create trigger copies after insert on customers when new.name = 'c'"
                " begin insert into customers values (77, 'x', 1); end",
            ),
        ),
    ],
)
async def test_rows_that_are_inserted_together_are_told_each_as_its_own(tmp_path, definition, before):
    path = tmp_path / "shop.sqlite"
    execute(path, f"create table customers({definition})")
    for statement in before:
        execute(path, statement)
    fields = {
        name: NativeField(name=name, kind="integer" if name == "age" else "text") for name in ("id", "name", "age")
    }
    names = ("b", "c", "c", "d", "e", None, "b", "f")
    ages = (3, 4, 5, 6, -7 if "check" in definition else 7, 8, 9, 10)
    async with opened(path, customers(fields=fields, version=None)) as port:
        outcomes = await port.create(
            "customers", [Write({"name": name, "age": age}) for name, age in zip(names, ages, strict=True)]
        )
    stored = [(str(number), name, age) for number, name, age in execute(path, "select id, name, age from customers")]
    told = [
        (one.remote_id, one.record.native["name"], one.record.native["age"])
        for one in outcomes
        if isinstance(one, Applied)
    ]
    assert all(one.as_sent for one in outcomes if isinstance(one, Applied))
    assert [type(one) for one in outcomes][:4] == [Applied, Applied, Refused, Applied]
    assert set(told) <= set(stored)
    assert len(told) == len(set(told)) == (5 if "check" in definition else 6)


async def test_a_trigger_that_came_later_is_seen(tmp_path):
    path = tmp_path / "shop.sqlite"
    execute(path, "create table customers(id integer primary key, held text)")
    fields = {"id": NativeField(name="id", kind="integer"), "held": NativeField(name="held", kind="text")}
    async with opened(path, customers(fields=fields, version=None)) as port:
        [first] = await port.create("customers", [Write({"held": " Ana "})])
        execute(path, TRIMS)
        [second] = await port.create("customers", [Write({"held": " Ana "})])
    assert (first.as_sent, first.record.native["held"]) == (True, " Ana ")
    assert (second.as_sent, second.record.native["held"]) == (False, "Ana")
