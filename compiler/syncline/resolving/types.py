"""Types: names to kinds with their parameters, aliases followed, records and collections told apart."""

from dataclasses import replace
from typing import Final

from syncline.model.types import Type
from syncline.resolving.patterns import pattern_problem
from syncline.resolving.scope import DEEPEST, Scope
from syncline.source import Span
from syncline.syntax import (
    Argument,
    CollectionType,
    Entity,
    Enum,
    NamedType,
    Number,
    Record,
    ReferenceType,
    Text,
    TypeDeclaration,
)
from syncline.syntax import Type as TypeNode

SCALARS: Final = (
    "text",
    "email",
    "phone",
    "url",
    "uuid",
    "integer",
    "decimal",
    "money",
    "percent",
    "boolean",
    "date",
    "instant",
    "local_time",
    "duration",
    "country",
    "currency",
    "language",
    "binary",
)
"""Types that need no declaration and hold one value."""

BUILTIN: Final = frozenset((*SCALARS, "list", "set", "ref"))
_PLAIN: Final = {(name, optional): Type(name, nullable=optional) for name in SCALARS for optional in (False, True)}
_PATTERNED: Final = ("text",)
_LONGEST: Final = 1_000_000
_DIGITS: Final = 100


def resolve_type(node: TypeNode, optional: bool, scope: Scope) -> Type | None:
    """The type that a field or alias is declared with; None when it has been reported as wrong.

    A record is a type of kind `record`, an entity one of kind `ref`; what may hold them is the caller's to say.
    """
    match node:
        case NamedType(name=name, arguments=(), matching=None):
            plain = _PLAIN.get((name.text, optional))
            if plain is not None:
                return plain
            found = _named(node, scope)
        case NamedType():
            found = _parametrised(node, scope)
        case ReferenceType():
            found = _reference(node, scope)
        case CollectionType():
            found = _collection(node, scope)
    return found.optional() if found is not None and optional and not found.nullable else found


def check_declarations(scope: Scope) -> None:
    """Resolves every type declaration, used or not, and reports names that hide a type of the language."""
    for name, node in scope.declared.types.items():
        if name in BUILTIN:
            scope.findings.report("name.shadows-builtin", node.name.span, name=name, kind="type")
        if isinstance(node, TypeDeclaration | Enum):
            _declared(name, scope)


def _named(node: NamedType, scope: Scope) -> Type | None:
    name = node.name.text
    if name in scope.declared.types:
        return _declared(name, scope)
    if name in ("list", "set"):
        scope.findings.report("type.arguments", node.span, type=name, problem="no-element")
    else:
        known = (*SCALARS, "list", "set", *scope.declared.types)
        scope.findings.unknown("type.unknown", name, node.name.span, known)
    return None


def _declared(name: str, scope: Scope) -> Type | None:
    if name in scope.types:
        return scope.types[name]
    node = scope.declared.types[name]
    match node:
        case TypeDeclaration():
            # Who meets this entry again while the alias is being followed has come full circle.
            scope.types[name] = None
            found = resolve_type(node.type, False, scope) if not _circular(node, scope) else None
            if found is not None and found.kind in ("record", "ref") and found.name != name:
                scope.findings.report("type.alias-of-record", node.type.span, name=name, target=str(found))
                found = None
            scope.types[name] = (
                None if found is None else replace(found, name=name if found.kind != "enum" else found.name)
            )
        case Enum():
            scope.types[name] = _enum(node, scope)
        case Record():
            scope.types[name] = Type("record", name=name)
        case Entity():
            scope.types[name] = Type("ref", name=name, targets=(name,))
    return scope.types[name]


def _circular(node: TypeDeclaration, scope: Scope) -> bool:
    chain = [node.name.text]
    following: TypeNode = node.type
    while isinstance(following, NamedType):
        target = scope.declared.types.get(following.name.text)
        if not isinstance(target, TypeDeclaration):
            return False
        if target.name.text in chain:
            scope.findings.report("type.recursive", node.name.span, name=node.name.text, through=tuple(chain))
            return True
        if len(chain) >= DEEPEST:
            scope.findings.report("type.too-deep", node.name.span, name=node.name.text, limit=DEEPEST)
            return True
        chain.append(target.name.text)
        following = target.type
    return False


