"""What all phases of one sync in one run share."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from syncline_runtime.declaration import (
    ByKey,
    Entity,
    Look,
    Package,
    Sync,
    Updating,
)
from syncline_runtime.executing.place import Failure
from syncline_runtime.executing.protections import ALL, Protections
from syncline_runtime.executing.renders import unseen_of
from syncline_runtime.executing.sides import (
    Follower,
    Side,
    at_time,
    followers,
    for_the_core,
    restorable,
    sides,
    silent,
    timed_conditions,
    with_derivations,
)
from syncline_runtime.executing.summary import Summary
from syncline_runtime.identity import keys
from syncline_runtime.policy import Policy, prepare
from syncline_runtime.ports import Clock, System
from syncline_runtime.records import ActionKind, Correlation, Decision, Link, LinkStatus, Member, MemberState
from syncline_runtime.reviewed import Reviewed
from syncline_runtime.rows import NO_VALUES, IntentRow, LinkRow, MemberRow, Row
from syncline_runtime.state.packing import Packing, packing
from syncline_runtime.stores import StateStore

BATCH = 2000
"""Links and records per transaction: memory is bounded by it."""


_NOBODY: frozenset[str] = frozenset()
_EMPTY: Mapping[str, Any] = {}
_STATES = {state.value: state for state in MemberState}
_STATUSES = {status.value: status for status in LinkStatus}


class Reporter(Protocol):
    """Who is told what a run does, while it does it; `telling` asks for every decision with its reasons."""

    telling: bool

    def phase(self, entity: str, phase: str, done: int) -> None: ...

    def decided(self, decision: Decision) -> None: ...

    def placed(self, entity: str, system: str, remote_id: str, correlation: Correlation) -> None: ...

    def refused(
        self, entity: str, system: str, remote_id: str, reason: str, field: str, detail: str, place: str
    ) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run is to go.

    `hinted`: only what is marked to be read is looked at, nothing is listed. `settle_seconds`: how long a request without an
    answer may still be applied (None: by the connector's time-out).
    `approved`: operations that guards let pass this time. `reviewed`: a plan that is being applied, and nothing else is done.
    `rebase`: the former state is lost or old, so that nothing is created until a person has seen what would be.
    `portion`: how many records are looked at, decided and written together.
    `retry`: a full run also tries again what was refused. `protections` are all on, but in tests that look for their absence.
    """

    full: bool = False
    retry: bool = True
    hinted: bool = False
    apply_first: bool = False
    settle_seconds: float | None = None
    approved: frozenset[str] = frozenset()
    rounds: int = 3
    portion: int = BATCH
    reviewed: Reviewed | None = None
    rebase: bool = False
    protections: Protections = ALL


