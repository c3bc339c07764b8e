"""Derived records: exactly one for each rule and source, however often its condition is seen, crashed on or replayed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.executing.deals import (
    World,
    package,
)


class Crash(BaseException):
    """The process dies."""


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    def make(**changes: Any) -> World:
        return World(tmp_path / "state.db", package(**changes))

    return make


async def test_the_edge_makes_one_record_in_the_same_run(world: Callable[..., World]) -> None:
    w = world()
    one = w.deal(number="D1", stage="open", title="Lamps")
    w.deal(number="D2", stage="open", title="Desks")
    await w.run()
    assert w.orders == []
    w.deal(one, stage="won")
    report = await w.run()
    assert w.orders == [("D1", "Lamps")]
    assert report.exit_code == 0
    assert {summary.entity: summary.derived for summary in report.summaries} == {"Deal": {"Order": 1}, "Order": {}}
    await w.settled()


async def test_a_first_sight_is_no_edge_and_the_plan_counts_it(world: Callable[..., World]) -> None:
    w = world()
    for number in range(7):
        w.deal(number=f"D{number}", stage="won" if number < 5 else "open", title="x")
    report = await w.run(planned=True)
    assert [summary.passed for summary in report.summaries] == [{"Order": 5}, {}]
    await w.run()
    assert w.orders == []
    await w.settled()


async def test_a_rule_added_later_makes_nothing_of_what_is_so_already(world: Callable[..., World]) -> None:
    w = world()
    rules = w.package.derivations
    w.package = replace(w.package, derivations=())
    one = w.deal(number="D1", stage="won", title="x")
    w.deal(number="D2", stage="open", title="x")
    await w.run()
    w.package = replace(w.package, derivations=rules, spec_sha256="1" * 64)
    await w.run()
    assert w.orders == []
    w.deal(one, stage="open")
    await w.run()
    w.deal(one, stage="won")
    await w.run()
    assert w.orders == [("D1", "x")]


async def test_a_field_that_nobody_showed_before_is_no_edge(world: Callable[..., World]) -> None:
    w = world()
    whole = w.package
    w.package = replace(
        whole,
        entities={**whole.entities, "Deal": replace(whole.entities["Deal"], fields=("number", "title"))},
        mappings=(
            replace(whole.mappings[0], flows=tuple(one for one in whole.mappings[0].flows if one.field != "stage"),
                    read=lambda native: {"number": native["number"], "title": native["title"]}),
            whole.mappings[1],
        ),
        derivations=(),
    )  # fmt: skip
    for number in range(3):
        w.deal(number=f"D{number}", stage="won", title="x")
    await w.run()
    w.package = replace(whole, spec_sha256="1" * 64)
    await w.run()
    assert w.orders == []


@pytest.mark.parametrize("flaps", [1, 3])
async def test_a_flapping_condition_makes_one_record(world: Callable[..., World], flaps: int) -> None:
    w = world()
    one = w.deal(number="D1", stage="open", title="Lamps")
    await w.run()
    for _ in range(flaps):
        w.deal(one, stage="won")
        await w.run()
        w.deal(one, stage="open")
        await w.run(full=True)
    assert w.orders == [("D1", "Lamps")]


async def test_once_made_a_record_is_its_own(world: Callable[..., World]) -> None:
    w = world(both=True)
    one = w.deal(number="D1", stage="open", title="Lamps")
    await w.run()
    w.deal(one, stage="won")
    await w.run()
    (order,) = w.erp.tables["order"].records
    w.erp.put("order", order, title="Two lamps")
    w.deal(one, title="Other lamps")
    await w.run()
    w.crm.drop("deal", one)
    await w.run(full=True)
    await w.run(full=True)
    assert w.orders == [("D1", "Two lamps")]
    await w.settled()


async def test_a_derived_record_that_was_deleted_is_not_made_again(world: Callable[..., World]) -> None:
    w = world()
    one = w.deal(number="D1", stage="open", title="Lamps")
    await w.run()
    w.deal(one, stage="won")
    await w.run()
    (order,) = w.erp.tables["order"].records
    w.erp.drop("order", order)
    report = await w.run(full=True)
    report = await w.run(full=True)
    assert report.exit_code == 0
    for stage in ("open", "won"):
        w.deal(one, stage=stage)
        await w.run()
    assert w.orders == []
    await w.settled()


async def test_a_record_that_exists_already_is_taken_for_the_derived_one(world: Callable[..., World]) -> None:
    w = world(both=True)
    one = w.deal(number="D1", stage="open", title="Lamps")
    w.erp.put("order", number="D1", title="By hand")
    await w.run()
    w.deal(one, stage="won")
    report = await w.run()
    assert w.orders == [("D1", "By hand")]
    assert report.exit_code == 0
    await w.settled()


async def test_what_cannot_be_derived_sets_the_source_aside_and_loses_no_edge(world: Callable[..., World]) -> None:
    w = world()
    one = w.deal(number="D1", stage="open", title="broken")
    await w.run()
    w.deal(one, stage="won")
    report = await w.run()
    assert report.exit_code == 1
    with w.store() as store:
        (held,) = store.review.quarantined()
    assert (held.entity, held.place) == ("Deal", "deals.sync:40")
    assert w.orders == []
    w.deal(one, title="Lamps")
    report = await w.run()
    assert (w.orders, report.exit_code) == ([("D1", "Lamps")], 0)
    await w.settled()


async def test_while_it_holds_the_record_is_kept_in_step(world: Callable[..., World]) -> None:
    w = world(once=False)
    one = w.deal(number="D1", stage="won", title="Lamps")
    await w.run()
    assert w.orders == [("D1", "Lamps")]
    w.deal(one, title="Desks")
    await w.run()
    assert w.orders == [("D1", "Desks")]
    w.deal(one, stage="open", title="Chairs")
    await w.run()
    assert w.orders == [("D1", "Desks")]
    w.deal(one, stage="won")
    await w.run()
    assert w.orders == [("D1", "Chairs")]
    await w.settled()


@pytest.mark.parametrize("leaves", ["the condition", "the source"])
async def test_when_it_ends_the_record_leaves_by_out_of_scope(world: Callable[..., World], leaves: str) -> None:
    w = world(once=False, out_of_scope="archive")
    one = w.deal(number="D1", stage="won", title="Lamps")
    await w.run()
    if leaves == "the source":
        w.crm.drop("deal", one)
        await w.run(full=True)
    else:
        w.deal(one, stage="open")
    await w.run(full=True)
    (order,) = w.erp.tables["order"].records.values()
    assert order["archived"] is True
    await w.settled()


@pytest.mark.parametrize("once", [True, False])
async def test_a_crash_at_any_call_leaves_exactly_one(tmp_path: Path, once: bool) -> None:
    reached = False
    for at in range(1, 40):
        for after in (False, True) if at % 3 else (False,):
            w = World(tmp_path / f"{at}-{after}.db", package(once=once))
            one = w.deal(number="D1", stage="open", title="Lamps")
            await w.run()
            w.deal(one, stage="won")
            calls = [at]

            def crash(operation: str, left: list[int] = calls) -> None:
                left[0] -= 1
                if left[0] == 0:
                    raise Crash(operation)

            for twin in (w.crm, w.erp):
                twin.before = crash
                if after:
                    twin.faults["create"].append(UNKNOWN_BUT_LANDED if at % 2 else UNKNOWN_AND_LOST)
            try:
                await w.run()
            except Crash:
                reached = True
            for twin in (w.crm, w.erp):
                twin.before = None
            for _ in range(3):
                await w.run(later=400.0)
            assert w.orders == [("D1", "Lamps")], (at, after)
            await w.settled()
        if calls[0] > 0:
            break
    assert reached


@pytest.mark.parametrize("once", [True, False])
async def test_a_crash_after_the_record_was_made_leaves_exactly_one(tmp_path: Path, once: bool) -> None:
    w = World(tmp_path / "state.db", package(once=once))
    one = w.deal(number="D1", stage="open", title="Lamps")
    await w.run()
    w.deal(one, stage="won")
    create = w.erp.create

    async def crashing(resource: str, writes: Any) -> Any:
        await create(resource, writes)
        raise Crash("after")

    w.erp.create = crashing  # type: ignore[method-assign]
    with pytest.raises(Crash):
        await w.run()
    w.erp.create = create  # type: ignore[method-assign]
    for _ in range(3):
        await w.run(later=400.0)
    assert w.orders == [("D1", "Lamps")]
    await w.settled()


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("stage"), st.integers(0, 2), st.sampled_from(["open", "won"])),
        st.tuples(st.just("title"), st.integers(0, 2), st.sampled_from(["a", "b", "broken"])),
        st.tuples(st.just("gone"), st.integers(0, 2), st.none()),
        st.tuples(st.just("run"), st.integers(1, 12), st.sampled_from(["", "crash", "lands", "lost", "full"])),
    ),
    max_size=14,
)


async def _moves(w: World, moves: list[tuple[str, int, Any]]) -> set[str]:
    """Make the moves; the numbers of deals that a whole run saw open and a later one won."""
    ids = [w.deal(number=f"D{number}", stage="open", title="a") for number in range(3)]
    await w.run()
    known = dict.fromkeys(ids, "open")
    expected: set[str] = set()
    for what, number, how in moves:
        if what in ("stage", "title") and ids[number] in w.crm.tables["deal"].records:
            w.deal(ids[number], **{what: how})
        elif what == "gone" and ids[number] in w.crm.tables["deal"].records:
            w.crm.drop("deal", ids[number])
        elif what == "run":
            left = [number]

            def crash(operation: str, left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] == 0:
                    raise Crash(operation)

            if how == "crash":
                w.crm.before = w.erp.before = crash
            if how in ("lands", "lost"):
                w.erp.faults["create"].append(UNKNOWN_BUT_LANDED if how == "lands" else UNKNOWN_AND_LOST)
            with suppress(Crash):
                await w.run(later=400.0, full=how == "full")
            w.crm.before = w.erp.before = None
            w.erp.faults["create"].clear()
            if how != "crash" or left[0] > 0:
                for remote_id, record in w.crm.tables["deal"].records.items():
                    if record["title"] != "broken":
                        if record["stage"] == "won" and known[remote_id] == "open":
                            expected.add(record["number"])
                        known[remote_id] = record["stage"]
    for remote_id in w.crm.tables["deal"].records:
        w.deal(remote_id, title="a")
    for _ in range(3):
        await w.run(later=400.0)
    for remote_id, record in w.crm.tables["deal"].records.items():
        if record["stage"] == "won" and known[remote_id] == "open":
            expected.add(record["number"])
    return expected


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MOVES)
def test_whatever_happens_there_is_one_for_each_deal_that_was_seen_to_be_won(moves: list[tuple[str, int, Any]]) -> None:
    with TemporaryDirectory() as folder:
        w = World(Path(folder) / "state.db", package())
        expected = asyncio.run(_moves(w, moves))
        numbers = [number for number, _ in w.orders]
        assert len(numbers) == len(set(numbers))
        assert expected <= set(numbers)
