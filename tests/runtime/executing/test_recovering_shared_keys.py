"""A create without an answer, and other records or other creates that have its key: which of them it made, and who is asked."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypedDict

import pytest

from syncline_runtime.cli import review
from syncline_runtime.codecs.elements import aligned
from syncline_runtime.declaration import Collection, FieldMap, Prefers
from syncline_runtime.ports import Refused
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED, Fault
from tests.runtime.executing.conftest import CustomerShape, field_map
from tests.runtime.executing.test_outcomes_settled import offering
from tests.runtime.executing.test_recovering_told import LATE, in_doubt, open_writes, told, waiting


async def test_another_record_of_the_same_key_is_taken_only_when_ours_cannot_land_any_more(two: Any) -> None:
    await in_doubt(two, UNKNOWN_AND_LOST)
    two.twin("erp").put("customers", vat_no="A1", title="Zoe", tel="9")
    early = await two.run(later=1.0)
    assert (told(early).unknown, told(early).done, waiting(two)) == (1, {}, [])
    late = await two.run(later=LATE)
    assert told(late).done[("erp", "adopted")] == 1
    assert len(two.records("erp")) == 1
    await two.settled()


async def test_what_another_record_of_the_same_key_does_not_show_is_met_for_the_first_time_when_it_does(
    two: Any,
) -> None:
    two.twin("erp").tables["customers"].hidden = {"memo"}
    crm = await in_doubt(two, UNKNOWN_AND_LOST)
    erp = two.twin("erp").put("customers", vat_no="A1", title="Zoe", tel="9", memo="theirs")
    await two.run(later=LATE)
    two.twin("erp").tables["customers"].hidden = set()
    two.twin("erp").put("customers", erp, tel="8")
    two.twin("crm").put("customers", crm, note="ours")
    await two.run()
    with two.store() as store:
        (conflict,) = store.review.conflicts()
    assert (conflict.field, conflict.reason.partition(" (")[0]) == ("note", "differs where the records were linked")


async def test_of_two_with_its_key_the_one_that_shows_what_was_sent_is_ours(two: Any) -> None:
    crm = await in_doubt(two, UNKNOWN_BUT_LANDED)
    (ours,) = two.records("erp")
    two.twin("erp").put("customers", vat_no="A1", title="Zoe")
    report = await two.run(later=LATE)
    assert told(report).done[("erp", "adopted")] == 1
    two.twin("crm").put("customers", crm, name="Anna")
    await two.run()
    assert two.records("erp")[ours]["title"] == "Anna"


async def test_of_two_with_its_key_of_which_none_is_ours_a_person_must_say(two: Any) -> None:
    await in_doubt(two, UNKNOWN_AND_LOST)
    for title in ("Zoe", "Yve"):
        two.twin("erp").put("customers", vat_no="A1", title=title)
    assert told(await two.run(later=1.0)).unknown == 1
    assert [one for one in waiting(two) if one[3] == "outcome.unknown"] == [], "ours may still land"
    report = await two.run(later=LATE)
    assert told(report).unknown == 1
    (asked,) = [one for one in waiting(two) if one[3] == "outcome.unknown"]
    assert asked == (
        "Customer",
        "erp",
        "",
        "outcome.unknown",
        "",
        "nobody knows whether the record was created, and several records have its key: "
        "look for it, and say with `review` what happened",
    )


async def released_in_doubt(two: Any, later: float = 120.0) -> None:
    """Of two customers of the ERP, one that shares its key with one of the CRM; that, a person said, is another one, so that it was
    created beside them, and the create had no answer."""
    two.twin("crm").put("customers", vat="A1", name="Ana")
    for title in ("Zoe", "Yve"):
        two.twin("erp").put("customers", vat_no="A1", title=title)
    await two.run()
    answered(two, "review release crm:crm-1", "review dismiss erp:erp-1", "review dismiss erp:erp-2")
    two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    assert told(await two.run(later=later)).unknown == 1
    two.twin("erp").drop("customers", "erp-2")


def answered(two: Any, *commands: str) -> None:
    """Somebody gives some commands of `review`."""
    for command in commands:
        parser = argparse.ArgumentParser()
        review.add(parser.add_subparsers(dest="command", required=True), two.package)
        with two.store() as store:
            review.give(two.package, store, parser.parse_args(command.split()), "ana", two.clock.time)


@pytest.mark.parametrize("later", [2.0, 17.0, 120.0])
async def test_a_record_that_was_known_before_a_create_was_sent_is_not_what_that_made(two: Any, later: float) -> None:
    await released_in_doubt(two, later)
    report = await two.run(later=LATE, full=True)
    assert told(report).done == {("erp", "created"): 1}
    assert two.column("erp", "title") == ["Ana", "Zoe"]
    assert open_writes(two) == []
    await two.settled()


async def two_in_doubt(two: Any, *faults: Any) -> None:
    """Two customers of the CRM with one key, of whom a person said that they are two; neither create had an answer."""
    for name in ("Ana", "Bo"):
        two.twin("crm").put("customers", vat="A1", name=name)
    await two.run()
    answered(two, "review release crm:crm-1", "review release crm:crm-2")
    two.twin("erp").faults["create"] += faults
    assert told(await two.run()).unknown == 2
    assert len(two.records("erp")) == 1


@pytest.mark.parametrize("faults", [(UNKNOWN_BUT_LANDED, UNKNOWN_AND_LOST), (UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED)])
async def test_of_two_creates_with_one_key_the_record_is_that_of_which_it_shows_the_values(
    two: Any, faults: Any
) -> None:
    await two_in_doubt(two, *faults)
    await two.run(later=LATE)
    assert sorted(two.column("erp", "title")) == ["Ana", "Bo"]
    assert not [call for call in two.twin("erp").calls if call[0] == "update"], "neither was taken for the other"
    assert open_writes(two) == []
    await two.settled()


async def test_of_two_creates_with_one_key_a_person_says_whose_the_record_is_that_was_edited_since(two: Any) -> None:
    await two_in_doubt(two, UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED)
    (made,) = two.records("erp")
    two.twin("erp").put("customers", made, title="Cy", labels=["new"])
    await two.run(later=LATE)
    assert len(open_writes(two)) == 2
    assert {one[-1].partition(": ")[0] for one in waiting(two)} == {
        "nobody knows whether the record was created, and the record with its key may be that of another create"
    }
    assert two.column("erp", "title") == ["Cy"]


async def test_a_record_of_which_a_person_is_to_say_which_it_is_is_not_taken_for_what_a_create_made(two: Any) -> None:
    await in_doubt(two, UNKNOWN_AND_LOST)
    two.twin("erp").put("customers", vat_no="A1", title="Zoe")
    await two.run(later=1.0)
    with two.store() as store, store.transaction():
        store.review.quarantine(
            [
                (
                    "Customer",
                    "erp",
                    "erp-1",
                    0,
                    "identity.ambiguous",
                    "",
                    "several records with the same vat",
                    "",
                    None,
                    1,
                )
            ]
        )
    answered(two, "review release erp:erp-1")
    await two.run(later=LATE)
    (asked,) = [one for one in waiting(two) if one[3] == "outcome.unknown"]
    assert "of the record with its key a person is to say which it is" in asked[-1]
    await two.run(later=LATE)
    assert sorted(two.column("erp", "title")) == ["Ana", "Zoe"]
    assert open_writes(two) == []
    await two.settled()


async def test_a_retry_of_what_was_refused_is_no_answer_to_what_is_asked_only_then(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana", phone="1")
    refused = Refused("forbidden", "no permission", {"tel": "no permission"})
    two.twin("erp").faults["create"] += [Fault(refused), UNKNOWN_BUT_LANDED]
    assert told(await two.run()).unknown == 1
    two.twin("erp").put("customers", vat_no="A1", title="Zoe")
    (made,) = (remote_id for remote_id, one in two.records("erp").items() if one["title"] == "Ana")
    two.twin("erp").put("customers", made, title="Anna")
    answered(two, "review retry 1@erp")
    await two.run(later=LATE)
    assert sorted(two.column("erp", "title")) == ["Anna", "Zoe"]
    assert open_writes(two) == [("erp", "create")]
    await two.run()
    assert "outcome.unknown" in {one[3] for one in waiting(two)}
    answered(two, "review retry 1@erp")
    await two.run()
    assert len(two.records("erp")) == 3


async def test_what_was_asked_about_a_record_while_its_key_was_another_s_is_no_question_once_it_is_ours(
    two: Any,
) -> None:
    await in_doubt(two, UNKNOWN_BUT_LANDED)
    (ours,) = two.records("erp")
    two.twin("erp").put("customers", ours, vat_no="B1")
    two.twin("erp").put("customers", vat_no="B1", title="Bo")
    await two.run(later=1.0)
    assert {one[2] for one in waiting(two) if one[3].startswith("identity.")} == set(two.records("erp"))
    two.twin("erp").put("customers", ours, vat_no="A1")
    report = await two.run(later=1.0)
    assert told(report).done[("erp", "adopted")] == 1
    assert (waiting(two), report.exit_code) == ([], 0)
    await two.settled()


async def test_a_key_is_asked_for_without_a_word_on_what_the_create_did_not_set(two: Any) -> None:
    """The CRM hides its notes; the ERP's map takes no note that is null."""
    listing = two.package.systems["erp"].resources["customers"].list
    offering(two, "erp", list=replace(listing, equals=listing.call))
    two.twin("crm").tables["customers"].hidden = ("note",)
    mapping = two.package.mappings[1]

    def write(values: Any, old: Any) -> Any:
        assert values.get("note", "") is not None
        return mapping.write(values, old)

    two.package = replace(two.package, mappings=(two.package.mappings[0], replace(mapping, write=write)))
    await in_doubt(two, UNKNOWN_AND_LOST)
    assert (await two.run(later=LATE)).exit_code == 0
    assert two.column("erp", "vat_no") == ["A1"]


