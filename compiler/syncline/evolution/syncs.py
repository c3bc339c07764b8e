"""Changes of policy: which systems are kept in step, who is right, what is made, deleted, held, and when it runs."""

from collections.abc import Iterable, Iterator

from syncline.evolution.change import Change, Effect, Fact
from syncline.evolution.reaching import all_records, reached, written_by
from syncline.evolution.renaming import Renaming
from syncline.model.contest import Contest
from syncline.model.expressions import Expression
from syncline.model.spec import DeleteRule, EraseRule, Guard, Spec, Sync, Trigger, Truth, WriteRule
from syncline.model.spelling import Rename, same, spelled, spelled_trigger, spelled_truth
from syncline.source import Span

NEVER, ALWAYS = "never", "always"


def sync_changes(old: Spec, new: Spec, renames: Renaming) -> Iterator[Change]:
    """Syncs that came, went or changed; one whose entity went is told with it."""
    before = {renames.entity(sync.entity.name): sync for sync in old.syncs}
    after = {sync.entity.name: sync for sync in new.syncs}
    for name, sync in before.items():
        if name not in after and name in new.entities:
            yield Change("sync.removed", name, sync.span, None, effects=all_records(old, sync.entity.name))
    for name, sync in after.items():
        if name in before:
            yield from _sync(new, before[name], sync, renames)
        else:
            systems = tuple(system.name for system in sync.systems)
            yield Change("sync.added", name, None, sync.span, {"systems": systems}, _everything(sync, systems))


def _sync(spec: Spec, before: Sync, after: Sync, renames: Renaming) -> Iterator[Change]:
    name = after.entity.name
    records = all_records(spec, name)

    def field(old: str) -> str:
        return renames.field(name, old)

    yield from _systems(spec, before, after)
    yield from _truth(spec, before, after, field)
    both = [one.name for one in after.systems if one.name in {other.name for other in before.systems}]
    for system in both:
        yield from _writes(spec, before, after, system, field)
    clauses = (
        ("empty", "sync.empty"),
        ("out_of_scope", "sync.out-of-scope"),
        ("merged", "sync.merged"),
        ("unknown", "sync.unknown"),
    )
    for attribute, code in clauses:
        was, now = str(getattr(before, attribute) or "nothing"), str(getattr(after, attribute) or "nothing")
        if was != now:
            effects = _optional(spec, after) if code == "sync.empty" else records
            yield Change(code, name, before.span, after.span, {"old": was, "new": now}, effects)
    yield from _guards(before, after)
    was, now = erasure_of(before.erases), erasure_of(after.erases)
    if was != now:
        places = _first(before.erases, before.span), _first(after.erases, after.span)
        yield Change("sync.erase", name, *places, {"old": was, "new": now})
    was, now = _schedule(before.triggers, renames.entity), _schedule(after.triggers, same)
    if was != now:
        places = _first(before.triggers, before.span), _first(after.triggers, after.span)
        yield Change("sync.triggers", name, *places, {"old": was, "new": now})


def _systems(spec: Spec, before: Sync, after: Sync) -> Iterator[Change]:
    old, new = [one.name for one in before.systems], [one.name for one in after.systems]
    name = after.entity.name
    for system in old:
        if system not in new and system in spec.systems:
            yield Change("sync.system-removed", name, before.span, after.span, {"system": system})
    for system in new:
        if system not in old:
            effects = _everything(after, [system])
            yield Change("sync.system-added", name, before.span, after.span, {"system": system}, effects)
    stayed = [one for one in old if one in new], [one for one in new if one in old]
    if stayed[0] != stayed[1]:
        facts: dict[str, Fact] = {"old": tuple(stayed[0]), "new": tuple(stayed[1])}
        yield Change("sync.order", name, before.span, after.span, facts, all_records(spec, name))


def _truth(spec: Spec, before: Sync, after: Sync, field: Rename) -> Iterator[Change]:
    entity = after.entity.name
    former = {field(name): name for name in before.entity.fields}
    contests = Contest(before), Contest(after)
    for name in after.entity.fields:
        if name not in former:
            continue
        # Where one side only has several sources, its lines have changed, which is told as such.
        contested = contests[1].contested(name)
        old, new = _rules_of(contests[0], former[name], contested), _rules_of(contests[1], name, contested)
        subject = f"{entity}.{name}"
        places = _first(old, before.span), _first(new, after.span)
        was, now = rule_text(old, field), rule_text(new, same)
        if was != now:
            facts: dict[str, Fact] = {"old": was, "new": now}
            if contested:
                yield Change("truth.rule", subject, *places, facts, reached(spec, entity, [name]))
            else:
                yield Change("truth.idle", subject, *places, facts)
        old_group, new_group = together_with(old, field, name), together_with(new, same, name)
        if contested and old_group != new_group:
            facts = {"old": old_group or ("nothing",), "new": new_group or ("nothing",)}
            yield Change("truth.together", subject, *places, facts, reached(spec, entity, [name]))


def _rules_of(contest: Contest, name: str, contested: bool) -> tuple[Truth, ...]:
    """The rules of a field; `record` and `otherwise` speak only of what is contested."""
    return tuple(rule for rule in contest.rules_for(name) if contested or name in rule.fields)


