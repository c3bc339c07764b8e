"""What makes a class a node of the syntax tree."""

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

Class = TypeVar("Class", bound=type)

# Not part of what a node says: where it stands, and what is derived from the rest.
_APART = frozenset({"span", "arrow_span", "source", "comments", "height"})


@dataclass_transform(frozen_default=True)
def node(cls: Class) -> Class:
    """A slotted class with a field per annotation, compared and hashed without its span.

    Frozen for the type checker; at run time nothing guards the fields, because the parser makes a hundred thousand
    nodes in a second. Eighty of the standard library's dataclasses cost seventy milliseconds of import, these three.
    """
    names = tuple(cls.__annotations__)
    told = tuple(name for name in names if name not in _APART)
    body = {key: value for key, value in vars(cls).items() if key not in {"__dict__", "__weakref__"}}
    if "height" not in names:
        body["height"] = 0
    scope: dict[str, Callable[..., Any]] = {}
    assignments = "".join(f"\n    self.{name} = {name}" for name in names)
    exec(f"def __init__(self, {', '.join(names)}):{assignments}", scope)
    body |= {"__slots__": names, "__match_args__": told, "__init__": scope["__init__"]}

    def values(self: object) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in told])

    def equal(self: object, other: object) -> bool:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    def hashed(self: object) -> int:
        return hash((type(self).__name__, *values(self)))

    def shown(self: object) -> str:
        return f"{type(self).__name__}({', '.join(repr(value) for value in values(self))})"

    body |= {"__eq__": equal, "__hash__": hashed, "__repr__": shown}
    return type(cls)(cls.__name__, cls.__bases__, body)
