"""`syncs.py`: the policy of each entity, a rule for each contested field."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from syncline.guarantees.personal import personal_natives
from syncline.lowering.declarations import constant, spelled
from syncline.lowering.entities import EntityNames
from syncline.lowering.functions import entity_predicate, predicates, record_name
from syncline.lowering.imports import SOURCES, import_groups
from syncline.lowering.layout import Bracketed, Code, Imported, Item, Plain, call, imported, mapping, sequence, text
from syncline.lowering.mapping import native_literal
from syncline.lowering.naming import distinct, snake
from syncline.lowering.quoting import literal
from syncline.lowering.waiting import waits
from syncline.model.contest import Contest
from syncline.model.spec import DeleteRule, Spec, Sync, Truth, WriteRule
from syncline.view import Block, Module
from syncline_runtime import declaration
from syncline_runtime.declaration import Drift, GuardLimit, OnDelete

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
    declared: list[tuple[str, Code]] = []
    for sync, name in zip(spec.syncs, constants, strict=True):
        one = _sync(sync, name)
        blocks += one.blocks
        uses |= one.uses
        declared += [*one.named.items(), (name, one.code)]
    uses |= {needed for _, code in declared for needed in imported(code)}
    module = Module(
        file=FILE,
        doc="Where records are born, which system is right, and what may be deleted.",
        imports=import_groups(uses),
        blocks=tuple(blocks),
        declarations=tuple(constant(f"{name}: Final", code) for name, code in declared),
    )
    return module, constants


class _Declared(NamedTuple):
    """A sync's declarations: its predicates, the names they need, what it names beforehand, and itself."""

    blocks: list[Block]
    uses: set[str]
    named: dict[str, Code]
    code: Code


def _sync(sync: Sync, name: str) -> _Declared:
    creates, blocks, uses = _writes(sync, name, "create", "Creation", sync.creates)
    updates, more_blocks, more = _writes(sync, name, "update", "Updating", sync.updates)
    deletes, delete_blocks, delete_uses = _deletes(sync, name)
    rules, owners, owner_blocks, owner_uses = _rules(sync, name)
    guards = sequence(
        spelled(GuardLimit(operation=guard.operation, count=guard.count, percent=guard.percent, line=guard.span.line))
        for guard in sync.guards
    )
    optional: dict[str, Code] = {
        "together": sequence(sequence(map(text, fields)) for fields in _together(sync)),
        "creates": _mapping(creates),
        "updates": _mapping(updates),
        "deletes": _mapping(deletes),
    }
    places = [[one.name for one in sync.systems if one.account == account] for account in sync.accounts]
    optional["places"] = sequence(sequence(map(text, group)) for group in places if len(group) > 1)
    if sync.empty is not None:
        optional["empty"] = text(sync.empty)
    optional["out_of_scope"] = text(sync.out_of_scope)
    if sync.merged == "follow":
        optional["merged"] = text(sync.merged)
    if sync.unknown == "hold":
        optional["unknown"] = text(sync.unknown)
    optional["guards"] = guards
    optional["erases"] = _mapping(_erases(sync))
    optional["triggers"] = sequence(map(spelled, _triggers(sync)))
    optional["after"] = sequence(text(trigger.after) for trigger in sync.triggers if trigger.after is not None)
    code = call(
        "Sync",
        entity=text(sync.entity.name),
        systems=sequence(text(system.name) for system in sync.systems),
        rules=_mapping(rules),
        **{key: option for key, option in optional.items() if not (isinstance(option, Bracketed) and not option.items)},
        line=Plain(literal(sync.span.line)),
    )
    return _Declared(
        [*blocks, *more_blocks, *delete_blocks, *owner_blocks], uses | more | delete_uses | owner_uses, owners, code
    )


def _together(sync: Sync) -> Iterable[tuple[str, ...]]:
    return dict.fromkeys(rule.fields for rule in sync.truth if len(rule.fields) > 1)


def _erases(sync: Sync) -> dict[str, Code]:
    found: dict[str, Code] = {}
    for rule in sync.erases:
        side = sync.map_of(rule.system)
        options: dict[str, Code] = {"action": text(rule.action)}
        if rule.reason:
            options["reason"] = text(rule.reason)
        if rule.action == "clear" and side is not None:
            natives = (native for native, _ in personal_natives(side))
            options["clears"] = mapping((literal(native.name), native_literal(native, None)) for native in natives)
        found[rule.system.name] = call("Erasure", **options, line=Plain(literal(rule.span.line)))
    return found


def _triggers(sync: Sync) -> Iterator[declaration.Trigger]:
    for trigger in sync.triggers:
        match trigger.kind:
            case "every":
                yield declaration.Every(seconds=trigger.seconds or 0, full=trigger.full)
            case "daily":
                yield declaration.Daily(at=trigger.at or "", zone=trigger.zone or "", full=trigger.full)
            case "webhook":
                yield declaration.OnWebhook()
            case "after":
                continue


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
            asked = predicates(function, record, doc, rule.when)
            blocks += asked.blocks
            uses |= asked.uses
            options["waits" if waits(rule.when) else "when"] = asked.named
        options["line"] = Plain(literal(rule.span.line))
        codes[rule.system.name] = call(declared, allowed=Plain(literal(rule.allowed)), **options)
    return codes, blocks, uses


