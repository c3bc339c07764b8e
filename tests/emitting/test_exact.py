"""`exact` is a promise: whatever the field's type holds, the system shows again exactly as it was written."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.model.exactness import definition, is_exact
from syncline.model.spec import Arrow, CodecUse, Field, Line, NativeField
from syncline.model.types import Type
from syncline_runtime import codecs
from syncline_runtime.codecs import CodecError, canonical
from syncline_runtime.values import Money
from tests.emitting.models import RANKS, STAGES, at, native, use

ENUM = Type("enum", members=("lead", "qualified", "customer"), name="Lifecycle")
VALUES = {
    "text": st.text(max_size=6),
    "email": st.emails(),
    "integer": st.integers(-(10**20), 10**20),
    "decimal": st.decimals(-10_000, 10_000, places=3),
    "percent": st.decimals(0, 1, places=4),
    "boolean": st.booleans(),
    "date": st.dates(),
    "instant": st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)),
    "money": st.builds(Money, st.decimals(0, 1000, places=3), st.sampled_from(["EUR", "MXN", "JPY"])),
    "enum": st.sampled_from(ENUM.members),
    "set": st.frozensets(st.text(max_size=3), max_size=3),
}
TYPES = (
    Type("text"), Type("text", length=3), Type("email"), Type("integer"), Type("decimal"), Type("decimal", precision=7, scale=2),
    Type("percent"), Type("boolean"), Type("date"), Type("instant"), Type("money"), ENUM, Type("set", item=Type("text")),
)  # fmt: skip
PIPELINES: tuple[tuple[CodecUse, ...], ...] = (
    (), (use("trim"),), (use("lower"),), (use("prefix", "x-"),), (use("round", 1),), (use("percent"),), (STAGES,), (RANKS,),
    (use("money", "EUR", gives=Type("money")),), (use("money", "EUR", "minor", gives=Type("money")),),
    (use("epoch", "s", gives=Type("instant")),), (use("date", "%d.%m.%y", gives=Type("date")),), (use("none", "-"),),
    (use("bool", "Y", "N", gives=Type("boolean")),), (use("split", ";", gives=Type("set", item=Type("text"))),),
)  # fmt: skip
WIRES = sorted((kind, spelling) for kind, spelling in codecs.WIRE if kind in VALUES)


def line_of(field: Type, system: NativeField, pipeline: tuple[CodecUse, ...]) -> Line:
    return Line(
        field=Field(name="field", type=field, span=at(1)),
        natives=(system,),
        arrow=Arrow.BOTH,
        span=at(1),
        native_span=at(1),
        pipeline=pipeline,
    )


def shown_again(value: object, line: Line) -> object:
    """What is read after the value was written, by the codecs themselves."""
    wire = codecs.WIRE[(line.natives[0].type.kind, line.natives[0].wire)]
    uses = []
    for one in line.pipeline:
        known = definition(one)
        table = codecs.table(dict(one.table), *([one.otherwise] if one.otherwise else []))
        uses.append((known, (table,) if one.table else one.arguments))
    for known, arguments in reversed(uses):
        value = getattr(codecs, known.put)(value, *arguments)
    value = getattr(codecs, wire.get)(getattr(codecs, wire.put)(value))
    for known, arguments in uses:
        value = getattr(codecs, known.get)(value, *arguments)
    return value


def joins(native_kind: str, pipeline: tuple[CodecUse, ...], field_kind: str) -> bool:
    """Whether the checks would let the line's types pass."""
    if not pipeline:
        return native_kind == field_kind
    if pipeline[0].table:
        return field_kind == "enum"
    kinds = {"money": (("decimal", "money"), ("integer", "money"))}.get(pipeline[0].name, definition(pipeline[0]).kinds)
    return any(
        one == native_kind and other.partition("<")[0] == field_kind
        if "any" not in (one, other)
        else native_kind == field_kind
        for one, other in kinds
    )


def exact_lines() -> list[Line]:
    found = []
    for kind, spelling in WIRES:
        limits: tuple[Type, ...] = (Type(kind, item=Type("text") if kind == "set" else None),)
        if kind == "text":
            limits += (Type("text", length=3), Type("text", length=2))
        if kind == "decimal":
            limits += (Type("decimal", precision=7, scale=2), Type("decimal", precision=5, scale=1))
        for limit in limits:
            system = native("system", type=ENUM if kind == "enum" else limit, wire=spelling)
            for field in TYPES:
                for pipeline in PIPELINES:
                    line = line_of(field, system, pipeline)
                    if joins(kind, pipeline, field.kind) and is_exact(line, "field"):
                        found.append(line)
    return found


EXACT = exact_lines()


def test_some_lines_are_exact_and_lossy_ones_never() -> None:
    assert len(EXACT) > 20
    lossy = {"trim", "lower", "round", "epoch"}
    assert not [line for line in EXACT if {one.name for one in line.pipeline} & lossy]


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_exact_line_shows_what_was_written(data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(EXACT))
    assert line.field is not None
    kind = line.field.type
    limits: Sequence[object] = {"text": (kind.length,), "decimal": (kind.precision, kind.scale)}.get(kind.kind, ())
    if kind.kind == "enum":
        limits = [frozenset(kind.members)]
    try:
        value = canonical(kind.kind, data.draw(VALUES[kind.kind]), *limits)
        shown = canonical(kind.kind, shown_again(value, line), *limits)
    except CodecError:
        return  # outside the type, or refused aloud: nothing is changed in silence
    assert shown == value
    system = line.natives[0].type
    if type(shown) is str and system.length is not None and not line.pipeline:
        assert len(shown) <= system.length
    if type(shown) is Decimal and system.scale is not None:
        assert shown == round(shown, system.scale)
