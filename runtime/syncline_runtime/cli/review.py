"""`review`: what waits for a person, and the answers. An answer is written down at once and carried out by the next run."""

import argparse
import json
import re
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, TextIO, get_type_hints

import msgspec

from syncline_runtime.cli.acting import actor
from syncline_runtime.cli.arguments import Commands, with_json, with_state
from syncline_runtime.cli.exits import FAILED, NEEDS_PERSON
from syncline_runtime.cli.waiting import PAGE, is_whole, item_document, item_lines, more_line, totals, with_limit
from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.declaration import Entity, Package
from syncline_runtime.executing.resolve import shown_print
from syncline_runtime.executing.sides import sides
from syncline_runtime.pending import Item, pending, said, waiting
from syncline_runtime.rows import Only, Row
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.packing import pack_value, tagged
from syncline_runtime.stores import StateStore
from syncline_runtime.telling import FORMAT_VERSION, Redacted
from syncline_runtime.values import ABSENT

_ALIKE: Final = 3
"""So many of those that wait for the same reason are told one by one."""
_ITEM: Final = "ITEM as `review` lists it: 12/phone, 12@erp, crm:7"


class NoAnswer(Exception):
    """An answer cannot be taken; the message is one line."""


def add(commands: Commands, package: Package) -> None:
    """The arguments of `review` and its answers."""
    parser = commands.add_parser(
        "review", help="list what waits for a person, and settle it: resolve, link, release, retry, dismiss, approve"
    )
    answers = parser.add_subparsers(dest="answer", metavar="resolve|link|release|retry|dismiss|approve")
    resolve = answers.add_parser("resolve", help="say which value holds, or what becomes of a deleted record")
    how = resolve.add_mutually_exclusive_group(required=True)
    how.add_argument("--take", metavar="SYSTEM", choices=list(package.systems), help="the value of this system")
    how.add_argument("--value", metavar="VALUE", help="this value (JSON where it is no text)")
    how.add_argument("--clear", action="store_true", help="no value")
    how.add_argument("--delete", action="store_true", help="it was deleted rightly: delete what is left of it")
    how.add_argument("--keep", action="store_true", help="keep what is left of it, and no longer in step")
    how.add_argument("--recreate", action="store_true", help="it was deleted wrongly: create it again")
    link = answers.add_parser("link", help="two records are one")
    link.add_argument("records", nargs=2, metavar="SYSTEM:ID")
    link.add_argument(
        "--entity", choices=list(package.entities), default=argparse.SUPPRESS, help="records of this entity"
    )
    release = answers.add_parser("release", help="a record is one of its own, whatever its keys say")
    retry = answers.add_parser("retry", help="try again; of a create of unknown outcome: it did not happen")
    dismiss = answers.add_parser("dismiss", help="leave it as it is, until there is something else to tell of it")
    approve = answers.add_parser("approve", help="let what a guard held in a run pass in the next one, up to that many")
    approve.add_argument("run", nargs="?", type=int, metavar="RUN", help="the run (the last one)")
    for one in (resolve, release, retry, dismiss):
        one.add_argument("items", nargs="*", metavar="ITEM", help=_ITEM)
        one.add_argument("--all", action="store_true", help="all that wait, or those that the filters leave")
        _with_filters(one, package)
    _with_filters(parser, package)
    with_limit(parser)
    parser.add_argument(
        "--each", action="store_true", help=f"list each, not only the first {_ALIKE} of those that are alike"
    )
    for one in (parser, resolve, link, release, retry, dismiss, approve):
        # The answer's own parser must not put its defaults over what was said before it.
        with_state(one, package, again=one is not parser)
        with_json(one, again=one is not parser)
        default = None if one is parser else argparse.SUPPRESS
        one.add_argument("--by", metavar="NAME", help="who decides (you)", default=default)


_DECIDED: Final = ("conflict", "deletion", "guard", "hold")
"""Kinds that are not tried again, nor left as they are."""


def _with_filters(parser: argparse.ArgumentParser, package: Package) -> None:
    parser.add_argument("--entity", choices=list(package.entities), help="only of this entity")
    parser.add_argument("--field", help="only of this field")
    parser.add_argument("--kind", choices=_KINDS, help="only of this kind")