def _deletes(sync: Sync, name: str) -> tuple[dict[str, Code], list[Block], set[str]]:
    record = record_name(sync.entity.name, SOURCES)
    stem = f"delete_{name.removesuffix('_SYNC').lower()}_in_"
    conditional = [rule for rule in sync.deletes if rule.when is not None]
    wishes = {f"{rule.span.start}": stem + snake(f"{rule.system.account}_{rule.policy.value}") for rule in conditional}
    functions = distinct(wishes.items(), SOURCES)
    blocks: list[Block] = []
    uses: set[str] = set()
    cases: dict[str, list[Code]] = {}
    rest: dict[str, DeleteRule] = {}
    for rule in sync.deletes:
        if rule.when is None:
            rest[rule.system.name] = rule
            continue
        function = functions[f"{rule.span.start}"]
        doc = f"Whether `{rule.policy.value}` is what a deletion elsewhere does in {rule.system.account}."
        block, more = entity_predicate(function, record, doc, rule.when)
        if block not in blocks:  # the places of a system have one
            blocks.append(block)
        uses |= more
        cases.setdefault(rule.system.name, []).append(_deletion(rule, when=Plain(function)))
    codes: dict[str, Code] = {}
    for system in dict.fromkeys(rule.system.name for rule in sync.deletes):
        more_cases = {"cases": sequence(cases[system])} if system in cases else {}
        # Conditions that leave nothing out need no clause for the rest: what they cannot decide waits for a person.
        last = rest.get(system)
        codes[system] = (
            _deletion(last, **more_cases)
            if last is not None
            else call("Deletion", policy=spelled(OnDelete.HOLD), **more_cases, line=Plain(literal(sync.span.line)))
        )
    return codes, blocks, uses


def _deletion(rule: DeleteRule, **more: Code) -> Code:
    options = {"unless_edited": Plain("True")} if rule.unless_edited else {}
    return call("Deletion", policy=spelled(rule.policy), **options, **more, line=Plain(literal(rule.span.line)))


def _rules(sync: Sync, name: str) -> tuple[dict[str, Code], dict[str, Code], list[Block], set[str]]:
    """The rule of each contested field, the constants that they name, and their predicates with the names these need."""
    record = record_name(sync.entity.name, SOURCES)
    stem = name.removesuffix("_SYNC")
    contest = Contest(sync)
    contested = {field: contest.rules_for(field) for field in sync.entity.fields if contest.contested(field)}
    chosen = {_key(rules[0]): rules for rules in contested.values() if rules and rules[0].when is not None}
    conditional = {_key(rule): rule for rules in chosen.values() for rule in rules if rule.when is not None}
    functions = distinct(
        (
            (key, f"{stem.lower()}_{_subject(rule)}_owned_by_{snake(rule.systems[0].account)}")
            for key, rule in conditional.items()
        ),
        SOURCES,
    )
    blocks: list[Block] = []
    uses: set[str] = set()
    for key, rule in conditional.items():
        assert rule.when is not None
        doc = f"Whether {rule.systems[0].account} owns the {' and '.join(rule.fields) or 'record'}."
        block, more = entity_predicate(functions[key], record, doc, rule.when)
        blocks.append(block)
        uses |= more
    names = distinct(((key, f"{stem}_{_subject(rules[0]).upper()}_OWNER") for key, rules in chosen.items()), SOURCES)
    owners = {
        names[key]: _cases(
            [(functions[_key(rule)], rule) for rule in rules if rule.when is not None],
            next((rule for rule in rules if rule.when is None), None),
        )
        for key, rules in chosen.items()
    }
    found = {
        field: Plain(names[_key(rules[0])]) if _key(rules[0]) in chosen else _rule(rules[0])
        for field, rules in contested.items()
        if rules
    }
    return found, owners, blocks, uses


def _key(rule: Truth) -> str:
    """What tells a rule from the others of its sync."""
    return str(rule.span.start)


def _subject(rule: Truth) -> str:
    return "_".join(snake(name) for name in rule.fields) or "record"


def _cases(conditional: list[tuple[str, Truth]], rest: Truth | None) -> Code:
    cases = sequence(call("Case", when=Plain(function), rule=_rule(rule)) for function, rule in conditional)
    otherwise = {"otherwise": _rule(rest)} if rest is not None else {}
    return call("Cases", cases=cases, **otherwise, line=Plain(literal(conditional[0][1].span.line)))


def _rule(truth: Truth) -> Code:
    order = tuple(system.name for system in truth.systems)
    line = truth.span.line
    match truth.rule:
        case "owned":
            return spelled(declaration.Owned(by=order[0], places=order[1:], drift=Drift(truth.drift), line=line))
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
