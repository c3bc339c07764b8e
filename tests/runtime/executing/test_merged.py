"""Two records that their system merged into one: the link goes on with the one that is left, or waits; nothing is deleted."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.pending import said
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST


def merging(world: Any, *, follow: bool) -> Any:
    deletes = {name: Deletion(policy=OnDelete.PROPAGATE, line=22) for name in ("crm", "erp")}
    two = world("crm", "erp", sync={"merged": "follow" if follow else "hold", "deletes": deletes})
    declared = two.package.systems["erp"]
    resource = replace(declared.resources["customers"], merged="into")
    two.package = replace(
        two.package, systems={**two.package.systems, "erp": replace(declared, resources={"customers": resource})}
    )
    return two


async def linked(two: Any) -> dict[str, str]:
    """Ana on both sides, and the ERP's second Ana, which has no key yet; ids by VAT number."""
    two.twin("crm").put("customers", vat="A1", name="Ana", phone="1")
    await two.run()
    return {record["vat_no"]: key for key, record in two.records("erp").items()}


def as_another_name(two: Any, loser: str, winner: str) -> None:
    """The ERP lists the loser no more, and answers for it with the winner."""
    original = two.twin("erp").read

    async def read(resource: str, remote_ids: Any, **options: Any) -> Any:
        found = dict(await original(resource, [winner if one == loser else one for one in remote_ids], **options))
        return {one: found[winner if one == loser else one] for one in remote_ids}

    del two.records("erp")[loser]
    two.twin("erp").read = read


async def test_a_link_goes_on_with_the_record_that_is_left(world: Any) -> None:
    two = merging(world, follow=True)
    ids = await linked(two)
    winner = two.twin("erp").put("customers", vat_no=None, title="Ana Ek")
    await two.run()
    two.twin("erp").put("customers", ids["A1"], into=winner)
    two.twin("erp").put("customers", winner, vat_no="A1", title="Ana Ek", tel="1")
    for _ in range(2):
        report = await two.run()
    assert (two.column("crm", "name"), report.exit_code) == (["Ana Ek"], 0), "what the other shows is an edit"
    (crm,) = two.records("crm")
    two.twin("crm").put("customers", crm, phone="2")
    await two.run()
    assert (two.records("erp")[winner]["tel"], two.records("erp")[ids["A1"]]["tel"]) == ("2", "1")
    two.twin("erp").drop("customers", ids["A1"])
    report = await two.run(full=True)
    assert (len(two.records("crm")), report.exit_code) == (1, 0)
    with two.store() as store:
        assert [entry[5:7] for entry in store.review.journal_entries("merged")]
    await two.settled()


async def both_linked(world: Any, *, crm_merges: bool = False) -> tuple[Any, dict[str, str], dict[str, str]]:
    """Two customers on both sides, of which the ERP merges the first into the second; ids by VAT number."""
    two = merging(world, follow=True)
    if crm_merges:
        declared = two.package.systems["crm"]
        resource = replace(declared.resources["customers"], merged="into")
        two.package = replace(
            two.package, systems={**two.package.systems, "crm": replace(declared, resources={"customers": resource})}
        )
    two.twin("crm").put("customers", vat="A2", name="Bo")
    erp = await linked(two)
    crm = {record["vat"]: key for key, record in two.records("crm").items()}
    two.twin("erp").put("customers", erp["A1"], into=erp["A2"])
    return two, crm, erp


async def held(two: Any) -> dict[str, str]:
    with two.store() as store:
        return {row.remote_id: row.detail for row in store.review.quarantined() if row.reason_code == "identity.merged"}


async def test_where_both_have_partners_both_links_are_held(world: Any) -> None:
    two, crm, erp = await both_linked(world)
    report = await two.run()
    before = two.writes
    two.twin("crm").put("customers", crm["A1"], phone="10")
    two.twin("crm").put("customers", crm["A2"], phone="20")
    two.twin("erp").put("customers", erp["A2"], title="Bo Ek")
    for _ in range(2):
        report = await two.run()
    assert (two.writes, report.exit_code) == (before, 1), "held means untouched"
    assert (await held(two)).keys() == {erp["A1"], erp["A2"]}
    assert all("review dismiss" in detail for detail in (await held(two)).values())