@dataclass(slots=True, kw_only=True)
class Context:
    """One sync in one run. `instant` is the time at which conditions are judged, the same for the whole sync. `down` are systems
    that cannot be used, `unlisted` those never listed to the end, `partial` those whose listing showed records without identity,
    `lacking` those whose listing left out records that are there, `stopped` those that get no more writes in this run. `awaiting`
    are writes of unknown outcome of which only a listing can tell, `looked` when the observation of a system began, `closed` how
    many links became tombstones."""

    package: Package
    sync: Sync
    entity: Entity
    policy: Policy
    sides: Mapping[str, Side]
    systems: Mapping[str, System]
    store: StateStore
    clock: Clock
    options: Options
    run_id: int
    hub: Packing
    summary: Summary
    reporter: Reporter
    instant: datetime
    followers: tuple[Follower, ...] = ()
    dates: tuple[Callable[[Mapping[str, Any]], tuple[Any, ...]], ...] = ()
    collected: tuple[str, ...] = ()  # fields through which other records are computed from these
    hubs: Mapping[str, Packing] = field(default_factory=dict)  # of the entities that its back-references collect
    touched: set[str] = field(default_factory=set)  # entities of which something is to be computed anew
    respecified: bool = False
    refers: bool = False  # some field holds another record
    looks: Mapping[str, Look] = field(default_factory=dict)  # by path, what is written of records that are referred to
    shared: frozenset[str] = frozenset()  # fields that several systems change in one another
    keyed: tuple[str, ...] = ()  # references that some system shows by a key
    followed: tuple[str, ...] = ()  # references of these that others look along
    watched: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Who looks at these: the references on the way, each with the entity that has it, the nearest to the records first."""
    later: frozenset[ActionKind] = frozenset()  # what is not done yet: deletions come after all else, children first
    telling: bool = False  # a plan: every decision is told, with its reasons
    down: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    partial: set[str] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    linking: frozenset[str] = frozenset()
    barred: dict[int, set[str]] = field(default_factory=dict)
    frozen: set[int] = field(default_factory=set)  # links that get no write anywhere
    rebasing: bool = False  # creates are held until a person lets them pass
    awaiting: dict[tuple[int, str], IntentRow] = field(default_factory=dict)
    looked: dict[str, float] = field(default_factory=dict)
    unreadable: set[tuple[str, str, Failure]] = field(default_factory=set)  # by system and record, what was told of it
    closed: int = 0
    ending: bool = False  # a record waits for the deletion of a link that has its key
    granted: dict[tuple[str, str], int] = field(
        default_factory=dict
    )  # by system and operation: how many a guard lets pass
    policies: dict[int, Policy] = field(default_factory=dict)  # of links about which a person decided otherwise

    def policy_of(self, link_id: int) -> Policy:
        """The policy of a link."""
        return self.policies.get(link_id, self.policy) if self.policies else self.policy

    @property
    def remote(self) -> tuple[Side, ...]:
        """The sides with a system to read from and to write to."""
        return tuple(side for side in self.sides.values() if side.remote)

    @property
    def observed(self) -> tuple[Side, ...]:
        """The sides that show their records."""
        return tuple(side for side in self.remote if not side.sends)

    @property
    def linked_first(self) -> bool:
        """Whether all that is new is linked before any of it is decided: what refers to other records, and where it is told what is
        created beside records that may still be linked to a third."""
        return self.refers or (self.telling and len(self.remote) > 2)

    def open_creates(self) -> Iterator[tuple[Side, IntentRow]]:
        """The creates without an answer in systems that can be used."""
        for intent in self.store.open_intents(self.entity.name):
            side = self.sides.get(intent.system)
            if intent.op == "create" and side is not None and intent.system not in self.down:
                yield side, intent

    def bars(self, link_id: int) -> frozenset[str]:
        """The systems that get no write for this link now."""
        if not self.barred and not self.down and not self.unlisted and not self.frozen:
            return _NOBODY
        if link_id in self.frozen:
            return frozenset(self.sides)
        barred = self.barred.get(link_id, set()) if self.options.protections.barrier else set()
        return frozenset(self.down | self.unlisted | barred)


def make_context(
    package: Package,
    sync: Sync,
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    options: Options,
    run_id: int,
    reporter: Reporter,
) -> Context:
    """The context of one sync; nothing is read yet."""
    entity = package.entities[sync.entity]
    now = datetime.fromtimestamp(clock.now(), UTC)
    sync = at_time(with_derivations(package, sync), now)
    by_system = sides(package, sync, entity, options.settle_seconds, now)
    following = followers(package, entity.name)
    along = {
        look.steps(mapping.entity): tuple(target for _, target in look.ways)
        for mapping in package.mappings
        for look in mapping.looks.values()
    }
    sending = [name for name, side in by_system.items() if side.sends]
    if sending:
        # What has been sent is not called back.
        sync = replace(sync, updates={**sync.updates, **dict.fromkeys(sending, Updating(allowed=False))})
    return Context(
        package=package,
        sync=sync,
        entity=entity,
        policy=prepare(
            sync,
            entity,
            {name: for_the_core(side) for name, side in by_system.items()},
            [
                name
                for name, side in by_system.items()
                if side.remote and silent(package.systems[name].connector, side.resource)
            ],
            [name for name, side in by_system.items() if side.remote and restorable(side.resource)],
        ),
        sides=by_system,
        systems=systems,
        store=store,
        clock=clock,
        options=options,
        run_id=run_id,
        hub=packing(entity),
        refers=any(side.refers for side in by_system.values()),
        looks={path: look for side in by_system.values() for path, look in side.mapping.looks.items()},
        followed=tuple(dict.fromkeys(via for steps in along for owner, via in steps if owner == entity.name)),
        watched=tuple(
            dict.fromkeys(
                tuple(reversed(steps[:length]))
                for steps, targets in along.items()
                for length, target in enumerate(targets, 1)
                if target == entity.name
            )
            | dict.fromkeys(
                ((mapping.entity, flow.field),)
                for mapping in package.mappings
                for flow in mapping.flows
                if flow.by and entity.name in flow.refers
            )
        ),
        shared=frozenset(
            name
            for name, count in Counter(
                flow.field
                for side in by_system.values()
                for flow in side.mapping.flows
                if side.remote and flow.contributes and flow.writes
            ).items()
            if count > 1
        ),
        keyed=tuple(
            dict.fromkeys(
                name
                for side in by_system.values()
                for name, targets in side.refers.items()
                if isinstance(targets, ByKey)
            )
        ),
        summary=Summary(entity.name),
        reporter=reporter,
        instant=now,
        hubs={back.entity: packing(package.entities[back.entity]) for back in entity.back.values()},
        collected=tuple(
            dict.fromkeys(
                back.via
                for other in package.entities.values()
                for back in other.back.values()
                if back.entity == entity.name
            )
        ),
        followers=following,
        dates=(
            *(timed.dates for timed in timed_conditions(sync, [side.mapping for side in by_system.values()])),
            *(follower.rule.dates for follower in following if follower.rule.dates is not None),
        ),
        telling=(
            reporter.telling
            or options.reviewed is not None
            or any(limit.operation == "create" for limit in sync.guards)
        ),
    )


def to_member(
    side: Side, row: MemberRow, agreed: tuple[bytes, Mapping[str, Any]] = (b"", _EMPTY), *, timed: bool = True
) -> Member:
    """The member a row stands for. One that was linked and not decided upon yet has no shadow: its first merge is due.

    `agreed` is the link's document and its values: a shadow of the same bytes need not be unpacked again.
    """
    unpack = side.packing.unpack
    shadow = _EMPTY if row.shadow is None else agreed[1] if row.shadow == agreed[0] else unpack(row.shadow)
    return Member(
        system=row.system,
        remote_id=row.remote_id,
        state=_STATES[row.state],
        shadow=shadow,
        seen=None if row.seen is None else unpack(row.seen),
        renders=_EMPTY if row.renders is None else unpack(row.renders),
        unseen=_EMPTY if row.renders is None else unseen_of(side.packing, row.renders, shadow),
        version=row.version,
        updated_at=side.updated_at(row.version) if timed else None,
        as_of=row.as_of,
        missing_since=row.missing_since,
        first_merge=row.shadow is None,
    )


def to_link(context: Context, row: LinkRow, members: list[MemberRow]) -> Link:
    """The link a row and its members stand for; members of systems that the sync no longer names are left out."""
    sides = context.sides
    fresh = row.doc == NO_VALUES
    agreed = (row.doc, _EMPTY if fresh else context.hub.unpack(row.doc))
    return Link(
        link_id=row.link_id,
        entity=context.entity.name,
        values=agreed[1],
        members={
            member.system: to_member(side, member, agreed, timed=side.timed)
            for member in members
            if (side := sides.get(member.system)) is not None
        },
        status=_STATUSES[row.status],
        generation=row.generation,
        fresh=fresh,
    )


def key_rows(context: Context, system: str, remote_id: str, values: Mapping[str, Any]) -> list[Row]:
    """The keys of a record that shows `values`, as rows of the index of correlation."""
    name = context.entity.name
    return [
        (name, rule, key, system, remote_id) for rule, key in enumerate(keys(context.entity, values)) if key is not None
    ]
