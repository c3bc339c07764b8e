"""Arithmetic on numbers, money and times: exact, but for quotients, which keep 34 digits."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from typing import Any, Final

from syncline_runtime.codecs.numbers import BOUND, DIGITS, EXACT, plain, rounded
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.expressions.converting import as_number
from syncline_runtime.expressions.missing import ExpressionError, missing, out_of_range, sides, unfit
from syncline_runtime.expressions.texts import count_argument, short_enough
from syncline_runtime.values import ABSENT, Money

_QUOTIENT: Final = Context(
    prec=34, rounding=ROUND_HALF_UP, Emax=DIGITS - 1, Emin=-DIGITS, traps=[InvalidOperation, DivisionByZero, Overflow]
)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)


def exactly(symbol: str, operation: Callable[[Decimal, Decimal], Decimal], left: Decimal, right: Decimal) -> Decimal:
    try:
        return plain(operation(left, right))
    except (DecimalException, CodecError):
        raise out_of_range(symbol, left, right) from None


def _bounded(symbol: str, value: int) -> int:
    if -BOUND < value < BOUND:
        return value
    raise out_of_range(symbol, value)


def _in_time(symbol: str, operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    try:
        return operation(left, right)
    except OverflowError:
        raise out_of_range(symbol, left, right) from None


def _whole_days(left: object, span: timedelta) -> bool:
    return type(left) is not date or not span % _DAY


def add(left: Any, right: Any) -> Any:
    """`+`: numbers, money of one currency, texts one after the other, a time and a duration, durations."""
    match left, right:
        case str(), str():
            return short_enough("+", left + right)
        case Money(), Money() if left.currency == right.currency:
            return Money(exactly("+", EXACT.add, left.amount, right.amount), left.currency)
        case (Decimal() | int(), Decimal() | int()) if type(left) is not bool and type(right) is not bool:
            if type(left) is int and type(right) is int:
                return _bounded("+", left + right)
            return exactly("+", EXACT.add, Decimal(left), Decimal(right))
        case (date() | timedelta(), timedelta()) if _whole_days(left, right):
            return _in_time("+", lambda moment, span: moment + span, left, right)
        case _:
            raise sides("+", left, right)


def subtract(left: Any, right: Any) -> Any:
    """`-`: numbers, money of one currency, a time less a duration, the duration between two times, durations."""
    match left, right:
        case Money(), Money() if left.currency == right.currency:
            return Money(exactly("-", EXACT.subtract, left.amount, right.amount), left.currency)
        case (Decimal() | int(), Decimal() | int()) if type(left) is not bool and type(right) is not bool:
            if type(left) is int and type(right) is int:
                return _bounded("-", left - right)
            return exactly("-", EXACT.subtract, Decimal(left), Decimal(right))
        case (date() | timedelta(), timedelta()) if _whole_days(left, right):
            return _in_time("-", lambda moment, span: moment - span, left, right)
        case (date(), date()) if type(left) is type(right):
            return left - right
        case _:
            raise sides("-", left, right)


def multiply(left: Any, right: Any) -> Any:
    """`*`: numbers, money by a number, a duration by an integer."""
    match left, right:
        case (Money(), Decimal() | int()) if type(right) is not bool:
            return Money(exactly("*", EXACT.multiply, left.amount, Decimal(right)), left.currency)
        case (Decimal() | int(), Money()) if type(left) is not bool:
            return multiply(right, left)
        case (Decimal() | int(), Decimal() | int()) if type(left) is not bool and type(right) is not bool:
            if type(left) is int and type(right) is int:
                return _bounded("*", left * right)
            return exactly("*", EXACT.multiply, Decimal(left), Decimal(right))
        case (timedelta(), int()) if type(right) is not bool:
            return _in_time("*", lambda span, times: span * times, left, right)
        case _:
            raise sides("*", left, right)


def divide(left: Any, right: Any) -> Any:
    """`/`: numbers, money by a number, the ratio of two sums of money or of two durations; to 34 digits, half up."""
    match left, right:
        case (Money(), Decimal() | int()) if type(right) is not bool:
            return Money(_ratio(left.amount, Decimal(right)), left.currency)
        case Money(), Money() if left.currency == right.currency:
            return _ratio(left.amount, right.amount)
        case (Decimal() | int(), Decimal() | int()) if type(left) is not bool and type(right) is not bool:
            return _ratio(Decimal(left), Decimal(right))
        case timedelta(), timedelta():
            return _ratio(Decimal(left // _MICROSECOND), Decimal(right // _MICROSECOND))
        case _:
            raise sides("/", left, right)


def _ratio(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise ExpressionError("expression.division-by-zero", "a divisor other than zero", "zero")
    return exactly("/", _QUOTIENT.divide, left, right)


def negate(value: Any) -> Any:
    """`-` before a number, money or a duration."""
    match value:
        case Money():
            return Money(exactly("-", EXACT.subtract, Decimal(0), value.amount), value.currency)
        case Decimal():
            return exactly("-", EXACT.subtract, Decimal(0), value)
        case int() | timedelta() if type(value) is not bool:
            return -value
        case None:
            raise missing(value, "the number after -")
        case _:
            raise unfit("-", value)


def absolute(value: Any) -> Any:
    """The number or money without its sign."""
    opposite = negate(value)
    return max(value, opposite, key=lambda signed: signed.amount if isinstance(signed, Money) else signed)


def round_to(value: Any, scale: Any) -> Any:
    """The number or money rounded to `scale` decimals, halves away from zero."""
    places = count_argument("round", scale)
    if type(value) is Money:
        return Money(rounded(value.amount, places), value.currency)
    number = as_number(value)
    if number is None:
        raise missing(value, "the number of round") if value is None or value is ABSENT else unfit("round", value)
    return rounded(number, places)
