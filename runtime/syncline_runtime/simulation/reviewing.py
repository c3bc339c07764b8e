"""People at the engine: they look into `review`, and answer by the commands that it names, as the command line takes them."""

import argparse
import contextlib
import io
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from syncline_runtime.cli import review
from syncline_runtime.declaration import Package
from syncline_runtime.pending import Item, pending
from syncline_runtime.simulation.cells import cells_of
from syncline_runtime.simulation.inventing import MAPPING_ERRORS, canonical, shown
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.nested import Place
from syncline_runtime.simulation.people import People
from syncline_runtime.simulation.server import Server
from syncline_runtime.simulation.world import EPOCH, World
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.packing import unpack_value
from syncline_runtime.stores import StateStore
from syncline_runtime.values import ABSENT, Shown

_SPELLED: Final = frozenset(("text", "email", "phone", "url", "integer", "decimal"))
"""Kinds of which a value can be given on the command line as it stands."""


class Given(NamedTuple):
    """What a person answered: the command's name and its choice. `value` is that of a field that was chosen, `known` whether the
    records showed the person all that they held; `strangers` are the records of which a released one is told apart."""

    how: str
    entity: str
    link_id: int
    field: str
    place: Place
    value: Shown
    known: bool
    strangers: frozenset[Place]
    at: float


