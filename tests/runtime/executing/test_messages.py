"""A message follows from a commit, is sent at least once under one key, and is never called back."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from syncline.diagnostics.pages import page
from syncline.guarantees.rendering import text as report_text
from syncline.guarantees.reporting import report
from syncline.pipeline import check_spec
from syncline_runtime import executor
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options
from syncline_runtime.executing.migrate import carry_out, prepared
from syncline_runtime.ports import Applied, Outcome, Unknown, Write
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.state import SqliteStore
from tests.runtime.executing.conftest import FakeClock, Told
from tests.runtime.executing.test_computing import compiled

SPEC = page("message.no-key").split("## Passes")[1].split("```sync\n")[1].split("```")[0]


class Crash(BaseException):
    """The process dies."""


class Post(Twin):
    """A system that sends mails: each key once, and nothing to look at afterwards."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__("post", clock)
        self.sent: dict[str, dict[str, Any]] = {}
        self.calls_by_key: list[str] = []
        self.mute = ""

    def pages(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("it cannot be listed")

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for one in writes:
            key = str(one.idempotency_key)
            if self.before is not None:
                self.before("create")
            self.calls_by_key.append(key)
            if self.mute != "lost":
                self.sent.setdefault(key, dict(one.native))
            outcomes.append(Unknown("no answer") if self.mute else Applied(key))
            self.mute = ""
            if self.before is not None:
                self.before("created")
        return outcomes


class World:
    """A CRM, and a post."""

    def __init__(self, path: Path, package: Package) -> None:
        self.path, self.package, self.clock = path, package, FakeClock()
        self.crm = Twin("crm", self.clock, contacts=Table())
        self.post = Post(self.clock)

    async def run(self, *, later: float = 60.0) -> executor.Report:
        self.clock.time += later
        with SqliteStore(self.path, self.package.name) as store:
            return await executor.run(
                self.package,
                systems={"crm": self.crm, "post": self.post},
                store=store,
                clock=self.clock,
                reporter=Told(),
                options=Options(apply_first=True),
            )

    async def won(self) -> str:
        deal = self.crm.put("contacts", name="D1", email="ana@example.com", stage="open")
        await self.run()
        self.crm.put("contacts", deal, stage="won")
        return deal


@pytest.fixture(scope="module")
def package() -> Package:
    return compiled(SPEC)


async def test_a_message_is_sent_once_and_not_called_back(tmp_path: Path, package: Package) -> None:
    world = World(tmp_path / "state.db", package)
    deal = await world.won()
    report_ = await world.run()
    assert report_.exit_code == 0
    assert list(world.post.sent.values()) == [{"to": "ana@example.com", "subject": "A deal is won"}]
    for stage in ("open", "won"):
        world.crm.put("contacts", deal, stage=stage, email="bo@example.com")
        await world.run()
    assert len(world.post.calls_by_key) == 1


@pytest.mark.parametrize("mute", ["lost", "landed"])
async def test_a_message_without_an_answer_is_sent_again_under_its_key(
    tmp_path: Path, package: Package, mute: str
) -> None:
    world = World(tmp_path / "state.db", package)
    await world.won()
    world.post.mute = mute
    await world.run()
    for _ in range(2):
        report_ = await world.run(later=400.0)
    assert len(world.post.sent) == 1
    assert len(set(world.post.calls_by_key)) == 1
    assert len(world.post.calls_by_key) == 2
    assert report_.exit_code == 0


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
async def test_a_crash_loses_no_message_and_sends_none_before_its_cause_is_kept(
    tmp_path: Path, package: Package, at: int
) -> None:
    world = World(tmp_path / "state.db", package)
    await world.won()
    left = [at]

    def crash(operation: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash(operation)

    world.crm.before = world.post.before = crash
    with suppress(Crash):
        await world.run()
    world.crm.before = world.post.before = None
    if world.post.sent:
        with SqliteStore(world.path, package.name) as store:
            assert store.count_links("Notice") == 1
    for _ in range(2):
        await world.run(later=400.0)
    assert len(world.post.sent) == 1


async def test_what_was_derived_is_known_again_when_its_origin_is_renamed(tmp_path: Path, package: Package) -> None:
    world = World(tmp_path / "state.db", package)
    deal = await world.won()
    await world.run()
    renamed = SPEC.replace("Deal", "Chance").replace("entity Chance {", "entity Chance renamed from Deal {")
    assert "renamed from Deal" in renamed
    world.package = compiled(renamed)
    with SqliteStore(world.path, world.package.name) as store:
        migration = prepared(world.package, store)
        assert migration.barred == ()
        with store.transaction():
            carry_out(world.package, store, migration)
    for stage in ("open", "won"):
        world.crm.put("contacts", deal, stage=stage)
        await world.run()
    assert len(world.post.calls_by_key) == 1


def test_the_report_of_a_system_that_sends_can_be_told() -> None:
    from syncline.diagnostics.pages import PRELUDE, sample

    checked = check_spec("post.sync", (PRELUDE + SPEC).encode(), {"sample.sync": sample().encode()}.get)
    assert checked.model is not None
    assert "in post (mails)" in report_text(report(checked.model))
