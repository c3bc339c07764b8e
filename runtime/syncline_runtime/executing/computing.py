"""Computing: fields that are computed from their own record and from those that refer to it, when it is decided."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncline_runtime.deciding import decide
from syncline_runtime.executing.context import Context
from syncline_runtime.policy import Policy
from syncline_runtime.records import ActionKind, Decision, FieldChange, Link, LinkStatus
from syncline_runtime.rows import Row
from syncline_runtime.values import ABSENT, Reference

Related = Mapping[str, tuple[Mapping[str, Any], ...]]
"""By the name of a back-reference, the agreed values of the records that it collects."""


def related(context: Context, link_ids: Sequence[int]) -> dict[int, Related]:
    """What the back-references of some links collect; closed links are left out."""
    found: dict[int, dict[str, tuple[Mapping[str, Any], ...]]] = {link_id: {} for link_id in link_ids}
    for name, back in context.entity.back.items():
        members = context.store.referring.of(back.entity, back.via, link_ids)
        wanted = sorted({one for each in members.values() for one in each})
        unpack = context.hubs[back.entity].unpack
        values = {
            row.link_id: unpack(row.doc)
            for row in context.store.links(wanted)
            if row.status != LinkStatus.TOMBSTONE.value
        }
        for link_id in link_ids:
            found[link_id][name] = tuple(values[one] for one in members.get(link_id, ()) if one in values)
    return dict(found)


def computed(policy: Policy, decision: Decision, collected: Related, barred: Collection[str]) -> Decision:
    """The decision with what is computed of its agreed values, and what is then to be written. Raises what expressions raise."""
    link, entity = decision.link, policy.entity
    if entity.compute is None or link.status is LinkStatus.TOMBSTONE:
        return decision
    values = entity.compute(link.values, {name: collected.get(name, ()) for name in entity.back})
    moved = {name: value for name, value in values.items() if link.values.get(name, ABSENT) != value}
    if not moved:
        return decision
    again = decide(policy, replace(link, values={**link.values, **moved}, fresh=False), barred=barred)
    changes = tuple(
        FieldChange(
            field=name,
            before=link.values.get(name, ABSENT),
            after=value,
            row="C1",
            origin=None,
            rule=f"{name} computed",
            line=entity.computed[name],
        )
        for name, value in moved.items()
    )
    # What left its scope is told by the first decision alone.
    told = tuple(action for action in decision.actions if action.kind is ActionKind.UNLINK)
    return replace(decision, link=again.link, changes=decision.changes + changes, actions=told + again.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A link as it was and as it is decided to be."""

    before: Link
    after: Link


def note_references(context: Context, moved: Sequence[Moved]) -> None:
    """Keep what decided links refer to, and have those decided again that are computed from them, in the caller's transaction."""
    rows: list[Row] = []
    touched: dict[int, None] = {}
    for via in context.collected:
        for one in moved:
            was, now = _target(one.before, via), _target(one.after, via)
            rows.append((context.entity.name, via, one.after.link_id, None if now is None else now.link))
            if one.before.fresh or context.respecified or _differ(one):
                touched.update((target.link, None) for target in (was, now) if target is not None)
                context.touched.update(target.entity for target in (was, now) if target is not None)
    context.store.referring.put(rows)
    context.store.unsettle(touched)


def _differ(one: Moved) -> bool:
    return one.after.values != one.before.values or one.after.status is not one.before.status


def _target(link: Link, via: str) -> Reference | None:
    value = link.values.get(via)
    return value if type(value) is Reference and link.status is not LinkStatus.TOMBSTONE else None
