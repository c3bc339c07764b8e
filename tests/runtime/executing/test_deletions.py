"""Deleted, unlinked, out of scope: absence is a hint, deletion a fact, and every policy does what it says."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Condition, Deletion, OnDelete


def policy(erp: OnDelete, *, unless_edited: bool = False) -> dict[str, Any]:
    return {
        "deletes": {
            "crm": Deletion(policy=OnDelete.NEVER, line=22),
            "erp": Deletion(policy=erp, unless_edited=unless_edited, line=23),
        }
    }


async def linked(world: Any, count: int = 3, **changes: Any) -> tuple[Any, list[str]]:
    two = world("crm", "erp", **changes)
    ids = [two.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}") for number in range(count)]
    await two.run()
    return two, ids


async def keep_customers(two: Any, ids: Sequence[str]) -> None:
    """The CRM's records are in scope while they are of that kind, as all of `ids` are at first."""
    mapping = replace(
        two.package.mappings[0],
        where=(Condition(field="kind", value="customer"),),
        in_scope=lambda native: native.get("kind") == "customer",
    )
    for remote_id in ids:
        two.twin("crm").put("customers", remote_id, kind="customer")
    two.package = replace(two.package, mappings=(mapping, two.package.mappings[1]), spec_sha256="2" * 64)
    await two.run()


async def test_a_deletion_propagates(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.PROPAGATE))
    two.twin("crm").drop("customers", ids[0])
    await two.run(full=True)
    assert two.column("erp", "vat_no") == ["A1", "A2"]
    await two.settled()
    with two.store() as store:
        assert [entry[2] for entry in store.review.journal_entries("deleted")] == ["erp"]


async def test_an_incremental_run_takes_absence_for_nothing(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.PROPAGATE))
    two.twin("crm").drop("customers", ids[0])
    await two.run()
    assert len(two.records("erp")) == 3


async def test_a_record_that_a_listing_leaves_out_is_not_deleted(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.PROPAGATE))
    hidden = two.records("crm")[ids[0]]
    original = two.twin("crm").pages

    async def forgetful(*arguments: Any, **options: Any) -> Any:
        async for page in original(*arguments, **options):
            yield replace(page, records=[record for record in page.records if record.remote_id != ids[0]])

    two.twin("crm").pages = forgetful
    await two.run(full=True)
    assert hidden["vat"] in two.column("erp", "vat_no")
    assert two.twin("erp").writes == 3


async def test_unlinking_leaves_the_survivor_alone(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.UNLINK))
    two.twin("crm").drop("customers", ids[0])
    await two.run(full=True)
    assert len(two.records("erp")) == 3
    (survivor,) = [key for key, record in two.records("erp").items() if record["vat_no"] == "A0"]
    two.twin("erp").put("customers", survivor, title="edited")
    await two.run(full=True)
    assert len(two.records("crm")) == 2
    await two.settled()


async def test_a_deleted_record_is_made_again(world: Any) -> None:
    two, ids = await linked(world)
    two.package = replace(
        two.package,
        syncs=(
            replace(
                two.package.syncs[0],
                deletes={
                    "crm": Deletion(policy=OnDelete.RECREATE, line=22),
                    "erp": Deletion(policy=OnDelete.RECREATE, line=23),
                },
            ),
        ),
    )
    two.twin("crm").drop("customers", ids[0])
    await two.run(full=True)
    assert two.column("crm", "vat") == ["A0", "A1", "A2"]
    assert ids[0] not in two.records("crm")
    await two.settled()
    two.twin("erp").put("customers", vat_no="A0", title="the same again")
    await two.run()
    assert two.column("crm", "vat") == ["A0", "A1", "A2"], "it is still found by its key"


async def test_unless_edited_holds_the_record(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.PROPAGATE, unless_edited=True))
    two.twin("crm").drop("customers", ids[0])
    (other,) = [key for key, record in two.records("erp").items() if record["vat_no"] == "A0"]
    two.twin("erp").put("customers", other, title="edited meanwhile")
    report = await two.run(full=True)
    assert other in two.records("erp")
    assert report.exit_code == 1
    with two.store() as store:
        assert len(store.review.conflicts()) == 1
    await two.settled()


async def test_a_mass_deletion_is_held(world: Any) -> None:
    two, ids = await linked(world, 30, sync=policy(OnDelete.PROPAGATE))
    for remote_id in ids[:14]:
        two.twin("crm").drop("customers", remote_id)
    two.twin("crm").put("customers", ids[20], name="edited")
    report = await two.run(full=True)
    assert len(two.records("erp")) == 30
    assert "edited" in two.column("erp", "title")
    assert report.exit_code == 1
    assert "14 deletes" in report.summaries[0].held[0]


async def test_an_empty_listing_is_no_evidence(world: Any) -> None:
    two, _ = await linked(world, 12, sync=policy(OnDelete.PROPAGATE))
    two.records("crm").clear()
    report = await two.run(full=True)
    assert len(two.records("erp")) == 12
    assert "no evidence" in report.summaries[0].held[0]


