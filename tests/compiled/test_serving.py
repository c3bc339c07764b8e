"""Serving: every sync runs when its spec says, webhooks only say where to look, and a stop finishes what is under way."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.executor import Report
from syncline_runtime.serving import Serving
from syncline_runtime.telling import summary_lines
from tests.compiled.installation import READABLE, Installation, codes, compiled

CALLING = (
    READABLE.replace(
        "  auth bearer token\n",
        "  auth bearer token\n  setting signer : secret?\n  webhooks standard signed by signer\n",
    )
    .replace(
        "    archive active false\n",
        '    archive active false\n    webhook id "data.id" events "type" ["contact"]\n',
        1,
    )
    .replace('secret("CRM_TOKEN") }', 'secret("CRM_TOKEN"), signer: secret("CRM_SIGNER") }')
)


def signed_by(words: str) -> str:
    """The sample systems, whose webhooks are signed otherwise."""
    return CALLING.replace("webhooks standard signed by signer", f"setting hook : url?\n  webhooks {words}")


SPEC = """
entity Customer {{ email : email, name : text(100), match email }}
map Customer to crm.contacts {{ email <-> email, name <-> name }}
map Customer to erp.contacts {{ email <-> email, name <-> name }}
sync Customer across crm, erp {{
  delete in crm hold
  delete in erp propagate
  truth {{ otherwise newest else crm }}
{runs}
}}
"""
AFTER = """
entity Friend { email : email, name : text(100), match email }
map Friend to crm.contacts { email <-> email, name <-> name }
map Friend to shop.contacts { email <-> email, name <-> name }
sync Friend across crm, shop {
  delete in crm hold
  delete in shop hold
  truth { otherwise prefers crm then shop }
  run after Customer
}
"""
DAY = 86_400.0


class Served(Installation):
    """An installation that is served; what users do is scripted by the second."""

    def __init__(self, folder: Path, *runs: str, more: str = "", spec: str = SPEC) -> None:
        text = spec.format(runs="\n".join(f"  run {one}" for one in runs)) + more
        super().__init__(folder, compiled(text, CALLING))
        self.begun = self.clock.time
        self.script: list[tuple[float, Callable[[], Any]]] = []
        self.reports: list[tuple[float, list[str]]] = []
        self.failed: list[str] = []
        self.serving = Serving(
            package=self.package,
            systems=self.twins,
            opened=self.store,
            clock=self,
            reporter=self.told,
            told=self.report,
            failed=self.failed.append,
        )

    def now(self) -> float:
        return self.clock.time

    async def sleep(self, seconds: float) -> None:
        until = self.clock.time + seconds
        while self.script and self.script[0][0] <= until:
            at, happens = self.script.pop(0)
            self.clock.time = max(self.clock.time, at)
            happens()
            for _ in range(4):
                await asyncio.sleep(0)
        self.clock.time = max(self.clock.time, until)

    def report(self, report: Report) -> None:
        self.reports.append((round(self.clock.time - self.begun), [one.entity for one in report.summaries]))

    def called(self, event_id: str, *ids: str, system: str = "crm") -> None:
        """A webhook comes in."""
        with self.store() as store, store.transaction():
            records = [("contacts", one) for one in ids]
            store.inbox.receive(system, event_id, self.clock.time, records, "0" * 64)
        self.serving.hint.set()

    async def serve(self, seconds: float, *script: tuple[float, Callable[[], Any]]) -> None:
        """Serve that long, counted from the beginning."""
        planned = [*script, (seconds, self.serving.stop.set)]
        self.script = sorted(((self.begun + at, happens) for at, happens in planned), key=lambda one: one[0])
        self.serving.stop.clear()
        await self.serving.serve()

    def listings(self, system: str = "crm") -> int:
        return sum(1 for operation, _, _ in self.twins[system].calls if operation == "list")


async def begun(folder: Path, *runs: str, more: str = "") -> tuple[Served, str]:
    """One customer in both systems; a first run is behind us."""
    world = Served(folder, *runs, more=more)
    crm = world.put("crm.contacts", email="a@x.org", name="Ana")
    await world.run(later=0)
    return world, crm


async def test_a_sync_runs_as_often_as_it_says(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 5 minutes")
    await world.serve(1000, (400, lambda: world.put("crm.contacts", crm, name="Anna")))
    assert [at for at, _ in world.reports] == [300, 600, 900]
    assert world.records("erp.contacts")[world.only("erp.contacts")]["name"] == "Anna"


async def test_what_was_missed_is_made_up_for_once(tmp_path: Path) -> None:
    world, _ = await begun(tmp_path, "every 5 minutes", 'full daily at "02:00" in "Europe/Oslo"')
    await world.serve(310)
    world.clock.time += 3 * DAY
    world.reports.clear()
    full = world.listings()
    late = world.clock.time - world.begun
    await world.serve(late + 10)
    assert [at for at, _ in world.reports] == [round(late)]
    assert world.listings() > full


async def test_a_full_run_finds_what_was_deleted(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 5 minutes", "full every 1 hour")
    gone = (100.0, lambda: world.drop("crm.contacts", crm))
    await world.serve(3500, gone)
    assert world.records("erp.contacts")
    await world.serve(3 * 3600)
    assert not world.records("erp.contacts")


async def test_what_waits_for_another_sync_runs_when_that_has_drained(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 5 minutes", more=AFTER)
    await world.serve(310, (10, lambda: world.put("crm.contacts", crm, name="Anna")))
    assert world.reports == [(300, ["Customer"]), (300, ["Friend"])]
    assert world.records("shop.contacts")[world.only("shop.contacts")]["name"] == "Anna"


async def test_what_waits_does_not_run_while_the_other_has_something_left(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 5 minutes", more=AFTER)
    from syncline_runtime.ports import Refused

    world.twins["erp"].tables["contacts"].refuse = lambda native: Refused("no", "not today")
    await world.serve(310, (10, lambda: world.put("crm.contacts", crm, name="Anna")))
    assert world.reports == [(300, ["Customer"])]


async def test_a_webhook_has_its_record_read_at_once_and_nothing_listed(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 1 hour", "on webhook")
    listed = world.listings()

    def edited() -> None:
        world.put("crm.contacts", crm, name="Anna")
        world.called("m1", crm)

    await world.serve(60, (20, edited))
    assert [at for at, _ in world.reports] == [20]
    assert world.records("erp.contacts")[world.only("erp.contacts")]["name"] == "Anna"
    assert world.listings() == listed


async def test_a_new_record_comes_by_webhook(tmp_path: Path) -> None:
    world, _ = await begun(tmp_path, "every 1 hour", "on webhook")
    await world.serve(60, (20, lambda: world.called("m1", world.put("crm.contacts", email="b@x.org", name="Bo"))))
    assert sorted(one["name"] for one in world.records("erp.contacts").values()) == ["Ana", "Bo"]


async def test_late_double_and_disordered_webhooks_change_nothing(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 1 hour", "on webhook")
    world.put("crm.contacts", crm, name="Anna")
    script = [
        (10.0 + at, lambda event=event: world.called(event, crm))
        for at, event in enumerate(["m3", "m1", "m1", "m2", "m3"])
    ]
    await world.serve(60, *script)
    assert world.records("erp.contacts")[world.only("erp.contacts")]["name"] == "Anna"
    writes = world.writes
    await world.serve(120, (70, lambda: world.called("m4", crm, "nobody", "")))
    assert world.writes == writes
    with world.store() as store:
        assert store.inbox.waiting() == {}


async def test_a_webhook_counts_once_and_is_forgotten_after_a_week(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 1 hour", "on webhook")
    with world.store() as store:
        with store.transaction():
            assert store.inbox.receive("crm", "m1", world.now(), [("contacts", crm)], "")
            assert not store.inbox.receive("crm", "m1", world.now(), [("contacts", "other")], "")
            assert store.inbox.receive("erp", "m1", world.now(), [], "")
        assert store.inbox.waiting() == {("crm", "contacts"): [crm]}
    await world.run()
    await world.run(later=8 * DAY)
    with world.store() as store, store.transaction():
        assert store.inbox.receive("crm", "m1", world.now(), [], "")


async def test_a_record_deleted_behind_a_webhook_is_no_tombstone_yet(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 1 hour", "full every 2 hours", "on webhook")

    def deleted() -> None:
        world.drop("crm.contacts", crm)
        world.called("m1", crm)

    await world.serve(60, (20, deleted))
    assert world.records("erp.contacts")
    await world.serve(3 * 7200)
    assert not world.records("erp.contacts")


async def test_a_stop_finishes_the_run_under_way(tmp_path: Path) -> None:
    world, crm = await begun(tmp_path, "every 5 minutes", more=AFTER)
    world.put("crm.contacts", crm, name="Anna")
    world.twins["erp"].before = lambda operation: world.serving.stop.set() if operation == "update" else None
    await world.serve(5000)
    assert world.records("erp.contacts")[world.only("erp.contacts")]["name"] == "Anna"
    assert world.reports == [(300, ["Customer"])]
    with world.store() as store:
        assert store.review.runs(1)[0].ended is not None


async def test_a_stop_sends_nothing_more_and_the_next_run_goes_on(tmp_path: Path) -> None:
    world, _ = await begun(tmp_path, "every 5 minutes")
    for number in range(60):
        world.put("crm.contacts", email=f"{number}@x.org", name=f"N{number}")
    sent: list[str] = []

    def before(operation: str) -> None:
        if operation == "create":
            sent.append(operation)
            if len(sent) == 3:
                world.serving.stop.set()

    world.twins["erp"].before = before
    await world.serve(5000)
    done = len(world.records("erp.contacts"))
    assert 3 <= done < 40, "what was under way is finished, and no more"
    with world.store() as store:
        assert store.open_intents("Customer") == [], "of what was not sent it is known that it was not"
    world.serving.stop.clear()
    world.reports.clear()
    await world.serve(310)
    assert len(world.records("erp.contacts")) == 61
    assert world.reports[0][0] == 300, "what was broken off is due at once"
    await world.settled()


async def test_another_run_that_holds_the_state_is_waited_for(tmp_path: Path) -> None:
    world, _ = await begun(tmp_path, "every 5 minutes")
    with world.store() as other, other.transaction():
        other._execute(
            "INSERT INTO lease VALUES (?, ?, 9, ?) ON CONFLICT(name) DO UPDATE SET holder = excluded.holder, fencing = 9,"
            " expires_at = excluded.expires_at",
            (world.package.name, "elsewhere:1", world.now() + 320),
        )
    await world.serve(500)
    assert world.failed
    assert [at for at, _ in world.reports] == [360]


@pytest.mark.parametrize("seed", range(6))
async def test_any_moment_is_a_good_one_to_stop(tmp_path: Path, seed: int) -> None:
    world, crm = await begun(tmp_path, "every 5 minutes", "on webhook")
    edits = [
        (at, lambda at=at: (world.put("crm.contacts", crm, name=f"Ana {at}"), world.called(f"m{at}", crm)))
        for at in range(50, 950, 100)
    ]
    for stop in range(100 + seed * 13, 1000, 170):
        with suppress(IndexError):
            await world.serve(stop, *[one for one in edits if one[0] > world.now() - world.begun])
    await world.run()
    assert (
        world.records("erp.contacts")[world.only("erp.contacts")]["name"] == world.records("crm.contacts")[crm]["name"]
    )
    await world.settled()


@pytest.mark.parametrize(
    ("runs", "library", "found"),
    [
        ("  run on webhook\n  run every 1 hour", CALLING, []),
        ("  run on webhook\n  run every 1 hour", signed_by("stripe signed by signer"), []),
        ("  run on webhook\n  run every 1 hour", signed_by("shopify signed by signer"), []),
        ("  run on webhook\n  run every 1 hour", signed_by("hubspot signed by signer at hook"), []),
        ("  run every 1 hour", signed_by("hubspot signed by signer"), ["connector.malformed"]),
        ("  run every 1 hour", signed_by("hubspot signed by signer at signer"), ["connector.unknown-word"]),
        ("  run every 1 hour", signed_by("paypal signed by signer"), ["connector.unknown-word"]),
        ("  run on webhook", CALLING, ["trigger.webhook-alone"]),
        ("  run on webhook\n  run every 1 hour", READABLE, ["trigger.not-served"]),
        (
            "  run on webhook\n  run every 1 hour",
            CALLING.replace(', signer: secret("CRM_SIGNER")', ""),
            ["trigger.not-served"],
        ),
        (
            "  run on webhook\n  run every 1 hour",
            CALLING.replace('    read   GET    "/contacts/{id}"\n', ""),
            ["trigger.not-served"],
        ),
        ('  run daily at "25:00" in "Europe/Oslo"', CALLING, ["sync.schedule"]),
    ],
)
def test_a_trigger_that_nobody_serves_is_refused(runs: str, library: str, found: list[str]) -> None:
    assert codes(SPEC.format(runs=runs), library) == found


async def test_a_date_that_a_record_waits_for_wakes_its_sync_once(tmp_path: Path) -> None:
    spec = SPEC.replace("name : text(100),", "name : text(100), since : instant?,")
    spec = spec.replace("crm.contacts {{ email", "crm.contacts {{ since <- joined, email")
    spec = spec.replace(
        "  delete in crm hold", "  create in erp when since is present and since is past\n  delete in crm hold"
    )
    world = Served(tmp_path, "every 1 day", spec=spec)
    joined = datetime.fromtimestamp(world.begun + 10_000, UTC).isoformat()
    world.put("crm.contacts", email="a@x.org", name="Ana", joined=joined)
    await world.run(later=0)
    assert world.records("erp.contacts") == {}
    await world.serve(DAY / 2)
    assert [record["email"] for record in world.records("erp.contacts").values()] == ["a@x.org"]
    assert [at for at, _ in world.reports] == [10_000]


async def test_a_record_too_young_to_be_created_elsewhere_is_looked_at_as_soon_as_it_is_not(tmp_path: Path) -> None:
    """The listing of the ERP lags by two minutes: a new customer of the CRM may be there already, and not be shown."""
    world, _ = await begun(tmp_path, "every 1 hour")
    declared = world.package.systems["erp"]
    resource = declared.resources["contacts"]
    assert resource.list is not None
    assert resource.list.since is not None
    listing = replace(resource.list, since=replace(resource.list.since, lag_seconds=120.0))
    erp = replace(declared, resources={**declared.resources, "contacts": replace(resource, list=listing)})
    world.serving.package = replace(world.package, systems={**world.package.systems, "erp": erp})
    said: list[str] = []
    told = world.serving.told

    def lines(report: Report) -> None:
        said.extend(line for one in report.summaries for line in summary_lines(one, {}, planned=False))
        told(report)

    world.serving.told = lines
    await world.serve(9_000, (3_500, lambda: world.put("crm.contacts", email="b@x.org", name="Bo")))
    assert len(world.records("erp.contacts")) == 2
    assert [at for at, _ in world.reports] == [3_600, 3_720, 7_320], "the hour counts from the last run"
    (waits,) = (line for line in said if "wait" in line and "for a create under way" in line)
    assert "the first until " in waits
