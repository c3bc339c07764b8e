"""Types of fields: aliases followed, records flattened, what is no type refused where it stands."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline.model.types import Type

Resolve = Callable[..., Any]


def one(resolved: Resolve, kind: str, before: str = "") -> Any:
    return resolved(f"spec s version 1\n{before}\nentity E {{ f : {kind} }}")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("text", Type("text")),
        ("text(40)?", Type("text", nullable=True, length=40)),
        ("decimal(12, 2)", Type("decimal", precision=12, scale=2)),
        ("decimal(12)", Type("decimal", precision=12, scale=0)),
        ("money?", Type("money", nullable=True)),
        ("set<text(10)>", Type("set", item=Type("text", length=10))),
        ("list<date>", Type("list", item=Type("date"))),
    ],
)
def test_a_type_is_its_kind_with_its_sizes(resolved: Resolve, written: str, expected: Type) -> None:
    result = one(resolved, written)
    assert result.found == []
    assert result.spec.entities["E"].fields["f"].type == expected


def test_an_alias_is_followed_and_keeps_its_name(resolved: Resolve) -> None:
    result = one(resolved, "Vat?", 'type Code = text(20) matching "[A-Z0-9]{8,20}"\ntype Vat = Code')
    assert result.found == []
    expected = Type("text", nullable=True, length=20, pattern="[A-Z0-9]{8,20}", name="Vat")
    assert result.spec.entities["E"].fields["f"].type == expected


def test_an_enum_keeps_the_order_of_its_members(resolved: Resolve) -> None:
    kind = one(resolved, "Stage", "enum Stage { open, won, lost }").spec.entities["E"].fields["f"].type
    assert kind == Type("enum", members=("open", "won", "lost"), name="Stage")


def test_a_record_becomes_dotted_leaves_that_inherit_null_and_privacy(resolved: Resolve) -> None:
    result = resolved("""spec s version 1
record Geo { country : country }
record Address {
  street : text(80) renamed from road
  geo    : Geo
}
entity E { home : Address? pii, work : Address renamed from office }
""")
    assert result.found == []
    fields = result.spec.entities["E"].fields
    assert list(fields) == ["home.street", "home.geo.country", "work.street", "work.geo.country"]
    assert all(fields[name].type.nullable and fields[name].pii for name in ("home.street", "home.geo.country"))
    assert not fields["work.street"].type.nullable
    assert fields["work.street"].renamed_from == "office.road"
    assert fields["home.street"].renamed_from == "home.road"
    assert fields["home.street"].span.text == "street"


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        ("string", "type.unknown", "string"),
        ("text(0)", "type.arguments", "text(0)"),
        ("text(4, 5)", "type.arguments", "text(4, 5)"),
        ('text("x")', "type.arguments", 'text("x")'),
        ("decimal(2, 4)", "type.arguments", "decimal(2, 4)"),
        ("money(2)", "type.arguments", "money(2)"),
        ("list", "type.arguments", "list"),
        ("list<list<text>>", "type.arguments", "list<text>"),
        ("bag<text>", "type.unknown", "bag"),
        ("list<text> by code", "type.arguments", "code"),
        ("list<E>", "not-yet.collection", "list<E>"),
        ("ref Nobody", "name.unknown-entity", "Nobody"),
    ],
)
def test_what_is_no_type_is_refused_where_it_stands(resolved: Resolve, kind: str, code: str, text: str) -> None:
    result = one(resolved, kind)
    assert result.found == [(code, text)]
    assert result.spec.entities["E"].fields == {}
    assert not result.spec.entities["E"].complete


@pytest.mark.parametrize(
    ("written", "meant"),
    [("string", "text"), ("int", "integer"), ("Stgae", "Stage"), ("timestamp", "instant"), ("zzz", "")],
)
def test_the_type_that_was_meant_is_suggested(resolved: Resolve, written: str, meant: str) -> None:
    result = one(resolved, written, "enum Stage { open }")
    assert result.only("type.unknown").facts["suggestion"] == meant


@pytest.mark.parametrize(
    ("declarations", "found"),
    [
        ("type A = B\ntype B = A", [("type.recursive", "A"), ("type.recursive", "B")]),
        ("type A = A", [("type.recursive", "A")]),
        ("record A { b : B }\nrecord B { a : A }", [("type.recursive", "A")]),
        ("record A { x : integer = 1, x : text }", [("name.duplicate", "x")]),
        ("enum A { one, one }", [("name.duplicate", "one")]),
        ("enum A { }", [("type.enum-empty", "A")]),
        ("record A { }", [("entity.empty", "A")]),
        ("enum A { one }\nrecord A { x : text }", [("name.duplicate", "A")]),
        ("record R { x : text }\ntype A = R", [("type.alias-of-record", "R")]),
        ("type text = integer", [("name.shadows-builtin", "text")]),
        ('type A = integer matching "1"', [("type.pattern-invalid", '"1"')]),
        ('type A = text matching "a"\ntype B = A matching "b"', [("type.pattern-invalid", '"b"')]),
    ],
)
def test_a_faulty_declaration_is_reported_once(resolved: Resolve, declarations: str, found: list[Any]) -> None:
    assert resolved(f"spec s version 1\n{declarations}\nentity E {{ f : text }}").found == found


def test_a_faulty_alias_is_reported_once_however_often_it_is_used(resolved: Resolve) -> None:
    fields = "\n".join(f"f{number} : Code" for number in range(5))
    result = resolved(f"spec s version 1\ntype Code = txt(20)\nentity E {{\n{fields}\n}}")
    assert result.found == [("type.unknown", "txt")]


def test_a_mistake_in_a_record_is_reported_once_however_often_it_is_used(resolved: Resolve) -> None:
    result = resolved("spec s version 1\nrecord R { x : txt, y : text }\nentity E { a : R, b : R }")
    assert result.found == [("type.unknown", "txt")]
    assert list(result.spec.entities["E"].fields) == ["a.y", "b.y"]


def test_records_that_double_at_every_level_end_in_a_diagnostic(resolved: Resolve) -> None:
    levels = "\n".join(f"record R{level} {{ a : R{level - 1}, b : R{level - 1} }}" for level in range(1, 25))
    result = resolved(f"spec s version 1\nrecord R0 {{ x : text }}\n{levels}\nentity E {{ a : R24 }}")
    assert {code for code, _ in result.found} == {"entity.too-large"}


@pytest.mark.parametrize("kind", ["type A{0} = A{1}", "record A{0} {{ x : A{1} }}", "codec A{0} = A{1}"])
def test_a_chain_of_a_thousand_declarations_ends_in_a_diagnostic(resolved: Resolve, kind: str) -> None:
    chain = "\n".join(kind.format(number, number + 1) for number in range(1000))
    codes = {code for code, _ in resolved(f"spec s version 1\n{chain}\nentity E {{ f : text }}").found}
    assert codes & {"type.too-deep", "codec.too-long"}
