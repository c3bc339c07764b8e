"""Expressions in the form that generated code calls for each record: the same meaning, fewer calls."""

from functools import reduce
from typing import Any

from syncline_runtime.expressions.arithmetic import add
from syncline_runtime.expressions.texts import LONGEST_TEXT


def concatenated(*texts: Any) -> str:
    """Texts one after the other, as `+` puts them; raises ExpressionError where one is missing or the result is too long."""
    try:
        whole = "".join(texts)
        if len(whole) <= LONGEST_TEXT:
            return whole
    except TypeError:
        pass
    return str(reduce(add, texts))
