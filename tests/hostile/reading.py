"""A CRM over HTTP that answers nonsense, an ERP that does not: what the executor makes of it, counted."""

import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncline_runtime.connectors import open_system
from syncline_runtime.connectors.calls import UnsafeId, segment
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.pending import pending
from syncline_runtime.ports import System
from syncline_runtime.settings import SecretText
from tests.compiled.installation import READABLE, Installation, compiled
from tests.hostile.answers import PAGE, Desk, nameless, spoiled_body, spoiled_record
from tests.runtime.connectors.loopback import Answer, Asked, Loopback, Reply

PAGED = READABLE.replace(
    'list   GET    "/contacts" { since "updated >= \'{since}\'" }',
    f'list   GET    "/contacts" {{ page number(page, size, max: {PAGE}) }}',
)
SPEC = """
entity Customer { email : email, name : text(100)?, rating : integer?, vip : boolean, match email }
map Customer to crm.contacts { email <-> email, name <-> name, rating <-> rating, vip <-> vip }
map Customer to erp.contacts { email <-> email, name <-> name, rating <-> rating, vip <-> vip }
sync Customer across crm, erp {
  delete in crm hold
  delete in erp hold
  empty propagates
  truth { otherwise prefers crm then erp }
}
"""


@dataclass
class Tally:
    """What was answered, and everything that should not be."""

    answered: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.answered.values())


class Hostile(Installation):
    """The installation, whose CRM is reached over HTTP."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, compiled(SPEC, PAGED))
        self.desk = Desk()
        self.twins["erp"].tables["contacts"].defaults = {"name": None, "rating": None}

    async def begin(self, url: str) -> None:
        declared = self.package.systems["crm"]
        bucket = TokenBucket(None, self.clock)
        settings = {"url": url, "token": SecretText("t0ken")}
        crm: System = open_system(declared, settings, self.clock, bucket, jitter=lambda: 0.5)
        self.twins: dict[str, Any] = {"crm": crm, "erp": self.twins["erp"]}

    def reasons(self) -> set[str]:
        """Ids of the CRM's records that wait for a person, with a reason."""
        with self.store() as store:
            return {one.members.get("crm", one.remote_id) for one in pending(self.package, store) if one.reason}

    def names(self) -> Counter[str]:
        """How often each address is in the ERP."""
        return Counter(str(one.get("email")) for one in self.records("erp.contacts").values())


@asynccontextmanager
async def reached(world: Hostile, seed: int, tally: Tally) -> AsyncIterator[None]:
    """The CRM answers; whatever ends in an exception meanwhile is found."""
    async with Loopback(world.desk.answer) as server:
        await world.begin(server.url)
        try:
            yield
        except Exception as error:
            tally.found.append(f"seed {seed}: {type(error).__name__}: {error}")


async def records(folder: Path, seed: int, count: int, tally: Tally) -> None:
    """A listing with so many malformed records, each after a good one; then what was wrong is mended."""
    world, chance = Hostile(folder), random.Random(seed)
    good: list[str] = []
    bad: dict[str, Any] = {}
    for number in range(count):
        world.desk.put(f"g{number}", {"email": f"good{number}@x.org", "name": f"G{number}"})
        good.append(f"good{number}@x.org")
        record = world.desk.put(f"b{number}", {"email": f"bad{number}@x.org", "name": f"B{number}"})
        bad[f"b{number}"] = spoiled_record(chance, record)

    def spoil(asked: Asked, document: Any) -> Answer | None:
        if asked.method != "GET":
            return None
        listed = document if isinstance(document, list) else [document]
        shown = [bad.get(one["id"], one) for one in listed]
        return Reply(200, json.dumps(shown if isinstance(document, list) else shown[0]))

    world.desk.spoil = spoil
    async with reached(world, seed, tally):
        report = await world.run()
        tally.answered["record"] += count
        there, told = world.names(), world.reasons()
        if missing := [one for one in good if there[one] != 1]:
            tally.found.append(f"seed {seed}: {missing[:3]} are not in the ERP because of others; {report.failures}")
        unsaid = [
            one
            for one, shown in bad.items()
            # What is archived, however that is spelled, is nothing to be created from.
            if one not in told and there[str(shown.get("email"))] != 1 and shown.get("active", True) != 0
        ]
        if unsaid:
            tally.found.append(f"seed {seed}: nothing is said of {[bad[one] for one in unsaid[:3]]}")
        world.desk.spoil = lambda asked, document: None
        for _ in range(2):
            report = await world.run(later=600, full=True)
        _whole(world, seed, tally, 2 * count, report)


