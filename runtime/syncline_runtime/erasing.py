"""Erasing: one person's data goes from every system as the spec says, and from everything that is kept of it here.

The link is closed before anything is done, so that no run takes what is missing for a deletion or an edit, and records that are
left stay known as such: they are never taken for new. Broken off at any point, it goes on where it was when it is asked for again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncline_runtime.declaration import Erasure, Package, Resource
from syncline_runtime.ports import (
    Applied,
    Clock,
    Gone,
    Outcome,
    Refused,
    Stale,
    System,
    SystemFailure,
    Unavailable,
    Unidentified,
    Unknown,
    Write,
)
from syncline_runtime.rows import AuditEntry, MemberRow
from syncline_runtime.stores import StateStore
from syncline_runtime.traced import Wanted, telling

_LEASE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of one record; `rule` None where the spec does not say, `done` what an earlier attempt did."""

    entity: str
    link_id: int
    system: str
    remote_id: str
    rule: Erasure | None
    done: bool = False

    @property
    def said(self) -> str:
        """The step in a line."""
        place = f"{self.entity} in {self.system}, record {self.remote_id}"
        if self.rule is None:
            return f"{place}: the spec has no `erase … in {self.system}`"
        what = {"purge": "is deleted", "clear": "has its personal fields emptied", "keep": "is kept"}[self.rule.action]
        why = f" ({self.rule.reason})" if self.rule.reason else ""
        return f"{place}: {what}{why}" + (", done already" if self.done else "")


@dataclass(slots=True)
class Erased:
    """What came of it: a line for each record that is done, for each that is not, and for each other one that shows a value of the
    person and is not touched, and for each that is like the person and may be another's."""

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)
    rows: int = 0


def steps_of(package: Package, store: StateStore, links: Mapping[int, str]) -> list[Step]:
    """What is to be done for some links (id -> entity), in the order of the spec's systems."""
    found: list[Step] = []
    for link_id, members in store.members_of(list(links)).items():
        entity = links[link_id]
        rules = next((sync.erases for sync in package.syncs if sync.entity == entity), {})
        order = {name: position for position, name in enumerate(package.systems)}
        for row in sorted(members, key=lambda one: order.get(one.system, len(order))):
            if row.system in package.systems and row.state != "gone":
                found.append(
                    Step(
                        entity=entity,
                        link_id=link_id,
                        system=row.system,
                        remote_id=row.remote_id,
                        rule=rules.get(row.system),
                        done=is_erased(row),
                    )
                )
    return found


def is_erased(row: MemberRow) -> bool:
    """Whether nothing is known of a record but that it is to be left alone."""
    return row.state == "released" and row.shadow is None and row.link_id is not None


def together(package: Package, store: StateStore, links: Mapping[int, str]) -> dict[int, str]:
    """The links, those by which other entities know one of their records, and those of what was derived from any of them."""
    found = dict(links)
    new = found
    while new:
        new = {
            link_id: entity
            for link_id, entity in (*_known_otherwise(package, store, new), *_derived(package, store, new))
            if link_id not in found
        }
        found |= new
    return found


