"""`why RECORD [FIELD]`: how a record, or one field of it, came to be as it is: which run, which rule, which system, which line."""

import argparse
import json
from datetime import datetime
from typing import Any, Final, TextIO, get_type_hints

import msgspec

from syncline_runtime.cli.arguments import Commands, with_json, with_state
from syncline_runtime.cli.exits import FAILED
from syncline_runtime.declaration import Entity, Package
from syncline_runtime.executing.sides import sides
from syncline_runtime.identity import keys
from syncline_runtime.rows import AuditEntry, LinkRow, MemberRow
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.packing import packing, tagged, unpack_value
from syncline_runtime.stores import StateStore
from syncline_runtime.telling import FORMAT_VERSION, Redacted, shown
from syncline_runtime.values import ABSENT, Shown

_OF_RECORD: Final = ("created", "updated", "deleted", "archived", "unlinked")


def add(commands: Commands, package: Package) -> None:
    """The arguments of `why`."""
    parser = commands.add_parser(
        "why", help="tell how a value came to be: which run, rule and system, which line of the spec"
    )
    parser.add_argument("record", metavar="RECORD", help="SYSTEM:ID, the value of a match key, or the number of a link")
    parser.add_argument("field", nargs="?", metavar="FIELD", help="only this field")
    parser.add_argument("--entity", choices=list(package.entities), help="of this entity, where several have the key")
    with_state(parser, package)
    with_json(parser)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Tell it; 2 where there is no such record or field."""
    out = Redacted(stdout, ())
    with SqliteStore(arguments.state, package.name, create=False) as store:
        links = links_of(package, store, arguments.record, arguments.entity)
        histories = [_history(package, store, entity, row) for entity, row in links]
    problem = _problem(package, arguments, histories)
    if problem:
        stderr.write(f"{package.name}: {problem}\n")
        return FAILED
    if arguments.json:
        documents = [one.document(arguments.field) for one in histories]
        out.line(json.dumps({"format_version": FORMAT_VERSION, "kind": "why", "links": documents}))
    else:
        for one in histories:
            for line in one.lines(package.source, arguments.field):
                out.line(line)
    return 0


def _problem(package: Package, arguments: argparse.Namespace, histories: list["History"]) -> str:
    if not histories:
        return (
            f"no linked record is called {arguments.record}: name it SYSTEM:ID ({', '.join(package.systems)}), or by the value "
            "of a match key; `review` lists those without a link"
        )
    known = {name for one in histories for name in one.entity.fields}
    if arguments.field is not None and arguments.field not in known:
        return f"{histories[0].entity.name} has no field {arguments.field}: it has {', '.join(sorted(known))}"
    return ""


def links_of(package: Package, store: StateStore, record: str, only: str | None) -> list[tuple[Entity, LinkRow]]:
    """The links that a person means by a record's name."""
    entities = [one for one in package.entities.values() if only in (None, one.name)]
    system, _, remote_id = record.partition(":")
    found: dict[int, Entity] = {}
    for entity in entities:
        if system in package.systems and remote_id:
            rows = store.members(entity.name, system, [remote_id])
            found.update((row.link_id, entity) for row in rows.values() if row.link_id is not None)
        for rule, key in _keys(entity, record):
            holders = store.holders(entity.name, rule, [key])
            found.update((link_id, entity) for _, _, _, link_id, _ in holders if link_id is not None)
    if not found and record.isdecimal():
        rows_by_id = store.links([int(record)])
        entity_of = {entry.entity for row in rows_by_id for entry in store.review.history(row.link_id)}
        owners = [one for one in entities if one.name in entity_of] or (entities if len(entities) == 1 else [])
        return [(owner, row) for row in rows_by_id for owner in owners[:1]]
    rows_of = {row.link_id: row for row in store.links(sorted(found))}
    return [(entity, rows_of[link_id]) for link_id, entity in found.items() if link_id in rows_of]


def _keys(entity: Entity, text: str) -> list[tuple[int, str]]:
    """The keys that a text spells, by each rule of one field."""
    types = get_type_hints(entity.shape)
    found: list[tuple[int, str]] = []
    for number, rule in enumerate(entity.match):
        if len(rule.fields) > 1:
            continue
        try:
            value = msgspec.convert(text, types.get(rule.fields[0], str), strict=False)
        except msgspec.ValidationError:
            continue
        key = keys(entity, {rule.fields[0]: value})[number]
        if key is not None:
            found.append((number, key))
    return found


