"""What the systems of a link show of a unit that is decided together, and which agreed values would make them show that."""

from collections.abc import Sequence
from typing import NamedTuple

from syncline_runtime.accounting import base_of, moved_fields, shown_by
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.declaration import Values
from syncline_runtime.policy import Policy, Side, Unit, rendering
from syncline_runtime.records import Link, Member
from syncline_runtime.values import ABSENT, Shown


class Showing(NamedTuple):
    """A unit as one system shows it: its vector of values, the fields that moved, and whether those have no base."""

    member: Member
    side: Side
    vector: tuple[Shown, ...]
    moved: tuple[str, ...]
    fresh: bool


class Showings:
    """What the systems `playing` show of one link; views of lossy systems are computed once and only when asked for."""

    def __init__(self, policy: Policy, link: Link, playing: Sequence[str]) -> None:
        self.policy = policy
        self.link = link
        self.shown = {system: shown_by(link.members[system]) or {} for system in playing}
        self.base = {system: base_of(link.members[system]) for system in playing}
        self.moved = {system: moved_fields(link.members[system]) for system in playing}
        self._views: dict[str, Values | None] = {}

    def of(self, unit: Unit, system: str) -> Showing:
        """What `system` shows of `unit`; a field that did not move has the value it stands for."""
        member = self.link.members[system]
        shown, base = self.shown[system], self.base[system]
        own = self.moved[system]
        vector = tuple(
            _latest(shown, member.shadow, name) if name in own else self._unmoved(unit, member, name)
            for name in unit.fields
        )
        moved = tuple(name for name in unit.fields if name in own)
        fresh = bool(moved) and all(base.get(name, ABSENT) is ABSENT for name in moved)
        return Showing(member, self.policy.sides[system], vector, moved, fresh)

    def explains(self, unit: Unit, vector: tuple[Shown, ...], showing: Showing) -> bool:
        """Whether `vector`, agreed, makes the system show what it shows."""
        side = showing.side
        view: Values | None = None
        for name, value, shown in zip(unit.fields, vector, showing.vector, strict=True):
            if shown is ABSENT or value == shown:
                continue
            if name not in side.lossy:
                return False
            if view is None:
                view = self._candidate_view(side, unit, vector)
                if view is None:
                    return False
            if view.get(name, ABSENT) != shown:
                return False
        return True

    def _unmoved(self, unit: Unit, member: Member, name: str) -> Shown:
        """The value that a field which did not move stands for: what was sent, where the system shows that in a way of its own."""
        shown = member.shadow.get(name, ABSENT)
        if name in member.renders:
            return member.renders[name]
        side = self.policy.sides[member.system]
        if name not in side.lossy:
            return shown
        canon = tuple(self.link.values.get(field, ABSENT) for field in unit.fields)
        view = self._candidate_view(side, unit, canon) or {}
        return self.link.values.get(name, ABSENT) if view.get(name, ABSENT) == shown else shown

    def _view(self, side: Side, values: Values) -> Values | None:
        """What a lossy system makes of `values`, as far as it can hold them; None where that cannot be told."""
        try:
            return rendering(self.policy, side.system, values).values
        except CodecError:
            return None

    def _candidate_view(self, side: Side, unit: Unit, vector: tuple[Shown, ...]) -> Values | None:
        values = self.link.values
        if all(values.get(name, ABSENT) == value for name, value in zip(unit.fields, vector, strict=True)):
            if side.system not in self._views:
                self._views[side.system] = self._view(side, values)
            return self._views[side.system]
        # where little is agreed yet, the system's own values stand in for the fields that a line may need beside its own
        own = shown_by(self.link.members[side.system]) or {}
        return self._view(side, {**own, **values, **dict(zip(unit.fields, vector, strict=True))})


def _latest(shown: Values, shadow: Values, name: str) -> Shown:
    value = shown.get(name, ABSENT)
    return shadow.get(name, ABSENT) if value is ABSENT else value
