"""Derivations: what they make can be kept and created, nothing else writes what they keep, and they come to an end."""

from collections.abc import Iterator

from syncline.checks.capabilities import rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.model.derivations import Derivation
from syncline.model.spec import Arrow, Spec, Sync


def check_derived(sync: Sync) -> Iterator[Diagnostic]:
    """derive.no-value, derive.contested."""
    for derivation in sync.derivations:
        yield from _unfilled(sync, derivation)
        if not derivation.once:
            yield from _contested(sync, derivation)


def check_derivations(spec: Spec) -> Iterator[Diagnostic]:
    """derive.unsynced, derive.cycle."""
    synced = {sync.entity.name for sync in spec.syncs}
    made: dict[str, list[Derivation]] = {}
    for derivation in spec.derivations:
        made.setdefault(derivation.entity.name, []).append(derivation)
        for role, entity in (("made", derivation.entity), ("origin", derivation.origin)):
            if entity.name not in synced:
                facts = {"entity": entity.name, "problem": role}
                label = Label(entity.span, "entity-declared-here")
                yield Diagnostic("derive.unsynced", derivation.span, facts, (label,))
    for derivation in spec.derivations:
        through = _way(derivation.origin.name, derivation.entity.name, made, (derivation.entity.name,))
        # Told once, at the rule of the loop that stands first.
        if through is not None and derivation is next(
            one for one in spec.derivations if one.entity.name in through and one.origin.name in through
        ):
            yield Diagnostic("derive.cycle", derivation.span, {"through": through})


def _way(name: str, goal: str, made: dict[str, list[Derivation]], passed: tuple[str, ...]) -> tuple[str, ...] | None:
    """The entities on the way from what `name` follows from back to `goal`; None where there is none."""
    if name == goal:
        return passed
    if name in passed:
        return None
    for one in made.get(name, ()):
        found = _way(one.origin.name, goal, made, (*passed, name))
        if found is not None:
            return found
    return None


def _unfilled(sync: Sync, derivation: Derivation) -> Iterator[Diagnostic]:
    """Required fields that a system takes on create, and the derivation leaves open."""
    told: set[str] = set()
    for field_map in sync.maps:
        creating = rule_of(sync.creates, field_map.system)
        if creating is not None and not creating.allowed:
            continue
        for line in field_map.lines:
            field = line.field
            if field is None or line.arrow is Arrow.READ or field.type.nullable or field.default is not None:
                continue
            if field.name not in derivation.filled and field.name not in told:
                told.add(field.name)
                yield Diagnostic(
                    "derive.no-value",
                    derivation.span,
                    {"field": field.name, "entity": derivation.entity.name, "system": field_map.system.name},
                    (Label(field.span, "declared-here"), Label(line.span, "written-here")),
                )


def _contested(sync: Sync, derivation: Derivation) -> Iterator[Diagnostic]:
    """Fields that the derivation keeps in step, and a system may change."""
    for line in derivation.lines:
        for field_map in sync.maps:
            for other in field_map.lines:
                if other.field == line.field and other.arrow is not Arrow.WRITE:
                    facts = {"field": line.slot, "entity": derivation.entity.name, "system": field_map.system.name}
                    label = Label(other.span, "source", {"system": field_map.system.name})
                    yield Diagnostic("derive.contested", line.span, facts, (label,))