def _enum(node: Enum, scope: Scope) -> Type:
    members: dict[str, Span] = {}
    for member in node.members:
        first = members.setdefault(member.name.text, member.name.span)
        if first is not member.name.span:
            scope.findings.duplicate("enum member", member.name, first)
    if not members:
        scope.findings.report("type.enum-empty", node.name.span, name=node.name.text)
    renamed = ((one.name.text, one.renamed_from.text) for one in node.members if one.renamed_from is not None)
    return Type("enum", members=tuple(members), name=node.name.text, former=tuple(renamed))


def _parametrised(node: NamedType, scope: Scope) -> Type | None:
    name = node.name.text
    key = (name, tuple(a.value.text if isinstance(a.value, Number) else "" for a in node.arguments))
    if node.matching is None and key in scope.spelled:
        return scope.spelled[key]
    match name:
        case "text":
            found = _text(node, scope)
        case "decimal":
            found = _decimal(node, scope)
        case _:
            found = resolve_type(NamedType(node.name, (), None, node.span), False, scope)
            if found is not None and node.arguments:
                scope.findings.report("type.arguments", node.span, type=name, problem="takes-none")
                return None
    if node.matching is None:
        if found is not None:
            scope.spelled[key] = found
        return found
    return None if found is None else _matching(found, node.matching, scope)


def _matching(found: Type, pattern: Text, scope: Scope) -> Type:
    if found.kind not in _PATTERNED:
        scope.findings.report(
            "type.pattern-invalid", pattern.span, pattern=pattern.value, problem="not-text", detail=str(found)
        )
        return found
    problem = pattern_problem(pattern.value)
    if problem is not None:
        scope.findings.report(
            "type.pattern-invalid", pattern.span, pattern=pattern.value, problem=problem.kind, detail=problem.detail
        )
        return found
    if found.pattern is not None:
        scope.findings.report(
            "type.pattern-invalid", pattern.span, pattern=pattern.value, problem="second", detail=found.pattern
        )
        return found
    return replace(found, pattern=pattern.value)


def _text(node: NamedType, scope: Scope) -> Type | None:
    match [_whole(argument) for argument in node.arguments]:
        case []:
            return _PLAIN["text", False]
        case [int(length)] if 1 <= length <= _LONGEST:
            return Type("text", length=length)
        case [_]:
            problem = "length"
        case _:
            problem = "too-many"
    scope.findings.report("type.arguments", node.span, type="text", problem=problem, most=_LONGEST)
    return None


def _decimal(node: NamedType, scope: Scope) -> Type | None:
    match [_whole(argument) for argument in node.arguments]:
        case [int(precision)] if 1 <= precision <= _DIGITS:
            return Type("decimal", precision=precision, scale=0)
        case [int(precision), int(scale)] if 1 <= precision <= _DIGITS and scale <= precision:
            return Type("decimal", precision=precision, scale=scale)
        case [_] | [_, _]:
            problem = "digits"
        case _:
            problem = "too-many"
    scope.findings.report("type.arguments", node.span, type="decimal", problem=problem, most=_DIGITS)
    return None


def _whole(argument: Argument) -> int | None:
    value = argument.value
    if argument.name is not None or not isinstance(value, Number) or not value.text.isdecimal() or len(value.text) > 9:
        return None
    return int(value.text)


def _reference(node: ReferenceType, scope: Scope) -> Type | None:
    targets: list[str] = []
    entities = [name for name, other in scope.declared.types.items() if isinstance(other, Entity)]
    faulty = False
    for target in node.targets:
        if not isinstance(scope.declared.types.get(target.text), Entity):
            scope.findings.unknown("name.unknown-entity", target.text, target.span, entities)
            faulty = True
        targets.append(target.text)
    return None if faulty else Type("ref", targets=tuple(targets))


def _collection(node: CollectionType, scope: Scope) -> Type | None:
    kind = node.kind.text
    if kind not in ("list", "set"):
        scope.findings.unknown("type.unknown", kind, node.kind.span, ("list", "set"))
        return None
    item = resolve_type(node.element, False, scope)
    if item is None:
        return None
    if item.kind in ("record", "ref"):
        if kind == "set" or item.kind == "ref":
            scope.findings.report("not-yet.collection", node.span, type=f"{kind}<{item.name or item}>")
        if node.by is not None:
            scope.aligned.append((item, node.by))
        return Type(kind, item=item, by=None if node.by is None else node.by.span.text)
    if item.kind in ("list", "set") or (kind == "set" and item.kind in ("money", "binary")):
        scope.findings.report("type.arguments", node.element.span, type=kind, problem="element", element=str(item))
        return None
    if node.by is not None:
        scope.findings.report("type.arguments", node.by.span, type=kind, problem="by-without-record")
        return None
    return Type(kind, item=item)
