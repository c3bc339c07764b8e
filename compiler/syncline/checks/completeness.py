"""Truth is complete: whoever changed a field, met another record for the first time or deleted one, one rule decides."""

from collections.abc import Iterator
from itertools import combinations

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.contest import Contest
from syncline.model.spec import DeleteRule, Sync, Truth
from syncline_runtime.declaration import OnDelete

_LEAVING = (OnDelete.PROPAGATE, OnDelete.ARCHIVE, OnDelete.UNLINK)


def check_completeness(sync: Sync) -> Iterator[Diagnostic]:
    """truth.incomplete, delete.contradiction."""
    told: set[tuple[int, str]] = set()
    contest = Contest(sync)
    for name in sync.entity.fields:
        sources = tuple(dict.fromkeys(system.account for system in contest.contributors(name)))
        for rule in contest.rules_for(name) if contest.contested(name) else ():
            found = undecided(sync, rule, sources)
            if found is None:
                continue
            problem, pair = found
            if (rule.span.start, problem) not in told:
                told.add((rule.span.start, problem))
                yield _incomplete(sync, rule, name, problem, pair)
    yield from _deletions(sync)


def undecided(sync: Sync, rule: Truth, sources: tuple[str, ...]) -> tuple[str, tuple[str, str]] | None:
    """Two sources whose edits no rule decides between, and why; None where each pair is decided.

    More than two decide as some two of them do. Not counted are records that first meet without the named system, and edits
    of `newest` that are equally new without its tie-break: there the order of the sync's systems decides.
    """
    named = list(dict.fromkeys(system.account for system in rule.systems))
    match rule.rule:
        case "prefers":
            others = [name for name in sources if name not in named]
            if len(others) > 1:
                return "unlisted", (others[0], others[1])
        case "owned" | "newest":
            absent = [name for name in named if name not in sources]
            if absent:  # said of a rule for the field itself by another check
                return ("no-source", (sources[0], sources[1])) if not rule.fields else None
            if rule.rule == "owned" and named:
                for one, other in combinations([name for name in sources if name != named[0]], 2):
                    if _may_lack(sync, named[0], (one, other)):
                        return "no-owner", (one, other)
    return None


def _may_lack(sync: Sync, owner: str, others: tuple[str, str]) -> bool:
    """Whether the owner may have no record where the others have theirs."""
    created = (rule for rule in sync.creates if rule.system.account == owner)
    if any(not rule.allowed or rule.when is not None for rule in created):
        return True
    if any(found.when is not None for found in sync.maps if found.system.account == owner):
        return True
    # With these the others live on, and are edited, after the owner's record was deleted; the rest leave with it, or are held.
    staying = {rule.system.account for rule in sync.deletes if rule.policy in (OnDelete.NEVER, OnDelete.RECREATE)}
    return all(other in staying for other in others)


def _incomplete(sync: Sync, rule: Truth, name: str, problem: str, pair: tuple[str, str]) -> Diagnostic:
    named = rule.systems[0].account if rule.systems else ""
    facts: dict[str, Fact] = {
        "field": name,
        "problem": problem,
        "systems": pair,
        "named": named,
        "rule": rule.text,
        "listed": " then ".join(dict.fromkeys((*(system.account for system in rule.systems), *pair))),
    }
    labels = tuple(
        Label(line.span, "source", {"system": field_map.system.name})
        for field_map in sync.maps
        for line in field_map.lines
        if field_map.system.account in pair and line.field is not None and line.field.name == name
    )
    return Diagnostic("truth.incomplete", rule.span, facts, labels)


def _deletions(sync: Sync) -> Iterator[Diagnostic]:
    """What is deleted in one system and to be created again there, against what forbids it."""
    never = {rule.system.name: rule for rule in sync.creates if not rule.allowed}
    for rule in sync.deletes:
        if rule.policy is not OnDelete.RECREATE:
            continue
        system = rule.system.name
        for gone in sync.systems:
            if gone.account == rule.system.account:
                continue
            if gone.name in never:
                yield _contradiction(rule, "never", gone.name, system, Label(never[gone.name].span, "forbidden-here"))
                break
            against = _leaving(sync, system, gone.name)
            if against is not None:
                other = against.system.name
                yield _contradiction(rule, "leaves", gone.name, other, Label(against.span, "leaves-here"))
                break


def _leaving(sync: Sync, system: str, gone: str) -> DeleteRule | None:
    return next(
        (rule for rule in sync.deletes if rule.system.name not in (system, gone) and rule.policy in _LEAVING), None
    )


def _contradiction(rule: DeleteRule, problem: str, gone: str, other: str, label: Label) -> Diagnostic:
    facts: dict[str, Fact] = {"system": rule.system.name, "gone": gone, "other": other, "problem": problem}
    return Diagnostic("delete.contradiction", rule.span, facts, (label,))
