"""Normalisation that no connector declares: how a stored value may have come of the one that was sent. Pure."""

from datetime import datetime, time
from decimal import Decimal
from typing import Final

from syncline_runtime.values import Money, Shown

REFORMATTED: Final = "reformat"

_SHORTEST, _SHORTEST_FOLDED = 8, 4
"""Characters that a cut leaves at least: a shorter beginning of what was sent may be somebody's own value, though hardly one in
other letters than those sent."""


def normalisation(sent: Shown, stored: Shown) -> str | None:
    """The declaration (`trim, lower`, `round(2)`) under which a system that was sent one value stores the other; None where the
    other is no plausible rendering of it."""
    match sent, stored:
        case str(), str():
            return _of_text(sent, stored)
        case None, "":
            return REFORMATTED
        case "", None:
            return "trim"
        case str(), None if not sent.strip():
            return "trim"
        case Decimal(), Decimal() if sent.is_finite() and stored.is_finite():
            return _of_number(sent, stored)
        case Money(), Money() if sent.currency == stored.currency:
            return normalisation(sent.amount, stored.amount)
        case datetime(), datetime() if abs((sent - stored).total_seconds()) < 60 and stored.microsecond == 0:
            return REFORMATTED
        case time(), time() if (sent.hour, sent.minute) == (stored.hour, stored.minute) and stored.microsecond == 0:
            return REFORMATTED
        case frozenset(), frozenset() if len(stored) <= len(sent):
            return _of_set(sent, stored)
        case _:
            return None


def _of_text(sent: str, stored: str) -> str | None:
    trimmed = " ".join(sent.split()) if "  " in sent or "\n" in sent else sent.strip()
    steps = ["trim"] if trimmed != sent and not stored.startswith(" ") else []
    shortest = _SHORTEST if trimmed.startswith(stored) else _SHORTEST_FOLDED
    for name, changed in (("", trimmed), ("lower", trimmed.lower()), ("upper", trimmed.upper())):
        declared = ", ".join([*steps, *([name] if name else [])])
        if stored in (changed, sent.strip()) and declared:
            return declared
        if len(stored) >= shortest and changed.startswith(stored):
            return ", ".join(filter(None, (declared, f"truncate({len(stored)})")))
    if stored and _bare(stored) == _bare(sent):
        return REFORMATTED
    return None


def _of_number(sent: Decimal, stored: Decimal) -> str | None:
    exponent = stored.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if abs(sent - stored) <= Decimal(1).scaleb(-places) and abs(sent - stored) * 100 <= abs(sent):
        return f"round({places})"
    return None


def _of_set(sent: frozenset[object], stored: frozenset[object]) -> str | None:
    names: set[str] = set()
    for element in stored - sent:
        found = [
            name
            for origin in sent
            if isinstance(origin, str) and isinstance(element, str) and (name := _of_text(origin, element)) is not None
        ]
        if not found:
            return None
        names.add(found[0])
    return ", ".join(sorted(names)) if len(stored) == len(sent) and names else None


def _bare(text: str) -> str:
    """Letters and digits alone: what a reformatted phone number or code keeps."""
    return "".join(filter(str.isalnum, text)).casefold()
