"""Applying a plan that was reviewed: just that, or nothing and the names of the records that changed since."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from syncline_runtime import executor
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options, Reporter
from syncline_runtime.executing.report import Report
from syncline_runtime.planbook import Book
from syncline_runtime.planned import Names, PlanFailure, PlanHead, planned_record
from syncline_runtime.ports import Clock, System
from syncline_runtime.records import Correlation, Decision
from syncline_runtime.reviewed import Reviewed
from syncline_runtime.stores import StateStore


class Gathering:
    """A reporter that has decisions kept, and passes everything on."""

    telling = True

    def __init__(self, inner: Reporter, keep: Callable[[Decision], None]) -> None:
        self._inner = inner
        self._keep = keep

    def phase(self, entity: str, phase: str, done: int) -> None:
        self._inner.phase(entity, phase, done)

    def decided(self, decision: Decision) -> None:
        self._keep(decision)
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
    """What became of a plan, record by record, is in its book; `report` the run, None where the plan was refused."""

    report: Report | None
    failures: Mapping[str, str] = field(default_factory=dict)


def head_of(package: Package, store: StateStore, clock: Clock, options: Options, syncs: Sequence[str]) -> PlanHead:
    """What stands above the records of a plan to save."""
    return PlanHead(
        package=package.name,
        spec_sha256=package.spec_sha256,
        state=store.identity,
        made_at=clock.now(),
        syncs=list(syncs),
        full=options.full,
        approved=sorted(options.approved),
    )


async def find(
    package: Package,
    book: Book,
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    reporter: Reporter,
    options: Options,
    syncs: Sequence[str] = (),
) -> Report:
    """Plan, and put what is to be done into the book; what guards hold back is in it too. Raises StateFailure."""
    names = names_in(store)

    def keep(decision: Decision) -> None:
        if decision.actions:
            # Of each link the last decision; spelled now, while the store still holds what was planned.
            book.put(decision.link.link_id, planned_record(decision, names), indexed=False)

    return await executor.plan(
        package,
        systems=systems,
        store=store,
        clock=clock,
        reporter=Gathering(reporter, keep),
        options=options,
        syncs=syncs,
    )


def names_in(store: StateStore) -> Names:
    """Who the records of a link are."""

    def names(link_id: int) -> list[str]:
        return sorted(f"{one.system} {one.remote_id}" for one in store.members_of([link_id]).get(link_id, []))

    return names


async def apply_plan(
    package: Package,
    head: PlanHead,
    book: Book,
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    reporter: Reporter,
    settle_seconds: float | None = None,
    skip_changed: bool = False,
) -> Applied:
    """Do what the book says, if every record in it is as it was when it was reviewed; else nothing, or (`skip_changed`) the others.

    Each record is read once for that, and not again but where no conditional write protects it from those who edit it while this
    goes on: such an edit is left as it is. Raises PlanFailure for a plan of another package, spec or state, and StateFailure.
    """
    _suits(package, head, store)
    reviewed = Reviewed(book, names_in(store), skip_changed=skip_changed)
    report = await executor.carry_out(
        package,
        reviewed,
        systems=systems,
        store=store,
        clock=clock,
        reporter=Gathering(reporter, reviewed.decided),
        options=Options(full=head.full, approved=frozenset(head.approved), settle_seconds=settle_seconds),
        syncs=head.syncs,
    )
    return Applied(report if report.run_id else None, report.failures)


def _suits(package: Package, head: PlanHead, store: StateStore) -> None:
    remedy = "make the plan again with `plan -o FILE`"
    if head.package != package.name:
        raise PlanFailure(f"it was made for {head.package}, this is {package.name}: {remedy}")
    if head.spec_sha256 != package.spec_sha256:
        raise PlanFailure(f"the spec has changed since it was made: {remedy}")
    if head.state != store.identity:
        raise PlanFailure(f"it was made with another state file: name that one with --state, or {remedy}")
