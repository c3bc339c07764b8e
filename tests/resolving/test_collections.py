"""Nested collections: their elements and lines are checked as those of any map, be they executed today or later."""

from collections.abc import Callable
from typing import Any

import pytest

Resolve = Callable[..., Any]

CONNECTOR = """
connector erp over sql {
  setting url : secret
  resource orders table "orders" {
    id         : integer identity
    number     : text(20) unique
    order_line : list<ref order_lines>
    rows       : list<order_lines>
    tags       : set<text>
  }
  resource order_lines table "order_lines" {
    id         : integer identity
    qty        : integer
    price      : decimal(12, 2)
    note       : text
    product_id : ref products
    taxes      : list<ref taxes>
  }
  resource products table "products" { id : integer identity, default_code : text(20) unique, title : text }
  resource taxes table "taxes" { id : integer identity, rate : integer }
}
system e = erp { url: secret("URL") }
"""
ENTITIES = """
entity Product { sku : text(20), title : text?, match sku }
record Tax { rate : integer }
record OrderLine { product : ref Product, quantity : integer, note : text?, taxes : list<Tax> }
entity Order {
  number : text(20)
  lines  : list<OrderLine> by product.sku
  match number
}
"""
DECLARED = [("not-yet.collection", "list<Tax>")]


@pytest.fixture
def line(resolved: Resolve) -> Resolve:
    """What is found in one line of a map, beside what the declarations answer; the whole line reads as `…`."""

    def resolve_line(text: str) -> list[tuple[str, str]]:
        result = resolved(f"spec s version 1\n{CONNECTOR}{ENTITIES}\nmap Order to e.orders {{ {text} }}")
        (found,) = result.spec.maps
        assert bool(found.lines) == found.complete == (result.found == DECLARED)
        assert [one for one in result.found if one in DECLARED] == DECLARED
        return [(code, "…" if at == text else at) for code, at in result.found if (code, at) not in DECLARED]

    return resolve_line


LATER = ("not-yet.collection", "…")


@pytest.mark.parametrize("native", ["order_line", "rows"])
@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("quantity <-> qty, note <-> note as trim", []),
        (
            "product.sku <-> product_id.default_code",
            [("not-yet.path", "product.sku")],
        ),
        ("parent.number -> note", []),
        ("note <- parent.number", []),
        ("truncate(parent.number, 3) -> note", []),
        ("quantity * 2 -> qty", []),
        ("taxes <-> taxes { rate <-> rate }", [("not-yet.collection", "taxes <-> taxes { rate <-> rate }")]),
    ],
)
def test_sound_elements_give_nothing_but_what_is_of_a_later_release(
    line: Resolve, native: str, body: str, found: list[tuple[str, str]]
) -> None:
    later = native == "order_line" or (not found and "parent." in body)
    key = "" if body.startswith("product") else "product <-> product_id, "
    assert line(f"lines <-> {native} {{ {key}{body} }}") == ([LATER] if later and not found else found)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("quantty <-> qty", [("map.field-unknown", "quantty")]),
        ("quantity <-> qyt", [("map.native-unknown", "qyt")]),
        ("product.skuu -> note", [("map.field-unknown", "skuu")]),
        ("note <- product_id.titel", [("map.native-unknown", "titel")]),
        ("note -> product_id.title", [("path.not-unique", "product_id.title")]),
        ("product.title <- note", [("not-yet.path", "product.title"), ("path.not-unique", "product.title")]),
        ("note <-> qty", [("type.mismatch", "qty")]),
        ("note <-> note as trm", [("codec.unknown", "trm")]),
        ("lower(note) <-> note", [("map.expression-two-way", "lower(note)")]),
        ("lower(nte) -> note", [("name.unknown-field", "nte")]),
        ("parent.numbr -> note", [("map.field-unknown", "numbr")]),
        ("note <- parent.numbr", [("map.native-unknown", "numbr")]),
        ("note -> note, product.title -> note", [("not-yet.path", "product.title"), ("map.native-twice", "note")]),
        ("note <- note, note <- note", [("map.field-twice", "note")]),
        (
            "taxes <-> taxes { rate <-> rat }",
            [("map.native-unknown", "rat")],
        ),
    ],
)
def test_a_mistake_inside_is_found_today(line: Resolve, body: str, found: list[tuple[str, str]]) -> None:
    assert line(f"lines <-> rows {{ {body} }}") == found


def test_what_tells_one_element_from_another_is_mapped(line: Resolve) -> None:
    assert line("lines <-> rows { quantity <-> qty }") == [("collection.no-key", "lines")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("number <-> order_line { quantity <-> qyt }", [("type.mismatch", "number"), ("map.native-unknown", "qyt")]),
        ("lines <-> tags { quantty <-> qty }", [("type.mismatch", "tags"), ("map.field-unknown", "quantty")]),
        ("linse <-> order_line { quantity <-> qty }", [("map.field-unknown", "linse")]),
        ("lines <-> order_lin { quantity <-> qty }", [("map.native-unknown", "order_lin")]),
        ("lines <-> lower(number) { quantity <-> qty }", [("map.target", "lower(number)")]),
    ],
)
def test_both_ends_of_a_block_are_collections(line: Resolve, text: str, found: list[tuple[str, str]]) -> None:
    assert line(text) == found


def test_a_collection_is_no_single_value(line: Resolve) -> None:
    assert line("number <- order_line") == [("not-yet.collection", "order_line"), ("type.mismatch", "order_line")]
    assert line("lines -> number") == [("type.mismatch", "number")]
    assert line("lines.note -> number") == [("not-yet.path", "lines.note"), ("type.mismatch", "number")]


@pytest.mark.parametrize(
    ("by", "at"), [("quantity", ""), ("product.sku", ""), ("quantty", "quantty"), ("product.skuu", "skuu")]
)
def test_elements_align_by_a_field_that_they_have(resolved: Resolve, by: str, at: str) -> None:
    result = resolved("spec s version 1" + ENTITIES.replace("by product.sku", f"by {by}"))
    assert [one for one in result.found if one[0] == "name.unknown-field"] == (
        [("name.unknown-field", at)] if at else []
    )


def test_an_embedded_list_is_of_a_kind_or_of_a_resource(resolved: Resolve) -> None:
    result = resolved("spec s version 1" + CONNECTOR.replace("list<order_lines>", "list<order_line>"))
    assert result.found == [("connector.unknown-word", "rows")]
    assert result.diagnostics[0].facts["suggestion"] == "order_lines"
    assert resolved("spec s version 1" + CONNECTOR.replace("list<ref taxes>", "list<ref tax>")).found == [
        ("name.unknown-resource", "taxes")
    ]
