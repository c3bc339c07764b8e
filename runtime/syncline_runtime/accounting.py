"""Accounting: what a member's observation says against its base, and how it becomes the base."""

from collections.abc import Mapping
from typing import Any

from syncline_runtime.declaration import Values
from syncline_runtime.policy import Policy
from syncline_runtime.records import FieldChange, Member
from syncline_runtime.values import ABSENT, Shown


def base_of(member: Member) -> Values:
    """What the member's observation is compared with; nothing for a first merge."""
    return {} if member.first_merge else member.shadow


def shown_by(member: Member) -> Values | None:
    """What the member shows that may not be accounted for yet, or None."""
    return member.shadow if member.first_merge and member.seen is None else member.seen


def moved_fields(member: Member) -> list[str]:
    """Fields that differ from their base, those without one included."""
    shown, base = shown_by(member), base_of(member)
    if shown is None or shown == base:
        return []
    return [name for name, value in shown.items() if value is not ABSENT and base.get(name, ABSENT) != value]


def accounted_member(member: Member, accounted: Mapping[str, Shown] | None = None) -> Member:
    """Return `member` with `accounted` in its shadow, or (None) all it shows.

    `seen` stays while part of it is held, kept or no longer shown.
    """
    shown, base = shown_by(member), base_of(member)
    if shown is None:
        return member
    seen = {name: value for name, value in shown.items() if value is not ABSENT}
    told = seen if accounted is None else accounted
    shadow = {**base, **told} if base else told
    renders = member.renders
    if renders and any(name in renders for name in told):
        renders = {name: value for name, value in renders.items() if name not in told}
    return Member(
        system=member.system,
        remote_id=member.remote_id,
        state=member.state,
        shadow=shadow,
        seen=None if seen is shadow or seen == shadow else shown,
        version=member.version,
        updated_at=member.updated_at,
        as_of=member.as_of,
        missing_since=member.missing_since,
        renders=renders,
        unseen=member.unseen,
    )


def born(policy: Policy, system: str, shown: Values) -> tuple[dict[str, Any], tuple[FieldChange, ...]]:
    """The values of a link that has one member: what its system may say, and defaults for what it leaves open."""
    values: dict[str, Any] = {
        name: value for name in policy.sides[system].heard if (value := shown.get(name, ABSENT)) is not ABSENT
    }
    return values, fill(policy, values)


def fill(policy: Policy, values: dict[str, Any]) -> tuple[FieldChange, ...]:
    """Fill what a new link leaves open with the entity's defaults."""
    changes = []
    for name, default in policy.entity.defaults.items():
        if values.get(name) is None:
            values[name] = default
            change = FieldChange(
                field=name, before=ABSENT, after=default, row="M0", origin=None, rule=f"{name} default"
            )
            changes.append(change)
    return tuple(changes)
