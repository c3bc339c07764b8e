"""The runtime's declarations as Python: a call for each frozen value, with what differs from its defaults."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from enum import Enum, Flag
from typing import Any

from syncline.lowering.layout import (
    Bracketed,
    Code,
    Imported,
    Infix,
    Item,
    Joined,
    Plain,
    call,
    laid_out,
    mapping,
    members,
    sequence,
    text,
)
from syncline.lowering.quoting import literal
from syncline.view import Constant


def spelled(value: Any) -> Code:
    """The expression that evaluates to an equal declaration. Raises TypeError for what a declaration cannot hold."""
    match value:
        case str():
            return text(value)
        case Flag():
            names = [Joined((Imported(type(value).__name__), Plain(f".{one.name}"))) for one in value]
            return names[0] if len(names) == 1 else Infix((("", names[0]), *(("|", name) for name in names[1:])))
        case Enum():
            return Joined((Imported(type(value).__name__), Plain(f".{value.name}")))
        case None | bool() | int() | float():
            return Plain(literal(value))
        case Decimal():
            return call("Decimal", Plain(literal(str(value))))
        case tuple():
            return sequence(spelled(item) for item in value)
        case frozenset():
            return (
                call(Plain("frozenset"), members(text(item) for item in sorted(value)))
                if value
                else call(Plain("frozenset"))
            )
        case Mapping():
            return mapping((literal(key), spelled(item)) for key, item in value.items())
        case _ if is_dataclass(value) and type(value).__module__.startswith("syncline_runtime.declaration"):
            given = [item for item in fields(value) if getattr(value, item.name) != _default(item)]
            # Only what stands first goes without its name: `FromEnvironment("TOKEN", secret=True)`.
            unnamed = next((item.name for item in given if not item.kw_only), None)
            items = (
                Item("" if item.name == unnamed else f"{item.name}=", spelled(getattr(value, item.name)))
                for item in given
            )
            return Bracketed(Imported(type(value).__name__), "(", tuple(items), ")")
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a declaration")


def _default(item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    return item.default_factory() if item.default_factory is not MISSING else MISSING


def constant(target: str, code: Code) -> Constant:
    """A module constant, laid out at the left margin."""
    return Constant(target, laid_out(code, indent="", before=len(target) + 3, after=0))
