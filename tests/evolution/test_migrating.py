"""A changed spec over state that was stored by another: what passes, what is refused, and what `migrate` carries over."""

from pathlib import Path

import pytest

from tests.evolution.installed import RENAMED, SPEC, Desk, filled
from tests.evolution.specs import changed


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return filled(Desk(tmp_path, monkeypatch))


def version(*edits: tuple[str, str]) -> str:
    return changed(*edits, text=SPEC)


def edited(desk: Desk) -> None:
    """An edit that only one side made, which nothing but what was agreed on can tell."""
    desk.sql("erp", "UPDATE parties SET title = 'Anna' WHERE code = 'A1'")


def test_comments_layout_and_a_wider_field_pass_by_themselves(desk: Desk) -> None:
    desk.become(SPEC.replace("entity Contact", "# a remark\n\n## People.\nentity Contact"))
    assert desk.do("run") == 0
    desk.become(SPEC.replace("text(30)", "text(40)"))
    edited(desk)
    assert desk.do("run") == 0
    assert desk.people()[0][1] == "Anna"
    assert desk.do("migrate") == 0
    assert "of this spec" in desk.out


def test_another_rule_is_refused_until_somebody_said_so(desk: Desk) -> None:
    desk.become(version(("name  prefers crm then erp", "name  owned by crm")))
    edited(desk)
    assert desk.do("run") == 2
    assert "rule of truth of Contact.name is owned by crm, formerly prefers crm then erp" in desk.err
    assert "`python -m deskwork migrate --apply`" in desk.err
    assert desk.people()[0][1] == "Ana"
    assert desk.do("plan") == 0
    assert "this is the plan after `migrate --apply`" in desk.err
    assert desk.do("migrate") == 3
    assert desk.do("run") == 2
    assert desk.do("migrate", "--apply") == 0
    assert desk.do("run") == 0
    assert desk.parties()[0][1] == "Ana"
    assert desk.do("migrate", "--apply") == 0


def test_a_renaming_keeps_links_and_what_was_agreed_on(desk: Desk) -> None:
    desk.become(version(*RENAMED))
    edited(desk)
    desk.sql("erp", "UPDATE parties SET status = 'L' WHERE code = 'A1'")
    assert desk.do("run") == 2
    assert desk.do("migrate", "--apply") == 0
    assert "what is stored of Contact goes by Person" in desk.out
    assert desk.do("run") == 0, desk.err
    # Both were edits of the second system alone; without the agreed values the first would have won.
    assert desk.people()[0] == ("A1", "Anna", "11", "lost")
    assert len(desk.people()) == len(desk.parties()) == 2
    assert desk.do("status") == 0
    assert "links 2" in desk.out
    assert "Contact: links" not in desk.out


def test_a_renaming_is_carried_out_once(desk: Desk) -> None:
    desk.become(version(*RENAMED))
    assert desk.do("migrate", "--apply") == 0
    assert desk.do("migrate") == 0
    edited(desk)
    assert desk.do("run") == 0
    assert desk.people()[0][1] == "Anna"


def test_a_field_that_goes_is_forgotten_and_may_come_back(desk: Desk) -> None:
    desk.become(
        version(
            ("  phone : text(30)?\n", ""),
            ("  phone <-> phone\n", ""),
            ("  phone <-> tel\n", ""),
            ("    phone prefers crm then erp\n", ""),
            ("  empty propagates\n", ""),
        )
    )
    assert desk.do("run") == 2
    assert desk.do("migrate", "--apply") == 0
    assert "its stored values are forgotten" in desk.out
    desk.sql("erp", "UPDATE parties SET tel = '99' WHERE code = 'A1'")
    assert desk.do("run") == 0
    assert desk.people()[0][2] == "11"
    desk.become(SPEC)
    assert desk.do("migrate", "--apply") == 0
    assert desk.do("run") == 0
    # Nobody knows any more which side was edited: the rule decides.
    assert (desk.people()[0][2], desk.parties()[0][2]) == ("11", "11")


def test_a_field_in_the_place_of_another_is_asked_about(desk: Desk) -> None:
    edits = (
        ("  phone : text(30)?", "  mobile : text(30)?"),
        ("  phone <-> phone", "  mobile <-> phone"),
        ("  phone <-> tel", "  mobile <-> tel"),
        ("    phone prefers", "    mobile prefers"),
    )
    desk.become(version(*edits))
    assert desk.do("migrate", "--apply") == 1
    assert "Contact.mobile stands in its place" in desk.err
    assert "nothing was changed" in desk.err
    assert desk.do("migrate", "--forget", "Contact.nobody") == 1
    assert "nobody asked about 'Contact.nobody'" in desk.err
    assert desk.do("migrate", "--apply", "--forget", "Contact.phone") == 0
    assert desk.do("run") == 0


