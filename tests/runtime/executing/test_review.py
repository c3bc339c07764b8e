"""What people answer is carried out by the next run, and written in the journal."""

import argparse
import asyncio
import json
import shlex
from collections import deque
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_runtime.cli import review
from syncline_runtime.declaration import Ask, Creation
from syncline_runtime.pending import Item, pending
from syncline_runtime.ports import Refused, Unknown
from syncline_runtime.simulation.twin import Fault
from tests.runtime.executing import references
from tests.runtime.executing.conftest import RULES, World, package
from tests.runtime.executing.holds import (
    HELD,
    a_conflict,
    a_guard,
    command,
    held,
    many_failures,
    no_key,
    reported_drift,
    several_matches,
)

WAYS = ("delete", "keep", "recreate")


async def test_a_choice_is_carried_out_by_the_next_run_and_journalled_with_who_made_it(tmp_path: Path) -> None:
    world, [item], _ = await held(tmp_path, a_conflict)
    assert (item.kind, item.field, item.agreed) == ("conflict", "note", "old")
    assert item.shows == {"crm": "from crm", "erp": "from erp"}
    code, out, _ = command(world, "review")
    assert code == 1
    assert "customers.sync:35" in out
    assert "crm: from crm" in out
    before = world.writes
    assert command(world, "review", "resolve", item.name, "--take", "erp", "--by", "Kari")[0] == 0
    assert world.writes == before
    assert "resolved, by Kari: the next run carries it out" in command(world, "review")[1]
    await world.run()
    assert world.column("crm", "note") == ["from erp"]
    assert command(world, "review") == (0, "nothing waits for a person\n", "")
    with world.store() as store:
        [entry] = store.review.journal_entries("resolved")
    assert "Kari" in entry[6]
    await world.settled()


async def test_an_answer_to_what_changed_since_is_void_and_the_conflict_stays(tmp_path: Path) -> None:
    world, [item], _ = await held(tmp_path, a_conflict)
    assert command(world, "review", "resolve", item.name, "--take", "erp")[0] == 0
    [other] = world.records("erp")
    world.twin("erp").put("customers", other, memo="newer")
    report = await world.run()
    assert world.column("crm", "note") == ["from crm"]
    [line] = report.summaries[0].held
    assert "erp shows something else since" in line
    with world.store() as store:
        [again, void] = pending(world.package, store)
    assert again.candidates["erp"] == "newer"
    assert (void.kind, void.commands) == ("hold", ("review",))


@pytest.mark.parametrize(("taken", "name"), [("crm", "Ana"), ("erp", "Annie")])
async def test_reported_drift_is_decided_either_way(tmp_path: Path, taken: str, name: str) -> None:
    world, [item], _ = await held(tmp_path, reported_drift)
    assert (item.kind, item.field, item.agreed) == ("conflict", "name", "Ana")
    assert command(world, "review", "resolve", item.name, "--take", taken)[0] == 0
    await world.run()
    assert world.column("crm", "name") == world.column("erp", "title") == [name]
    assert command(world, "review") == (0, "nothing waits for a person\n", "")
    await world.settled()


async def test_ambiguous_records_are_linked_as_a_person_says(tmp_path: Path) -> None:
    world, items, _ = await held(tmp_path, several_matches)
    [asking] = [item for item in items if item.system == "crm"]
    links = [one for one in asking.commands if one.startswith("review link")]
    assert len(links) == 2
    assert command(world, *shlex.split(links[0]))[0] == 0
    await world.run()
    assert world.column("erp", "title") == ["Ana", "Anna"]
    with world.store() as store:
        assert store.count_links("Customer") == 1


async def test_what_was_taken_out_of_a_record_that_a_person_names_as_ours_does_not_come_back(tmp_path: Path) -> None:
    world = World(tmp_path / "state.db", package("crm", "erp"))
    one = world.twin("crm").put("customers", vat="1", name="Ana", tags=["a", "b"])
    world.twin("erp").faults["create"] = deque([Fault(Unknown("timed out"), lands=True)])
    await world.run()
    [other] = world.records("erp")
    world.twin("erp").put("customers", other, labels=["b"])
    double = world.twin("erp").put("customers", vat_no="1", title="Anna")
    await world.run(later=3600)
    world.twin("erp").drop("customers", double)
    assert command(world, "review", "link", f"crm:{one}", f"erp:{other}")[0] == 0
    await world.run()
    assert (world.records("crm")[one]["tags"], world.records("erp")[other]["labels"]) == (["b"], ["b"])
    await world.settled()


