"""Codecs: a two-way line reads back what it writes; the finding names a value for which it does not."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.model.spec import Arrow, CodecUse, Line, Map


def check_codecs(field_map: Map) -> Iterator[Diagnostic]:
    """codec.not-invertible."""
    for line in field_map.lines:
        if line.arrow is Arrow.BOTH:
            for step in line.pipeline:
                if step.table:
                    yield from _table(line, step)


def _table(line: Line, step: CodecUse) -> Iterator[Diagnostic]:
    """A value whose spelling means another value when it is read: the table is no function both ways."""
    meaning: dict[tuple[str, object], str] = {}
    for value, natives in step.table:
        for native in natives:
            first = meaning.setdefault((type(native).__name__, native), value)
            if first != value:
                yield Diagnostic(
                    "codec.not-invertible",
                    step.span,
                    {"field": line.slot, "value": value, "native": str(native), "back": first},
                    (Label(line.span, "two-way-line"),) if line.span.start != step.span.start else (),
                )
                return
