"""The laws of maps, codecs and merge functions, tried on values that Hypothesis makes: what a package's `laws_test.py` calls.

Needs `hypothesis` (`pip install "syncline-runtime[laws]"`). A failure is an AssertionError that names the value.
"""

import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline_runtime.codecs import MINOR_UNITS
from syncline_runtime.codecs.custom import CustomCodec
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.codecs.types import COUNTRIES
from syncline_runtime.declaration import FieldMap
from syncline_runtime.values import ABSENT, Money

Domain: TypeAlias = st.SearchStrategy[Any]
"""The values of a field, in their canonical form."""

_CASES: Final = 100
_LETTERS: Final = "aAbBzZ019 -./+_@;,éßÆøЖ中"
_EARLY, _LATE = datetime(1970, 1, 2), datetime(2099, 12, 30)


# -- domains -----------------------------------------------------------------------------------------------------------


def text(length: int | None = None, pattern: str | None = None) -> Domain:
    """Texts, of at most `length` characters; those that match `pattern` as a whole."""
    if pattern is not None:
        found = st.from_regex(pattern, fullmatch=True)
    else:
        found = st.text(st.sampled_from(_LETTERS), max_size=20) | st.text(max_size=20)
    composed = found.map(lambda value: unicodedata.normalize("NFC", value))
    return composed.filter(lambda value: length is None or len(value) <= length)


def members(*names: str) -> Domain:
    """The members of an enum."""
    return st.sampled_from(names)


def decimal(precision: int = 12, scale: int = 4) -> Domain:
    """Decimals of so many digits, `scale` of them after the point."""
    most = Decimal(10) ** (precision - scale) - Decimal(1).scaleb(-scale)
    return st.decimals(-most, most, places=scale).map(lambda value: value.normalize() + 0)


def percent() -> Domain:
    """Shares between nothing and all, to a hundredth of a percent."""
    return st.decimals(0, 1, places=4).map(lambda value: value.normalize() + 0)


def money(*currencies: str) -> Domain:
    """Amounts in whole minor units, of the given currencies or of some whose units differ."""
    names = currencies or ("EUR", "USD", "JPY", "KWD")
    return st.sampled_from(names).flatmap(
        lambda name: st.integers(-(10**9), 10**9).map(
            lambda units: Money(Decimal(units).scaleb(-MINOR_UNITS[name]).normalize() + 0, name)
        )
    )


def collection(items: Domain) -> Domain:
    """Sets of values."""
    return st.frozensets(items, max_size=4)


def listed(items: Domain) -> Domain:
    """Lists of values."""
    return st.lists(items, max_size=4).map(tuple)


def any_of(kind: str) -> Domain:
    """The values of a kind that has no limits of its own. Raises KeyError for one that has no domain here."""
    return _KINDS[kind]


_KINDS: Final[dict[str, Domain]] = {
    "integer": st.integers(-(10**9), 10**9),
    "boolean": st.booleans(),
    "email": st.from_regex(r"[a-z0-9]{1,8}@[a-z]{1,8}\.(org|example)", fullmatch=True),
    "phone": st.from_regex(r"\+4721[0-9]{6}", fullmatch=True),
    "url": st.from_regex(r"https://[a-z]{1,8}\.example/[a-z0-9]{0,6}", fullmatch=True),
    "uuid": st.uuids().map(str),
    "country": st.sampled_from(sorted(COUNTRIES)),
    "currency": st.sampled_from(sorted(MINOR_UNITS)),
    "language": st.sampled_from(("en", "nb", "de-AT", "pt-BR")),
    "date": st.dates(date(1950, 1, 1), date(2099, 12, 31)),
    "instant": st.datetimes(_EARLY, _LATE).map(lambda moment: moment.replace(microsecond=0, tzinfo=UTC)),
    "local_time": st.times().map(lambda moment: moment.replace(microsecond=0)),
    "duration": st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    "binary": st.binary(max_size=12),
}


# -- laws --------------------------------------------------------------------------------------------------------------


def two_way(mapping: FieldMap, field: str, domain: Domain) -> None:
    """What a two-way line writes is read back, as itself where the line is exact; and is not written again by anybody's edit.

    A value that the line refuses is not in its domain; a line that refuses all of them is at fault.
    """
    flow = next(one for one in mapping.flows if one.field == field)

    def law(value: Any) -> bool:
        try:
            written = mapping.write({field: value}, None)
        except CodecError:
            return False
        back = _read(mapping, field, written, value)
        if flow.exact:
            assert back == value, f"{value!r} is written as {written!r} and read back as {back!r}"
        again = mapping.write({field: back}, written)
        for name in flow.native:
            assert again.get(name) == written.get(name), (
                f"{value!r} is written as {written!r}, read back as {back!r}, and then written as {again!r}"
            )
        assert _read(mapping, field, {**written, **again}, value) == back, f"{value!r} is read back in two ways"
        return True

    _try(law, domain)


def codec(own: CustomCodec, domain: Domain) -> None:
    """`get` undoes `put`: each value comes back as itself, or as what the codec's `normal` makes of it; the same each time."""
    normal: Callable[[Any], Any] = getattr(own, "normal", lambda value: value)

    def law(value: Any) -> bool:
        try:
            native = own.put(value)
        except CodecError:
            return False
        assert own.put(value) == native, f"{value!r} is put in two ways"
        back = own.get(native)
        assert back == normal(value), f"{value!r} is put as {native!r}, and got back as {back!r}"
        assert own.put(back) == native, f"{value!r} is put as {native!r}, got as {back!r}, and put as {own.put(back)!r}"
        return True

    _try(law, domain)


def merge(function: Callable[[tuple[Any, ...]], Any], domain: Domain) -> None:
    """A merge function gives the same in whatever order edits arrive, however often, and however they are grouped."""

    def law(values: tuple[Any, Any, Any]) -> bool:
        one, two, three = values
        both = function((one, two))
        assert function((one,)) == one, f"of {one!r} alone it makes {function((one,))!r}"
        assert function((one, one)) == one, f"of {one!r} twice it makes {function((one, one))!r}"
        assert function((two, one)) == both, (
            f"of {one!r} and {two!r} it makes {both!r}, the other way round {function((two, one))!r}"
        )
        left, right = function((both, three)), function((one, function((two, three))))
        assert left == right, f"of {one!r}, {two!r} and {three!r} it makes {left!r} or {right!r}, as they are grouped"
        assert function(values) == left, f"of {values!r} at once it makes {function(values)!r}, one by one {left!r}"
        return True

    _try(law, st.tuples(domain, domain, domain))


def _read(mapping: FieldMap, field: str, native: Any, value: Any) -> Any:
    try:
        return mapping.read(native).get(field, ABSENT)
    except CodecError as error:
        raise AssertionError(f"{value!r} is written as {native!r}, which cannot be read: {error}") from None


def _try(law: Callable[[Any], bool], domain: Domain) -> None:
    held = 0

    @settings(max_examples=_CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(domain)
    def tried(value: Any) -> None:
        nonlocal held
        held += law(value)

    tried()
    assert held, "no value of the field can be written"