async def test_an_edit_that_nobody_was_asked_about_is_not_overwritten_by_a_choice_between_others(
    tmp_path: Path,
) -> None:
    world = World(tmp_path / "state.db", package("crm", "erp", "shop", sync={"rules": {**RULES, "mail": Ask(line=13)}}))
    world.twin("crm").put("customers", vat="1", name="Ana", mail="m@x.org")
    await world.run()
    places = {name: next(iter(world.records(name))) for name in ("crm", "erp", "shop")}
    for name in ("crm", "shop"):
        world.twin(name).put("customers", places[name], mail=f"{name}@x.org")
    await world.run()
    assert command(world, "review", "resolve", "1/mail", "--take", "crm")[0] == 0
    world.twin("erp").put("customers", places["erp"], mail="erp@x.org")
    await world.run()
    report = await world.run()
    shown = {name: world.records(name)[place]["mail"] for name, place in places.items()}
    assert shown == {name: f"{name}@x.org" for name in places}, report
    with world.store() as store:
        [item] = pending(world.package, store)
        assert set(item.candidates) == set(places)
    assert command(world, "review", "resolve", "1/mail", "--take", "erp")[0] == 0
    await world.run()
    assert {world.records(name)[place]["mail"] for name, place in places.items()} == {"erp@x.org"}


async def test_a_record_whose_id_is_no_single_word_is_named_so_that_a_shell_takes_it(tmp_path: Path) -> None:
    world = World(tmp_path / "state.db", package("crm", "erp"))
    world.twin("crm").put("customers", "a b;c", name="Ana")
    await world.run()
    with world.store() as store:
        [item] = pending(world.package, store)
    [*_, last] = item.commands
    assert last == "review dismiss 'crm:a b;c'"
    assert command(world, *shlex.split(last))[0] == 0


async def test_a_record_that_joins_one_which_was_released_at_once_loses_nothing(tmp_path: Path) -> None:
    async def both_twice(world: World) -> None:
        for name in ("Ana", "Anna"):
            world.twin("crm").put("customers", vat="1", name=name)
        for name in ("Eva", "Evi"):
            world.twin("erp").put("customers", vat_no="1", title=name)

    world, _, _ = await held(tmp_path, both_twice)
    assert command(world, "review", "release", "crm:crm-1")[0] == 0
    assert command(world, "review", "link", "erp:erp-1", "crm:crm-1")[0] == 0
    await world.run()
    assert world.column("erp", "title") == ["Ana", "Evi"]
    with world.store() as store:
        assert [row[4] for row in store.review.journal_entries("overwritten")] == ['"Eva"']


async def test_who_was_told_apart_stays_apart_once_the_others_are_gone(tmp_path: Path) -> None:
    """What is to be made beside it cannot be made yet: the link has room for another, and only the person's word keeps it out."""
    world, _, _ = await held(tmp_path, several_matches)
    assert command(world, "review", "release", "crm:crm-1")[0] == 0
    world.twin("erp").tables["customers"].refuse = lambda native: Refused("400", "not today")
    await world.run()
    world.twin("erp").drop("customers", "erp-2")
    await world.run(full=True)
    with world.store() as store:
        (waits,) = [one for one in pending(world.package, store) if one.kind == "identity"]
    assert (waits.name, waits.reason) == (
        "erp:erp-1",
        "crm crm-1 has the same vat, and a person said that it is a record of its own: link them, or release this one, too",
    )
    assert waits.commands[0] == "review link erp:erp-1 crm:crm-1"
    assert command(world, *shlex.split(waits.commands[0]))[0] == 0
    await world.run()
    with world.store() as store:
        assert not [one for one in pending(world.package, store) if one.kind == "identity"]
    assert world.column("erp", "title") == ["Ana"]


async def test_a_release_of_what_somebody_linked_is_void_and_says_so(tmp_path: Path) -> None:
    world, _, _ = await held(tmp_path, several_matches)
    assert command(world, "review", "link", "crm:crm-1", "erp:erp-1")[0] == 0
    assert command(world, "review", "release", "erp:erp-1")[0] == 0
    report = await world.run()
    (told,) = report.summaries[0].held
    assert "decided about erp:erp-1 was not carried out: it is linked to crm:crm-1; look again with `review`" in told


async def test_a_guard_lets_pass_what_was_approved_once_and_no_more(tmp_path: Path) -> None:
    async def most(world: World) -> None:
        await a_guard(world)
        for number in range(26, 31):
            world.twin("crm").put("customers", f"crm-{number}", name="Ana")

    world, [item], _ = await held(tmp_path, most)
    assert item.kind == "guard"
    assert command(world, "review", "approve")[0] == 0
    for number in range(26, 31):
        world.twin("crm").put("customers", f"crm-{number}", name="Bo")
    report = await world.run()
    assert "up to 25 were approved" in report.summaries[0].held[0]
    assert set(world.column("erp", "title")) == {"Ana"}
    assert command(world, "review", "approve")[0] == 0
    await world.run()
    assert set(world.column("erp", "title")) == {"Bo"}
    for number in range(30):
        world.twin("crm").put("customers", f"crm-{number + 1}", name="Cem")
    report = await world.run()
    assert report.summaries[0].held


