"""`migrate` over a state that is sealed, as every state is: what it writes anew opens in its place and says nothing."""

from pathlib import Path

import pytest

from syncline_runtime.state import SqliteStore
from tests.evolution.installed import RENAMED, SPEC, Desk
from tests.evolution.specs import changed

RESOURCE = "{ id : integer identity, number : text(20), town : text(40), boss : ref %s }\n"
FIRMS = (
    (
        '  resource people table "people" {',
        f'  resource firms table "firms" {RESOURCE % "people"}'
        f'  resource companies table "companies" {RESOURCE % "parties"}'
        '  resource people table "people" {',
    ),
    (
        "map Contact to crm",
        """record Address { town : text(40)? }
entity Firm {
  number : text(20)
  home   : Address
  boss   : ref Contact?
  match number
}
map Firm to crm.firms {
  number <-> number
  home.town <-> town
  boss <-> boss
}
map Firm to erp.companies {
  number <-> number
  home.town <-> town
  boss <-> boss
}
sync Firm across crm, erp {
  delete in crm hold
  delete in erp hold
  truth { otherwise prefers crm then erp }
  empty propagates
}
map Contact to crm""",
    ),
)
BEFORE = changed(*FIRMS, text=SPEC)
FIRMS_RENAMED = (
    ("ref Contact?", "ref Person?"),
    ("  boss   : ref", "  chief  : ref"),
    ("ref Person?", "ref Person? renamed from boss"),
)
AFTER = changed(*RENAMED, *FIRMS_RENAMED, text=BEFORE).replace("  boss <-> boss", "  chief <-> boss")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A person and a firm that refers to them, in step."""
    desk = Desk(tmp_path, monkeypatch)
    desk.sql("crm", "CREATE TABLE firms(id INTEGER PRIMARY KEY, number, town, boss)")
    desk.sql("erp", "CREATE TABLE companies(id INTEGER PRIMARY KEY, number, town, boss)")
    desk.sql("crm", "INSERT INTO firms VALUES (5, 'F1', 'Tromso', 1)")
    desk.sql("crm", "INSERT INTO people VALUES (1, 'A1', 'Annabelle', 'An', '11', 'lead')")
    desk.sql("erp", "INSERT INTO parties VALUES (7, 'A1', 'Annabelle', 'Annie', '11', 'P')")
    desk.become(BEFORE)
    assert desk.do("run", "--apply-first") == 0, desk.err
    assert desk.sql("erp", "SELECT number, town, boss FROM companies") == [("F1", "Tromso", 7)]
    return desk


def shown(desk: Desk) -> list[object]:
    return [
        desk.people(),
        desk.parties(),
        desk.sql("crm", "SELECT * FROM firms"),
        desk.sql("erp", "SELECT * FROM companies"),
    ]


def audited(desk: Desk) -> int:
    with SqliteStore(desk.state, "deskwork") as store:
        return int(store.backing.database.execute("SELECT count(*) FROM audit WHERE action <> 'note'")[0][0])


def test_what_was_written_anew_holds_says_nothing_and_makes_no_write(desk: Desk) -> None:
    before = shown(desk)
    desk.become(AFTER)
    assert desk.do("run") == 2
    assert desk.do("migrate", "--apply") == 0, desk.err
    for command in (("audit", "verify"), ("state", "check")):
        assert desk.do(*command) == 0, desk.err
    migrated = audited(desk)
    assert desk.do("run") == 0, desk.err
    assert desk.do("run", "--full") == 0, desk.err
    assert shown(desk) == before
    assert audited(desk) == migrated
    for file in desk.folder.glob("state.db*"):
        data = file.read_bytes()
        assert not [text for text in (b"Annabelle", b"Tromso") if text in data], file
    for command in (("audit", "verify"), ("state", "check")):
        assert desk.do(*command) == 0, desk.err


def test_one_side_s_edits_after_a_renaming_are_still_known_as_theirs(desk: Desk) -> None:
    desk.sql("crm", "INSERT INTO people VALUES (2, 'B2', 'Bob', 'Bo', '22', 'won')")
    assert desk.do("run") == 0, desk.err
    desk.become(AFTER)
    assert desk.do("migrate", "--apply") == 0, desk.err
    other = desk.sql("erp", "SELECT id FROM parties WHERE code = 'B2'")[0][0]
    desk.sql("erp", "UPDATE companies SET boss = ?, town = 'Bodo'", other)
    assert desk.do("run") == 0, desk.err
    assert desk.sql("crm", "SELECT town, boss FROM firms") == [("Bodo", 2)]


def test_who_waits_for_a_renamed_entity_goes_on_waiting_for_it(desk: Desk) -> None:
    desk.sql("crm", "UPDATE firms SET boss = 9")
    assert desk.do("run") == 0, desk.err
    desk.become(AFTER)
    assert desk.do("migrate", "--apply") == 0, desk.err
    with SqliteStore(desk.state, "deskwork") as store:
        assert [(one.entity, one.field, one.target, one.remote_id) for one in store.waiting()] == [
            ("Firm", "chief", "Person", "9")
        ]
    desk.sql("crm", "INSERT INTO people VALUES (9, 'C3', 'Cem', '', '33', 'won')")
    assert desk.do("run") == 0, desk.err
    new = desk.sql("erp", "SELECT id FROM parties WHERE code = 'C3'")[0][0]
    assert desk.sql("erp", "SELECT boss FROM companies") == [(new,)]


def test_an_entity_that_is_waited_for_can_leave(desk: Desk) -> None:
    desk.sql("crm", "UPDATE firms SET boss = 9")
    assert desk.do("run") == 0, desk.err
    desk.become(SPEC)
    assert desk.do("migrate", "--apply") == 0, desk.err
    assert desk.do("run") == 0, desk.err
    assert desk.do("state", "check") == 0, desk.err
    with SqliteStore(desk.state, "deskwork") as store:
        assert not store.waiting()


def test_what_was_agreed_of_a_reference_can_be_told_to_a_system_that_had_no_record(desk: Desk) -> None:
    alone = changed(("sync Firm across crm, erp {", "sync Firm across crm, erp {\n  create in erp never"), text=BEFORE)
    desk.become(alone)
    assert desk.do("migrate", "--apply") == 0, desk.err
    desk.sql("crm", "INSERT INTO firms VALUES (6, 'F2', 'Oslo', 1)")
    assert desk.do("run") == 0, desk.err
    desk.become(AFTER)
    assert desk.do("migrate", "--apply") == 0, desk.err
    assert desk.do("run") == 0, desk.err
    assert desk.sql("erp", "SELECT town, boss FROM companies WHERE number = 'F2'") == [("Oslo", 7)]
