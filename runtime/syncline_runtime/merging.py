"""The decision table of a field: what several systems' edits make of the agreed value (rows F0 to F11, M0 for a first merge)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncline_runtime.accounting import base_of, shown_by
from syncline_runtime.aligning import (
    Changes,
    changes,
    combined,
    contested,
    holds,
    picked_changes,
    say_of,
    still_shown,
)
from syncline_runtime.declaration import Ask, Drift, Merged, Newest, Owned, When
from syncline_runtime.policy import Policy, Side, Unit, blank, written_over
from syncline_runtime.records import Conflict, FieldChange, Link, Loser, MemberState
from syncline_runtime.showing import Showing, Showings
from syncline_runtime.values import ABSENT, Shown


@dataclass(slots=True)
class Merge:
    """What the fields of a link become; `accounted` holds, by system, the new shadow of the fields accounted for."""

    values: dict[str, Any]
    accounted: dict[str, dict[str, Shown]] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    changes: list[FieldChange] = field(default_factory=list)
    losers: list[Loser] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    drifts: list[Loser] = field(default_factory=list)


Outcome = tuple[str, str | None, tuple[Shown, ...]]
"""Row, system whose value won, agreed vector."""


_STANDING = (MemberState.LIVE, MemberState.MISSING)


def merge(policy: Policy, link: Link, playing: Sequence[str]) -> Merge:
    """Decide the fields of `link`; only the systems `playing` are heard, in the order of the spec."""
    merging = _Merging(policy, link, playing)
    touched: dict[str, list[str]] = {}
    position = policy.position
    for system, moved in merging.showings.moved.items():
        for name in moved:
            if name in position:
                touched.setdefault(name, []).append(system)
            else:
                merging.rewrite(system, name)
    decided: set[str] = set()
    for name in sorted(touched, key=position.__getitem__):
        if name not in decided:
            unit = policy.units[name]
            if unit.cases:
                unit = unit.of(merging.result.values)
            if unit.owners:
                unit = unit.at([system for system, one in link.members.items() if one.state in _STANDING])
            if len(unit.fields) == 1:
                if not merging.settle(unit, name, touched[name]):
                    merging.decide(unit)
            else:
                decided.update(unit.fields)
                merging.decide(unit)
    return merging.result


class _Merging:
    """One link's merge under way."""

    def __init__(self, policy: Policy, link: Link, playing: Sequence[str]) -> None:
        self.policy = policy
        self.link = link
        self.playing = [system for system in policy.sides if system in playing]
        self.showings = Showings(policy, link, self.playing)
        self.result = Merge(values=dict(link.values))

    # -- one field, the common cases -----------------------------------------------------------------------------------

    def settle(self, unit: Unit, name: str, moved: Sequence[str]) -> bool:
        """Decide a field on which all that moved agree, if that takes no rule; the rest is for `decide`."""
        shown = self.showings.shown
        value = shown[moved[0]][name]
        for system in moved[1:]:
            if shown[system][name] != value:
                return False
        canon = self.link.values.get(name, ABSENT)
        if value != canon:
            fresh = canon is ABSENT and self.link.fresh
            rule = unit.rule
            if not fresh and (blank(value) or (isinstance(rule, Merged) and rule.by == "union")):
                return False
            if isinstance(rule, Owned) and rule.by not in moved:
                return False
            origin: str | None = None
            for system in moved:
                flow = self.policy.sides[system].flows[name]
                if flow.contributes:
                    origin = origin or system
                if not fresh and (name in self.policy.sides[system].lossy or name not in self.showings.base[system]):
                    return False
            if origin is None:
                return False
            self.result.values[name] = value
            if not fresh:
                self.result.changes.append(
                    FieldChange(
                        field=name, before=canon, after=value, row="F2", origin=origin, rule=unit.text, line=unit.line
                    )
                )
        for system in moved:
            self.result.accounted.setdefault(system, {})[name] = value
        return True

    # -- one unit ------------------------------------------------------------------------------------------------------

    def decide(self, unit: Unit) -> None:
        """Decide one unit and account for what the systems show of it."""
        values = self.link.values
        canon = tuple(values.get(name, ABSENT) for name in unit.fields)
        agreed = canon.count(ABSENT) < len(canon)
        heard: dict[str, Showing] = {}
        drifted: dict[str, Showing] = {}
        cleared: set[str] = set()
        owner = self._owner(unit, agreed)
        for system in self.playing:
            showing = self.showings.of(unit, system)
            if not showing.moved:
                continue
            if agreed and self.showings.explains(unit, canon, showing):
                self._account(unit, showing)
            elif not self._contributes(unit, showing.side) or (owner is not None and owner != system):
                drifted[system] = showing
            elif agreed and self._only_cleared(unit, showing, canon):
                drifted[system] = showing
                cleared.add(system)
            else:
                heard[system] = showing
        vector = canon
        row = ""
        if heard:
            outcome = self._resolve(unit, canon, agreed, heard)
            if outcome is None:
                return
            row, origin, vector = outcome
            if (
                row == "F2"
                and owner is not None
                and not all(self.showings.explains(unit, vector, d) for d in drifted.values())
            ):
                row = "F4"
            for showing in heard.values():
                self._lose(unit, showing, vector, row, origin)
                self._account(unit, showing)
            if row == "M0" and agreed:
                self._supersede(unit, canon, vector, (*heard, *drifted))
            self._agree(unit, canon, vector, row, origin)
        for system, showing in drifted.items():
            own = "M0" if showing.fresh else "F11" if system in cleared else "F3"
            self._drift(unit, showing, vector, row or own, bool(heard))

    def _owner(self, unit: Unit, agreed: bool) -> str | None:
        """The system that alone may change the unit, if it takes part in the link."""
        if not isinstance(unit.rule, Owned):
            return None
        member = self.link.members.get(unit.rule.by)
        side = self.policy.sides.get(unit.rule.by)
        if member is None or side is None or not self._contributes(unit, side):
            return None
        if member.state is MemberState.MISSING:
            return unit.rule.by if agreed else None
        if unit.rule.by not in self.playing:
            return None
        vector = self.showings.of(unit, unit.rule.by).vector
        if self.policy.sync.empty == "ignored" and all(blank(value) for value in vector):
            # its blank is no statement, so that a value elsewhere may fill it, if that has no base either
            return None if any(self.showings.of(unit, system).fresh for system in self.playing) else unit.rule.by
        return unit.rule.by if agreed or any(value is not ABSENT for value in vector) else None

    def _contributes(self, unit: Unit, side: Side) -> bool:
        flows = side.flows
        return any(name in flows and flows[name].contributes for name in unit.fields)

    def _only_cleared(self, unit: Unit, showing: Showing, canon: tuple[Shown, ...]) -> bool:
        """Whether all that moved is a clearing that does not flow."""
        agreed = dict(zip(unit.fields, canon, strict=True))
        shown = dict(zip(unit.fields, showing.vector, strict=True))
        return not showing.fresh and all(
            blank(shown[name])
            and not blank(agreed[name])
            and (self.policy.sync.empty == "ignored" or When.PRESENT in showing.side.flows[name].when)
            for name in showing.moved
        )

    # -- rules ---------------------------------------------------------------------------------------------------------

    def _resolve(self, unit: Unit, canon: tuple[Shown, ...], agreed: bool, heard: dict[str, Showing]) -> Outcome | None:
        """The outcome of the unit's candidates, or None where a person is asked."""
        rule = unit.rule
        if isinstance(rule, Merged) and rule.by == "union":
            return self._union(unit, canon, heard)
        if (key := self._key(unit)) is not None:
            return self._aligned(unit, canon, heard, key)
        first = any(showing.fresh for showing in heard.values())
        candidates = self._first_candidates(unit, canon, agreed, heard) if first else heard
        filled = {system: self._filled(showing, canon) for system, showing in candidates.items()}
        if len(filled) == 1:
            return "M0" if first else "F2", *next(iter(filled.items()))
        for system, vector in filled.items():
            if all(self.showings.explains(unit, vector, showing) for showing in candidates.values()):
                return "M0" if first else "F2", system, vector
        match rule:
            case Ask():
                self._ask(unit, candidates, first)
                return None
            case Merged():
                return self._fold(rule, unit, canon, agreed, filled, first)
            case Newest(skew_seconds=skew) if not first and (newest := self._newest(unit, filled, heard, skew)):
                return "F6", newest, filled[newest]
        winner = next(system for system in unit.order if system in filled)
        row = "M0" if first else "F7" if isinstance(rule, Newest) else "F5"
        return row, winner, filled[winner]

    def _first_candidates(
        self, unit: Unit, canon: tuple[Shown, ...], agreed: bool, heard: dict[str, Showing]
    ) -> dict[str, Showing]:
        """Who has a say in a first merge: those without a base, against fresh edits, else against those in agreement."""
        candidates = dict(heard)
        if agreed and all(showing.fresh for showing in heard.values()):
            for system in self.playing:
                showing = self.showings.of(unit, system)
                if system in heard or showing.moved or not self._contributes(unit, showing.side):
                    continue
                if any(value is not ABSENT for value in showing.vector):
                    candidates[system] = showing._replace(vector=canon)
        owner = unit.rule.by if isinstance(unit.rule, Owned) and self.policy.sync.empty == "propagates" else None
        ordered = {system: candidates[system] for system in self.playing if system in candidates}
        told = {
            system: showing
            for system, showing in ordered.items()
            if system == owner
            or (showing.moved and not showing.fresh)
            or not all(blank(value) for value in showing.vector)
        }
        return told or ordered

    def _filled(self, showing: Showing, canon: tuple[Shown, ...]) -> tuple[Shown, ...]:
        return tuple(old if new is ABSENT else new for new, old in zip(showing.vector, canon, strict=True))

    def _newest(
        self, unit: Unit, filled: dict[str, tuple[Shown, ...]], heard: dict[str, Showing], skew: float
    ) -> str | None:
        """The newest edit, if it is newer than every edit it does not explain by more than the skew."""
        times = {system: heard[system].member.updated_at for system in filled}
        latest = max((time for time in times.values() if time is not None), default=None)
        if latest is None:
            return None
        top = next(system for system in unit.order if times.get(system) == latest)
        for system in filled:
            time = times[system]
            if not self.showings.explains(unit, filled[top], heard[system]) and (
                time is None or (latest - time).total_seconds() <= skew
            ):
                return None
        return top

    def _fold(
        self,
        rule: Merged,
        unit: Unit,
        canon: tuple[Shown, ...],
        agreed: bool,
        filled: dict[str, tuple[Shown, ...]],
        first: bool,
    ) -> Outcome:
        """`max`, `min` or a function of one's own over the candidates and the agreed value."""
        operands: list[Any] = [vector[0] for vector in filled.values()]
        if agreed:
            operands.append(canon[0])
        present = [value for value in operands if not blank(value)]
        folded: Shown
        if not present:
            folded = operands[0]
        elif rule.by == "python":
            if rule.function is None:
                raise ValueError(f"{unit.text}: the spec names no merge function")
            folded = rule.function(tuple(present))
        else:
            fold: Callable[[Any], Any] = max if rule.by == "max" else min
            folded = fold(present)
        origin = next((system for system, vector in filled.items() if vector[0] == folded), None)
        return "M0" if first else "F8", origin, (folded,)

    def _union(self, unit: Unit, canon: tuple[Shown, ...], heard: dict[str, Showing]) -> Outcome:
        """Three ways per element, each side against its own shadow; an element both added and removed stays."""
        name = unit.fields[0]
        added: frozenset[Any] = frozenset()
        removed: frozenset[Any] = frozenset()
        for showing in heard.values():
            old, new = _elements(base_of(showing.member).get(name, ABSENT)), _elements(showing.vector[0])
            added |= new - old
            removed |= old - new
        merged = (_elements(canon[0]) - removed) | added
        first = any(showing.fresh for showing in heard.values())
        row = "M0" if first else "F2" if len(heard) == 1 else "F8"
        return row, next(iter(heard)) if len(heard) == 1 else None, (merged,)

    def _key(self, unit: Unit) -> str | None:
        """The key by which the elements of a nested collection are aligned; None for any other unit."""
        collection = self.policy.entity.collections.get(unit.fields[0]) if len(unit.fields) == 1 else None
        return None if collection is None else collection.key

    def _changes(self, unit: Unit, showing: Showing, key: str) -> Changes:
        name = unit.fields[0]
        flow, base = showing.side.flows[name], base_of(showing.member).get(name, ABSENT)
        if flow.picked is not None:
            clears = self.policy.sync.empty != "ignored"
            return picked_changes(base, showing.vector[0], key, flow.picked, clears=clears)
        return changes(base, showing.vector[0], key, flow.hears)

    def _aligned(self, unit: Unit, canon: tuple[Shown, ...], heard: dict[str, Showing], key: str) -> Outcome | None:
        """Three ways for each field of each element; where several sides changed the same one, by the rule."""
        made = {system: self._changes(unit, showing, key) for system, showing in heard.items()}
        first = any(showing.fresh for showing in heard.values())
        several = contested(made.values())
        order, row = unit.order, "F5"
        if several and isinstance(unit.rule, Ask):
            self._ask(unit, heard, first)
            return None
        if several and isinstance(unit.rule, Newest):
            vectors = {system: showing.vector for system, showing in heard.items()}
            newest = self._newest(unit, vectors, heard, unit.rule.skew_seconds)
            order, row = ((newest, *unit.order), "F6") if newest is not None else (unit.order, "F7")
        sides = [made[system] for system in dict.fromkeys(order) if system in made]
        edits = tuple(sides)
        for system in dict.fromkeys((*made, *self.playing)):
            showing = self.showings.of(unit, system)
            if self._contributes(unit, showing.side):
                say = say_of(showing.side.flows[unit.fields[0]])
                sides.append(still_shown(edits, canon[0], showing.vector[0], key, say))
        row = "M0" if first else row if several else "F2"
        origin = next(iter(heard)) if len(heard) == 1 else None
        return row, origin, (combined(canon[0], sides, key),)

    def _ask(self, unit: Unit, candidates: Mapping[str, Showing], first: bool) -> None:
        self.result.held.update(unit.fields)
        why = "differs where the records were linked" if first else "changed in several systems"
        for index, name in enumerate(unit.fields):
            self.result.conflicts.append(
                Conflict(
                    field=name,
                    candidates={system: showing.vector[index] for system, showing in candidates.items()},
                    reason=f"{why} (F9, {unit.text})",
                    line=unit.line,
                )
            )

    # -- consequences --------------------------------------------------------------------------------------------------

    def _agree(
        self, unit: Unit, canon: tuple[Shown, ...], vector: tuple[Shown, ...], row: str, origin: str | None
    ) -> None:
        for name, before, after in zip(unit.fields, canon, vector, strict=True):
            if after is ABSENT or after == before:
                continue
            self.result.values[name] = after
            self.result.changes.append(
                FieldChange(
                    field=name, before=before, after=after, row=row, origin=origin, rule=unit.text, line=unit.line
                )
            )

    def _account(self, unit: Unit, showing: Showing) -> None:
        shadow = self.result.accounted.setdefault(showing.side.system, {})
        for name, value in zip(unit.fields, showing.vector, strict=True):
            if name in showing.moved:
                shadow[name] = value

    def _lose(self, unit: Unit, showing: Showing, vector: tuple[Shown, ...], row: str, origin: str | None) -> None:
        """Journal what the system showed, was moved, and is not in the agreed value."""
        system = showing.side.system
        if system == origin or self.showings.explains(unit, vector, showing):
            return
        base = base_of(showing.member)
        for name, shown, agreed in zip(unit.fields, showing.vector, vector, strict=True):
            if name not in showing.moved or shown == agreed or (showing.fresh and blank(shown)):
                continue
            if isinstance(unit.rule, Merged) and unit.rule.by == "union":
                old, new, merged = _elements(base.get(name, ABSENT)), _elements(shown), _elements(agreed)
                if not (old - new) & merged and not (new - old) - merged:
                    continue
            key = self._key(unit)
            if key is not None and holds(agreed, self._changes(unit, showing, key), key):
                continue
            tie = ", tie" if row == "F7" else ""
            self.result.losers.append(
                Loser(field=name, system=system, value=shown, reason=f"{unit.text} ({row}{tie})", line=unit.line)
            )

    def _supersede(
        self, unit: Unit, canon: tuple[Shown, ...], vector: tuple[Shown, ...], moved: tuple[str, ...]
    ) -> None:
        """Journal what loses against a record linked or a field shown later: an agreed value, or one never agreed on."""
        shows = [s for s in self.playing if s not in moved and self._contributes(unit, self.policy.sides[s])]
        for name, old, new in zip(unit.fields, canon, vector, strict=True):
            for system in shows if old is ABSENT else shows[:1]:
                lost = base_of(self.link.members[system]).get(name, ABSENT) if old is ABSENT else old
                if lost != new and not blank(lost):
                    told = Loser(field=name, system=system, value=lost, reason=f"{unit.text} (M0)", line=unit.line)
                    self.result.losers.append(told)

    def _drift(self, unit: Unit, showing: Showing, vector: tuple[Shown, ...], row: str, decided: bool) -> None:
        """An edit by a system that has no say in the unit: written back, or kept and perhaps reported."""
        drift = unit.rule.drift if isinstance(unit.rule, Owned) else Drift.OVERWRITE
        overwritten = self._overwritten(unit, showing, vector)
        if drift is not Drift.OVERWRITE and row == "F3":
            shadowed = tuple(showing.member.shadow.get(name, ABSENT) for name in unit.fields)
            stays = not overwritten and ABSENT not in vector  # as by `only when present`
            if stays or self.showings.explains(unit, vector, showing._replace(vector=shadowed)):
                self._tell_drift(unit, showing, showing.vector, row, f"drift {drift.value}")
                self._keep_drift(unit, showing, vector, drift)
                return
        if not decided:
            wanted = tuple(
                new if name in overwritten else old
                for name, old, new in zip(unit.fields, showing.vector, vector, strict=True)
            )
            self._tell_drift(unit, showing, wanted, row, "drift overwritten" if overwritten else "not written back")
        if self._overwritten(unit, showing, vector, later=True):
            self._lose(unit, showing, vector, row, None)
        self._account(unit, showing)

    def _keep_drift(self, unit: Unit, showing: Showing, vector: tuple[Shown, ...], drift: Drift) -> None:
        """Note an edit that stays where it is; `report` also puts it before a person, for as long as it differs."""
        system = showing.side.system
        for name, shown, agreed in zip(unit.fields, showing.vector, vector, strict=True):
            if name not in showing.moved or shown == agreed:
                continue
            reason = f"drift {drift.value} (F3, {unit.text})"
            self.result.drifts.append(Loser(field=name, system=system, value=shown, reason=reason, line=unit.line))
            if drift is Drift.REPORT:
                others = next((one for one in self.result.conflicts if one.field == name), None)
                if others is not None:
                    self.result.conflicts.remove(others)
                sides = {} if others is None else dict(others.candidates)
                owner = unit.rule.by if isinstance(unit.rule, Owned) else ""
                conflict = Conflict(
                    field=name, candidates={owner: agreed, **sides, system: shown}, reason=reason, line=unit.line
                )
                self.result.conflicts.append(conflict)

    def _overwritten(self, unit: Unit, showing: Showing, vector: tuple[Shown, ...], *, later: bool = False) -> set[str]:
        """The moved fields that will show the agreed value again; `later`: or that of the next one that is not blank."""
        side = showing.side
        names = set()
        for name, shown, value in zip(unit.fields, showing.vector, vector, strict=True):
            if name not in showing.moved or name not in side.kept or value is ABSENT:
                continue
            when = side.flows[name].when
            if written_over(when & ~When.PRESENT if later else when, shown, value):
                names.add(name)
        return names

    def _tell_drift(self, unit: Unit, showing: Showing, after: tuple[Shown, ...], row: str, what: str) -> None:
        for name, shown, wanted in zip(unit.fields, showing.vector, after, strict=True):
            if name not in showing.moved or (showing.fresh and (blank(shown) or shown == wanted)):
                continue
            self.result.changes.append(
                FieldChange(
                    field=name,
                    before=shown,
                    after=wanted,
                    row=row,
                    origin=showing.side.system,
                    rule=f"{unit.text}: {what}",
                    line=unit.line,
                )
            )

    def rewrite(self, system: str, name: str) -> None:
        """An output slot, or a field the entity no longer has: accounted for; if somebody edited a slot, it is rewritten."""
        member, side = self.link.members[system], self.policy.sides[system]
        shown = (shown_by(member) or {}).get(name, ABSENT)
        self.result.accounted.setdefault(system, {})[name] = shown
        if name not in side.kept or base_of(member).get(name, ABSENT) is ABSENT:
            return
        line = side.flows[name].line
        self.result.losers.append(
            Loser(field=name, system=system, value=shown, reason=f"{name} is computed (F3)", line=line)
        )


def _elements(value: Shown) -> frozenset[Any]:
    return value if isinstance(value, frozenset) else frozenset()
