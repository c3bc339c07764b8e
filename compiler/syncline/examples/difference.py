"""A finding of an example: what it expected, what came instead, and the line of the spec that made it so."""

import json
from decimal import Decimal
from typing import Any

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.examples import Example
from syncline.model.spec import Line, Map
from syncline.model.types import Type
from syncline.source import Span
from syncline_runtime.codecs import CodecError
from syncline_runtime.records import value_text
from syncline_runtime.values import ABSENT, Money


def difference(
    example: Example,
    span: Span,
    problem: str,
    field: str,
    expected: Any,
    got: Any,
    place: Map,
    line: Line | None = None,
) -> Diagnostic:
    """example.fails for one field. `span` is where the example says what it expects."""
    type_ = place.entity.fields[field].type if field in place.entity.fields else None
    facts: dict[str, Fact] = {
        "title": example.title,
        "problem": problem,
        "field": field,
        "place": f"{place.system.name}.{place.resource.name}",
        "expected": shown(expected, type_),
        "got": shown(got, type_),
    }
    labels = (Label(line.span, f"{problem}-here"),) if line is not None else ()
    return Diagnostic("example.fails", span, facts, labels)


def refused(span: Span, title: str, verb: str, error: CodecError) -> Diagnostic:
    """example.fails for a record that cannot be read or written at all."""
    return broken(span, title, verb, error.expected, error.shown)


def broken(span: Span, title: str, verb: str, expected: str, got: str) -> Diagnostic:
    """example.fails for what could not be carried out."""
    facts: dict[str, Fact] = {"title": title, "problem": f"refused-{verb}", "expected": expected, "got": got}
    return Diagnostic("example.fails", span, facts)


def shown(value: Any, type_: Type | None = None) -> str:
    """A value as an example writes it."""
    match value:
        case _ if value is ABSENT:
            return "nothing"
        case str() if type_ is not None and type_.kind == "enum":
            return value
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int() | Decimal():
            return str(value)
        case Money(amount=amount, currency=currency):
            return f'"{amount} {currency}"'
        case frozenset():
            return f"[{', '.join(sorted(shown(item, type_ and type_.item) for item in value))}]"
        case tuple() | list():
            return f"[{', '.join(shown(item, type_ and type_.item) for item in value)}]"
        case dict():
            return "{ " + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + " }"
    return f'"{value_text(value)}"'
