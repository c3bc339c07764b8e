"""Which units two types speak of that do not mean the same: a number is no amount of money, an instant is no day."""

from typing import Final

_NUMBERS: Final = ("integer", "decimal")
_PROBLEMS: Final = {
    **{frozenset(("money", number)): "money-number" for number in _NUMBERS},
    **{frozenset(("percent", number)): "percent-number" for number in _NUMBERS},
    **{frozenset(("instant", number)): "instant-number" for number in _NUMBERS},
    **{frozenset(("duration", number)): "duration-number" for number in _NUMBERS},
    frozenset(("instant", "date")): "instant-date",
    frozenset(("instant", "local_time")): "instant-time",
    frozenset(("instant", "local")): "instant-local",
}
MENDS: Final = {
    "money-number": 'Name the currency: `as money("EUR")`, `as money("EUR", minor)` where it is counted in cents, or '
    "`[amount, currency] as money` where the system says it",
    "percent-number": "Say `as percent`: the system's 16 is then 16 %. Where it keeps the part of one (0.16), let the field be a "
    "`decimal`",
    "instant-number": "Say `as epoch(s)`, `as epoch(ms)` or `as epoch(us)`",
    "duration-number": "Declare the system's field as what it is: `duration spelled seconds` or `duration spelled "
    "milliseconds`",
    "instant-date": 'Say in which zone the day begins, one way: `date(created, "Europe/Oslo")`',
    "instant-time": 'Say in which zone the clock stands, one way: `local_time(created, "Europe/Oslo")`',
    "instant-local": 'Say in which zone the system keeps its time: `as zone("Europe/Oslo")`',
}
"""How to mend each problem."""


def unit_problem(one: str, other: str) -> str:
    """Why values of two kinds are not comparable as they are; empty where it is no matter of units."""
    return _PROBLEMS.get(frozenset((one, other)), "")
