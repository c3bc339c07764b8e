"""Derivations: records of one entity that follow from those of another."""

from typing import TYPE_CHECKING

from syncline.model.expressions import Expression
from syncline.model.spec import Entity, Line
from syncline.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """`derive ENTITY from ORIGIN once when …` (`once`) or `… while …`.

    `condition` and the expressions of `lines` are over the fields of `origin`; the lines read, and name no system's field. A line
    without an expression refers to the record of `origin` itself.
    """

    entity: Entity
    origin: Entity
    once: bool
    condition: Expression
    lines: tuple[Line, ...]
    span: Span
    doc: str = ""
    complete: bool = True  # False: a line was reported and left out

    @property
    def filled(self) -> frozenset[str]:
        """The fields of the entity that its lines fill."""
        return frozenset(line.field.name for line in self.lines if line.field is not None)
