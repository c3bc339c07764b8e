"""Units: an amount that one system keeps in one currency is not written to another as one of another currency."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.model.spec import Arrow, Line, Sync


def check_units(sync: Sync) -> Iterator[Diagnostic]:
    """unit.currency."""
    fixed = [
        (field_map.system.name, line, currency)
        for field_map in sync.maps
        for line in field_map.lines
        if (currency := _currency(line)) is not None
    ]
    for system, line, written in fixed:
        if line.arrow is Arrow.READ:
            continue
        for source, other, read in fixed:
            # Two lines that both read and write are told of once, at the later one.
            if other.field == line.field and other.arrow is not Arrow.WRITE and read != written and other is not line:
                if line.arrow is Arrow.BOTH and other.arrow is Arrow.BOTH and line.span.start < other.span.start:
                    continue
                yield Diagnostic(
                    "unit.currency",
                    line.span,
                    {"field": line.slot, "system": system, "source": source, "read": read, "written": written},
                    (Label(other.span, "other-end"),),
                )
                break


def _currency(line: Line) -> str | None:
    """The one currency in which the line's system keeps the field; None when it says the currency itself, or none."""
    found = next((step for step in line.pipeline if step.name in ("money_in", "money_minor")), None)
    return str(found.arguments[0]) if found is not None and line.field is not None else None
