"""The functions of one map and its declaration."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from syncline.lowering.constants import Constants
from syncline.lowering.declarations import spelled
from syncline.lowering.layout import INDENT, Code, Plain, call, imported, laid_out, mapping, members, sequence, text
from syncline.lowering.mapping import (
    condition,
    elements_suffix,
    local_values,
    native_literal,
    natives_named,
    normalise_statements,
    picked_suffixes,
    read_statements,
    scope,
    slots,
    uses_old,
    write_statements,
)
from syncline.lowering.naming import distinct, snake
from syncline.lowering.quoting import literal
from syncline.lowering.remarks import remark
from syncline.lowering.statements import Statement, entry_of, line_of, settle
from syncline.lowering.waiting import dates_block, waits
from syncline.model.exactness import is_exact
from syncline.model.expressions import Expression
from syncline.model.spec import Arrow, Equality, Line, Look, Map
from syncline.source import Span
from syncline.view import Block
from syncline_runtime.declaration import When

LOCALS: Final = ("native", "old", "before", "stored")
"""Names that generated functions use themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapFunctions:
    """The generated functions of one map, or derivation, its declaration, and the names that the functions need imported."""

    suffix: str
    blocks: tuple[Block, ...]
    declaration: Code
    uses: frozenset[str]


def map_functions(map_: Map, suffix: str, constants: Constants, taken: Iterable[str]) -> MapFunctions:
    """The functions of a map, named `read_<suffix>` and so on."""
    record = record_name(map_.entity.name, taken)
    place = map_.place
    read, read_uses = _read(map_, suffix, constants, taken, place)
    write, write_uses = _write(map_, suffix, record, constants, (*taken, record), place)
    blocks, uses = [read, write], {*read_uses, *write_uses, "Any", "Mapping", "Native"}
    for line in reversed(map_.lines):
        if line.elements is not None:
            elements = map_functions(line.elements, elements_suffix(suffix, line), constants, taken)
            blocks = [*elements.blocks, *blocks]
            uses |= elements.uses
        for name, (_, picked) in reversed(list(zip(picked_suffixes(suffix, line), line.picked, strict=True))):
            elements = map_functions(picked, name, constants, taken)
            blocks = [*elements.blocks, *blocks]
            uses |= elements.uses
    named: dict[str, Code] = {}
    if normalised := list(normalise_statements(map_, constants)):
        block, more = _normalise(normalised, suffix, place)
        blocks.append(block)
        uses |= more
        named["normalise"] = Plain(f"normalise_{suffix}")
    if map_.looks:
        named["looks"] = mapping((literal(path), _look(look)) for path, look in map_.looks.items())
    if map_.where:
        named["where"] = sequence(_condition(equality) for equality in map_.where)
    if (inside := scope(map_)) is not None:
        code, span = inside
        doc = f"Whether a record of {place} is in the scope of the map."
        blocks.append(predicate(f"in_scope_{suffix}", "native: Native", doc, code, span))
        uses |= set(imported(code))
        named["in_scope"] = Plain(f"in_scope_{suffix}")
    if map_.when is not None:
        asked = predicates(f"applies_{suffix}", record, f"Whether the record belongs to {place}.", map_.when)
        blocks += asked.blocks
        uses |= asked.uses
        named["waits" if waits(map_.when) else "applies"] = asked.named
    declaration = call(
        "FieldMap",
        entity=text(map_.entity.name),
        system=text(map_.system.name),
        resource=text(map_.resource.name),
        flows=sequence(_flow(line, slot) for line, slot in zip(map_.lines, slots(map_).values(), strict=True)),
        read=Plain(f"read_{suffix}"),
        write=Plain(f"write_{suffix}"),
        **named,
        line=Plain(literal(map_.span.line)),
    )
    return MapFunctions(suffix=suffix, blocks=tuple(blocks), declaration=declaration, uses=frozenset(uses))


def record_name(entity: str, taken: Iterable[str]) -> str:
    """The parameter that holds an entity's values."""
    return distinct(((entity, snake(entity)),), (*taken, *LOCALS))[entity]


