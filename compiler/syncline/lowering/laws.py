"""`laws_test.py`: the laws of two-way lines, of a user's own codecs and merge functions, as tests for pytest."""

from collections.abc import Iterator
from typing import Final

from syncline.lowering.imports import SOURCES, import_groups
from syncline.lowering.layout import INDENT, Code, Imported, Joined, Plain, call, imported, laid_out, text
from syncline.lowering.naming import distinct, snake
from syncline.lowering.quoting import literal
from syncline.lowering.remarks import remark
from syncline.model.spec import Arrow, Spec
from syncline.model.types import Type
from syncline.source import Span
from syncline.view import Block, Module

FILE: Final = "laws_test.py"
_UNLIMITED: Final = frozenset(
    {
        "integer", "boolean", "email", "phone", "url", "uuid", "country", "currency", "language", "date", "instant",
        "local_time", "duration", "binary",
    }
)  # fmt: skip


def laws_module(spec: Spec) -> Module | None:
    """The module of law tests; None for a spec that has nothing to try."""
    laws = list(_laws(spec))
    if not laws:
        return None
    names = distinct(((f"{at}", name) for at, (name, _, _, _) in enumerate(laws)), (*SOURCES, "package"))
    blocks, uses, own = [], set[str](), False
    for at, (_, doc, span, code) in enumerate(laws):
        uses |= set(imported(code))
        own |= "package.PACKAGE" in laid_out(code, indent="", before=0, after=0)
        line = INDENT + laid_out(code, indent=INDENT, before=len(INDENT), after=0)
        blocks.append(Block(f"def {names[str(at)]}() -> None:", f"{doc} ({remark(span).strip(' #')}).", (line,)))
    return Module(
        file=FILE,
        doc="The laws of the maps, tried on many values by `pytest`; no run imports this.",
        imports=import_groups(uses, ("package",) if own else ()),
        blocks=tuple(blocks),
    )


def _laws(spec: Spec) -> Iterator[tuple[str, str, Span, Code]]:
    """Wished name, what it is about, where it is said, and the call that tries it."""
    for side in spec.maps:
        mapping = Plain(f"package.PACKAGE.mapping({literal(side.entity.name)}, {literal(side.system.name)})")
        for line in side.lines:
            field = line.field
            if field is None or line.arrow is not Arrow.BOTH or line.expression is not None:
                continue
            fixed = tuple(str(use.arguments[0]) for use in line.pipeline if use.name in ("money_in", "money_minor"))
            domain = _domain(field.type, fixed)
            if domain is None:
                continue
            about = f"{side.entity.name}.{field.name} in {side.system.name}.{side.resource.name}"
            name = snake(f"test_{side.entity.name}_{field.name}_in_{side.system.name}")
            yield (
                name,
                f"{about} is read back as it was written",
                line.span,
                _law("two_way", mapping, text(field.name), domain),
            )
    told: set[tuple[str, Type]] = set()
    for side in spec.maps:
        for line in side.lines:
            for use in line.pipeline:
                key = (str(use.arguments[0]), use.gives) if use.name == "python" else None
                if key is None or key in told:
                    continue
                told.add(key)
                domain = _domain(use.gives)
                if domain is not None:
                    own = call("load_codec", text(key[0]))
                    name = f"test_codec_{snake(key[0].rpartition(':')[2])}"
                    yield name, f"{key[0]} gets back what it puts", use.span, _law("codec", own, domain)
    for sync in spec.syncs:
        for rule in sync.all_rules:
            for name in rule.fields if rule.function is not None else ():
                domain = _domain(sync.entity.fields[name].type) if name in sync.entity.fields else None
                if domain is not None:
                    own = call("load_function", text(rule.function or ""))
                    wished = f"test_{snake(sync.entity.name)}_{snake(name)}_merged"
                    doc = f"{rule.function} merges {sync.entity.name}.{name} in any order"
                    yield wished, doc, rule.span, _law("merge", own, domain)


def _law(name: str, *arguments: Code) -> Code:
    return call(Joined((Imported("laws"), Plain(f".{name}"))), *arguments)


def _domain(kind: Type, currencies: tuple[str, ...] = ()) -> Code | None:
    """The values of a type; None where there is no saying without other records."""
    match kind.kind:
        case "text":
            length = () if kind.length is None and kind.pattern is None else (Plain(literal(kind.length)),)
            return _law("text", *length, *(() if kind.pattern is None else (text(kind.pattern),)))
        case "enum":
            return _law("members", *(text(member) for member in kind.members))
        case "decimal" if kind.precision is not None:
            return _law("decimal", Plain(literal(kind.precision)), Plain(literal(kind.scale or 0)))
        case "percent" | "money" | "decimal":
            return _law(kind.kind, *(text(name) for name in currencies))
        case "set" | "list" if kind.item is not None:
            item = _domain(kind.item)
            return None if item is None else _law("collection" if kind.kind == "set" else "laws.listed", item)
        case name if name in _UNLIMITED:
            return _law("any_of", text(name))
    return None
