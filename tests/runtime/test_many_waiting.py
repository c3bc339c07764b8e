"""Much that waits for a person is listed a part at a time, with how much there is, and costs what is listed."""

import io
import json
import os
import time
import tracemalloc
from pathlib import Path
from typing import Any

from syncline_runtime.cli import execute
from tests.runtime.executing.conftest import World, package

MANY = 5_000


def told(world: World, *argv: str) -> tuple[int, str]:
    out = io.StringIO()
    return execute(world.package, [*argv, "--state", str(world.path)], stdout=out), out.getvalue()


async def waiting(folder: Path) -> World:
    """One customer who is in step, and many records that were set aside."""
    world = World(folder / "state.db", package("crm", "erp"))
    world.twin("crm").put("customers", vat="A1", name="Ana")
    await world.run()
    rows = [("Customer", "crm", f"x{at}", 0, "identity.no-key", "", "no key", "", None, 1) for at in range(MANY)]
    with world.store() as store, store.transaction():
        store.review.quarantine(rows)
    return world


async def test_a_part_is_listed_with_how_much_there_is(tmp_path: Path) -> None:
    world = await waiting(tmp_path)
    for command, name in (("review", "items"), ("status", "waiting")):
        began = time.process_time()
        code, text = told(world, command, "--json")
        taken = time.process_time() - began
        document: dict[str, Any] = json.loads(text)
        assert (code, len(document[name]), document["complete"]) == (1, 1000, False)
        assert document["totals"] == {"quarantined": MANY, "conflicts": 0, "unknown": 0}
        assert taken < 1.0, command
    code, text = told(world, "review", "--limit", "50")
    assert code == 1
    assert f"… 50 of each kind are listed; in all {MANY} were set aside" in text
    for asked, listed in (
        (("--limit", "0"), MANY),
        (("--limit", "0", "--kind", "identity"), MANY),
        (("--kind", "identity"), 1000),
        (("--kind", "write"), 0),
        (("--kind", "identity", "--entity", "Customer", "--limit", "7"), 7),
        (("--field", "name"), 0),
    ):
        document = json.loads(told(world, "review", "--json", *asked)[1])
        assert (len(document["items"]), document["complete"]) == (listed, listed in (0, MANY)), asked
    assert f"and {MANY - 3} more like it" in told(world, "review", "--limit", "0")[1]
    assert told(world, "review", "--limit", "0", "--each")[1].count("no-key") == MANY


async def test_a_part_is_all_that_is_held_in_memory(tmp_path: Path) -> None:
    world = await waiting(tmp_path)
    peaks = []
    with Path(os.devnull).open("w") as nowhere:  # noqa: ASYNC230
        for limit in ("1000", "0"):
            tracemalloc.start()
            argv = ["review", "--json", "--limit", limit, "--state", str(world.path)]
            assert execute(world.package, argv, stdout=nowhere) == 1
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0], peaks


async def test_answers_are_for_all_whatever_is_listed(tmp_path: Path) -> None:
    world = await waiting(tmp_path)
    code, text = told(world, "review", "release", f"crm:x{MANY - 1}", "--by", "Kari")
    assert code == 0, text
