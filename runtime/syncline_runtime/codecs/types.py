"""What the type of an entity's field holds: `<kind>_of(value, …)` is the canonical value, or a CodecError.

They run after a field's codecs. Null and ABSENT pass: whether null is allowed is the field's, not the type's (`present`).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Set
from datetime import date, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from uuid import UUID

from syncline_runtime.codecs.money import MINOR_UNITS
from syncline_runtime.codecs.numbers import BOUND, DIGITS, Boolean, Number, fits, plain
from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.codecs.text import Text
from syncline_runtime.codecs.time import Date, Instant, utc
from syncline_runtime.codecs.wire_scalars import Binary, Integer
from syncline_runtime.codecs.wire_times import Duration, LocalTime
from syncline_runtime.values import ABSENT, Absent, Money

MoneyValue: TypeAlias = Money | Absent | None

_CODES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK"
)
COUNTRIES: Final = frozenset(_CODES.split())
"""ISO 3166-1 alpha-2, and the user-assigned XK that customs, banks and telephone plans use for Kosovo."""

_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@.\x00-\x1f][^\s@\x00-\x1f]*\.[^\s@.\x00-\x1f]+").fullmatch
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://[^\s/?#]+|[^\s/])[^\s\x00-\x1f]*").fullmatch
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_PHONE: Final = re.compile(r"\+[1-9][0-9]{4,14}").fullmatch
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*").fullmatch


def present(value: Any) -> Any:
    """The value of a field that may not be null; raises CodecError (`value.null`)."""
    if value is None:
        raise refusal("value.null", "a value, for the field is not optional", value)
    return value


def text_of(value: object, limit: int | None = None) -> Text:
    """Unicode text in normal form C, of at most `limit` characters (code points)."""
    if type(value) is str:
        text = value if value.isascii() else _composed(value)
        if limit is None or len(text) <= limit:
            return text
        raise refusal("value.too-long", f"text of at most {limit} characters", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def _composed(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refusal("value.not-unicode", "text without lone surrogates", value) from None
    return unicodedata.normalize("NFC", value)


def matching_of(value: object, pattern: re.Pattern[str], limit: int | None = None) -> Text:
    """Text that the whole of `pattern` matches."""
    text = text_of(value, limit)
    if type(text) is not str or pattern.fullmatch(text):
        return text
    raise refusal("value.no-match", f"text matching {pattern.pattern!a}", value)


def email_of(value: object) -> Text:
    """An e-mail address of one mailbox, at most 254 characters, its domain in lower case."""
    text = text_of(value)
    if type(text) is not str:
        return text
    if len(text) <= 254 and _EMAIL(text):
        mailbox, _, domain = text.partition("@")
        return text_of(f"{mailbox}@{domain.lower()}")
    raise refusal("value.not-an-email", "an e-mail address", value)


def phone_of(value: object) -> Text:
    """A phone number in E.164 (`+` and 5 to 15 digits); other spellings need the codec `e164`."""
    if type(value) is str and _PHONE(value):
        return value
    if value is None or value is ABSENT:
        return value
    raise refusal("value.not-a-phone", "a phone number in E.164 (the codec e164 makes one)", value)


def url_of(value: object) -> Text:
    """An absolute URL without white space."""
    text = text_of(value)
    if type(text) is not str or _URL(text):
        return text
    raise refusal("value.not-a-url", "an absolute URL", value)


def uuid_of(value: object) -> Text:
    """A UUID in its 36 characters in lower case; read also in upper case, braces or without hyphens."""
    if type(value) is str:
        if _UUID(value):
            return value
        try:
            return str(UUID(value))
        except ValueError:
            raise refusal("value.not-a-uuid", "a UUID", value) from None
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a UUID", value)


def country_of(value: object) -> Text:
    """A country of ISO 3166-1 alpha-2 in upper case."""
    if type(value) is str and (code := value.upper()) in COUNTRIES:
        return code
    if value is None or value is ABSENT:
        return value
    raise refusal("value.not-a-country", "a country code of two letters (ISO 3166-1)", value)


def currency_of(value: object) -> Text:
    """A currency code of three letters in upper case; old books hold codes that are no longer in the list."""
    if type(value) is str and value in MINOR_UNITS:
        return value
    if type(value) is str and len(value) == 3 and value.isascii() and value.isalpha():
        return value.upper()
    if value is None or value is ABSENT:
        return value
    raise refusal("value.not-a-currency", "a currency code of three letters (ISO 4217)", value)


def language_of(value: object) -> Text:
    """A language tag in the case that BCP 47 recommends (es-MX, zh-Hant-TW)."""
    if type(value) is str and len(value) <= 35 and _LANGUAGE(value):
        language, *subtags = value.split("-")
        return "-".join([language.lower(), *map(_subtag, subtags)])
    if value is None or value is ABSENT:
        return value
    raise refusal("value.not-a-language", "a language tag (BCP 47)", value)


def _subtag(subtag: str) -> str:
    if not subtag.isalpha():
        return subtag.lower()
    return subtag.upper() if len(subtag) == 2 else subtag.title() if len(subtag) == 4 else subtag.lower()


def enum_of(value: object, members: Set[str]) -> Text:
    """A member of the enum."""
    if type(value) is str and value in members:
        return value
    if value is None or value is ABSENT:
        return value
    raise refusal("value.not-in-enum", f"one of {', '.join(sorted(members))}", value)


def integer_of(value: object) -> Integer:
    """An integer of at most 100 digits; a decimal without a fraction is one."""
    if type(value) is int:
        if -BOUND < value < BOUND:
            return value
        raise refusal("value.out-of-range", f"an integer of at most {DIGITS} digits", value)
    if value is None or value is ABSENT:
        return value
    if type(value) is Decimal and (number := plain(value)) == number.to_integral_value():
        return int(number)
    raise wrong_type("an integer", value)


def decimal_of(value: object, precision: int | None = None, scale: int | None = None) -> Number:
    """A plain decimal of at most `precision` digits, `scale` of them after the point."""
    if value is None or value is ABSENT:
        return value
    if type(value) is Decimal:
        number = plain(value)
    elif type(value) is int:
        number = plain(Decimal(value))
    else:
        raise wrong_type("a decimal", value)
    if scale is not None and not fits(number, scale):
        raise refusal("value.too-precise", f"a number of at most {scale} decimals", value)
    if precision is not None and number and number.adjusted() >= precision - (scale or 0):
        raise refusal("value.too-large", f"a number below 10^{precision - (scale or 0)}", value)
    return number


percent_of = decimal_of
"""A rate as a fraction: 0.16 is sixteen per cent."""


def money_of(value: object) -> MoneyValue:
    """Money with a plain amount and a currency code in upper case."""
    if type(value) is Money and type(value.amount) is Decimal:
        currency = currency_of(value.currency)
        if type(currency) is str:
            return Money(plain(value.amount), currency)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("money", value)


def boolean_of(value: object) -> Boolean:
    """True or False."""
    if value is True or value is False or value is None or value is ABSENT:
        return value
    raise wrong_type("a boolean", value)


def date_of(value: object) -> Date:
    """A date without a time."""
    if type(value) is date or value is None or value is ABSENT:
        return value
    raise wrong_type("a date", value)


def instant_of(value: object) -> Instant:
    """An instant, in UTC."""
    return value if value is None or value is ABSENT else utc(value)


def local_time_of(value: object) -> LocalTime:
    """A time of day without a zone."""
    if (type(value) is time and value.tzinfo is None) or value is None or value is ABSENT:
        return value
    raise wrong_type("a time of day without a zone", value)


def duration_of(value: object) -> Duration:
    """A span of time."""
    if type(value) is timedelta or value is None or value is ABSENT:
        return value
    raise wrong_type("a duration", value)


def binary_of(value: object) -> Binary:
    """Bytes."""
    if type(value) is bytes or value is None or value is ABSENT:
        return value
    raise wrong_type("bytes", value)


def set_of(value: object, element: Callable[..., Any] = present, *parameters: Any) -> frozenset[Any] | Absent | None:
    """A set of what `element(value, *parameters)` makes of each; null is no element."""
    if isinstance(value, frozenset | tuple):
        return frozenset([present(element(each, *parameters)) for each in value])
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a set", value)


def set_or_empty(value: object, element: Callable[..., Any] = present, *parameters: Any) -> frozenset[Any] | Absent:
    """A set as `set_of` holds it, for a field that is never null: a system that shows no set at all shows an empty one."""
    found = set_of(value, element, *parameters)
    return frozenset() if found is None else found


def list_of(value: object, element: Callable[..., Any] = present, *parameters: Any) -> tuple[Any, ...] | Absent | None:
    """A list of what `element(value, *parameters)` makes of each; null is no element."""
    if type(value) is tuple:
        return tuple([present(element(each, *parameters)) for each in value])
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a list", value)


def list_or_empty(value: object, element: Callable[..., Any] = present, *parameters: Any) -> tuple[Any, ...] | Absent:
    """A list as `list_of` holds it, for a field that is never null: a system that shows no list at all shows an empty one."""
    found = list_of(value, element, *parameters)
    return () if found is None else found


TYPES: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "text": text_of,
        "email": email_of,
        "phone": phone_of,
        "url": url_of,
        "uuid": uuid_of,
        "integer": integer_of,
        "decimal": decimal_of,
        "money": money_of,
        "percent": percent_of,
        "boolean": boolean_of,
        "date": date_of,
        "instant": instant_of,
        "local_time": local_time_of,
        "duration": duration_of,
        "country": country_of,
        "currency": currency_of,
        "language": language_of,
        "enum": enum_of,
        "set": set_of,
        "list": list_of,
        "binary": binary_of,
    }
)
"""Kind of a type -> the function that holds it; the function's name is `<kind>_of`."""


def canonical(kind: str, value: Any, *parameters: Any) -> Any:
    """The canonical form of a value of this kind: equal values have one, and one encoding. Raises CodecError."""
    return TYPES[kind](value, *parameters)
