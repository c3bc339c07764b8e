"""Archived instead of deleted: the flag is set, counts as a deletion, and when it is lifted the partners are back."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.executing.holds import command
from tests.runtime.executing.test_deletions import keep_customers, linked, policy


async def test_archiving_sets_the_flag(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    two.twin("crm").drop("customers", ids[0])
    await two.run(full=True)
    assert sorted(record.get("archived", False) for record in two.records("erp").values()) == [False, False, True]
    await two.settled()
    await two.run(full=True)
    assert len(two.records("crm")) == 2


async def test_an_archived_record_counts_as_deleted(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    assert sorted(record.get("archived", False) for record in two.records("erp").values()) == [False, False, True]
    await two.settled()


BOTH_ARCHIVE = {"deletes": {name: Deletion(policy=OnDelete.ARCHIVE, line=22) for name in ("crm", "erp")}}


def flagged(two: Any, *systems: str) -> None:
    """Systems in which `archived` is one of several words, so that nobody knows which one lifts it."""
    for name in systems:
        declared = two.package.systems[name]
        resource = replace(declared.resources["customers"], archive=("state", "archived"))
        two.package = replace(
            two.package, systems={**two.package.systems, name: replace(declared, resources={"customers": resource})}
        )


def archived_in(two: Any, system: str) -> list[str]:
    return [
        key
        for key, record in two.records(system).items()
        if record.get("archived") or record.get("state") == "archived"
    ]


async def test_a_record_that_is_back_brings_its_partner_back(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    (partner,) = archived_in(two, "erp")
    two.twin("erp").put("customers", partner, tel="7")  # edited in the archive
    two.twin("crm").put("customers", ids[0], archived=False, name="back")
    report = await two.run()
    assert (report.exit_code, report.summaries[0].total("restored")) == (0, 1)
    assert archived_in(two, "erp") == []
    assert (two.records("erp")[partner]["title"], len(two.records("erp"))) == ("back", 3)
    await two.run()
    assert two.records("crm")[ids[0]]["phone"] == "7", "what was edited in the archive is an edit"
    await two.settled()
    with two.store() as store:
        assert [entry[2] for entry in store.review.journal_entries("restored")] == ["erp"]


async def test_a_record_that_we_archived_brings_back_the_one_that_a_person_archived(world: Any) -> None:
    two, ids = await linked(world, sync=BOTH_ARCHIVE)
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    (partner,) = archived_in(two, "erp")
    two.twin("erp").put("customers", partner, archived=False, title="back")
    report = await two.run()
    assert report.exit_code == 0
    assert (archived_in(two, "crm"), two.records("crm")[ids[0]]["name"]) == ([], "back")
    assert (len(two.records("crm")), len(two.records("erp"))) == (3, 3)
    await two.settled()


async def test_of_three_records_all_are_back(world: Any) -> None:
    deletes = {name: Deletion(policy=OnDelete.ARCHIVE, line=22) for name in ("crm", "erp", "shop")}
    three = world("crm", "erp", "shop", sync={"deletes": deletes})
    one = three.twin("crm").put("customers", vat="A1", name="Ana")
    await three.run()
    for back_in in ("crm", "shop"):
        three.twin("crm").put("customers", one, archived=True)
        await three.run()
        assert [len(archived_in(three, name)) for name in ("crm", "erp", "shop")] == [1, 1, 1]
        (there,) = three.records(back_in)
        three.twin(back_in).put("customers", there, archived=False)
        report = await three.run()
        assert report.exit_code == 0
        assert [len(archived_in(three, name)) for name in ("crm", "erp", "shop")] == [0, 0, 0]
        await three.settled()


@pytest.mark.parametrize("fault", [UNKNOWN_BUT_LANDED, UNKNOWN_AND_LOST])
async def test_a_restoring_without_an_answer_is_looked_at_before_it_is_repeated(world: Any, fault: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    two.twin("crm").put("customers", ids[0], archived=False)
    two.twin("erp").faults["update"].append(fault)
    await two.run()
    await two.run(later=400.0)
    report = await two.run(later=400.0)
    assert (report.exit_code, archived_in(two, "erp")) == (0, [])
    await two.settled()


@pytest.mark.parametrize("lifted", [False, True], ids=["archived", "lifted"])
@pytest.mark.parametrize(("fault", "there"), [(UNKNOWN_BUT_LANDED, True), (UNKNOWN_AND_LOST, False)])
async def test_what_was_to_be_archived_or_lifted_is_known_once_it_shows_and_not_sent_again_before(
    world: Any, fault: Any, there: bool, lifted: bool
) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    if lifted:
        two.twin("crm").put("customers", ids[0], archived=True)
        await two.run()
    two.twin("crm").put("customers", ids[0], archived=not lifted)
    two.twin("erp").faults["update"].append(fault)
    await two.run()
    sent = two.writes
    report = await two.run(later=5.0)
    assert (report.summaries[0].unknown, two.writes) == (0 if there else 1, sent)
    with two.store() as store:
        states = [row.state for row in store.members("Customer", "erp", list(two.records("erp"))).values()]
    assert sorted(states) == sorted(["live", "live", "released" if there != lifted else "live"])
    await two.run(later=400.0)
    await two.run(later=400.0)
    assert two.writes == sent + (0 if there else 1)
    assert len(archived_in(two, "erp")) == (0 if lifted else 1)
    await two.settled()


@pytest.mark.parametrize("back", ["crm", "erp"])
async def test_a_partner_that_is_purged_from_the_archive_is_made_again(world: Any, back: str) -> None:
    """A purge of what is archived already is nobody's deletion of the record that is back."""
    two, ids = await linked(world, sync=BOTH_ARCHIVE)
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    (partner,) = archived_in(two, "erp")
    if back == "erp":
        two.twin("crm").drop("customers", ids[0])
        two.twin("erp").put("customers", partner, archived=False)
    else:
        two.twin("erp").drop("customers", partner)
        two.twin("crm").put("customers", ids[0], archived=False)
    report = await two.run()
    assert report.exit_code == 0
    assert (two.column("crm", "vat"), two.column("erp", "vat_no")) == (["A0", "A1", "A2"],) * 2
    assert (archived_in(two, "crm"), archived_in(two, "erp")) == ([], [])
    await two.settled()