async def test_what_was_dismissed_is_told_again_when_it_changes(tmp_path: Path) -> None:
    world, [item], _ = await held(tmp_path, no_key)
    assert command(world, "review", "dismiss", item.name)[0] == 0
    report = await world.run()
    assert report.exit_code == 0
    world.twin("erp").put("customers", vat_no="1", title="Ana")
    world.twin("crm").put("customers", item.remote_id, limit="broken")
    assert (await world.run()).exit_code == 1


async def test_many_are_answered_at_once(tmp_path: Path) -> None:
    world = World(tmp_path / "state.db", package("crm", "erp", sync={"deletes": HELD}))
    for number in range(4):
        world.twin("crm").put("customers", vat=str(number), name="Ana", note="old")
    await world.run()
    for twin, own in (("crm", "note"), ("erp", "memo")):
        for one in list(world.records(twin)):
            world.twin(twin).put("customers", one, **{own: f"from {twin}"})
    await world.run(approved=frozenset({"update"}))
    code, out, _ = command(world, "review", "resolve", "--all", "--field", "note", "--take", "crm", "--json")
    assert code == 0
    assert len(json.loads(out)["answers"]) == 4
    await world.run(approved=frozenset({"update"}))
    assert world.column("erp", "memo") == ["from crm"] * 4


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (("resolve", "99/note", "--take", "crm"), "nothing called 99/note waits"),
        (("resolve", "{}", "--delete"), "is a field to be decided"),
        (("retry", "{}"), "must be decided"),
        (("dismiss", "{}"), "must be decided"),
        (("release", "{}"), "something else than its place"),
        (("link", "crm:1", "crm:2"), "both are records of crm"),
        (("link", "crm:1", "nowhere:2"), "is no record"),
        (("link", "crm:77", "erp:88"), "there are no records"),
        (("approve",), "no guard held anything"),
        (("retry",), "--all"),
    ],
)
async def test_an_answer_that_does_not_fit_is_refused_in_one_line(
    tmp_path: Path, argv: tuple[str, ...], word: str
) -> None:
    world, [item], _ = await held(tmp_path, a_conflict)
    code, out, err = command(world, "review", *(one.format(item.name) for one in argv))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert word in err


def test_a_value_that_no_system_can_hold_is_refused(tmp_path: Path) -> None:
    async def conflict(world: World) -> None:
        sync = world.package.syncs[0]
        rules = {**sync.rules, "limit": replace(sync.rules["note"])}
        creates = {"crm": Creation(allowed=False, line=21)}
        world.package = replace(world.package, syncs=(replace(sync, rules=rules, creates=creates),))
        one = world.twin("crm").put("customers", vat="1", name="Ana", limit=1)
        await world.run()
        [other] = world.records("erp")
        world.twin("crm").put("customers", one, limit=2)
        world.twin("erp").put("customers", other, limit=3)

    world, [item], _ = asyncio.run(held(tmp_path, conflict))
    code, _, err = command(world, "review", "resolve", item.name, "--value", "many")
    assert code == 2
    assert "no value of limit" in err
    assert command(world, "review", "resolve", item.name, "--value", "7")[0] == 0
    asyncio.run(world.run())
    assert (world.column("crm", "limit"), world.column("erp", "limit")) == ([7], [7])


async def test_what_waits_for_the_same_reason_is_told_thrice_and_counted(tmp_path: Path) -> None:
    world, _, _ = await held(tmp_path, many_failures)
    told = command(world, "review")[1]
    assert told.count("> review retry") == 3
    assert "… and 47 more like it: `review --entity Customer --kind write --each` lists them" in told
    assert command(world, "review", "--kind", "write", "--each")[1].count("> review retry") == 50
    assert command(world, "review", "retry", "--all", "--entity", "Customer", "--kind", "write")[0] == 0
    world.twin("erp").faults["create"].clear()
    await world.run()
    assert len(world.records("erp")) == 60


