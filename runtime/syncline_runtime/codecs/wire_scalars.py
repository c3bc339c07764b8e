"""How protocols spell texts, numbers, booleans and absence: `wire_<type>_<spelling>_get` and `_put`.

Spellings in text read "" as null, for no number, date or boolean is empty; texts do so only when spelled `blank`.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias
from uuid import UUID

from syncline_runtime.codecs.numbers import BOUND, DIGITS, Boolean, Number, plain, spelled
from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.codecs.text import Text
from syncline_runtime.values import ABSENT, Absent, Money

Integer: TypeAlias = int | Absent | None
Binary: TypeAlias = bytes | Absent | None
Tagged: TypeAlias = dict[str, Any] | Absent | None

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,100}").fullmatch
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,100}\.?[0-9]{0,200}|\.[0-9]{1,200})(?:[eE][+-]?[0-9]{1,3})?").fullmatch
_DIGITS: Final = f"a number of at most {DIGITS} digits on each side of the point"


def wire_null_blank_get(value: Any) -> Any:
    """Null for "", whatever the field's type."""
    return None if value == "" and type(value) is str else value


def wire_null_blank_put(value: Any) -> Any:
    """ "" for null."""
    return "" if value is None else value


def wire_null_zero_get(value: Any) -> Any:
    """Null for the number 0."""
    return None if type(value) in (int, float, Decimal) and not value else value


def wire_null_zero_put(value: Any) -> Any:
    """0 for null."""
    return 0 if value is None else value


def wire_null_false_get(value: Any) -> Any:
    """Null for `false`, as XML-RPC descendants say it; not for fields that are booleans."""
    return None if value is False else value


def wire_null_false_put(value: Any) -> Any:
    """`false` for null."""
    return False if value is None else value


def wire_text_plain_get(value: object) -> Text:
    """Text as it is; "" is empty, not null."""
    if type(value) is str or value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


wire_text_plain_put = wire_text_plain_get


def wire_text_blank_get(value: object) -> Text:
    """Text, where "" is null."""
    if type(value) is str:
        return value or None
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def wire_text_blank_put(value: object) -> Text:
    """Text, where null is ""."""
    if type(value) is str or value is ABSENT:
        return value
    if value is None:
        return ""
    raise wrong_type("text", value)


def wire_text_false_get(value: object) -> Text:
    """Text, where `false` is null."""
    if type(value) is str or value is None or value is ABSENT:
        return value
    if value is False:
        return None
    raise wrong_type("text or false", value)


def wire_text_false_put(value: object) -> str | bool | Absent:
    """Text, where null is `false`."""
    if type(value) is str or value is ABSENT:
        return value
    if value is None:
        return False
    raise wrong_type("text", value)


def wire_text_lower_get(value: object) -> Text:
    """A code that the system spells in lower case (`mxn`), in upper case."""
    if type(value) is str:
        return value.upper() if value else None
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def wire_text_lower_put(value: object) -> Text:
    """A code in lower case."""
    if type(value) is str:
        return value.lower()
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def wire_language_underscore_get(value: object) -> Text:
    """A locale spelled `es_MX` as the language tag `es-MX`."""
    if type(value) is str:
        return value.replace("_", "-") if value else None
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def wire_language_underscore_put(value: object) -> Text:
    """A language tag `es-MX` as the locale `es_MX`."""
    if type(value) is str:
        return value.replace("-", "_")
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def wire_uuid_native_get(value: object) -> Text:
    """A UUID as text: 36 characters in lower case."""
    if type(value) is UUID:
        return str(value)
    if type(value) is str or value is None or value is ABSENT:
        return value
    raise wrong_type("a UUID", value)


def wire_uuid_native_put(value: object) -> UUID | Absent | None:
    """A UUID for a driver that takes Python's own."""
    if type(value) is str:
        try:
            return UUID(value)
        except ValueError:
            raise refusal("value.not-a-uuid", "a UUID", value) from None
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a UUID as text", value)


def wire_integer_number_get(value: object) -> Integer:
    """An integer, also one that JSON spells 1.0."""
    if type(value) is int:
        if -BOUND < value < BOUND:
            return value
        raise refusal("value.out-of-range", _DIGITS, value)
    if value is None or value is ABSENT:
        return value
    if type(value) is float or type(value) is Decimal:
        return _whole(value if type(value) is Decimal else Decimal(repr(value)))
    raise wrong_type("an integer", value)


