"""References and paths through them: known, typed and checked today, though their lines are executed later."""

from collections.abc import Callable
from typing import Any

import pytest

Resolve = Callable[..., Any]

CONNECTOR = """
connector erp over sql {
  setting url : secret
  resource partners table "partners" {
    id         : integer identity
    name       : text(100)
    vat        : text(20) unique
    parent_id  : ref partners
    country_id : ref countries
    any_id     : ref partners or countries
  }
  resource countries table "countries" {
    id   : integer identity
    code : text(2) unique
    name : text(60)
    zone : ref zones
  }
  resource zones table "zones" { id : integer identity, label : text(9) unique }
}
system e = erp { url: secret("URL") }
"""
ENTITIES = """
record Place { country : text(2)?, seat : ref Region? }
entity Region { code : text(2), title : text(60), match code }
entity Company {
  name   : text(100)
  vat    : text(20)?
  label  : text(9)?
  place  : Place
  parent : ref Company?
  region : ref Region
  match vat
}
"""


@pytest.fixture
def line(resolved: Resolve) -> Resolve:
    """What is found in one line of a map; it is part of the map where nothing is."""

    def resolve_line(text: str) -> list[tuple[str, str]]:
        result = resolved(f"spec s version 1\n{CONNECTOR}{ENTITIES}\nmap Company to e.partners {{ {text} }}")
        (found,) = result.spec.maps
        assert bool(found.lines) == found.complete == (not result.found)
        return list(result.found)

    return resolve_line


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("parent <-> parent_id", []),
        ("place.seat <-> country_id", []),
        ("place.country <-> country_id.code", []),
        ("place.country <-> country_id.code as upper", []),
        ("name <- country_id.name", []),
        ("name <- parent_id.parent_id.name", []),
        ("label <- country_id.zone.label", []),
        ("parent.vat <-> vat", []),
        ("region.title -> name", []),
        ("parent.region.title -> name", []),
        ("lower(parent.region.title) -> name", []),
        ("parent.region.code <-> name", [("not-yet.path", "parent.region.code")]),
        ("parent.region.code -> name as upper", [("not-yet.path", "parent.region.code")]),
        ("name <- lower(country_id.name)", []),
        ("name <- any_id.name", [("not-yet.path", "any_id.name")]),
    ],
)
def test_a_sound_line_gives_nothing_but_what_is_of_a_later_release(
    line: Resolve, text: str, found: list[tuple[str, str]]
) -> None:
    assert line(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("label <-> country_id.zone.label", [("path.not-unique", "country_id.zone.label")]),
        ("name <- country_id.nmae", [("map.native-unknown", "nmae")]),
        ("name <- parent_id.country.name", [("map.native-unknown", "country.name")]),
        ("name <- parent_id.country_id.cod", [("map.native-unknown", "cod")]),
        ("name <- any_id.vat", [("map.native-unknown", "vat")]),
        ("region.titel -> name", [("map.field-unknown", "titel")]),
        ("parent.region.titel -> name", [("map.field-unknown", "titel")]),
        ("place.seat.titel -> name", [("map.field-unknown", "titel")]),
        ("lower(region.titel) -> name", [("name.unknown-field", "titel")]),
        ("name <- lower(country_id.nmae)", [("map.native-unknown", "nmae")]),
        ("name -> country_id.name", [("path.not-unique", "country_id.name")]),
        ("name <-> parent_id.name", [("path.not-unique", "parent_id.name")]),
        ("region.title <- name", [("path.not-unique", "region.title")]),
        ("parent <-> name", [("type.mismatch", "name")]),
        ("name <- parent_id", [("type.mismatch", "parent_id")]),
        ("name <-> country_id.id", [("type.mismatch", "country_id.id")]),
        ("parent -> parent_id as trim", [("codec.type-mismatch", "trim")]),
        ("name <-> country_id.code as trm", [("codec.unknown", "trm")]),
        ("length(region.title) -> name", [("type.mismatch", "length(region.title)")]),
    ],
)
def test_a_mistake_in_a_line_is_found_today(line: Resolve, text: str, found: list[tuple[str, str]]) -> None:
    assert line(text) == found


def test_near_names_are_those_of_what_is_referenced(resolved: Resolve) -> None:
    body = "name <- parent_id.country_id.cod\nregion.titel -> name"
    result = resolved(f"spec s version 1\n{CONNECTOR}{ENTITIES}\nmap Company to e.partners {{\n{body}\n}}")
    native, field = result.only("map.native-unknown"), result.only("map.field-unknown")
    assert (native.facts["suggestion"], native.facts["resource"]) == ("code", "countries")
    assert (field.facts["suggestion"], field.facts["entity"]) == ("title", "Region")


def test_what_is_unique_there_is_named(resolved: Resolve) -> None:
    body = "name -> country_id.name"
    result = resolved(f"spec s version 1\n{CONNECTOR}{ENTITIES}\nmap Company to e.partners {{ {body} }}")
    facts = result.only("path.not-unique").facts
    assert (facts["owner"], facts["name"], facts["unique"]) == ("countries", "name", ("id", "code"))


def test_a_reference_of_a_connector_points_to_a_resource_that_it_or_an_extension_declares(resolved: Resolve) -> None:
    connector = """spec s version 1
connector c over sql {
  setting url : secret
  resource people table "people" { id : integer identity, pet : ref pets, boss : ref poeple, home : ref houses }
  resource pets table "pets" { id : integer identity }
}
system s = c { url: secret("URL") }
"""
    assert resolved(connector).found == [("name.unknown-resource", "boss"), ("name.unknown-resource", "home")]
    assert resolved(connector).diagnostics[0].facts["suggestion"] == "people"
    alone = connector[: connector.index("system")]
    assert resolved(alone).found == [("name.unknown-resource", "boss"), ("name.unknown-resource", "home")]
    extended = connector + 'extend s { resource houses table "houses" { id : integer identity, cat : ref catz } }'
    assert resolved(extended).found == [("name.unknown-resource", "boss"), ("name.unknown-resource", "cat")]


def test_a_path_of_thousands_of_steps_is_answered(line: Resolve) -> None:
    text = "parent_id." * 5_000 + "name"
    assert [code for code, _ in line(f"name <- {text}")] == ["not-yet.path"]
    several = "any_id." + "parent_id." * 20 + "name"
    assert ("map.native-unknown", "parent_id") in line(f"name <- {several}")
