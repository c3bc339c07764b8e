"""Places: of several maps of one entity in one system, a new record is created through one at most."""

from collections.abc import Iterator
from itertools import combinations

from syncline.checks.capabilities import rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.conditions import Verdict, compare
from syncline.model.spec import Arrow, Map, Sync


def check_places(sync: Sync) -> Iterator[Diagnostic]:
    """map.not-apart."""
    for one, other in created_in_pairs(sync):
        example = ""
        if one.when is not None and other.when is not None:
            clash = apart(one, other).clash
            if clash is None:
                continue
            example = clash[2]
        facts: dict[str, Fact] = {
            "entity": sync.entity.name,
            "system": one.system.account,
            "one": one.system.name,
            "other": other.system.name,
            "example": example,
            "problem": "both" if example else "unsaid",
        }
        without = one if one.when is None else other
        yield Diagnostic(
            "map.not-apart", without.span, facts, (Label((other if without is one else one).span, "other"),)
        )


def created_in_pairs(sync: Sync) -> Iterator[tuple[Map, Map]]:
    """Each two maps in one system through which records are created."""
    created = [side for side in sync.maps if side.system.place_of and _creates(sync, side)]
    for one, other in combinations(created, 2):
        if one.system.account == other.system.account:
            yield one, other


def apart(one: Map, other: Map) -> Verdict:
    """What is known of the `when` of two maps, which both have one."""
    return compare([side.when for side in (one, other) if side.when is not None])


def _creates(sync: Sync, side: Map) -> bool:
    rule = rule_of(sync.creates, side.system)
    writes = any(line.arrow is not Arrow.READ for line in side.lines)
    return writes and sync.several and (rule is None or rule.allowed)
