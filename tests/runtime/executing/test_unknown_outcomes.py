"""Writes whose outcome nobody knows: what is found later is told from what a person did meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Child
from syncline_runtime.ports import Applied
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.executing.test_outcomes_settled import offering


def cutting(two: Any, system: str, own: str, limit: int) -> None:
    """A system that cuts a text short, and says so nowhere."""
    two.twin(system).tables["customers"].normalise = lambda native: {**native, own: (native.get(own) or "")[:limit]}


async def test_a_create_that_landed_is_recognised_though_a_text_was_cut_short(two: Any) -> None:
    cutting(two, "erp", "title", 8)
    customer = two.twin("crm").put("customers", vat="A1", name="Ana Maria Ek")
    two.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    await two.run()
    assert two.column("erp", "title") == ["Ana Mari"]
    assert two.twin("crm").shows("customers", customer)["name"] == "Ana Maria Ek"
    await two.settled()


async def test_an_update_that_landed_is_recognised_though_a_text_was_cut_short(two: Any) -> None:
    cutting(two, "erp", "title", 8)
    customer = two.twin("crm").put("customers", vat="A1", name="Ana")
    await two.run()
    two.twin("crm").put("customers", customer, name="Ana Maria Ek")
    two.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    await two.run()
    assert two.twin("crm").shows("customers", customer)["name"] == "Ana Maria Ek"
    await two.settled()


async def test_a_record_that_a_person_made_meanwhile_is_merged_and_no_value_is_lost_silently(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana", tags=["crm"])
    erp = two.twin("erp")
    erp.faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    erp.put("customers", None, vat_no="A1", title="Ana Ek", labels=["erp"])
    await two.run()
    assert len(two.records("erp")) == 1
    assert two.column("crm", "tags") == [["crm"]], "our create may still land: nothing is merged before it cannot"
    await two.run(later=400.0)
    assert two.column("crm", "tags") == [["crm", "erp"]]
    assert two.column("erp", "labels") == [["crm", "erp"]]
    with two.store() as store:
        lost = {(row[2], row[3], row[4]) for row in store.review.journal_entries("overwritten")}
    assert ("erp", "name", '"Ana Ek"') in lost
    await two.settled()


async def test_what_shows_as_it_was_sent_is_no_news_however_much_else_was_edited(two: Any) -> None:
    crm, erp = two.twin("crm"), two.twin("erp")
    customer = crm.put("customers", vat="A1", name="Ana", phone="1", note="n", limit=1)
    erp.faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    (partner,) = two.records("erp")
    erp.put("customers", partner, title="Bo", tel="2", memo="m")
    crm.put("customers", customer, limit=2)
    await two.run()
    await two.run(later=400.0)
    await two.run()
    assert (two.column("crm", "limit"), two.column("erp", "limit")) == ([2], [2]), "though limit prefers erp"
    await two.settled()


async def test_the_time_in_which_a_write_may_land_begins_when_it_is_sent(two: Any) -> None:
    customer = two.twin("crm").put("customers", vat="A1", name="Ana")
    await two.run()
    two.twin("crm").put("customers", customer, name="Ana Ek")
    erp = two.twin("erp")
    erp.faults["update"].append(UNKNOWN_AND_LOST)

    def slowly(operation: str) -> None:
        two.clock.time += 100.0  # the reading before the write takes long

    erp.before = slowly
    await two.run()
    erp.before = None
    sent_at = two.clock.time - 100.0
    with two.store() as store:
        (intent,) = store.open_intents("Customer")
    assert intent.resolve_after >= sent_at + 120.0


async def test_what_is_read_back_after_a_write_may_have_been_edited_since(world: Callable[..., Any]) -> None:
    two = world("crm", "erp")
    customer = two.twin("crm").put("customers", vat="A1", name="Ana")
    await two.run()
    two.twin("crm").put("customers", customer, name="Ana Ek")
    erp = two.twin("erp")
    (remote_id,) = two.records("erp")
    update = erp.update

    async def silent(resource: str, writes: Any) -> Any:
        """An API that does not show what it stored: somebody edits before it is read back."""
        outcomes = await update(resource, writes)
        erp.put("customers", remote_id, title="Berta")
        shown = (await erp.read(resource, [remote_id], fields=()))[remote_id]
        return [Applied(one.remote_id, shown, read_back=True) for one in outcomes]

    erp.update = silent
    await two.run()
    erp.update = update
    await two.run()
    assert two.column("crm", "name") == ["Berta"]
    await two.settled()


async def test_a_set_that_landed_is_told_from_its_edit_element_by_element(two: Any) -> None:
    customer = two.twin("crm").put("customers", vat="A1", name="Ana", tags=["a"])
    await two.run()
    two.twin("crm").put("customers", customer, tags=["a", "b"])
    erp = two.twin("erp")
    erp.faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    (remote_id,) = two.records("erp")
    erp.put("customers", remote_id, labels=["b", "c"])  # `a` taken away, `c` added, after our `b` landed
    await two.run()
    assert two.column("crm", "tags") == [["b", "c"]]
    assert two.column("erp", "labels") == [["b", "c"]]
    await two.settled()


async def test_what_an_answer_shows_beside_our_write_is_decided_before_it_is_passed_on(
    world: Callable[..., Any],
) -> None:
    three = world("crm", "erp", "shop")
    erp = three.twin("erp")
    erp.tables["customers"].normalise = lambda native: {**native, "tel": native.get("tel") or "by a workflow"}
    three.twin("shop").put("customers", tax="A1", name="Ana")
    await three.run()
    await three.run()
    assert three.column("crm", "phone") == ["by a workflow"]
    await three.settled()


@pytest.mark.parametrize("fault", [UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED])
async def test_unknown_hold_sends_no_create_again_until_a_person_says_that_it_did_not_happen(
    world: Callable[..., Any], fault: Any
) -> None:
    two = world("crm", "erp", sync={"unknown": "hold"})
    two.twin("crm").put("customers", vat="A1", name="Ana")
    erp = two.twin("erp")
    erp.faults["create"].append(fault)
    listed = erp.pages
    hidden = fault is UNKNOWN_BUT_LANDED

    async def partly(*arguments: Any, **options: Any) -> Any:
        """A listing that leaves records out."""
        async for page in listed(*arguments, **options):
            yield replace(page, records=()) if hidden else page

    erp.pages = partly
    await two.run()
    made = len(two.records("erp"))
    for _ in range(3):
        await two.run(later=100_000.0)
    assert len(two.records("erp")) == made, "nobody said that it did not happen"
    with two.store() as store:
        (item,) = [one for one in store.review.quarantined(10) if one.reason_code == "outcome.unknown"]
        (intent,) = store.open_intents("Customer")
    assert "none shows its key" in item.detail
    if hidden:
        hidden = False
        await two.run(later=60.0)
    else:
        with two.store() as store, store.transaction():
            store.answers.give(
                [(0.0, "ana", "retry", "Customer", intent.link_id, "erp", "", "", None, "outcome.unknown")]
            )
        await two.run(later=60.0)
    assert len(two.records("erp")) == 1
    with two.store() as store:
        assert not store.open_intents("Customer")
    await two.settled()


def asked_for_all_but_its_keys(two: Any) -> None:
    """The ERP can be asked for any field of its own, and its key stands in an embedded record."""
    found = two.package.systems["erp"].resources["customers"]
    keyed = replace(
        found.fields["vat_no"], child=Child(list="identifiers", value="code", kind_field="type", kind="vat")
    )
    listing = replace(found.list, equals=found.list.call)
    offering(two, "erp", fields={**found.fields, "vat_no": keyed}, list=listing)


@pytest.mark.parametrize("embedded", [False, True])
async def test_a_listing_that_left_out_what_is_there_is_no_proof_that_a_create_did_not_land(
    two: Any, embedded: bool
) -> None:
    """The system cannot be asked for a key, and its listing is empty as if there were nothing."""
    if embedded:
        asked_for_all_but_its_keys(two)
    crm, erp = two.twin("crm"), two.twin("erp")
    crm.put("customers", vat="A1", name="Ana")
    await two.run()
    crm.put("customers", vat="B2", name="Bo")
    erp.faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    listed, empty = erp.pages, True

    async def nothing(*arguments: Any, **options: Any) -> Any:
        async for page in listed(*arguments, **options):
            yield replace(page, records=()) if empty else page

    erp.pages = nothing
    await two.run(later=100_000.0, full=True)
    assert len(two.records("erp")) == 2
    with two.store() as store:
        (item,) = [one for one in store.review.quarantined(10) if one.reason_code == "outcome.unknown"]
    assert "left out records which are there" in item.detail
    empty = False
    await two.run(full=True)
    assert len(two.records("erp")) == 2
    await two.settled()
    with two.store() as store:
        assert not store.review.quarantined(10)
