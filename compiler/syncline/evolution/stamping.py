"""What stored state depends on, spelled aspect by aspect: the stamp by which a package tells whether state is of its spec.

It holds what `compare` compares, so that the package can judge without a compiler. Names that may be declared as renamed stand
in back-quotes: `Contact`, `Contact.phone`, `Stage#lost`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any

from syncline.evolution.computed import computed_of as computed_as
from syncline.evolution.derivations import computed_of as derived_value
from syncline.evolution.derivations import when_of
from syncline.evolution.entities import collected
from syncline.evolution.maps import codecs_of, computed_of, heard_natives, where_of
from syncline.evolution.members import with_members
from syncline.evolution.renaming import enums_of
from syncline.evolution.syncs import allowed, delete_rules, limit_of, policy_of, rule_text, schedule_of, together_with
from syncline.evolution.systems import (
    ASKED,
    CALLS,
    LISTED,
    OPERATIONS,
    archived,
    complete_or_not,
    cursor_of,
    facts_of,
    parts_of,
    source_of,
    spelling_of,
    typed,
    used_by,
)
from syncline.model.contest import Contest
from syncline.model.derivations import Derivation
from syncline.model.spec import Entity, Line, Map, NativeField, ResourceModel, Spec, Sync, System
from syncline.model.spelling import Rename, spelled, spelled_match, spelled_pipeline
from syncline.model.types import Type
from syncline_runtime.declaration import Stamp, When

_Aspects = dict[str, str]


def stamp(spec: Spec) -> Stamp:
    """The stamp of a checked spec; of two specs that differ in layout, order or documentation only it is the same."""
    found: dict[str, _Aspects] = {"spec": {"name": spec.name}}
    renamed = _renamed(spec)
    marked = with_members(
        spec, {name: {one: f"`{name}#{one}`" for one in kind.members} for name, kind in enums_of(spec).items()}
    )
    for entity in marked.entities.values():
        found |= _entity(entity)
    for mapping in marked.maps:
        found |= _map(mapping)
    for sync in marked.syncs:
        found |= _sync(sync)
    for derivation in marked.derivations:
        found |= _derivation(derivation)
    for system in marked.systems.values():
        found |= _system(system, used_by(spec, system.name))
    return Stamp(
        aspects={subject: {name: text for name, text in found[subject].items() if text} for subject in sorted(found)},
        renamed=renamed,
    )


def _renamed(spec: Spec) -> dict[str, str]:
    """What goes by a new name, to the former one."""
    found: dict[str, str] = {}
    for entity in spec.entities.values():
        if entity.renamed_from is not None:
            found[entity.name] = entity.renamed_from
        for field in entity.fields.values():
            if field.renamed_from is not None:
                found[f"{entity.name}.{field.name}"] = field.renamed_from
    for name, kind in enums_of(spec).items():
        found |= {f"{name}#{member}": former for member, former in kind.former}
    return found


def _mark(*names: str) -> str:
    return f"`{'.'.join(names)}`"


def _field(entity: Entity) -> Rename:
    return lambda name: _mark(entity.name, name)


# -- entities ----------------------------------------------------------------------------------------------------------


def _entity(entity: Entity) -> dict[str, _Aspects]:
    found: dict[str, _Aspects] = {
        f"entity {_mark(entity.name)}": {"match": spelled_match(entity.match, _field(entity))}
    }
    for name, field in entity.fields.items():
        members = (field.type.item or field.type).members
        found[f"field {_mark(entity.name, name)}"] = {
            "kind": _form(field.type) + collected(entity, name),
            "members": _several(members),
            "required": "" if field.type.nullable else "yes",
            "default": "" if field.default is None else spelled(field.default),
            "pii": "yes" if field.pii else "",
            "computed": "" if field.computed is None else computed_as(entity, field, _mark, _mark),
            **_limits(field.type),
        }
    return found


def _form(kind: Type) -> str:
    item = "" if kind.item is None else f" of {_form(kind.item)}"
    by = f" by {kind.by}" if kind.by else ""
    return kind.kind + "".join(f" {_mark(target)}" for target in kind.targets) + item + by


def _limits(kind: Type, prefix: str = "") -> _Aspects:
    """What a value must keep to, each limit by itself: a wider one is no harm."""
    found = {} if kind.item is None else _limits(kind.item, f"{prefix}item ")
    digits = "" if kind.precision is None else f"{kind.precision},{kind.scale or 0}"
    return {
        **found,
        f"{prefix}length": "" if kind.length is None else str(kind.length),
        f"{prefix}pattern": kind.pattern or "",
        f"{prefix}digits": digits,
    }


# -- maps --------------------------------------------------------------------------------------------------------------


def _map(mapping: Map) -> dict[str, _Aspects]:
    entity, system = mapping.entity, mapping.system.name
    field = _field(entity)
    found: dict[str, _Aspects] = {
        f"map {_mark(entity.name)} in {system}": {
            "resource": mapping.resource.name,
            "where": where_of(mapping),
            "when": "always" if mapping.when is None else spelled(mapping.when, field),
        }
    }
    for line in mapping.lines:
        where = _mark(entity.name, line.slot) if line.field is not None else f"{_mark(entity.name)}.{line.slot}"
        found[f"line {where} in {system}"] = _line(line, field)
    return found


def _line(line: Line, field: Rename) -> _Aspects:
    return {
        "direction": line.arrow.value,
        "native": ", ".join(heard_natives(line)),
        "computed": ""
        if line.expression is None and line.elements is None and line.by is None and not line.picked
        else computed_of(line, field),
        "codec": " then ".join(f"{name}: {text}" if name != text else name for name, text in codecs_of(line)),
        "condition": "" if line.when is When.ALWAYS else line.when.said,
    }


# -- syncs -------------------------------------------------------------------------------------------------------------


def _sync(sync: Sync) -> dict[str, _Aspects]:
    entity = sync.entity
    field = _field(entity)
    found: dict[str, _Aspects] = {
        f"sync {_mark(entity.name)}": {
            "systems": ", ".join(system.name for system in sync.systems),
            "empty": sync.empty or "nothing",
            "out of scope": sync.out_of_scope,
            **({"merged": sync.merged} if sync.merged == "follow" else {}),
            **({"unknown": sync.unknown} if sync.unknown != "look" else {}),
            "schedule": _several(schedule_of(sync.triggers, _mark)),
            **{f"guard {guard.operation}": limit_of(guard) for guard in sync.guards},
        }
    }
    for system in sync.systems:
        creates, updates = (
            next((rule for rule in rules if rule.system.name == system.name), None)
            for rules in (sync.creates, sync.updates)
        )
        found[f"writes of {_mark(entity.name)} in {system.name}"] = {
            "create": allowed(creates, field),
            "update": allowed(updates, field),
            "delete": policy_of(delete_rules(sync.deletes, system.name), field),
        }
    contest = Contest(sync)
    for name in entity.fields:
        if contest.contested(name):  # of a single source no rule is ever asked
            rules = contest.rules_for(name)
            found[f"truth of {_mark(entity.name, name)}"] = {
                "rule": rule_text(rules, field),
                "together": _several(together_with(rules, field, field(name))),
            }
    return found


# -- derivations -------------------------------------------------------------------------------------------------------


def _derivation(derivation: Derivation) -> dict[str, _Aspects]:
    field, origin = _field(derivation.origin), _mark(derivation.origin.name)
    entity = derivation.entity.name
    found = {f"derive {_mark(entity)} from {origin}": {"when": when_of(derivation, field)}}
    for line in derivation.lines:
        found[f"derived {_mark(entity, line.slot)} from {origin}"] = {"computed": derived_value(line, field)}
    return found


# -- systems -----------------------------------------------------------------------------------------------------------


def _system(system: System, used: Mapping[str, frozenset[str]]) -> dict[str, _Aspects]:
    declaration = system.connector.declaration
    found: dict[str, _Aspects] = {
        f"system {system.name}": {
            "connector": system.connector.name,
            "protocol": declaration.protocol,
            "calls": _digest({word: getattr(declaration, word) for word in CALLS}),
            "pii": "" if system.cleared_for_pii else "not cleared",
            **{f"setting {name}": source_of(source) for name, source in system.settings.items()},
        }
    }
    for name, resource in system.resources.items():
        if name in used:
            found |= _resource(f"{system.name}.{name}", resource, used[name])
    return found


def _resource(subject: str, resource: ResourceModel, natives: frozenset[str]) -> dict[str, _Aspects]:
    declared = resource.declaration
    since = None if declared.list is None else declared.list.since
    calls = [getattr(declared, word) for word in OPERATIONS]
    calls += [parts_of(declared.list, LISTED), parts_of(since, ASKED)]
    calls += [declared.deleted] if declared.deleted is not None else []
    found: dict[str, _Aspects] = {
        f"resource {subject}": {
            "identity": declared.identity,
            "location": declared.location,
            "cursor": cursor_of(declared),
            "listing": complete_or_not(declared.list),
            "archive": archived(declared),
            "calls": _digest(calls),
        }
    }
    for name, field in resource.fields.items():
        if name in natives:
            found[f"native {subject}.{name}"] = _native(field)
    return found


def _native(field: NativeField) -> _Aspects:
    # Only of texts and decimals more is no harm.
    widens = field.type.kind in ("text", "decimal")
    plain = f"{field.type.kind}{'?' if field.type.nullable else ''} {field.references or ''}".strip()
    return {
        "type": plain if widens else typed(field),
        "spelling": spelling_of(field),
        "normalises": spelled_pipeline(field.normalises),
        "facts": facts_of(field),
        **(_limits(field.type) if widens else {}),
    }


# -- values ------------------------------------------------------------------------------------------------------------


def _several(texts: Iterable[str]) -> str:
    """What is said in any order."""
    return "; ".join(sorted(texts))


def _digest(value: object) -> str:
    return sha256(json.dumps(_plain(value), sort_keys=True).encode()).hexdigest()[:16]


def _is_default(value: Any, one: Field[Any]) -> bool:
    default = one.default if one.default_factory is MISSING else one.default_factory()
    return bool(getattr(value, one.name) == default)


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.name
        case str() | int() | float() | bool() | None:
            return value
        case Decimal():
            return str(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            # What stands at its default is left out: a word that a later compiler knows changes no stamp that has none of it.
            said = {one.name: _plain(getattr(value, one.name)) for one in fields(value) if not _is_default(value, one)}
            return [type(value).__name__, said]
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a stamp")
