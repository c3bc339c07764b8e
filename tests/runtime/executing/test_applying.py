"""A plan that is applied does what was reviewed and nothing else; what changed since is named, and nothing is written."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from syncline_runtime.applying import apply_plan, find, head_of
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options
from syncline_runtime.executing.report import Report
from syncline_runtime.planbook import Book, PlanFile, read_plan
from syncline_runtime.planned import Difference, PlanFailure, PlanHead, PlannedAction, PlannedRecord
from syncline_runtime.ports import System, SystemFailure, Write
from syncline_runtime.reviewed import OnlyReviewed, ReadOnly, Reviewed, WriteForbidden
from syncline_runtime.telling import Quiet
from tests.runtime.executing import deals, references
from tests.runtime.executing.conftest import World, package
from tests.runtime.executing.references import Kind

NAMES = ("Ana", "Bo", "Cem", "Dana")


@dataclass
class Saved:
    """A plan in a file, and what it says."""

    path: Path
    head: PlanHead
    records: list[PlannedRecord]


@dataclass
class Done:
    """What became of a plan: `changed` by position in it."""

    report: Report | None
    failures: Mapping[str, str]
    changed: dict[int, list[Difference]]
    left: list[tuple[PlannedRecord, PlannedAction]]


async def save(
    path: Path, package: Package, systems: Mapping[str, Any], store: Any, clock: Any, **options: Any
) -> Saved:
    """A plan, saved and read again."""
    file, book, chosen = PlanFile(path), Book(), Options(**options)
    report = await find(package, book, systems=systems, store=store, clock=clock, reporter=Quiet(), options=chosen)
    head = head_of(package, store, clock, chosen, ())
    assert file.save(head, book, report.held) <= len(book)
    again, book = read_plan(path)
    assert again == head
    return Saved(path, head, [record for _, record in book.entries()])


async def apply_saved(
    plan: Saved, package: Package, systems: Mapping[str, Any], store: Any, clock: Any, **options: Any
) -> Done:
    _, book = read_plan(plan.path)
    applied = await apply_plan(
        package, plan.head, book, systems=systems, store=store, clock=clock, reporter=Quiet(), **options
    )
    changed = {number - 1: told for (number, _), told in book.changes()}
    return Done(applied.report, applied.failures, changed, list(book.left()))


async def review(world: World, **options: Any) -> Saved:
    world.clock.time += 60
    folder = world.path.parent if isinstance(world.path, Path) else Path()
    with world.store() as store:
        return await save(folder / "reviewed.plan", world.package, world.twins, store, world.clock, **options)


async def carry_out(world: World, plan: Saved, **options: Any) -> Done:
    world.clock.time += 60
    with world.store() as store:
        return await apply_saved(plan, world.package, world.twins, store, world.clock, **options)


def sent(world: World) -> dict[tuple[str, str], int]:
    """How many records were sent to each system, by operation."""
    found: dict[tuple[str, str], int] = {}
    for twin in world.twins.values():
        for operation, _, count in twin.calls:
            if operation in ("create", "update", "delete"):
                found[twin.name, operation] = found.get((twin.name, operation), 0) + count
    return found


def planned(plan: Saved) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for record in plan.records:
        for action in record.actions:
            where = action.system, "update" if action.kind == "archive" else action.kind
            found[where] = found.get(where, 0) + 1
    return found


def snapshot(world: World) -> dict[str, Any]:
    """What the systems show; that a record was touched and shows the same again is no change."""
    return {
        name: {id_: {own: one[own] for own in one if own != "updated"} for id_, one in world.records(name).items()}
        for name in world.twins
    }


edits = st.lists(
    st.tuples(
        st.sampled_from(("crm", "erp")), st.integers(0, 3), st.sampled_from(("name", "drop")), st.sampled_from(NAMES)
    ),
    max_size=6,
)
CRM_NAME = {"crm": "name", "erp": "title"}


def act(world: World, system: str, number: int, what: str, name: str) -> str | None:
    """A user edits or deletes a record, or adds one where there is none of that number; the id, if it is an old one."""
    ids = sorted(world.records(system))
    if number >= len(ids):
        own = {"crm": {"vat": f"N{number}{name}", "name": name}, "erp": {"vat_no": f"N{number}{name}", "title": name}}
        world.twin(system).put("customers", **own[system])
        return None
    if what == "drop":
        world.twin(system).drop("customers", ids[number])
    elif world.records(system)[ids[number]].get(CRM_NAME[system]) == name:
        return None
    else:
        world.twin(system).put("customers", ids[number], **{CRM_NAME[system]: name})
    return ids[number]


@settings(max_examples=60, deadline=None)
@given(edits, edits)
def test_apply_writes_just_the_plan_or_nothing(before: list[Any], between: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_property(World(Path(folder, "state.db"), package("crm", "erp")), before, between))


async def _property(world: World, before: list[Any], between: list[Any]) -> None:
    for vat in ("1", "2", "3"):
        world.twin("crm").put("customers", vat=vat, name=f"name {vat}")
    await world.run()
    for edit in before:
        act(world, *edit)
    plan = await review(world)
    world.clock.time += 1
    shown = snapshot(world)
    members = {where for record in plan.records for where in record.members.items()}
    touched = {(edit[0], id_) for edit in between if (id_ := act(world, *edit)) is not None}
    now = snapshot(world)
    # An edit that was undone leaves nothing to be named.
    touched = {(system, id_) for system, id_ in touched if now[system].get(id_) != shown[system].get(id_)}
    for twin in world.twins.values():
        twin.calls.clear()
    state = snapshot(world)
    applied = await carry_out(world, plan)
    if touched & members:
        assert applied.report is None
        assert snapshot(world) == state
        assert sent(world) == {}
        named = {one for position in applied.changed for one in plan.records[position].members.items()}
        assert touched & members <= named
        assert all(differences for differences in applied.changed.values())
    elif applied.report is not None:
        assert applied.left == []
        assert sent(world) == planned(plan)
        for record in plan.records:
            for action in record.actions:
                if action.id is not None and action.kind == "update":
                    native = world.records(action.system)[action.id]
                    for name, (_, wanted) in action.fields.items():
                        assert native[{"name": CRM_NAME[action.system]}[name]] == wanted
    else:
        # A new record has the key of one that was to be created.
        assert sent(world) == {}
        assert applied.changed


async def test_what_is_new_beside_the_plan_is_left_alone(two: World) -> None:
    two.twin("crm").put("customers", vat="1", name="Ana")
    plan = await review(two)
    two.twin("crm").put("customers", vat="2", name="Bo")
    applied = await carry_out(two, plan)
    assert applied.report is not None
    assert two.column("erp", "title") == ["Ana"]
    await two.run()
    assert two.column("erp", "title") == ["Ana", "Bo"]


async def test_the_rest_is_done_when_asked(two: World) -> None:
    ids = [two.twin("crm").put("customers", vat=vat, name="Ana") for vat in "12"]
    await two.run()
    for one in ids:
        two.twin("crm").put("customers", one, name="Bo")
    plan = await review(two)
    two.twin("crm").put("customers", ids[0], name="Cem")
    refused = await carry_out(two, plan)
    assert refused.report is None
    [(difference,)] = refused.changed.values()
    assert (difference.system, difference.remote_id, difference.field) == ("crm", ids[0], "name")
    assert (difference.before, difference.after) == ("Bo", "Cem")
    applied = await carry_out(two, plan, skip_changed=True)
    assert applied.report is not None
    assert two.column("erp", "title") == ["Ana", "Bo"]


async def test_a_record_that_changes_while_the_plan_is_applied_is_left_and_named(two: World) -> None:
    one = two.twin("crm").put("customers", vat="1", name="Ana")
    await two.run()
    two.twin("crm").put("customers", one, name="Bo")
    plan = await review(two)
    [target] = two.records("erp")

    def race(operation: str) -> None:
        # The plan is held against what is listed; a record is read just before it is written.
        if operation == "read":
            two.twin("erp").before = None
            two.twin("erp").put("customers", target, title="Dana")

    two.twin("erp").before = race
    applied = await carry_out(two, plan)
    assert [(record.members["erp"], action.kind) for record, action in applied.left] == [(target, "update")]
    assert two.column("erp", "title") == ["Dana"]


async def test_a_guard_that_held_when_it_was_reviewed_holds_when_it_is_applied(two: World) -> None:
    ids = [two.twin("crm").put("customers", vat=str(number), name="Ana") for number in range(30)]
    await two.run()
    for one in ids:
        two.twin("crm").put("customers", one, name="Bo")
    assert (await review(two)).records == []
    plan = await review(two, approved=frozenset({"update"}))
    assert len(plan.records) == 30
    applied = await carry_out(two, plan)
    assert applied.report is not None
    assert two.column("erp", "title") == ["Bo"] * 30


async def test_a_plan_of_another_spec_state_or_package_is_refused(two: World, world: Callable[..., World]) -> None:
    two.twin("crm").put("customers", vat="1", name="Ana")
    plan = await review(two)
    for other in (
        {"spec_sha256": "1" * 64},
        {"state": "elsewhere"},
        {"package": "others"},
    ):
        with pytest.raises(PlanFailure, match="plan -o FILE"):
            await carry_out(two, replace(plan, head=structs.replace(plan.head, **other)))
    assert two.records("erp") == {}


async def test_a_system_that_is_down_stops_the_plan_before_it_begins(two: World) -> None:
    two.twin("crm").put("customers", vat="1", name="Ana")
    plan = await review(two)
    two.twin("erp").failure = SystemFailure("erp", "no route")
    applied = await carry_out(two, plan)
    assert applied.report is None
    assert "erp" in applied.failures


async def test_a_plan_cannot_write_even_if_it_tries(two: World) -> None:
    two.twin("crm").put("customers", vat="1", name="Ana")
    plan = await review(two)
    barred = ReadOnly(two.twin("erp"))
    for operation in (barred.create, barred.update, barred.delete):
        with pytest.raises(WriteForbidden):
            await operation("customers", [])
    reviewed = Reviewed(read_plan(plan.path)[1], lambda link: ())
    only = OnlyReviewed(two.twin("erp"), reviewed)
    write = Write({"title": "x"}, "erp-9")
    with pytest.raises(WriteForbidden, match="before"):
        await only.create("customers", [write])
    assert not reviewed.agree({})
    reviewed = Reviewed(read_plan(plan.path)[1], lambda link: (), skip_changed=True)
    assert reviewed.agree({})
    only = OnlyReviewed(two.twin("erp"), reviewed)
    with pytest.raises(WriteForbidden, match="erp-9"):
        await only.update("customers", [write])
    with pytest.raises(WriteForbidden, match="erp-9"):
        await only.delete("customers", [write])
    with pytest.raises(WriteForbidden, match="more"):
        await only.create("customers", [write, write])
    assert sent(two) == {}


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{}", b'{"format_version": 99, "kind": "saved plan"}', b'{"format_version": 1}', b"\xff"]
)
def test_what_is_no_plan_is_refused_in_one_line(tmp_path: Path, document: bytes) -> None:
    path = tmp_path / "no.plan"
    path.write_bytes(document)
    with pytest.raises(PlanFailure) as failure:
        read_plan(path)
    assert "\n" not in str(failure.value)
    assert "plan -o FILE" in str(failure.value)


async def test_a_plan_that_is_cut_off_or_spoiled_is_refused(two: World) -> None:
    for number in range(4):
        two.twin("crm").put("customers", vat=str(number), name="Ana")
    plan = await review(two)
    lines = plan.path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 6
    for spoiled in (lines[:-1], lines[:3], [*lines[:2], lines[2][:40]], [*lines, lines[1]], [*lines[:2], *lines[3:]]):
        plan.path.write_bytes(b"".join(spoiled))
        with pytest.raises(PlanFailure, match="plan -o FILE"):
            read_plan(plan.path)


async def test_a_record_that_follows_from_another_is_made_as_it_was_reviewed(tmp_path: Path) -> None:
    world = deals.World(tmp_path / "state.db", deals.package())
    one = world.deal(number="D1", stage="open", title="Lamps")
    await world.run()
    world.deal(one, stage="won")

    async def reviewed() -> Saved:
        world.clock.time += 60
        with world.store() as store:
            return await save(tmp_path / "reviewed.plan", world.package, systems, store, world.clock)

    async def applied(plan: Saved) -> Done:
        world.clock.time += 60
        with world.store() as store:
            return await apply_saved(plan, world.package, systems, store, world.clock)

    systems = {"crm": world.crm, "erp": world.erp}
    plan = await reviewed()
    world.deal(one, title="Desks")
    refused = await applied(plan)
    assert refused.report is None
    assert world.orders == []
    done = await applied(await reviewed())
    assert done.report is not None
    assert done.left == []
    assert world.orders == [("D1", "Desks")]


@pytest.mark.parametrize("kind", [references.CONTACT, references.REQUIRED])
async def test_a_reference_is_known_by_the_record_that_it_points_to(tmp_path: Path, kind: Kind) -> None:
    def crm(name: str, **fields: Any) -> str:
        return world.put("crm", name, **fields)

    world = references.Refers(tmp_path / "state.db", references.package(kind, references.COMPANY))
    crm("Contact", key="ana", company=crm("Company", key="acme", parent=None))
    plan = await review(world)
    # Links are numbered anew each time, and others come before.
    world.twins["erp"].put("Company", key="zeta", parent=None, note=None)
    companies = world.twins["crm"].tables["Company"]
    beta = crm("Company", key="beta", parent=None)
    companies.records = {beta: companies.records[beta], **companies.records}
    applied = await carry_out(world, plan)
    assert applied.report is not None
    assert applied.left == []
    assert set(world.by_key("erp", "Company")) == {"acme", "zeta"}
    assert world.by_key("erp", "Contact")["ana"]["company"] == world.by_key("erp", "Company")["acme"]["id"]
    [ana] = world.twins["crm"].tables["Contact"].records
    world.twins["crm"].put("Contact", ana, company=world.by_key("crm", "Company")["beta"]["id"])
    await world.run()
    world.twins["crm"].put("Contact", ana, company=world.by_key("crm", "Company")["acme"]["id"])
    plan = await review(world)
    world.twins["crm"].put(
        "Contact",
        ana,
        company=None if kind is references.CONTACT else world.by_key("crm", "Company")["zeta"]["id"],
    )
    refused = await carry_out(world, plan)
    assert refused.report is None
    assert [(one.system, one.field) for one in refused.changed[0]] == [("crm", "company")]


async def test_a_guard_knows_every_method_of_a_system(two: World) -> None:
    """A method that is added to the port is either one that reads, and named here, or one that a plan must refuse."""
    reading = {"open", "close", "pages", "deletions", "read", "name"}
    methods = {name for name in vars(System) if not name.startswith("_")} - reading
    assert methods
    for name in methods:
        assert name in vars(ReadOnly), f"ReadOnly does not say what becomes of {name}"
        assert name in vars(OnlyReviewed), f"OnlyReviewed does not say what becomes of {name}"
        with pytest.raises(WriteForbidden):
            await getattr(ReadOnly(two.twin("erp")), name)("customers", [])


@pytest.mark.parametrize("parents", [{"a": None, "b": "a", "c": "b"}, {"a": "b", "b": "a", "c": "c"}])
async def test_records_that_refer_to_one_another_are_made_whole_by_one_apply(
    tmp_path: Path, parents: Mapping[str, str | None]
) -> None:
    world = references.Refers(tmp_path / "state.db", references.package(references.COMPANY))
    ids = {key: world.put("crm", "Company", key=key, parent=None) for key in parents}
    for key, parent in parents.items():
        world.put("crm", "Company", ids[key], parent=None if parent is None else ids[parent])
    applied = await carry_out(world, await review(world))
    assert applied.report is not None
    assert (applied.changed, applied.left) == ({}, [])
    assert world.shape("erp") == world.shape("crm")
    await world.settled()


async def test_a_plan_reads_a_record_once_before_anything_is_written(two: World) -> None:
    ids = [two.twin("crm").put("customers", vat=str(number), name="Ana") for number in range(7)]
    await two.run()
    for one in ids:
        two.twin("crm").put("customers", one, name="Bo")
    plan = await review(two)
    for twin in two.twins.values():
        twin.calls.clear()
    applied = await carry_out(two, plan)
    assert applied.report is not None
    assert two.column("erp", "title") == ["Bo"] * 7
    for twin in two.twins.values():
        read = sum(count for operation, _, count in twin.calls if operation == "read")
        # What the listing told is not read by id; the erp's records are, just before they are written.
        assert read == (7 if twin.name == "erp" else 0), twin.calls


async def test_a_refused_plan_leaves_the_state_as_it_was(two: World) -> None:
    two.twin("crm").put("customers", vat="1", name="Ana")
    one = two.twin("crm").put("customers", vat="2", name="Bo")
    plan = await review(two)
    with two.store() as store:
        before = {table: rows for table, rows in store.opened().items() if table not in ("lease", "file_code")}
    two.twin("crm").put("customers", one, name="Cem")
    assert (await carry_out(two, plan)).report is None
    with two.store() as store:
        assert before == {table: rows for table, rows in store.opened().items() if table not in ("lease", "file_code")}
    two.twin("crm").put("customers", one, name="Bo")
    assert (await carry_out(two, plan)).left == []
    assert two.column("erp", "title") == ["Ana", "Bo"]


def test_the_last_decision_of_a_link_is_the_plan_s(tmp_path: Path) -> None:
    def record(name: str) -> PlannedRecord:
        action = PlannedAction("update", "erp", "e1", {"name": ("", name)}, "", 1)
        return PlannedRecord("Customer", {"crm": "c1", "erp": "e1"}, {}, {}, (action,))

    book, file = Book(), PlanFile(tmp_path / "reviewed.plan")
    for link, name in ((1, "first"), (2, "other"), (1, "last")):
        book.put(link, record(name), indexed=False)
    head = PlanHead(package="p", spec_sha256="", state="", made_at=0.0, syncs=[], full=False, approved=[])
    assert file.save(head, book, {}) == 2
    _, again = read_plan(file.path)
    assert [one.actions[0].fields["name"][1] for _, one in again.entries()] == ["last", "other"]


def test_a_plan_that_cannot_be_saved_leaves_the_former_one(tmp_path: Path) -> None:
    path = tmp_path / "reviewed.plan"
    path.write_text("the former")
    PlanFile(path).drop()
    assert path.read_text() == "the former"
    assert list(tmp_path.glob("*.partial")) == []
    with pytest.raises(SystemFailure, match="cannot be saved"):
        PlanFile(tmp_path / "nowhere" / "reviewed.plan")
