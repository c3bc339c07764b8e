"""Identity: whether an unlinked record is one we know, a new one, or one that only a person can place."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from syncline_runtime.declaration import Entity, MatchRule, Values
from syncline_runtime.observing import may_render
from syncline_runtime.policy import blank
from syncline_runtime.records import Correlation, Situation, value_text
from syncline_runtime.values import ABSENT, Shown

Key: TypeAlias = str
"""The canonical text of a rule's fields; equal keys are equal identities."""

WOULD_DOUBLE: Final = "identity.would-double"
"""Why a create waits: a record without a link has its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked:
    """A record without a link, and its key under each match rule (None: the rule does not apply to it).

    `fresh`: it appeared so recently that another system's listing may not show its twin yet; it is not created from.
    `orphan`: a create that we had given up made it late, and its link is closed since. `beside` are the other places of its system.
    """

    system: str
    remote_id: str
    keys: tuple[Key | None, ...]
    fresh: bool = False
    orphan: bool = False
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A record that has one of the keys asked for.

    `link_id` is None when it is unlinked; `linked` are the systems in which its link has a record that is not gone. `keys`, if
    given, are its own keys: a match by a weaker rule does not count for a record that a stronger rule gives to another.
    `aside`: it is archived, or something else in it cannot be mapped, so that nothing can be linked to it yet. `left`: it is gone,
    out of scope, or no longer kept in step; `standing` are the systems in which its link has a record that is neither gone nor
    left, where that matters.
    """

    remote_id: str
    link_id: int | None = None
    linked: frozenset[str] = frozenset()
    keys: tuple[Key | None, ...] = ()
    aside: bool = False
    left: bool = False
    standing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows, by rule number and key: the records that have it in each system, and keys of open creates;
    `places` as of `Sync`.

    `holders[rule, key][system]` lists the records, the asking one included or not; one Known serves a batch of records.
    """

    holders: Mapping[tuple[int, Key], Mapping[str, tuple[Holder, ...]]] = field(default_factory=dict)
    creating: frozenset[tuple[int, Key]] = frozenset()
    places: tuple[tuple[str, ...], ...] = ()


def keys(entity: Entity, values: Values) -> tuple[Key | None, ...]:
    """Return the key of each match rule, None where a part is missing, empty or a placeholder."""
    return tuple([_key(rule, values) for rule in entity.match])


def made_by(entity: Entity, sent: Values, shown: Values, own: Sequence[Key | None]) -> bool:
    """Tell whether a record was made by a create of `sent`: the same key, and, of what else was sent and is shown, half at least.

    A person may have made another of the same key at the same time. `own` are the keys of what is `shown`.
    """
    wanted = keys(entity, sent)
    if not any(key is not None and key == other for key, other in zip(wanted, own, strict=True)):
        return False
    matched = {name for rule in entity.match for name in rule.fields}
    told = [
        name
        for name, value in sent.items()
        if name not in matched and not blank(value) and shown.get(name, ABSENT) is not ABSENT
    ]
    same = sum(may_render(sent[name], shown[name]) for name in told)
    return 2 * same >= len(told)


def correlate(entity: Entity, systems: Sequence[str], record: Unlinked, known: Known) -> Correlation:
    """Place one unlinked record of `entity` among the `systems` of its sync.

    Rules are tried in order; one that finds a record decides, one that finds several stops the search. A key that an open create
    uses is reserved: the record may be the one being created.
    """
    if record.orphan:
        detail = f"we created it in {record.system}, late, for a record that is gone since: delete it, or release it as its own"
        return Correlation(situation=Situation.OWN_MARKER_DEAD, action="quarantine", detail=detail)
    named = [
        (number, rule, key) for number, rule in enumerate(entity.match) if (key := record.keys[number]) is not None
    ]
    for number, rule, key in named:
        if not rule.ask and (number, key) in known.creating:
            detail = f"a record with the same {_fields(rule)} is being created"
            return Correlation(situation=Situation.IN_FLIGHT_KEY, action="wait", rule=_said(rule), detail=detail)
    if not named and entity.match:
        detail = f"no key: {'; '.join(_fields(rule) for rule in entity.match)} missing, empty or a placeholder"
        return Correlation(situation=Situation.NO_KEY, action="quarantine", detail=detail)
    for number, rule, key in named:
        placed = _by_rule(systems, record, known, number, rule, key)
        if placed is not None:
            return placed
    if record.fresh:
        detail = "not found; another system's index may lag"
        return Correlation(situation=Situation.ABSENT, action="wait", detail=detail)
    return Correlation(situation=Situation.ABSENT, action="create")


def unrelated(entity: Entity, own: Sequence[Key | None], others: Mapping[str, Sequence[Key | None]]) -> tuple[str, ...]:
    """The systems among `others` whose record shares no key with one that has the keys `own`: that each is the same as a third
    does not make them the same."""
    rules = [number for number, rule in enumerate(entity.match) if not rule.ask]
    return tuple(
        system
        for system, keys_there in others.items()
        if not any(own[number] is not None and own[number] == keys_there[number] for number in rules)
    )


def _by_rule(
    systems: Sequence[str], record: Unlinked, known: Known, number: int, rule: MatchRule, key: Key
) -> Correlation | None:
    """What one rule says, or None where it finds nothing."""
    group = known.holders.get((number, key), {})
    found = {system: group[system] for system in systems if system != record.system and group.get(system)}
    if record.beside:
        # One that has left its place may be this record, which has moved; its link waits for it.
        others = [
            (place, one) for place in record.beside for one in group.get(place, ()) if not (one.aside or one.left)
        ]
        found = {
            system: left
            for system, holders in found.items()
            if (left := tuple(one for one in holders if one.left) if system in record.beside else holders)
        }
        if others and not rule.ask:
            ids = ", ".join(f"{place} {one.remote_id}" for place, one in others)
            detail = (
                f"{ids} has the same {_fields(rule)}: one record in two places of its system; delete or convert one"
            )
            return _quarantined(Situation.SELF_DUPLICATE, rule, detail)
    own = [holder.remote_id for holder in group.get(record.system, ()) if holder.remote_id != record.remote_id]
    if rule.ask:
        return _proposed(record, rule, found) if found else None
    if own:
        detail = f"{record.system} has the same {_fields(rule)} in {', '.join(sorted({*own, record.remote_id}))}"
        return _quarantined(Situation.SELF_DUPLICATE, rule, detail)
    several = [system for system, holders in found.items() if len(holders) > 1]
    if several:
        return _quarantined(
            Situation.AMBIGUOUS, rule, f"several records with the same {_fields(rule)}: {_listed(found)}"
        )
    if not found:
        return None
    if any(holder.aside for holders in found.values() for holder in holders):
        detail = f"the record with the same {_fields(rule)} is archived or cannot be read: {_listed(found)}"
        return _quarantined(Situation.AMBIGUOUS, rule, detail)
    matches = {system: holders[0] for system, holders in found.items()}
    for places in known.places:
        placed = [matches[place].link_id for place in places if place in matches]
        if len(placed) > 1 and (None in placed or len(set(placed)) > 1):
            detail = f"one record in two places of its system, with the same {_fields(rule)}: {_listed(found)}"
            return _quarantined(Situation.AMBIGUOUS, rule, detail)
    return _placed(record, known, number, rule, matches)


def _placed(record: Unlinked, known: Known, number: int, rule: MatchRule, matches: Mapping[str, Holder]) -> Correlation:
    """Exactly one record in each system that has any: link, unless a link stands in the way."""
    listed = ", ".join(f"{system} {holder.remote_id}" for system, holder in matches.items())
    links = {holder.link_id: holder for holder in matches.values() if holder.link_id is not None}
    if len(links) > 1:
        return _quarantined(Situation.AMBIGUOUS, rule, f"the matches belong to different links: {listed}")
    for link_id, linked in links.items():
        if record.system in linked.linked or not linked.standing.isdisjoint(record.beside):
            there = " or ".join((record.system, *record.beside))
            detail = f"{listed}: already linked to another record of {there}"
            return _quarantined(Situation.FOUND_ALREADY_LINKED, rule, detail)
        strangers = [s for s, holder in matches.items() if holder.link_id != link_id and s in linked.linked]
        if strangers:
            detail = f"{listed}: the link has another record in {', '.join(strangers)}"
            return _quarantined(Situation.AMBIGUOUS, rule, detail)
    for system, holder in matches.items():
        if (rival := _rival(record, known, number, holder)) is not None:
            detail = f"{system} {holder.remote_id} has a stronger match in {record.system}: {rival}"
            return _quarantined(Situation.AMBIGUOUS, rule, detail)
    return Correlation(
        situation=Situation.FOUND,
        action="link",
        matches={system: holder.remote_id for system, holder in matches.items()},
        rule=_said(rule),
    )


def _rival(record: Unlinked, known: Known, number: int, holder: Holder) -> str | None:
    """Another record of the asking system to which a stronger rule gives `holder`."""
    for stronger, key in enumerate(holder.keys[:number]):
        if key is None:
            continue
        for other in known.holders.get((stronger, key), {}).get(record.system, ()):
            if other.remote_id != record.remote_id:
                return other.remote_id
    return None


def _proposed(record: Unlinked, rule: MatchRule, found: Mapping[str, tuple[Holder, ...]]) -> Correlation | None:
    """An `ask` rule only proposes, and only records that are free for `record`."""
    free = {
        system: kept
        for system, holders in found.items()
        if (kept := tuple(holder for holder in holders if record.system not in holder.linked))
    }
    if not free:
        return None
    return Correlation(
        situation=Situation.REVIEW,
        action="review",
        matches={system: holders[0].remote_id for system, holders in free.items() if len(holders) == 1},
        rule=_said(rule),
        detail=f"the same {_fields(rule)}: {_listed(free)}",
    )


def _quarantined(situation: Situation, rule: MatchRule, detail: str) -> Correlation:
    return Correlation(situation=situation, action="quarantine", rule=_said(rule), detail=detail)


def _listed(found: Mapping[str, tuple[Holder, ...]]) -> str:
    return ", ".join(f"{system} {holder.remote_id}" for system, holders in found.items() for holder in holders)


def _fields(rule: MatchRule) -> str:
    return " and ".join(rule.fields)


def _said(rule: MatchRule) -> str:
    return ("match ask " if rule.ask else "match ") + _fields(rule)


def _key(rule: MatchRule, values: Values) -> Key | None:
    if len(rule.fields) == 1 and not rule.placeholders and isinstance(value := values.get(rule.fields[0]), str):
        return value.strip() or None
    parts = []
    for name in rule.fields:
        value = values.get(name, ABSENT)
        if blank(value):
            return None
        text = _part(value)
        if not text:
            return None
        if rule.placeholders:
            folded = text.casefold()
            if any(fnmatchcase(folded, pattern.casefold()) for pattern in rule.placeholders):
                return None
        parts.append(text)
    return parts[0] if len(parts) == 1 else json.dumps(parts, ensure_ascii=False)


def _part(value: Shown) -> str:
    match value:
        case str():
            return value.strip()
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return value_text(value)  # type: ignore[arg-type]
