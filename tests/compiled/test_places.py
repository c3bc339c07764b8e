"""Several maps of one entity in one system, from the spec to the records: each record has one place, and its link follows it."""

from functools import cache
from pathlib import Path

import pytest

from syncline_runtime.declaration import Package
from syncline_runtime.executing.migrate import SpecChanged, carry_out, prepared
from syncline_runtime.pending import pending
from syncline_runtime.simulation.twin import Table
from tests.compiled.installation import READABLE, Installation, checked, codes, compiled

_AT = READABLE.index("  ## People and companies"), READABLE.index("  ## Business partners")
LIBRARY = (
    READABLE[: _AT[1]]
    + READABLE[slice(*_AT)].replace("resource contacts", "resource leads").replace('"/contacts', '"/leads')
    + READABLE[_AT[1] :]
)
"""The sample systems, which keep leads beside their contacts."""

PEOPLE = """
enum Kind {{ lead, customer }}
entity Person {{ email: email, name: text(100), phone: phone?, kind: Kind?, match email }}
map Person to crm.leads when kind is lead {{
  email <-> email
  name  <-> name
  phone <-> phone
  kind  <-  lead
}}
map Person to crm.contacts when kind is customer {{
  email <-> email
  name  <-> name
  phone <-> phone
  kind  <-  customer
}}
map Person to erp.contacts {{
  email <-> email
  name  <-> name
  phone <-> phone
  kind  <-> stage as {{ lead: "lead", customer: "customer" }}
}}
sync Person across crm, erp {{
  delete in crm propagate
  delete in erp propagate
  empty propagates
{clauses}
  truth {{
    email prefers crm then erp
    name  {name}
    phone prefers erp then crm
    kind  {kind}
  }}
}}
"""


def people(*clauses: str, name: str = "owned by crm", kind: str = "prefers erp then crm") -> str:
    return PEOPLE.format(clauses="\n".join(f"  {clause}" for clause in clauses), name=name, kind=kind)


ANA = {"email": "ana@x.org", "name": "Ana", "phone": None, "active": True}


@cache
def package(text: str) -> Package:
    return compiled(text, LIBRARY)


def world(tmp_path: Path, text: str = "") -> Installation:
    return Installation(tmp_path, package(text or people()))


def linked(world: Installation) -> list[tuple[str, ...]]:
    """The systems of each link."""
    with world.store() as store:
        rows = [row.link_id for row in store.unsettled("Person", 0, 100, as_seen=True)]
        found = store.systems_of(rows or list(range(1, 20)))
    return sorted(tuple(sorted(systems)) for systems in found.values())


# -- where records are made --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("stage", "place"), [("lead", "crm.leads"), ("customer", "crm.contacts")])
async def test_a_record_is_created_in_the_place_whose_when_holds(tmp_path: Path, stage: str, place: str) -> None:
    house = world(tmp_path)
    house.put("erp.contacts", **ANA, stage=stage)
    await house.run()
    assert len(house.records(place)) == 1
    assert len(house.records("crm.leads")) + len(house.records("crm.contacts")) == 1
    await house.settled()


async def test_a_record_that_belongs_nowhere_is_created_nowhere(tmp_path: Path) -> None:
    house = world(tmp_path)
    house.put("erp.contacts", **ANA, stage=None)
    await house.run()
    assert not house.records("crm.leads")
    assert not house.records("crm.contacts")
    await house.settled()


async def test_each_place_feeds_the_other_systems(tmp_path: Path) -> None:
    house = world(tmp_path)
    house.put("crm.leads", **ANA)
    house.put("crm.contacts", **ANA | {"email": "bo@x.org", "name": "Bo"})
    await house.run()
    shown = {one["email"]: one["stage"] for one in house.records("erp.contacts").values()}
    assert shown == {"ana@x.org": "lead", "bo@x.org": "customer"}
    await house.settled()


async def test_the_system_owns_from_whichever_place(tmp_path: Path) -> None:
    house = world(tmp_path)
    house.put("crm.leads", **ANA)
    house.put("crm.contacts", **ANA | {"email": "bo@x.org", "name": "Bo"})
    await house.run()
    for remote_id in list(house.records("erp.contacts")):
        house.put("erp.contacts", remote_id, name="Another")
    await house.run()
    assert sorted(one["name"] for one in house.records("erp.contacts").values()) == ["Ana", "Bo"]
    assert house.journal("overwritten") == [("erp", "name"), ("erp", "name")]
    await house.settled()


# -- a record that moves -----------------------------------------------------------------------------------------------


