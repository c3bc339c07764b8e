"""How protocols spell sets and lists: an array, one text with separators, JSON in text."""

from typing import Any, TypeAlias

from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.codecs.text import Text, json_get, json_put
from syncline_runtime.values import ABSENT, Absent

Set: TypeAlias = frozenset[Any] | Absent | None
List: TypeAlias = tuple[Any, ...] | Absent | None


def _ordered(elements: Any) -> list[Any]:
    # Text sorts by code point; anything else by its spelling, so that equal sets are always written alike.
    return sorted(
        elements, key=lambda element: (type(element).__name__, element if type(element) is str else str(element))
    )


def wire_list_array_get(value: object) -> List:
    """A list as an array."""
    if type(value) is list:
        return tuple(value)
    if value is None or value is ABSENT or type(value) is tuple:
        return value
    raise wrong_type("an array", value)


def wire_list_array_put(value: object) -> list[Any] | Absent | None:
    """A list as an array."""
    if type(value) is tuple:
        return list(value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a list", value)


def wire_set_array_get(value: object) -> Set:
    """A set as an array; order and repetition are no difference."""
    if type(value) is list or type(value) is tuple:
        try:
            return frozenset(value)
        except TypeError:
            raise wrong_type("an array of plain values", value) from None
    if value is None or value is ABSENT:
        return value
    raise wrong_type("an array", value)


def wire_set_array_put(value: object) -> list[Any] | Absent | None:
    """A set as an array, in order."""
    if type(value) is frozenset:
        return _ordered(value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a set", value)


def wire_set_comma_get(value: object) -> Set:
    """A set of texts separated by commas; white space around an element is none, "" is the empty set."""
    return frozenset(_elements(value, ",")) if type(value) is str else wire_set_array_get(value)


def wire_set_comma_put(value: object) -> Text:
    """A set of texts separated by commas; refuses an element that could not be read back."""
    return _delimited(value, ",") if type(value) is frozenset else _nothing(value)


def wire_set_semicolon_get(value: object) -> Set:
    """A set of texts separated by semicolons; white space around an element is none, "" is the empty set."""
    return frozenset(_elements(value, ";")) if type(value) is str else wire_set_array_get(value)


def wire_set_semicolon_put(value: object) -> Text:
    """A set of texts separated by semicolons; refuses an element that could not be read back."""
    return _delimited(value, ";") if type(value) is frozenset else _nothing(value)


def wire_set_json_get(value: object) -> Set:
    """A set as JSON text of an array; a database's own array is taken too."""
    if type(value) is str:
        value = json_get(value) if value else None
    return wire_set_array_get(value)


def wire_set_json_put(value: object) -> Text:
    """A set as JSON text of an array."""
    return json_put(value) if type(value) is frozenset else _nothing(value)


def wire_list_comma_get(value: object) -> List:
    """A list of texts separated by commas; white space around an element is none, "" is the empty list."""
    return tuple(_elements(value, ",")) if type(value) is str else wire_list_array_get(value)


def wire_list_comma_put(value: object) -> Text:
    """A list of texts separated by commas; refuses an element that could not be read back."""
    return _delimited(value, ",") if type(value) is tuple else _nothing(value)


def wire_list_semicolon_get(value: object) -> List:
    """A list of texts separated by semicolons; white space around an element is none, "" is the empty list."""
    return tuple(_elements(value, ";")) if type(value) is str else wire_list_array_get(value)


def wire_list_semicolon_put(value: object) -> Text:
    """A list of texts separated by semicolons; refuses an element that could not be read back."""
    return _delimited(value, ";") if type(value) is tuple else _nothing(value)


def wire_list_json_get(value: object) -> List:
    """A list as JSON text of an array; a database's own array is taken too."""
    if type(value) is str:
        value = json_get(value) if value else None
    return wire_list_array_get(value)


def wire_list_json_put(value: object) -> Text:
    """A list as JSON text of an array."""
    return json_put(value) if type(value) is tuple else _nothing(value)


def _elements(value: str, separator: str) -> list[str]:
    return [element for part in value.split(separator) if (element := part.strip())]


def _delimited(value: Any, separator: str) -> str:
    ordered = _ordered(value) if type(value) is frozenset else list(value)
    for element in ordered:
        if type(element) is not str or not element or separator in element or element != element.strip():
            raise refusal("codec.separator", f"trimmed texts, none empty and none holding {separator!a}", value)
    return separator.join(ordered)


def _nothing(value: object) -> Absent | None:
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a set or list", value)
