"""Paths through references of a system: reading follows them, writing finds the one record that has the value."""

from pathlib import Path
from typing import Any

import pytest

from syncline.guarantees.cost import share
from syncline.pipeline import check_spec
from tests.references.worlds import World

SPEC = """spec s version 1
connector api over rest {
  setting url : url
  setting token : secret
  base "{url}"
  auth bearer token
  resource people {
    id : text identity
    updated : instant version
    email : email
    country_id : ref countries
    manager_id : ref people
    country : text(2)?
    zone : text(9)?
    list GET "/people" { since "updated >= '{since}'" }
    read GET "/people/{id}" { returns record }
    create POST "/people" { returns record }
    update PATCH "/people/{id}" { returns record }
  }
  resource countries {
    id : text identity
    code : text(2) unique
    zone_id : ref zones
    list GET "/countries"
    read GET "/countries/{id}" { returns record }
  }
  resource zones { id : text identity, label : text(9), list GET "/zones" }
}
system crm = api { url: env("CRM"), token: secret("CRMT") }
system erp = api { url: env("ERP"), token: secret("ERPT") }
entity Person { email : email, country : text(2)?, zone : text(9)?, match email }
map Person to crm.people { email <-> email, country <-> country_id.code, zone <- country_id.zone_id.label }
map Person to erp.people { email <-> email, country <-> country, zone -> zone }
sync Person across crm, erp {
  delete in crm unlink
  delete in erp unlink
  truth { otherwise prefers crm then erp }
  empty propagates
}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, SPEC)
    north = made.put("crm", "zones", "z1", label="north")
    south = made.put("crm", "zones", "z2", label="south")
    made.put("crm", "countries", "c1", code="NO", zone_id=north)
    made.put("crm", "countries", "c2", code="MX", zone_id=south)
    return made


async def test_reading_follows(world: Any) -> None:
    world.put("crm", "people", email="a@b.c", country_id="c1")
    await world.run()
    found = world.only("erp", "people")
    assert (found["country"], found["zone"]) == ("NO", "north")
    await world.quiet()


async def test_writing_finds_the_record_that_has_the_value(world: Any) -> None:
    world.put("erp", "people", email="a@b.c", country="MX")
    await world.run()
    found = world.only("crm", "people")
    assert found["country_id"] == "c2"
    assert "country_id.code" not in found
    assert world.only("erp", "people")["zone"] == "south"
    await world.quiet()


async def test_a_change_on_either_side_comes_over(world: Any) -> None:
    here = world.put("crm", "people", email="a@b.c", country_id="c1")
    await world.run()
    there = world.only("erp", "people")["id"]
    world.put("erp", "people", there, country="MX")
    await world.run()
    assert world.only("crm", "people")["country_id"] == "c2"
    world.put("crm", "people", here, country_id="c1")
    await world.run()
    assert world.only("erp", "people")["country"] == "NO"
    world.put("erp", "people", there, country=None)
    await world.run()
    assert world.only("crm", "people")["country_id"] is None
    await world.quiet()


@pytest.mark.parametrize(
    ("codes", "why"), [((), "no record of countries has this code"), (("SE", "SE"), "2 records of")]
)
async def test_none_or_several_set_the_record_aside_with_its_place(
    world: Any, codes: tuple[str, ...], why: str
) -> None:
    for code in codes:
        world.put("crm", "countries", code=code)
    there = world.put("erp", "people", email="a@b.c", country="SE")
    world.put("erp", "people", email="b@b.c", country="NO")
    await world.run()
    assert [record["email"] for record in world.records("crm", "people") if record["country_id"]] == ["b@b.c"]
    with world.store() as store:
        (held,) = store.review.quarantined()
    line = next(number for number, text in enumerate(SPEC.splitlines(), 1) if text.startswith("map Person to crm"))
    assert (held.field, held.place) == ("country", f"spec.sync:{line}")
    assert why in held.detail
    assert "SE" not in held.detail
    world.put("erp", "people", there, country="MX")
    await world.run()
    assert sorted(record["country_id"] for record in world.records("crm", "people")) == ["c1", "c2"]
    with world.store() as store:
        assert store.review.quarantined() == []


async def test_each_referenced_record_is_looked_up_once(world: Any) -> None:
    for number in range(9):
        world.put("crm", "people", email=f"{number}@b.c", country_id="c1" if number % 2 else "c2")
    await world.run()
    assert [call for call in world.twins["crm"].calls if call[0] == "read" and call[1] == "countries"] == [
        ("read", "countries", 2),
        ("read", "countries", 2),
    ]
    assert len([call for call in world.twins["crm"].calls if call[:2] == ("list", "zones")]) == 1


async def test_a_reference_that_leads_nowhere_is_no_change(world: Any) -> None:
    here = world.put("crm", "people", email="a@b.c", country_id="c1")
    await world.run()
    world.put("crm", "people", here, country_id="gone")
    await world.run()
    assert world.only("erp", "people")["country"] == "NO"
    await world.quiet()


LOOKING = """spec s version 1
connector api over rest {
  setting url : url
  setting token : secret
  base "{url}"
  auth bearer token
  resource people {
    id : text identity
    updated : instant version
    email : email
    firm : ref firms
    firm_name : text(40)?
    label : text(90)?
    list GET "/people" { since "updated >= '{since}'" }
    read GET "/people/{id}" { returns record }
    create POST "/people" { returns record }
    update PATCH "/people/{id}" { returns record }
  }
  resource firms {
    id : text identity
    updated : instant version
    number : text(9)
    name : text(40)
    list GET "/firms" { since "updated >= '{since}'" }
    read GET "/firms/{id}" { returns record }
    create POST "/firms" { returns record }
    update PATCH "/firms/{id}" { returns record }
  }
}
system crm = api { url: env("CRM"), token: secret("CRMT") }
system erp = api { url: env("ERP"), token: secret("ERPT") }
entity Firm { number : text(9), name : text(40), match number }
entity Person { email : email, firm : ref Firm?, match email }
map Firm to crm.firms { number <-> number, name <-> name }
map Firm to erp.firms { number <-> number, name <-> name }
map Person to crm.people { email <-> email, firm <-> firm }
map Person to erp.people {
  email <-> email
  firm.name -> firm_name
  if firm.name is present then upper(firm.name) else "none" -> label
}
sync Firm across crm, erp {
  delete in crm unlink, delete in erp unlink, truth { otherwise prefers crm then erp }, empty propagates
}
sync Person across crm, erp {
  delete in crm unlink, delete in erp unlink, truth { email prefers crm then erp }, empty propagates
}
"""


async def test_what_a_record_refers_to_is_written_and_kept_up_to_date(tmp_path: Path) -> None:
    world = World(tmp_path, LOOKING)
    firm = world.put("crm", "firms", number="1", name="Acme")
    other = world.put("crm", "firms", number="2", name="Apex")
    ana = world.put("crm", "people", email="a@b.c", firm=firm)
    world.put("crm", "people", email="b@b.c", firm=other)
    await world.run()

    def shown(email: str) -> tuple[Any, Any]:
        (found,) = (record for record in world.records("erp", "people") if record["email"] == email)
        return found["firm_name"], found["label"]

    assert (shown("a@b.c"), shown("b@b.c")) == (("Acme", "ACME"), ("Apex", "APEX"))
    await world.quiet()
    world.put("crm", "firms", firm, name="Acme Nord")
    await world.run()
    assert (shown("a@b.c"), shown("b@b.c")) == (("Acme Nord", "ACME NORD"), ("Apex", "APEX"))
    await world.quiet()
    world.put("crm", "people", ana, firm=other)
    await world.run()
    assert shown("a@b.c") == ("Apex", "APEX")
    world.put("crm", "people", ana, firm=None)
    await world.run()
    assert shown("a@b.c") == (None, "none")
    await world.quiet()


def along(text: str) -> str:
    """The spec in which what is written stands behind two references."""
    start = text.index("  resource firms {")
    groups = text[start : text.index("\n  }\n", start) + 5].replace("firms", "groups").replace("text(40)", "text(40)?")
    return (
        text.replace("  resource firms {", f"{groups}  resource firms {{\n    group : ref groups", 1)
        .replace(
            "entity Firm { ",
            "entity Group { number : text(9), name : text(40)?, match number }\nentity Firm { group : ref Group?, ",
        )
        .replace(
            "map Firm to crm.firms { ",
            "map Group to crm.groups { number <-> number, name <-> name }\nmap Firm to crm.firms { group <-> group, ",
        )
        .replace("firm.name", "firm.group.name")
        .replace("sync Firm ", "sync Group from crm { delete in crm never, empty propagates }\nsync Firm ")
    )


async def test_what_stands_behind_several_references_is_written_and_kept_up_to_date(tmp_path: Path) -> None:
    world = World(tmp_path, along(LOOKING))
    north = world.put("crm", "groups", number="N", name="Nord")
    south = world.put("crm", "groups", number="S", name="Sud")
    firm = world.put("crm", "firms", number="1", name="Acme", group=north)
    other = world.put("crm", "firms", number="2", name="Apex", group=south)
    ana = world.put("crm", "people", email="a@b.c", firm=firm)
    world.put("crm", "people", email="b@b.c", firm=other)
    world.put("crm", "people", email="c@b.c")
    await world.run()

    def shown(email: str) -> tuple[Any, Any]:
        (found,) = (record for record in world.records("erp", "people") if record["email"] == email)
        return found["firm_name"], found["label"]

    def everybody() -> list[Any]:
        return [shown(f"{letter}@b.c")[0] for letter in "abc"]

    assert everybody() == ["Nord", "Sud", None]
    await world.quiet()
    world.put("crm", "groups", north, name="Nordwind")  # the last of the way
    await world.run()
    assert everybody() == ["Nordwind", "Sud", None]
    await world.quiet()
    world.put("crm", "firms", other, group=north)  # a record on the way holds another one
    await world.run()
    assert everybody() == ["Nordwind", "Nordwind", None]
    await world.quiet()
    world.put("crm", "people", ana, firm=None)  # the record itself
    world.put("crm", "firms", other, group=None)
    await world.run()
    assert everybody() == [None, None, None]
    assert shown("a@b.c")[1] == "none"
    world.put("crm", "firms", other, group=south)
    await world.run()
    assert everybody() == [None, "Sud", None]
    await world.quiet()


BOSSES = LOOKING.replace("firm : ref firms", "boss : ref people")
BOSSES = (
    BOSSES[: BOSSES.index("entity Firm")]
    + """entity Person { email : email, name : text(40)?, boss : ref Person?, match email }
