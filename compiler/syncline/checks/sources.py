"""Sources: every field of the hub is filled by some system."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.model.spec import Arrow, Sync


def check_sources(sync: Sync) -> Iterator[Diagnostic]:
    """field.no-source."""
    filled = {
        line.field.name
        for field_map in sync.maps
        for line in field_map.lines
        if line.field is not None and line.arrow is not Arrow.WRITE
    } | {name for derivation in sync.derivations for name in derivation.filled}
    for field in sync.entity.fields.values():
        if field.name not in filled and field.default is None and field.computed is None:
            written = [
                Label(line.span, "written-here", {"system": field_map.system.name})
                for field_map in sync.maps
                for line in field_map.lines
                if line.field is not None and line.field.name == field.name
            ]
            yield Diagnostic(
                "field.no-source",
                field.span,
                {"field": field.name, "entity": sync.entity.name},
                (*written, Label(sync.span, "this-sync")),
            )