# -- element by element ------------------------------------------------------------------------------------------------


class Line(TypedDict, total=False):
    sku: str
    quantity: int


class Ordering(CustomerShape, total=False):
    tags: tuple[Line, ...] | None  # type: ignore[misc]


def lined(system: str) -> FieldMap:
    """A map of customers whose tags are lines, told apart by their sku."""
    mapping = field_map(system)
    own = "tags" if system == "crm" else "labels"

    def read(native: Mapping[str, Any]) -> dict[str, Any]:
        return {**mapping.read({**native, own: None}), "tags": aligned(native[own] or [], "sku")}

    def write(values: Mapping[str, Any], old: Any) -> dict[str, Any]:
        rest = {name: value for name, value in values.items() if name != "tags"}
        return {**mapping.write(rest, old), **({own: list(values["tags"])} if "tags" in values else {})}

    flows = tuple(replace(one, hears=("sku", "quantity")) if one.field == "tags" else one for one in mapping.flows)
    return replace(mapping, flows=flows, read=read, write=write)


async def test_of_another_s_elements_those_that_are_as_they_were_sent_are_no_news(world: Callable[..., Any]) -> None:
    """What somebody made of them since stays, though the ERP has the last word; those that differ are news."""
    two = world("crm", "erp", crm=lined("crm"), erp=lined("erp"))
    entity, (sync,) = two.package.entities["Customer"], two.package.syncs
    entity = replace(
        entity,
        shape=Ordering,
        kinds={**entity.kinds, "tags": "elements"},
        collections={"tags": Collection(shape=Line, key="sku")},
    )
    sync = replace(sync, rules={**sync.rules, "tags": Prefers(order=("erp", "crm"), line=36)})
    two.package = replace(two.package, entities={"Customer": entity}, syncs=(sync,))
    crm = await in_doubt(two, UNKNOWN_AND_LOST, tags=[{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": 2}])
    theirs = [{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": 3}]
    two.twin("erp").put("customers", vat_no="A1", title="Zoe", tel="9", labels=theirs)
    two.twin("crm").put("customers", crm, tags=[{"sku": "a", "quantity": 5}, {"sku": "b", "quantity": 2}])
    report = await two.run(later=LATE)
    assert told(report).done[("erp", "adopted")] == 1
    after = [{"sku": "a", "quantity": 5}, {"sku": "b", "quantity": 3}]
    assert (two.records("crm")[crm]["tags"], two.column("erp", "labels")) == (after, [after])
    await two.settled()
