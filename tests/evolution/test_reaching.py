"""What a change reaches: the places of other systems that are written differently, field by field."""

import pytest

from syncline.evolution.change import Effect
from syncline.evolution.comparing import compare
from syncline.evolution.reaching import reached
from tests.evolution.specs import BASE, changed, model


def reach(*edits: tuple[str, str]) -> list[str]:
    (change,) = compare(model(BASE), model(changed(*edits)))
    return [str(effect) for effect in change.effects]


@pytest.mark.parametrize(
    ("edit", "places"),
    [
        # A truth rule: every system that is written the field, and what is computed from it.
        (("newest else crm", "newest else erp"), [
            "crm.contacts.name", "crm.contacts.nick", "erp.parties.title", "erp.parties.note", "shop.people.name"]),
        # A codec of a two-way line: its own place, and the others through the entity's field.
        (("lost: 9 }", "lost: 8 }"), ["erp.parties.status"]),
        # More spellings are read: what is written here stays, the others and what depends on the value do not.
        (('["won", "key"]', '["won", "key", "vip"]'), [
            "records of erp.parties", "erp.parties.status", "records of shop.people"]),
        # One way out: its own place only.
        (("upper(name)", "lower(name)"), ["crm.contacts.nick"]),
        # A system no longer heard: all the others.
        (
            ("prefers crm then erp", "prefers erp then crm"), ["crm.contacts.phone", "erp.parties.phone"]),
        # Whole records.
        (("delete in erp never", "delete in erp propagate"), ["records of erp.parties"]),
        (("match code then ask name", "match code then name"), ["records of crm.contacts", "records of erp.parties"]),
        (('kind = "company"', 'kind = "firm"'), ["records of crm.contacts", "crm.contacts.kind"]),
        # A schedule reaches nothing.
        (("every 5 minutes", "every 1 hour"), []),
    ],
)  # fmt: skip
def test_a_change_names_the_places_it_reaches(edit: tuple[str, str], places: list[str]) -> None:
    assert sorted(reach(edit)) == sorted(places)


def test_what_is_written_and_read_back_into_another_field_is_reached_too() -> None:
    text = changed(
        ("  mail : text(80)\n", "  mail : text(80)\n  copy : text(80)\n"),
        (
            "entity Visitor {",
            """map Visitor to crm.people { mail -> name, copy <- name }
map Visitor to erp.parties { mail <- note, copy -> title }
sync Visitor across crm, erp {
  delete in crm never
  delete in erp never
}
entity Visitor {""",
        ),
        ("note     : text(120)", "note     : text(80)"),
    )
    assert reached(model(text), "Visitor", ["mail"]) == (
        Effect("crm", "people", "name", "mail"),
        Effect("erp", "parties", "title", "copy"),
    )
