"""A run over twins: linking, creating, edits on both sides, and that the next run finds nothing to do."""

from typing import Any

import pytest


async def test_a_first_run_waits_for_consent_and_changes_nothing(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana")
    report = await two.run(apply_first=False)
    assert report.exit_code == 3
    assert two.writes == 0
    with two.store() as store:
        assert store.count_links("Customer") == 0


async def test_a_first_run_links_before_it_creates(two: Any) -> None:
    for vat, name in (("A1", "Ana"), ("A2", "Bob"), ("A3", "Cem"), ("A4", "Dee")):
        two.twin("crm").put("customers", vat=vat, name=name)
    for vat, name in (("A3", "Cem"), ("A4", "Dee Ltd"), ("A5", "Eve"), ("A6", "Fay")):
        two.twin("erp").put("customers", vat_no=vat, title=name)
    report = await two.run()
    summary = report.summaries[0]
    assert (summary.linked, summary.total("created"), summary.total("updated")) == (2, 4, 1)
    assert two.column("crm", "vat") == two.column("erp", "vat_no") == ["A1", "A2", "A3", "A4", "A5", "A6"]
    assert two.column("crm", "name") == two.column("erp", "title") == ["Ana", "Bob", "Cem", "Dee", "Eve", "Fay"]
    assert report.exit_code == 0
    await two.settled()


@pytest.mark.parametrize("full", [False, True])
async def test_an_edit_on_either_side_reaches_the_other_once(two: Any, full: bool) -> None:
    ana = two.twin("crm").put("customers", vat="A1", name="Ana")
    bob = two.twin("erp").put("customers", vat_no="A2", title="Bob")
    await two.run()
    two.twin("crm").put("customers", ana, name="Anna")
    two.twin("erp").put("customers", bob, title="Bobby", labels=["vip"])
    before = two.writes
    await two.run(full=full)
    assert two.writes - before == 2
    assert two.column("crm", "name") == two.column("erp", "title") == ["Anna", "Bobby"]
    await two.settled()
