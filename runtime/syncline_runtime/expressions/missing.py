"""Why an expression has no result for the values at hand."""

from syncline_runtime.codecs.refusal import CodecError, described
from syncline_runtime.values import ABSENT, Money


class ExpressionError(CodecError):
    """An expression without a result for these values; like a CodecError, it never quotes them."""


def missing(value: object, place: str) -> ExpressionError:
    return ExpressionError("expression.missing-value", f"a value for {place}", described(value), value)


def unfit(function: str, *values: object) -> ExpressionError:
    shown = " and ".join(map(described, values))
    return ExpressionError("expression.wrong-type", f"values that {function} takes", shown, values)


def sides(symbol: str, left: object, right: object) -> ExpressionError:
    for value, side in ((left, "left"), (right, "right")):
        if value is None or value is ABSENT:
            return missing(value, f"the {side} side of {symbol}")
    if isinstance(left, Money) and isinstance(right, Money):
        return ExpressionError(
            "expression.currencies", f"money of one currency around {symbol}", "two currencies", (left, right)
        )
    return unfit(symbol, left, right)


def out_of_range(function: str, *values: object) -> ExpressionError:
    return ExpressionError(
        "expression.out-of-range", f"a result of {function} within bounds", "one outside them", values
    )
