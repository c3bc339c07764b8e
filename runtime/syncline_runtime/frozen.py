"""The standard library's dataclass at a third of its cost to define: for the classes that every command imports.

Seventy frozen, slotted dataclasses cost 70 ms of import, most of it in methods that are compiled one by one for each class.
Here the constructor is still the library's; comparing, hashing and showing are shared, and that nobody assigns to a field is
left to the type checker, which sees the library's own decorator.
"""

import dataclasses
from collections.abc import Callable
from typing import Any


def dataclass(*, frozen: bool = True, slots: bool = True, kw_only: bool = False) -> Callable[[type], type]:
    """As `dataclasses.dataclass`, for frozen and slotted classes."""
    assert frozen
    assert slots

    def made(cls: type) -> type:
        found: type = dataclasses.dataclass(init=True, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
        shared: dict[str, Any] = {"__repr__": _shown, "__eq__": _equal, "__hash__": _hashed}
        for name, method in shared.items():
            setattr(found, name, method)
        return found

    return made


def _values(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__dataclass_fields__])


def _equal(self: Any, other: Any) -> Any:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hashed(self: Any) -> int:
    return hash(_values(self))


def _shown(self: Any) -> str:
    given = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__)
    return f"{type(self).__qualname__}({given})"