@pytest.mark.parametrize("back", ["same id", "new id"])
async def test_a_record_that_comes_back_is_not_doubled(world: Any, back: str) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.UNLINK))
    kept = two.records("crm")[ids[0]]
    two.twin("crm").drop("customers", ids[0])
    await two.run(full=True)
    fields = {name: value for name, value in kept.items() if name not in ("id", "updated")}
    two.twin("crm").put("customers", ids[0] if back == "same id" else None, **{**fields, "name": "back"})
    await two.run(full=True)
    assert len(two.records("erp")) == 3
    await two.settled()


async def test_a_record_that_leaves_the_scope_is_left_alone_and_comes_back(world: Any) -> None:
    two, ids = await linked(world)
    await keep_customers(two, ids)
    two.twin("crm").put("customers", ids[0], kind="lead", name="lead")
    await two.run(full=True)
    assert len(two.records("erp")) == 3
    assert "lead" not in two.column("erp", "title")
    two.twin("crm").put("customers", ids[0], kind="customer")
    await two.run(full=True)
    assert "lead" in two.column("erp", "title")
    await two.settled()


async def test_what_was_not_found_once_is_looked_for_in_incremental_runs_too(world: Any) -> None:
    """The guard read before a write finds nothing: no deletion yet, and none that waits for a full listing."""
    two, ids = await linked(
        world, sync={"deletes": {name: Deletion(policy=OnDelete.PROPAGATE, line=22) for name in ("crm", "erp")}}
    )
    (partner,) = (key for key, record in two.records("erp").items() if record["vat_no"] == "A0")
    two.twin("erp").drop("customers", partner)
    two.twin("crm").put("customers", ids[0], phone="1")
    for _ in range(2):
        await two.run()
    with two.store() as store:
        assert store.troubled("Customer", "erp") == []
    assert len(two.records("crm")) == 2
    await two.settled()


async def test_a_record_that_was_not_found_once_and_shows_again_is_as_if_nothing_had_been(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.PROPAGATE))
    original, lies = two.twin("crm").read, [1]

    async def read(resource: str, remote_ids: Any, **options: Any) -> Any:
        found = await original(resource, remote_ids, **options)
        return dict.fromkeys(found) if lies and lies.pop() else found

    two.twin("crm").read = read
    (partner,) = (key for key, record in two.records("erp").items() if record["vat_no"] == "A0")
    two.twin("erp").put("customers", partner, tel="1")
    for _ in range(3):
        await two.run()
    assert two.records("crm")[ids[0]]["phone"] == "1"
    assert len(two.records("erp")) == 3
    await two.settled()


async def test_a_listing_of_another_account_deletes_nothing(world: Any) -> None:
    """Right credentials, wrong tenant: as many records as ever, all with other ids."""
    two, _ = await linked(world, 4, sync=policy(OnDelete.PROPAGATE))
    other = {f"other-{key}": {**record, "id": f"other-{key}"} for key, record in two.records("crm").items()}
    for record in other.values():
        record["vat"] = "B" + record["vat"]
    kept = dict(two.records("crm"))
    two.records("crm").clear()
    two.records("crm").update(other)
    report = await two.run(full=True)
    assert two.twin("erp").calls.count(("delete", "customers", 1)) == 0
    assert "lists 0 of 4 known records" in report.summaries[0].held[0]
    two.records("crm").clear()
    two.records("crm").update(kept)


async def test_what_a_listing_lost_is_deleted_once_a_person_says_so(world: Any) -> None:
    two, _ = await linked(world, 12, sync=policy(OnDelete.PROPAGATE))
    two.records("crm").clear()
    report = await two.run(full=True)
    assert (len(two.records("erp")), report.exit_code) == (12, 1)
    await two.run(full=True, approved=frozenset({"delete"}))
    assert len(two.records("erp")) == 0
    assert (await two.run(full=True)).exit_code == 0


async def test_a_mass_deletion_goes_through_once_a_person_says_so(world: Any) -> None:
    two, ids = await linked(world, 30, sync=policy(OnDelete.PROPAGATE))
    for remote_id in ids[:14]:
        two.twin("crm").drop("customers", remote_id)
    report = await two.run(full=True)
    assert "run --approve delete" in report.summaries[0].held[0]
    report = await two.run(approved=frozenset({"delete"}))
    assert (len(two.records("erp")), report.exit_code) == (16, 0)
    await two.settled()


async def test_what_the_rounds_of_a_run_delete_is_counted_together(world: Any) -> None:
    two, ids = await linked(world, 30, sync=policy(OnDelete.PROPAGATE))
    for remote_id in ids[:8]:
        two.twin("crm").drop("customers", remote_id)
    more = list(ids[8:16])

    def race(operation: str) -> None:
        if operation == "delete" and more:
            for remote_id in more:
                two.twin("crm").put("customers", remote_id, archived=True)
            with two.store() as store, store.transaction():
                store.review.mark_dirty(("Customer", "crm", remote_id, 0.0, "told") for remote_id in more)
            more.clear()

    two.twin("erp").before = race
    report = await two.run(full=True)
    assert len(two.records("erp")) == 22
    assert report.exit_code == 1
    assert "16 deletes" in report.summaries[0].held[0]
