"""From a resolved spec to the lineage of its fields: what feeds each, which rule decides, what is written and what hangs on it."""

from collections.abc import Iterator
from dataclasses import dataclass

from syncline.model.derivations import Derivation
from syncline.model.expressions import EntityField, Expression
from syncline.model.spec import Arrow, Entity, Field, Line, Map, Spec, Sync
from syncline.model.spelling import names_in, spelled, spelled_natives, spelled_pipeline, spelled_truth
from syncline.source import Span
from syncline_runtime.declaration import When


@dataclass(frozen=True, slots=True)
class Station:
    """A place of a system that feeds or receives a field. `natives` are the resource's fields, `place` names them with their
    system; `through` is the codecs or the expression on the way, `condition` when it is written; both may be empty."""

    system: str
    resource: str
    natives: tuple[str, ...]
    place: str
    through: str
    condition: str
    span: Span


@dataclass(frozen=True, slots=True)
class Decision:
    """What decides a field's value, in the language's words: its truth rule, `only source` or `no source`."""

    rule: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class Use:
    """A clause that asks for the field's value or changes it unasked: a condition, an identity rule, an automation."""

    clause: str
    span: Span


@dataclass(frozen=True, slots=True)
class FieldLineage:
    """The lineage of one field; a decision for each sync of its entity."""

    entity: str
    field: Field
    sources: tuple[Station, ...]
    targets: tuple[Station, ...]
    decisions: tuple[Decision, ...]
    uses: tuple[Use, ...]

    @property
    def name(self) -> str:
        """`Entity.field`."""
        return f"{self.entity}.{self.field.name}"


def trace(spec: Spec, entity: str | None = None, field: str | None = None) -> tuple[FieldLineage, ...]:
    """The lineage of all fields, of those of an entity, or of one of them (all leaves when it names a record), in the order of
    the spec. Empty when there is no such entity or field."""
    return tuple(
        _traced(spec, each, one)
        for each in spec.entities.values()
        if entity is None or each.name == entity
        for one in each.fields.values()
        if field is None or one.name == field or one.name.startswith(f"{field}.")
    )


def _traced(spec: Spec, entity: Entity, field: Field) -> FieldLineage:
    maps = [found for found in spec.maps if found.entity.name == entity.name]
    syncs = [sync for sync in spec.syncs if sync.entity.name == entity.name]
    return FieldLineage(
        entity=entity.name,
        field=field,
        sources=(
            *(_station(found, line) for found in maps for line in found.lines if _feeds(line, field.name)),
            *_followed(spec, entity.name, field.name),
            *_computed_from(entity, field),
        ),
        targets=(
            *(_station(found, line) for found in maps for line in found.lines if _receives(line, field.name)),
            *_looked_at(spec, entity.name, field.name),
            *_following(spec, entity.name, field.name),
            *_computing(spec, entity.name, field.name),
        ),
        decisions=tuple(_decision(sync, field.name) for sync in syncs),
        uses=(
            *_uses(entity, maps, syncs, field.name),
            *_conditioned(spec, entity.name, field.name),
            *_automated(spec, maps, field.name),
        ),
    )


def _feeds(line: Line, name: str) -> bool:
    return line.field is not None and line.field.name == name and line.arrow is not Arrow.WRITE


def _receives(line: Line, name: str) -> bool:
    if line.arrow is Arrow.READ:
        return False
    return (line.field is not None and line.field.name == name) or _asks(line.expression, name)


def _looked_at(spec: Spec, entity: str, name: str) -> Iterator[Station]:
    """Where the field is written of the record that another one refers to, or is a reference on the way there."""
    for found in spec.maps:
        along = found.names_of(entity, name) - {name}
        for line in found.lines if along else ():
            if (
                line.expression is not None
                and line.arrow is not Arrow.READ
                and along.intersection(names_in(line.expression))
            ):
                yield _station(found, line)


def _asks(expression: Expression | None, name: str) -> bool:
    return expression is not None and name in names_in(expression)


def _station(mapping: Map, line: Line) -> Station:
    system, resource = mapping.system.name, mapping.resource.name
    through = spelled(line.expression) if line.expression is not None else spelled_pipeline(line.pipeline)
    return Station(
        system=system,
        resource=resource,
        natives=tuple(native.name for native in line.natives),
        place=f"{system}.{resource}.{spelled_natives(line)}" if line.natives else f"{system}.{resource}",
        through=f"as {through}" if line.pipeline else f"= {through}" if line.expression is not None else "",
        condition="" if line.when is When.ALWAYS else line.when.said,
        span=line.span,
    )


def _followed(spec: Spec, entity: str, name: str) -> Iterator[Station]:
    """The fields of other entities that a derivation fills the field from."""
    for derivation in spec.derivations:
        for line in derivation.lines if derivation.entity.name == entity else ():
            if line.slot == name and line.expression is not None:
                for origin in names_in(line.expression):
                    yield _relation(derivation, line, derivation.origin.name, origin)