def _whole(value: Decimal) -> int:
    number = plain(value)
    if number != number.to_integral_value():
        raise refusal("value.wrong-type", "an integer", value)
    return int(number)


def wire_integer_number_put(value: object) -> Integer:
    """An integer as a number; a codec may hand on a decimal without a fraction."""
    if (type(value) is int and -BOUND < value < BOUND) or value is None or value is ABSENT:
        return value
    if type(value) is Decimal:
        return _whole(value)
    raise wrong_type(f"an integer of at most {DIGITS} digits", value)


def wire_integer_zero_get(value: object) -> Integer:
    """An integer, where 0 is null."""
    return wire_integer_number_get(value) or None


def wire_integer_zero_put(value: object) -> Integer:
    """An integer, where null is 0."""
    return 0 if value is None else wire_integer_number_put(value)


def wire_integer_text_get(value: object) -> Integer:
    """An integer spelled in text."""
    if type(value) is str:
        if _INTEGER(value):
            return int(value)
        if value == "":
            return None
        raise refusal("value.wrong-type", "an integer in text", value)
    return wire_integer_number_get(value)


def wire_integer_text_put(value: object) -> Text:
    """An integer in text."""
    number = wire_integer_number_put(value)
    return number if number is None or number is ABSENT else str(number)


def wire_decimal_number_get(value: object, scale: int | None = None) -> Number:
    """A number of any JSON or SQL type; a float is what its shortest spelling says."""
    if type(value) is Decimal:
        return plain(value)
    if type(value) is int:
        if -BOUND < value < BOUND:
            return Decimal(value)
        raise refusal("value.out-of-range", _DIGITS, value)
    if value is None or value is ABSENT:
        return value
    if type(value) is float:
        return plain(Decimal(repr(value)))
    raise wrong_type("a number", value)


def wire_decimal_number_put(value: object, scale: int | None = None) -> Number:
    """A decimal for a JSON number or a numeric column; padded to `scale`, never rounded."""
    if type(value) is Decimal or type(value) is int:
        number = plain(Decimal(value))
        return number if scale is None else Decimal(spelled(number, scale))
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a decimal", value)


def wire_decimal_zero_get(value: object, scale: int | None = None) -> Number:
    """A number, where 0 is null."""
    return wire_decimal_number_get(value) or None


def wire_decimal_zero_put(value: object, scale: int | None = None) -> Number:
    """A number, where null is 0."""
    return Decimal(0) if value is None else wire_decimal_number_put(value, scale)


def wire_decimal_text_get(value: object, scale: int | None = None) -> Number:
    """A decimal spelled in text with a point; a number is taken too, as some versions of an API change over."""
    if type(value) is str:
        if _DECIMAL(value):
            return plain(Decimal(value))
        if value == "":
            return None
        raise refusal("value.wrong-type", "a decimal in text", value)
    return wire_decimal_number_get(value)


def wire_decimal_text_put(value: object, scale: int | None = None) -> Text:
    """A decimal in text without an exponent, padded to `scale`, never rounded."""
    if type(value) is Decimal or type(value) is int:
        return spelled(plain(Decimal(value)), scale)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a decimal", value)


def wire_decimal_tagged_get(value: object, scale: int | None = None) -> Number:
    """A decimal as Tryton's JSON-RPC tags it: {"__class__": "Decimal", "decimal": "1.5"}."""
    if type(value) is dict:
        digits = value.get("decimal")
        if value.get("__class__") == "Decimal" and type(digits) is str:
            try:
                return plain(Decimal(digits))
            except InvalidOperation:
                pass
        raise refusal("value.wrong-type", "a tagged decimal", value)
    return wire_decimal_number_get(value)


def wire_decimal_tagged_put(value: object, scale: int | None = None) -> Tagged:
    """A decimal as a tagged object."""
    digits = wire_decimal_text_put(value, scale)
    return digits if digits is None or digits is ABSENT else {"__class__": "Decimal", "decimal": digits}


