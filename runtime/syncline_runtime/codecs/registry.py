"""The codecs of the language: one definition for the compiler, the generator and the tests."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import available_timezones

from syncline_runtime.codecs import custom, money, numbers, tables, text, time
from syncline_runtime.codecs.definitions import CodecDefinition, Parameter, Registry, anything
from syncline_runtime.codecs.refusal import CodecError

TEXT_KINDS: Final = ("text", "email", "phone", "url", "uuid", "country", "currency", "language", "enum")
"""Kinds whose canonical value is a str: codecs from text to text take each of them on either side."""

_TEXTS: Final = (("text", "text"),)
_NUMBERS: Final = (("decimal", "decimal"), ("money", "money"), ("percent", "percent"))


def writes(put: Callable[..., Any]) -> Callable[..., bool]:
    """The domain of a codec whose `put` refuses exactly what it cannot write back."""

    def in_domain(value: Any, *parameters: Any) -> bool:
        try:
            put(value, *parameters)
        except CodecError:
            return False
        return True

    return in_domain


def same_after(view: Callable[..., Any]) -> Callable[..., bool]:
    """The equality of a codec for which two values are the same when `view` makes them so."""

    def equal(left: Any, right: Any, *parameters: Any) -> bool:
        return bool(view(left, *parameters) == view(right, *parameters))

    return equal


def _same_length(length: int, *parameters: Any) -> int:
    return length


def _longer(length: int, affix: str) -> int:
    return length + len(affix)


def _empty(*parameters: Any) -> str | None:
    return "the text in the brackets is empty" if "" in parameters else None


def _scale_problem(scale: int) -> str | None:
    return None if 0 <= scale <= 20 else "decimals are from 0 to 20"


def _currency_problem(currency: str, unit: str = "minor") -> str | None:
    return None if currency in money.MINOR_UNITS else f"{currency!a} is no currency of ISO 4217"


def _pattern_problem(pattern: str) -> str | None:
    try:
        time.date_pattern(pattern)
    except ValueError as error:
        return str(error)
    return None


def _zone_problem(zone: str) -> str | None:
    return None if zone in available_timezones() else f"{zone!a} is no zone of the time zone database"


def _region_problem(region: str) -> str | None:
    import phonenumbers  # heavy: only who syncs phones pays for it

    return (
        None if region in phonenumbers.SUPPORTED_REGIONS else f"{region!a} is no region with a telephone numbering plan"
    )


def _bool_problem(yes: object, no: object) -> str | None:
    return "yes and no are spelled alike" if yes == no and type(yes) is type(no) else None


def _reference_problem(reference: str) -> str | None:
    try:
        custom.load_codec(reference)
    except CodecError as error:
        return f"expected {error.expected}"
    return None


def _is_join(value: Any, separator: str, count: int = 2) -> bool:
    return value is None or (bool(value) and writes(text.join_put)(value, separator, count))


def _is_in_minor_units(value: Any, currency: str, unit: str = "minor") -> bool:
    return writes(money.money_minor_put)(value, currency, unit)


def _is_member(value: Any, table: tables.Table) -> bool:
    return writes(tables.table_put)(value, table) and tables.table_get(tables.table_put(value, table), table) == value


def _not_placeholder(value: Any, placeholder: object) -> bool:
    return value is None or writes(text.none_put)(value, placeholder)


_DEFINITIONS: Final = (
    CodecDefinition(
        "trim",
        _TEXTS,
        "trim_get",
        "trim_put",
        quotient=("outer-space",),
        equal=same_after(text.trim_get),
        exact=False,
        length=_same_length,
    ),
    CodecDefinition(
        "lower",
        _TEXTS,
        "lower_get",
        "lower_put",
        quotient=("case",),
        equal=same_after(text.lower_get),
        exact=False,
        length=_same_length,
    ),
    CodecDefinition(
        "upper",
        _TEXTS,
        "upper_get",
        "upper_put",
        quotient=("case",),
        equal=same_after(text.upper_get),
        exact=False,
        length=_same_length,
    ),
    CodecDefinition(
        "strip",
        _TEXTS,
        "strip_get",
        "strip_put",
        (Parameter("characters", "text"),),
        quotient=("characters",),
        equal=same_after(text.strip_get),
        exact=False,
        length=_same_length,
        problem=_empty,
    ),
    CodecDefinition(
        "prefix", _TEXTS, "prefix_get", "prefix_put", (Parameter("prefix", "text"),), length=_longer, problem=_empty
    ),
    CodecDefinition(
        "suffix", _TEXTS, "suffix_get", "suffix_put", (Parameter("suffix", "text"),), length=_longer, problem=_empty
    ),
    CodecDefinition(
        "split",
        (("text", "list<text>"), ("text", "set<text>")),
        "split_get",
        "split_put",
        (Parameter("separator", "text"),),
        domain="lists whose parts are not empty and free of the separator",
        in_domain=writes(text.split_put),
        problem=_empty,
    ),
    CodecDefinition(
        "join",
        _TEXTS,
        "join_get",
        "join_put",
        (Parameter("separator", "text"),),
        domain="text of at most as many parts as there are fields, none empty",
        in_domain=_is_join,
        problem=_empty,
        needs_count=True,
    ),
    CodecDefinition(
        "table",
        (("text", "any"), ("integer", "any"), ("boolean", "any")),
        "table_get",
        "table_put",
        (Parameter("table", "table"),),
        domain="members with a native value of their own",
        in_domain=_is_member,
        needs_old=True,
    ),
    CodecDefinition("money", (("pair", "money"),), "money_get", "money_put"),
    CodecDefinition(
        "money_counted",
        (("pair", "money"),),
        "money_counted_get",
        "money_counted_put",
        (Parameter("unit", "choice", ("minor",)),),
        domain="money in whole minor units of its currency",
    ),
    CodecDefinition(
        "money_in",
        (("decimal", "money"), ("integer", "money")),
        "money_in_get",
        "money_in_put",
        (Parameter("currency", "currency"),),
        domain="money in the currency",
        in_domain=writes(money.money_in_put),
        problem=_currency_problem,
    ),
    CodecDefinition(
        "money_minor",
        (("integer", "money"),),
        "money_minor_get",
        "money_minor_put",
        (Parameter("currency", "currency"), Parameter("unit", "choice", ("minor",))),
        domain="money in the currency, in whole minor units",
        in_domain=_is_in_minor_units,
        problem=_currency_problem,
    ),
    CodecDefinition(
        "round",
        _NUMBERS,
        "round_get",
        "round_put",
        (Parameter("scale", "integer"),),
        quotient=("scale",),
        equal=same_after(numbers.round_put),
        exact=False,
        problem=_scale_problem,
    ),
    CodecDefinition(
        "date",
        (("text", "date"),),
        "date_get",
        "date_put",
        (Parameter("pattern", "pattern"),),
        domain="dates; with a two-digit year those from 1969 to 2068",
        in_domain=writes(time.date_put),
        problem=_pattern_problem,
    ),
    CodecDefinition(
        "epoch",
        (("integer", "instant"), ("decimal", "instant")),
        "epoch_get",
        "epoch_put",
        (Parameter("unit", "choice", ("s", "ms", "us")),),
        quotient=("precision",),
        equal=same_after(time.epoch_put),
        exact=False,
    ),
    CodecDefinition(
        "zone",
        (("local", "instant"),),
        "zone_get",
        "zone_put",
        (Parameter("zone", "zone"),),
        quotient=("repeated-hour",),
        equal=same_after(time.zone_put),
        exact=False,
        problem=_zone_problem,
    ),
    CodecDefinition(
        "e164",
        (("text", "phone"), ("phone", "phone")),
        "e164_get",
        "e164_put",
        (Parameter("region", "region"),),
        domain="phone numbers of a possible length, without extension",
        in_domain=writes(text.e164_put),
        quotient=("phone-format",),
        equal=same_after(text.e164_put),
        exact=False,
        problem=_region_problem,
    ),
    CodecDefinition("percent", (("decimal", "percent"), ("integer", "percent")), "percent_get", "percent_put"),
    CodecDefinition(
        "bool",
        (("text", "boolean"), ("integer", "boolean")),
        "bool_get",
        "bool_put",
        (Parameter("yes", "literal"), Parameter("no", "literal")),
        problem=_bool_problem,
    ),
    CodecDefinition(
        "none",
        (("any", "any"),),
        "none_get",
        "none_put",
        (Parameter("placeholder", "literal"),),
        domain="every value but the placeholder",
        in_domain=_not_placeholder,
        length=lambda length, placeholder: max(length, len(placeholder) if isinstance(placeholder, str) else 0),
    ),
    CodecDefinition("json", (("text", "list"), ("text", "set"), ("text", "any")), "json_get", "json_put"),
    CodecDefinition(
        "python",
        (("any", "any"),),
        "python_get",
        "python_put",
        (Parameter("reference", "reference"),),
        domain="what its author says",
        problem=_reference_problem,
        trusted=True,
    ),
)

_PUTS: Final = {
    name: put for module in (custom, money, numbers, tables, text, time) for name, put in vars(module).items()
}


def _held_to_type(definition: CodecDefinition) -> CodecDefinition:
    return (
        definition
        if definition.in_domain is not anything
        else replace(definition, in_domain=writes(_PUTS[definition.put]))
    )


CODECS: Final[Registry] = MappingProxyType(
    {definition.get.removesuffix("_get"): _held_to_type(definition) for definition in _DEFINITIONS}
)
"""Codecs by identifier; `money` comes in four shapes, which `find_codec` tells apart by their parameters."""

CODEC_NAMES: Final = tuple(
    sorted(name for name in CODECS if name not in ("money_counted", "money_in", "money_minor", "table"))
)
"""What a spec may write after `as` and `then`; a table is written as one, in braces."""


def find_codec(name: str, parameters: int, *, counted: bool = False) -> CodecDefinition | None:
    """The codec of this name that takes this many parameters; None where the name or the number is wrong.

    `counted`: the first says how amounts of any currency are counted, as in `money(minor)`.
    """
    shapes = ("money_counted",) if counted else ("money", "money_in", "money_minor")
    candidates = shapes if name == "money" else (name,)
    for candidate in candidates:
        definition = CODECS.get(candidate) if name in CODEC_NAMES else None
        if definition is not None and definition.required <= parameters <= len(definition.parameters):
            return definition
    return None
