"""Functions over text; a result has at most a million characters."""

from typing import Any, Final
from unicodedata import combining

from syncline_runtime.expressions.comparing import collection, is_in
from syncline_runtime.expressions.missing import missing, out_of_range, unfit
from syncline_runtime.values import ABSENT

LONGEST_TEXT: Final = 1_000_000
"""Characters that the result of a text function may have."""


def text_argument(function: str, value: Any) -> str:
    if type(value) is str:
        return value
    if value is None or value is ABSENT:
        raise missing(value, f"the text of {function}")
    raise unfit(function, value)


def count_argument(function: str, value: Any) -> int:
    if type(value) is int and value >= 0:
        return value
    raise missing(value, f"the number of {function}") if value is None else unfit(function, value)


def short_enough(function: str, text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    raise out_of_range(function, text)


def lower(text: Any) -> str:
    """The text in lower case."""
    return text_argument("lower", text).lower()


def upper(text: Any) -> str:
    """The text in upper case."""
    return text_argument("upper", text).upper()


def trim(text: Any) -> str:
    """The text without the white space around it."""
    return text_argument("trim", text).strip()


def truncate(text: Any, longest: Any) -> str:
    """At most the first `longest` characters; a letter is never parted from its combining marks."""
    whole, end = text_argument("truncate", text), count_argument("truncate", longest)
    if len(whole) <= end:
        return whole
    while end and combining(whole[end]):
        end -= 1
    return whole[:end]


def replace(text: Any, old: Any, new: Any) -> str:
    """The text with every `old` replaced by `new`; an empty `old` occurs nowhere."""
    whole, part, other = text_argument("replace", text), text_argument("replace", old), text_argument("replace", new)
    if not part:
        return whole
    if len(whole) + whole.count(part) * (len(other) - len(part)) > LONGEST_TEXT:
        raise out_of_range("replace", text)
    return whole.replace(part, other)


def length(value: Any) -> int:
    """The number of characters of a text."""
    return len(text_argument("length", value))


def split(text: Any, separator: Any) -> tuple[str, ...]:
    """The parts between separators that are not empty; an empty separator occurs nowhere."""
    whole, between = text_argument("split", text), text_argument("split", separator)
    return tuple(part for part in (whole.split(between) if between else [whole]) if part)


def join(texts: Any, separator: Any) -> str:
    """The texts of a list one after the other with the separator between; those of a set in code point order."""
    between = text_argument("join", separator)
    parts = [text_argument("join", part) for part in collection("join", texts)]
    if sum(map(len, parts)) + len(between) * len(parts) > LONGEST_TEXT:
        raise out_of_range("join", texts)
    return between.join(sorted(parts) if isinstance(texts, frozenset) else parts)


def contains(value: Any, part: Any) -> bool:
    """Whether a text holds another, or a collection a value."""
    if isinstance(value, tuple | frozenset):
        return is_in(part, value)
    return text_argument("contains", part) in text_argument("contains", value)


def starts_with(text: Any, part: Any) -> bool:
    """Whether a text starts with another."""
    return text_argument("starts_with", text).startswith(text_argument("starts_with", part))


def ends_with(text: Any, part: Any) -> bool:
    """Whether a text ends with another."""
    return text_argument("ends_with", text).endswith(text_argument("ends_with", part))
