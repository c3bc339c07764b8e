"""`syncs.py`: the policy of each entity, a rule for each contested field."""

from collections.abc import Iterable, Mapping
from typing import Final

from syncline.lowering.declarations import constant, spelled
from syncline.lowering.entities import EntityNames
from syncline.lowering.functions import entity_predicate, record_name
from syncline.lowering.imports import SOURCES, import_groups
from syncline.lowering.layout import Bracketed, Code, Imported, Item, Plain, call, imported, mapping, sequence, text
from syncline.lowering.naming import distinct, snake
from syncline.lowering.quoting import literal
from syncline.model.spec import Spec, Sync, Truth, WriteRule
from syncline.view import Block, Module
from syncline_runtime import declaration
from syncline_runtime.declaration import Deletion, Drift, GuardLimit

FILE: Final = "syncs.py"


def syncs_module(spec: Spec, names: Mapping[str, EntityNames]) -> tuple[Module, tuple[str, ...]]:
    """The module that declares the syncs, and the names of its constants in the order of the spec."""
    found = distinct(
        (
            (f"{sync.entity.name}/{position}", f"{names[sync.entity.name].constant}_SYNC")
            for position, sync in enumerate(spec.syncs)
        ),
        SOURCES,
    )
    constants = tuple(found.values())
    blocks: list[Block] = []
    uses: set[str] = {"Final"}
    codes: list[Code] = []
    for sync, name in zip(spec.syncs, constants, strict=True):
        predicates, more, code = _sync(sync, name)
        blocks += predicates
        uses |= more | set(imported(code))
        codes.append(code)
    module = Module(
        file=FILE,
        doc="Where records are born, which system is right, and what may be deleted.",
        imports=import_groups(uses),
        blocks=tuple(blocks),
        declarations=tuple(constant(f"{name}: Final", code) for name, code in zip(constants, codes, strict=True)),
    )
    return module, constants


def _sync(sync: Sync, name: str) -> tuple[list[Block], set[str], Code]:
    creates, blocks, uses = _writes(sync, name, "create", "Creation", sync.creates)
    updates, more_blocks, more = _writes(sync, name, "update", "Updating", sync.updates)
    deletes = {
        rule.system.name: spelled(Deletion(policy=rule.policy, unless_edited=rule.unless_edited, line=rule.span.line))
        for rule in sync.deletes
    }
    guards = sequence(
        spelled(GuardLimit(operation=guard.operation, count=guard.count, percent=guard.percent, line=guard.span.line))
        for guard in sync.guards
    )
    optional: dict[str, Code] = {
        "together": sequence(sequence(map(text, rule.fields)) for rule in sync.truth if len(rule.fields) > 1),
        "creates": _mapping(creates),
        "updates": _mapping(updates),
        "deletes": _mapping(deletes),
    }
    if sync.empty is not None:
        optional["empty"] = text(sync.empty)
    optional["out_of_scope"] = text(sync.out_of_scope)
    optional["guards"] = guards
    optional["after"] = sequence(text(trigger.after) for trigger in sync.triggers if trigger.after is not None)
    code = call(
        "Sync",
        entity=text(sync.entity.name),
        systems=sequence(text(system.name) for system in sync.systems),
        rules=_mapping(_rules(sync)),
        **{key: option for key, option in optional.items() if not (isinstance(option, Bracketed) and not option.items)},
        line=Plain(literal(sync.span.line)),
    )
    return [*blocks, *more_blocks], uses | more, code


def _mapping(entries: Mapping[str, Code]) -> Code:
    return mapping((literal(name), code) for name, code in entries.items())


def _writes(
    sync: Sync, name: str, verb: str, declared: str, rules: Iterable[WriteRule]
) -> tuple[dict[str, Code], list[Block], set[str]]:
    record = record_name(sync.entity.name, SOURCES)
    stem = f"{verb}_{name.removesuffix('_SYNC').lower()}_in_"
    systems = distinct(((rule.system.name, stem + snake(rule.system.name)) for rule in rules), SOURCES)
    codes: dict[str, Code] = {}
    blocks: list[Block] = []
    uses: set[str] = set()
    for rule in rules:
        options: dict[str, Code] = {}
        if rule.when is not None:
            function = systems[rule.system.name]
            doc = f"Whether a record is to be {verb}d in {rule.system.name}."
            block, more = entity_predicate(function, record, doc, rule.when)
            blocks.append(block)
            uses |= more
            options["when"] = Plain(function)
        options["line"] = Plain(literal(rule.span.line))
        codes[rule.system.name] = call(declared, allowed=Plain(literal(rule.allowed)), **options)
    return codes, blocks, uses


def _rules(sync: Sync) -> dict[str, Code]:
    found: dict[str, Code] = {}
    for name in sync.entity.fields:
        rule = sync.rule_for(name)
        if rule is not None and len(sync.contributors(name)) > 1:
            found[name] = _rule(rule)
    return found


def _rule(truth: Truth) -> Code:
    order = tuple(system.name for system in truth.systems)
    line = truth.span.line
    match truth.rule:
        case "owned":
            return spelled(declaration.Owned(by=order[0], drift=Drift(truth.drift), line=line))
        case "prefers":
            return spelled(declaration.Prefers(order=order, line=line))
        case "newest":
            return spelled(declaration.Newest(otherwise=order, line=line))
        case "union" | "max" | "min":
            return spelled(declaration.Merged(by=truth.rule, line=line))
        case "ask":
            return spelled(declaration.Ask(line=line))
        case "python":
            function = call("load_function", text(truth.function or ""))
            items = (("by=", text("python")), ("function=", function), ("line=", Plain(literal(line))))
            return Bracketed(Imported("Merged"), "(", tuple(Item(label, code) for label, code in items), ")")
