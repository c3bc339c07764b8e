"""Examples of truth: what systems show is decided by the runtime's own rules, as a run would decide it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.examples.difference import broken, difference, refused, shown
from syncline.model.examples import NativeSample, TruthExample
from syncline.model.spec import Line, Map
from syncline_runtime import codecs
from syncline_runtime.codecs import WIRE, CodecError
from syncline_runtime.deciding import decide, prepare, want
from syncline_runtime.declaration import Package
from syncline_runtime.policy import Policy
from syncline_runtime.records import ActionKind, Decision, Link, Member
from syncline_runtime.values import ABSENT

_LINK: Final = 1


def decided(example: TruthExample, package: Package) -> Iterator[Diagnostic]:
    """example.fails where the rules make something else of what the systems show."""
    name = example.sync.entity.name
    sync = next(sync for sync in package.syncs if sync.entity == name)
    maps = {field_map.system: field_map for field_map in package.mappings if field_map.entity == name}
    policy = prepare(sync, package.entities[name], {system: maps[system] for system in sync.systems if system in maps})
    try:
        link = _linked(example, policy)
        decision = decide(policy, link)
    except CodecError as error:
        yield refused(example.span, example.title, "read", error)
        return
    except Exception as error:
        if all(rule.function is None for rule in example.sync.all_rules):
            raise
        # A merge function of one's own may raise whatever it likes.
        yield broken(example.span, example.title, "package", "a value of the merge function", type(error).__name__)
        return
    yield from _agreed(example, decision)
    for sample in example.written:
        try:
            yield from _left(example, sample, policy, decision)
        except CodecError as error:
            yield refused(sample.span, example.title, "read", error)


def _linked(example: TruthExample, policy: Policy) -> Link:
    """The link as it stands before the decision."""
    name = example.sync.entity.name
    samples = {sample.map.system.name: sample for sample in example.shown}
    members: dict[str, Member] = {}
    if example.given is None:
        for system, sample in samples.items():
            view = policy.sides[system].map.read(sample.record())
            members[system] = Member(
                system=system, remote_id=system, shadow=view, seen=view, updated_at=_time(sample), first_merge=True
            )
        return Link(link_id=_LINK, entity=name, values={}, members=members, fresh=True)
    values = dict(example.given.values)
    for system, side in policy.sides.items():
        held = want(policy, system, values)
        base: dict[str, Any] = {**{field: values[field] for field in side.heard if field in values}, **held}
        found = samples.get(system)
        told = {} if found is None else side.map.read(found.record())
        seen = {**base, **{field: value for field, value in told.items() if value is not ABSENT}}
        members[system] = Member(
            system=system,
            remote_id=system,
            shadow=base,
            seen=None if seen == base else seen,
            updated_at=None if found is None else _time(found),
        )
    return Link(link_id=_LINK, entity=name, values=values, members=members)


def _time(sample: NativeSample) -> datetime | None:
    """When the record was last changed, if the example says so."""
    version = sample.map.resource.declaration.version
    native = sample.map.resource.fields.get(version or "")
    if native is None or native.name not in sample.values or native.type.kind != "instant":
        return None
    value = getattr(codecs, WIRE[native.type.kind, native.wire].get)(sample.values[native.name])
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def _agreed(example: TruthExample, decision: Decision) -> Iterator[Diagnostic]:
    if example.expected is None:
        return
    held = {conflict.field: conflict for conflict in decision.conflicts}
    rules = {change.field: change.rule for change in decision.changes}
    for field, expected in example.expected.values.items():
        got = decision.link.values.get(field, ABSENT)
        if field in held or "" in held:
            reason = held.get(field) or held[""]
            yield _undecided(example, field, expected, reason.reason)
        elif got != expected:
            yield _otherwise(example, field, expected, got, rules.get(field, ""))


def _undecided(example: TruthExample, field: str, expected: Any, reason: str) -> Diagnostic:
    facts = _facts(example, field, expected) | {"problem": "held", "got": reason}
    return Diagnostic("example.fails", _place(example, field), facts, _rule(example, field))


def _otherwise(example: TruthExample, field: str, expected: Any, got: Any, rule: str) -> Diagnostic:
    type_ = example.sync.entity.fields[field].type
    facts = _facts(example, field, expected) | {"problem": "decided", "got": shown(got, type_), "rule": rule}
    return Diagnostic("example.fails", _place(example, field), facts, _rule(example, field))


def _facts(example: TruthExample, field: str, expected: Any) -> dict[str, Fact]:
    type_ = example.sync.entity.fields[field].type
    return {"title": example.title, "field": field, "expected": shown(expected, type_)}


def _place(example: TruthExample, field: str) -> Any:
    return example.expected.spans[field] if example.expected is not None else example.span


def _rule(example: TruthExample, field: str) -> tuple[Label, ...]:
    rules = example.sync.rules_for(field)
    return (Label(rules[0].span if rules else example.sync.span, "decided-here"),)


def _left(example: TruthExample, sample: NativeSample, policy: Policy, decision: Decision) -> Iterator[Diagnostic]:
    """What a system shows once the decision was carried out, against what the example says that it holds."""
    system = sample.map.system.name
    side = policy.sides[system]
    member = decision.link.members.get(system)
    after: dict[str, Any] = dict(member.seen or member.shadow) if member is not None else {}
    for action in decision.actions:
        if action.system == system and action.kind in (ActionKind.CREATE, ActionKind.UPDATE):
            after |= {field: new for field, (_, new) in action.fields.items()}
    wanted = side.map.read(sample.record())
    for field, expected in wanted.items():
        line = _line(sample.map, field)
        if expected is ABSENT or line is None or after.get(field, ABSENT) == expected:
            continue
        span = next((sample.spans[native.name] for native in line.natives if native.name in sample.spans), sample.span)
        got = after.get(field, ABSENT)
        yield difference(example, span, "left", field.removeprefix("="), expected, got, sample.map, line)


def _line(field_map: Map, slot: str) -> Line | None:
    """The line that shows a field or an output slot."""
    for line in field_map.lines:
        if line.field is not None and line.field.name == slot:
            return line
    return next((line for line in field_map.lines if f"={line.natives[0].name}" == slot), None)
