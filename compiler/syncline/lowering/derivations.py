"""The functions of one derivation and its declaration: when a record follows from another, and what it shows of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from syncline.lowering.constants import Constants
from syncline.lowering.expressions import absent_unless, named, truth, value
from syncline.lowering.functions import MapFunctions
from syncline.lowering.layout import INDENT, Code, Imported, Infix, Plain, call, imported, laid_out, sequence, text
from syncline.lowering.mapping import elements_suffix
from syncline.lowering.naming import distinct, snake
from syncline.lowering.quoting import literal
from syncline.lowering.remarks import remark
from syncline.lowering.statements import Statement, entry_of, line_of, settle
from syncline.lowering.types import guarded
from syncline.lowering.waiting import dates_block, waits
from syncline.model.derivations import Derivation
from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression, NativeValue
from syncline.model.spec import Line, NativeField
from syncline.model.spelling import names_in, spelled
from syncline.view import Block

LOCALS = ("before", "now")
"""Names that generated functions use themselves."""


def derivation_functions(
    derivation: Derivation, suffix: str, constants: Constants, taken: Iterable[str]
) -> MapFunctions:
    """The functions of a derivation, named `follows_<suffix>` and `read_<suffix>`."""
    origin = derivation.origin.name
    record = distinct(((origin, snake(origin)),), (*taken, *LOCALS))[origin]
    follows, uses = _follows(derivation, suffix, record)
    doc = f"What a record of {derivation.entity.name} shows that follows from one of {origin}."
    read, more = _read(derivation.lines, suffix, record, doc, constants, (*taken, record, *LOCALS))
    itself = [line.slot for line in derivation.lines if line.expression is None]
    dates: dict[str, Code] = {}
    blocks = [follows, read]
    for line in derivation.lines:
        if line.made is not None:
            nested = elements_suffix(suffix, line)
            what = f"What an element of {line.slot} shows that follows from one of {_collected(line)}."
            block, names = _read(line.made, nested, "element", what, constants, (*taken, "element", *LOCALS))
            blocks.insert(1, block)
            more |= names
    if waits(derivation.condition):
        block, names = dates_block(f"dates_{suffix}", record, derivation.condition)
        blocks.insert(1, block)
        more |= names
        dates["dates"] = Plain(f"dates_{suffix}")
    declaration = call(
        "Derivation",
        entity=text(derivation.entity.name),
        origin=text(origin),
        once=Plain(literal(derivation.once)),
        holds=Plain(f"follows_{suffix}"),
        **dates,
        read=Plain(f"read_{suffix}"),
        flows=sequence(_flow(line) for line in derivation.lines),
        **({"itself": sequence(map(text, itself))} if itself else {}),
        asks=sequence(text(name) for name in names_in(derivation.condition)),
        text=text(spelled(derivation.condition)),
        line=Plain(literal(derivation.span.line)),
    )
    return MapFunctions(suffix=suffix, blocks=tuple(blocks), declaration=declaration, uses=frozenset(uses | more))


def _follows(derivation: Derivation, suffix: str, record: str) -> tuple[Block, set[str]]:
    def look(field: EntityField | NativeValue) -> Code:
        return call(Plain(f"{record if isinstance(field, EntityField) else 'before'}.get"), text(field.name))

    code = truth(_edges(derivation.condition), look)
    note = remark(derivation.condition.span)
    body = laid_out(code, indent=INDENT, before=len(INDENT) + len("return "), after=0, remark=note)
    values = "Mapping[str, Any]"
    head = f"def follows_{suffix}({record}: {values}, before: {values}, now: datetime) -> bool:"
    doc = f"Whether a record of {derivation.entity.name} follows from one of {derivation.origin.name}."
    lines = tuple(f"{INDENT}return {body}{note}".splitlines())
    return Block(head, doc, lines), {*imported(code), "Any", "Mapping", "datetime"}


def _edges(expression: Expression) -> Expression:
    """The condition with each edge as two states: so it is, and so it was not. What was stands as a system's value would."""
    match expression:
        case Apply(function="becomes", arguments=(state,)):
            was = _not(_before(state))
            return Both(True, (state, was), expression.type, expression.span)
        case Apply(arguments=arguments):
            return replace(expression, arguments=tuple(_edges(one) for one in arguments))
        case Both(parts=parts):
            return replace(expression, parts=tuple(_edges(one) for one in parts))
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return replace(expression, condition=_edges(condition), then=_edges(then), otherwise=_edges(otherwise))
    return expression


