"""What rests in the state cannot be read, swapped or altered unnoticed."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.ports import Refused
from syncline_runtime.rows import AuditEntry
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED, Fault
from syncline_runtime.state import SqliteStore, StateFailure, opening
from syncline_runtime.state.keys import VARIABLE
from tests.hostile.states import damaged

PLANTED = "PLANTED"
"""Part of every value of a person in these tests."""


def put(two: Any, system: str, number: int, text: str, remote_id: str | None = None) -> str:
    """A customer all of whose texts are planted."""
    names = {
        "crm": ("vat", "name", "phone", "mail", "note", "tags"),
        "erp": ("vat_no", "title", "tel", "mail", "memo", "labels"),
    }
    values: dict[str, Any] = {name: f"{PLANTED}-{name}-{number}-{text}" for name in names[system]}
    values[names[system][0]] = f"{PLANTED}-VAT{number}"
    values[names[system][5]] = [f"{PLANTED}-tag-{text}"]
    made: str = two.twin(system).put("customers", remote_id, **values)
    return made


def names(two: Any) -> set[str]:
    """The files beside the state."""
    return {path.name for path in two.path.parent.iterdir()}


class Killed(Exception):
    """The process dies."""


async def everything(two: Any) -> None:
    """A scenario that fills every table: conflicts, refusals, deletions, unknown outcomes, a wave that nobody ended."""
    crm = [put(two, "crm", number, "first") for number in range(12)]
    put(two, "erp", 20, "alone")
    await two.run()
    erp = {one["vat_no"]: remote_id for remote_id, one in two.records("erp").items()}
    put(two, "crm", 1, "left", crm[1])
    put(two, "erp", 1, "right", erp[f"{PLANTED}-VAT1"])
    two.twin("crm").drop("customers", crm[2])
    put(two, "crm", 3, "refused", crm[3])
    two.twin("erp").faults["update"].append(
        Fault(Refused("invalid", f"{PLANTED}-detail", {"tel": f"{PLANTED}-detail"}))
    )
    await two.run()
    two.twin("crm").put("customers", vat=f"{PLANTED}-VAT1", name=f"{PLANTED}-double")
    two.twin("crm").put("customers", crm[4], limit="broken", name=f"{PLANTED}-broken")
    put(two, "crm", 5, "lost", crm[5])
    two.twin("erp").faults["update"].extend([UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED])
    put(two, "crm", 30, "created")
    two.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()

    def kill(operation: str) -> None:
        if operation == "update":
            raise Killed

    put(two, "crm", 6, "wave", crm[6])
    two.twin("erp").before = kill
    with pytest.raises(Killed):
        await two.run()
    two.twin("erp").before = None


async def test_no_value_of_a_person_can_be_read_in_the_files(two: Any) -> None:
    await everything(two)
    with two.store() as store:
        counts = {table: len(rows) for table, rows in store.opened().items()}
        opened = repr(store.opened())
        beside = [path.read_bytes() for path in two.path.parent.iterdir()]
    for table in ("link", "member", "audit", "quarantine", "conflict", "wave", "run", "record_key"):
        assert counts[table], table
    assert opened.count(PLANTED) > 100
    for content in (*beside, *(path.read_bytes() for path in two.path.parent.iterdir())):
        assert PLANTED.encode() not in content


async def test_the_key_comes_from_the_environment_or_from_a_file_that_it_names(
    two: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, "0f" * 32)
    put(two, "crm", 1, "x")
    await two.run()
    assert f"{two.path.name}.key" not in names(two)
    (tmp_path / "elsewhere").write_text("0f" * 32 + "\n")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "elsewhere"))
    await two.settled()
    monkeypatch.setenv(VARIABLE, "0e" * 32)
    with pytest.raises(StateFailure, match="does not open with the key in SYNCLINE_STATE_KEY"):
        await two.run()
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(StateFailure, match="cannot be read: restore it"):
        await two.run()


@pytest.mark.in_a_file
async def test_a_state_that_is_lost_is_no_new_one(two: Any) -> None:
    put(two, "crm", 1, "x")
    await two.run()
    two.path.unlink()
    with pytest.raises(StateFailure, match="is gone, but its key") as failure:
        await two.run()
    assert failure.value.unusable
    assert not two.path.exists()
    with SqliteStore(two.path, two.package.name, lost=True) as store:
        assert store.review.counts() == {}


class Dead(BaseException):
    """The process is killed."""


@pytest.mark.in_a_file
@pytest.mark.parametrize("at", ["outer_key", "_create", "unlocked"])
async def test_a_state_that_was_not_made_to_the_end_is_made_anew(
    two: Any, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def die(*_: object, **__: object) -> None:
        raise Dead

    with monkeypatch.context() as patched:
        patched.setattr(opening, at, die)
        with pytest.raises(Dead):
            two.store()
    put(two, "crm", 1, "x")
    await two.run()
    await two.settled()
    assert names(two) == {"state.db", "state.db.key"}


@pytest.mark.parametrize(
    ("table", "column", "read"),
    [
        ("link", "doc", lambda store: store.links([1, 2])),
        ("member", "shadow", lambda store: store.members_of([1, 2])),
        ("audit", "after", lambda store: store.audit.entries()),
    ],
)
async def test_values_that_change_places_are_refused(
    two: Any, table: str, column: str, read: Callable[[SqliteStore], Any]
) -> None:
    for number in range(3):
        crm = put(two, "crm", number, f"n{number}")
        await two.run()
        put(two, "crm", number, f"again{number}", crm)
        await two.run()
    key = {"link": "link_id", "member": "member_id", "audit": "seq"}[table]
    with two.store() as store:
        rows = store._execute(f"SELECT {key}, {column} FROM {table} WHERE length({column}) > 0 ORDER BY {key}")
        read(store)
        (first, one), (second, other), *_ = rows
        with store.transaction():
            store._execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (other, first))
            store._execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (one, second))
        with pytest.raises(StateFailure, match="does not open"):
            read(store)
        flipped = bytes([*one[:-1], one[-1] ^ 1])
        with store.transaction():
            store._execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", (flipped, first))
        with pytest.raises(StateFailure, match="does not open"):
            read(store)


@pytest.mark.in_a_file
async def test_damage_of_any_kind_stops_everything_before_a_write(two: Any, tmp_path: Path) -> None:
    for number in range(40):
        put(two, "crm", number, f"n{number}")
    await two.run()
    put(two, "crm", 50, "waiting to be created")
    whole, writes = two.path.read_bytes(), two.writes
    chance, refused = random.Random(1), 0
    while refused < 220:
        content = damaged(whole, chance)
        if content == whole:
            continue
        two.path.write_bytes(content)
        with pytest.raises(StateFailure) as failure:
            await two.run()
        assert failure.value.unusable, failure.value
        assert "\n" not in str(failure.value)
        assert two.path.read_bytes() == content
        for left in ("-wal", "-shm"):
            two.path.with_name(f"{two.path.name}{left}").unlink(missing_ok=True)
        refused += 1
    assert two.writes == writes
    two.path.write_bytes(whole)
    await two.run()
    assert two.writes == writes + 1


@pytest.mark.in_a_file
async def test_rows_that_were_swapped_by_hand_are_noticed(two: Any, tmp_path: Path) -> None:
    for number in range(3):
        put(two, "crm", number, f"n{number}")
    await two.run()
    with two.store() as store, store.transaction():
        store._execute("UPDATE member SET remote_id = 'x' WHERE member_id = 1")
    await two.plan()  # a change through the store is the store's
    connection = sqlite3.connect(two.path)
    connection.execute("UPDATE member SET version = 'other' WHERE member_id = 2")
    connection.commit()
    connection.close()
    with pytest.raises(StateFailure, match="changed by another hand"):
        await two.run()


@pytest.mark.in_a_file
async def test_a_file_that_was_not_closed_is_checked_and_used(two: Any, tmp_path: Path) -> None:
    put(two, "crm", 1, "x")
    await two.run()
    with two.store() as store:
        with store.transaction():
            store.save_setting("a", "b")
        for name in (two.path.name, f"{two.path.name}-wal", f"{two.path.name}.key"):
            shutil.copy(two.path.with_name(name), two.path.with_name(f"{name}".replace("state", "crashed")))
    two.path = two.path.with_name("crashed.db")
    await two.settled()


# -- the audit ---------------------------------------------------------------------------------------------------------


def entries(count: int) -> list[AuditEntry]:
    return [
        AuditEntry(
            1, float(number), "overwritten", "Customer", number, "crm", "name", f'"old {number}"', f'"new {number}"'
        )
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("tampering", "seq", "problem"),
    [
        ("DELETE FROM audit WHERE seq = 3", 3, "removed"),
        ("DELETE FROM audit WHERE seq > 4", 5, "removed, with all up to 6"),
        ("DELETE FROM audit", 1, "removed"),
        ("UPDATE audit SET reason = 'something else' WHERE seq = 2", 2, "altered"),
        ("UPDATE audit SET actor = 'somebody' WHERE seq = 6", 6, "altered"),
        ("UPDATE audit SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)", 2, "altered"),
        ("UPDATE audit SET after = (SELECT a.after FROM audit a WHERE a.seq = 4) WHERE seq = 5", 5, "new value"),
        ("UPDATE audit SET before_code = after_code WHERE seq = 5", 5, "altered"),
        ("DELETE FROM meta WHERE key = 'audit head'", 6, "end of the audit was removed"),
        (
            "UPDATE meta SET value = replace(value, '6 ', '5 ') WHERE key = 'audit head'",
            5,
            "end of the audit was altered",
        ),
    ],
)
def test_a_row_that_was_removed_altered_or_moved_is_named(
    tmp_path: Path, tampering: str, seq: int, problem: str
) -> None:
    with SqliteStore(tmp_path / "state.db", "p") as store:
        with store.transaction():
            store.audit.append(entries(4))
        with store.transaction():
            store.audit.append(entries(2))
        assert store.audit.faults() == []
        with store.transaction():
            store._execute(tampering)
            store._execute("UPDATE audit SET seq = -seq WHERE seq < 0")
        found = store.audit.faults()
    assert found
    assert (found[0].seq, problem in found[0].problem) == (seq, True), found


def test_values_may_be_forgotten_and_the_chain_stays(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "state.db", "p") as store:
        with store.transaction():
            store.audit.append(entries(6))
            store.audit.forget_values(before=3.0, link_ids=[5])
        told = {entry.seq: entry.kept for entry in store.audit.entries()}
        assert store.audit.faults() == []
    assert [seq for seq, kept in told.items() if kept is None] == [1, 2, 5]
    assert told[4] == '"new 4"'


def test_an_audit_is_undone_with_what_it_tells(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "state.db", "p") as store:
        with pytest.raises(Killed):
            fail_after(store)
        assert store.audit.entries() == []
        assert store.audit.head.startswith("0:")


def fail_after(store: SqliteStore) -> None:
    with store.transaction():
        store.audit.append(entries(2))
        raise Killed