async def test_a_partner_that_is_deleted_ends_the_question_and_the_other_link_goes_on(world: Any) -> None:
    two, crm, erp = await both_linked(world)
    await two.run()
    two.twin("crm").put("customers", crm["A2"], phone="20")
    two.twin("crm").drop("customers", crm["A1"])
    for _ in range(3):
        report = await two.run(full=True)
    assert (report.exit_code, await held(two)) == (0, {})
    assert two.records("erp")[erp["A2"]]["tel"] == "20"
    assert erp["A1"] in two.records("erp"), "what was merged away is not deleted"
    await two.settled()


async def test_partners_that_are_merged_too_end_the_question(world: Any) -> None:
    two, crm, erp = await both_linked(world, crm_merges=True)
    await two.run()
    two.twin("crm").put("customers", crm["A1"], into=crm["A2"])
    two.twin("crm").put("customers", crm["A2"], phone="20")
    for _ in range(2):
        report = await two.run()
    assert (report.exit_code, await held(two)) == (0, {})
    assert two.records("erp")[erp["A2"]]["tel"] == "20"
    await two.settled()


async def test_a_person_may_dismiss_the_question_for_each_link(world: Any) -> None:
    two, crm, erp = await both_linked(world)
    await two.run()
    two.twin("crm").put("customers", crm["A2"], phone="20")
    with two.store() as store, store.transaction():
        (row,) = (one for one in store.review.quarantined() if one.remote_id == erp["A2"])
        store.answers.give([(0.0, "kim", "dismiss", "Customer", row.link_id, "erp", erp["A2"], "", None, said(row))])
    await two.run()
    assert two.records("erp")[erp["A2"]]["tel"] == "20"


async def test_a_record_that_has_a_link_of_its_own_is_a_question_for_a_person(world: Any) -> None:
    two, _, ids = await both_linked(world)
    for _ in range(2):
        report = await two.run()
    assert (len(two.records("crm")), report.exit_code) == (2, 1)
    assert "partners" in (await held(two))[ids["A1"]]
    two.twin("erp").drop("customers", ids["A1"])
    for _ in range(2):
        await two.run(full=True)
    assert len(two.records("crm")) == 2, "what was merged away is not deleted elsewhere"
    await two.settled()


async def test_where_an_archive_could_be_lifted_a_merger_is_none(world: Any) -> None:
    two, crm, _ = await both_linked(world)
    deletes = {name: Deletion(policy=OnDelete.ARCHIVE, line=22) for name in ("crm", "erp")}
    two.package = replace(two.package, syncs=(replace(two.package.syncs[0], deletes=deletes),))
    await two.run()
    before = two.writes
    two.twin("crm").put("customers", crm["A1"], phone="10")
    report = await two.run()
    assert (two.writes, report.exit_code) == (before, 1)


async def test_without_follow_a_person_is_asked_and_nothing_is_deleted(world: Any) -> None:
    two = merging(world, follow=False)
    ids = await linked(two)
    winner = two.twin("erp").put("customers", vat_no=None, title="Ana Ek")
    two.twin("erp").put("customers", ids["A1"], into=winner)
    await two.run()
    two.twin("erp").drop("customers", ids["A1"])
    report = await two.run(full=True)
    assert (len(two.records("crm")), report.exit_code) == (1, 1)
    with two.store() as store:
        assert "identity.merged" in {row.reason_code for row in store.review.quarantined()}


async def test_of_two_that_were_merged_into_one_only_one_link_goes_on(world: Any) -> None:
    two = merging(world, follow=True)
    two.twin("crm").put("customers", vat="A2", name="Bo")
    ids = await linked(two)
    winner = two.twin("erp").put("customers", vat_no=None, title="Ana Ek")
    await two.run()
    for loser in ids.values():
        two.twin("erp").put("customers", loser, into=winner)
    for _ in range(3):
        report = await two.run()
    assert (len(two.records("crm")), report.exit_code) == (2, 1)
    with two.store() as store:
        asked = {row.remote_id: row.detail for row in store.review.quarantined()}
    (loser,) = asked.keys() - {winner}
    assert loser in ids.values()
    assert "partners" in asked[loser]
    assert loser in asked[winner]
    await two.settled()