async def test_what_is_made_again_for_a_purged_partner_is_still_found_by_its_key(world: Any) -> None:
    """The one that is left was made by us, and had no keys of its own."""
    two, ids = await linked(world, sync=BOTH_ARCHIVE)
    partner = next(key for key, record in two.records("erp").items() if record["vat_no"] == "A0")
    two.twin("erp").put("customers", partner, archived=True)
    await two.run()
    assert archived_in(two, "crm") == [ids[0]]
    two.twin("crm").drop("customers", ids[0])
    two.twin("erp").put("customers", partner, archived=False)
    await two.run()
    assert two.column("crm", "vat") == ["A0", "A1", "A2"]
    two.twin("crm").put("customers", vat="A0", name="the same again")
    report = await two.run()
    assert (two.column("erp", "vat_no"), report.exit_code) == (["A0", "A1", "A2"], 1)


async def test_where_nobody_knows_how_to_lift_it_a_record_that_is_back_waits_for_its_partner(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    flagged(two, "erp")
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    (partner,) = archived_in(two, "erp")

    two.twin("crm").put("customers", ids[0], archived=False, name="back")
    before = two.writes
    report = await two.run()
    assert (report.exit_code, two.writes) == (1, before)
    with two.store() as store:
        (conflict,) = store.review.conflicts()
    assert conflict.reason.startswith("back in crm, still archived in erp: ")
    await two.settled()

    two.twin("erp").put("customers", partner, state="open")
    report = await two.run()
    assert report.exit_code == 0
    assert two.records("erp")[partner]["title"] == "back"
    assert len(two.records("erp")) == 3
    await two.settled()


async def test_a_record_that_we_archived_and_that_is_back_alone_is_told(world: Any) -> None:
    """The CRM's own deletions are nobody's business, says the spec: so is the end of one."""
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    (partner,) = archived_in(two, "erp")

    two.twin("erp").put("customers", partner, archived=False, title="back")
    before = two.writes
    for _ in range(2):
        report = await two.run()
        assert (report.exit_code, two.writes) == (1, before)
        with two.store() as store:
            (held,) = store.review.quarantined()
        assert (held.system, held.remote_id) == ("erp", partner)
        assert held.detail.startswith("back from the archive, its partner is not: ")

    two.twin("crm").put("customers", ids[0], archived=False)
    report = await two.run()
    assert report.exit_code == 0
    assert two.records("crm")[ids[0]]["name"] == "back"
    await two.settled()


async def test_what_is_listed_after_a_record_that_is_back_alone_is_taken_all_the_same(world: Any) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    (partner,) = archived_in(two, "erp")
    two.twin("erp").put("customers", partner, archived=False)
    *_, last = two.records("erp")
    two.twin("erp").put("customers", last, title="Zoe")
    assert (await two.run()).exit_code == 1
    assert two.column("crm", "name") == ["N0", "N1", "Zoe"]


@pytest.mark.parametrize("words", [True, False], ids=["held", "restored"])
async def test_a_record_that_is_back_and_archived_again_keeps_nobody_waiting(world: Any, words: bool) -> None:
    two, ids = await linked(world, sync=policy(OnDelete.ARCHIVE))
    if words:
        flagged(two, "erp")
    for archived in (True, False, True):
        two.twin("crm").put("customers", ids[0], archived=archived)
        report = await two.run()
        assert report.exit_code == (1 if words and not archived else 0)
    assert (len(two.records("erp")), len(archived_in(two, "erp"))) == (3, 1)
    await two.settled()


async def test_a_record_that_was_archived_by_leaving_the_scope_is_restored_when_it_is_back(world: Any) -> None:
    two, ids = await linked(world, sync={"out_of_scope": "archive"})
    await keep_customers(two, ids)
    two.twin("crm").put("customers", ids[0], kind="lead")
    await two.run(full=True)
    assert len(archived_in(two, "erp")) == 1
    await two.settled()
    two.twin("crm").put("customers", ids[0], kind="customer", name="back")
    report = await two.run(full=True)
    assert (report.exit_code, archived_in(two, "erp"), "back" in two.column("erp", "title")) == (0, [], True)
    await two.settled()


async def test_nothing_is_created_for_the_key_of_an_archived_record(two: Any) -> None:
    old = two.twin("erp").put("customers", vat_no="A1", title="Ana", archived=True)
    two.twin("erp").put("customers", vat_no="A2", title="Bo", archived=True)
    two.twin("crm").put("customers", vat="A1", name="Ana")
    report = await two.run()
    assert (report.exit_code, two.writes) == (1, 0)
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert (held.system, held.reason_code) == ("crm", "identity.ambiguous")
    await two.settled()
    two.twin("erp").put("customers", old, archived=False)
    report = await two.run()
    assert (report.exit_code, report.summaries[0].linked) == (0, 1)
    assert (len(two.records("crm")), len(two.records("erp"))) == (1, 2)
    await two.settled()


async def test_where_it_depends_a_record_that_we_archived_brings_its_partner_back(world: Any) -> None:
    """Customers in the north are archived, others unlinked: where it was when it went is what counts."""
    archive = Deletion(policy=OnDelete.ARCHIVE, when=lambda values: values["note"] == "north", line=23)
    erp = Deletion(policy=OnDelete.UNLINK, cases=(archive,), line=22)
    two, ids = await linked(world, sync={"deletes": {**BOTH_ARCHIVE["deletes"], "erp": erp}})
    two.twin("crm").put("customers", ids[0], note="north")
    await two.run()
    two.twin("crm").put("customers", ids[0], archived=True)
    await two.run()
    (partner,) = archived_in(two, "erp")
    two.twin("erp").put("customers", partner, archived=False, memo="south", title="back")
    report = await two.run()
    assert (report.exit_code, archived_in(two, "crm"), two.records("crm")[ids[0]]["name"]) == (0, [], "back")
    await two.settled()


async def test_a_partner_that_a_person_lifts_is_left_alone_until_what_left_the_scope_is_back(world: Any) -> None:
    """No deletion archives anything here: only that a record left the scope did."""
    two, ids = await linked(world, sync={"out_of_scope": "archive", "deletes": {}})
    await keep_customers(two, ids)
    two.twin("crm").put("customers", ids[0], kind="lead")
    await two.run(full=True)
    (partner,) = archived_in(two, "erp")
    two.twin("erp").put("customers", partner, archived=False, title="edited")
    report = await two.run(full=True)
    assert (report.exit_code, two.records("crm")[ids[0]]["name"]) == (0, "N0")
    await two.settled()
    two.twin("crm").put("customers", ids[0], kind="customer")
    report = await two.run(full=True)
    assert (report.exit_code, two.records("crm")[ids[0]]["name"]) == (0, "edited")
    await two.settled()


async def test_what_is_made_again_is_not_taken_for_the_record_that_we_archived(world: Any) -> None:
    """It would be written to in the archive, and then deleted for it: a record in the archive counts as deleted."""
    two, ids = await linked(world, sync=BOTH_ARCHIVE)
    two.twin("crm").drop("customers", ids[0])
    await two.run(full=True)
    (partner,) = archived_in(two, "erp")
    again = two.twin("crm").put("customers", vat="A0", name="made again")
    for _ in range(3):
        report = await two.run(full=True)
    assert report.exit_code != 0
    assert (two.records("erp")[partner]["title"], archived_in(two, "crm")) == ("N0", [])
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert held.remote_id == again
    assert f"is archived or cannot be read: erp {partner}" in held.detail
    assert command(two, "review", "release", f"crm:{again}")[0] == 0
    report = await two.run()
    assert (report.exit_code, archived_in(two, "erp")) == (0, [partner])
    assert sorted(two.column("erp", "title")) == ["N0", "N1", "N2", "made again"]
    await two.settled()