_KINDS: Final = ("conflict", "deletion", "identity", "record", "write", "decision", "unknown", "guard", "hold")


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """List, or take an answer; 1 if something waits, 2 if the answer fits nothing that waits."""
    out = Redacted(stdout, ())
    with SqliteStore(arguments.state, package.name, create=False) as store:
        if arguments.answer is None:
            return _listed(package, store, arguments, out)
        by = actor(arguments.by)
        try:
            told = give(package, store, arguments, by, time.time())
        except NoAnswer as problem:
            stderr.write(f"{package.name}: {problem}\n")
            return FAILED
        if arguments.json:
            out.line(json.dumps({"format_version": FORMAT_VERSION, "kind": "answers", "by": by, "answers": told}))
        else:
            for line in told:
                out.line(f"{line}: the next run carries it out")
    return 0


def give(package: Package, store: StateStore, arguments: argparse.Namespace, by: str, now: float) -> list[str]:
    """Write down what `by` answers, for the next run to carry out; a line for each. Raises NoAnswer."""
    told: list[str] = []
    with store.transaction():
        for items in _asked(package, store, arguments):
            rows, lines = _answers(package, store, items, arguments)
            told += lines
            store.answers.give((now, by, *row) for row in rows)
            store.review.journal(
                (0, now, "answered", row[1], row[2], row[3], row[5], None, _told_value(row), f"{by}: {row[0]}", 0, by)
                for row in rows
            )
    return told


def _told_value(row: Row) -> str | None:
    """The value that was decided upon, packed."""
    return str(row[6]) if row[0] == "take" else None


def _asked(package: Package, store: StateStore, arguments: argparse.Namespace) -> Iterator[Sequence[Item]]:
    """What an answer may be about, a portion at a time where it is about all."""
    if arguments.answer == "link":
        yield ()
    elif arguments.answer == "approve":
        yield pending(package, store, only=Only(kind="guard"))
    elif not arguments.all:
        yield pending(package, store, only=_named(package, store, arguments.items))
    else:
        waits = waiting(package, store, only=_only(arguments))
        while portion := list(islice(waits, PAGE)):
            yield portion


def _only(arguments: argparse.Namespace) -> Only:
    return Only(arguments.entity, arguments.field, arguments.kind)


def _named(package: Package, store: StateStore, names: Sequence[str]) -> Only:
    """The links and records that some names of items may mean."""
    links: list[int] = []
    records: list[tuple[str, str]] = []
    for name in names:
        number = re.match(r"[0-9]{1,18}(?=$|[/@])", name)
        system, _, remote_id = name.partition(":")
        if number:
            links.append(int(number[0]))
        elif remote_id:
            records.append((system, remote_id))
            for entity in package.entities:
                links += store.links_of(entity, system, [remote_id]).values()
    return Only(links=sorted(set(links)), records=records)


# -- listing -----------------------------------------------------------------------------------------------------------


def _listed(package: Package, store: SqliteStore, arguments: argparse.Namespace, out: Redacted) -> int:
    limit: int | None = arguments.limit if arguments.limit > 0 else None
    only = _only(arguments)
    items = waiting(package, store, limit, only)
    whole = limit is None or is_whole(store, limit)
    if arguments.json:
        return _documents(package, store, items, arguments.limit, out, whole=whole)
    return _lines(store, items, arguments, out, whole=whole)


def _documents(
    package: Package, store: SqliteStore, items: Iterator[Item], limit: int, out: Redacted, *, whole: bool
) -> int:
    """One document, written item by item; the exit code."""
    head = {"format_version": FORMAT_VERSION, "kind": "review", "package": package.name}
    out.write(json.dumps(head)[:-1] + ', "items": [')
    count = 0
    for item in items:
        out.write((",\n" if count else "\n") + json.dumps(item_document(item)))
        count += 1
    # Of a filter nothing is left out while it leaves fewer than were asked for.
    whole = whole or count < limit
    out.line(f'], "totals": {json.dumps(totals(store))}, "complete": {json.dumps(whole)}}}')
    return NEEDS_PERSON if count else 0