def _following(spec: Spec, entity: str, name: str) -> Iterator[Station]:
    """The fields of other entities that a derivation fills from the field."""
    for derivation in spec.derivations:
        for line in derivation.lines if derivation.origin.name == entity else ():
            if _asks(line.expression, name):
                yield _relation(derivation, line, derivation.entity.name, line.slot)


def _computed_from(entity: Entity, field: Field) -> Iterator[Station]:
    """The fields that a field is computed from."""
    for name in () if field.computed is None else names_in(field.computed):
        yield _computation(entity, field, *_origin(entity, name))


def _computing(spec: Spec, entity: str, name: str) -> Iterator[Station]:
    """The fields that are computed from a field."""
    for owner in spec.entities.values():
        for field in owner.fields.values():
            read = () if field.computed is None else names_in(field.computed)
            if (entity, name) in [_origin(owner, one) for one in read]:
                yield _computation(owner, field, owner.name, field.name)


def _origin(entity: Entity, name: str) -> tuple[str, str]:
    head, _, rest = name.partition(".")
    back = entity.back.get(head)
    return (entity.name, name) if back is None else (back.entity, rest or back.via)


def _computation(owner: Entity, field: Field, entity: str, name: str) -> Station:
    assert field.computed is not None
    through = f"= {spelled(field.computed)}"
    return Station(entity, entity, (name,), f"{entity}.{name}", through, "", field.span)


def _relation(derivation: Derivation, line: Line, entity: str, field: str) -> Station:
    plain = line.expression is None or isinstance(line.expression, EntityField)
    return Station(
        system=entity,
        resource=entity,
        natives=(field,),
        place=f"{entity}.{field}",
        through="" if line.expression is None or plain else f"= {spelled(line.expression)}",
        condition=_when(derivation),
        span=line.span,
    )


def _when(derivation: Derivation) -> str:
    return f"{'once when' if derivation.once else 'while'} {spelled(derivation.condition)}"


def _conditioned(spec: Spec, entity: str, name: str) -> Iterator[Use]:
    for derivation in spec.derivations:
        if derivation.origin.name == entity and _asks(derivation.condition, name):
            yield Use(f"derive {derivation.entity.name} {_when(derivation)}", derivation.span)


def _decision(sync: Sync, name: str) -> Decision:
    sources = sync.contributors(name)
    if not sources:
        if sync.entity.fields[name].computed is not None:
            return Decision("computed", sync.entity.fields[name].span)
        made = any(name in rule.filled for rule in sync.derivations)
        return Decision("only source" if made else "no source", None)
    rules = sync.rules_for(name)
    if len(sources) == 1 or not rules:
        return Decision("only source" if len(sources) == 1 else "no rule", None)
    others = [one for one in rules[0].fields if one != name]
    together = f", together with {', '.join(others)}" if others else ""
    said = ["otherwise " * (name not in rule.fields and rule.when is None) + spelled_truth(rule) for rule in rules]
    return Decision("; ".join(said) + together, rules[0].span)


def _uses(entity: Entity, maps: list[Map], syncs: list[Sync], name: str) -> Iterator[Use]:
    for rule in entity.match:
        if any(one.name == name for one in rule.fields):
            yield Use("ask whether records match" if rule.ask else "match records", rule.span)
    default = entity.fields[name].default
    if default is not None:
        yield Use(f"new records begin with {spelled(default)}", entity.fields[name].span)
    for found in maps:
        if found.when is not None and _asks(found.when, name):
            yield Use(f"in {found.system.name} when {spelled(found.when)}", found.span)
    for sync in syncs:
        for operation, rules in (("create", sync.creates), ("update", sync.updates)):
            for rule_of in rules:
                if rule_of.when is not None and _asks(rule_of.when, name):
                    yield Use(f"{operation} in {rule_of.system.name} when {spelled(rule_of.when)}", rule_of.span)
        for deleting in sync.deletes:
            if deleting.when is not None and _asks(deleting.when, name):
                clause = f"delete in {deleting.system.name} {deleting.policy.value} when {spelled(deleting.when)}"
                yield Use(clause, deleting.span)
        for truth in sync.all_rules:
            if truth.when is not None and _asks(truth.when, name):
                yield Use(f"{' and '.join(truth.fields) or 'record'} {spelled_truth(truth)}", truth.span)


def _automated(spec: Spec, maps: list[Map], name: str) -> Iterator[Use]:
    """The automations inside a system that change what the field is read from."""
    for automation in spec.automations:
        for found in maps:
            if (found.system.name, found.resource.name) != (automation.system.name, automation.resource.name):
                continue
            read = {native.name for line in found.lines if _feeds(line, name) for native in line.natives}
            for native in automation.sets:
                if native.name in read:
                    heard = " or ".join(one.name for one in automation.listens) or "the record"
                    clause = f"{found.system.name} itself sets {found.resource.name}.{native.name} when {heard} changes"
                    yield Use(clause, automation.span)
