"""The lines of a map as straight-line functions: `read`, `write`, `normalise` and the map's predicates."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from syncline.lowering.constants import Constants, Custom, Readings, table_of
from syncline.lowering.expressions import absent_unless, named, truth, value
from syncline.lowering.layout import Bracketed, Code, Imported, Infix, Item, Plain, call, mapping, sequence, text
from syncline.lowering.naming import distinct, is_plain, slug, snake
from syncline.lowering.quoting import literal
from syncline.lowering.remarks import remark
from syncline.lowering.statements import Statement
from syncline.lowering.types import guarded
from syncline.model.exactness import definition, is_function, wire_of
from syncline.model.expressions import EntityField, Expression, NativeValue
from syncline.model.spec import Arrow, CodecUse, Line, Map, NativeField
from syncline.source import Span
from syncline_runtime import codecs
from syncline_runtime.codecs import NULLS


def slots(map_: Map) -> dict[int, str]:
    """The key under which each line (by its position) shows its value: the entity's field, or an output slot.

    A written line shows an output slot where its codec cannot be read back, and where the field is shown by another line.
    """
    read = {line.field.name for line in map_.lines if line.field and line.arrow is not Arrow.WRITE}
    found: dict[int, str] = {}
    for position, line in enumerate(map_.lines):
        if line.arrow is Arrow.WRITE and (line.slot in read or line.slot in found.values() or not _readable(line)):
            found[position] = f"={line.natives[0].name}"
        else:
            found[position] = line.slot
    return found


def _readable(line: Line) -> bool:
    return all(is_function(use) for use in line.pipeline)


# Codecs that the runtime has in a form for each record.
_QUICK: Final = {
    "wire_date_iso_get": "date_text",
    "wire_decimal_text_get": "decimal_text",
    "wire_decimal_text_put": "decimal_text_put",
    "wire_integer_number_get": "integer_get",
}
# Codecs that write a canonical value as it is: reading has seen to its type.
_UNCHANGED: Final = frozenset({"wire_boolean_json_put", "wire_integer_number_put", "wire_date_native_put"})


# -- reading ------------------------------------------------------------------------------------------------------------


def read_statements(
    map_: Map, constants: Constants, locals_: Mapping[str, str], suffix: str = ""
) -> tuple[list[Statement], list[Statement]]:
    """Statements that go before, and the entries of the dict that `read` returns, one for each line.

    `suffix` is that of the map's functions, from which those of its collections have theirs.
    """
    before = [
        Statement(f"{locals_[name]} = ", _readwire_of(map_.native(name)), remark(line.span))
        for name, line in _named_natives(map_).items()
    ]
    keys = slots(map_)
    entries = [
        Statement(
            f"{literal(keys[position])}: ",
            _shown(line, keys[position], constants, locals_, suffix),
            remark(line.span),
            keys[position].removeprefix("="),
        )
        for position, line in enumerate(map_.lines)
    ]
    return before, entries


def natives_named(map_: Map) -> tuple[str, ...]:
    """The native fields that read expressions name, which `read` keeps in local names."""
    return tuple(_named_natives(map_))


def _named_natives(map_: Map) -> dict[str, Line]:
    found: dict[str, Line] = {}
    for line in map_.lines:
        if line.arrow is Arrow.READ and line.expression is not None:
            for field in named(line.expression):
                found.setdefault(field.name, line)
    return found


def elements_suffix(suffix: str, line: Line) -> str:
    """The suffix of the functions that read and write the elements of a collection."""
    name = snake(line.slot)
    return f"{suffix}_{name if is_plain(name) else slug(name, line.slot)}"


def picked_suffixes(suffix: str, line: Line) -> tuple[str, ...]:
    """The suffix of the functions that read and write each element that stands in fields of the record itself."""
    # No name has two underscores in a row, so that none is that of another collection.
    found = distinct(((repr(key), snake(str(key))) for key, _ in line.picked), ())
    return tuple(f"{elements_suffix(suffix, line)}__{name}" for name in found.values())


def picked_local(line: Line) -> str:
    """Stands for the fields in which the picked elements are written, among the local names of `write`."""
    return f"{line.slot}.picked"


def _shown(line: Line, slot: str, constants: Constants, locals_: Mapping[str, str], suffix: str) -> Code:
    if line.picked:
        names = zip(line.picked, picked_suffixes(suffix, line), strict=True)
        reads = mapping((literal(key), Plain(f"read_{name}")) for (key, _), name in names)
        return call(
            "picked_get",
            Plain("native"),
            reads,
            _key(line),
            *([sequence(map(text, line.needed))] if line.needed else []),
        )
    if line.elements is not None:
        rows = _shown_natively(line.natives[0], "native")
        function = "elements_json_get" if line.natives[0].wire == "json" else "elements_get"
        return call(function, rows, Plain(f"read_{elements_suffix(suffix, line)}"), _key(line))
    if line.field is None or slot != line.field.name:
        return _readwire_of(line.natives[0])
    if line.expression is not None:
        own = NativeField(name="", type=line.expression.type, span=line.span, wire="plain")
        return guarded(_shown_where(line.expression, locals_), line.field.type, own, (), constants)
    native = line.natives[0]
    code = _readwire_of(native) if len(line.natives) == 1 else sequence(_readwire_of(one) for one in line.natives)
    for use in line.pipeline:
        if use.table:
            code = Bracketed(constants.name(Readings(table_of(use))), "[", (Item("", code),), "]")
        else:
            code = call(definition(use).get, code, *_arguments(use, constants))
    return guarded(code, line.field.type, native, line.pipeline, constants)


def _key(line: Line) -> Code:
    return Plain("None") if line.key is None else text(line.key)


def _shown_where(expression: Expression, locals_: Mapping[str, str]) -> Code:
    names = dict.fromkeys(locals_[field.name] for field in named(expression))
    shown = tuple(Infix((("", Plain(name)), ("is not", Imported("ABSENT")))) for name in names)
    return absent_unless(shown, value(expression, lambda field: Plain(locals_[field.name]), present=True))


def _readwire_of(native: NativeField, record: str = "native") -> Code:
    return _wired(native, _shown_natively(native, record))


def _shown_natively(native: NativeField, record: str) -> Code:
    # What stands before a write is a whole record, or none: what it lacks is not known. A path is delivered by the engine itself.
    null = native.absent_is_null and record == "native" and not native.ways
    return call(Plain(f"{record}.get"), text(native.name), *(() if null else (Imported("ABSENT"),)))


def _wired(native: NativeField, code: Code) -> Code:
    wire = wire_of(native)
    if native.null:
        code = call(NULLS[native.null].get, code)
    return call(_QUICK.get(wire.get, wire.get), code) if wire else code


def _arguments(use: CodecUse, constants: Constants) -> tuple[Code, ...]:
    if use.table:
        return (constants.name(table_of(use)),)
    if use.name == "python":
        return (constants.name(Custom(str(use.arguments[0]))),)
    return tuple(
        text(argument) if isinstance(argument, str) else Plain(literal(argument)) for argument in use.arguments
    )


# -- writing ------------------------------------------------------------------------------------------------------------


def write_statements(
    map_: Map, record: str, constants: Constants, locals_: Mapping[str, str], suffix: str = ""
) -> tuple[list[Statement], list[Statement]]:
    """Statements that go before, and the entries of the dict that `write` returns. `record` names the entity's values."""
    before = [
        Statement(f"{locals_[name]} = ", _value_of(record, name, absent=True), remark(line.span))
        for name, line in _named_fields(map_).items()
    ]
    entries: list[Statement] = []
    for line in map_.lines:
        if line.arrow is Arrow.READ:
            continue
        note = remark(line.span)
        if line.picked:
            local = locals_[picked_local(line)]
            before.append(Statement(f"{local} = ", _put_picked(line, record, suffix), note, local))
            for native in line.natives:
                shown = call(Plain(f"{local}.get"), text(native.name), Imported("ABSENT"))
                entries.append(Statement(f"{literal(native.name)}: ", shown, note, native.name))
            continue
        if line.elements is not None:
            name = line.natives[0].name
            entries.append(Statement(f"{literal(name)}: ", _put_elements(line, record, suffix), note, name))
            continue
        code = _written(line, record, constants, locals_)
        if len(line.natives) == 1:
            native = line.natives[0]
            entries.append(Statement(f"{literal(native.name)}: ", _putwire_of(native, code), note, native.name))
            continue
        names = [locals_[f"={native.name}"] for native in line.natives]
        before.append(Statement(f"{', '.join(names)} = ", code, note, names[0]))
        for native, name in zip(line.natives, names, strict=True):
            if native.writable:
                entries.append(
                    Statement(f"{literal(native.name)}: ", _putwire_of(native, Plain(name)), note, native.name)
                )
    return before, entries


