"""What an owner's blank does not write over, where a line writes only what is present, may be later: it is journalled."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Drift, Owned, When
from tests.runtime.executing.conftest import field_map


def owned(world: Any, drift: Drift) -> Any:
    erp = field_map("erp")
    flows = tuple(replace(flow, when=When.PRESENT) if flow.field == "note" else flow for flow in erp.flows)
    two = world("crm", "erp", erp=replace(erp, flows=flows))
    sync = two.package.syncs[0]
    rules = {**sync.rules, "note": Owned(by="crm", drift=drift, line=32)}
    two.package = replace(two.package, syncs=(replace(sync, rules=rules, empty="propagates"),))
    return two


def journalled(two: Any) -> list[tuple[str, str]]:
    with two.store() as store:
        return [(row[2], row[4]) for kind in ("overwritten", "drift") for row in store.review.journal_entries(kind)]


@pytest.mark.parametrize("drift", list(Drift))
@pytest.mark.parametrize("linked", [False, True])
async def test_it_is_not_lost(world: Any, drift: Drift, linked: bool) -> None:
    two = owned(world, drift)
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", note=None)
    erp = two.twin("erp").put("customers", vat_no="A1", title="Ana", memo=None if linked else "typed")
    await two.run()
    if linked:
        two.twin("erp").put("customers", erp, memo="typed")
        await two.run()
    assert two.records("erp")[erp]["memo"] == "typed"
    two.twin("crm").put("customers", crm, note="new")
    await two.run()
    assert two.records("erp")[erp]["memo"] == "new"
    assert ("erp", '"typed"') in journalled(two)
