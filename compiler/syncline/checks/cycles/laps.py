"""One lap of a loop, carried out: what becomes of a value that goes round, and of what came back."""

from typing import Any, NamedTuple

from syncline.checks.cycles.evaluating import Unknown, follow, read, samples_of, shown, write
from syncline.checks.cycles.graph import Edge
from syncline.model.expressions import EntityField
from syncline_runtime.codecs import CodecError


class Lap(NamedTuple):
    """Whether the second lap changes nothing any more; if it does, `first` and `second` are what the laps leave.

    `problem` is `unknown` where a lap cannot be carried out, `moves` where a value was found that goes on changing.
    `proven` says that every value was tried, or none is changed by any line.
    """

    ends: bool
    proven: bool = False
    problem: str = ""
    first: str = ""
    second: str = ""


def run_lap(loop: tuple[Edge, ...]) -> Lap:
    """The lap from the entity's field with which the loop can be entered."""
    if any(edge.line is None or edge.kind == "choice" for edge in loop):
        return Lap(False, problem="unknown")
    start = next((index for index, edge in enumerate(loop) if edge.kind == "write"), 0)
    turned = loop[start:] + loop[:start]
    if all(_copies(edge) for edge in turned):
        return Lap(True, proven=True)
    values, exhaustive = samples_of(turned[0])
    tried = False
    try:
        for value in values:
            try:
                once = _round(turned, value)
                twice = _round(turned, once)
            except CodecError:
                continue  # refused: it is held there, and goes no further
            tried = True
            if twice != once:
                return Lap(False, problem="moves", first=shown(once), second=shown(twice))
    except Unknown:
        return Lap(False, problem="unknown")
    return Lap(True, proven=exhaustive) if tried or exhaustive else Lap(False, problem="unknown")


def _round(loop: tuple[Edge, ...], value: Any) -> Any:
    for edge in loop:
        assert edge.line is not None
        match edge.kind:
            case "write":
                value = write(edge, value)
            case "follow":
                value = follow(edge, value)
            case _:
                value = read(edge, value)
    return value


def _copies(edge: Edge) -> bool:
    line = edge.line
    if line is None or edge.kind == "follow":
        return line is not None and isinstance(line.expression, EntityField) and not edge.several
    return not line.pipeline and len(line.natives) == 1 and line.expression is None and not line.picked