def wire_money_object_get(value: object, amount: str = "amount", currency: str = "currency") -> Money | Absent | None:
    """Money as one object, its amount text or number: {"amount": "1.50", "currency": "EUR"}, under the names given."""
    if type(value) is dict:
        number, code = wire_decimal_text_get(value.get(amount)), value.get(currency)
        if number is None:
            return None
        if type(number) is Decimal and type(code) is str and len(code) == 3 and code.isascii() and code.isalpha():
            return Money(number, code.upper())
        raise refusal("value.wrong-type", f"an object with {amount!a} and {currency!a}", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("an object of an amount and a currency", value)


def wire_money_object_put(value: object, amount: str = "amount", currency: str = "currency") -> Tagged:
    """Money as one object, its amount in text."""
    if type(value) is Money:
        return {amount: spelled(plain(value.amount)), currency: value.currency}
    if value is None or value is ABSENT:
        return value
    raise wrong_type("money", value)


def wire_boolean_json_get(value: object) -> Boolean:
    """A boolean as JSON and drivers have it."""
    if value is True or value is False or value is None or value is ABSENT:
        return value
    raise wrong_type("true or false", value)


wire_boolean_json_put = wire_boolean_json_get


def wire_boolean_number_get(value: object) -> Boolean:
    """A boolean that is 1 or 0; a driver's own boolean is taken too."""
    if type(value) is int and (value == 0 or value == 1):
        return value == 1
    if value is True or value is False or value is None or value is ABSENT:
        return value
    raise refusal("value.wrong-type", "1 or 0", value)


def wire_boolean_number_put(value: object) -> Integer:
    """1 for True, 0 for False."""
    if value is True or value is False:
        return 1 if value else 0
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a boolean", value)


_BOOLEAN_TEXTS: Final[Mapping[object, bool | None]] = {
    spelling: meaning
    for meaning, spellings in {
        True: ("true", "True", "TRUE"),
        False: ("false", "False", "FALSE"),
        None: ("",),
    }.items()
    for spelling in spellings
}


def wire_boolean_text_get(value: object) -> Boolean:
    """A boolean spelled "true" or "false" in any of the three usual cases."""
    if type(value) is str:
        meaning = _BOOLEAN_TEXTS.get(value, ABSENT)
        if meaning is not ABSENT:
            return meaning
        raise refusal("value.wrong-type", '"true" or "false"', value)
    return wire_boolean_json_get(value)


def wire_boolean_text_put(value: object) -> Text:
    """ "true" or "false"."""
    if value is True or value is False:
        return "true" if value else "false"
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a boolean", value)


def wire_binary_base64_get(value: object) -> Binary:
    """Bytes spelled in base64 with padding."""
    if type(value) is str:
        try:
            return b64decode(value, validate=True)
        except ValueError:
            raise refusal("value.wrong-type", "base64 text", value) from None
    if value is None or value is ABSENT:
        return value
    raise wrong_type("base64 text", value)


def wire_binary_base64_put(value: object) -> Text:
    """Bytes in base64."""
    if type(value) is bytes:
        return b64encode(value).decode("ascii")
    if value is None or value is ABSENT:
        return value
    raise wrong_type("bytes", value)


def wire_binary_native_get(value: object) -> Binary:
    """Bytes as a driver delivers them."""
    if type(value) is bytes or value is None or value is ABSENT:
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    raise wrong_type("bytes", value)


def wire_binary_native_put(value: object) -> Binary:
    """Bytes for a driver."""
    if type(value) is bytes or value is None or value is ABSENT:
        return value
    raise wrong_type("bytes", value)


def wire_binary_tagged_get(value: object) -> Binary:
    """Bytes as Tryton's JSON-RPC tags them: {"__class__": "bytes", "base64": "…"}."""
    if type(value) is dict:
        if value.get("__class__") == "bytes" and type(value.get("base64")) is str:
            return wire_binary_base64_get(value["base64"])
        raise refusal("value.wrong-type", "tagged bytes", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("tagged bytes", value)


def wire_binary_tagged_put(value: object) -> Tagged:
    """Bytes as a tagged object."""
    encoded = wire_binary_base64_put(value)
    if encoded is None or encoded is ABSENT:
        return encoded
    return {"__class__": "bytes", "base64": encoded}
