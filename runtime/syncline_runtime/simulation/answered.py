"""What must hold of what people decided at the engine: it comes to be as they said, and nothing else does."""

from collections.abc import Iterator, Mapping
from typing import Any

from syncline_runtime.declaration import Package
from syncline_runtime.policy import blank
from syncline_runtime.simulation.cells import field_of
from syncline_runtime.simulation.keeping import Keeper
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.reviewing import Given, Reviewers
from syncline_runtime.simulation.server import Server
from syncline_runtime.simulation.world import Violation, World, short
from syncline_runtime.state.packing import packing


class Answered:
    """An eye on answers: at each commit, and once all is quiet."""

    def __init__(
        self, package: Package, world: World, servers: Mapping[str, Server], ledger: Ledger, reviewers: Reviewers
    ) -> None:
        self._package, self._world, self._servers = package, world, servers
        self._ledger, self._reviewers = ledger, reviewers
        self._closed: set[int] = set()
        self._done: dict[int, Given] = {}
        self._told: set[str] = set()
        self._beside: dict[int, set[tuple[str, str, str]]] = {}

    def forget(self) -> None:
        """The state was lost, and with it what was decided."""
        self._closed.clear()
        self._done.clear()
        self._beside.clear()
        self._reviewers.given.clear()

    def committed(self) -> None:
        """Look at what is durable now."""
        keeper, given = self._ledger.keeper, self._reviewers.given
        if keeper is None or not given:
            return
        for one in keeper.decisions() if len(self._closed) < len(given) else ():
            known = given.get(one.answer_id)
            if known is None or one.answer_id in self._closed or one.state == "open":
                continue
            self._closed.add(one.answer_id)
            self._world.counts[f"answers {one.state}"] += 1
            if one.state == "done":
                self._done[one.answer_id] = known
                self._beside[one.answer_id] = self._places(known)
                self._carried_out(keeper, known)
        for known in self._done.values():
            if known.how == "separate":
                self._apart(known)

    def _carried_out(self, keeper: Keeper, known: Given) -> None:
        if known.how == "take":
            (row,) = keeper.links([known.link_id])
            agreed = packing(self._package.entities[known.entity]).unpack(row.doc).get(known.field)
            if agreed != known.value:
                self._tell("A1", f"{_said(known)}, and it is agreed on {short(agreed)}", known)
        elif known.how == "keep":
            self._ledger.kept.add(known.link_id)

    def _apart(self, known: Given) -> None:
        linked = self._ledger.linked
        link_id = linked.get(known.place)
        if link_id is None or known.place in self._ledger.revived:
            return
        for stranger in known.strangers:
            if linked.get(stranger) == link_id and stranger not in self._ledger.placed:
                text = f"{_named(known.place)} was said to be one of its own, and is linked to {_named(stranger)}"
                self._tell("A2", text, known)

    def settled(self, keeper: Keeper) -> Iterator[Violation]:
        """What does not hold once all is quiet."""
        last = {(known.link_id, known.field, known.place): number for number, known in self._done.items()}
        for number in last.values():
            known = self._done[number]
            rows = keeper.links([known.link_id]) if known.link_id else []
            if known.how == "take" and rows and rows[0].status == "live" and known.known and not self._since(known):
                agreed: Any = packing(self._package.entities[known.entity]).unpack(rows[0].doc).get(known.field)
                # A value fills what was left empty, where a record is linked only then.
                joined = blank(known.value) and self._places(known) - self._beside[number]
                if agreed != known.value and not joined:
                    text = f"{_said(known)}, nobody changed it since, and it is agreed on {short(agreed)}"
                    yield Violation("A1", text, known.entity, known.field)
            if known.how == "delete" and not self._since(known):
                for member in keeper.members_of([known.link_id]).get(known.link_id, []):
                    if member.system not in self._servers:
                        continue
                    mapping = self._package.mapping(known.entity, member.system)
                    table = self._servers[member.system].tables[mapping.resource]
                    native, archive = table.native(member.remote_id), table.resource.archive
                    if native is not None and archive is not None and native.get(archive[0]) == archive[1]:
                        continue  # so the spec says of this system
                    if native is not None and table.resource.delete is not None:
                        text = f"{member.system} {member.remote_id} was to be deleted, and is there"
                        yield Violation("A3", text, known.entity)

    def _places(self, known: Given) -> set[tuple[str, str, str]]:
        """The records of the link that an answer is about."""
        return {place for place, number in self._ledger.linked.items() if number == known.link_id}

    def _since(self, known: Given) -> bool:
        """Whether somebody changed the field, or did more to a record of the link, since the answer was given."""
        places = self._places(known)
        if any(place in self._ledger.revived for place in places):
            return True
        return any(
            edit.at >= known.at
            and (edit.system, edit.entity, edit.remote_id) in places
            and known.field in ("", field_of(edit.field))
            for edit in self._ledger.edits
        )

    def _tell(self, invariant: str, text: str, known: Given) -> None:
        if text not in self._told:
            self._told.add(text)
            self._world.violate(invariant, text, known.entity, known.field)


def _said(known: Given) -> str:
    return f"a person settled {known.field} of link {known.link_id} with {short(known.value)}"


def _named(place: tuple[str, str, str]) -> str:
    return f"{place[0]} {place[2]}"
