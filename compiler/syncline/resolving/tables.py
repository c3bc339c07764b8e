"""Value tables: which of the entity's values stands for which of the system's."""

from syncline.diagnostics.diagnostic import Label
from syncline.model.spec import CodecUse
from syncline.model.types import Type
from syncline.resolving.constants import described, number_of
from syncline.resolving.scope import Scope
from syncline.source import Span
from syncline.syntax import Boolean, Expression, Name, Path, Table, TableEntry, Text
from syncline_runtime.codecs.registry import TEXT_KINDS


def resolve_table(
    node: Table, span: Span, declared_as: str | None, native: Type, wanted: Type | None, scope: Scope
) -> CodecUse | None:
    """The table between natives of a type and the entity's values; `wanted` is what its members are, text if None."""
    kind = wanted if wanted is not None else Type("text")
    if kind.kind not in TEXT_KINDS:
        scope.findings.report("codec.table-type", span, found=str(kind))
        return None
    if not node.entries:
        scope.findings.report("codec.table-empty", node.span, name=kind.members[0] if kind.members else "any value")
        return None
    rows: dict[str, tuple[str | int | bool | None, ...]] = {}
    first: dict[str, Span] = {}
    sound = True
    for entry in node.entries:
        member = _member(entry.value, kind, scope)
        natives = _natives(entry, native, scope)
        if member is None or natives is None:
            sound = False
        elif member in first:
            label = Label(first[member], "declared-here")
            scope.findings.report("codec.table-duplicate", entry.value.span, label, name=member)
        else:
            first[member] = entry.value.span
            rows[member] = natives
    otherwise = _otherwise(node.otherwise, kind, scope)
    if not sound or (node.otherwise is not None and otherwise is None):
        return None
    return CodecUse(
        name="table",
        arguments=(),
        gives=kind.optional() if native.nullable else kind.required(),
        span=span,
        table=tuple(rows.items()),
        otherwise=otherwise,
        declared_as=declared_as,
    )


def _member(node: Expression | Name, kind: Type, scope: Scope) -> str | None:
    match node:
        case Name(text=name) | Path(steps=(Name(text=name),)) if kind.kind != "enum" or name in kind.members:
            return name
        case Name(text=name) | Path(steps=(Name(text=name),)):
            scope.findings.unknown("name.unknown-member", name, node.span, kind.members, type=str(kind.required()))
            return None
        case Text(value=text) if kind.kind != "enum":
            return text
    found = "name" if isinstance(node, Name) else described(node)
    scope.findings.report("type.mismatch", node.span, expected=str(kind.required()), found=found)
    return None


def _otherwise(node: Expression | None, kind: Type, scope: Scope) -> str | None:
    return None if node is None else _member(node, kind, scope)


def _natives(entry: TableEntry, native: Type, scope: Scope) -> tuple[str | int | bool | None, ...] | None:
    found: list[str | int | bool | None] = []
    for node in entry.natives:
        value = _native(node, native)
        if value is None:
            scope.findings.report("type.mismatch", node.span, expected=str(native.required()), found=described(node))
            return None
        found.append(value)
    if not found:
        scope.findings.report("codec.table-empty", entry.span, name=entry.value.span.text)
        return None
    return tuple(found)


def _native(node: Expression, native: Type) -> str | int | bool | None:
    match node:
        case Text(value=text) if native.kind in TEXT_KINDS:
            return text
        case Boolean(value=yes) if native.kind == "boolean":
            return yes
        case _ if native.kind == "integer":
            number = number_of(node)
            return int(number) if number is not None and number == number.to_integral_value() else None
    return None
