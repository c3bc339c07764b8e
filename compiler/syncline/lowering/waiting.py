"""Conditions that wait for a date: the moments at which they may change their answer."""

from collections.abc import Callable, Iterator

from syncline.lowering.expressions import named, value
from syncline.lowering.layout import INDENT, Bracketed, Code, Infix, Item, Plain, call, imported, laid_out, text
from syncline.lowering.remarks import remark
from syncline.model.expressions import Apply, Both, Choose, EntityField, Expression, NativeValue
from syncline.view import Block


def waits(expression: Expression) -> bool:
    """Whether the condition's answer depends on the time at which it is asked."""
    return any(True for _ in _dates(expression))


def dates_block(name: str, record: str, expression: Expression) -> tuple[Block, set[str]]:
    """A function that gives the dates that the condition compares with the present, and the names it needs imported."""

    def look(field: EntityField | NativeValue) -> Code:
        return call(Plain(f"{record}.get"), text(field.name))

    codes = [_date(operand, look) for operand in _dates(expression)]
    code = Bracketed(None, "(", tuple(Item("", one) for one in codes), ")")
    note = remark(expression.span)
    body = laid_out(code, indent=INDENT, before=len(INDENT) + len("return "), after=0, remark=note)
    head = f"def {name}({record}: Mapping[str, Any]) -> tuple[Any, ...]:"
    lines = tuple(f"{INDENT}return {body}{note}".splitlines())
    return Block(head, "The dates that the condition waits for.", lines), {*imported(code), "Any", "Mapping"}


def _date(operand: Expression, look: Callable[[EntityField | NativeValue], Code]) -> Code:
    code = value(operand, look)
    names = {field.name: field for field in named(operand)}
    shown = tuple(Infix((("", look(field)), ("is not", Plain("None")))) for field in names.values())
    if isinstance(operand, EntityField) or not shown:
        return code
    known = shown[0] if len(shown) == 1 else Infix(tuple(("and" if at else "", one) for at, one in enumerate(shown)))
    return Infix((("", code), ("if", known), ("else", Plain("None"))))


def _dates(expression: Expression) -> Iterator[Expression]:
    match expression:
        case Apply(function="is past", arguments=(operand,)):
            yield operand
        case Apply(arguments=parts) | Both(parts=parts):
            for part in parts:
                yield from _dates(part)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                yield from _dates(part)
