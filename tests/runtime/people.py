"""People in a CRM and an ERP: links, policies and what a decision says, for the tests of deciding."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from syncline_runtime.declaration import (
    Entity,
    FieldMap,
    Flow,
    Prefers,
    Rule,
    Sync,
    When,
)
from syncline_runtime.policy import Policy, prepare
from syncline_runtime.records import Action, ActionKind, Decision, FieldChange, Link, Loser, Member
from syncline_runtime.values import ABSENT

BOTH, IN, OUT = "<->", "<-", "->"


def flow(name: str, arrow: str = BOTH, when: When = When.ALWAYS, exact: bool = True) -> Flow:
    return Flow(
        field=name, native=(name,), contributes=arrow != OUT, writes=arrow != IN, when=when, exact=exact, line=7
    )


def mapped(system: str, *flows: Flow, **extra: Any) -> FieldMap:
    settings: dict[str, Any] = {
        "read": lambda native: {line.field: native.get(line.field, ABSENT) for line in flows},
        "write": lambda values, old: {
            line.field: values[line.field] for line in flows if line.writes and values[line.field] is not ABSENT
        },
    } | extra
    return FieldMap(entity="Person", system=system, resource="people", flows=flows, line=5, **settings)


def policy(
    *maps: FieldMap,
    rules: Mapping[str, Rule] | None = None,
    defaults: Mapping[str, Any] | None = None,
    required: frozenset[str] = frozenset(),
    **clauses: Any,
) -> Policy:
    names = tuple(dict.fromkeys(line.field for each in maps for line in each.flows if not line.field.startswith("=")))
    entity = Entity(
        name="Person",
        shape=dict,
        fields=names,
        kinds=dict.fromkeys(names, "text"),
        defaults=defaults or {},
        required=required,
    )
    sync = Sync(entity="Person", systems=tuple(each.system for each in maps), rules=rules or {}, line=3, **clauses)
    return prepare(sync, entity, {each.system: each for each in maps})


def two(rule: Rule | None = None, **clauses: Any) -> Policy:
    """`name` both ways between crm and erp."""
    return policy(
        mapped("crm", flow("name")), mapped("erp", flow("name")), rules={"name": rule} if rule else {}, **clauses
    )


def member(system: str, shadow: Mapping[str, Any], seen: Mapping[str, Any] | None = None, **extra: Any) -> Member:
    return Member(system=system, remote_id=f"{system}-1", shadow=shadow, seen=seen, **extra)


def linked(values: Mapping[str, Any], *members: Member, **extra: Any) -> Link:
    return Link(link_id=9, entity="Person", values=values, members={each.system: each for each in members}, **extra)


def edited(crm: str = "Ana", erp: str = "Ana", times: Mapping[str, int] | None = None) -> Link:
    """Agreed on `Ana`; each system shows what is given."""
    members = [
        member(
            system,
            {"name": "Ana"},
            {"name": shown} if shown != "Ana" else None,
            updated_at=datetime.fromtimestamp(times[system], UTC) if times and system in times else None,
        )
        for system, shown in (("crm", crm), ("erp", erp))
    ]
    return linked({"name": "Ana"}, *members)


def newcomer(system: str, **seen: Any) -> Member:
    return member(system, {}, seen, first_merge=True)


def writes(decision: Decision) -> dict[str, dict[str, Any]]:
    """What is wanted, by system and field."""
    return {action.system: {name: new for name, (_, new) in action.fields.items()} for action in decision.actions}


def rows(decision: Decision) -> list[str]:
    return [change.row for change in decision.changes]


def lost(decision: Decision) -> list[tuple[str, Any]]:
    return [(loser.system, loser.value) for loser in decision.losers]


def kinds(decision: Decision) -> list[tuple[ActionKind, str]]:
    return [(action.kind, action.system) for action in decision.actions]


CRM_FIRST = Prefers(order=("crm", "erp"), line=11)
PREFERS = "name prefers crm then erp"
ANA = {"name": "Ana"}


def update(system: str, old: Any, new: Any, reason: str, line: int) -> Action:
    """The write of a name."""
    return Action(
        kind=ActionKind.UPDATE,
        entity="Person",
        link_id=9,
        system=system,
        remote_id=f"{system}-1",
        fields={"name": (old, new)},
        reason=reason,
        line=line,
    )


def change(row: str, origin: str | None, rule: str = PREFERS, **extra: Any) -> FieldChange:
    """How a name was decided: from `Ana` to `Eva`, if nothing else is said."""
    settings: dict[str, Any] = {"field": "name", "before": "Ana", "after": "Eva", "line": 11} | extra
    return FieldChange(row=row, origin=origin, rule=rule, **settings)


def loser(system: str, value: Any, reason: str, line: int = 11, field: str = "name") -> Loser:
    return Loser(field=field, system=system, value=value, reason=reason, line=line)
