"""Syncs: which systems an entity is kept in step across, and the clauses of its policy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from syncline.diagnostics.diagnostic import Label
from syncline.model.spec import DeleteRule, EraseRule, Guard, Map, Sync, System, Trigger, WriteRule
from syncline.resolving.entities import named_entity
from syncline.resolving.expressions import resolve_condition
from syncline.resolving.places import placed_clauses, placed_truth
from syncline.resolving.scope import Scope
from syncline.resolving.sight import EntitySight
from syncline.resolving.triggers import resolve_trigger
from syncline.resolving.truths import Policy, Truths, resolve_truth
from syncline.source import Span
from syncline.syntax import (
    Across,
    Clause,
    Empty,
    Erase,
    Flow,
    Merged,
    Name,
    OutOfScope,
    RunAfter,
    RunDaily,
    RunEvery,
    RunOnWebhook,
    Unknown,
)
from syncline.syntax import Guard as GuardNode
from syncline.syntax import Sync as SyncNode
from syncline.syntax import Truth as TruthNode
from syncline.syntax import WriteRule as WriteNode
from syncline_runtime.declaration import OnDelete

_EMPTY: Final[dict[str, Literal["propagates", "ignored"]]] = {"propagates": "propagates", "ignored": "ignored"}
_SCOPES: Final[dict[str, Literal["unlink", "keep", "archive"]]] = {
    "unlink": "unlink",
    "keep": "keep",
    "archive": "archive",
}
_ERASES: Final[dict[str, Literal["purge", "clear", "keep"]]] = {"purge": "purge", "clear": "clear", "keep": "keep"}
_OPERATIONS: Final[dict[str, Literal["create", "update", "delete"]]] = {
    "create": "create",
    "update": "update",
    "delete": "delete",
}


@dataclass(slots=True)
class _Clauses:
    """What the clauses read so far say; `first` remembers where each was said."""

    truths: Truths = field(default_factory=Truths)
    creates: list[WriteRule] = field(default_factory=list)
    updates: list[WriteRule] = field(default_factory=list)
    deletes: list[DeleteRule] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    erases: list[EraseRule] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    empty: Literal["propagates", "ignored"] | None = None
    out_of_scope: Literal["unlink", "keep", "archive"] = "unlink"
    merged: Literal["hold", "follow"] = "hold"
    unknown: Literal["look", "hold"] = "look"
    first: dict[str, Span] = field(default_factory=dict)
    complete: bool = True


def resolve_syncs(maps: Sequence[Map], scope: Scope) -> tuple[Sync, ...]:
    """The syncs of the main file; those whose entity or systems are unknown are reported and left out."""
    by_entity: dict[str, list[Map]] = {}
    for candidate in maps:
        by_entity.setdefault(candidate.entity.name, []).append(candidate)
    written = {(node.entity.text, node.target.system.text) for node in scope.declared.maps}
    first: dict[str, Span] = {}
    found: list[Sync] = []
    for node in scope.declared.syncs:
        name = node.entity.text
        earlier = first.setdefault(name, node.entity.span)
        if earlier is not node.entity.span:
            scope.findings.report("sync.duplicate", node.entity.span, Label(earlier, "first-here"), entity=name)
        sync = _sync(node, by_entity.get(name, []), written, scope)
        if sync is not None and earlier is node.entity.span:
            found.append(sync)
    _check_order(found, scope)
    return tuple(found)


def _check_order(syncs: Sequence[Sync], scope: Scope) -> None:
    """Reports syncs that wait for one another."""
    waits = {one.entity.name: [trigger for trigger in one.triggers if trigger.after] for one in syncs}
    done: set[str] = set()
    for start in waits:
        path: list[str] = []
        todo = [(start, 0)]
        while todo:
            name, at = todo.pop()
            del path[at:]
            path.append(name)
            if name in done:
                continue
            done.add(name)
            for trigger in waits.get(name, ()):
                following = trigger.after or ""
                if following in path:
                    through = tuple(path[path.index(following) :])
                    scope.findings.report("sync.after-cycle", trigger.span, through=through)
                else:
                    todo.append((following, at + 1))


def _sync(node: SyncNode, maps: Iterable[Map], written: set[tuple[str, str]], scope: Scope) -> Sync | None:
    entity = named_entity(node.entity, scope)
    names = _members(node)
    systems, faulty = _systems(names, scope)
    for name in names:
        if entity is not None and name.text in systems and (node.entity.text, name.text) not in written:
            label = Label(entity.entity.span, "entity-declared-here")
            scope.findings.report("sync.no-map", name.span, label, entity=node.entity.text, system=name.text)
    own = tuple(candidate for candidate in maps if candidate.system.account in systems)
    policy = Policy(entity, systems, faulty, own, node.entity.span)
    clauses = _Clauses()
    for clause in node.clauses:
        _clause(clause, policy, clauses, scope)
    if isinstance(node.topology, Flow):
        _one_way(node.topology, systems, clauses, scope)
    if entity is None or not systems:
        return None
    mapped = {candidate.system.account for candidate in own}
    used: dict[str, dict[str, System]] = {}
    for candidate in own:
        used.setdefault(candidate.system.account, {})[candidate.system.name] = candidate.system
    places = {
        account: tuple(used[account].values()) if account in used else (system,) for account, system in systems.items()
    }
    truths = clauses.truths
    parts = [entity.entity.complete, clauses.complete, clauses.truths.complete, *(one.complete for one in own)]
    return Sync(
        entity=entity.entity,
        systems=tuple(place for each in places.values() for place in each),
        maps=own,
        span=node.entity.span,
        truth=tuple(placed_truth(rule, places) for rule in truths.rules),
        records=tuple(placed_truth(rule, places) for rule in truths.records),
        otherwise=None if truths.otherwise is None else placed_truth(truths.otherwise, places),
        creates=placed_clauses(clauses.creates, places),
        updates=placed_clauses(clauses.updates, places),
        deletes=placed_clauses(clauses.deletes, places),
        empty=clauses.empty,
        out_of_scope=clauses.out_of_scope,
        merged=clauses.merged,
        unknown=clauses.unknown,
        guards=tuple(clauses.guards),
        erases=placed_clauses(clauses.erases, places),
        triggers=tuple(clauses.triggers),
        complete=all(parts) and all(name.text in mapped for name in names),
    )


def _members(node: SyncNode) -> tuple[Name, ...]:
    match node.topology:
        case Across(systems=names):
            return names
        case Flow(sources=sources, targets=targets):
            return (*sources, *targets)


def _systems(names: Iterable[Name], scope: Scope) -> tuple[dict[str, System], set[str]]:
    found: dict[str, System] = {}
    faulty: set[str] = set()
    first: dict[str, Span] = {}
    for name in names:
        if name.text in first:
            label = Label(first[name.text], "first-here")
            scope.findings.report("sync.system-twice", name.span, label, name=name.text)
            continue
        first[name.text] = name.span
        if name.text not in scope.systems:
            scope.findings.unknown("name.unknown-system", name.text, name.span, scope.systems)
        system = scope.systems.get(name.text)
        if system is None:
            faulty.add(name.text)
        else:
            found[name.text] = system
    return found, faulty


def _one_way(flow: Flow, systems: dict[str, System], clauses: _Clauses, scope: Scope) -> None:
    """`from a to b`: records are born in `a`, so none is created there, and none deleted."""
    for name in flow.sources:
        system = systems.get(name.text)
        if system is None:
            continue
        created = clauses.first.get(f"create in {name.text}")
        if created is None:
            clauses.creates.append(WriteRule(system=system, allowed=False, span=name.span))
        elif any(rule.system is system and rule.allowed for rule in clauses.creates):
            scope.findings.report(
                "sync.contradiction", created, Label(name.span, "born-here"), operation="create", system=name.text
            )
        deleted = clauses.first.get(f"delete in {name.text}", clauses.first.get(f"delete in {name.text} when"))
        if deleted is None:
            clauses.deletes.append(
                DeleteRule(system=system, policy=OnDelete.NEVER, unless_edited=False, span=name.span)
            )
        elif any(rule.system is system and rule.policy is not OnDelete.NEVER for rule in clauses.deletes):
            scope.findings.report(
                "sync.contradiction", deleted, Label(name.span, "born-here"), operation="delete", system=name.text
            )


def _clause(node: Clause, policy: Policy, clauses: _Clauses, scope: Scope) -> None:
    match node:
        case WriteNode(operation="delete", condition=condition) if condition is not None:
            clauses.first.setdefault(f"delete in {node.system.text} when", node.span)
            _write(node, policy, clauses, scope)
        case WriteNode():
            if _once(f"{node.operation} in {node.system.text}", node.span, clauses, scope):
                _write(node, policy, clauses, scope)
        case TruthNode():
            resolve_truth(node, policy, clauses.truths, scope)
        case Empty(behaviour=behaviour):
            if _once("empty", node.span, clauses, scope):
                clauses.empty = _EMPTY[behaviour.text]
        case OutOfScope(action=action):
            if _once("out of scope", node.span, clauses, scope):
                clauses.out_of_scope = _SCOPES[action.text]
        case Merged(action=action):
            if _once("merged", node.span, clauses, scope):
                clauses.merged = "follow" if action.text == "follow" else "hold"
        case Unknown():
            if _once("unknown", node.span, clauses, scope):
                clauses.unknown = "hold"
        case GuardNode():
            if _once(f"guard {node.operation}", node.span, clauses, scope):
                _guard(node, clauses, scope)
        case Erase(system=name):
            if _once(f"erase in {name.text}", node.span, clauses, scope):
                _erase(node, policy, clauses, scope)
        case RunEvery() | RunDaily() | RunOnWebhook() | RunAfter():
            trigger = resolve_trigger(node, scope)
            if trigger is not None:
                clauses.triggers.append(trigger)


def _once(clause: str, span: Span, clauses: _Clauses, scope: Scope) -> bool:
    first = clauses.first.setdefault(clause, span)
    if first is not span:
        scope.findings.report("sync.duplicate-clause", span, Label(first, "first-here"), clause=clause)
    return first is span


def _write(node: WriteNode, policy: Policy, clauses: _Clauses, scope: Scope) -> None:
    if not _added(node, policy, clauses, scope):
        clauses.complete = False


def _added(node: WriteNode, policy: Policy, clauses: _Clauses, scope: Scope) -> bool:
    system = policy.system(node.system, "sync.unknown-system", scope)
    action = None if node.action is None else node.action.text
    condition = None
    if node.condition is not None:
        timed = node.operation != "delete"
        sight = None if policy.entity is None else EntitySight(policy.entity, timed=timed)
        condition = resolve_condition(node.condition, sight, scope)
    if node.operation == "delete":
        if action is None:
            scope.findings.report("sync.action", node.span, operation="delete", found="", known=_deletes())
        elif system is not None and (condition is None) is (node.condition is None):
            rule = DeleteRule(
                system=system,
                policy=OnDelete(action),
                unless_edited=node.unless_edited,
                span=node.span,
                when=condition,
            )
            clauses.deletes.append(rule)
            return True
        return False
    if action not in (None, "never") or node.unless_edited or (action == "never") == (node.condition is not None):
        found = action or ("unless edited" if node.unless_edited else "")
        scope.findings.report("sync.action", node.span, operation=node.operation, found=found, known=("never", "when"))
        return False
    if system is None or (node.condition is not None and condition is None):
        return False
    written = WriteRule(system=system, allowed=action is None, span=node.span, when=condition)
    (clauses.creates if node.operation == "create" else clauses.updates).append(written)
    return True


def _erase(node: Erase, policy: Policy, clauses: _Clauses, scope: Scope) -> None:
    system = policy.system(node.system, "sync.unknown-system", scope)
    reason = "" if node.reason is None else node.reason.value.strip()
    if system is None:
        clauses.complete = False
    elif node.action.text == "keep" and not reason:
        scope.findings.report("erase.no-reason", node.span, system=system.name)
        clauses.complete = False
    else:
        action = _ERASES[node.action.text]
        clauses.erases.append(EraseRule(system=system, action=action, reason=reason, span=node.span))


def _deletes() -> tuple[str, ...]:
    return tuple(policy.value for policy in OnDelete)


def _guard(node: GuardNode, clauses: _Clauses, scope: Scope) -> None:
    count = 0
    if node.count is not None:
        if not node.count.text.isdecimal() or len(node.count.text) > 12:
            scope.findings.report("sync.guard", node.count.span, problem="not-whole")
            return
        count = int(node.count.text)
    percent = 0.0 if node.percent is None else float(node.percent.value)
    if percent > 100:
        scope.findings.report("sync.guard", node.span, problem="over-100-percent")
        return
    clauses.guards.append(Guard(operation=_OPERATIONS[node.operation], count=count, percent=percent, span=node.span))