def _lines(
    store: SqliteStore, items: Iterator[Item], arguments: argparse.Namespace, out: Redacted, *, whole: bool
) -> int:
    """Those that are alike together, the first of them; with `--each` all, as they come. The exit code."""
    alike: dict[tuple[str, ...], tuple[list[Item], int]] = {}
    count = 0
    for item in items:
        count += 1
        if arguments.each:
            for line in item_lines(item):
                out.line(line)
            continue
        sort = item.entity, item.kind, item.code, item.field, item.place
        told, more = alike.get(sort, ([], 0))
        alike[sort] = ([*told, item], more) if len(told) < _ALIKE else (told, more + 1)
    for told, more in alike.values():
        for line in (line for item in told for line in item_lines(item)):
            out.line(line)
        if more:
            first = told[0]
            only = f"--entity {first.entity} --kind {first.kind}" + (f" --field {first.field}" if first.field else "")
            out.line(f"… and {more} more like it: `review {only} --each` lists them, and answers take --all {only}")
    if not whole and count >= arguments.limit:
        out.line(more_line(store, arguments.limit))
    if not count:
        out.line("nothing waits for a person")
    return NEEDS_PERSON if count else 0


# -- answers -----------------------------------------------------------------------------------------------------------


def _answers(
    package: Package, store: StateStore, items: Sequence[Item], arguments: argparse.Namespace
) -> tuple[list[Row], list[str]]:
    """Rows (kind, entity, link_id, system, remote_id, field, value, seen), and a line for each. Raises NoAnswer."""
    match arguments.answer:
        case "link":
            return _link(package, store, arguments.records, arguments.entity)
        case "approve":
            return _approve(items, arguments.run)
    chosen = _chosen(items, arguments)
    rows: list[Row] = []
    told: list[str] = []
    for item in chosen:
        match arguments.answer:
            case "resolve":
                row = _resolved(package, store, item, arguments)
            case "release":
                if item.kind != "identity":
                    raise NoAnswer(f"{item.name} waits for something else than its place: `{item.commands[0]}`")
                link_id = 0 if item.remote_id else item.link_id
                row = ("separate", item.entity, link_id, item.system, item.remote_id, "", None, "")
            case "dismiss":
                row = _dismissed(store, item)
            case _:
                if item.kind in _DECIDED:
                    raise NoAnswer(f"{item.name} cannot be tried again, it must be decided: `{item.commands[0]}`")
                row = ("retry", item.entity, item.link_id, item.system, item.remote_id, item.field, None, item.code)
        rows.append(row)
        told.append(f"{item.name} {arguments.answer}")
    return rows, told


def _chosen(items: Sequence[Item], arguments: argparse.Namespace) -> list[Item]:
    kinds = {"resolve": ("conflict", "deletion"), "release": ("identity",)}.get(
        arguments.answer, ("identity", "record", "write", "decision", "unknown")
    )
    if arguments.all:
        found = [item for item in items if item.kind in kinds]
        if arguments.answer == "resolve":
            # A choice of value is no answer to a deletion, nor the other way round.
            deciding = arguments.delete or arguments.keep or arguments.recreate
            found = [item for item in found if (item.kind == "deletion") == deciding]
        return found
    if not arguments.items:
        raise NoAnswer("name what is to be decided, or say --all: `review` lists what waits")
    chosen: dict[int, Item] = {}
    for name in arguments.items:
        of_it = [item for item in items if arguments.entity in (None, item.entity)]
        named = [item for item in of_it if item.name == name] or [item for item in of_it if _stands_for(name, item)]
        if not named:
            raise NoAnswer(f"nothing called {name} waits: `review` lists what does")
        # Of several things that wait under one name, those that name this answer.
        asking = [item for item in named if any(one.startswith(f"review {arguments.answer} ") for one in item.commands)]
        fitting = [item for item in named if item.kind in kinds]
        for item in asking or fitting or named:
            chosen[id(item)] = item
    return list(chosen.values())


def _stands_for(name: str, item: Item) -> bool:
    """Whether a record's name, or a link's, stands for what waits about it."""
    system, _, remote_id = name.partition(":")
    return (item.link_id != 0 and name == str(item.link_id)) or item.members.get(system) == remote_id != ""


