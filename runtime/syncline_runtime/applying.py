"""Applying a plan that was reviewed: just that, or nothing and the names of the records that changed since."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncline_runtime import executor
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options, Reporter
from syncline_runtime.executor import Report
from syncline_runtime.planned import (
    Difference,
    Names,
    Plan,
    PlanFailure,
    PlannedAction,
    PlannedRecord,
    Where,
    differences,
    index,
    planned_record,
    without,
)
from syncline_runtime.ports import Clock, System
from syncline_runtime.records import Correlation, Decision
from syncline_runtime.reviewed import Reviewed
from syncline_runtime.stores import StateStore
from syncline_runtime.telling import Quiet


class Gathering:
    """A reporter that keeps what is to be done, and what became of records `asked` for, and passes everything on."""

    telling = True

    def __init__(self, inner: Reporter, names: Names, asked: Container[Where] = ()) -> None:
        self._inner = inner
        self._names = names
        self._asked = asked
        self.records: dict[tuple[str, int], PlannedRecord] = {}

    def phase(self, entity: str, phase: str, done: int) -> None:
        self._inner.phase(entity, phase, done)

    def decided(self, decision: Decision) -> None:
        link = decision.link
        if decision.actions or any(
            (link.entity, system, member.remote_id) in self._asked for system, member in link.members.items()
        ):
            # Of each link the last decision; spelled now, while the store still holds what was planned.
            self.records[link.entity, link.link_id] = planned_record(decision, self._names)
        if self._inner.telling:
            self._inner.decided(decision)

    def placed(self, entity: str, system: str, remote_id: str, correlation: Correlation) -> None:
        self._inner.placed(entity, system, remote_id, correlation)

    def refused(
        self, entity: str, system: str, remote_id: str, reason: str, field: str, detail: str, place: str
    ) -> None:
        self._inner.refused(entity, system, remote_id, reason, field, detail, place)


@dataclass(slots=True)
class Applied:
    """What became of a plan. `changed` are the reviewed records that are not as they were, by position in the plan; `left` what
    was neither changed nor done; `report` the run, None where the plan was refused."""

    report: Report | None
    changed: dict[int, list[Difference]] = field(default_factory=dict)
    left: list[tuple[PlannedRecord, PlannedAction]] = field(default_factory=list)
    failures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What planning came to."""

    report: Report
    records: Sequence[PlannedRecord]


def plan_of(
    package: Package, store: StateStore, clock: Clock, options: Options, syncs: Sequence[str], found: Found
) -> Plan:
    """The plan to save."""
    return Plan(
        package=package.name,
        spec_sha256=package.spec_sha256,
        state=store.identity,
        made_at=clock.now(),
        syncs=list(syncs),
        full=options.full,
        approved=sorted(options.approved),
        records=[record for record in found.records if record.actions],
    )


async def find(
    package: Package,
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    reporter: Reporter,
    options: Options,
    syncs: Sequence[str] = (),
    asked: Container[Where] = (),
) -> Found:
    """Plan, and keep what was decided. Raises StateFailure."""
    gathering = Gathering(reporter, names_in(store), asked)
    report = await executor.plan(
        package, systems=systems, store=store, clock=clock, reporter=gathering, options=options, syncs=syncs
    )
    held = report.held
    return Found(report, [without(record, held.get(record.entity, {})) for record in gathering.records.values()])


def names_in(store: StateStore) -> Names:
    """Who the records of a link are."""

    def names(link_id: int) -> list[str]:
        return sorted(f"{one.system} {one.remote_id}" for one in store.members_of([link_id]).get(link_id, []))

    return names


async def apply_plan(
    package: Package,
    plan: Plan,
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    reporter: Reporter,
    settle_seconds: float | None = None,
    skip_changed: bool = False,
) -> Applied:
    """Do what `plan` says, if every record in it is as it was when it was reviewed; else nothing, or (`skip_changed`) the others.

    A record that changes while this goes on is left as it is. Reading is repeated: a plan holds what was seen, and only the
    systems know whether it still is so. Raises PlanFailure for a plan of another package, spec or state, and StateFailure.
    """
    _suits(package, plan, store)
    options = Options(full=plan.full, approved=frozenset(plan.approved), settle_seconds=settle_seconds)
    asked = {where: record for where, record in index(plan.records).items() if where[1]}
    found = await find(
        package,
        systems=systems,
        store=store,
        clock=clock,
        reporter=Quiet(),
        options=replace(options, look_at=asked),
        syncs=plan.syncs,
        asked=asked,
    )
    if found.report.failures:
        return Applied(None, failures=found.report.failures)
    changed = differences(plan.records, found.records)
    if changed and not skip_changed:
        return Applied(None, changed)
    kept = [record for position, record in enumerate(plan.records) if position not in changed]
    reviewed = Reviewed(kept, names_in(store))
    report = await executor.run(
        package,
        systems=systems,
        store=store,
        clock=clock,
        reporter=reporter,
        options=replace(options, apply_first=True, reviewed=reviewed),
        syncs=plan.syncs,
    )
    return Applied(report, changed, reviewed.left(), report.failures)


def _suits(package: Package, plan: Plan, store: StateStore) -> None:
    remedy = "make the plan again with `plan -o FILE`"
    if plan.package != package.name:
        raise PlanFailure(f"it was made for {plan.package}, this is {package.name}: {remedy}")
    if plan.spec_sha256 != package.spec_sha256:
        raise PlanFailure(f"the spec has changed since it was made: {remedy}")
    if plan.state != store.identity:
        raise PlanFailure(f"it was made with another state file: name that one with --state, or {remedy}")