async def test_a_reference_in_conflict_is_decided(tmp_path: Path) -> None:
    spec = references.package(references.COMPANY, references.CONTACT)
    syncs = tuple(
        replace(sync, rules={**sync.rules, "company": Ask(line=33)}) if sync.entity == "Contact" else sync
        for sync in spec.syncs
    )
    world = references.Refers(tmp_path / "state.db", replace(spec, syncs=syncs))
    for key in ("acme", "beta"):
        world.put("crm", "Company", key=key, parent=None)
    ana = world.put("crm", "Contact", key="ana", company=None)
    await world.run()
    world.put("crm", "Contact", ana, company=world.by_key("crm", "Company")["acme"]["id"])
    [other] = world.twins["erp"].tables["Contact"].records
    world.put("erp", "Contact", other, company=world.by_key("erp", "Company")["beta"]["id"])
    await world.run()
    with world.store() as store:
        [item] = pending(world.package, store)
    assert item.field == "company"
    assert command(world, "review", "resolve", item.name, "--take", "erp")[0] == 0
    await world.run()
    assert world.in_step()
    assert world.by_key("crm", "Contact")["ana"]["company"] == world.by_key("crm", "Company")["beta"]["id"]
    assert command(world, "why", "ana", "company")[0] == 0
    await world.quiet()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from(("crm", "erp")), st.integers(0, 2), st.sampled_from("abc")),
        st.tuples(st.just("drop"), st.sampled_from(("crm", "erp")), st.integers(0, 2), st.just("")),
        st.tuples(st.just("answer"), st.sampled_from(("crm", "erp")), st.integers(0, 2), st.sampled_from(WAYS)),
        st.tuples(st.just("run"), st.just(""), st.booleans(), st.just("")),
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(steps)
def test_whatever_is_answered_when_and_however_the_systems_come_into_step(taken: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_answered(World(Path(folder, "s.db"), package("crm", "erp", sync={"deletes": HELD})), taken))


async def _answered(world: World, taken: list[Any]) -> None:
    for vat in "123":
        world.twin("crm").put("customers", vat=vat, name="Ana", note="old")
    await world.run()
    for what, system, number, how in taken:
        ids = sorted(world.records(system)) if system else []
        match what:
            case "edit" if number < len(ids):
                world.twin(system).put("customers", ids[number], **{{"crm": "note", "erp": "memo"}[system]: how})
            case "drop" if number < len(ids):
                world.twin(system).drop("customers", ids[number])
            case "answer":
                _answer(world, number, system, how)
            case "run":
                await world.run(full=number)
            case _:
                pass
    for _ in range(8):
        await world.run(full=True, later=3600)
        with world.store() as store:
            waiting = [item for item in pending(world.package, store) if item.kind != "hold"]
        if not waiting:
            break
        assert all(item.answered or _answer(world, 0, "crm", "keep") for item in waiting[:1])
    assert not waiting
    await world.settled()
    crm = {one["vat"]: one["note"] for one in world.records("crm").values()}
    erp = {one["vat_no"]: one["memo"] for one in world.records("erp").values()}
    with world.store() as store:
        kept = [entry for entry in store.audit.entries() if "keep" in entry.reason]
        assert all(not store.answers.open(entity) for entity in world.package.entities)
    if not kept:
        assert crm == erp
    for vat in crm.keys() & erp.keys():
        assert crm[vat] == erp[vat]


def _answer(world: World, number: int, system: str, way: str) -> bool:
    """Answer one of what waits, somehow; whether it was taken."""
    with world.store() as store:
        items = [item for item in pending(world.package, store) if item.kind in ("conflict", "deletion")]
    if not items:
        return False
    item = items[number % len(items)]
    how = ("--take", system) if item.kind == "conflict" else (f"--{way}",)
    code, _, err = command(world, "review", "resolve", item.name, *how)
    assert code == 0, err
    return True


async def test_one_id_of_two_entities_is_told_apart(tmp_path: Path) -> None:
    world = references.Refers(tmp_path / "state.db", references.package(references.COMPANY, references.CONTACT))
    for entity, other in (("Company", "parent"), ("Contact", "company")):
        for number in ("1", "2"):
            world.put("crm", entity, number, key="same", note=None, **{other: None}, id=number)
    await world.run()
    with world.store() as store:
        items = [one for one in pending(world.package, store) if one.kind == "identity"]
    assert {(one.name, one.entity) for one in items} >= {("crm:1", "Company"), ("crm:1", "Contact")}
    [release] = [
        each
        for one in items
        if (one.name, one.entity) == ("crm:1", "Contact")
        for each in one.commands
        if "release" in each
    ]
    assert command(world, *shlex.split(release))[0] == 0
    await world.run()
    with world.store() as store:
        left = {(one.name, one.entity) for one in pending(world.package, store) if one.kind == "identity"}
    assert ("crm:1", "Company") in left
    assert ("crm:1", "Contact") not in left


def test_of_two_things_under_one_name_the_one_that_takes_an_answer_gets_it() -> None:
    def waits(kind: str, *commands: str) -> Item:
        about: Any = {"members": {}, "candidates": {}, "shows": {}}
        return Item(name="1@erp", kind=kind, entity="Customer", reason="", commands=commands, link_id=1, **about)

    refused = waits("write", "review retry 1@erp", "review dismiss 1@erp")
    asked = argparse.Namespace(answer="dismiss", items=["1@erp"], all=False, entity=None)
    assert review._chosen([waits("unknown", "run"), refused], asked) == [refused]