@pytest.mark.parametrize("alias", [False, True])
async def test_a_write_without_an_answer_to_what_was_merged_is_settled(world: Any, alias: bool) -> None:
    two = merging(world, follow=True)
    ids = await linked(two)
    (crm,) = two.records("crm")
    winner = two.twin("erp").put("customers", vat_no=None, title="Ana Ek", tel="1")
    await two.run()
    two.twin("crm").put("customers", crm, phone="2")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run()
    with two.store() as store:
        assert store.open_intents("Customer")
    two.twin("erp").put("customers", winner, vat_no="A1")
    if alias:
        as_another_name(two, ids["A1"], winner)
    else:
        two.twin("erp").put("customers", ids["A1"], into=winner)
    for later in (1.0, 200.0, 200.0):
        await two.run(later=later)
    with two.store() as store:
        assert not store.open_intents("Customer"), "nothing tells of it any more"
    assert two.records("erp")[winner]["title"] == "Ana Ek"
    two.twin("crm").put("customers", crm, phone="3")
    await two.run()
    assert two.records("erp")[winner]["tel"] == "3"
    await two.settled()


@pytest.mark.parametrize("full", [True, False])
async def test_a_reading_that_is_answered_with_another_record_tells_of_a_merger(world: Any, full: bool) -> None:
    """Some systems keep the old id as another name of the record that is left."""
    two = merging(world, follow=True)
    ids = await linked(two)
    winner = two.twin("erp").put("customers", vat_no=None, title="Ana Ek", tel="1")
    await two.run()
    two.twin("erp").put("customers", winner, vat_no="A1")
    as_another_name(two, ids["A1"], winner)
    if not full:
        (crm,) = two.records("crm")
        two.twin("crm").put("customers", crm, limit=5)
    for _ in range(3):
        report = await two.run(full=full)
    assert (len(two.records("crm")), len(two.records("erp")), report.exit_code) == (1, 1, 0)
    (crm,) = two.records("crm")
    two.twin("crm").put("customers", crm, phone="2")
    await two.run()
    assert two.records("erp")[winner]["tel"] == "2"
    await two.settled()


async def merged_in_the_archive(two: Any) -> tuple[str, str, str]:
    """Archived on both sides, merged there in the ERP, and brought back in the CRM; ids of the three."""
    deletes = {name: Deletion(policy=OnDelete.ARCHIVE, line=22) for name in ("crm", "erp")}
    two.package = replace(two.package, syncs=(replace(two.package.syncs[0], deletes=deletes),))
    loser = (await linked(two))["A1"]
    (crm,) = two.records("crm")
    two.twin("crm").put("customers", crm, archived=True)
    await two.run()
    winner = two.twin("erp").put("customers", vat_no=None, title="Ana Ek")
    as_another_name(two, loser, winner)
    two.twin("crm").put("customers", crm, archived=False)
    await two.run()
    return crm, loser, winner


async def test_of_what_was_merged_in_the_archive_the_other_is_brought_back(world: Any) -> None:
    two = merging(world, follow=True)
    crm, _, winner = await merged_in_the_archive(two)
    two.twin("crm").put("customers", crm, phone="7")
    report = await two.run()
    assert (report.exit_code, two.records("erp")[winner]["tel"]) == (0, "7")
    await two.settled()


async def test_what_was_merged_in_the_archive_is_asked_about_and_then_left_there(world: Any) -> None:
    two = merging(world, follow=False)
    crm, loser, _ = await merged_in_the_archive(two)
    with two.store() as store:
        (asked,) = (one for one in store.review.quarantined() if one.reason_code == "identity.merged")
        assert asked.remote_id == loser
        with store.transaction():
            answer = (two.clock.time, "ana", "dismiss", "Customer", 0, "erp", loser, "", None, said(asked))
            store.answers.give([answer])
    two.twin("crm").put("customers", crm, phone="7")
    await two.run()
    with two.store() as store:
        member = store.members("Customer", "crm", [crm])[crm]
    assert (member.state, member.seen) == ("live", None), "what it shows is agreed on"
    await two.settled()
