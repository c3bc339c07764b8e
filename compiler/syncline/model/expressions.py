"""Typed expressions: every name is resolved to a field, every operator to a function of the runtime's registry."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from syncline.model.types import Type
from syncline.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: text, number (Decimal or int), boolean, duration, null, an enum member's name, or an empty set or list."""

    value: "str | int | bool | Decimal | timedelta | frozenset[str] | tuple[()] | None"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class EntityField:
    """A field of the entity, by dotted name."""

    name: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class NativeValue:
    """A field of the system's resource, by its name there; read through its wire codec."""

    name: str
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """A registry function (`expressions.FUNCTIONS`), operators included, applied to arguments."""

    function: str
    arguments: tuple["Expression", ...]
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Choose:
    """`if CONDITION then A else B`; only the chosen branch is evaluated."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"
    type: Type
    span: Span


@dataclass(frozen=True, slots=True)
class Both:
    """`A and B` (`every` true) or `A or B`; evaluated from the left, stops early."""

    every: bool
    parts: tuple["Expression", ...]
    type: Type
    span: Span


Expression: TypeAlias = Constant | EntityField | NativeValue | Apply | Choose | Both
