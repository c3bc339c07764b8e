"""What the compiler refuses although every name resolves: one concern a file, each a pure function over the model."""

from syncline.checks.capabilities import check_capabilities, check_writes
from syncline.checks.codecs import check_codecs
from syncline.checks.deletion import check_deletion
from syncline.checks.identity import check_identity
from syncline.checks.sources import check_sources
from syncline.checks.truth import check_truth
from syncline.checks.types import check_types
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.model.spec import Spec


def check(spec: Spec) -> tuple[Diagnostic, ...]:
    """All findings of all checks, in the order of their places."""
    found: list[Diagnostic] = []
    for line_check in (check_types, check_codecs, check_writes):
        for field_map in spec.maps:
            found.extend(line_check(field_map))
    for sync_check in (check_sources, check_truth, check_capabilities, check_identity, check_deletion):
        for sync in spec.syncs:
            found.extend(sync_check(sync))
    return tuple(
        sorted(found, key=lambda diagnostic: (diagnostic.span.source.name, diagnostic.span.start, diagnostic.code))
    )