async def pair(tmp_path: Path, text: str = "") -> tuple[Installation, str, str]:
    house = world(tmp_path, text)
    lead = house.put("crm.leads", **ANA)
    await house.run()
    return house, lead, house.only("erp.contacts")


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("kind", ["prefers erp then crm", "prefers crm then erp", "owned by crm", "newest else erp"])
async def test_a_converted_lead_keeps_its_link(tmp_path: Path, kind: str, full: bool) -> None:
    house, lead, erp = await pair(tmp_path, people(kind=kind))
    house.drop("crm.leads", lead)
    house.put("crm.contacts", **ANA | {"name": "Anna"})
    assert (await house.run(full=full)).exit_code == 0
    (record,) = house.records("erp.contacts").values()
    assert (record["id"], record["name"], record["stage"]) == (erp, "Anna", "customer")
    assert not house.records("crm.leads")
    assert len(house.records("crm.contacts")) == 1
    assert linked(house) == [("crm.contacts", "erp")]
    await house.settled()


async def test_one_that_is_alone_keeps_its_link_too(tmp_path: Path) -> None:
    house = world(tmp_path, people("create in erp never"))
    lead = house.put("crm.leads", **ANA)
    await house.run()
    house.drop("crm.leads", lead)
    house.put("crm.contacts", **ANA)
    await house.run(full=True)
    await house.settled()
    assert linked(house) == [("crm.contacts",)]


async def test_an_edit_elsewhere_during_the_conversion_is_not_lost(tmp_path: Path) -> None:
    house, lead, erp = await pair(tmp_path)
    house.drop("crm.leads", lead)
    contact = house.put("crm.contacts", **ANA)
    house.put("erp.contacts", erp, phone="+525512345678")
    await house.run(full=True)
    await house.run(full=True)
    assert house.records("crm.contacts")[contact]["phone"] == "+525512345678"
    await house.settled()


async def test_what_is_found_nowhere_was_deleted(tmp_path: Path) -> None:
    house, lead, _ = await pair(tmp_path)
    house.drop("crm.leads", lead)
    await house.run(full=True)
    await house.run(full=True)
    assert not house.records("erp.contacts")
    await house.settled()


async def test_a_deletion_elsewhere_reaches_the_place_where_the_record_is(tmp_path: Path) -> None:
    house, lead, erp = await pair(tmp_path)
    house.drop("crm.leads", lead)
    house.put("crm.contacts", **ANA)
    await house.run(full=True)
    house.drop("erp.contacts", erp)
    await house.run(full=True)
    await house.run(full=True)
    assert not house.records("crm.contacts")
    await house.settled()


async def test_a_lead_left_beside_its_contact_waits_for_a_person(tmp_path: Path) -> None:
    house, lead, erp = await pair(tmp_path)
    contact = house.put("crm.contacts", **ANA)
    report = await house.run()
    assert report.exit_code == 1
    assert linked(house) == [("crm.leads", "erp")]
    assert set(house.records("erp.contacts")) == {erp}
    house.drop("crm.leads", lead)
    await house.run(full=True)
    await house.run(full=True)
    assert set(house.records("crm.contacts")) == {contact}
    assert set(house.records("erp.contacts")) == {erp}
    assert linked(house) == [("crm.contacts", "erp")]
    assert (await house.run()).exit_code == 0


async def test_two_of_one_system_that_meet_on_the_first_run_wait(tmp_path: Path) -> None:
    house = world(tmp_path)
    house.put("crm.leads", **ANA)
    house.put("crm.contacts", **ANA)
    house.put("erp.contacts", **ANA, stage="lead")
    assert (await house.run()).exit_code == 1
    assert house.writes == 0


async def test_what_meets_both_of_one_system_later_waits_too(tmp_path: Path) -> None:
    house = world(tmp_path)
    lead = house.put("crm.leads", **ANA)
    house.put("crm.contacts", **ANA)
    await house.run()
    house.put("erp.contacts", **ANA, stage="lead")
    await house.run()
    assert house.writes == 0
    assert linked(house) == []
    house.drop("crm.leads", lead)
    await house.run(full=True)
    await house.run(full=True)
    assert linked(house) == [("crm.contacts", "erp")]