async def without_identity(folder: Path, seed: int, count: int, tally: Tally) -> None:
    """A listing with so many records that nobody can call by an id, each after a good one; some of them are known, and one of the
    others is gone. Then what was wrong is mended."""
    world, chance = Hostile(folder), random.Random(seed)
    known = chance.randrange(3, count)
    spoiled: dict[str, Any] = {}

    def fill(numbers: range) -> None:
        for number in numbers:
            for kind in ("good", "bad"):
                world.desk.put(f"{kind}{number}", {"email": f"{kind}{number}@x.org", "name": f"{kind} {number}"})
            one = nameless(chance, world.desk.records[f"bad{number}"])
            while isinstance(one, dict) and _identity(one.get("id")):
                one = nameless(chance, world.desk.records[f"bad{number}"])
            spoiled[f"bad{number}"] = one

    def spoil(asked: Asked, document: Any) -> Answer | None:
        if asked.method != "GET" or not isinstance(document, list):
            return None
        return Reply(200, json.dumps([spoiled.get(one["id"], one) for one in document]))

    async with reached(world, seed, tally):
        fill(range(known))
        await world.run()
        fill(range(known, count))
        tally.answered["without identity"] += count
        gone = world.desk.records.pop("good0")
        world.desk.spoil = spoil
        for name, one in spoiled.items():
            if int(name.removeprefix("bad")) >= known and isinstance(one, dict) and one.keys() >= {"email", "name"}:
                world.put("erp.contacts", email=one["email"], name=one["name"], vip=False)
        told: set[str] = set()
        for _ in range(2):
            report = await world.run(later=600)
            told = {one for one in world.reasons() if one.startswith("page-")}
        there = world.names()
        missing = [one for one in range(1, count) if there[f"good{one}@x.org"] != 1]
        if missing or report.failures:
            tally.found.append(f"seed {seed}: {missing[:3]} are not in the ERP because of others; {report.failures}")
        if len(told) != count:
            tally.found.append(f"seed {seed}: {len(told)} of {count} are told")
        if there["good0@x.org"] != 1:
            tally.found.append(f"seed {seed}: a deletion was concluded from a listing that cannot be read wholly")
        world.desk.spoil = lambda asked, document: None
        world.desk.records.setdefault("good0", gone)
        for _ in range(3):
            report = await world.run(later=600, full=True)
        _whole(world, seed, tally, 2 * count, report)


def _identity(value: Any) -> bool:
    if value is None or isinstance(value, bool | list | dict):
        return False
    try:
        segment(value)
    except UnsafeId:
        return False
    return True


async def bodies(folder: Path, seed: int, tally: Tally) -> None:
    """One answer of a run is malformed as a whole, or each of its kind; then all is well again."""
    world, chance = Hostile(folder), random.Random(seed)
    for number in range(5):
        world.desk.put(None, {"email": f"crm{number}@x.org", "name": f"C{number}"})
        world.put("erp.contacts", email=f"erp{number}@x.org", name=f"E{number}", vip=False)
    verb, at, once = chance.choice(("GET", "GET", "POST", "PATCH")), chance.randrange(3), chance.random() < 0.5
    asked_so_far = 0
    if verb == "PATCH" or chance.random() < 0.3:
        async with Loopback(world.desk.answer) as server:
            await world.begin(server.url)
            await world.run()
        erp = sorted(world.records("erp.contacts"))
        for one in erp[:4]:
            world.put("erp.contacts", one, name=f"changed {one}")
        world.desk.put("c1", {"name": "changed too"})

    def spoil(asked: Asked, document: Any) -> Answer | None:
        nonlocal asked_so_far
        if asked.method != verb:
            return None
        asked_so_far += 1
        if asked_so_far <= at or (once and asked_so_far > at + 1):
            return None
        tally.answered[f"{verb} body"] += 1
        return spoiled_body(chance, document)

    world.desk.spoil = spoil
    async with reached(world, seed, tally):
        report = await world.run(full=True)
        world.desk.spoil = lambda asked, document: None
        for _ in range(4):
            report = await world.run(later=600, full=True)
        _whole(world, seed, tally, 10, report)


def _whole(world: Hostile, seed: int, tally: Tally, expected: int, report: Any) -> None:
    """Both sides have each record once, with the same name."""
    crm = {str(one["email"]): one.get("name") for one in world.desk.records.values()}
    erp = {str(one["email"]): one.get("name") for one in world.records("erp.contacts").values()}
    if len(world.desk.records) != expected or len(world.records("erp.contacts")) != expected:
        tally.found.append(
            f"seed {seed}: {len(world.desk.records)} in the CRM, {len(world.records('erp.contacts'))} in the ERP, not {expected};"
            f" {report.failures}"
        )
    elif crm != erp:
        tally.found.append(
            f"seed {seed}: {sorted(set(crm.items()) ^ set(erp.items()), key=str)[:4]}; {report.failures}"
        )
