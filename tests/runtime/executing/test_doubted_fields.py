"""Writes in doubt, looked at while a field is hidden, in the second in which the record was changed, or after they were
acknowledged unread: nothing that we sent passes for an edit, and nothing that a person did passes for ours."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from syncline_runtime.simulation.twin import UNKNOWN_BUT_LANDED


def cutting(two: Any, name: str = "title") -> None:
    """An ERP that cuts a text short, and says so nowhere."""
    two.twin("erp").tables["customers"].normalise = lambda native: {**native, name: (native.get(name) or "")[:8]}


def hiding(two: Any, *names: str) -> None:
    """The permission for some fields of the ERP is lost, for others it is granted."""
    two.twin("erp").tables["customers"].hidden = names


def unread(two: Any) -> None:
    """The ERP acknowledges the coming writes, and what it stored cannot be read."""
    erp = two.twin("erp")
    for name in ("create", "update"):
        write = getattr(erp, name)

        async def acknowledged(resource: str, writes: Any, write: Any = write) -> Any:
            return [replace(one, record=None) for one in await write(resource, writes)]

        setattr(erp, name, acknowledged)


def read_again(two: Any) -> None:
    del two.twin("erp").create, two.twin("erp").update


async def in_doubt(two: Any) -> tuple[str, str]:
    """A customer of both systems, whose new name was sent to the ERP, which cut it short; the answer was lost."""
    cutting(two)
    crm = two.twin("crm").put("customers", vat="A1", name="Ana")
    await two.run()
    (erp,) = two.records("erp")
    two.twin("crm").put("customers", crm, name="Ana Maria Ek", phone="1")
    two.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    return crm, erp


async def test_a_field_that_is_hidden_when_its_write_is_looked_for_stays_in_doubt(two: Any) -> None:
    crm, erp = await in_doubt(two)
    hiding(two, "title")
    await two.run(later=400.0)
    await two.run(later=400.0)
    hiding(two)
    await two.run()
    assert two.records("crm")[crm]["name"] == "Ana Maria Ek", "what the ERP made of it is no edit"
    assert two.records("erp")[erp]["title"] == "Ana Mari"
    await two.settled()


async def test_what_a_person_does_to_other_fields_meanwhile_flows_and_what_they_put_back_is_no_echo(two: Any) -> None:
    crm, erp = await in_doubt(two)
    hiding(two, "title")
    await two.run(later=400.0)
    two.twin("erp").put("customers", erp, tel="2")
    await two.run()
    assert two.records("crm")[crm]["phone"] == "2"
    two.twin("erp").put("customers", erp, tel="1")
    await two.run()
    assert two.records("crm")[crm]["phone"] == "1", "it was sent once, was seen, and is an edit now"


async def test_a_write_that_never_landed_is_sent_once_its_field_is_shown_again(two: Any) -> None:
    crm, erp = await in_doubt(two)
    two.twin("erp").put("customers", erp, title="Ana")
    hiding(two, "title")
    await two.run(later=400.0)
    hiding(two)
    await two.run()
    assert (two.records("crm")[crm]["name"], two.records("erp")[erp]["title"]) == ("Ana Maria Ek", "Ana Mari")
    await two.settled()


async def test_other_fields_of_the_record_are_written_meanwhile(two: Any) -> None:
    crm, erp = await in_doubt(two)
    hiding(two, "title")
    await two.run(later=400.0)
    two.twin("crm").put("customers", crm, phone="3")
    await two.run()
    assert two.records("erp")[erp]["tel"] == "3"
    hiding(two)
    await two.run()
    assert two.records("crm")[crm]["name"] == "Ana Maria Ek"
    await two.settled()


async def test_a_created_record_that_is_found_with_a_field_hidden_keeps_that_in_doubt(two: Any) -> None:
    cutting(two, "memo")
    crm = two.twin("crm").put("customers", vat="A1", note="Ana Maria Ek")
    two.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    hiding(two, "memo")
    await two.run()
    await two.run(later=400.0)
    hiding(two)
    await two.run()
    assert (two.records("crm")[crm]["note"], two.column("erp", "memo")) == ("Ana Maria Ek", ["Ana Mari"])
    await two.settled()


async def test_an_unreadable_record_does_not_settle_a_write(two: Any) -> None:
    crm, erp = await in_doubt(two)
    readable, two.package = two.package, broken(two.package)
    await two.run(later=400.0)
    two.package = readable
    await two.run()
    assert (two.records("crm")[crm]["name"], two.records("erp")[erp]["title"]) == ("Ana Maria Ek", "Ana Mari")
    await two.settled()


def broken(package: Any) -> Any:
    """The package with a map of the ERP that reads nothing."""

    def read(native: Any) -> Any:
        raise ValueError("no single field is at fault")

    mappings = tuple(replace(one, read=read) if one.system == "erp" else one for one in package.mappings)
    return replace(package, mappings=mappings)


async def test_two_changes_in_one_second_have_one_version(two: Any) -> None:
    """A person's edit, seen, and our write after it: the record shows the same time for both, and the write landed."""
    table = two.twin("erp").tables["customers"]
    table.unit = "seconds"
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", tags=["a"])
    await two.run()
    (erp,) = two.records("erp")
    two.twin("erp").put("customers", erp, memo="seen")
    two.twin("crm").put("customers", crm, tags=["a", "b"])
    two.clock.time -= 60.0
    two.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    assert sorted(table.records[erp]["labels"]) == ["a", "b"]
    two.twin("crm").put("customers", crm, tags=["a"])
    await two.run(later=1.0)
    await two.run(later=400.0)
    assert (two.column("crm", "tags"), two.column("erp", "labels")) == ([["a"]], [["a"]]), (
        "b came from us, from nobody else"
    )
    await two.settled()


async def test_what_a_person_undoes_after_an_acknowledged_write_is_an_edit(world: Callable[..., Any]) -> None:
    two = world("crm", "erp")
    two.twin("crm").put("customers", vat="A1", name="Ana", tags=["a"])
    unread(two)
    await two.run()
    read_again(two)
    (erp,) = two.records("erp")
    two.twin("erp").put("customers", erp, labels=["c"])
    await two.run(later=400.0)
    assert (two.column("crm", "tags"), two.column("erp", "labels")) == ([["c"]], [["c"]])
    await two.settled()


async def test_what_a_system_made_of_an_acknowledged_write_does_not_flow_back(two: Any) -> None:
    cutting(two, "memo")
    crm = two.twin("crm").put("customers", vat="A1", note="Ana Maria Ek")
    unread(two)
    await two.run()
    hiding(two, "memo")
    await two.run()
    hiding(two)
    read_again(two)
    await two.run()
    assert (two.records("crm")[crm]["note"], two.column("erp", "memo")) == ("Ana Maria Ek", ["Ana Mari"])
    await two.settled()


async def test_a_field_that_a_system_ignores_does_not_come_back_empty_when_a_create_is_read_back(two: Any) -> None:
    crm = two.twin("crm").put("customers", vat="A1", note="kept")
    erp = two.twin("erp")
    erp.tables["customers"].normalise = lambda native: {**native, "memo": None}
    create = erp.create

    async def read_back(resource: str, writes: Any) -> Any:
        return [replace(one, read_back=True) for one in await create(resource, writes)]

    erp.create = read_back
    for _ in range(5):
        await two.run()
    assert two.records("crm")[crm]["note"] == "kept"
    await two.settled()
