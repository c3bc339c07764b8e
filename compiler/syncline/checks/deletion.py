"""Deletion and emptiness: neither has a default, because both lose data when guessed wrongly."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.model.spec import Arrow, Sync


def check_deletion(sync: Sync) -> Iterator[Diagnostic]:
    """delete.no-rule, empty.no-rule."""
    ruled = {rule.system.account for rule in sync.deletes}
    for field_map in sync.maps:
        name = field_map.system.account
        if (
            sync.several
            and not field_map.sends
            and name not in ruled
            and any(line.arrow is not Arrow.READ for line in field_map.lines)
        ):
            ruled.add(name)
            others = tuple(other for other in sync.accounts if other != name)
            yield Diagnostic(
                "delete.no-rule",
                sync.span,
                {"entity": sync.entity.name, "system": name, "others": others},
                (Label(field_map.span, "map-here"),),
            )
    if sync.empty is None:
        for field_map in sync.maps:
            for line in field_map.lines:
                if line.arrow is Arrow.BOTH and line.field is not None and line.field.type.nullable:
                    yield Diagnostic(
                        "empty.no-rule",
                        sync.span,
                        {"field": line.field.name, "entity": sync.entity.name},
                        (Label(line.span, "two-way-line"),),
                    )
                    return
