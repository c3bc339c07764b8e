"""A module for each entity: the shape of its values, its constants, and a `read` and a `write` for each map."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncline.lowering.computed import computed_block, computed_options
from syncline.lowering.constants import constants_of
from syncline.lowering.declarations import constant
from syncline.lowering.derivations import derivation_functions
from syncline.lowering.expressions import value
from syncline.lowering.functions import map_functions, record_name
from syncline.lowering.imports import SOURCES, import_groups
from syncline.lowering.layout import Bracketed, Code, Plain, call, flat, imported, mapping, members, sequence, text
from syncline.lowering.naming import distinct, is_plain, slug, snake
from syncline.lowering.quoting import literal
from syncline.lowering.types import annotation, element_name
from syncline.model.derivations import Derivation
from syncline.model.spec import Elements, Entity, Map, MatchRule, Spec
from syncline.view import Block, Module


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityNames:
    """What the entity is called in the generated package."""

    module: str
    shape: str
    constant: str


def entity_names(spec: Spec) -> Mapping[str, EntityNames]:
    """The names of every entity's module and constant, by the entity's name."""
    reserved = ("systems", "syncs", "stamp", "package", "main", "init")
    wishes = [(name, snake(name)) for name in spec.entities]
    modules = distinct(wishes, reserved)
    return {
        name: EntityNames(
            module=modules[name].lower(),
            shape=name
            if is_plain(name) and name not in SOURCES and not name.isupper()
            else slug(f"Shape_{name}", name),
            constant=modules[name].upper(),
        )
        for name in spec.entities
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityModule:
    """An entity's module, and the names of the constants that declare its maps and its derivations."""

    module: Module
    maps: tuple[str, ...]
    derivations: tuple[str, ...]


def entity_module(
    entity: Entity, maps: tuple[Map, ...], names: EntityNames, derivations: tuple[Derivation, ...] = ()
) -> EntityModule:
    """The module of an entity with its maps and the derivations that make its records."""
    constants = constants_of(entity, maps, (*SOURCES, names.shape, names.constant))
    taken = (*SOURCES, names.shape, names.constant, *constants.names.values())
    functions = [
        map_functions(map_, suffix, constants, taken) for map_, suffix in zip(maps, _suffixes(maps), strict=True)
    ]
    used_suffixes = [each.suffix for each in functions]
    rules = [
        derivation_functions(rule, suffix, constants, taken)
        for rule, suffix in zip(derivations, _origins(derivations, used_suffixes), strict=True)
    ]
    computing: list[Block] = []
    computing_uses: set[str] = set()
    if any(field.computed is not None for field in entity.fields.values()):
        block, computing_uses = computed_block(entity, record_name(entity.name, taken), constants, taken)
        computing.append(block)
    records = {element_name(one.record.name): one.record for one in entity.collections.values()}
    shapes = {name: _shape(record, name) for name, record in records.items()} | {
        names.shape: _shape(entity, names.shape)
    }
    shape_blocks = [block for _, block in shapes.values() if block is not None]
    # Classes where all can be: one that is made by a call has to stand before those that name it.
    if len(shape_blocks) < len(shapes):
        shape_blocks = []
    definitions = [
        *constants.definitions(),
        *((name, code) for name, (code, _) in shapes.items() if not shape_blocks),
    ]
    wishes = [(each.suffix, f"{names.constant}_IN_{each.suffix.upper()}") for each in functions]
    wishes += [(each.suffix, f"{names.constant}_{each.suffix.upper()}") for each in rules]
    declared = distinct(wishes, taken)
    codes = {names.constant: _entity(entity, names)}
    codes |= {declared[each.suffix]: each.declaration for each in (*functions, *rules)}
    used = {name for _, code in definitions for name in imported(code)} | {"Final"}
    used |= {name for code, _ in shapes.values() for name in imported(code)}
    used |= {name for code in codes.values() for name in imported(code)} | {
        name for each in (*functions, *rules) for name in each.uses
    }
    used |= computing_uses
    module = Module(
        file=f"{names.module}.py",
        doc=f"{entity.name}: its shape, and how each system shows and takes it.",
        imports=import_groups(used),
        constants=tuple(constant(name if name in shapes else f"{name}: Final", code) for name, code in definitions),
        blocks=(
            *shape_blocks,
            *(block for each in (*functions, *rules) for block in each.blocks),
            *computing,
        ),
        declarations=tuple(constant(f"{name}: Final", code) for name, code in codes.items()),
    )
    return EntityModule(
        module=module,
        maps=tuple(declared[each.suffix] for each in functions),
        derivations=tuple(declared[each.suffix] for each in rules),
    )


