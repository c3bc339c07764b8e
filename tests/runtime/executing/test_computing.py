"""Fields computed from the records that refer to one are kept up to date, whatever of these changes, comes or goes."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from syncline.diagnostics.pages import PRELUDE, sample
from syncline.examples.loading import load_package
from syncline.pipeline import check_spec, generate
from syncline_runtime import executor
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options
from syncline_runtime.executing.migrate import carry_out, prepared
from syncline_runtime.records import ActionKind
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.state import SqliteStore
from tests.runtime.executing.conftest import FakeClock, Told
from tests.runtime.executing.holds import command

SPEC = """
enum Stage { open, won, lost }
entity Deal {
  number : text(20)
  name   : text(100)
  stage  : Stage?
  orders : list<Order> via deal
  paid   : integer = sum(orders.rating)
  due    : boolean = count(orders) > 0 and paid < 10
  match number
}
entity Order {
  number : text(20)?
  name   : text(100)?
  rating : integer?
  deal   : ref Deal?
  match number
}
map Deal to crm.contacts {
  number <- truncate(number, 20)
  name   <- name
  stage  <- stage as { open: "open", won: "won", lost: "lost" }
  paid   -> rating
  due    -> vip
}
map Order to shop.contacts { number <-> vat as trim, name -> name, rating <- rating, "a@b.org" -> email }
sync Deal from crm {}
sync Order across shop { delete in shop never, empty propagates }
derive Order from Deal once when stage becomes won { number <- number, name <- name, deal <- Deal }
"""


def compiled(text: str = SPEC) -> Package:
    checked = check_spec("orders.sync", (PRELUDE + text).encode(), {"sample.sync": sample().encode()}.get)
    assert checked.model is not None
    assert checked.sound, checked.diagnostics
    return load_package(generate(checked.model))


class World:
    """A CRM with deals, a shop with orders; both keep contacts."""

    def __init__(self, path: Path, package: Package) -> None:
        self.path, self.package, self.clock = path, package, FakeClock()
        self.twins = {
            name: Twin(
                name, self.clock, contacts=Table(page_size=3, defaults={"rating": None, "vip": None, "name": None})
            )
            for name in package.systems
        }
        self.told = Told()

    async def run(self, *, planned: bool = False, later: float = 60.0, **options: Any) -> executor.Report:
        self.clock.time += later
        self.told = Told()
        work = executor.plan if planned else executor.run
        with SqliteStore(self.path, self.package.name) as store:
            return await work(
                self.package,
                systems=self.twins,
                store=store,
                clock=self.clock,
                reporter=self.told,
                options=Options(**{"apply_first": True, **options}),
            )

    def put(self, system: str, remote_id: str | None = None, /, **fields: object) -> str:
        return self.twins[system].put("contacts", remote_id, **fields)

    def records(self, system: str) -> dict[str, dict[str, Any]]:
        return self.twins[system].tables["contacts"].records

    def shown(self, deal: str) -> tuple[Any, Any]:
        record = self.records("crm")[deal]
        return record.get("rating"), record.get("vip")

    @property
    def writes(self) -> int:
        return sum(twin.writes for twin in self.twins.values())

    async def settled(self) -> None:
        before = self.writes
        for _ in range(2):
            await self.run()
        assert self.writes == before


@pytest.fixture(scope="module")
def package() -> Package:
    return compiled()


@pytest.fixture
def world(tmp_path: Path, package: Package) -> World:
    return World(tmp_path / "state.db", package)


async def won(world: World) -> tuple[str, str]:
    """A deal that was won, and the order that it became."""
    deal = world.put("crm", number="D1", name="Lamps", stage="open")
    await world.run()
    world.put("crm", deal, stage="won")
    await world.run()
    (order,) = world.records("shop")
    return deal, order


async def test_what_is_computed_follows_within_the_run(world: World) -> None:
    deal, order = await won(world)
    assert world.records("shop")[order]["vat"] == "D1"
    assert world.shown(deal) == (0, True)
    world.put("shop", order, rating=12)
    await world.run()
    assert world.shown(deal) == (12, False)
    await world.settled()


async def test_nothing_is_computed_from_what_nobody_refers_to(world: World) -> None:
    deal = world.put("crm", number="D1", name="Lamps", stage="open")
    world.put("shop", vat="D7", name="Other", rating=5)
    await world.run()
    assert world.shown(deal) == (0, False)
    await world.settled()


async def test_what_is_gone_counts_no_more(world: World) -> None:
    deal, order = await won(world)
    world.put("shop", order, rating=12)
    await world.run()
    world.put("shop", order, active=False)
    await world.run()
    assert world.shown(deal) == (0, False)
    await world.settled()


async def test_an_edit_of_what_is_computed_is_overwritten(world: World) -> None:
    deal, order = await won(world)
    world.put("shop", order, rating=3)
    await world.run()
    world.put("crm", deal, rating=99)
    await world.run()
    assert world.shown(deal) == (3, True)
    await world.settled()


async def test_a_plan_tells_what_would_be_computed(world: World) -> None:
    deal, order = await won(world)
    world.put("shop", order, rating=12)
    await world.run(planned=True)
    (update,) = [action for action in world.told.actions if action.kind is ActionKind.UPDATE]
    assert (update.system, update.remote_id, dict(update.fields)["paid"]) == ("crm", deal, (0, 12))
    assert world.shown(deal) == (0, True)


ASKED = SPEC.replace("rating <- rating", "rating <-> rating").replace(
    "sync Order across shop { delete in shop never, empty propagates }",
    """map Order to erp.contacts { number <-> vat as trim, rating <-> rating, "a@b.org" -> email }
