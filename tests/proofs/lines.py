"""Random well-typed two-way lines, with values for their fields and natives for their resources."""

import string
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from syncline_runtime.values import Money

TEXT = st.text(alphabet="aAbBzZ019 -./+éßÆ", max_size=8)
WORDS = st.text(alphabet="abXY12", min_size=1, max_size=3)
MEMBERS = ("lead", "won", "lost")
ENUM = "enum Stage { lead, won, lost }\n"


@dataclass(frozen=True, slots=True)
class RandomLine:
    """One line: the entity's field type, the natives' types, the codecs, and what to try it with."""

    type: str
    natives: tuple[str, ...]
    codecs: str
    values: st.SearchStrategy[Any]
    read: st.SearchStrategy[tuple[Any, ...]]

    @property
    def folds(self) -> frozenset[str]:
        """The codecs that take some differences for none."""
        return frozenset(
            word for word in ("trim", "lower", "upper", "strip", "round", "epoch", "zone") if word in self.codecs
        )


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def text_lines(draw: st.DrawFn) -> RandomLine:
    step = st.one_of(
        st.sampled_from(("trim", "lower", "upper")),
        st.text(alphabet="-. /", min_size=1, max_size=3).map(lambda chars: f"strip({quoted(chars)})"),
        WORDS.map(lambda text: f"prefix({quoted(text)})"),
        WORDS.map(lambda text: f"suffix({quoted(text)})"),
        st.sampled_from(("", "-", "n/a", "N/A", "Ab")).map(lambda text: f"none({quoted(text)})"),
    )
    steps = draw(st.lists(step, max_size=3))
    wide, narrow = draw(st.sampled_from((("text", "text"), ("text(40)", "text(8)"), ("text(9)", "text(8)"))))
    null = "?" if any(one.startswith("none") for one in steps) else draw(st.sampled_from(("", "?")))
    natives = st.one_of(TEXT, WORDS, st.sampled_from(("", "n/a", "N/A", " - ")), *([st.none()] if null else []))
    values = st.one_of(TEXT, st.sampled_from(("n/a", "N/A", "AB", "ab")), *([st.none()] if null else []))
    return RandomLine(
        f"{narrow}{null}", (f"{wide}{null}",), " then ".join(steps), values, natives.map(lambda native: (native,))
    )


@st.composite
def null_lines(draw: st.DrawFn) -> RandomLine:
    null, native_null = draw(st.sampled_from(("", "?"))), draw(st.sampled_from(("", "?", " required")))
    codecs = draw(st.sampled_from(("", "", "trim", 'none("-")'))) if null else draw(st.sampled_from(("", "trim")))
    values = st.one_of(TEXT, *([st.none()] if null else []))
    natives = st.one_of(TEXT, *([st.none()] if native_null == "?" else []))
    return RandomLine(f"text{null}", (f"text{native_null}",), codecs, values, natives.map(lambda one: (one,)))


@st.composite
def table_lines(draw: st.DrawFn) -> RandomLine:
    whole = draw(st.booleans())
    native = st.integers(0, 5) if whole else st.sampled_from(("a", "b", "c", "d", "e"))
    rows = []
    for member in draw(st.sampled_from((MEMBERS, MEMBERS, MEMBERS[:2]))):
        natives = draw(st.lists(native, min_size=1, max_size=2, unique=True))
        shown = [str(one) if whole else quoted(one) for one in natives]
        rows.append(f"{member}: {shown[0] if len(shown) == 1 else '[' + ', '.join(shown) + ']'}")
    if draw(st.integers(0, 3)) == 0:
        rows.append(f"otherwise: {draw(st.sampled_from(MEMBERS))}")
    kind = "integer" if whole else "text"
    return RandomLine(
        "Stage", (kind,), "{ " + ", ".join(rows) + " }", st.sampled_from(MEMBERS), native.map(lambda one: (one,))
    )


@st.composite
def boolean_lines(draw: st.DrawFn) -> RandomLine:
    spelled = draw(
        st.sampled_from((("boolean", "", st.booleans()), ("boolean spelled number", "", st.sampled_from((0, 1)))))
    )
    if draw(st.booleans()):
        pool = draw(st.sampled_from(((0, 1, 2), ("Y", "N", "y"))))
        yes, no = draw(st.tuples(st.sampled_from(pool), st.sampled_from(pool)))
        shown = [str(one) if isinstance(one, int) else quoted(one) for one in (yes, no)]
        kind = "integer" if isinstance(yes, int) else "text"
        return RandomLine(
            "boolean", (kind,), f"bool({shown[0]}, {shown[1]})", st.booleans(), st.sampled_from(((yes,), (no,)))
        )
    native, codecs, natives = spelled
    return RandomLine("boolean", (native,), codecs, st.booleans(), natives.map(lambda one: (one,)))


@st.composite
def number_lines(draw: st.DrawFn) -> RandomLine:
    scale, other = draw(st.tuples(st.integers(0, 4), st.integers(0, 4)))
    digits, room = draw(st.tuples(st.integers(7, 8), st.integers(7, 8)))
    numbers = st.decimals(-9999, 9999, places=other).map(lambda value: value.normalize() + 0)
    codecs = draw(st.sampled_from(("", f"round({scale})")))
    spelling = draw(st.sampled_from(("", " spelled text")))
    natives = st.decimals(-9999, 9999, places=scale)
    return RandomLine(
        f"decimal({digits + other}, {other})",
        (f"decimal({room + scale}, {scale}){spelling}",),
        codecs,
        numbers,
        natives.map(lambda value: (f"{value:f}" if spelling else value,)),
    )


