"""While the deletion of a link is under way, a record with its key takes no dead one's place: the link would be back."""

from typing import Any

import pytest

from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.ports import Unavailable
from syncline_runtime.simulation.twin import UNKNOWN_BUT_LANDED, Fault


async def three_in_step(world: Any) -> Any:
    """A record of CRM, ERP and shop, and another of the shop with the same key, which nobody can place."""
    three = world("crm", "erp", "shop")
    three.twin("crm").put("customers", vat="A1", name="Ana", tags=["old"])
    await three.run()
    three.twin("shop").put("customers", tax="A1", name="Other")
    report = await three.run()
    assert (report.exit_code, len(three.records("shop"))) == (1, 2)
    return three


async def test_a_record_with_the_same_key_does_not_bring_back_what_is_being_deleted(world: Any) -> None:
    three = await three_in_step(world)
    three.twin("crm").drop("customers", "crm-1")
    three.twin("erp").faults["delete"].append(Fault(Unavailable("busy")))
    report = await three.run(full=True)
    assert (list(three.records("shop")), list(three.records("erp"))) == (["shop-2"], ["erp-1"])
    assert (three.records("crm"), report.exit_code) == ({}, 2)
    await three.run(full=True)
    assert list(three.records("erp")) == ["erp-2"], "the old one is deleted, the other is a record of its own"
    assert (three.column("crm", "name"), three.column("crm", "tags")) == (["Other"], [None])
    await three.settled()


async def test_a_record_whose_key_a_deletion_holds_is_told_and_placed_when_that_is_over(world: Any) -> None:
    three = await three_in_step(world)
    three.twin("crm").drop("customers", "crm-1")
    three.twin("erp").faults["delete"].append(Fault(Unavailable("busy")))
    await three.run(full=True)
    with three.store() as store:
        (held,) = store.review.quarantined()
    assert (held.system, held.remote_id, held.reason_code) == ("shop", "shop-2", "identity.found-already-linked")
    assert "erp erp-1" in held.detail
    assert "is being deleted" in held.detail
    report = await three.run(full=True)
    with three.store() as store:
        assert (store.review.quarantined(), report.exit_code) == ([], 0)


@pytest.mark.parametrize("typed", [True, False])
async def test_a_record_that_was_deleted_and_made_anew_is_there_once(two: Any, typed: bool) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana", note="n")
    if typed:
        two.twin("erp").put("customers", vat_no="A1", title="Ana", tel="7", memo="n")
    await two.run()
    two.twin("crm").drop("customers", "crm-1")
    two.twin("crm").put("customers", vat="A1", name="Ana anew", note="n")
    report = await two.run(full=True)
    assert (report.exit_code, list(two.records("crm"))) == (0, ["crm-2"])
    # One of its own, which people keep in both systems, stays; what we had made goes with what it was made for.
    (left,) = two.records("erp").values()
    assert (left["id"], left["title"]) == ("erp-1" if typed else "erp-2", "Ana anew")
    await two.settled()


@pytest.mark.parametrize("typed", [True, False])
async def test_what_a_deletion_leaves_standing_is_joined_by_the_record_made_anew(world: Any, typed: bool) -> None:
    never = {name: Deletion(policy=OnDelete.NEVER, line=22) for name in ("crm", "erp")}
    two = world("crm", "erp", sync={"deletes": never})
    two.twin("crm").put("customers", vat="A1", name="Ana", note="n")
    if typed:
        two.twin("erp").put("customers", vat_no="A1", title="Ana", tel="7", memo="n")
    await two.run()
    two.twin("crm").drop("customers", "crm-1")
    await two.run(full=True)
    two.twin("crm").put("customers", vat="A1", name="Ana anew", note="n")
    report = await two.run()
    assert (report.exit_code, list(two.records("crm"))) == (0, ["crm-2"])
    assert [(one["id"], one["title"]) for one in two.records("erp").values()] == [("erp-1", "Ana anew")]
    await two.settled()


async def test_a_delete_without_an_answer_does_not_take_the_record_made_anew_with_it(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana", note="n")
    two.twin("erp").put("customers", vat_no="A1", title="Ana", tel="7", memo="n")
    await two.run()
    two.twin("crm").drop("customers", "crm-1")
    two.twin("erp").faults["delete"].append(UNKNOWN_BUT_LANDED)
    await two.run(full=True)
    two.twin("crm").put("customers", vat="A1", name="Ana anew", note="n")
    for _ in range(3):
        report = await two.run(later=400.0, full=True)
    assert report.exit_code == 0
    assert (two.column("crm", "name"), two.column("erp", "title")) == (["Ana anew"], ["Ana anew"])
    await two.settled()


@pytest.mark.parametrize("unanswered", ["erp", "crm"])
async def test_what_was_deleted_everywhere_and_made_anew_once_is_not_deleted_with_it(
    world: Any, unanswered: str
) -> None:
    two = world("crm", "erp")
    two.twin("crm").put("customers", vat="A1", name="Ana")
    await two.run()
    # The one system is found to lack it at once, the other is asked a second time only later.
    for name in ("crm", "erp"):
        two.twin(name).drop("customers", f"{name}-1")
    await two.run(full=True)
    other = "crm" if unanswered == "erp" else "erp"
    two.twin(other).put("customers", **({"vat": "A1"} if other == "crm" else {"vat_no": "A1"}))
    await two.run(full=True)
    await two.run(full=True)
    assert (len(two.records("crm")), len(two.records("erp"))) == (1, 1)
    await two.settled()


async def test_what_was_edited_while_its_deletion_was_under_way_counts_if_the_record_stays(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana", limit=1)
    two.twin("erp").put("customers", vat_no="A1", title="Ana", limit=1)
    await two.run()
    two.twin("crm").drop("customers", "crm-1")
    two.twin("erp").put("customers", "erp-1", limit=2)
    for _ in range(2):
        two.twin("erp").faults["delete"].append(Fault(Unavailable("busy")))
        await two.run(full=True)
    with two.store() as store:
        (told,) = store.review.journal_entries("overwritten")
    assert told[2:5] == ("erp", "limit", "2"), "told once"
    two.twin("crm").put("customers", vat="A1", name="Ana")
    report = await two.run(full=True)
    assert (report.exit_code, two.column("crm", "limit"), two.column("erp", "limit")) == (0, [2], [2])
    await two.settled()
