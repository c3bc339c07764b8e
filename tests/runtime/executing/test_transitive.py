"""Three systems: that A is B and B is C makes A no C, unless those two share a key."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Creation
from tests.runtime.executing.conftest import field_map
from tests.runtime.executing.test_recovering_shared_keys import answered


def by_mail(world: Any) -> Any:
    """A shop that knows customers by mail alone."""
    mapped = field_map("shop")
    flows = tuple(flow for flow in mapped.flows if flow.field != "vat")
    read, write = mapped.read, mapped.write
    shop = replace(
        mapped,
        flows=flows,
        read=lambda native: {name: value for name, value in read(native).items() if name != "vat"},
        write=lambda values, old: {name: value for name, value in write(values, old).items() if name != "tax"},
    )
    return world("crm", "erp", "shop", shop=shop)


async def held(three: Any) -> dict[tuple[str, str], str]:
    with three.store() as store:
        return {(row.system, row.remote_id): row.detail for row in store.review.quarantined()}


@pytest.mark.parametrize("first", [("erp", "shop"), ("crm", "erp"), ("crm", "erp", "shop")])
async def test_two_that_share_no_key_are_not_linked_by_a_third(world: Any, first: tuple[str, ...]) -> None:
    three = by_mail(world)
    sync = three.package.syncs[0]
    three.package = replace(
        three.package,
        syncs=(replace(sync, creates=dict.fromkeys(("crm", "erp", "shop"), Creation(allowed=False, line=21))),),
    )
    records = {
        "crm": {"vat": "A1", "name": "Ana", "mail": "x@x.org"},
        "erp": {"vat_no": "A1", "title": "Ana", "mail": "m@x.org"},
        "shop": {"name": "Ana", "mail": "m@x.org"},
    }
    for name in first:
        three.twin(name).put("customers", **records[name])
    await three.run()
    for name in records.keys() - set(first):
        three.twin(name).put("customers", **records[name])
    await three.run()
    with three.store() as store:
        links = [{one.system for one in members} for members in store.members_of([1, 2, 3]).values()]
    assert not any({"crm", "shop"} <= systems for systems in links)
    assert three.column("crm", "mail") == ["x@x.org"]
    assert three.column("shop", "mail") == ["m@x.org"]
    if first == ("erp", "shop"):
        ((where, detail),) = (await held(three)).items()
        assert where[0] == "crm"
        assert "shares no key" in detail


async def test_those_that_share_a_key_are_linked_all_three(world: Any) -> None:
    three = by_mail(world)
    three.twin("erp").put("customers", vat_no="A1", title="Ana", mail="m@x.org")
    three.twin("shop").put("customers", name="Ana", mail="m@x.org")
    await three.run()
    (made,) = three.records("crm")
    assert three.records("crm")[made]["mail"] == "m@x.org"
    assert (len(three.records("erp")), len(three.records("shop"))) == (1, 1)
    await three.settled()


async def test_a_record_that_we_made_is_no_evidence_of_its_own(world: Any) -> None:
    """The shop's record was made of the ERP's, so that it is what that is."""
    three = by_mail(world)
    three.twin("erp").put("customers", vat_no="A1", title="Ana", mail="m@x.org")
    sync = three.package.syncs[0]
    three.package = replace(three.package, syncs=(replace(sync, creates={"crm": Creation(allowed=False, line=21)}),))
    await three.run()
    assert len(three.records("shop")) == 1
    three.twin("crm").put("customers", vat="A1", name="Ana", mail="x@x.org")
    report = await three.run()
    assert (report.exit_code, report.summaries[0].linked) == (0, 1)
    assert {len(three.records(name)) for name in ("crm", "erp", "shop")} == {1}
    await three.settled()


async def test_a_newcomer_does_not_bring_together_whom_a_person_told_apart(world: Any) -> None:
    three = world("crm", "erp", "shop")
    never = dict.fromkeys(("crm", "erp", "shop"), Creation(allowed=False, line=21))
    three.package = replace(three.package, syncs=(replace(three.package.syncs[0], creates=never),))
    three.twin("crm").put("customers", vat="A1", name="Ana")
    for title in ("Zoe", "Yve"):
        three.twin("erp").put("customers", vat_no="A1", title=title)
    await three.run()
    answered(three, "review release crm:crm-1")
    await three.run()
    three.twin("erp").drop("customers", "erp-2")
    await three.run(full=True)
    three.twin("shop").put("customers", tax="A1", name="Sue")
    await three.run()
    assert (three.column("crm", "name"), three.column("erp", "title")) == (["Ana"], ["Zoe"])
    asked = "crm crm-1 has the same vat, and a person said that it is a record of its own: link them, or release this one, too"
    assert (await held(three))["shop", "shop-1"] == asked
