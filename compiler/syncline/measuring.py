"""Where the time of a check goes, for `--stats`; nothing is measured unless somebody asks."""

from collections.abc import Callable
from time import perf_counter
from typing import Protocol, TypeVar

Result = TypeVar("Result")


class Timed(Protocol):
    """Does a piece of work under a name and hands on its result."""

    def __call__(self, name: str, work: Callable[[], Result]) -> Result: ...


def untimed(name: str, work: Callable[[], Result]) -> Result:
    """Does the work, and that is all."""
    return work()


class Stopwatch:
    """Seconds and calls by name. Work within other work counts for itself alone."""

    __slots__ = ("_inner", "calls", "seconds")

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self._inner: list[float] = []

    def __call__(self, name: str, work: Callable[[], Result]) -> Result:
        self.seconds.setdefault(name, 0.0)
        self.calls[name] = self.calls.get(name, 0) + 1
        self._inner.append(0.0)
        start = perf_counter()
        try:
            return work()
        finally:
            whole = perf_counter() - start
            self.seconds[name] += whole - self._inner.pop()
            if self._inner:
                self._inner[-1] += whole
