"""A date that a condition waits for brings the record back on that day, once, whatever else happens."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

import pytest

from syncline_runtime.declaration import Creation, Derivation, Package, Timed
from syncline_runtime.expressions import is_past
from tests.runtime.executing.deals import World, field_map, package


class DealShape(TypedDict, total=False):
    number: str
    stage: str | None
    title: date | None


DAY = 86_400.0


def starts(deal: Mapping[str, Any]) -> date | None:
    found = deal.get("title")
    return None if found is None else found - timedelta(days=7)


def soon(deal: Mapping[str, Any], before: Mapping[str, Any], now: datetime) -> bool:
    return is_past(starts(deal), now)


def dates(deal: Mapping[str, Any]) -> tuple[Any, ...]:
    return (starts(deal),)


def order_of(deal: Mapping[str, Any]) -> dict[str, Any]:
    return {"number": deal["number"], "title": "soon"}


def spec(*, once: bool = True) -> Package:
    """An order for each deal from a week before the date in its title on."""
    made = package(once=once)
    deal = field_map("Deal", "crm", both=True)

    def read(native: Mapping[str, Any]) -> dict[str, Any]:
        title = native.get("title")
        return {**deal.read(native), "title": date.fromisoformat(title) if title else None}  # type: ignore[arg-type]

    rule: Derivation = replace(
        made.derivations[0], holds=soon, dates=dates, read=order_of, asks=("title",), text="title - 7 days is past"
    )
    shown = replace(made.entities["Deal"], shape=DealShape, kinds={**made.entities["Deal"].kinds, "title": "date"})
    return replace(
        made,
        entities={**made.entities, "Deal": shown},
        mappings=(replace(deal, read=read), made.mappings[1]),
        derivations=(rule,),
    )


def on(w: World, days: float) -> str:
    return (datetime.fromtimestamp(w.clock.time, UTC).date() + timedelta(days=days)).isoformat()


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    def make(**changes: Any) -> World:
        return World(tmp_path / "state.db", spec(**changes))

    return make


@pytest.mark.parametrize("once", [True, False])
async def test_the_day_brings_the_record_back_without_any_edit(world: Callable[..., World], once: bool) -> None:
    w = world(once=once)
    w.deal(number="D1", title=on(w, 10), stage="open")
    report = await w.run()
    deal = next(summary for summary in report.summaries if summary.entity == "Deal")
    assert deal.awaiting == 1
    assert deal.next_date is not None
    assert datetime.fromtimestamp(deal.next_date, UTC).date().isoformat() == on(w, 4)
    await w.run(later=2 * DAY)
    assert w.orders == []
    await w.run(later=2 * DAY)
    assert w.orders == [("D1", "soon")]
    report = await w.run(later=DAY)
    assert [summary.awaiting for summary in report.summaries] == [0, 0]
    await w.settled()


async def test_what_is_past_at_first_sight_is_no_edge(world: Callable[..., World]) -> None:
    w = world()
    w.deal(number="D1", title=on(w, 3), stage="open")
    report = await w.run()
    assert next(one for one in report.summaries if one.entity == "Deal").passed == {"Order": 1}
    await w.run(later=30 * DAY)
    assert w.orders == []


async def test_a_date_that_is_moved_is_waited_for_anew(world: Callable[..., World]) -> None:
    w = world()
    one = w.deal(number="D1", title=on(w, 10), stage="open")
    await w.run()
    w.deal(one, title=on(w, 30))
    await w.run(later=DAY)
    await w.run(later=10 * DAY)
    assert w.orders == []
    await w.run(later=13 * DAY)
    assert w.orders == [("D1", "soon")]
    await w.settled()


async def test_a_date_that_is_cleared_is_waited_for_no_more(world: Callable[..., World]) -> None:
    w = world()
    one = w.deal(number="D1", title=on(w, 10), stage="open")
    await w.run()
    w.deal(one, title=None)
    await w.run()
    with w.store() as store:
        assert store.awaiting.next("Deal") is None
    await w.run(later=30 * DAY)
    assert w.orders == []


async def test_a_date_that_passes_together_with_an_edit_is_an_edge(world: Callable[..., World]) -> None:
    w = world()
    one = w.deal(number="D1", title=on(w, 10), stage="open")
    await w.run()
    w.deal(one, stage="won")
    await w.run(later=5 * DAY)
    assert w.orders == [("D1", "soon")]
    await w.settled()


async def test_a_creation_waits_for_its_date(world: Callable[..., World]) -> None:
    w = world()
    sync = w.package.syncs[0]

    def later(order: Mapping[str, Any], now: datetime) -> bool:
        return is_past(datetime(2023, 11, 20, tzinfo=UTC), now)

    def moments(order: Mapping[str, Any]) -> tuple[Any, ...]:
        return (datetime(2023, 11, 20, tzinfo=UTC),)

    timed = Timed(holds=later, dates=moments)
    w.package = replace(
        w.package,
        syncs=(replace(sync, creates={"erp": Creation(allowed=True, waits=timed, line=1)}), w.package.syncs[1]),
    )
    one = w.deal(number="D1", title=on(w, 8), stage="open")  # the clock stands on 14 November 2023
    await w.run()
    w.deal(one, stage="won")
    report = await w.run(later=2.5 * DAY)
    order = next(summary for summary in report.summaries if summary.entity == "Order")
    assert (w.orders, order.awaiting) == ([], 1)
    await w.run(later=DAY)
    assert w.orders == []
    await w.run(later=3 * DAY)
    assert w.orders == [("D1", "soon")]
    await w.settled()
