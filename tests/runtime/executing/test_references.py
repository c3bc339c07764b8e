"""References: in each system a record points to that system's own, whatever was found, made, moved or deleted first."""

from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_runtime.cli import execute
from syncline_runtime.cli.waiting import tell_deferred
from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.ports import Refused
from syncline_runtime.records import ActionKind
from syncline_runtime.telling import Redacted
from syncline_runtime.values import Reference
from tests.runtime.executing.references import COMPANY, CONTACT, REQUIRED, SYSTEMS, Kind, Refers, package


class Crash(Exception):
    """The process ends here."""


@pytest.fixture
def refers(tmp_path: Path) -> Callable[..., Refers]:
    def make(*kinds: Kind) -> Refers:
        return Refers(tmp_path / "state.db", package(*kinds))

    return make


async def test_a_reference_points_to_the_system_s_own_record(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    assert world.by_key("erp", "Contact")["ana"]["company"] == world.by_key("erp", "Company")["acme"]["id"]
    assert world.in_step()
    await world.quiet()


async def test_parents_are_created_before_children_whatever_the_spec_says_first(refers: Any) -> None:
    world = refers(REQUIRED, COMPANY)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    assert [call for call in world.twins["erp"].calls if call[0] in ("create", "update")] == [
        ("create", "Company", 1),
        ("create", "Contact", 1),
    ]
    await world.quiet()


async def test_records_that_were_there_are_linked_and_their_references_agree(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    for system in SYSTEMS:
        acme = world.put(system, "Company", key="acme", parent=None)
        world.put(system, "Contact", key="ana", company=acme)
    await world.run()
    assert world.writes == 0
    await world.quiet()


async def test_a_moved_reference_moves_and_a_removed_one_is_removed(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    apex = world.put("crm", "Company", key="apex", parent=None)
    ana = world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    world.put("crm", "Contact", ana, company=apex)
    await world.run()
    assert world.shape("erp")["Contact", "ana"]["company"] == "apex"
    there = world.by_key("erp", "Contact")["ana"]["id"]
    world.put("erp", "Contact", there, company=None)
    await world.run()
    assert world.shape("crm")["Contact", "ana"]["company"] is None
    await world.quiet()


async def test_a_tree_within_one_entity_is_carried_over(refers: Any) -> None:
    world = refers(COMPANY)
    above = None
    for depth in range(5):
        above = world.put("crm", "Company", key=f"level {depth}", parent=above)
    await world.run()
    assert world.in_step()
    await world.quiet()


async def test_a_circle_is_made_first_and_closed_afterwards(refers: Any) -> None:
    world = refers(
        Kind("Company", {"head": ("Contact",)}), Kind("Contact", {"company": ("Company",)}, needed=("company",))
    )
    acme = world.put("crm", "Company", key="acme", head=None)
    ana = world.put("crm", "Contact", key="ana", company=acme)
    world.put("crm", "Company", acme, head=ana)
    await world.run()
    assert world.in_step()
    assert world.shape("erp")["Company", "acme"]["head"] == "ana"
    assert world.shape("crm")["Company", "acme"]["head"] == "ana"
    await world.quiet()


async def test_a_record_that_refers_to_itself(refers: Any) -> None:
    world = refers(COMPANY)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Company", acme, parent=acme)
    await world.run()
    assert world.shape("erp")["Company", "acme"]["parent"] == "acme"
    await world.quiet()


async def test_a_reference_to_what_is_not_known_is_neither_null_nor_a_change(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    ana = world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    world.put("crm", "Contact", ana, company="nobody knows", note="moved")
    await world.run()
    assert world.shape("erp")["Contact", "ana"] == {"key": "ana", "note": "moved", "company": "acme"}
    with world.store() as store:
        (waiting,) = store.waiting()
    assert (waiting.entity, waiting.system, waiting.target, waiting.remote_id) == (
        "Contact", "crm", "Company", "nobody knows",
    )  # fmt: skip
    await world.quiet()
    world.twins["crm"].put("Company", "nobody knows", key="apex", note=None, parent=None)
    await world.run()
    assert world.shape("erp")["Contact", "ana"]["company"] == "apex"
    with world.store() as store:
        assert store.waiting() == []
    await world.quiet()


async def test_who_waits_for_a_held_parent_waits_and_the_others_go_on(refers: Any) -> None:
    world = refers(COMPANY, REQUIRED)
    acme = world.put("crm", "Company", key="acme", parent=None)
    apex = world.put("crm", "Company", key="apex", parent=None)
    for number in range(3):
        world.put("crm", "Contact", key=f"of acme {number}", company=acme)
    world.put("crm", "Contact", key="of apex", company=apex)
    table = world.twins["erp"].tables["Company"]
    table.refuse = lambda native: Refused("invalid", "no such name") if native.get("key") == "acme" else None
    await world.run()
    assert sorted(world.by_key("erp", "Contact")) == ["of apex"]
    with world.store() as store:
        waits = store.waiting()
    assert [(wait.system, wait.target, wait.remote_id) for wait in waits] == [("erp", "Company", "")] * 3
    await world.quiet(full=False)
    table.refuse = None
    world.put("crm", "Company", acme, note="spelled right")
    await world.run()
    assert world.in_step()
    with world.store() as store:
        assert store.waiting() == []
    await world.quiet()


async def test_an_optional_reference_to_a_held_parent_is_written_when_it_is_there(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    table = world.twins["erp"].tables["Company"]
    table.refuse = lambda native: Refused("invalid", "no")
    await world.run()
    assert world.by_key("erp", "Contact")["ana"].get("company") is None
    assert world.by_key("crm", "Contact")["ana"]["company"] == acme
    await world.run()
    assert world.by_key("crm", "Contact")["ana"]["company"] == acme
    table.refuse = None
    world.put("crm", "Company", acme, note="again")
    await world.run()
    assert world.in_step()
    await world.quiet()


async def test_children_are_deleted_before_their_parents(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    ana = world.put("crm", "Contact", key="ana", company=acme)
    bea = world.put("crm", "Contact", key="bea", company=acme)
    await world.run()
    world.twins["crm"].drop("Company", acme)
    world.twins["crm"].drop("Contact", ana)
    world.put("crm", "Contact", bea, company=None)
    world.twins["erp"].calls.clear()
    await world.run(full=True)
    done = [call[:2] for call in world.twins["erp"].calls if call[0] in ("update", "delete")]
    assert done == [("update", "Contact"), ("delete", "Contact"), ("delete", "Company")]
    assert world.in_step()
    await world.quiet()


async def test_a_parent_that_is_made_anew_is_another_one(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    ana = world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    world.twins["crm"].drop("Company", acme)
    world.put("crm", "Contact", ana, company=None)
    await world.run(full=True)
    again = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", ana, company=again)
    await world.run()
    assert world.in_step()
    await world.quiet()


async def test_one_of_several_kinds(refers: Any) -> None:
    world = refers(Kind("Note", {"about": ("Company", "Contact")}), COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    ana = world.put("crm", "Contact", key="ana", company=acme)
    note = world.put("crm", "Note", key="first", about=acme)
    world.put("crm", "Note", key="second", about=ana)
    await world.run()
    assert world.in_step()
    world.put("crm", "Note", note, about=ana)
    await world.run()
    assert world.shape("erp")["Note", "first"]["about"] == "ana"
    await world.quiet()


async def test_a_crash_between_parent_and_child_leaves_nothing_double(refers: Any) -> None:
    for step in range(40):
        world = refers(COMPANY, REQUIRED)
        world.path = world.path.with_name(f"state-{step}.db")
        acme = world.put("crm", "Company", key="acme", parent=None)
        world.put("crm", "Contact", key="ana", company=acme)
        left = [step]

        def crash(operation: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Crash

        world.twins["erp"].before = crash
        try:
            await world.run()
            reached = True
        except Crash:
            reached = False
        world.twins["erp"].before = None
        for _ in range(3):
            await world.run(later=600.0)
        assert world.in_step(), step
        assert len(world.by_key("erp", "Contact")) == len(world.twins["erp"].tables["Contact"].records) == 1
        await world.quiet()
        if reached:
            return
    raise AssertionError("the run never got through")


NAMES = "abcde"


@settings(max_examples=25, deadline=None)
@given(
    parents=st.dictionaries(st.sampled_from(NAMES), st.none() | st.sampled_from(NAMES), min_size=1),
    places=st.lists(st.sets(st.sampled_from(SYSTEMS), min_size=1), min_size=5, max_size=5),
    moves=st.lists(
        st.tuples(st.sampled_from(SYSTEMS), st.sampled_from(NAMES), st.none() | st.sampled_from(NAMES)), max_size=4
    ),
)
async def test_whatever_is_found_first_the_same_comes_out(
    tmp_path_factory: pytest.TempPathFactory,
    parents: dict[str, str | None],
    places: list[set[str]],
    moves: list[tuple[str, str, str | None]],
) -> None:
    """Records that lie in one system or both, in any order, pointing wherever: the systems agree, and with what was said."""
    world = Refers(tmp_path_factory.mktemp("any") / "state.db", package(COMPANY))
    for name, systems in zip(NAMES, places, strict=True):
        for system in sorted(systems):
            if name in parents:
                world.put(system, "Company", key=name, parent=None)
    for system in SYSTEMS:
        for name, record in world.by_key(system, "Company").items():
            above = parents[name]
            if above in (there := world.by_key(system, "Company")):
                world.put(system, "Company", record["id"], parent=there[above]["id"])
    await world.run()
    assert world.in_step()
    await world.quiet()
    for system, name, above in moves:
        there = world.by_key(system, "Company")
        if name in there and (above is None or above in there):
            world.put(system, "Company", there[name]["id"], parent=None if above is None else there[above]["id"])
            await world.run()
            assert world.shape(system)["Company", name]["parent"] == above
            assert world.in_step()
    await world.quiet()


async def test_who_referred_to_a_record_that_was_deleted_is_moved_as_agreed(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Company", key="apex", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    world.twins["crm"].drop("Company", acme)
    await world.run(full=True)
    assert world.by_key("crm", "Contact")["ana"]["company"] == acme, "what nobody changed stays"
    there = world.by_key("erp", "Contact")["ana"]["id"]
    world.put("erp", "Contact", there, company=world.by_key("erp", "Company")["apex"]["id"])
    await world.run()
    assert world.shape("crm")["Contact", "ana"]["company"] == "apex"
    with world.store() as store:
        assert store.waiting() == []
    await world.quiet()


async def test_who_is_made_to_refer_to_a_record_that_was_replaced_is_moved_back_to_what_is_agreed(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    world.deleting_companies(OnDelete.HOLD)
    acme = world.put("crm", "Company", key="acme", parent=None)
    apex = world.put("crm", "Company", key="apex", parent=None)
    ana = world.put("crm", "Contact", key="ana", company=apex)
    await world.run()
    world.twins["crm"].drop("Company", acme)
    await world.run(full=True)
    again = world.put("crm", "Company", key="acme", parent=None)
    await world.run()
    out = StringIO()
    linking = ["review", "link", f"crm:{again}", "erp:erp-1", "--entity", "Company", "--state", str(world.path)]
    assert execute(world.package, linking, stdout=out, stderr=out) == 0, out.getvalue()
    await world.run()
    world.put("crm", "Contact", ana, company=acme)
    await world.run()
    await world.run()
    assert world.shape("crm")["Contact", "ana"]["company"] == "apex"
    assert world.shape("erp")["Contact", "ana"]["company"] == "apex"
    with world.store() as store:
        assert store.waiting() == []
    await world.quiet()


async def test_who_referred_to_a_record_that_was_replaced_is_moved_to_its_successor(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    world.deleting_companies(OnDelete.HOLD)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    world.twins["crm"].drop("Company", acme)
    await world.run(full=True)
    again = world.put("crm", "Company", key="acme", parent=None)
    await world.run()
    assert world.by_key("crm", "Contact")["ana"]["company"] == acme
    out = StringIO()
    linking = ["review", "link", f"crm:{again}", "erp:erp-1", "--entity", "Company", "--state", str(world.path)]
    assert execute(world.package, linking, stdout=out, stderr=out) == 0, out.getvalue()
    await world.run()
    assert world.by_key("crm", "Contact")["ana"]["company"] == again
    assert world.in_step()
    await world.quiet()


async def test_who_referred_to_a_record_that_is_created_again_is_moved_to_the_new_one(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    world.deleting_companies(OnDelete.RECREATE)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    world.twins["crm"].drop("Company", acme)
    for _ in range(3):
        await world.run(full=True)
    assert world.by_key("crm", "Company")["acme"]["id"] != acme
    assert world.shape("crm")["Contact", "ana"]["company"] == "acme"
    assert world.in_step()
    await world.quiet()


async def test_a_first_look_that_shows_a_record_that_was_deleted_is_moved_as_agreed(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    world.deleting_companies(OnDelete.RECREATE)
    former = world.put("crm", "Company", key="acme", parent=None)
    await world.run()
    ana = world.put("crm", "Contact", key="ana", company=None)
    del world.twins["crm"].tables["Contact"].records[ana]["company"]  # the account may not see it
    world.put("erp", "Contact", key="ana", company=world.by_key("erp", "Company")["acme"]["id"])
    world.twins["crm"].drop("Company", former)
    for _ in range(3):
        await world.run(full=True)
    world.put("crm", "Contact", ana, company=former)
    for _ in range(2):
        await world.run(full=True)
    assert world.shape("crm")["Contact", "ana"]["company"] == "acme"
    assert world.in_step()
    await world.quiet()


async def test_a_first_look_that_shows_a_record_of_a_closed_link_is_moved_to_what_its_partner_refers_to(
    refers: Any,
) -> None:
    world = refers(COMPANY, CONTACT)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Company", key="apex", parent=None)
    await world.run()
    there = {key: one["id"] for key, one in world.by_key("erp", "Company").items()}
    world.twins["crm"].drop("Company", acme)
    await world.run(full=True)
    assert "acme" not in world.by_key("erp", "Company")
    world.put("crm", "Contact", key="ana", company=acme)
    world.put("erp", "Contact", key="ana", note="who moved", company=there["apex"])
    for _ in range(3):
        await world.run(full=True)
    assert world.shape("crm")["Contact", "ana"]["company"] == "apex"
    assert world.in_step()
    await world.quiet()


async def test_what_referred_to_a_survivor_means_the_link_that_it_found(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    unlinking = {name: Deletion(policy=OnDelete.UNLINK, line=22) for name in SYSTEMS}
    company, contact = world.package.syncs
    world.package = replace(world.package, syncs=(replace(company, deletes=unlinking), contact))
    acme = world.put("crm", "Company", key="acme", parent=None)
    ana = world.put("crm", "Contact", key="ana", company=acme)
    await world.run()
    there = world.by_key("erp", "Contact")["ana"]["company"]
    world.twins["crm"].drop("Company", acme)
    await world.run(full=True)
    again = world.put("crm", "Company", key="acme", parent=None)
    await world.run()
    world.put("crm", "Contact", ana, company=again)
    before = world.writes
    await world.run()
    assert world.by_key("erp", "Contact")["ana"]["company"] == there
    assert world.by_key("crm", "Contact")["ana"]["company"] == again
    assert world.writes == before
    await world.quiet()


async def test_a_plan_knows_what_it_would_link(refers: Any) -> None:
    world = refers(REQUIRED, COMPANY)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    world.put("crm", "Contact", key="bea", company="nobody knows")
    report = await world.plan()
    planned = {summary.entity: dict(summary.planned) for summary in report.summaries}
    assert planned == {"Company": {("erp", ActionKind.CREATE): 1}, "Contact": {("erp", ActionKind.CREATE): 1}}
    (created,) = (action for action in world.told.actions if action.entity == "Contact")
    assert type(created.fields["company"][1]) is Reference
    assert world.writes == 0
    report = await world.run(apply_first=False)
    assert report.awaiting == ["Company", "Contact"]
    await world.run()
    assert world.shape("erp")["Contact", "ana"]["company"] == "acme"
    assert ("Contact", "bea") not in world.shape("erp")
    with world.store() as store:
        assert store.count_waiting("Contact") == 1


async def test_who_waits_for_whom_is_told(refers: Any) -> None:
    world = refers(COMPANY, REQUIRED)
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    world.put("crm", "Contact", key="bea", company="nobody knows")
    world.twins["erp"].tables["Company"].refuse = lambda native: Refused("invalid", "no")
    report = await world.run()
    assert {summary.entity: summary.deferred for summary in report.summaries} == {"Company": 0, "Contact": 2}
    out = StringIO()
    with world.store() as store:
        tell_deferred(store, Redacted(out, ()))
    first, second = out.getvalue().splitlines()
    assert "company waits in erp for a Company" in first
    assert "company waits for Company nobody knows of crm" in second


async def test_what_referred_to_a_record_that_another_was_merged_into_means_that_link(refers: Any) -> None:
    world = refers(COMPANY, CONTACT)
    company, contact = world.package.syncs
    world.package = replace(world.package, syncs=(replace(company, merged="follow"), contact))
    crm = world.package.systems["crm"]
    merging = {**crm.resources, "Company": replace(crm.resources["Company"], merged="merged_into")}
    world.package = replace(world.package, systems={**world.package.systems, "crm": replace(crm, resources=merging)})
    refused = Refused("taken", "there is one of that name")
    world.twins["erp"].tables["Company"].refuse = lambda native: refused if "again" in str(native.get("key")) else None
    old = world.put("crm", "Company", key="acme", parent=None)
    new = world.put("crm", "Company", key="acme again", parent=None)
    world.put("crm", "Contact", key="bea", company=new)
    await world.run()
    assert world.by_key("erp", "Contact")["bea"]["company"] is None
    world.put("crm", "Company", old, merged_into=new)
    await world.run()
    await world.run()
    assert world.by_key("erp", "Contact")["bea"]["company"] == next(iter(world.twins["erp"].tables["Company"].records))
    assert world.by_key("crm", "Contact")["bea"]["company"] == new