map Person to crm.people { email <-> email, name <-> firm_name, boss <-> boss }
map Person to erp.people { email <-> email, boss.boss.name -> label, name -> firm_name }
sync Person across crm, erp {
  delete in crm unlink, delete in erp unlink, truth { email prefers crm then erp }, empty propagates
}
"""
)


async def test_records_that_look_at_one_another_come_to_rest(tmp_path: Path) -> None:
    world = World(tmp_path, BOSSES)
    one = world.put("crm", "people", email="a@b.c", firm_name="Ana")
    other = world.put("crm", "people", email="b@b.c", firm_name="Bea", boss=one)
    world.put("crm", "people", one, boss=other)
    await world.run()
    await world.run()
    assert {record["email"]: record["label"] for record in world.records("erp", "people")} == {
        "a@b.c": "Ana",
        "b@b.c": "Bea",
    }
    await world.quiet()
    with world.store() as store:
        assert store.unsettled("Person", 0, 9) == []
    world.put("crm", "people", one, firm_name="Anna")
    await world.run()
    await world.run()
    assert sorted(record["label"] for record in world.records("erp", "people")) == ["Anna", "Bea"]
    with world.store() as store:
        assert store.unsettled("Person", 0, 9) == []


async def test_a_reference_that_is_seen_to_hold_nothing_is_news(tmp_path: Path) -> None:
    world = World(tmp_path, LOOKING)
    world.put("erp", "people", email="a@b.c")
    await world.run()
    await world.run()
    assert world.only("erp", "people")["label"] == "none"
    await world.quiet()


def test_personal_data_behind_a_reference_goes_only_where_it_may() -> None:
    text = LOOKING.replace("name : text(40), match number", "name : text(40) pii, match number")
    text = text.replace("  auth bearer token\n", "  auth bearer token\n  pii never\n", 1)
    checked = check_spec("spec.sync", text.encode(), lambda name: None)
    found = [one.span.text for one in checked.diagnostics if one.code == "pii.not-cleared"]
    assert found.count("firm.name") == 1


BACK = LOOKING.replace("  firm.name -> firm_name\n", "  firm.name -> firm_name\n  firm <- firm\n").replace(
    "truth { email", "truth { firm prefers crm then erp, email"
)
NAMED = BOSSES.replace("name -> firm_name", "name <-> firm_name").replace("truth { email", "truth { otherwise")


@pytest.mark.parametrize(
    ("text", "automation", "steps"),
    [
        (BACK, "people.firm when people.firm_name", {"Person.firm", "erp.people.firm_name", "erp.people.firm"}),
        (NAMED, "people.firm_name when people.label", {"Person.name", "erp.people.label", "erp.people.firm_name"}),
    ],
)
def test_a_loop_through_a_path_is_found(text: str, automation: str, steps: set[str]) -> None:
    assert check_spec("spec.sync", text.encode(), lambda name: None).sound
    loop = f"{text}automation in erp sets {automation} is present\n"
    (found,) = check_spec("spec.sync", loop.encode(), lambda name: None).diagnostics
    assert found.code == "cycle.endless"
    assert set(str(found.facts["loop"]).split(" → ")) == steps


def test_the_report_tells_what_following_costs() -> None:
    checked = check_spec("spec.sync", SPEC.encode(), lambda name: None)
    assert checked.model is not None
    (sync,) = checked.model.syncs
    found = share(sync, next(side for side in sync.maps if side.system.name == "crm"))
    assert found.formulas["n records of countries behind `country_id`"] == "n reads"
    assert found.formulas["n records of zones behind `zone_id`"].startswith("a listing: ")
    assert found.formulas["n values written to `country_id.code`"] == "n listings of the records that have them"
