"""Functions over lists and sets."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from syncline_runtime.expressions.arithmetic import add
from syncline_runtime.expressions.comparing import collection, compared, negated
from syncline_runtime.expressions.missing import missing, unfit
from syncline_runtime.values import ABSENT, Money


def total(values: Any) -> Any:
    """The sum of numbers; 0 when there are none."""
    return _folded("sum", values) or 0


def total_decimal(values: Any) -> Decimal:
    """The sum of decimals; 0 when there are none."""
    return Decimal(total(values))


def total_money(values: Any) -> Money | None:
    """The sum of money of one currency; null when there is none, for then no currency is known."""
    result = _folded("sum", values)
    return result if type(result) is Money else None


def column(records: tuple[Mapping[str, Any], ...], name: str) -> tuple[Any, ...]:
    """What some records have in one field, in their order; those without a value there are left out."""
    found = (record.get(name) for record in records)
    return tuple(value for value in found if value is not None and value is not ABSENT)


def _folded(function: str, values: Any) -> Any:
    result = None
    for value in collection(function, values):
        if value is None or value is ABSENT:
            raise missing(value, f"an element of {function}")
        result = value if result is None else add(result, value)
    return result


def count(values: Any) -> int:
    """The number of elements."""
    return len(collection("count", values))


def least(values: Any) -> Any:
    """The smallest element; null when there is none."""
    return _extreme("min", values, -1)


def greatest(values: Any) -> Any:
    """The largest element; null when there is none."""
    return _extreme("max", values, 1)


def _extreme(function: str, values: Any, direction: int) -> Any:
    result = None
    for value in collection(function, values):
        if value is None or value is ABSENT:
            raise missing(value, f"an element of {function}")
        if result is None or compared(function, value, result) == direction:
            result = value
    return result


def every(values: Any) -> bool:
    """Whether all elements are true; so of none."""
    return not any(negated(value) for value in collection("all", values))


def some(values: Any) -> bool:
    """Whether an element is true; not so of none."""
    return not all(negated(value) for value in collection("any", values))


def first(values: Any) -> Any:
    """The first element of a list; null when there is none."""
    return _element("first", values, 0)


def last(values: Any) -> Any:
    """The last element of a list; null when there is none."""
    return _element("last", values, -1)


def _element(function: str, values: Any, index: int) -> Any:
    elements = collection(function, values)
    if not isinstance(elements, tuple):
        raise unfit(function, values)
    return elements[index] if elements else None