def entity_predicate(name: str, record: str, doc: str, expression: Expression) -> tuple[Block, frozenset[str]]:
    """A function that says whether a condition holds for an entity's values, and the names it needs imported."""
    code = condition(expression, record)
    block = predicate(name, f"{record}: Mapping[str, Any]", doc, code, expression.span)
    return block, frozenset(imported(code)) | {"Any", "Mapping"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicates:
    """The functions of a condition on an entity's values, how a declaration names them, and the names they need imported."""

    blocks: tuple[Block, ...]
    named: Code
    uses: frozenset[str]


def predicates(name: str, record: str, doc: str, expression: Expression) -> Predicates:
    """The function that says whether a condition holds; of one that waits for a date also the function that gives the dates."""
    block, uses = entity_predicate(name, record, doc, expression)
    if not waits(expression):
        return Predicates(blocks=(block,), named=Plain(name), uses=uses)
    head = f"def {name}({record}: Mapping[str, Any], now: datetime) -> bool:"
    dates, more = dates_block(f"dates_of_{name}", record, expression)
    code = call("Timed", holds=Plain(name), dates=Plain(f"dates_of_{name}"))
    return Predicates(
        blocks=(replace(block, head=head), dates), named=code, uses=uses | more | {"datetime"} | set(imported(code))
    )


def predicate(name: str, parameter: str, doc: str, code: Code, span: Span) -> Block:
    """A function that returns a condition."""
    note = remark(span)
    body = laid_out(code, indent=INDENT, before=len(INDENT) + len("return "), after=0, remark=note)
    return Block(f"def {name}({parameter}) -> bool:", doc, tuple(f"{INDENT}return {body}{note}".splitlines()))


def _read(map_: Map, suffix: str, constants: Constants, taken: Iterable[str], place: str) -> tuple[Block, set[str]]:
    locals_ = distinct(((name, snake(name)) for name in natives_named(map_)), {*taken, *LOCALS})
    statements, entries = read_statements(map_, constants, locals_, suffix)
    before, settled = settle(entries, {*taken, *LOCALS, *locals_.values()})
    lines = (
        *(line for each in (*statements, *before) for line in line_of(each, INDENT)),
        f"{INDENT}return {{",
        *(line for each in settled for line in entry_of(each)),
        f"{INDENT}}}",
    )
    head = f"def read_{suffix}(native: Native) -> dict[str, Any]:"
    return Block(head, f"What a record of {place} shows of {map_.entity.name}.", lines), _uses([*statements, *entries])


def _write(
    map_: Map, suffix: str, record: str, constants: Constants, taken: Iterable[str], place: str
) -> tuple[Block, set[str]]:
    locals_ = distinct(((name, snake(name)) for name in local_values(map_)), {*taken, *LOCALS})
    statements, entries = write_statements(map_, record, constants, locals_, suffix)
    before, settled = settle(entries, {*taken, *LOCALS, *locals_.values()})
    written = {native.name for line in map_.lines if line.arrow is not Arrow.READ for native in line.natives}
    born = [
        Statement(f"native[{literal(each.native.name)}] = ", native_literal(each.native, each.value), remark(each.span))
        for each in map_.where
        if each.native.name not in written and each.native.writable
    ]
    lines = [
        *((f"{INDENT}before: Native = {{}} if old is None else old",) if uses_old(map_) else ()),
        *(line for each in (*statements, *before) for line in line_of(each, INDENT)),
        f"{INDENT}native: Native = {{" + ("" if entries else "}"),
        *(line for each in settled for line in entry_of(each)),
        *((f"{INDENT}}}",) if entries else ()),
        *((f"{INDENT}if old is None:",) if born else ()),
        *(line for each in born for line in line_of(each, INDENT * 2)),
        f"{INDENT}return {{name: value for name, value in native.items() if value is not ABSENT}}",
    ]
    head = f"def write_{suffix}({record}: Mapping[str, Any], old: Native | None) -> Native:"
    doc = f"The fields of {place} that hold these values of {map_.entity.name}."
    return Block(head, doc, tuple(lines)), _uses([*statements, *entries, *born]) | {"ABSENT"}


def _normalise(statements: list[tuple[str, Statement]], suffix: str, place: str) -> tuple[Block, set[str]]:
    lines = [f"{INDENT}stored = dict(native)"]
    for name, statement in statements:
        lines += [f"{INDENT}if {name} in stored:", *line_of(statement, INDENT * 2)]
    head = f"def normalise_{suffix}(native: Native) -> Native:"
    doc = f"The record as {place} will store it."
    return Block(head, doc, (*lines, f"{INDENT}return stored")), _uses([each for _, each in statements])


def _uses(statements: Iterable[Statement]) -> set[str]:
    return {name for statement in statements for name in imported(statement.code)}


def _flow(line: Line, slot: str) -> Code:
    options: dict[str, Code] = {}
    if line.when is not When.ALWAYS:
        options["when"] = spelled(line.when)
    if not is_exact(line, slot):
        options["exact"] = Plain("False")
    if line.arrow is not Arrow.READ and any(native.states for native in line.natives):
        options["operated"] = Plain("True")
    if line.elements is not None:
        options["hears"] = sequence(map(text, _hears(line.elements)))
    if line.picked:
        fields = mapping((literal(key), sequence(text(one.slot) for one in each.lines)) for key, each in line.picked)
        needed = {"needed": call(Plain("frozenset"), members(map(text, line.needed)))} if line.needed else {}
        options["picked"] = call("Picked", fields=fields, **needed)
    if (targets := _refers(line)) != ():
        options["refers"] = sequence(text(target) for target in targets)
        if line.by is not None:
            options["by"] = text(line.by.field.name)
        if homes := _homes(line):
            options["homes"] = mapping((literal(entity), text(place)) for entity, place in homes.items())
        if any(native.required for native in line.natives):
            options["needed"] = Plain("True")
    return call(
        "Flow",
        field=text(slot),
        native=sequence(text(native.name) for native in line.natives),
        contributes=Plain(literal(line.arrow is not Arrow.WRITE)),
        writes=Plain(literal(line.arrow is not Arrow.READ)),
        **options,
        line=Plain(literal(line.span.line)),
    )


def _look(look: Look) -> Code:
    ways = sequence(sequence((text(via), text(target))) for via, target in look.ways)
    return call("Look", ways=ways, field=text(look.field.name))


def _hears(elements: Map) -> tuple[str, ...]:
    """The fields of a collection's elements that the system may change."""
    return tuple(line.slot for line in elements.lines if line.arrow is not Arrow.WRITE)


def _refers(line: Line) -> tuple[str, ...]:
    """The entities that the line's value may be a record of."""
    value = line.field or line.expression
    if line.by is not None:
        return (line.by.target,)
    if line.elements is not None:
        return tuple(dict.fromkeys(target for each in line.elements.lines for target in _refers(each)))
    return value.type.targets if value is not None and value.type.kind == "ref" else ()


def _homes(line: Line) -> dict[str, str]:
    """By entity, the place in which a reference of the line is looked up, where that is not the map's own."""
    nested = () if line.elements is None else line.elements.lines
    return {entity: place for each in (line, *nested) for entity, place in (each.homes or {}).items()}


def _condition(equality: Equality) -> Code:
    return call("Condition", field=text(equality.native.name), value=native_literal(equality.native, equality.value))