def _not(expression: Expression) -> Expression:
    match expression:
        case Apply(function="=", arguments=arguments):
            return replace(expression, function="!=", arguments=arguments)
    return Apply("not", (expression,), expression.type, expression.span)


def _before(expression: Expression) -> Expression:
    match expression:
        case EntityField(name=name, type=kind, span=span):
            return NativeValue(name, kind, span)
        case Apply(arguments=arguments):
            return replace(expression, arguments=tuple(_before(one) for one in arguments))
        case Both(parts=parts):
            return replace(expression, parts=tuple(_before(one) for one in parts))
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return replace(expression, condition=_before(condition), then=_before(then), otherwise=_before(otherwise))
        case Constant() | NativeValue():
            return expression


def _collected(line: Line) -> str:
    return line.expression.name if isinstance(line.expression, EntityField) else line.slot


def _read(
    rules: Sequence[Line], suffix: str, record: str, doc: str, constants: Constants, taken: Iterable[str]
) -> tuple[Block, set[str]]:
    computed = {
        field.name: line
        for line in reversed(rules)
        if line.expression is not None and not isinstance(line.expression, EntityField)
        for field in named(line.expression)
    }
    locals_ = distinct(((name, snake(name)) for name in computed), taken)
    statements = [
        Statement(f"{locals_[name]} = ", _shown(record, name), remark(line.span)) for name, line in computed.items()
    ]
    entries = [
        Statement(
            f"{literal(line.slot)}: ", _value(line, suffix, record, locals_, constants), remark(line.span), line.slot
        )
        for line in rules
        if line.expression is not None
    ]
    before, settled = settle(entries, {*taken, *locals_.values()})
    lines = (
        *(line for each in (*statements, *before) for line in line_of(each, INDENT)),
        f"{INDENT}return {{",
        *(line for each in settled for line in entry_of(each)),
        f"{INDENT}}}",
    )
    head = f"def read_{suffix}({record}: Mapping[str, Any]) -> dict[str, Any]:"
    uses = {name for each in (*statements, *entries) for name in imported(each.code)}
    return Block(head, doc, lines), uses | {"Any", "Mapping"}


def _value(line: Line, suffix: str, record: str, locals_: dict[str, str], constants: Constants) -> Code:
    assert line.field is not None
    assert line.expression is not None
    if line.made is not None:
        key = Plain("None") if line.key is None else text(line.key)
        elements = _shown(record, _collected(line))
        return call("elements_made", elements, Plain(f"read_{elements_suffix(suffix, line)}"), key)
    own = NativeField(name="", type=line.expression.type, span=line.span, wire="plain")
    if isinstance(line.expression, EntityField):
        code = _shown(record, line.expression.name)
    else:
        names = dict.fromkeys(locals_[field.name] for field in named(line.expression))
        shown = tuple(Infix((("", Plain(name)), ("is not", Imported("ABSENT")))) for name in names)
        code = absent_unless(shown, value(line.expression, lambda field: Plain(locals_[field.name]), present=True))
    return guarded(code, line.field.type, own, (), constants)


def _shown(record: str, name: str) -> Code:
    return call(Plain(f"{record}.get"), text(name), Imported("ABSENT"))


def _flow(line: Line) -> Code:
    names = () if line.expression is None else names_in(line.expression)
    return call(
        "Flow",
        field=text(line.slot),
        native=sequence(text(name) for name in names),
        contributes=Plain("True"),
        writes=Plain("False"),
        line=Plain(literal(line.span.line)),
    )
