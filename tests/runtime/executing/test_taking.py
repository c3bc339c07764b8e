"""Taking a batch of readings: whatever one record comes to, those after it are taken in as well."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Condition, Deletion, OnDelete
from syncline_runtime.ports import SystemFailure
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.executing.conftest import field_map

BROKEN = {"vat": "A9", "mail": 1}
"""A record of which a key cannot be read, so that it is set aside as a whole."""

ARCHIVE = {name: Deletion(policy=OnDelete.ARCHIVE, line=22) for name in ("crm", "erp")}


async def held(two: Any) -> list[tuple[str, str, str]]:
    with two.store() as store:
        return [(one.system, one.remote_id, one.reason_code) for one in store.review.quarantined()]


# -- one after the other -----------------------------------------------------------------------------------------------


async def three_linked(two: Any) -> tuple[str, str, str]:
    """Three customers in step, in the order in which they are listed."""
    ids = tuple(two.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}") for number in range(3))
    await two.run()
    return ids  # type: ignore[return-value]


BEFORE_OTHERS = {
    "unchanged": {},
    "broken": {"limit": "broken"},
    "archived": {"archived": True},
    "out of scope": {"note": "out"},
}


@pytest.mark.parametrize("what", BEFORE_OTHERS)
async def test_what_comes_of_one_linked_record_keeps_the_next_from_nothing(world: Any, what: str) -> None:
    mapping = field_map("crm", in_scope=lambda native: native.get("note") != "out")
    two = world("crm", "erp", sync={"deletes": ARCHIVE}, crm=mapping)
    first, _, last = await three_linked(two)
    two.twin("crm").put("customers", first, **BEFORE_OTHERS[what])
    two.twin("crm").put("customers", last, name="edited")
    await two.run(full=True)
    assert "edited" in two.column("erp", "title")


@pytest.mark.parametrize(
    "fields", [{"note": "out"}, {"archived": True}, BROKEN, {}], ids=["out of scope", "archived", "broken", "keyless"]
)
async def test_what_comes_of_one_new_record_keeps_the_next_from_nothing(world: Any, fields: dict[str, Any]) -> None:
    mapping = field_map("crm", in_scope=lambda native: native.get("note") != "out")
    two = world("crm", "erp", crm=mapping)
    two.twin("crm").put("customers", name="first", **fields)
    two.twin("crm").put("customers", vat="A1", name="last")
    await two.run()
    assert two.column("erp", "title") == ["last"]


@pytest.mark.parametrize("fields", [{"note": "out"}, {"archived": True}], ids=["out of scope", "archived"])
async def test_a_duplicate_that_leaves_keeps_the_next_from_nothing(world: Any, fields: dict[str, Any]) -> None:
    mapping = field_map("crm", in_scope=lambda native: native.get("note") != "out")
    two = world("crm", "erp", crm=mapping)
    one = two.twin("crm").put("customers", vat="A1", name="Ana")
    other = two.twin("crm").put("customers", vat="A1", name="Anna")
    last = two.twin("crm").put("customers", vat="A2", name="Zoe")
    await two.run()
    two.twin("crm").put("customers", one, **fields)
    two.twin("crm").put("customers", last, name="edited")
    await two.run()
    # An archived one still has the key; one that is out of scope is nobody's business.
    assert two.column("erp", "title") == (["edited"] if "archived" in fields else ["Anna", "edited"])
    assert other in two.records("crm")


async def test_what_was_unlinked_keeps_the_next_from_nothing(world: Any) -> None:
    unlink = {name: Deletion(policy=OnDelete.UNLINK, line=22) for name in ("crm", "erp")}
    two = world("crm", "erp", sync={"deletes": unlink})
    await three_linked(two)
    (survivor,) = [key for key, record in two.records("erp").items() if record["vat_no"] == "A0"]
    (next_one,) = [key for key, record in two.records("erp").items() if record["vat_no"] == "A1"]
    two.twin("crm").drop("customers", "crm-1")
    await two.run(full=True)
    two.twin("erp").put("customers", survivor, tel="1")
    two.twin("erp").put("customers", next_one, tel="2")
    await two.run(full=True)
    assert [one["phone"] for one in two.records("crm").values()] == ["2", None]
    await two.settled()


async def test_a_write_that_only_a_listing_settles_keeps_the_next_from_nothing(two: Any) -> None:
    declared = two.package.systems["erp"]
    resource = replace(declared.resources["customers"], read=None)
    two.package = replace(
        two.package, systems={**two.package.systems, "erp": replace(declared, resources={"customers": resource})}
    )
    first, _, last = await three_linked(two)
    two.twin("crm").put("customers", first, name="in doubt")
    two.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run(later=1.0)
    (of_last,) = [key for key, record in two.records("erp").items() if record["vat_no"] == "A2"]
    two.twin("erp").put("customers", of_last, tel="2")
    report = await two.run(later=1.0)
    assert (two.records("crm")[last]["phone"], report.summaries[0].unknown) == ("2", 0)


async def test_a_write_in_doubt_keeps_no_other_record_of_the_batch_from_being_taken(two: Any) -> None:
    first, _, last = await three_linked(two)
    (of_first,) = [key for key, record in two.records("erp").items() if record["vat_no"] == "A0"]
    two.twin("crm").put("customers", first, name="in doubt")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run(later=1.0)
    (of_last,) = [key for key, record in two.records("erp").items() if record["vat_no"] == "A2"]
    two.twin("erp").put("customers", of_first, tel="1")
    two.twin("erp").put("customers", of_last, tel="2")
    await two.run(later=1.0)
    assert two.records("crm")[last]["phone"] == "2"


async def test_a_record_that_may_be_stale_keeps_no_other_from_being_taken(two: Any) -> None:
    """What was read before our write arrived is read again; the others of that listing are news all the same."""
    declared = two.package.systems["crm"]
    resource = declared.resources["customers"]
    lagging = replace(resource.list, since=replace(resource.list.since, lag_seconds=30.0))
    two.package = replace(
        two.package,
        systems={
            **two.package.systems,
            "crm": replace(declared, resources={"customers": replace(resource, list=lagging)}),
        },
    )
    first, _, last = await three_linked(two)
    old = dict(two.records("crm")[first])
    (of_first,) = [key for key, record in two.records("erp").items() if record["vat_no"] == "A0"]
    two.twin("erp").put("customers", of_first, tel="7")
    await two.run()
    assert two.records("crm")[first]["phone"] == "7"
    original = two.twin("crm").pages

    async def behind(*arguments: Any, **options: Any) -> Any:
        async for page in original(*arguments, **options):
            records = [
                replace(one, native=old, version=str(old["updated"])) if one.remote_id == first else one
                for one in page.records
            ]
            yield replace(page, records=records)

    two.twin("crm").pages = behind
    two.twin("crm").put("customers", last, name="edited")
    await two.run(later=5.0, full=True)
    assert "edited" in two.column("erp", "title")
    assert two.records("erp")[of_first]["tel"] == "7"


# -- keys --------------------------------------------------------------------------------------------------------------


async def test_a_linked_record_is_known_by_the_key_that_it_shows_now(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana", mail="old@x")
    two.twin("erp").put("customers", vat_no="A1", title="Ana", mail="old@x")
    await two.run()
    two.twin("crm").put("customers", "crm-1", mail="new@x")
    await two.run()
    await two.run()
    assert two.column("erp", "mail") == ["new@x"]
    other = two.twin("erp").put("customers", title="Another", mail="old@x")
    doubled = two.twin("erp").put("customers", title="Double", mail="new@x")
    report = await two.run()
    assert (report.exit_code, two.column("crm", "name")) == (1, ["Ana", "Another"])
    assert [remote_id for _, remote_id, _ in await held(two)] == [doubled]
    assert other in two.records("erp")


async def test_a_record_that_changes_its_key_in_the_archive_gives_the_former_up(two: Any) -> None:
    aside = two.twin("crm").put("customers", vat="A1", name="Ana", archived=True)
    await two.run()
    two.twin("crm").put("customers", aside, vat="A2")
    await two.run()
    two.twin("erp").put("customers", vat_no="A1", title="Anna")
    report = await two.run()
    assert (report.exit_code, two.column("crm", "vat")) == (0, ["A1", "A2"])
    two.twin("erp").put("customers", vat_no="A2", title="Zoe")
    report = await two.run()
    assert (report.exit_code, two.column("crm", "vat")) == (1, ["A1", "A2"])


async def test_a_duplicate_that_is_archived_is_a_question_no_more(two: Any) -> None:
    one, other = (two.twin("crm").put("customers", vat="A1", name=name) for name in ("Ana", "Anna"))
    await two.run()
    assert {remote_id for _, remote_id, _ in await held(two)} == {one, other}
    two.twin("crm").put("customers", other, archived=True)
    await two.run()
    assert other not in {remote_id for _, remote_id, _ in await held(two)}


# -- what cannot be read -----------------------------------------------------------------------------------------------


async def test_a_field_that_is_readable_again_is_told_no_more_and_taken_over(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana", limit=1)
    await two.run()
    two.twin("crm").put("customers", "crm-1", limit="broken", name="Anna")
    report = await two.run()
    assert (report.exit_code, await held(two)) == (1, [("crm", "crm-1", "record.value.wrong-type")])
    two.twin("crm").put("customers", "crm-1", limit=2)
    report = await two.run()
    assert (report.exit_code, await held(two)) == (0, [])
    assert (two.column("erp", "title"), two.column("erp", "limit")) == (["Anna"], [2])


# -- writes without an answer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [UNKNOWN_BUT_LANDED, UNKNOWN_AND_LOST], ids=["landed", "lost"])
async def test_an_archiving_without_an_answer_is_looked_for(world: Any, fault: Any) -> None:
    two = world("crm", "erp", sync={"deletes": ARCHIVE})
    await three_linked(two)
    two.twin("crm").drop("customers", "crm-1")
    two.twin("erp").faults["update"].append(fault)
    await two.run(full=True)
    for _ in range(3):
        report = await two.run(later=400.0, full=True)
    assert report.exit_code == 0
    assert [one["vat_no"] for one in two.records("erp").values() if one.get("archived")] == ["A0"]
    assert len(two.records("crm")) == 2, "what we archived is nobody's deletion"
    await two.settled()


async def test_what_was_deleted_before_its_archiving_was_answered_is_gone(world: Any) -> None:
    two = world("crm", "erp", sync={"deletes": ARCHIVE})
    await three_linked(two)
    two.twin("crm").drop("customers", "crm-1")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run(full=True)
    two.twin("erp").drop("customers", "erp-1")
    for _ in range(3):
        report = await two.run(later=400.0, full=True)
    assert (report.exit_code, two.column("crm", "vat"), two.column("erp", "vat_no")) == (0, ["A1", "A2"], ["A1", "A2"])
    await two.settled()


async def test_a_system_that_failed_in_recovery_is_left_alone_for_the_rest_of_the_run(two: Any) -> None:
    first, _, last = await three_linked(two)
    two.twin("crm").put("customers", first, name="in doubt")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run()
    original, failed = two.twin("erp").read, []

    async def once(*arguments: Any, **options: Any) -> Any:
        if not failed:
            failed.append(True)
            raise SystemFailure("erp", "out of order")
        return await original(*arguments, **options)

    two.twin("erp").read = once
    two.twin("erp").calls.clear()
    two.twin("crm").put("customers", last, name="edited")
    report = await two.run()
    assert report.summaries[0].failures == {"erp": "erp: out of order"}
    assert [operation for operation, _, _ in two.twin("erp").calls if operation != "open"] == []
    report = await two.run(later=400.0)
    assert (report.exit_code, "edited" in two.column("erp", "title")) == (0, True)


async def test_a_field_that_an_adopted_create_does_not_show_is_no_rendering(two: Any) -> None:
    """What was sent as blanks, and cannot be seen, may be anything."""
    two.twin("crm").put("customers", vat="A1", name=" ", phone="1")
    two.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    two.twin("erp").tables["customers"].hidden = ("title",)
    report = await two.run()
    assert (report.exit_code, len(two.records("erp")), report.summaries[0].unknown) == (0, 1, 0)
    two.twin("erp").tables["customers"].hidden = ()
    await two.run(full=True)
    await two.settled()


async def test_where_scope_is_asked_for_by_value_a_create_has_it(world: Any) -> None:
    two = world("crm", "erp", erp=field_map("erp", where=(Condition(field="memo", value="mine"),)))
    two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    report = await two.run()
    assert (report.exit_code, two.column("erp", "memo")) == (0, ["mine"])


async def test_what_left_the_scope_without_a_link_leaves_no_key_behind(world: Any) -> None:
    mapping = field_map("crm", in_scope=lambda native: native.get("note") != "out")
    two = world("crm", "erp", crm=mapping)
    twins = [two.twin("crm").put("customers", vat="A1", name=name) for name in ("Ana", "Anna")]
    await two.run()
    assert two.records("erp") == {}, "of two with one key, neither is created"
    for number, one in enumerate(twins):
        two.twin("crm").put("customers", one, vat=f"B{number}", note="out")
    await two.run()
    for one in twins:
        two.twin("crm").put("customers", one, note="")
    two.twin("crm").put("customers", vat="A1", name="Zoe")
    await two.run()
    assert two.column("erp", "vat_no") == ["A1", "B0", "B1"]
    await two.settled()


async def test_what_was_erased_keeps_those_after_it_from_nothing(world: Any) -> None:
    two = world("crm", "erp")
    first, _, last = await three_linked(two)
    with two.store() as store, store.transaction():
        link_id = store.members("Customer", "crm", [first])[first].link_id
        store.erasure.close([link_id])
        store.erasure.leave(link_id, "crm", None)
    two.twin("crm").put("customers", first, name="of nobody")
    two.twin("crm").put("customers", last, name="edited")
    await two.run(full=True)
    assert sorted(two.column("erp", "title")) == ["N0", "N1", "edited"]


# -- set aside ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{"archived": True}, {"title": "Ana", "mail": 1}], ids=["archived", "broken"])
async def test_a_record_that_is_set_aside_is_known_since_it_was_first_seen(two: Any, fields: dict[str, Any]) -> None:
    erp = two.twin("erp").put("customers", vat_no="A1", **fields)
    await two.run()
    with two.store() as store:
        before = store.members("Customer", "erp", [erp])
    assert before[erp].state == "out_of_scope"
    await two.run(full=True)
    with two.store() as store:
        assert store.members("Customer", "erp", [erp]) == before


async def test_why_a_record_is_set_aside_is_told_as_it_waits(two: Any) -> None:
    crm = two.twin("crm").put("customers", vat="A1", limit="broken")
    await two.run()
    with two.store() as store:
        (waiting,) = store.review.quarantined()
    told = ("crm", crm, "value.wrong-type", waiting.field, waiting.detail, waiting.place)
    assert two.told.refusals == [told]
    assert waiting.reason_code == "record.value.wrong-type"
    assert waiting.detail


@pytest.mark.parametrize("first", ["known", "out of scope"])
async def test_what_is_set_aside_or_left_out_keeps_the_next_from_nothing(world: Any, first: str) -> None:
    """An archived record keeps its key, after one that is set aside already, and after one of which nothing is kept."""
    two = world("crm", "erp", erp=field_map("erp", in_scope=lambda native: native["memo"] != "out"))
    if first == "known":
        two.twin("erp").put("customers", vat_no="A1", archived=True)
        await two.run()
    else:
        aside = [two.twin("erp").put("customers", vat_no="A1") for _ in range(2)]
        await two.run()
        two.twin("erp").put("customers", aside[0], memo="out", archived=True)
        two.twin("erp").drop("customers", aside[1])
    two.twin("erp").put("customers", vat_no="A2", archived=True)
    two.twin("crm").put("customers", vat="A2", name="Ana")
    report = await two.run(full=True)
    assert (report.exit_code, two.column("erp", "vat_no")) == (1, ["A1", "A2"])