def _put_picked(line: Line, record: str, suffix: str) -> Code:
    assert line.field is not None
    writes = mapping(
        (literal(key), sequence((Plain(f"write_{name}"), sequence(text(each.slot) for each in picked.lines))))
        for (key, picked), name in zip(line.picked, picked_suffixes(suffix, line), strict=True)
    )
    return call("picked_put", _value_of(record, line.field.name, absent=True), writes, _key(line), Plain("old"))


def _put_elements(line: Line, record: str, suffix: str) -> Code:
    assert line.field is not None
    functions = elements_suffix(suffix, line)
    old = call(Plain("before.get"), text(line.natives[0].name))
    value_ = _value_of(record, line.field.name, absent=True)
    function = "elements_json_put" if line.natives[0].wire == "json" else "elements_put"
    return call(function, value_, Plain(f"write_{functions}"), Plain(f"read_{functions}"), _key(line), old)


def local_values(map_: Map) -> tuple[str, ...]:
    """What `write` keeps in local names: fields that expressions name, and natives (`=name`) that are written together."""
    lines = (line for line in map_.lines if line.arrow is not Arrow.READ and len(line.natives) > 1 and not line.picked)
    joined = dict.fromkeys(f"={native.name}" for line in lines for native in line.natives)
    picked = (picked_local(line) for line in map_.lines if line.arrow is not Arrow.READ and line.picked)
    return (*_named_fields(map_), *joined, *picked)


