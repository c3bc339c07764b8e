"""The refusal of a value, told without quoting it: values may be personal data."""

from collections.abc import Sized
from decimal import Decimal
from typing import Final

from syncline_runtime.values import Absent


class CodecError(ValueError):
    """A value that a codec or a type cannot carry.

    `reason` is a dotted code (`value.wrong-type`), `expected` says what would have been right, `shown` describes the
    class of the value. The value itself is only in `value`, never in the message, the repr or a pickle.
    """

    def __init__(self, reason: str, expected: str, shown: str, value: object = None) -> None:
        super().__init__(reason, expected, shown)
        self.reason = reason
        self.expected = expected
        self.shown = shown
        self.value = value

    def __reduce__(self) -> tuple[type["CodecError"], tuple[str, str, str]]:
        return type(self), (self.reason, self.expected, self.shown)

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.shown} ({self.reason})"


MAPPING_ERRORS: Final = (CodecError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)
"""What a mapping function may raise for one record; anything else is a fault of ours and stops the run."""


def refusal(reason: str, expected: str, value: object) -> CodecError:
    """The error to raise for `value`; the caller raises it, so that control flow shows at the call."""
    return CodecError(reason, expected, described(value), value)


def wrong_type(expected: str, value: object) -> CodecError:
    """The error for a value of another type than the codec takes."""
    return refusal("value.wrong-type", expected, value)


def described(value: object) -> str:
    """The class of a value in words, without its content."""
    match value:
        case None:
            return "null"
        case Absent():
            return "an absent field"
        case str():
            return f"text of {_number_of(value, 'character')}" if value else "empty text"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case Decimal():
            return "a decimal" if value.is_finite() else "a decimal that is not finite"
        case dict():
            return f"an object of {_number_of(value, 'field')}"
        case list() | tuple() | set() | frozenset():
            return f"a {type(value).__name__} of {_number_of(value, 'element')}"
        case _:
            return f"a value of type {type(value).__name__}"


def _number_of(value: Sized, part: str) -> str:
    return f"{len(value)} {part}" if len(value) == 1 else f"{len(value)} {part}s"
