"""Two waves of writes under way at once, and listings worked on page by page: what may overlap, and what a crash leaves then."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from syncline_runtime.ports import Outcome, Refused, Write

CALLS_A_WAVE = 25  # of two records each


class Crash(BaseException):
    """The process is gone."""


def crm_customers(world: Any, count: int) -> list[str]:
    return [world.twin("crm").put("customers", vat=f"V{n}", name=f"N{n}", mail=f"{n}@x.org") for n in range(count)]


class Slow:
    """Lets each write of a twin take some turns of the loop; `beside` says of each call how many others were under way."""

    def __init__(self, world: Any, name: str, operation: str, *, crash_at: int = 0) -> None:
        self.beside: list[int] = []
        self._under_way = 0
        twin = world.twin(name)
        inner = getattr(twin, operation)

        async def slow(resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
            self.beside.append(self._under_way)
            if len(self.beside) == crash_at:
                raise Crash
            self._under_way += 1
            for _ in range(20 if len(self.beside) % 2 else 33):
                await asyncio.sleep(0)
            self._under_way -= 1
            outcomes: Sequence[Outcome] = await inner(resource, writes)
            return outcomes

        setattr(twin, operation, slow)

    @property
    def beside_first_of_wave(self) -> list[int]:
        return self.beside[::CALLS_A_WAVE]


async def test_the_next_wave_is_sent_while_the_last_is_under_way(two: Any) -> None:
    crm_customers(two, 200)
    slow = Slow(two, "erp", "create")
    await two.run()
    assert slow.beside_first_of_wave == [0, 0, 1, 1], "a system is tried with one wave first"
    assert max(slow.beside) == 1, "no more calls at once than the system takes"
    assert two.column("erp", "vat_no") == two.column("crm", "vat")
    await two.settled()


async def test_writes_that_rely_on_a_reading_never_wait_for_others(two: Any) -> None:
    ids = crm_customers(two, 160)
    await two.run()
    for remote_id in ids[:70]:
        two.twin("crm").put("customers", remote_id, name=f"{remote_id} renamed")
    slow = Slow(two, "erp", "update")
    await two.run()
    assert slow.beside_first_of_wave == [0, 0]
    assert two.column("erp", "title") == two.column("crm", "name")
    await two.settled()


@pytest.mark.parametrize("crash_at", [CALLS_A_WAVE + 1, 40, 2 * CALLS_A_WAVE + 1, 60])
async def test_a_crash_with_two_waves_under_way_loses_and_doubles_nothing(two: Any, crash_at: int) -> None:
    crm_customers(two, 160)
    plain = two.twin("erp").create
    Slow(two, "erp", "create", crash_at=crash_at)
    with pytest.raises(Crash):
        await two.run()
    two.twin("erp").create = plain
    for _ in range(4):
        await two.run(later=600.0)
    assert two.column("erp", "vat_no") == two.column("crm", "vat")
    await two.settled()


async def test_a_system_that_begins_to_refuse_gets_one_wave_more_at_most(two: Any) -> None:
    crm_customers(two, 300)

    def refuse(native: dict[str, Any]) -> Refused | None:
        return Refused("no", "full") if len(two.records("erp")) >= 100 else None

    two.twin("erp").tables["customers"].refuse = refuse
    Slow(two, "erp", "create")
    report = await two.run()
    assert len(two.records("erp")) == 100
    assert two.twin("erp").writes <= 200
    assert "writes failed" in report.summaries[0].held[0]


@pytest.mark.parametrize(("slowness", "portions"), [(0.0, [1000]), (0.02, [*range(100, 1001, 100)])])
async def test_a_slow_listing_is_worked_on_while_its_next_page_is_on_its_way(
    two: Any, monkeypatch: pytest.MonkeyPatch, slowness: float, portions: list[int]
) -> None:
    crm_customers(two, 1000)
    twin, known = two.twin("crm"), []
    twin.tables["customers"].page_size = 100
    inner = twin.pages

    async def pages(resource: str, **asked: Any) -> Any:
        async for page in inner(resource, **asked):
            for _ in range(5):
                await asyncio.sleep(0)
            two.clock.time += slowness
            yield page

    def phase(_: object, entity: str, phase: str, done: int) -> None:
        if phase == "observe crm":
            known.append(done)

    twin.pages = pages
    monkeypatch.setattr(type(two.told), "phase", phase)
    await two.run(apply_first=False)
    assert known == portions


async def test_listings_of_two_systems_and_the_work_on_their_pages_overlap(
    two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm_customers(two, 400)
    for n in range(400):
        two.twin("erp").put("customers", vat_no=f"E{n}", title=f"M{n}")
    under_way: set[str] = set()
    together: list[set[str]] = []
    beside_work: list[tuple[str, set[str]]] = []

    def listed(name: str) -> None:
        twin = two.twin(name)
        twin.tables["customers"].page_size = 100
        inner = twin.pages

        async def pages(resource: str, **asked: Any) -> Any:
            async for page in inner(resource, **asked):
                under_way.add(name)
                together.append(set(under_way))
                for _ in range(5):
                    await asyncio.sleep(0)
                two.clock.time += 0.02
                under_way.discard(name)
                yield page

        twin.pages = pages

    def phase(_: object, entity: str, phase: str, done: int) -> None:
        if phase.startswith("observe "):
            beside_work.append((phase.removeprefix("observe "), set(under_way)))

    listed("crm")
    listed("erp")
    monkeypatch.setattr(type(two.told), "phase", phase)
    await two.run(apply_first=False)
    assert {"crm", "erp"} in together, "both are asked at the same time"
    own = [name in requests for name, requests in beside_work]
    assert own.count(False) == 2, "but for the last page of each, the next is on its way while one is worked on"
    assert len(own) == 8