def _named_fields(map_: Map) -> dict[str, Line]:
    """The entity's fields that written expressions name, with the first line that does."""
    found: dict[str, Line] = {}
    for line in map_.lines:
        if line.arrow is not Arrow.READ and line.expression is not None:
            for field in named(line.expression):
                found.setdefault(field.name, line)
    return found


_AROUND: Final = ("prefix", "suffix")
"""Codecs that write more than the field's own text, and read it without."""


def _written(line: Line, record: str, constants: Constants, locals_: Mapping[str, str]) -> Code:
    if line.expression is not None:
        return _shown_where(line.expression, locals_)
    assert line.field is not None
    code = _value_of(record, line.field.name, absent=True)
    for position, use in reversed(list(enumerate(line.pipeline))):
        known = definition(use)
        extra: tuple[Code, ...] = ()
        if known.needs_count:
            extra = (Plain(literal(len(line.natives))),)
        if known.needs_old:
            old = _readwire_of(line.natives[0], "before")
            for earlier in line.pipeline[:position]:
                old = call(definition(earlier).get, old, *_arguments(earlier, constants))
            extra = (old,)
        if use.table and is_function(use):
            code = call("member_put", code, constants.name(Readings(table_of(use))), *extra)
        else:
            code = call(known.put, code, *_arguments(use, constants), *extra)
        if line.arrow is Arrow.BOTH and use.name in ("upper", "lower") and line.field.type.length is not None:
            # ß is SS in capitals: what would no longer fit when it is read back is refused before it is written.
            room = line.field.type.length
            for around in line.pipeline[position + 1 :]:
                room = room + (len(str(around.arguments[0])) if around.name in _AROUND else 0)
            code = call("text_of", code, Plain(literal(room)))
    return code