def _known_otherwise(package: Package, store: StateStore, links: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    resource = {(one.entity, one.system): one.resource for one in package.mappings}
    for link_id, members in store.members_of(list(links)).items():
        for row in members:
            for (entity, system), name in resource.items():
                if system != row.system or name != resource.get((links[link_id], system)):
                    continue
                for other in store.members(entity, system, [row.remote_id]).values():
                    if other.link_id is not None:
                        yield other.link_id, entity


def _derived(package: Package, store: StateStore, links: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """What follows from records of a person is theirs where it has personal fields; without them, it holds nothing of theirs."""
    for rule in package.derivations:
        origins = [str(link_id) for link_id, entity in links.items() if entity == rule.origin]
        if origins and package.entities[rule.entity].pii:
            for row in store.members(rule.entity, rule.system, origins).values():
                if row.link_id is not None:
                    yield row.link_id, rule.entity


def wanted_of(package: Package, store: StateStore, links: Mapping[int, str]) -> Wanted:
    """What is to be found of the persons of some links: the values of their personal fields, and those that they were before."""
    personal = {name: entity.pii for name, entity in package.entities.items()}
    kinds = {name: entity.kinds for name, entity in package.entities.items()}
    return Wanted(store.traces.values(links, personal), kinds)


def shown_elsewhere(package: Package, store: StateStore, links: Mapping[int, str], wanted: Wanted) -> list[str]:
    """A line for each field of another record in which a value of the person stands."""
    if not wanted:
        return []
    return [
        f"{one.entity} in {one.system}, record {one.remote_id}: {one.field} shows a value of this person too"
        for one in store.traces.of(wanted, links)
        if one.system in package.systems
    ]


def alike(package: Package, store: StateStore, links: Mapping[int, str], wanted: Wanted) -> list[str]:
    """A line for each other record that has short values, numbers or dates of the person in the same fields, as few others do."""
    if not wanted.compares:
        return []
    return [
        f"{one.entity} in {one.system}, record {one.remote_id}: {', '.join(one.fields)} as this person's: look whether it is the "
        "same person"
        for one in telling(store.traces.alike(wanted, links))
        if one.system in package.systems
    ]


async def erase(
    package: Package,
    links: Mapping[int, str],
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    actor: str,
) -> Erased:
    """Erase the persons of some links, everywhere. Raises StateFailure, and SystemFailure while an outcome is unknown."""
    result = Erased()
    store.acquire(package.name, clock.now(), _LEASE_SECONDS)
    try:
        steps = steps_of(package, store, links)
        wanted = wanted_of(package, store, links)
        with store.transaction():
            for entity in set(links.values()):
                store.break_waves(entity, clock.now())
            for link_id, entity in links.items():
                unsure = [one.system for one in store.open_intents(entity) if one.link_id == link_id]
                if unsure:
                    raise SystemFailure(
                        unsure[0],
                        f"what became of the last write to link {link_id} is not known yet",
                        remedy="`run` finds out, then erase",
                    )
            store.erasure.close(list(links))
        opened: dict[str, SystemFailure | None] = {}
        for step in steps:
            if step.done:
                result.done.append(step.said)
                continue
            problem = await _step(package, step, systems, opened)
            with store.transaction():
                if problem:
                    result.failed.append(f"{step.said}: {problem}")
                else:
                    purged = step.rule is not None and step.rule.action == "purge"
                    store.erasure.leave(step.link_id, step.system, clock.now() if purged else None)
                    result.done.append(step.said)
                rule = step.rule
                # What a system answered may quote the person: the audit is never unsaid.
                why = "could not be done" if problem else (rule.reason if rule else "") or "as the spec says"
                entry = AuditEntry(
                    run_id=0,
                    at=clock.now(),
                    actor=actor,
                    action="erasure failed" if problem else "erased",
                    entity=step.entity,
                    link_id=step.link_id,
                    system=step.system,
                    reason=f"{rule.action if rule is not None else 'nothing'} of {step.remote_id}, {why}",
                    line=rule.line if rule is not None else 0,
                )
                store.review.journal([entry])
        if not result.failed:
            with store.transaction():
                result.rows = store.erasure.forget(list(links))
                result.rows += store.traces.forget(wanted) if wanted else 0
            result.elsewhere = shown_elsewhere(package, store, links, wanted)
            result.alike = alike(package, store, links, wanted)
            store.erasure.scrub()
        return result
    finally:
        for system in systems.values():
            await system.close()
        store.release()


async def _step(
    package: Package, step: Step, systems: Mapping[str, System], opened: dict[str, SystemFailure | None]
) -> str:
    """Do one step; what is wrong, if it could not be done."""
    rule = step.rule
    if rule is None:
        return "nothing was done"
    if rule.action == "keep":
        return ""
    system = systems[step.system]
    mapping = package.mapping(step.entity, step.system)
    resource = package.systems[step.system].resources[mapping.resource]
    try:
        if step.system not in opened:
            opened[step.system] = None
            await system.open()
        return (
            await _purge(system, resource, step)
            if rule.action == "purge"
            else await _clear(system, resource, step, rule)
        )
    except SystemFailure as failure:
        return str(failure)


async def _purge(system: System, resource: Resource, step: Step) -> str:
    found = await _read(system, resource, step.remote_id, (resource.identity,))
    if found is not None and found[0] is None:
        return ""
    version = None if found is None or found[0] is None else found[0]
    (outcome,) = await system.delete(resource.name, [Write({}, remote_id=step.remote_id, version=version or None)])
    return _told(outcome)


async def _clear(system: System, resource: Resource, step: Step, rule: Erasure) -> str:
    if not rule.clears:
        return ""
    found = await _read(system, resource, step.remote_id, tuple(rule.clears))
    if found is not None and found[0] is None:
        return ""
    version = None if found is None else found[0]
    write = Write(dict(rule.clears), remote_id=step.remote_id, version=version or None)
    (outcome,) = await system.update(resource.name, [write])
    problem = _told(outcome)
    if problem:
        return problem
    # That it was answered is no proof: some fields are ignored in silence.
    after = await system.read(resource.name, [step.remote_id], fields=tuple(rule.clears)) if resource.read else {}
    record = after.get(step.remote_id)
    if isinstance(record, Unidentified):
        return f"nobody can see whether it was emptied: {record.place} {record.why}"
    left = (
        []
        if record is None
        else [name for name in rule.clears if not _empty(record.native.get(name), rule.clears[name])]
    )
    return f"{', '.join(left)} cannot be emptied: the system still shows a value" if left else ""


def _empty(shown: object, cleared: object) -> bool:
    return shown is None or shown == cleared or shown in ("", [], {})


async def _read(system: System, resource: Resource, remote_id: str, fields: Sequence[str]) -> tuple[str | None] | None:
    """The version of a record (empty where it has none), None in its place where it is gone; None where it cannot be read."""
    if resource.read is None:
        return None
    found = (await system.read(resource.name, [remote_id], fields=fields)).get(remote_id)
    if isinstance(found, Unidentified):
        return None
    return (None,) if found is None else (found.version or "",)


def _told(outcome: Outcome) -> str:
    match outcome:
        case Applied() | Gone():
            return ""
        case Refused(message=message, code=code):
            return f"refused ({code}): {message}"
        case Stale():
            return "it was changed in the meantime: ask again"
        case Unavailable(message=message):
            return f"not available: {message}"
        case Unknown(message=message):
            return f"nobody knows whether it was done ({message}): ask again"