def rule_text(rules: tuple[Truth, ...], field: Rename) -> str:
    return ", else ".join(spelled_truth(rule, field) for rule in rules) or "no rule"


def together_with(rules: tuple[Truth, ...], field: Rename, own: str) -> tuple[str, ...]:
    return tuple(sorted({field(name) for rule in rules for name in rule.fields if field(name) != own}))


def _writes(spec: Spec, before: Sync, after: Sync, system: str, field: Rename) -> Iterator[Change]:
    subject = f"{after.entity.name} in {system}"
    records = all_records(spec, after.entity.name, system)
    for operation, old_rules, new_rules in (
        ("create", before.creates, after.creates),
        ("update", before.updates, after.updates),
    ):
        old, new = _write_rule(old_rules, system), _write_rule(new_rules, system)
        was, now = allowed(old, field), allowed(new, same)
        if was != now:
            code = (
                "closed"
                if NEVER in now or was == ALWAYS
                else "opened"
                if NEVER in was or now == ALWAYS
                else "condition"
            )
            places = _span(old, before.span), _span(new, after.span)
            yield Change(f"{operation}.{code}", subject, *places, {"old": was, "new": now}, records)
    removed, added = delete_rules(before.deletes, system), delete_rules(after.deletes, system)
    was, now = policy_of(removed, field), policy_of(added, same)
    if was != now:
        places = _first(removed, before.span), _first(added, after.span)
        yield Change("delete.policy", subject, *places, {"old": was, "new": now}, records)


def _write_rule(rules: Iterable[WriteRule], system: str) -> WriteRule | None:
    return next((rule for rule in rules if rule.system.name == system), None)


def delete_rules(rules: Iterable[DeleteRule], system: str) -> tuple[DeleteRule, ...]:
    return tuple(rule for rule in rules if rule.system.name == system)


def allowed(rule: WriteRule | None, field: Rename) -> str:
    if rule is None or (rule.allowed and rule.when is None):
        return ALWAYS
    return NEVER if not rule.allowed else f"when {_condition(rule.when, field)}"


def _condition(when: Expression | None, field: Rename) -> str:
    return "" if when is None else spelled(when, field)


def policy_of(rules: tuple[DeleteRule, ...], field: Rename) -> str:
    said = [
        rule.policy.value
        + ("" if rule.when is None else f" when {_condition(rule.when, field)}")
        + (" unless edited" if rule.unless_edited else "")
        for rule in rules
    ]
    return ", else ".join(said) or "nothing said"


def _guards(before: Sync, after: Sync) -> Iterator[Change]:
    old = {guard.operation: guard for guard in before.guards}
    new = {guard.operation: guard for guard in after.guards}
    for operation in ("create", "update", "delete"):
        was, now = old.get(operation), new.get(operation)
        if limit_of(was) == limit_of(now):
            continue
        # Both limits must be exceeded: lower ones hold more runs.
        looser = was is not None and (now is None or now.count > was.count or now.percent > was.percent)
        facts: dict[str, Fact] = {"operation": operation, "old": limit_of(was), "new": limit_of(now)}
        places = _span(was, before.span), _span(now, after.span)
        yield Change("guard.loosened" if looser else "guard.tightened", after.entity.name, *places, facts)


def erasure_of(rules: Iterable[EraseRule]) -> str:
    """What becomes of a person's data, system by system."""
    said = (f"{rule.action} in {rule.system.name}" + (f" ({rule.reason})" if rule.reason else "") for rule in rules)
    return " and ".join(sorted(said)) or "nothing said"


def limit_of(guard: Guard | None) -> str:
    return "none" if guard is None else f"over {guard.count} and {guard.percent:g}%"


def _schedule(triggers: Iterable[Trigger], entity: Rename) -> str:
    return " and ".join(schedule_of(triggers, entity)) or "only when told to"


def schedule_of(triggers: Iterable[Trigger], entity: Rename) -> tuple[str, ...]:
    """When a sync runs, each line once; `entity` renames the syncs that it waits for."""
    said = {
        spelled_trigger(trigger) if trigger.after is None else f"after {entity(trigger.after)}" for trigger in triggers
    }
    return tuple(sorted(said))


def _optional(spec: Spec, sync: Sync) -> tuple[Effect, ...]:
    names = [name for name, field in sync.entity.fields.items() if field.type.nullable]
    return reached(spec, sync.entity.name, names)


def _everything(sync: Sync, systems: Iterable[str]) -> tuple[Effect, ...]:
    """Whole records and all written fields of the systems, and of the others what is written from what they show."""
    joined = set(systems)
    found: dict[Effect, None] = {}
    heard = {
        line.slot for mapping in sync.maps if mapping.system.name in joined for line in mapping.lines if line.field
    }
    for mapping in sync.maps:
        found[Effect(mapping.system.name, mapping.resource.name)] = None
        for line in mapping.lines:
            if mapping.system.name in joined or line.slot in heard:
                found.update(dict.fromkeys(written_by(mapping, line, "" if line.field is None else line.slot)))
    return tuple(found)


def _span(rule: WriteRule | Guard | None, otherwise: Span) -> Span:
    return otherwise if rule is None else rule.span


def _first(said: tuple[Trigger | Truth | DeleteRule | EraseRule, ...], otherwise: Span) -> Span:
    return said[0].span if said else otherwise