def _value_of(record: str, name: str, *, absent: bool) -> Code:
    return call(Plain(f"{record}.get"), text(name), *((Imported("ABSENT"),) if absent else ()))


def _putwire_of(native: NativeField, code: Code) -> Code:
    wire = wire_of(native)
    code = call(_QUICK.get(wire.put, wire.put), code) if wire and wire.put not in _UNCHANGED else code
    return call(NULLS[native.null].put, code) if native.null else code


def uses_old(map_: Map) -> bool:
    """Whether writing looks at the record as it stands."""
    return any(line.elements is not None and line.arrow is not Arrow.READ for line in map_.lines) or any(
        definition(use).needs_old for line in map_.lines if line.arrow is not Arrow.READ for use in line.pipeline
    )


# -- normalising and predicates -----------------------------------------------------------------------------------------


def normalise_statements(map_: Map, constants: Constants) -> Iterator[tuple[str, Statement]]:
    """For each native field whose system normalises what it stores: its literal, and the code that does the same."""
    seen: set[str] = set()
    for line in map_.lines:
        for native in line.natives:
            if not native.normalises or native.name in seen:
                continue
            seen.add(native.name)
            name = literal(native.name)
            code: Code = _wired(native, Plain(f"stored[{name}]"))
            for use in native.normalises:
                code = call(definition(use).put, code, *_arguments(use, constants))
            yield name, Statement(f"stored[{name}] = ", _putwire_of(native, code), remark(native.span))


def scope(map_: Map) -> tuple[Code, Span] | None:
    """The map's `where` as a condition on `native`; None where it has none."""
    conditions = [
        call("equals", _readwire_of(equality.native), _literal(equality.value, equality.native))
        for equality in map_.where
    ]
    span = map_.where[0].span if map_.where else map_.span

    def read(field: EntityField | NativeValue) -> Code:
        return _readwire_of(map_.native(field.name))

    if map_.where_expression is not None:
        conditions.append(truth(map_.where_expression, read))
        span = map_.where_expression.span if not map_.where else span
    if not conditions:
        return None
    if len(conditions) == 1:
        return conditions[0], span
    return Infix(tuple(("and" if position else "", condition) for position, condition in enumerate(conditions))), span


def _literal(written: str | int | bool | None, native: NativeField) -> Code:
    if isinstance(written, int) and not isinstance(written, bool) and native.type.kind in ("decimal", "percent"):
        return call("Decimal", Plain(literal(str(written))))
    return text(written) if isinstance(written, str) else Plain(literal(written))


def native_literal(native: NativeField, written: str | int | bool | None) -> Code:
    """The value of a `where` in the system's own spelling, worked out here where that is a plain literal."""
    wire = wire_of(native)
    canonical = Decimal(written) if native.type.kind in ("decimal", "percent") and type(written) is int else written
    try:
        spelled = getattr(codecs, wire.put)(canonical) if wire else canonical
        spelled = getattr(codecs, NULLS[native.null].put)(spelled) if native.null else spelled
    except codecs.CodecError:
        spelled = written
    if spelled is None or type(spelled) in (str, int, bool):
        return text(spelled) if isinstance(spelled, str) else Plain(literal(spelled))
    return _putwire_of(native, _literal(written, native))


def condition(expression: Expression, record: str) -> Code:
    """A condition on the entity's values; a field that no system has shown is null."""

    def read(field: EntityField | NativeValue) -> Code:
        return _value_of(record, field.name, absent=False)

    return truth(expression, read)
