"""What the compiler refuses although every name resolves: one concern a file, each a pure function over the model."""

from syncline.checks.capabilities import check_capabilities, check_writes
from syncline.checks.codecs import check_codecs
from syncline.checks.cycles import check_cycles
from syncline.checks.deletion import check_deletion
from syncline.checks.guarantees import check_outcomes, check_schedules
from syncline.checks.identity import check_identity
from syncline.checks.sources import check_sources
from syncline.checks.truth import check_rules, check_truth
from syncline.checks.types import check_types
from syncline.checks.units import check_units
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.model.spec import Spec, Sync


def check(spec: Spec, *, whole: bool = True) -> tuple[Diagnostic, ...]:
    """All findings of all checks, in the order of their places.

    What was reported before and left out of the model is not missed again: a check that speaks of absence is made only
    where the model says that it is complete. `whole` is False when lines are missing that it cannot tell of.
    """
    found: list[Diagnostic] = []
    for field_map in spec.maps:
        for line_check in (check_types, check_codecs, check_writes):
            found.extend(line_check(field_map))
    for sync in spec.syncs:
        for rule_check in (check_rules, check_units):
            found.extend(rule_check(sync))
        if whole and _mapped(sync):
            found.extend(check_sources(sync))
            found.extend(check_identity(sync))
        if whole and sync.complete:
            found.extend(check_truth(sync))
            found.extend(check_capabilities(sync))
            found.extend(check_deletion(sync))
            found.extend(check_outcomes(sync))
    if whole and all(sync.complete for sync in spec.syncs):
        found.extend(check_schedules(spec))
    found.extend(check_cycles((spec,)))
    return tuple(
        sorted(found, key=lambda diagnostic: (diagnostic.span.source.name, diagnostic.span.start, diagnostic.code))
    )


def _mapped(sync: Sync) -> bool:
    """Whether the entity and all its maps are there with every line."""
    mapped = {field_map.system.name for field_map in sync.maps}
    return (
        sync.entity.complete
        and all(field_map.complete for field_map in sync.maps)
        and all(system.name in mapped for system in sync.systems)
    )
