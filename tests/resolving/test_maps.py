"""Maps: both ends of a line are fields that exist, what flows fits, and each mistake is told once."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline.model.expressions import EntityField
from syncline.model.spec import Arrow
from syncline_runtime.declaration import When

Resolve = Callable[..., Any]

ENTITY = """
record Address { street : text(200)? }
entity Company {
  name : text(200), code : text(20)?, rank : integer?, active : boolean?, address : Address, price : decimal(12, 2)?
}
"""


def lines(within: Resolve, body: str, head: str = "map Company to a.customers") -> Any:
    return within(f"{ENTITY}{head} {{\n{body}\n}}")


def test_a_line_joins_an_entity_field_and_native_fields_with_spans_of_both_ends(within: Resolve) -> None:
    result = lines(
        within,
        """
  name           <-> name
  code           <-  code as trim only when present
  rank            -> rank only on create
  address.street <-> stage only into empty
""",
    )
    assert result.found == []
    (found,) = result.spec.maps
    assert (found.entity.name, found.system.name, found.resource.name, found.complete) == (
        "Company",
        "a",
        "customers",
        True,
    )
    told = [
        (line.slot, line.natives[0].name, line.arrow, line.when, line.span.text, line.native_span.text)
        for line in found.lines
    ]
    assert told == [
        ("name", "name", Arrow.BOTH, When.ALWAYS, "name", "name"),
        ("code", "code", Arrow.READ, When.PRESENT, "code", "code"),
        ("rank", "rank", Arrow.WRITE, When.ON_CREATE, "rank", "rank"),
        ("address.street", "stage", Arrow.BOTH, When.INTO_EMPTY, "address.street", "stage"),
    ]


@pytest.mark.parametrize(
    ("line", "code", "text"),
    [
        ("nmae <-> name", "map.field-unknown", "nmae"),
        ("name <-> nmae", "map.native-unknown", "nmae"),
        ("address <-> name", "type.record-as-value", "address"),
        ("address.stret <-> name", "map.field-unknown", "address.stret"),
        ("name <-> lower(name)", "map.expression-two-way", "lower(name)"),
        ("lower(name) <-> name", "map.expression-two-way", "lower(name)"),
        ("lower(name) -> name as trim", "map.line-both-codec-and-expression", "trim"),
        ("lower(name) <- name", "map.target", "lower(name)"),
        ("name -> lower(name)", "map.target", "lower(name)"),
        ("name <- parent.nmae", "map.native-unknown", "nmae"),
        ('name <- tags["x"]', "not-yet.keyed-element", 'tags["x"]'),
        ("rank <-> active", "type.mismatch", "active"),
    ],
)
def test_a_faulty_line_is_reported_and_left_out(within: Resolve, line: str, code: str, text: str) -> None:
    result = lines(within, line)
    assert result.found == [(code, text)]
    assert result.spec.maps[0].lines == ()
    assert not result.spec.maps[0].complete


def test_of_several_conditions_all_hold(within: Resolve) -> None:
    result = lines(within, "name -> name only on create only when present")
    assert result.found == []
    assert result.spec.maps[0].lines[0].when == When.ON_CREATE | When.PRESENT
    assert result.spec.maps[0].lines[0].when.said == "only on create only when present"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("name <- name only on create", "only on create"),
        ("name -> name only when present only when present", "only when present"),
        ("name <-> name only on create only into empty", "only into empty"),
    ],
)
def test_a_condition_without_effect_is_told(within: Resolve, line: str, text: str) -> None:
    assert lines(within, line).found == [("map.condition-idle", text)]


def test_near_names_are_suggested_from_the_side_they_belong_to(within: Resolve) -> None:
    result = lines(within, "nam <-> nmae\ncode <-> activ")
    suggestions = [(one.facts["name"], one.facts["suggestion"]) for one in result.diagnostics]
    assert suggestions == [("nam", "name"), ("nmae", "name"), ("activ", "active")]


def test_a_field_is_mapped_once_and_a_native_written_once(within: Resolve) -> None:
    assert lines(within, "name <-> name\nname <-> code").found == [("map.field-twice", "name")]
    assert lines(within, "name -> code\ncode -> code").found == [("map.native-twice", "code")]
    assert lines(within, "name <- code\ncode <-> code").found == []


def test_a_field_written_to_two_places_has_a_slot_for_each(within: Resolve) -> None:
    result = lines(within, "name <-> name\nname -> stage")
    assert result.found == []
    both, written = result.spec.maps[0].lines
    assert (both.slot, written.slot) == ("name", "=stage")
    assert isinstance(written.expression, EntityField)


def test_equalities_of_where_stand_apart_from_the_rest(within: Resolve) -> None:
    result = lines(
        within, "name <-> name", 'map Company to a.customers where active = true and stage = "x" and rank > 3'
    )
    assert result.found == []
    (found,) = result.spec.maps
    assert [(one.native.name, one.value) for one in found.where] == [("active", True), ("stage", "x")]
    assert found.where_expression is not None
    assert found.where_expression.span.text == "rank > 3"


@pytest.mark.parametrize(("where", "value"), [("active", True), ("not active", False), ("active = false", False)])
def test_a_bare_boolean_is_an_equality(within: Resolve, where: str, value: bool) -> None:
    (found,) = lines(within, "name <-> name", f"map Company to a.customers where {where}").spec.maps
    assert [(one.native.name, one.value) for one in found.where] == [("active", value)]
    assert found.where_expression is None


def test_where_speaks_of_native_fields_and_when_of_the_entitys(within: Resolve) -> None:
    result = lines(within, "name <-> name", "map Company to a.customers where price > 1 when address.street is present")
    assert result.found == []
    swapped = lines(
        within, "name <-> name", "map Company to a.customers where address.street is present when stage is present"
    )
    assert swapped.found == [("map.native-unknown", "address.street"), ("name.unknown-field", "stage")]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("map Compny to a.customers", [("name.unknown-entity", "Compny"), ("map.native-unknown", "zzz")]),
        ("map Company to c.customers", [("name.unknown-system", "c"), ("map.field-unknown", "yyy")]),
        ("map Company to a.customer", [("name.unknown-resource", "customer"), ("map.field-unknown", "yyy")]),
    ],
)
def test_the_known_end_of_a_map_is_checked_whatever_is_wrong_with_the_other(
    within: Resolve, head: str, found: list[Any]
) -> None:
    result = lines(within, "yyy <-> zzz", head)
    assert result.found == found
    assert result.spec.maps == ()


def test_a_second_map_of_an_entity_in_a_system_is_refused(within: Resolve) -> None:
    second = f"{ENTITY}map Company to a.customers {{ name <-> name }}\nmap Company to a.customers {{ name <-> name }}"
    result = within(second)
    assert result.found == [("map.duplicate", "a.customers")]
    assert len(result.spec.maps) == 1


def test_lines_of_fields_left_out_of_the_entity_are_silent(within: Resolve) -> None:
    result = within("""
entity E { name : text, owner : ref E?, wrong : txt }
map E to a.customers { name <-> name, owner <-> parent, wrong <-> stage }
""")
    assert result.found == [("type.unknown", "txt")]
    assert [line.slot for line in result.spec.maps[0].lines] == ["name", "owner"]