@dataclass(slots=True)
class Reviewers:
    """Whoever is asked. They say what is true of what they can look up, and decide the rest as they like."""

    package: Package
    world: World
    servers: Mapping[str, Server]
    ledger: Ledger
    people: People
    rng: Random
    given: dict[int, Given] = field(default_factory=dict)
    """By the number of the answer in the state."""
    _parsed: Callable[[list[str]], argparse.Namespace] | None = None

    def answer(self, store: SqliteStore, *, all_of_it: bool = False) -> int:
        """Settle some of what waits, or all; how many answers were given."""
        count = 0
        dismissed: set[tuple[str, str]] = set()  # whatever waits under one name is, at once
        for item in pending(self.package, store):
            asked = (all_of_it or self.world.happens("answer")) and not item.answered
            if asked and (item.entity, item.name) not in dismissed:
                command = self._chosen(store, item)
                given = command is not None and self._give(store, item, command)
                if given and command is not None and command.startswith("review dismiss "):
                    dismissed.add((item.entity, item.name))
                count += given
        return count

    def _chosen(self, store: StateStore, item: Item) -> str | None:
        """The command that a person gives about an item, of those that it names; None: it is left alone."""
        named = [one for one in item.commands if one.startswith("review ")]
        match item.kind:
            case "unknown":
                return self._as_it_is(store, item, named)
            case "conflict":
                # Who shows nothing gives nothing to take.
                absent = {system for system, value in item.candidates.items() if value is ABSENT}
                named = [one for one in named if one.rpartition(" ")[2] not in absent]
                return self._with_value(item, self.rng.choice(named)) if named else None
            case "deletion" | "identity" | "guard" | "record" | "write" | "decision":
                return self.rng.choice(named) if named else None
            case _:
                return None

    def _as_it_is(self, store: StateStore, item: Item, named: list[str]) -> str | None:
        """Of a create of unknown outcome, what a look into the system shows, once nothing is on its way any more."""
        if not named or self.world.is_expecting():
            return None
        made = [
            remote_id
            for (entity, system, link_id, _), ids in self.ledger.made.items()
            if (entity, system, link_id) == (item.entity, item.system, item.link_id)
            for remote_id in ids
            if (system, entity, remote_id) not in self.ledger.linked and self._is_there(item, remote_id)
        ]
        if not made:
            return next((one for one in named if one.startswith("review retry")), None)
        known = store.members(item.entity, item.system, made)
        found = [remote_id for remote_id in made if remote_id in known]
        linking = next((one for one in named if one.startswith("review link")), None)
        return linking.replace(":ID", f":{found[0]}") if linking and found and item.members else None

    def _is_there(self, item: Item, remote_id: str) -> bool:
        mapping = self.package.mapping(item.entity, item.system)
        return self.servers[item.system].tables[mapping.resource].native(remote_id) is not None

    def _with_value(self, item: Item, command: str) -> str:
        if not command.endswith(" --value VALUE"):
            return command
        kind = self.package.entities[item.entity].kinds.get(item.field, "")
        values = canonical(kind, self.people.number(), self.rng, item.field)
        value = next((one for one in values if self._is_held(item, one)), None)
        if kind not in _SPELLED or value is None or self.rng.random() < 0.3:
            return command.replace(" --value VALUE", " --clear")
        return command.replace(" --value VALUE", f" --value {shlex.quote(str(value))}")

    def _is_held(self, item: Item, value: Shown) -> bool:
        """Whether every system that is to have it can hold a value."""
        fields = dict.fromkeys(self.package.entities[item.entity].fields)
        for mapping in self.package.mappings:
            if mapping.entity == item.entity and any(one.writes and one.field == item.field for one in mapping.flows):
                try:
                    mapping.write({**fields, item.field: value}, None)
                except MAPPING_ERRORS:
                    return False
        return True

    def _give(self, store: SqliteStore, item: Item, command: str) -> bool:
        world = self.world
        words = shlex.split(command)
        before = {one.answer_id for one in store.answers.open(item.entity)}
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                arguments = self._parser()(words)
            review.give(self.package, store, arguments, "ana", EPOCH + world.elapsed)
        except (SystemExit, review.NoAnswer) as problem:
            world.violate("C5", f"{item.name} names `{command}`, which is refused: {problem}", item.entity, item.field)
            return False
        world.tell("person", "answers", f"{command}, about: {item.reason}")
        world.counts[f"answer {words[1]}"] += 1
        for one in store.answers.open(item.entity):
            if one.answer_id in before:
                continue
            self.given[one.answer_id] = Given(
                one.kind,
                item.entity,
                one.link_id,
                one.field,
                (one.system, item.entity, one.remote_id),
                unpack_value(one.value or "null") if one.kind == "take" else None,
                self._knows(item),
                self._strangers(store, item) if one.kind == "separate" else frozenset(),
                world.elapsed,
            )
            if one.kind == "take":
                value = self.given[one.answer_id].value
                for cell, held in cells_of(self.package.entities[item.entity], one.field, value).items():
                    self.ledger.typed.setdefault((item.entity, cell), set()).add(held)
            if one.kind in ("link", "separate"):
                # What is to be created has no record yet: it is that of the others of its link.
                named = {one.system: one.remote_id} if one.remote_id else item.members
                self.ledger.placed.update((system, item.entity, remote_id) for system, remote_id in named.items())
        return True

    def _parser(self) -> Callable[[list[str]], argparse.Namespace]:
        if self._parsed is None:
            parser = argparse.ArgumentParser(prog="simulated")
            review.add(parser.add_subparsers(dest="command", required=True), self.package)
            self._parsed = parser.parse_args
        return self._parsed

    def _knows(self, item: Item) -> bool:
        """Whether what an item shows of a field is what its records hold."""
        for system, remote_id in item.members.items():
            if system not in self.servers:  # what it was derived from
                continue
            mapping = self.package.mapping(item.entity, system)
            native = self.servers[system].tables[mapping.resource].native(remote_id)
            now: Any = shown(mapping, native or {}).get(item.field, ABSENT)
            if now != item.shows.get(system, ABSENT) or now is ABSENT:
                return False
        return True

    def _strangers(self, store: StateStore, item: Item) -> frozenset[Place]:
        """All records that the engine knows of, but this one."""
        own = (item.system, item.entity, item.remote_id)
        places = {
            (one.system, one.entity, remote_id)
            for one in self.package.mappings
            if one.entity == item.entity and one.system in self.servers
            for remote_id in store.members(
                one.entity, one.system, list(self.servers[one.system].tables[one.resource].history)
            )
        }
        return frozenset(places - {own})
