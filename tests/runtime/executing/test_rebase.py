"""After a lost or older state nothing is made twice, nothing that was deleted comes back, and no edit is lost without a trace."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runtime.executing.conftest import World, package

edits = st.lists(
    st.tuples(
        st.sampled_from(("crm", "erp")),
        st.integers(0, 4),
        st.sampled_from(("Ana", "Bo", "Cem", "drop", "add")),
    ),
    max_size=5,
)
OWN = {"crm": ("vat", "name"), "erp": ("vat_no", "title")}


def act(world: World, system: str, number: int, what: str, serial: int) -> None:
    ids = sorted(world.records(system))
    key, name = OWN[system]
    if what == "add":
        world.twin(system).put("customers", **{key: f"n{serial}", name: "Dana"})
    elif number < len(ids):
        if what == "drop":
            world.twin(system).drop("customers", ids[number])
        else:
            world.twin(system).put("customers", ids[number], **{name: what})


def by_key(world: World, system: str) -> dict[str, list[str]]:
    key, name = OWN[system]
    found: dict[str, list[str]] = {}
    for record in world.records(system).values():
        found.setdefault(str(record[key]), []).append(str(record[name]))
    return found


def saved(world: World) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in world.path.parent.glob("state.db*")}


def restored(world: World, files: dict[str, bytes]) -> None:
    for file in world.path.parent.glob("state.db*"):
        file.unlink()
    for name, content in files.items():
        (world.path.parent / name).write_bytes(content)


@settings(max_examples=25, deadline=None)
@given(before=edits, after=edits, since=edits, lost=st.booleans())
def test_a_state_that_is_lost_or_older_than_the_systems_is_rebased(
    before: list[Any], after: list[Any], since: list[Any], lost: bool
) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder, "state.db"), package("crm", "erp"))
        asyncio.run(_rebased(world, before, after, since, lost=lost))


async def _rebased(world: World, before: list[Any], after: list[Any], since: list[Any], *, lost: bool) -> None:
    for vat in ("1", "2", "3"):
        world.twin("crm").put("customers", vat=vat, name=f"name {vat}")
    for serial, edit in enumerate(before):
        act(world, *edit, serial)
    await world.run()
    backup: dict[str, bytes] = {} if lost else saved(world)
    for serial, edit in enumerate(after, 100):
        act(world, *edit, serial)
    await world.run(full=True, approved=frozenset({"delete", "update"}))
    for serial, edit in enumerate(since, 200):
        act(world, *edit, serial)
    restored(world, backup)
    shown = {system: by_key(world, system) for system in OWN}
    await world.run(rebase=True, full=True, approved=frozenset({"update", "delete"}))
    for _ in range(2):
        await world.run(full=True, approved=frozenset({"update", "delete"}))
    now = {system: by_key(world, system) for system in OWN}
    for system, found in now.items():
        # Nothing was made: what is there was there, and once for each key.
        assert found.keys() <= shown[system].keys()
        assert all(len(names) == 1 for names in found.values())
    for key in now["crm"].keys() & now["erp"].keys():
        assert now["crm"][key] == now["erp"][key]
    await world.run(full=True, approved=frozenset({"create", "update", "delete"}))
    await world.run(full=True, approved=frozenset({"create", "update", "delete"}))
    assert by_key(world, "crm") == by_key(world, "erp")
    await world.settled()