sync Order across shop, erp {
  delete in shop never
  delete in erp never
  truth { rating ask otherwise prefers shop then erp }
  empty propagates
}""".replace(" otherwise", "\n otherwise"),
)


async def test_what_a_person_chose_is_computed_with(tmp_path: Path) -> None:
    world = World(tmp_path / "state.db", compiled(ASKED))
    deal = world.put("crm", number="D1", name="Chairs", stage="open")
    await world.run()
    world.put("crm", deal, stage="won")
    await world.run()
    await world.run()
    (order,) = world.records("shop")
    (line,) = world.records("erp")
    world.put("shop", order, rating=4)
    world.put("erp", line, rating=7)
    await world.run()
    assert world.shown(deal) == (0, True)
    (item,) = json.loads(command(world, "review", "--json")[1])["items"]
    assert command(world, "review", "resolve", item["item"], "--take", "erp")[0] == 0
    await world.run()
    assert (world.records("shop")[order]["rating"], world.shown(deal)) == (7, (7, True))
    await world.settled()


async def test_a_back_reference_that_is_added_later_finds_what_is_there(tmp_path: Path, package: Package) -> None:
    bare = SPEC
    for line in (
        "  orders : list<Order> via deal\n",
        "  paid   : integer = sum(orders.rating)\n",
        "  due    : boolean = count(orders) > 0 and paid < 10\n",
        "  paid   -> rating\n",
        "  due    -> vip\n",
    ):
        assert line in bare
        bare = bare.replace(line, "")
    world = World(tmp_path / "state.db", compiled(bare))
    deal, order = await won(world)
    world.put("shop", order, rating=12)
    await world.run()
    world.package = package
    with SqliteStore(world.path, package.name) as store:
        migration = prepared(package, store)
        with store.transaction():
            carry_out(package, store, migration)
    await world.run()
    assert world.shown(deal) == (12, False)
    await world.settled()


async def test_a_crash_between_the_order_and_the_deal_is_made_good(tmp_path: Path, package: Package) -> None:
    class Crash(BaseException):
        """The process dies."""

    for at in range(1, 30):
        world = World(tmp_path / f"{at}.db", package)
        deal, order = await won(world)
        world.put("shop", order, rating=12)
        left = [at]

        def crash(operation: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Crash(operation)

        for twin in world.twins.values():
            twin.before = crash
        with suppress(Crash):
            await world.run()
        for twin in world.twins.values():
            twin.before = None
        for _ in range(2):
            await world.run(later=400.0)
        assert world.shown(deal) == (12, False), at
        await world.settled()
        if left[0] > 0:
            break