async def test_one_that_moves_between_two_listings_is_not_deleted(tmp_path: Path) -> None:
    house = world(tmp_path)
    contact = house.put("crm.contacts", **ANA)
    await house.run()
    erp = house.only("erp.contacts")

    def convert(operation: str) -> None:
        house.clock.time += 1
        if operation == "list" and contact in house.records("crm.contacts"):
            house.drop("crm.contacts", contact)
            house.put("crm.leads", **ANA)

    house.twins["crm.contacts"].before = convert
    await house.run(full=True)
    assert set(house.records("erp.contacts")) == {erp}
    await house.run(full=True)
    assert linked(house) == [("crm.leads", "erp")]
    assert set(house.records("erp.contacts")) == {erp}


async def test_no_deletion_while_the_same_key_waits_for_a_place(tmp_path: Path) -> None:
    house, lead, erp = await pair(tmp_path)
    house.put("crm.contacts", **ANA)
    second = house.put("crm.contacts", **ANA)
    house.drop("crm.leads", lead)
    await house.run(full=True)
    await house.run(full=True)
    assert set(house.records("erp.contacts")) == {erp}
    house.drop("crm.contacts", second)
    await house.run(full=True)
    await house.run(full=True)
    assert linked(house) == [("crm.contacts", "erp")]
    assert set(house.records("erp.contacts")) == {erp}


async def test_a_conversion_decided_elsewhere_is_asked_for(tmp_path: Path) -> None:
    house, lead, erp = await pair(tmp_path)
    house.put("erp.contacts", erp, stage="customer")
    report = await house.run()
    assert report.exit_code == 1
    assert set(house.records("crm.leads")) == {lead}
    assert not house.records("crm.contacts")
    house.drop("crm.leads", lead)
    house.put("crm.contacts", **ANA)
    await house.run(full=True)
    assert (await house.run(full=True)).exit_code == 0
    assert linked(house) == [("crm.contacts", "erp")]
    await house.settled()


async def test_and_back_again(tmp_path: Path) -> None:
    house, lead, erp = await pair(tmp_path)
    house.drop("crm.leads", lead)
    contact = house.put("crm.contacts", **ANA)
    await house.run(full=True)
    house.drop("crm.contacts", contact)
    house.put("crm.leads", **ANA)
    await house.run(full=True)
    await house.run(full=True)
    assert set(house.records("erp.contacts")) == {erp}
    assert house.records("erp.contacts")[erp]["stage"] == "lead"
    await house.settled()


# -- one resource, told apart by `where` -------------------------------------------------------------------------------

ONE_RESOURCE = (
    people()
    .replace("crm.leads when", "crm.contacts where vip = false when")
    .replace("crm.contacts when kind is customer", "crm.contacts where vip = true when kind is customer")
)


async def test_one_resource_with_a_place_for_each_where(tmp_path: Path) -> None:
    house = world(tmp_path, ONE_RESOURCE)
    first = house.put("crm.contacts", **ANA, vip=False)
    house.put("erp.contacts", **ANA | {"email": "bo@x.org"}, stage="customer")
    await house.run()
    assert {one["email"]: one["vip"] for one in house.records("crm.contacts").values()} == {
        "ana@x.org": False,
        "bo@x.org": True,
    }
    await house.settled()
    house.put("crm.contacts", first, vip=True)
    await house.run()
    await house.run()
    assert {one["email"]: one["stage"] for one in house.records("erp.contacts").values()} == {
        "ana@x.org": "customer",
        "bo@x.org": "customer",
    }
    await house.settled()
    house.put("crm.contacts", first, vip=False, name="Anna")
    await house.run()
    await house.run()
    assert ("Anna", "lead") in {(one["name"], one["stage"]) for one in house.records("erp.contacts").values()}
    await house.settled()


# -- what the checker says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (people(), []),
        (ONE_RESOURCE, []),
        (people().replace("contacts when kind is customer", "contacts when kind is present"), ["map.not-apart"]),
        (people().replace("contacts when kind is customer", "contacts"), ["map.not-apart"]),
        (people("create in crm never").replace("contacts when kind is customer", "contacts"), []),
        (ONE_RESOURCE.replace("where vip = true ", ""), ["map.duplicate"]),
        (people(name="owned by shop"), ["truth.unknown-system"]),
        (people(kind="newest"), ["truth.no-tie-break"]),
        (people().replace("  delete in crm propagate\n", ""), ["delete.no-rule"]),
    ],
)
def test_maps_of_one_system_are_apart(text: str, found: list[str]) -> None:
    assert codes(text, LIBRARY) == found


def test_the_example_is_a_record_of_both() -> None:
    (found,) = checked(people().replace("when kind is customer", "when phone is present"), LIBRARY).diagnostics
    assert found.facts["example"]


# -- references, and what people are told ------------------------------------------------------------------------------