def test_members_that_records_have_must_be_moved_first(desk: Desk) -> None:
    without = (
        ("{ prospect, customer, lost }", "{ prospect, lost }"),
        (', customer: "won"', ""),
        (', customer: "C"', ""),
    )
    desk.become(version(*without))
    assert desk.do("migrate", "--apply") == 1
    assert "1 records of Contact have stage customer: move them" in desk.err
    desk.become(SPEC)
    desk.sql("crm", "UPDATE people SET stage = 'lost' WHERE number = 'B2'")
    assert desk.do("run") == 0
    desk.become(version(*without))
    assert desk.do("migrate", "--apply") == 0
    assert desk.do("run") == 0


def test_a_field_read_from_elsewhere_is_no_edit(desk: Desk) -> None:
    desk.become(
        version(
            ("  name  <-> title", "  name  <-> alias"),
            ("alias  : text(80)", "alias  : text(80) required"),
            ("title  : text(80) required", "title  : text(80)"),
        )
    )
    desk.sql("erp", "UPDATE parties SET alias = 'Bobby' WHERE code = 'B2'")
    assert desk.do("migrate", "--apply") == 0
    assert "what erp showed of it is forgotten" in desk.out
    assert desk.do("run") == 0, desk.err
    assert [row[1] for row in desk.people()] == ["Ana", "Bob"]
    assert desk.sql("erp", "SELECT alias FROM parties ORDER BY code") == [("Ana",), ("Bob",)]


def test_another_resource_is_asked_about_and_matched_anew(desk: Desk) -> None:
    desk.sql("erp", "CREATE TABLE firms(id INTEGER PRIMARY KEY, code, title, alias, tel, status)")
    desk.sql("erp", "INSERT INTO firms VALUES (70, 'B2', 'Bob', 'Bo', '22', 'C')")
    desk.become(version(('table "parties"', 'table "firms"')))
    assert desk.do("migrate", "--apply") == 1
    assert "`--forget erp.parties`" in desk.err
    assert desk.do("migrate", "--apply", "--forget", "erp.parties") == 0
    assert desk.do("run") == 0, desk.err
    assert desk.sql("erp", "SELECT id, code FROM firms ORDER BY id") == [(70, "B2"), (71, "A1")]
    assert len(desk.people()) == 2


def test_another_key_finds_records_that_were_there_before(desk: Desk) -> None:
    desk.become(version(("  match code", "  match name")))
    desk.sql("erp", "INSERT INTO parties VALUES (9, 'C3', 'Cem', '', '33', 'P')")
    desk.sql("crm", "INSERT INTO people VALUES (3, 'C-3', 'Cem', '', '33', 'lead')")
    assert desk.do("migrate", "--apply") == 0
    assert desk.do("run") == 0, desk.err
    assert len(desk.people()) == len(desk.parties()) == 3


def test_a_system_that_leaves_takes_its_links_along(desk: Desk) -> None:
    desk.become(
        version(
            ('system erp = books { url: secret("ERP_URL") }', 'system erp2 = books { url: secret("ERP_URL") }'),
            ("map Contact to erp.", "map Contact to erp2."),
            ("across crm, erp {", "across crm, erp2 {"),
            ("delete in erp hold", "delete in erp2 hold"),
            ("code  owned by erp", "code  owned by erp2"),
            ("name  prefers crm then erp", "name  prefers crm then erp2"),
            ("phone prefers crm then erp", "phone prefers crm then erp2"),
            ("stage prefers crm then erp", "stage prefers crm then erp2"),
        )
    )
    assert desk.do("migrate", "--apply") == 0
    assert "its links, cursors and shadows are forgotten" in desk.out
    assert desk.do("run") == 0, desk.err
    assert len(desk.people()) == len(desk.parties()) == 2


def test_an_entity_that_leaves_is_forgotten(desk: Desk) -> None:
    head, rest = SPEC.split("entity Contact", 1)
    desk.become(head)
    assert desk.do("migrate", "--apply") == 0, desk.err
    desk.become(SPEC)
    assert desk.do("migrate", "--apply") == 0
    assert rest
    assert desk.do("run") == 3  # a first run again


def test_a_plan_to_migrate_as_json_says_each_step(desk: Desk) -> None:
    desk.become(version(("name  prefers crm then erp", "name  owned by crm")))
    assert desk.do("migrate", "--json") == 3
    assert '"done": false' in desk.out
    assert '"aspect": "rule"' in desk.out
