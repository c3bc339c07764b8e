"""The function that computes the fields of an entity, from its own and from those of the records that refer to it."""

from collections.abc import Iterable, Iterator, Mapping

from syncline.lowering.constants import Constants
from syncline.lowering.expressions import value
from syncline.lowering.layout import INDENT, Code, Joined, Plain, call, imported, mapping, text
from syncline.lowering.naming import distinct, snake
from syncline.lowering.quoting import literal
from syncline.lowering.remarks import remark
from syncline.lowering.statements import Statement, line_of, settle
from syncline.lowering.types import guarded
from syncline.model.expressions import EntityField, NativeValue
from syncline.model.spec import Entity, Field, NativeField
from syncline.model.spelling import names_in
from syncline.view import Block

COLLECTED = "collected"


def computed_block(entity: Entity, record: str, constants: Constants, taken: Iterable[str]) -> tuple[Block, set[str]]:
    """The function `compute`, and the names it needs imported."""
    fields = list(_in_order(entity))
    locals_ = distinct(((field.name, snake(field.name)) for field in fields), (*taken, record, COLLECTED, "compute"))

    def look(name: EntityField | NativeValue) -> Code:
        if name.name in locals_:
            return Plain(locals_[name.name])
        head, _, rest = name.name.partition(".")
        if head not in entity.back:
            return call(Plain(f"{record}.get"), text(name.name))
        records = Joined((Plain(COLLECTED), Plain(f"[{literal(head)}]")))
        return call("column", records, text(rest)) if rest else records

    statements = []
    for field in fields:
        assert field.computed is not None
        own = NativeField(name="", type=field.computed.type, span=field.span, wire="plain")
        code = guarded(value(field.computed, look), field.type, own, (), constants)
        statements.append(Statement(f"{locals_[field.name]} = ", code, remark(field.span), field.name))
    before, settled = settle(statements, {*taken, *locals_.values(), record, COLLECTED})
    assert not before or settled
    lines = [line for each in (*before, *settled) for line in line_of(each, INDENT)]
    lines.append(f"{INDENT}return {{{', '.join(f'{literal(name)}: {local}' for name, local in locals_.items())}}}")
    values = "Mapping[str, Any]"
    head = f"def compute({record}: {values}, {COLLECTED}: Mapping[str, tuple[{values}, ...]]) -> dict[str, Any]:"
    uses = {name for each in statements for name in imported(each.code)} | {"Any", "Mapping"}
    return Block(head, f"The fields of {entity.name} that are computed.", tuple(lines)), uses


def computed_options(entity: Entity) -> Mapping[str, Code]:
    """What the declaration of an entity says of its back-references and computed fields."""
    back = mapping(
        (literal(name), call("BackReference", entity=text(one.entity), via=text(one.via)))
        for name, one in entity.back.items()
    )
    lines = {field.name: field.span.line for field in entity.fields.values() if field.computed is not None}
    computed = mapping((literal(name), Plain(literal(line))) for name, line in lines.items())
    return {
        **({"back": back} if entity.back else {}),
        **({"computed": computed, "compute": Plain("compute")} if lines else {}),
    }


def _in_order(entity: Entity) -> Iterator[Field]:
    """The computed fields, each after those that it is computed from."""
    waiting = {name: field for name, field in entity.fields.items() if field.computed is not None}
    while waiting:
        for name, field in list(waiting.items()):
            assert field.computed is not None
            if not any(other in waiting and other != name for other in names_in(field.computed)):
                yield waiting.pop(name)