def _resolved(package: Package, store: StateStore, item: Item, arguments: argparse.Namespace) -> Row:
    if item.kind == "deletion":
        kind = next((way for way in ("delete", "keep", "recreate") if getattr(arguments, way)), None)
        if kind is None:
            raise NoAnswer(f"{item.name} is a deletion to be decided: `{item.commands[0]}`")
        if not any(command.endswith(f"--{kind}") for command in item.commands):
            raise NoAnswer(f"{item.name} cannot be settled so: `{item.commands[0]}`")
        members = store.members_of([item.link_id]).get(item.link_id, [])
        return (kind, item.entity, item.link_id, "", "", "", None, shown_print(members))
    if item.kind != "conflict":
        raise NoAnswer(f"{item.name} has no values to choose from: `{item.commands[0]}`")
    if arguments.delete or arguments.keep or arguments.recreate:
        raise NoAnswer(f"{item.name} is a field to be decided: `{item.commands[0]}`")
    candidates = {system: ["absent"] if value is ABSENT else tagged(value) for system, value in item.candidates.items()}
    if arguments.take is not None:
        if arguments.take not in item.candidates:
            raise NoAnswer(f"{item.name}: {arguments.take} has no say in it, only {', '.join(item.candidates)}")
        value = item.candidates[arguments.take]
        if value is ABSENT:
            raise NoAnswer(f"{item.name}: {arguments.take} shows no value: give one with --value, or --clear")
    else:
        value = None if arguments.clear else _typed(package, item, arguments.value)
    seen = msgspec.json.encode(candidates, order="sorted").decode()
    return ("take", item.entity, item.link_id, "", "", item.field, pack_value(value), seen)


def _typed(package: Package, item: Item, text: str) -> Any:
    """The value that a text spells, held to the field's type and to what the systems can hold. Raises NoAnswer."""
    entity = package.entities[item.entity]
    kind = _type_of(entity, item.field)
    try:
        value = msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        try:
            value = msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            raise NoAnswer(f"{item.name}: {text!r} is no value of {item.field} ({error})") from None
    sync = next(one for one in package.syncs if one.entity == entity.name)
    for side in sides(package, sync, entity).values():
        if item.field in side.writes:
            try:
                side.mapping.write({**dict.fromkeys(entity.fields), item.field: value}, None)
            except MAPPING_ERRORS as error:
                raise NoAnswer(f"{item.name}: {side.system} cannot hold {text!r} ({error})") from None
    return value


def _type_of(entity: Entity, field: str) -> Any:
    return get_type_hints(entity.shape).get(field, Any)


def _dismissed(store: StateStore, item: Item) -> Row:
    if item.kind in _DECIDED:
        raise NoAnswer(f"{item.name} cannot be left as it is, it must be decided: `{item.commands[0]}`")
    where = item.entity, item.link_id, item.system, item.remote_id
    only = Only(item.entity, links=[item.link_id] if item.link_id else [], records=[(item.system, item.remote_id)])
    rows = [
        row
        for row in store.review.quarantined(only=only)
        if (row.entity, row.link_id, row.system, row.remote_id) == where and row.reason_code == item.code
    ]
    if not rows:
        raise NoAnswer(f"{item.name} settles itself: `{item.commands[0]}`")
    return ("dismiss", *where, item.field, None, said(rows[0]))


def _link(package: Package, store: StateStore, records: Sequence[str], of: str | None) -> tuple[list[Row], list[str]]:
    found = [one.partition(":") for one in records]
    for (system, _, remote_id), text in zip(found, records, strict=True):
        if system not in package.systems or not remote_id:
            raise NoAnswer(f"{text} is no record: name it SYSTEM:ID, with one of {', '.join(package.systems)}")
    (system, _, remote_id), (other, _, other_id) = found
    if system == other:
        raise NoAnswer(f"both are records of {system}: a link has one of each system")
    for entity in (of,) if of else package.entities:
        first = store.members(entity, system, [remote_id])
        second = store.members(entity, other, [other_id])
        if first and second:
            row = ("link", entity, 0, system, remote_id, "", f"{other}:{other_id}", "")
            return [row], [f"{records[0]} link {records[1]}"]
    raise NoAnswer(
        f"there are no records {records[0]} and {records[1]} of one entity: `run` may not have seen them yet"
    )


def _approve(items: Sequence[Item], run: int | None) -> tuple[list[Row], list[str]]:
    held = [item for item in items if item.kind == "guard" and (run is None or item.name == f"run {run}")]
    if not held:
        raise NoAnswer(
            "no guard held anything in " + ("the last run" if run is None else f"run {run}, or it is not the last one")
        )
    rows: list[Row] = []
    for item in held:
        count = item.reason.split(" ", 1)[0]
        rows.append(("approve", item.entity, 0, item.system, "", item.field, count, ""))
    return rows, [f"up to {row[6]} {row[5]}s in {row[3]}" for row in rows]
