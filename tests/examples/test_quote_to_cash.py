"""The example from a won deal to the paid invoice, run over twins: one of each, whatever crashes, repeats or flaps."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from syncline.cli.files import loader
from syncline.examples.loading import load_package
from syncline.pipeline import check_spec, generate
from syncline_runtime import executor
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED, Table, Twin
from syncline_runtime.state import SqliteStore
from tests.runtime.executing.conftest import FakeClock, Told

SPEC = Path(__file__).parents[2] / "specs" / "examples" / "quote_to_cash.sync"
DAY = 86_400.0
BLANK = {"amount": "", "currency": "", "items": None, "paid": "", "paid_in": "", "settled": False, "archived": False}
TABLES: dict[str, dict[str, dict[str, Any]]] = {
    "crm": {"deals": BLANK},
    "books": {
        "quotations": {"total": "", "currency": "", "lines": None, "state": "", "archived": False},
        "invoices": {"total": "", "currency": "", "paid": "", "due": "", "archived": False},
        "reminders": {"archived": False},
    },
}


class Crash(BaseException):
    """The process dies."""


@pytest.fixture(scope="module")
def package() -> Package:
    checked = check_spec(str(SPEC), SPEC.read_bytes(), loader(str(SPEC)))
    assert checked.model is not None
    assert checked.sound
    return load_package(generate(checked.model))


class World:
    """A CRM and the books."""

    def __init__(self, path: Path, package: Package) -> None:
        self.path, self.package, self.clock = path, package, FakeClock()
        self.twins = {
            name: Twin(name, self.clock, **{one: Table(defaults=blank) for one, blank in tables.items()})
            for name, tables in TABLES.items()
        }

    async def run(self, *, later: float = 60.0, **options: Any) -> executor.Report:
        self.clock.time += later
        with SqliteStore(self.path, self.package.name) as store:
            return await executor.run(
                self.package,
                systems=self.twins,
                store=store,
                clock=self.clock,
                reporter=Told(),
                options=Options(**{"apply_first": True, **options}),
            )

    def deal(self, remote_id: str | None = None, /, **fields: object) -> str:
        return self.twins["crm"].put("deals", remote_id, **fields)

    def books(self, resource: str, **fields: object) -> None:
        """An edit of the only record of a resource."""
        (remote_id,) = self.twins["books"].tables[resource].records
        self.twins["books"].put(resource, remote_id, **fields)

    def of(self, resource: str) -> list[dict[str, Any]]:
        return list(self.twins["books"].tables[resource].records.values())

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(len(self.of(resource)) for resource in TABLES["books"])

    @property
    def writes(self) -> int:
        return sum(twin.writes for twin in self.twins.values())

    async def settled(self) -> None:
        before = self.writes
        for _ in range(2):
            await self.run()
        assert self.writes == before


async def open_deal(world: World) -> str:
    deal = world.deal(number="D-1", title="Lamps", stage="open", amount="120", currency="EUR")
    await world.run()
    return deal


async def test_a_deal_goes_its_way_to_the_cash(tmp_path: Path, package: Package) -> None:
    world = World(tmp_path / "state.db", package)
    deal = await open_deal(world)
    assert world.counts == (0, 0, 0)
    items = [{"product": "lamp", "quantity": 3, "discount": None}, {"product": "bulb", "quantity": 9, "discount": 5}]
    world.deal(deal, stage="won", items=items)
    report = await world.run()
    assert (world.counts, report.exit_code) == ((1, 0, 0), 0)
    (quotation,) = world.of("quotations")
    assert quotation["lines"] == [
        {"article": "bulb", "count": 9, "remark": "with a discount"},
        {"article": "lamp", "count": 3, "remark": ""},
    ]
    assert (quotation["reference"], quotation["subject"]) == ("D-1", "Lamps (quotation)")
    assert (quotation["total"], quotation["currency"], quotation["state"]) == ("120", "EUR", "draft")
    world.books("quotations", state="accepted")
    await world.run()
    assert world.counts == (1, 1, 0)
    assert world.of("invoices")[0]["total"] == "120"
    assert world.twins["crm"].shows("deals", deal)["settled"] is False
    world.books("invoices", paid="120")
    await world.run()
    shown = world.twins["crm"].shows("deals", deal)
    assert (shown["paid"], shown["paid_in"], shown["settled"]) == ("120", "EUR", True)
    await world.settled()


async def test_an_invoice_that_is_late_is_reminded_of_once_and_one_that_is_paid_never(
    tmp_path: Path, package: Package
) -> None:
    for paid in (False, True):
        world = World(tmp_path / f"{paid}.db", package)
        deal = await open_deal(world)
        world.deal(deal, stage="won")
        await world.run()
        world.books("quotations", state="accepted")
        await world.run()
        world.books("invoices", due="2023-11-20")  # the clock stands on 14 November
        report = await world.run()
        assert {one.entity: one.awaiting for one in report.summaries}["Invoice"] == 1
        await world.run(later=10 * DAY)
        if paid:
            world.books("invoices", paid="120")
        await world.run(later=5 * DAY)
        assert world.counts[2] == 0
        await world.run(later=10 * DAY)
        await world.run(later=10 * DAY)
        assert world.counts[2] == (0 if paid else 1)
        await world.settled()


def story(world: World, deal: str) -> Iterator[None]:
    """What people do, one after the other."""
    world.deal(deal, stage="won")
    yield
    if world.of("quotations"):
        world.books("quotations", state="accepted")
    yield
    if world.of("invoices"):
        world.books("invoices", paid="120")
    yield


@pytest.mark.parametrize(("step", "doubt"), [(0, ""), (0, "lands"), (1, "lost"), (2, "")])
async def test_a_crash_at_any_call_leaves_one_of_each(tmp_path: Path, package: Package, step: int, doubt: str) -> None:
    at = 0
    while True:
        at += 1
        world = World(tmp_path / f"{at}.db", package)
        deal = await open_deal(world)
        left = [0]

        def crash(operation: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Crash(operation)

        for number, _ in enumerate(story(world, deal)):
            if number == step:
                left[0] = at
                for twin in world.twins.values():
                    twin.before = crash
                    if doubt:
                        twin.faults["create"].append(UNKNOWN_BUT_LANDED if doubt == "lands" else UNKNOWN_AND_LOST)
            with suppress(Crash):
                await world.run()
            over = left[0] > 0
            for twin in world.twins.values():
                twin.before = None
                for faults in twin.faults.values():
                    faults.clear()
            for _ in range(2):
                await world.run(later=400.0)
        assert world.counts == (1, 1, 0), (step, at)
        shown = world.twins["crm"].shows("deals", deal)
        assert (shown["paid"], shown["settled"]) == ("120", True), (step, at)
        await world.settled()
        if over or at > 40:
            break
        at += 1 if doubt else 0
    assert 5 < at <= 40


async def test_flapping_replay_and_restart_make_no_second_one(tmp_path: Path, package: Package) -> None:
    world = World(tmp_path / "state.db", package)
    deal = await open_deal(world)
    for stage in ("won", "open", "won", "lost", "won"):
        world.deal(deal, stage=stage)
        await world.run(full=True)
    for state in ("accepted", "sent", "accepted"):
        world.books("quotations", state=state)
        await world.run()
        await world.run(full=True)
    assert world.counts == (1, 1, 0)
    await world.settled()
