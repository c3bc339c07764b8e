"""Codecs over text: spelling rules that a system keeps for a name, a key, a list in one field.

Reading is `<name>_get`, writing `<name>_put`; null and ABSENT pass both ways unless the codec is about absence.
"""

import json
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from syncline_runtime.codecs.numbers import BOUND, DIGITS, plain, same_literal
from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.values import ABSENT, Absent

Text: TypeAlias = str | Absent | None
Texts: TypeAlias = tuple[str, ...] | Absent | None


def trim_get(value: object) -> Text:
    """Text without the white space around it (Unicode's notion of white space)."""
    if type(value) is str:
        return value.strip()
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


trim_put = trim_get
"""Writing trims as well: outer space is no difference."""


def lower_get(value: object) -> Text:
    """Text in lower case, by Unicode's rules for no language in particular (a Turkish dotted I stays dotted)."""
    if type(value) is str:
        return value.lower()
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


lower_put = lower_get


def upper_get(value: object) -> Text:
    """Text in upper case, by Unicode's rules for no language in particular."""
    if type(value) is str:
        return value.upper()
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


upper_put = upper_get


def strip_get(value: object, characters: str) -> Text:
    """Text without any of `characters`, wherever they stand."""
    if type(value) is str:
        for character in characters:
            if character in value:
                value = value.replace(character, "")
        return value
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


strip_put = strip_get


def prefix_get(value: object, prefix: str) -> Text:
    """What follows `prefix`; refuses text that does not start with it."""
    if type(value) is str:
        if value.startswith(prefix):
            return value[len(prefix) :]
        raise refusal("codec.no-prefix", f"text that starts with {prefix!a}", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def prefix_put(value: object, prefix: str) -> Text:
    """The text with `prefix` before it."""
    if type(value) is str:
        return prefix + value
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def suffix_get(value: object, suffix: str) -> Text:
    """What precedes `suffix`; refuses text that does not end with it."""
    if type(value) is str:
        if value.endswith(suffix):
            return value[: len(value) - len(suffix)]
        raise refusal("codec.no-suffix", f"text that ends with {suffix!a}", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def suffix_put(value: object, suffix: str) -> Text:
    """The text with `suffix` after it."""
    if type(value) is str:
        return value + suffix
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def split_get(value: object, separator: str) -> Texts:
    """The parts between separators, in order; empty parts are none, so "" is the empty list."""
    if type(value) is str:
        return tuple([part for part in value.split(separator) if part])
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def split_put(value: object, separator: str) -> Text:
    """The parts joined; a set is written in code point order. Refuses a part that is empty or could not be split off again."""
    if value is None or value is ABSENT:
        return value
    written = separator.join(_parts(value))
    if split_get(written, separator) != tuple(_parts(value)):
        raise refusal("codec.separator", f"parts that are not empty and free of {separator!a}", value)
    return written


def _parts(value: object) -> Iterable[str]:
    if not isinstance(value, tuple | frozenset) or not all(type(part) is str for part in value):
        raise wrong_type("a list or set of text", value)
    return sorted(value) if isinstance(value, frozenset) else value


def join_get(value: object, separator: str) -> Text:
    """Several native fields as one text; trailing fields may be missing, all missing is null.

    Refuses a part that holds the separator and a missing part before a present one: neither could be taken apart again.
    """
    if not isinstance(value, tuple | list):
        raise wrong_type("the native fields that are joined", value)
    if ABSENT in value:
        return ABSENT
    parts = [part for part in value if part is not None and part != ""]
    if not parts:
        return None
    if any(type(part) is not str for part in parts):
        raise wrong_type("fields of text", value)
    joined = separator.join(parts)
    if parts != list(value[: len(parts)]) or joined.split(separator) != parts:
        raise refusal("codec.separator", f"fields filled from the first on, none holding {separator!a}", value)
    return joined


def join_put(value: object, separator: str, count: int) -> tuple[Text, ...]:
    """The text taken apart into `count` native fields; those beyond its parts are null."""
    if value is None or value is ABSENT:
        return (value,) * count
    if type(value) is not str:
        raise wrong_type("text", value)
    parts = value.split(separator)
    if len(parts) > count or not all(parts):
        raise refusal("codec.separator", f"text of 1 to {count} parts separated by {separator!a}, none empty", value)
    return (*parts, *(None,) * (count - len(parts)))


def none_get(value: object, placeholder: object) -> Any:
    """Null for the placeholder, any other value unchanged."""
    return None if same_literal(value, placeholder) else value


def none_put(value: object, placeholder: object) -> Any:
    """The placeholder for null; refuses a real value that is spelled like it."""
    if value is None:
        return placeholder
    if same_literal(value, placeholder):
        raise refusal("codec.placeholder", "a value other than the spelling of absence", value)
    return value


def e164_get(value: object, region: str) -> Text:
    """A phone number in E.164; one without a country code is taken to be of `region`. Refuses extensions, which E.164 lacks."""
    if type(value) is str:
        return _e164(value, region)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


e164_put = e164_get


# Parsing takes 100 times as long as remembering, and one number is read at every look at its record.
@lru_cache(maxsize=4096)
def _e164(value: str, region: str) -> str:
    import phonenumbers  # heavy: only who syncs phones pays for it

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        raise refusal("value.not-a-phone", f"a phone number, international or of {region}", value) from None
    if number.extension or not phonenumbers.is_possible_number(number):
        raise refusal("value.not-a-phone", f"a phone number of a possible length without extension ({region})", value)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def json_get(value: object) -> Any:
    """The scalar or list that a JSON text spells; lists become tuples, fractions Decimals. Refuses objects: map their fields."""
    if value is None or value is ABSENT:
        return value
    if type(value) is not str:
        raise wrong_type("JSON text", value)
    try:
        return _frozen(json.loads(value, parse_float=_decimal, parse_int=_integer, parse_constant=_not_json))
    except (ValueError, RecursionError):
        raise refusal("value.not-json", "JSON text of a scalar or a list", value) from None


def json_put(value: object) -> Text:
    """Compact JSON text of a scalar, list or set; sets in code point order of their JSON."""
    return value if value is None or value is ABSENT else _encoded(value)


def _encoded(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case tuple() if type(value) is tuple:
            return f"[{','.join(map(_encoded, value))}]"
        case frozenset():
            return f"[{','.join(sorted(map(_encoded, value)))}]"
        case _:
            return _encoded_number(value)


def _encoded_number(value: object) -> str:
    if type(value) is int and -BOUND < value < BOUND:
        return str(value)
    if type(value) is Decimal:
        return format(plain(value), "f")
    raise wrong_type("a text, number, boolean, list or set", value)


def _frozen(value: object) -> Any:
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, dict):
        raise ValueError
    return value


def _decimal(digits: str) -> Any:
    return plain(Decimal(digits))


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS:
        raise ValueError
    return int(digits)


def _not_json(constant: str) -> Any:
    raise ValueError(constant)
