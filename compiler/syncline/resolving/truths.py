"""Truth rules: who is right about a field that several systems may change."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from re import ASCII
from re import compile as pattern
from typing import Final, Literal, TypeAlias

from syncline.diagnostics.diagnostic import Label
from syncline.model.spec import Arrow, Map, System, Truth
from syncline.resolving.entities import dotted, field_of
from syncline.resolving.expressions import resolve_condition
from syncline.resolving.scope import EntityScope, Scope
from syncline.resolving.sight import EntitySight
from syncline.source import Span
from syncline.syntax import (
    Ask,
    FieldTruth,
    Merge,
    Name,
    Newest,
    OtherwiseTruth,
    OwnedBy,
    Path,
    Prefers,
    PythonMerge,
    RecordTruth,
    Rule,
)
from syncline.syntax import Truth as TruthNode

_REFERENCE: Final = pattern(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", ASCII).fullmatch
_Word: TypeAlias = Literal["owned", "prefers", "newest", "union", "max", "min", "ask", "python"]
_Drift: TypeAlias = Literal["overwrite", "keep", "report"]
_MERGES: Final[Mapping[str, _Word]] = {"union": "union", "max": "max", "min": "min"}
_DRIFTS: Final[Mapping[str, _Drift]] = {"overwrite": "overwrite", "keep": "keep", "report": "report"}


@dataclass(slots=True)
class Truths:
    """The rules of one sync."""

    rules: list[Truth] = field(default_factory=list)
    records: list[Truth] = field(default_factory=list)
    otherwise: Truth | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """What the clauses of one sync may name. `faulty` are systems that were declared, but of which nothing could be made."""

    entity: EntityScope | None
    systems: Mapping[str, System]
    faulty: Collection[str]
    maps: tuple[Map, ...]
    span: Span

    @property
    def leaves(self) -> Collection[str]:
        """The fields of the entity."""
        return self.entity.entity.fields if self.entity is not None else ()

    def system(self, name: Name, code: str, scope: Scope) -> System | None:
        """The system of this sync; reports `code` when it is none of them."""
        found = self.systems.get(name.text)
        if found is None and name.text not in self.faulty:
            label = Label(self.span, "sync-declared-here")
            scope.findings.unknown(code, name.text, name.span, self.systems, label)
        return found


def resolve_truth(node: TruthNode, policy: Policy, truths: Truths, scope: Scope) -> None:
    """Adds the rules of a `truth` block."""
    for rule in node.rules:
        match rule:
            case RecordTruth(owner=owner, otherwise=rest):
                found = _rule(owner, (), rule.span, policy, scope)
                if (owner.condition is None) is not rest:
                    scope.findings.report("truth.record", rule.span, problem="both" if rest else "neither")
                    truths.complete = False
                elif found is not None:
                    truths.records.append(found)
                else:
                    truths.complete = False
            case OtherwiseTruth(rule=inner):
                found = _rule(inner, (), rule.span, policy, scope)
                if truths.otherwise is not None:
                    label = Label(truths.otherwise.span, "first-here")
                    scope.findings.report("sync.duplicate-clause", rule.span, label, clause="otherwise")
                elif found is not None:
                    truths.otherwise = found
                else:
                    truths.complete = False
            case FieldTruth(fields=paths, rule=inner):
                fields = _fields(paths, policy, scope)
                found = _rule(inner, fields, rule.span, policy, scope)
                if found is not None and fields:
                    truths.rules.append(found)
                else:
                    truths.complete = False


def _fields(paths: tuple[Path, ...], policy: Policy, scope: Scope) -> tuple[str, ...]:
    if policy.entity is None:
        return ()
    shape = policy.entity.shape
    names: list[str] = []
    for path in paths:
        name = dotted(path)
        if name in shape.groups:
            names += _contested(name, policy)
            continue
        found = field_of(path, shape, "truth.unknown-field", scope, entity=policy.entity.entity.name)
        if found is not None:
            names.append(found.name)
    return tuple(dict.fromkeys(names))


def _contested(group: str, policy: Policy) -> list[str]:
    """The leaves of a record that several systems may change; else all that are mapped, else all."""
    sources: dict[str, set[str]] = {}
    for candidate in policy.maps:
        for line in candidate.lines:
            if line.field is not None and line.field.name.startswith(group + "."):
                own = sources.setdefault(line.field.name, set())
                if line.arrow is not Arrow.WRITE:
                    own.add(candidate.system.account)
    contested = [name for name, systems in sources.items() if len(systems) > 1]
    return contested or list(sources) or [name for name in policy.leaves if name.startswith(group + ".")]


def _rule(node: Rule, fields: tuple[str, ...], span: Span, policy: Policy, scope: Scope) -> Truth | None:
    text = " ".join(node.span.text.split())
    match node:
        case OwnedBy(system=name, condition=condition, drift=drift):
            owner = _systems((name,), policy, scope)
            kept = _DRIFTS["overwrite" if drift is None else drift.text]
            sight = None if policy.entity is None else EntitySight(policy.entity)
            when = None if condition is None else resolve_condition(condition, sight, scope)
            if owner is not None and (when is None) is (condition is None):
                return Truth(rule="owned", fields=fields, span=span, systems=owner, drift=kept, when=when, text=text)
        case Prefers(systems=names):
            order = _systems(names, policy, scope)
            if order is not None:
                return Truth(rule="prefers", fields=fields, span=span, systems=order, text=text)
        case Newest(tie_break=None):
            return Truth(rule="newest", fields=fields, span=span, text=text)
        case Newest(tie_break=Name() as name):
            tie_break = _systems((name,), policy, scope)
            if tie_break is not None:
                return Truth(rule="newest", fields=fields, span=span, systems=tie_break, text=text)
        case Merge(kind=kind):
            return Truth(rule=_MERGES[kind], fields=fields, span=span, text=text)
        case Ask():
            return Truth(rule="ask", fields=fields, span=span, text=text)
        case PythonMerge(function=function):
            if not _REFERENCE(function.value):
                scope.findings.report("truth.function", function.span, reference=function.value)
                return None
            return Truth(rule="python", fields=fields, span=span, function=function.value, text=text)
    return None


def _systems(names: tuple[Name, ...], policy: Policy, scope: Scope) -> tuple[System, ...] | None:
    found: list[System] = []
    first: dict[str, Span] = {}
    for name in names:
        system = policy.system(name, "truth.unknown-system", scope)
        if name.text in first:
            scope.findings.report(
                "truth.system-twice", name.span, Label(first[name.text], "first-here"), name=name.text
            )
        elif system is not None:
            first[name.text] = name.span
            found.append(system)
    return tuple(found) if found and len(found) == len({name.text for name in names}) else None
