"""What the compiler refuses although every name resolves: one concern a file, each a pure function over the model."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from syncline.checks.amounts import check_amounts
from syncline.checks.capabilities import check_capabilities, check_writes
from syncline.checks.codecs import check_codecs
from syncline.checks.completeness import check_completeness
from syncline.checks.cycles import check_cycles
from syncline.checks.deletion import check_deletion
from syncline.checks.derivations import check_derivations, check_derived
from syncline.checks.guarantees import check_listings, check_outcomes, check_schedules, check_webhooks
from syncline.checks.identity import check_identity
from syncline.checks.owners import check_conditional_deletes, check_owners
from syncline.checks.places import check_places
from syncline.checks.presence import check_presence
from syncline.checks.privacy import check_marks, check_privacy
from syncline.checks.references import check_references
from syncline.checks.returning import check_returning
from syncline.checks.sources import check_sources
from syncline.checks.truth import check_rules, check_truth
from syncline.checks.types import check_types
from syncline.checks.units import check_units
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.measuring import Timed, untimed
from syncline.model.spec import Spec, Sync

Subject = TypeVar("Subject", contravariant=True)


class _Check(Protocol[Subject]):
    __name__: str

    def __call__(self, subject: Subject, /) -> Iterable[Diagnostic]: ...


def check(spec: Spec, *, whole: bool = True, timed: Timed = untimed) -> tuple[Diagnostic, ...]:
    """All findings of all checks, in the order of their places.

    What was reported before and left out of the model is not missed again: a check that speaks of absence is made only
    where the model says that it is complete. `whole` is False when lines are missing that it cannot tell of. `timed` makes
    each check under its name.
    """
    found: list[Diagnostic] = []

    def make(one: _Check[Subject], subject: Subject) -> None:
        found.extend(timed(one.__name__, lambda: tuple(one(subject))))

    for field_map in (nested for each in spec.maps for nested in each.nested()):
        for line_check in (check_types, check_codecs, check_writes, check_returning):
            make(line_check, field_map)
    for derivation in spec.derivations:
        make(check_types, derivation)
    for sync in spec.syncs:
        for rule_check in (check_rules, check_units):
            make(rule_check, sync)
        if whole and _mapped(sync):
            for source_check in (check_sources, check_identity):
                make(source_check, sync)
        if whole and sync.complete:
            for policy_check in (
                check_truth,
                check_owners,
                check_completeness,
                check_capabilities,
                check_deletion,
                check_conditional_deletes,
                check_outcomes,
                check_webhooks,
                check_privacy,
                check_places,
            ):
                make(policy_check, sync)
            make(check_derived, sync)
    if whole and all(sync.complete for sync in spec.syncs):
        make(check_schedules, spec)
        make(check_listings, spec)
        make(check_references, spec)
    make(check_marks, spec)
    make(check_presence, spec)
    if whole:
        make(check_derivations, spec)
    make(check_amounts, spec)
    make(check_cycles, (spec,))
    return tuple(
        sorted(found, key=lambda diagnostic: (diagnostic.span.source.name, diagnostic.span.start, diagnostic.code))
    )


def _mapped(sync: Sync) -> bool:
    """Whether the entity and all its maps are there with every line."""
    mapped = {field_map.system.name for field_map in sync.maps}
    return (
        sync.entity.complete
        and sync.derived
        and all(field_map.complete for field_map in sync.maps)
        and all(system.name in mapped for system in sync.systems)
    )
