"""Identity: before anything is created, records that are the same can be found by a rule that both systems can apply."""

from collections.abc import Iterator
from itertools import combinations, product

from syncline.checks.capabilities import rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.model.derivations import Derivation
from syncline.model.spec import Map, Sync


def check_identity(sync: Sync) -> Iterator[Diagnostic]:
    """match.missing, match.not-applicable."""
    shown = [field_map for field_map in sync.maps if not field_map.sends]
    if not shown or len(sync.systems) + len(sync.derivations) < 2:
        return
    certain = [rule for rule in sync.entity.match if not rule.ask]
    if not certain:
        yield Diagnostic(
            "match.missing", sync.entity.span, {"entity": sync.entity.name}, (Label(sync.span, "this-sync"),)
        )
        return
    sides: tuple[Map | Derivation, ...] = (*shown, *sync.derivations)
    # Sides that can apply the same rules are one case: of very many systems few differ.
    alike: dict[frozenset[int], list[Map | Derivation]] = {}
    for side in sides:
        alike.setdefault(_applicable(sync, side), []).append(side)
    unmatched = [(one, one) for rules, one in alike.items() if not rules]
    unmatched += [(alike[one], alike[other]) for one, other in combinations(alike, 2) if not one & other]
    for group, others in unmatched:
        pairs = combinations(group, 2) if group is others else product(group, others)
        for left, right in pairs:
            creating = [found for found in (left, right) if isinstance(found, Map) and _creates(sync, found)]
            if creating:
                yield Diagnostic(
                    "match.not-applicable",
                    certain[0].span,
                    {"entity": sync.entity.name, "left": _said(left), "right": _said(right)},
                    (Label(left.span, "map-here"), Label(right.span, "map-here")),
                )
                break  # the others of the same two kinds lack the same rules


def _creates(sync: Sync, field_map: Map) -> bool:
    rule = rule_of(sync.creates, field_map.system)
    return rule is None or rule.allowed


def _keys(sync: Sync) -> Iterator[tuple[str, ...]]:
    for rule in sync.entity.match:
        if not rule.ask:
            yield tuple(field.name for field in rule.fields)


def _said(side: Map | Derivation) -> str:
    return side.system.name if isinstance(side, Map) else f"derive {side.entity.name} from {side.origin.name}"


def _applicable(sync: Sync, side: Map | Derivation) -> frozenset[int]:
    """The rules of which the side shows every part: through a codec line in any direction, or a reading expression."""
    shown = {line.field.name for line in side.lines if line.field is not None}
    return frozenset(number for number, names in enumerate(_keys(sync)) if shown.issuperset(names))
