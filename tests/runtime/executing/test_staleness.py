"""Listings that lag: an old state is not taken for an edit, whatever was shown in between, and nothing is doubted for ever."""

from dataclasses import replace
from typing import Any

from syncline_runtime.ports import NativeRecord
from syncline_runtime.values import Native
from tests.runtime.executing.test_identity_held import lagging


def showing(two: Any, name: str) -> list[Native]:
    """Old states that a system's listings and readings show instead of the present one, while there are any."""
    stale: list[Native] = []
    twin = two.twin(name)
    pages, read = twin.pages, twin.read

    def old() -> list[NativeRecord]:
        return [NativeRecord(str(native["id"]), dict(native), str(native["updated"])) for native in stale]

    async def listed(*arguments: Any, **options: Any) -> Any:
        async for page in pages(*arguments, **options):
            yield replace(page, records=old()) if stale else page

    async def looked(resource: str, remote_ids: Any, **options: Any) -> Any:
        found = dict(await read(resource, remote_ids, **options))
        return found | {one.remote_id: one for one in old() if one.remote_id in found}

    twin.pages, twin.read = listed, looked
    return stale


async def test_an_old_state_is_no_edit_though_an_older_one_was_shown_before_it(two: Any) -> None:
    lagging(two, "erp", 30.0)
    stale = showing(two, "erp")
    (erp,) = (two.twin("erp").put("customers", vat_no="A1", title="Ana") for _ in range(1))
    states = [dict(two.records("erp")[erp])]
    await two.run(later=400.0)
    await two.run(later=400.0)
    for name in ("Bo", "Ana"):
        two.twin("erp").put("customers", erp, title=name)
        states.append(dict(two.records("erp")[erp]))
        await two.run(later=60.0)
        assert two.column("crm", "name") == [name]
    first, second, _ = states
    for state in (first, second):
        stale[:] = [state]
        await two.run(later=5.0)
        assert two.column("crm", "name") == ["Ana"]
    stale.clear()
    await two.run(later=60.0)
    assert (two.column("crm", "name"), two.column("erp", "title")) == (["Ana"], ["Ana"])
    await two.settled()


async def test_an_edit_in_the_second_of_our_write_is_seen(two: Any) -> None:
    """The system's clock ticks in seconds: our write and a person's edit bear the same time."""
    for twin in two.twins.values():
        store = twin._store

        def coarse(table: Any, remote_id: str, record: Native, store: Any = store) -> None:
            store(table, remote_id, record)
            table.records[remote_id]["updated"] = table.records[remote_id]["updated"][:19] + "+00:00"

        twin._store = coarse
    crm = two.twin("crm").put("customers", vat="A1", name="Ana")
    await two.run()
    (erp,) = two.records("erp")
    two.twin("erp").put("customers", erp, title="Bo")
    await two.run()
    assert two.records("crm")[crm]["name"] == "Bo"
    await two.settled()


async def test_a_clock_that_runs_backwards_hides_no_edit(two: Any) -> None:
    crm = two.twin("crm").put("customers", vat="A1", name="Ana")
    await two.run()
    (erp,) = two.records("erp")
    two.twin("erp").put("customers", erp, title="Bo")
    two.records("erp")[erp]["updated"] = "2001-01-01T00:00:00+00:00"
    await two.run(full=True)
    assert two.records("crm")[crm]["name"] == "Bo"
    two.twin("crm").put("customers", crm, name="Cem")
    await two.run()
    assert two.records("erp")[erp]["title"] == "Cem"
    await two.settled()