@st.composite
def money_lines(draw: st.DrawFn) -> RandomLine:
    currency = draw(st.sampled_from(("EUR", "JPY", "KWD")))
    digits = {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
    amounts = st.decimals(0, 9999, places=digits).map(lambda value: Money(value.normalize() + 0, currency))
    match draw(st.sampled_from(("minor", "counted", "major", "pair", "percent"))):
        case "minor":
            whole = st.integers(0, 99999).map(lambda one: (one,))
            return RandomLine("money", ("integer",), f'money("{currency}", minor)', amounts, whole)
        case "counted":
            natives = st.tuples(st.integers(0, 99999), st.sampled_from((currency, currency.lower())))
            return RandomLine("money", ("integer", "text(3)"), "money(minor)", amounts, natives)
        case "major":
            scale = draw(st.integers(0, 4))
            natives = st.decimals(0, 9999, places=scale).map(lambda one: (one,))
            return RandomLine("money", (f"decimal(12, {scale})",), f'money("{currency}")', amounts, natives)
        case "percent":
            rates = st.decimals(0, 1, places=4).map(lambda value: value.normalize() + 0)
            natives = st.decimals(0, 100, places=2).map(lambda one: (one,))
            return RandomLine("percent", ("decimal(5, 2)",), "percent", rates, natives)
    natives = st.tuples(st.decimals(0, 9999, places=2), st.just(currency))
    return RandomLine("money", ("decimal(12, 4)", "text(3)"), "money", amounts, natives)


@st.composite
def time_lines(draw: st.DrawFn) -> RandomLine:
    days = st.dates(date(1950, 1, 1), date(2100, 1, 1))
    moments = st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1)).map(lambda one: one.replace(tzinfo=UTC))
    match draw(st.sampled_from(("pattern", "iso", "epoch", "zone", "clock", "duration"))):
        case "pattern":
            pattern = draw(st.sampled_from(("%d.%m.%Y", "%m/%d/%y", "%Y%m%d")))
            return RandomLine(
                "date", ("text",), f'date("{pattern}")', days, days.map(lambda one: (one.strftime(pattern),))
            )
        case "iso":
            return RandomLine("date", ("date",), "", days, days.map(lambda one: (one.isoformat(),)))
        case "epoch":
            unit, factor = draw(st.sampled_from((("s", 1), ("ms", 1000), ("us", 1_000_000))))
            natives = st.integers(0, 2_000_000_000 * factor).map(lambda one: (one,))
            return RandomLine("instant", ("integer",), f"epoch({unit})", moments, natives)
        case "zone":
            natives = st.datetimes(datetime(1975, 1, 1), datetime(2030, 1, 1)).map(
                lambda one: (one.replace(microsecond=0).isoformat(),)
            )
            return RandomLine("instant", ("instant spelled local",), 'zone("Europe/Oslo")', moments, natives)
        case "clock":
            times = st.times().map(lambda one: one.replace(microsecond=0))
            return RandomLine("local_time", ("local_time",), "", times, times.map(lambda one: (one.isoformat(),)))
    lengths = st.integers(0, 10**6).map(lambda one: timedelta(seconds=one))
    return RandomLine(
        "duration", ("duration spelled seconds",), "", lengths, st.integers(0, 10**6).map(lambda one: (one,))
    )


@st.composite
def collection_lines(draw: st.DrawFn) -> RandomLine:
    parts = st.text(alphabet=string.ascii_lowercase + ";, ", min_size=0, max_size=4)
    separator = draw(st.sampled_from((",", ";", ", ")))
    match draw(st.sampled_from(("split-list", "split-set", "join", "comma", "array"))):
        case "split-list":
            values = st.lists(parts, max_size=3).map(tuple)
            return RandomLine(
                "list<text>", ("text",), f"split({quoted(separator)})", values, parts.map(lambda one: (one,))
            )
        case "split-set":
            values = st.frozensets(parts, max_size=3)
            return RandomLine(
                "set<text>", ("text",), f"split({quoted(separator)})", values, parts.map(lambda one: (one,))
            )
        case "join":
            return RandomLine(
                "text?", ("text?", "text?"), f"join({quoted(' ')})", TEXT, st.tuples(st.one_of(TEXT, st.none()), TEXT)
            )
        case "comma":
            values = st.frozensets(parts, max_size=3)
            return RandomLine("set<text>", ("set<text> spelled comma",), "", values, parts.map(lambda one: (one,)))
    values = st.frozensets(parts, max_size=3)
    return RandomLine("set<text>", ("set<text>",), "", values, st.lists(parts, max_size=3).map(lambda one: (one,)))


LINES = st.one_of(
    text_lines(),
    text_lines(),
    null_lines(),
    table_lines(),
    boolean_lines(),
    number_lines(),
    money_lines(),
    time_lines(),
    collection_lines(),
)
