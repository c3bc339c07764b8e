"""Truth: a field that several systems may change is decided by exactly one rule, and the rule can be carried out."""

from collections.abc import Iterator, Mapping

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label, Severity
from syncline.model.contest import Contest
from syncline.model.spec import Arrow, Line, Sync, System, Truth
from syncline_runtime.declaration import Resource

ORDERED = frozenset({"integer", "decimal", "percent", "date", "instant", "duration", "local_time"})


def check_rules(sync: Sync) -> Iterator[Diagnostic]:
    """truth.overlap: of two rules for a field, one at most has no condition, and both decide the same fields."""
    first: dict[str, list[Truth]] = {}
    for rule in sync.truth:
        for name in rule.fields:
            others = first.setdefault(name, [])
            against = next((one for one in others if _overlap(one, rule)), None)
            if against is not None:
                yield Diagnostic("truth.overlap", rule.span, {"field": name}, (Label(against.span, "first-rule"),))
            others.append(rule)
    rest = [rule for rule in sync.records if rule.when is None]
    for rule in rest[1:]:
        yield Diagnostic("truth.overlap", rule.span, {"field": "record"}, (Label(rest[0].span, "first-rule"),))


def _overlap(one: Truth, other: Truth) -> bool:
    return set(one.fields) != set(other.fields) or (one.when is None and other.when is None)


def check_truth(sync: Sync) -> Iterator[Diagnostic]:
    """truth.missing, truth.not-a-source, truth.unneeded, truth.no-clock, truth.no-tie-break, truth.unlawful-merge,
    truth.unlisted-source."""
    lines, contest = _contributing_lines(sync), Contest(sync)
    resources = {side.system.name: side.resource.declaration for side in reversed(sync.maps)}
    for name, contributed in lines.items():
        if not contest.contested(name):
            continue
        rules = contest.rules_for(name)
        sources = contest.contributors(name)
        if not rules:
            (_, last), *others = reversed(contributed)
            yield Diagnostic(
                "truth.missing",
                last.span,
                {"field": name, "entity": sync.entity.name, "systems": tuple(system.name for system, _ in contributed)},
                (
                    *(Label(line.span, "other-source", {"system": system.name}) for system, line in others),
                    Label(sync.span, "this-sync"),
                ),
            )
        for rule in rules:
            yield from _clocked(resources, name, rule, sources)
            yield from _lawful(sync, name, rule)
            yield from _unlisted(name, rule, sources)
    for rule in sync.truth:
        yield from _sources(sync, rule, lines)


def _contributing_lines(sync: Sync) -> dict[str, list[tuple[System, Line]]]:
    found: dict[str, list[tuple[System, Line]]] = {}
    for field_map in sync.maps:
        for line in field_map.lines:
            if line.field is not None and line.arrow is not Arrow.WRITE:
                found.setdefault(line.field.name, []).append((field_map.system, line))
    return found


def _sources(sync: Sync, rule: Truth, lines: dict[str, list[tuple[System, Line]]]) -> Iterator[Diagnostic]:
    for name in rule.fields:
        contributors = list(dict.fromkeys(system.account for system, _ in lines.get(name, [])))
        if not contributors:
            continue
        if len(contributors) == 1:
            yield Diagnostic("truth.unneeded", rule.span, {"field": name, "system": contributors[0]})
            continue
        for system in rule.systems:
            if system.account not in contributors:
                yield Diagnostic(
                    "truth.not-a-source",
                    rule.span,
                    {"field": name, "system": system.account, "sources": tuple(contributors)},
                    tuple(Label(line.span, "source", {"system": source.name}) for source, line in lines[name]),
                )


def _clocked(
    resources: Mapping[str, Resource], name: str, rule: Truth, sources: tuple[System, ...]
) -> Iterator[Diagnostic]:
    if rule.rule != "newest":
        return
    if not rule.systems:
        yield Diagnostic("truth.no-tie-break", rule.span, {"field": name, "first": sources[0].account})
    for system in sources:
        resource = resources.get(system.name)
        if resource is not None and (resource.version is None or not resource.version_is_time):
            yield Diagnostic(
                "truth.no-clock", rule.span, {"field": name, "system": system.name, "resource": resource.name}
            )


def _unlisted(name: str, rule: Truth, sources: tuple[System, ...]) -> Iterator[Diagnostic]:
    """A hint: who prefers one system often means that it alone decides."""
    if rule.rule == "prefers" and len({system.account for system in rule.systems}) == 1:
        first = rule.systems[0].account
        unlisted = tuple(dict.fromkeys(system.account for system in sources if system.account != first))
        if len(unlisted) > 1:
            return  # no hint: between those nothing decides
        facts: dict[str, Fact] = {"field": name, "first": first, "unlisted": unlisted}
        yield Diagnostic("truth.unlisted-source", rule.span, facts, severity=Severity.HINT)


def _lawful(sync: Sync, name: str, rule: Truth) -> Iterator[Diagnostic]:
    field = sync.entity.fields[name]
    ordered = field.type.kind in ORDERED
    lawful = {"union": field.type.kind == "set", "max": ordered, "min": ordered}
    if not lawful.get(rule.rule, True):
        yield Diagnostic(
            "truth.unlawful-merge",
            rule.span,
            {"field": name, "rule": rule.rule, "type": str(field.type)},
            (Label(field.span, "declared-here"),),
        )
