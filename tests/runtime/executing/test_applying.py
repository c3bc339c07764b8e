"""A plan that is applied does what was reviewed and nothing else; what changed since is named, and nothing is written."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_runtime.applying import Applied, apply_plan, find, plan_of
from syncline_runtime.executing.context import Options
from syncline_runtime.planned import Plan, PlanFailure, loaded, saved
from syncline_runtime.ports import System, SystemFailure, Write
from syncline_runtime.reviewed import OnlyReviewed, ReadOnly, Reviewed, WriteForbidden
from syncline_runtime.telling import Quiet
from tests.runtime.executing import references, test_following, test_references
from tests.runtime.executing.conftest import World, package
from tests.runtime.executing.references import Kind

NAMES = ("Ana", "Bo", "Cem", "Dana")


async def review(world: World, **options: Any) -> Plan:
    """A plan, saved and loaded again."""
    world.clock.time += 60
    chosen = Options(**options)
    with world.store() as store:
        found = await find(
            world.package, systems=world.twins, store=store, clock=world.clock, reporter=Quiet(), options=chosen
        )
        plan = plan_of(world.package, store, world.clock, chosen, (), found)
    again = loaded(saved(plan))
    assert again == plan
    return again


async def carry_out(world: World, plan: Plan, **options: Any) -> Applied:
    world.clock.time += 60
    with world.store() as store:
        return await apply_plan(
            world.package,
            plan,
            systems=world.twins,
            store=store,
            clock=world.clock,
            reporter=Quiet(),
            **options,
        )


def sent(world: World) -> dict[tuple[str, str], int]:
    """How many records were sent to each system, by operation."""
    found: dict[tuple[str, str], int] = {}
    for twin in world.twins.values():
        for operation, _, count in twin.calls:
            if operation in ("create", "update", "delete"):
                found[twin.name, operation] = found.get((twin.name, operation), 0) + count
    return found


def planned(plan: Plan) -> dict[tuple[str, str], int]:
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

    reads = []

    def race(operation: str) -> None:
        # The plan is held against the record by the first reading; the second is just before the write.
        reads.extend([operation] if operation == "read" else [])
        if len(reads) == 2:
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
        changed = {name: getattr(plan, name) for name in plan.__struct_fields__} | other
        with pytest.raises(PlanFailure, match="plan -o FILE"):
            await carry_out(two, Plan(**changed))
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
    only = OnlyReviewed(two.twin("erp"), Reviewed(plan.records, lambda link: ()))
    write = Write({"title": "x"}, "erp-9")
    with pytest.raises(WriteForbidden, match="erp-9"):
        await only.update("customers", [write])
    with pytest.raises(WriteForbidden, match="erp-9"):
        await only.delete("customers", [write])
    with pytest.raises(WriteForbidden, match="more"):
        await only.create("customers", [write, write])
    assert sent(two) == {}


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"format_version": 99}', b'{"format_version": 1}', b"\xff"])
def test_what_is_no_plan_is_refused_in_one_line(document: bytes) -> None:
    with pytest.raises(PlanFailure) as failure:
        loaded(document)
    assert "\n" not in str(failure.value)
    assert "plan -o FILE" in str(failure.value)


async def test_a_record_that_follows_from_another_is_made_as_it_was_reviewed(tmp_path: Path) -> None:
    world = test_following.World(tmp_path / "state.db", test_following.package())
    one = world.deal(number="D1", stage="open", title="Lamps")
    await world.run()
    world.deal(one, stage="won")

    async def reviewed() -> Plan:
        world.clock.time += 60
        with world.store() as store:
            found = await find(
                world.package, systems=systems, store=store, clock=world.clock, reporter=Quiet(), options=Options()
            )
            return loaded(saved(plan_of(world.package, store, world.clock, Options(), (), found)))

    async def applied(plan: Plan) -> Applied:
        world.clock.time += 60
        with world.store() as store:
            return await apply_plan(
                world.package, plan, systems=systems, store=store, clock=world.clock, reporter=Quiet()
            )

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


@pytest.mark.parametrize("kind", [test_references.CONTACT, test_references.REQUIRED])
async def test_a_reference_is_known_by_the_record_that_it_points_to(tmp_path: Path, kind: Kind) -> None:
    def crm(name: str, **fields: Any) -> str:
        return world.put("crm", name, **fields)

    world = test_references.Refers(tmp_path / "state.db", references.package(kind, test_references.COMPANY))
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
        company=None if kind is test_references.CONTACT else world.by_key("crm", "Company")["zeta"]["id"],
    )
    refused = await carry_out(world, plan)
    assert refused.report is None
    assert [(one.system, one.field) for one in refused.changed[0]] == [("crm", "company")]


async def test_a_guard_knows_every_method_of_a_system(two: World) -> None:
    """A method that is added to the port is either one that reads, and named here, or one that a plan must refuse."""
    reading = {"open", "close", "pages", "read", "name"}
    methods = {name for name in vars(System) if not name.startswith("_")} - reading
    assert methods
    for name in methods:
        assert name in vars(ReadOnly), f"ReadOnly does not say what becomes of {name}"
        assert name in vars(OnlyReviewed), f"OnlyReviewed does not say what becomes of {name}"
        with pytest.raises(WriteForbidden):
            await getattr(ReadOnly(two.twin("erp")), name)("customers", [])