COMPANIES = (
    people()
    .replace("match email }", "employer: ref Company?, match email }")
    .replace("  phone <-> phone\n", "  phone <-> phone\n  employer <-> employer\n")
    .replace("    phone prefers", "    employer prefers crm then erp\n    phone prefers")
    + """
entity Company { email: email, name: text(40), match email }
map Company to crm.parties { email <- email, name <- name }
map Company to erp.parties { email <-> email, name -> name, email -> code }
sync Company from crm to erp {
  delete in erp unlink
  truth { email prefers crm then erp }
}
"""
)


async def test_references_lead_out_of_a_place(tmp_path: Path) -> None:
    house = world(tmp_path, COMPANIES)
    company = house.put("crm.parties", email="co@x.org", name="Co")
    lead = house.put("crm.leads", **ANA, employer=company)
    await house.run()
    await house.run()
    there = house.only("erp.parties")
    assert house.records("erp.contacts")[house.only("erp.contacts")]["employer"] == there
    house.drop("crm.leads", lead)
    contact = house.put("crm.contacts", **ANA, employer=None)
    await house.run(full=True)
    assert house.records("erp.contacts")[house.only("erp.contacts")]["employer"] is None
    house.put("erp.contacts", house.only("erp.contacts"), employer=there)
    await house.run()
    assert house.records("crm.contacts")[contact]["employer"] == company
    await house.settled()


async def test_references_lead_into_the_place_of_their_resource(tmp_path: Path) -> None:
    notes = (
        people().replace("across crm, erp {", "across crm, erp {\n  create in crm never")
        + """
entity Note { number: text(20), about: ref Person?, match number }
map Note to crm.notes { number <- number, about <- about }
map Note to erp.notes { number <-> number, about -> about }
sync Note from crm to erp { delete in erp unlink, truth { number prefers crm then erp } }
"""
    )
    library = LIBRARY.replace(
        "  ## What was booked",
        "  resource notes {\n    id : text identity\n    updated : instant version\n    number : text(20) required\n"
        '    about : ref contacts\n    list GET "/notes" { since "updated >= \'{since}\'" }\n'
        '    create POST "/notes" { returns record }\n    update PATCH "/notes/{id}" { returns record }\n  }\n\n'
        "  ## What was booked",
    )
    house = Installation(tmp_path, compiled(notes, library))
    person = house.put("crm.contacts", **ANA)
    house.put("crm.leads", **ANA | {"email": "bo@x.org"})
    house.put("crm.notes", number="N1", about=person)
    await house.run()
    await house.run()
    about = house.records("erp.notes")[house.only("erp.notes")]["about"]
    assert house.records("erp.contacts")[about]["email"] == "ana@x.org"
    await house.settled()


async def test_people_are_told_how_to_go_on(tmp_path: Path) -> None:
    house, lead, erp = await pair(tmp_path)
    contact = house.put("crm.contacts", **ANA)
    await house.run()
    with house.store() as store:
        (item,) = pending(house.package, store)
    assert "one record in two places of its system" in item.reason
    assert item.commands == (f"review release crm.contacts:{contact}", f"review dismiss crm.contacts:{contact}")
    house.drop("crm.contacts", contact)
    house.put("erp.contacts", erp, stage="customer")
    await house.run(full=True)
    await house.run(full=True)
    with house.store() as store:
        (item,) = pending(house.package, store)
    assert "convert it there" in item.reason
    assert item.members["crm.leads"] == lead
    assert all(command.startswith("review ") for command in item.commands)


async def test_a_second_map_in_a_system_matches_its_records_anew(tmp_path: Path) -> None:
    second = people()[people().index("map Person to crm.contacts") : people().index("map Person to erp")]
    single = people().replace(second, "").replace("crm.leads when kind is lead", "crm.leads")
    before = Installation(tmp_path, package(single))
    lead = before.put("crm.leads", **ANA)
    await before.run()
    house = world(tmp_path)
    house.clock = before.clock
    house.twins = {name: before.twins["crm"] if name.startswith("crm") else before.twins[name] for name in house.twins}
    house.twins["crm.contacts"].tables["contacts"] = Table()
    with pytest.raises(SpecChanged):
        await house.run()
    with house.store() as store, store.transaction():
        carry_out(house.package, store, prepared(house.package, store))
    await house.run(full=True)
    assert house.writes == before.writes
    assert set(house.records("crm.leads")) == {lead}
    assert linked(house) == [("crm.leads", "erp")]
    await house.settled()
