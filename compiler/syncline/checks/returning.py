"""Returning values: what a line computes for a system is not read back from there as another value of the same field."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.expressions import EntityField
from syncline.model.spec import Arrow, Line, Map
from syncline.model.spelling import names_in
from syncline_runtime.declaration import When


def check_returning(field_map: Map) -> Iterator[Diagnostic]:
    """map.comes-back: sound, since a field that is read as it stands comes back as the expression left it.

    A read that has a codec or an expression of its own may undo the write, and is left alone.
    """
    read = {
        (line.natives[0].name, line.field.name): line
        for line in field_map.lines
        if line.arrow is Arrow.READ and line.field is not None and _as_it_stands(line)
    }
    for line in field_map.lines:
        if line.arrow is not Arrow.WRITE or line.expression is None or not line.natives:
            continue
        if (line.when & (When.ON_CREATE | When.INTO_EMPTY)) or isinstance(line.expression, EntityField):
            continue
        native = line.natives[0].name
        for name in names_in(line.expression):
            if (reading := read.get((native, name))) is not None:
                facts: dict[str, Fact] = {"field": name, "native": native, "system": field_map.system.name}
                yield Diagnostic("map.comes-back", line.span, facts, (Label(reading.span, "read-here"),))


def _as_it_stands(line: Line) -> bool:
    return len(line.natives) == 1 and line.expression is None and not line.pipeline
