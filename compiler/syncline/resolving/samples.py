"""The values of an example's records: canonical ones for the entity, and what a connector would deliver for a system."""

from decimal import Decimal
from typing import Any, Final, cast

from syncline.diagnostics.diagnostic import Label
from syncline.model.examples import EntitySample, NativeSample
from syncline.model.spec import Map, NativeField
from syncline.model.types import Type
from syncline.resolving.constants import MOST_DIGITS, constant, described, number_of
from syncline.resolving.scope import EntityScope, Scope
from syncline.source import Span
from syncline.syntax import Boolean, Entry, Expression, ListLiteral, Name, Null, ObjectLiteral, Text
from syncline_runtime import codecs
from syncline_runtime.codecs import MINOR_UNITS, WIRE, CodecError, plain
from syncline_runtime.values import Money, Value

_TEXTUAL: Final = {"date": "iso", "instant": "iso", "local_time": "iso", "duration": "iso", "binary": "base64"}
"""Kinds whose values an example writes as a text, by the wire spelling of that text."""

_CANONICAL: Final = frozenset(("native", "tagged"))
"""Spellings that no literal can show: an example gives the value itself."""


class _Refused(Exception):
    """A value that has been reported as being none of its field's."""


def entity_sample(node: ObjectLiteral, entity: EntityScope, scope: Scope) -> EntitySample | None:
    """What an example says of the entity; None when a name or a value has been reported."""
    shape = entity.shape
    values: dict[str, Value] = {}
    spans: dict[str, Span] = {}
    faulty = False
    todo = [("", node)]
    while todo:
        prefix, group = todo.pop(0)
        for entry in group.entries:
            name = prefix + _key(entry)
            field = shape.fields.get(name)
            if name in spans:
                first = Label(spans[name], "declared-here")
                scope.findings.report("name.duplicate", entry.key.span, first, name=name, kind="field")
                faulty = True
                continue
            spans[name] = entry.span
            if field is not None:
                try:
                    values[name] = _value(entry.value, field.type, scope)
                except _Refused:
                    faulty = True
            elif name in shape.groups and isinstance(entry.value, ObjectLiteral):
                todo.append((f"{name}.", entry.value))
            else:
                faulty = True
                _unknown(name, entry, entity, scope)
    return None if faulty else EntitySample(values=values, spans=spans, span=node.span)


def native_sample(node: ObjectLiteral, found: Map, scope: Scope) -> NativeSample | None:
    """What an example says of a system's record; None when a name or a value has been reported."""
    fields = found.resource.fields
    values: dict[str, object] = {}
    spans: dict[str, Span] = {}
    faulty = False
    for entry in node.entries:
        name = _key(entry)
        if name not in fields:
            label = Label(found.resource.span, "resource-declared-here")
            scope.findings.unknown(
                "map.native-unknown", name, entry.key.span, fields, label, resource=found.resource.name
            )
            faulty = True
        elif name in spans:
            first = Label(spans[name], "declared-here")
            scope.findings.report("name.duplicate", entry.key.span, first, name=name, kind="field")
            faulty = True
        else:
            spans[name] = entry.span
            try:
                values[name] = _native(entry.value, fields[name], scope)
            except _Refused:
                faulty = True
    return None if faulty else NativeSample(map=found, values=values, spans=spans, span=node.span)


def _unknown(name: str, entry: Entry, entity: EntityScope, scope: Scope) -> None:
    shape = entity.shape
    if name in shape.groups:
        leaves = tuple(leaf for leaf in shape.fields if leaf.startswith(name + "."))
        scope.findings.report("type.record-as-value", entry.value.span, name=name, known=leaves)
    elif name not in shape.absent:
        scope.findings.unknown("name.unknown-field", name, entry.key.span, shape.fields, entity=entity.entity.name)


def _key(entry: Entry) -> str:
    match entry.key:
        case Name(text=name) | Text(value=name):
            return name
    return entry.key.span.text


def _value(node: Expression, expected: Type, scope: Scope) -> Value:
    """The canonical value that a literal means."""
    match node:
        case ListLiteral(items=items) if expected.kind in ("set", "list") and expected.item is not None:
            element = expected.item
            found = [_value(item, element, scope) for item in items]
            return frozenset(found) if expected.kind == "set" else tuple(found)
        case Text(value=text) if expected.kind == "ref":
            return text  # an example tells a record by its id in the system
        case Text(value=text) if expected.kind == "money":
            amount = _money(text)
            if amount is None:
                scope.findings.report("type.mismatch", node.span, expected='money, as in "12.50 EUR"', found="text")
                raise _Refused
            return amount
        case Text(value=text) if expected.kind in _TEXTUAL:
            wire = WIRE[expected.kind, _TEXTUAL[expected.kind]]
            try:
                return cast(Value, getattr(codecs, wire.get)(text))
            except CodecError as error:
                scope.findings.report("type.mismatch", node.span, expected=error.expected, found=error.shown)
                raise _Refused from None
        case ObjectLiteral():
            scope.findings.report("type.mismatch", node.span, expected=str(expected), found="object")
            raise _Refused
    literal = constant(node, expected, scope)
    if literal is None:
        raise _Refused
    return plain(literal.value) if isinstance(literal.value, Decimal) else literal.value


def _money(text: str) -> Money | None:
    digits, _, currency = text.strip().rpartition(" ")
    if (
        len(digits) > MOST_DIGITS
        or currency not in MINOR_UNITS
        or not digits.replace(".", "", 1).removeprefix("-").isdecimal()
    ):
        return None
    return Money(plain(Decimal(digits)), currency)


def _native(node: Expression, field: NativeField, scope: Scope) -> object:
    """The value as the connector delivers it: a literal as it stands, but where no literal can show it."""
    if field.wire in _CANONICAL and isinstance(node, Text) and field.type.kind in _TEXTUAL:
        return getattr(codecs, WIRE[field.type.kind, field.wire].put)(_value(node, field.type, scope))
    return _json(node, scope)


def _json(node: Expression, scope: Scope) -> Any:
    """A literal as a value of JSON; numbers with a point are exact."""
    match node:
        case Text(value=text):
            return text
        case Boolean(value=yes):
            return yes
        case Null():
            return None
        case ListLiteral(items=items):
            return [_json(item, scope) for item in items]
        case ObjectLiteral(entries=entries):
            return {_key(entry): _json(entry.value, scope) for entry in entries}
    number = number_of(node)
    if number is None:
        scope.findings.report("type.mismatch", node.span, expected="a literal", found=described(node))
        raise _Refused
    return int(number) if number.as_tuple().exponent == 0 else number