def _origins(derivations: Iterable[Derivation], taken: Iterable[str]) -> tuple[str, ...]:
    """What tells the functions of derivations apart: the entity that they start from."""
    wishes = [(rule.origin.name, f"read_from_{snake(rule.origin.name)}") for rule in derivations]
    found = distinct(wishes, [f"read_{suffix}" for suffix in taken])
    return tuple(found[name].removeprefix("read_") for name, _ in wishes)


def _suffixes(maps: Iterable[Map]) -> tuple[str, ...]:
    """What tells the maps' functions apart: the system's name, and the resource's where the system has several maps."""
    systems = [map_.system.name for map_ in maps]
    originals = [f"{map_.system.name}/{map_.resource.name}/{position}" for position, map_ in enumerate(maps)]
    wishes = [
        snake(map_.system.name if systems.count(map_.system.name) == 1 else f"{map_.system.name}_{map_.resource.name}")
        for map_ in maps
    ]
    found = distinct(((original, f"read_{wish}") for original, wish in zip(originals, wishes, strict=True)), ())
    return tuple(found[original].removeprefix("read_") for original in originals)


def _shape(entity: Entity, shape: str) -> tuple[Code, Block | None]:
    """The TypedDict of an entity's or a record's values: a class where every field is an identifier, a call else."""
    fields = [(field.name, annotation(field.type)) for field in entity.fields.values()]
    code = call(
        "TypedDict",
        text(shape),
        mapping((literal(name), kind) for name, kind in fields),
        total=Plain("False"),
    )
    if not fields or not all(is_plain(name) for name, _ in fields):
        return code, None
    lines = ("", *(f"    {name}: {flat(kind)}" for name, kind in fields))
    return code, Block(f"class {shape}(TypedDict, total=False):", entity.doc or "The fields of the entity.", lines)


def _entity(entity: Entity, names: EntityNames) -> Code:
    fields = entity.fields.values()
    defaults = [(field.name, field.default) for field in fields if field.default is not None]
    lengths = [(field.name, field.type.length) for field in fields if field.type.length is not None]
    optional: dict[str, Code] = {
        "lengths": mapping((literal(name), Plain(literal(length))) for name, length in lengths),
        "required": _set(field.name for field in fields if not field.type.nullable and field.computed is None),
        "pii": _set(field.name for field in fields if field.pii),
        "match": sequence(_match(rule) for rule in entity.match),
        "collections": mapping((literal(name), _collection(each)) for name, each in entity.collections.items()),
        "defaults": mapping((literal(name), value(default, _no_field)) for name, default in defaults),
    }
    return call(
        "Entity",
        name=text(entity.name),
        shape=Plain(names.shape),
        fields=sequence(text(field.name) for field in fields),
        kinds=mapping((literal(field.name), text(field.type.kind)) for field in fields),
        **{name: code for name, code in optional.items() if isinstance(code, Bracketed) and code.items},
        **computed_options(entity),
    )


def _collection(elements: Elements) -> Code:
    refers = {field.name: field.type.targets for field in elements.record.fields.values() if field.type.kind == "ref"}
    options: dict[str, Code] = {}
    if elements.key is not None:
        options["key"] = text(elements.key)
    if refers:
        options["refers"] = mapping((literal(name), sequence(map(text, targets))) for name, targets in refers.items())
    return call("Collection", shape=Plain(element_name(elements.record.name)), **options)


def _set(names: Iterable[str]) -> Code:
    items = tuple(text(name) for name in names)
    return call(Plain("frozenset"), members(items)) if items else call(Plain("frozenset"))


def _match(rule: MatchRule) -> Code:
    options: dict[str, Code] = {}
    if rule.ask:
        options["ask"] = Plain("True")
    if rule.placeholders:
        options["placeholders"] = sequence(text(placeholder) for placeholder in rule.placeholders)
    return call("MatchRule", fields=sequence(text(field.name) for field in rule.fields), **options)


def _no_field(field: object) -> Code:
    raise LookupError("a default names no fields")
