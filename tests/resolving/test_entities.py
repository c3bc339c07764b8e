"""Entities: defaults fit their field, identity names real fields, what a later release does is said so."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

Resolve = Callable[..., Any]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ('text = "x"', "x"),
        ("integer = -3", -3),
        ("decimal(6, 2) = 1.5", Decimal("1.5")),
        ("percent = 16%", Decimal("0.16")),
        ("decimal(50, 2) = -" + "1" * 45 + ".25", Decimal("-" + "1" * 45 + ".25")),
        ("percent = 1." + "3" * 40 + "%", Decimal("0.01" + "3" * 40)),
        ("boolean = true", True),
        ("Stage = won", "won"),
        ("text? = null", None),
        ("set<text> = []", frozenset()),
        ("list<text> = []", ()),
    ],
)
def test_a_default_is_a_value_of_the_type(resolved: Resolve, field: str, value: object) -> None:
    result = resolved(f"spec s version 1\nenum Stage {{ open, won }}\nentity E {{ f : {field} }}")
    assert result.found == []
    default = result.spec.entities["E"].fields["f"].default
    assert default.value == value
    assert type(default.value) is type(value)


@pytest.mark.parametrize(
    ("field", "code", "text"),
    [
        ("integer = 1.5", "type.mismatch", "1.5"),
        ('text(2) = "abc"', "type.mismatch", '"abc"'),
        ("text = null", "type.mismatch", "null"),
        ("decimal(4, 2) = 123.5", "type.mismatch", "123.5"),
        ("boolean = 1", "type.mismatch", "1"),
        ("decimal(6, 2) = 1.555", "type.mismatch", "1.555"),
        ('date = "2026-01-01"', "type.mismatch", '"2026-01-01"'),
        ("Stage = wom", "name.unknown-member", "wom"),
        ('Stage = "won"', "type.mismatch", '"won"'),
        ("money = amount * 2", "name.unknown-field", "amount"),
    ],
)
def test_a_default_of_another_type_is_refused(resolved: Resolve, field: str, code: str, text: str) -> None:
    result = resolved(f"spec s version 1\nenum Stage {{ open, won }}\nentity E {{ f : {field} }}")
    assert result.found == [(code, text)]


def test_identity_names_leaves_in_the_order_they_are_tried(resolved: Resolve) -> None:
    result = resolved("""spec s version 1
record Address { postcode : text }
entity E {
  vat : text?, name : text, address : Address
  match vat then name and address.postcode then ask name except ["n/a", "info@*"]
}""")
    assert result.found == []
    rules = result.spec.entities["E"].match
    assert [tuple(field.name for field in rule.fields) for rule in rules] == [
        ("vat",),
        ("name", "address.postcode"),
        ("name",),
    ]
    assert [rule.ask for rule in rules] == [False, False, True]
    assert rules[2].placeholders == ("n/a", "info@*")


@pytest.mark.parametrize(
    ("match", "found", "rules"),
    [
        ("match vatt", [("match.unknown-field", "vatt")], 0),
        ("match vat and nmae then name", [("match.unknown-field", "nmae")], 1),
        ("match address", [("type.record-as-value", "address")], 0),
        ("match vat and vat", [("match.field-twice", "vat")], 1),
        ("match vat\nmatch name", [("match.duplicate", "match name")], 1),
    ],
)
def test_a_faulty_rule_of_identity_is_left_out_whole(
    resolved: Resolve, match: str, found: list[Any], rules: int
) -> None:
    record = "record Address { street : text }"
    result = resolved(
        f"spec s version 1\n{record}\nentity E {{ vat : text, name : text, address : Address\n{match}\n}}"
    )
    assert result.found == found
    assert len(result.spec.entities["E"].match) == rules


def test_the_near_field_is_suggested_and_the_entity_named(resolved: Resolve) -> None:
    found = resolved("spec s version 1\nentity E { email : text\nmatch emial }").only("match.unknown-field")
    assert found.facts == {"name": "emial", "suggestion": "email", "known": ("email",), "entity": "E"}


def test_what_refers_to_a_record_is_collected_and_computed_with(resolved: Resolve) -> None:
    result = resolved("""spec s version 1
entity Quote { total : money, deal : ref E? }
entity E {
  name : text
  quotes : list<Quote> via deal
  total : money = sum(quotes.total)
  owner : ref Quote?
  match name and owner
}""")
    assert result.found == []
    entity = result.spec.entities["E"]
    assert list(entity.fields) == ["name", "total", "owner"]
    assert {name: (back.entity, back.via) for name, back in entity.back.items()} == {"quotes": ("Quote", "deal")}
    assert entity.fields["total"].type.nullable
    assert entity.complete


def test_a_field_is_declared_once_and_documented(resolved: Resolve) -> None:
    result = resolved(
        "spec s version 1\n## A buyer.\nentity E {\n  ## Its name.\n  name : text pii\n  name : integer\n}"
    )
    assert result.found == [("name.duplicate", "name")]
    entity = result.spec.entities["E"]
    assert (entity.doc, entity.fields["name"].doc, entity.fields["name"].pii) == ("A buyer.", "Its name.", True)


def test_a_renaming_keeps_the_former_names(resolved: Resolve) -> None:
    result = resolved("""spec s version 1
enum Stage { open renamed from fresh, won }
entity E renamed from F { stage : Stage, name : text renamed from title }""")
    assert result.found == []
    entity = result.spec.entities["E"]
    assert (entity.renamed_from, entity.fields["name"].renamed_from) == ("F", "title")
    assert entity.fields["stage"].type.former == (("open", "fresh"),)


@pytest.mark.parametrize("name", ["`a.b`", "`=x`"])
def test_a_name_that_would_be_taken_for_a_path_or_slot_is_refused(resolved: Resolve, name: str) -> None:
    assert resolved(f"spec s version 1\nentity E {{ x : text, {name} : text }}").found == [("name.invalid", name)]
