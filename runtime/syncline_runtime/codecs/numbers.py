"""Numbers in their one form, and the codecs that round and scale them.

A number is finite and has at most 100 digits on either side of the point: every operation on it is bounded.
"""

from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
    Inexact,
    InvalidOperation,
    Overflow,
    Subnormal,
    Underflow,
)
from functools import lru_cache
from typing import Any, Final, TypeAlias

from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.values import ABSENT, Absent, Money

Number: TypeAlias = Decimal | Absent | None
Boolean: TypeAlias = bool | Absent | None

DIGITS: Final = 100
"""Digits that a number may have before the point, and as many after it."""

BOUND: Final = 10**DIGITS
"""The first integer that is too large."""

# Arithmetic that never rounds: what does not fit raises instead.
EXACT: Final = Context(
    prec=2 * DIGITS,
    Emax=DIGITS - 1,
    Emin=-DIGITS,
    traps=[InvalidOperation, Overflow, Underflow, Subnormal, Inexact],
)
# The same range, but results are rounded half up to the asked place.
ROUNDING: Final = Context(
    prec=2 * DIGITS, rounding=ROUND_HALF_UP, Emax=DIGITS - 1, Emin=-DIGITS, traps=[InvalidOperation, Overflow]
)
_ZERO: Final = Decimal(0)
_FEWEST_DIGITS = EXACT.normalize
_ADD = EXACT.add


def plain(value: Decimal) -> Decimal:
    """The one form of a decimal: no exponent, no trailing zeros, no negative zero (1.50 is 1.5, 1E+2 is 100, -0 is 0).

    Raises CodecError (`value.not-finite`, `value.out-of-range`).
    """
    try:
        if value.is_finite():
            return _ADD(_FEWEST_DIGITS(value), _ZERO)
    except DecimalException:
        raise refusal(
            "value.out-of-range", f"a number of at most {DIGITS} digits on each side of the point", value
        ) from None
    raise refusal("value.not-finite", "a finite number", value)


@lru_cache(maxsize=256)
def _quantum(scale: int) -> Decimal:
    return Decimal((0, (1,), -scale))


def fits(value: Decimal, scale: int) -> bool:
    """Whether a plain decimal has at most `scale` decimals."""
    return ROUNDING.quantize(value, _quantum(scale)) == value


def rounded(value: Decimal, scale: int) -> Decimal:
    """The decimal rounded to `scale` decimals, halves away from zero, as invoices and tax rules do (ISO 80000-1, rule B)."""
    if scale > DIGITS:
        return plain(value)
    try:
        return plain(ROUNDING.quantize(value, _quantum(scale)))
    except DecimalException:
        raise refusal(
            "value.out-of-range", f"a number of at most {DIGITS} digits on each side of the point", value
        ) from None


def spelled(value: Decimal, scale: int | None = None) -> str:
    """A plain decimal as text, padded to `scale`; refuses one with more decimals (`value.too-precise`)."""
    if scale is None:
        digits = str(value)
        return format(value, "f") if "E" in digits else digits
    try:
        return format(EXACT.quantize(value, _quantum(scale)), "f")
    except DecimalException:
        raise refusal("value.too-precise", f"a number of at most {scale} decimals", value) from None


def shifted(value: Decimal, places: int) -> Decimal:
    """The decimal times ten to the power of `places`, exactly."""
    try:
        return plain(EXACT.scaleb(value, places))
    except DecimalException:
        raise refusal(
            "value.out-of-range", f"a number of at most {DIGITS} digits on each side of the point", value
        ) from None


def same_literal(value: object, literal: object) -> bool:
    """Whether a native value is the one that a spec writes: numbers by value, and True is not 1."""
    if type(value) is type(literal):
        return value == literal
    return type(value) is Decimal and type(literal) is int and value.is_finite() and value == literal


def round_get(value: object, scale: int) -> Any:
    """The value as read: nothing that the system shows is dropped."""
    if value is None or value is ABSENT:
        return value
    if type(value) is Decimal:
        return plain(value)
    if type(value) is Money:
        return Money(plain(value.amount), value.currency)
    if type(value) is int:
        return plain(Decimal(value))
    raise wrong_type("a decimal or money", value)


def round_put(value: object, scale: int) -> Any:
    """The decimal, or the amount of the money, rounded half away from zero to `scale` decimals."""
    if type(value) is Decimal:
        return rounded(value, scale)
    if type(value) is Money:
        return Money(rounded(value.amount, scale), value.currency)
    if value is None or value is ABSENT:
        return value
    if type(value) is int:
        return plain(Decimal(value))
    raise wrong_type("a decimal or money", value)


def percent_get(value: object) -> Number:
    """A rate that the system spells in hundredths (16) as the fraction it is (0.16)."""
    if type(value) is Decimal:
        return shifted(value, -2)
    if type(value) is int:
        return shifted(plain(Decimal(value)), -2)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a number", value)


def percent_put(value: object) -> Number:
    """A rate (0.16) in the system's hundredths (16)."""
    if type(value) is Decimal:
        return shifted(value, 2)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a decimal", value)


def bool_get(value: object, yes: object, no: object) -> Boolean:
    """True for the native `yes`, False for `no`; refuses anything else."""
    if value is None or value is ABSENT:
        return value
    if same_literal(value, yes):
        return True
    if same_literal(value, no):
        return False
    raise refusal("codec.unknown-value", f"{yes!a} or {no!a}", value)


def bool_put(value: object, yes: Any, no: Any) -> Any:
    """The native `yes` for True, `no` for False."""
    if value is True:
        return yes
    if value is False:
        return no
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a boolean", value)