class History:
    """What is known of a link: its agreed values, what its records show, and what happened, oldest first."""

    def __init__(
        self,
        entity: Entity,
        row: LinkRow,
        members: list[MemberRow],
        agreed: dict[str, Any],
        shows: dict[str, dict[str, Any]],
        entries: list[AuditEntry],
    ) -> None:
        self.entity = entity
        self._row = row
        self._members = members
        self._agreed = agreed
        self._shows = shows
        self._entries = entries

    def _of(self, field: str) -> list[AuditEntry]:
        return [entry for entry in self._entries if entry.field == field]

    def _own(self) -> list[AuditEntry]:
        """What happened to the record as a whole."""
        return [entry for entry in self._entries if not entry.field]

    def lines(self, source: str, only: str | None) -> list[str]:
        """For people."""
        members = ", ".join(
            f"{one.system} {one.remote_id}" + ("" if one.state == "live" else f" ({one.state})")
            for one in self._members
        )
        status = "" if self._row.status == "live" else f", {self._row.status}"
        lines = [f"{self.entity.name} link {self._row.link_id}{status}: {members}"]
        lines += [f"  {_said(entry, source)}" for entry in (self._own() if only is None else ())]
        for field in self.entity.fields if only is None else [only]:
            entries = self._of(field)
            if only is None and not entries:
                continue
            lines.append(f"  {field} = {shown(self._agreed.get(field, ABSENT))}")
            lines += [f"    {_said(entry, source)}" for entry in entries]
            if not entries:
                lines.append(f"    as it was shown when the link was made, in run {self._row.opened_run}")
            for system, values in self._shows.items():
                if field in values and values[field] != self._agreed.get(field, ABSENT):
                    lines.append(f"    {system} shows {shown(values[field])}")
        return lines

    def document(self, only: str | None) -> dict[str, Any]:
        """As JSON values."""
        return {
            "entity": self.entity.name,
            "link": self._row.link_id,
            "status": self._row.status,
            "opened_run": self._row.opened_run,
            "members": {one.system: {"id": one.remote_id, "state": one.state} for one in self._members},
            "events": [_document(entry) for entry in self._own()],
            "fields": {
                field: {
                    "agreed": _spelled(self._agreed.get(field, ABSENT)),
                    "shows": {
                        system: _spelled(values[field]) for system, values in self._shows.items() if field in values
                    },
                    "events": [_document(entry) for entry in self._of(field)],
                }
                for field in (self.entity.fields if only is None else [only])
            },
        }


def _history(package: Package, store: StateStore, entity: Entity, row: LinkRow) -> History:
    order = list(package.systems)
    members = store.members_of([row.link_id]).get(row.link_id, [])
    members.sort(key=lambda one: order.index(one.system) if one.system in order else len(order))
    shows: dict[str, dict[str, Any]] = {}
    sync = next((one for one in package.syncs if one.entity == entity.name), None)
    for system, side in ({} if sync is None else sides(package, sync, entity)).items():
        own = next((one for one in members if one.system == system), None)
        if own is not None:
            unpack = side.packing.unpack
            shadow = unpack(own.shadow) if own.shadow is not None else {}
            shows[system] = shadow if own.seen is None else {**shadow, **unpack(own.seen)}
    return History(entity, row, members, packing(entity).unpack(row.doc), shows, store.review.history(row.link_id))


def _said(entry: AuditEntry, source: str) -> str:
    at = datetime.fromtimestamp(entry.at).astimezone().isoformat(" ", "seconds")
    place = f"  [{source}:{entry.line}]" if entry.line else ""
    before, after = _value(entry.value), _value(entry.kept)
    match entry.action:
        case "agreed":
            origin = f" from {entry.system}" if entry.system else ""
            what = f"{shown(before)} → {shown(after)}{origin}: {entry.reason}"
        case "overwritten":
            what = f"{shown(before)} of {entry.system} lost against {shown(after)}: {entry.reason}"
        case action if action in _OF_RECORD:
            what = f"{action} in {entry.system}" + (f": {entry.reason}" if entry.reason else "")
        case "linked":
            who = ", ".join(remote_id for _, remote_id, _ in entry.batch or ())
            what = f"{entry.system} {who} was linked by {entry.reason}"
        case "answered" | "resolved" if entry.kept is not None:
            what = f"{entry.action}: {shown(after)}: {entry.reason}"
        case "conflict":
            what = f"conflict: {entry.reason}"
        case action:
            what = f"{action}: {entry.reason}"
    run = f"run {entry.run_id}" if entry.run_id else "by hand"
    return f"{run}  {at}  {what}{place}"


def _value(text: str | None) -> Shown:
    return ABSENT if text is None else unpack_value(text)


def _spelled(value: Shown) -> Any:
    return ["absent"] if value is ABSENT else tagged(value)


def _document(entry: AuditEntry) -> dict[str, Any]:
    return {
        "run": entry.run_id,
        "at": entry.at,
        "event": entry.action,
        "actor": entry.actor,
        "system": entry.system,
        "field": entry.field,
        "before": None if entry.value is None else json.loads(entry.value),
        "after": None if entry.kept is None else json.loads(entry.kept),
        "reason": entry.reason,
        "line": entry.line,
    }
