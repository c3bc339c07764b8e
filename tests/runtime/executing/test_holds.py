"""Every hold names commands that exist and work."""

import re
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from syncline_runtime.pending import pending
from tests.runtime.executing.conftest import World
from tests.runtime.executing.holds import SCENARIOS, command, held


def named(line: str) -> list[str]:
    """The commands that a line names."""
    return re.findall(r"`((?:review|run|plan)[^`]*)`", line)


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_hold_names_commands_that_work(
    tmp_path: Path, scenario: Callable[[World], Awaitable[None]]
) -> None:
    _, items, lines = await held(tmp_path / "first", scenario)
    assert items or lines, "nothing is held"
    for line in lines:
        assert named(line), f"no way out of: {line}"
    for item in items:
        assert item.commands, f"no way out of: {item}"
    commands = dict.fromkeys(
        [(item.name, one) for item in items[:3] for one in item.commands]
        + [("", one) for line in lines for one in named(line)]
    )
    for number, (name, text) in enumerate(commands):
        world, _, _ = await held(tmp_path / str(number), scenario)
        await _obeyed(world, name, text)


async def _obeyed(world: World, name: str, text: str) -> None:
    [own] = world.records("erp") if len(world.records("erp")) == 1 else [""]
    argv = shlex.split(text.replace("VALUE", "decided").replace(":ID", f":{own}"))
    if argv[0] == "plan":
        await world.plan()
        return
    if argv[0] == "run":
        assert set(argv[1:]) <= {"run", "--full", "--approve", "create", "update", "delete"}
        approved = frozenset(argv[argv.index("--approve") + 1 :]) if "--approve" in argv else frozenset[str]()
        await world.run(full="--full" in argv, approved=approved, later=3600)
    else:
        code, out, err = command(world, *argv)
        if argv == ["review"]:
            return
        assert (code, err) == (0, ""), text
        assert "the next run" in out
        await world.run(later=3600)
    with world.store() as store:
        left = pending(world.package, store)
        told = [row[6] for kind in ("resolved", "not resolved") for row in store.review.journal_entries(kind)]
    stays = " ".join(argv[:2]) == "review retry"
    if name and not stays:
        assert name not in [item.name for item in left if item.kind != "guard"], f"{text} did not settle it: {left}"
    if argv[0] == "review" and argv[1] != "dismiss":
        assert [line for line in told if ": " in line], text
