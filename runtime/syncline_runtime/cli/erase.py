"""`erase RECORD`: one person's data goes, from the systems as the spec says and from the state; a plan until `--yes`."""

import argparse
import asyncio
import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO

from syncline_runtime.cli.acting import actor
from syncline_runtime.cli.arguments import Commands, with_json, with_state
from syncline_runtime.cli.exits import AWAITS, FAILED, IN_STEP, NEEDS_PERSON
from syncline_runtime.cli.systems import connect
from syncline_runtime.cli.why import links_of
from syncline_runtime.declaration import Package
from syncline_runtime.erasing import Erased, Step, alike, erase, shown_elsewhere, steps_of, together, wanted_of
from syncline_runtime.rows import NO_VALUES
from syncline_runtime.state import SqliteStore
from syncline_runtime.stores import StateStore
from syncline_runtime.telling import FORMAT_VERSION, Redacted

_LEFT = (
    "records that are kept stay in their systems, and are left alone from now on",
    "copies of the state file, saved plans and logs of your own are not reached: delete those of before",
    "values shorter than four characters, numbers, dates and choices are compared in the same fields of the same entity only, and "
    "told where few records share one",
)


def add(commands: Commands, package: Package) -> None:
    """The arguments of `erase`."""
    parser = commands.add_parser("erase", help="erase one person's data, everywhere, as the spec says")
    parser.add_argument("record", metavar="RECORD", help="SYSTEM:ID, the value of a match key, or the number of a link")
    parser.add_argument("--entity", choices=list(package.entities), help="of this entity, where several have the key")
    parser.add_argument("--yes", action="store_true", help="do it; otherwise it is only said what would be done")
    parser.add_argument("--by", metavar="NAME", help="who answers for it (SYNCLINE_ACTOR, else the user)")
    parser.add_argument("--env", metavar="FILE", type=Path, help="settings and secrets (.env, if there is one)")
    with_state(parser, package)
    with_json(parser)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Erase; 0 done, 1 something is left to do, 2 could not begin, 3 only said what would be done."""
    with SqliteStore(arguments.state, package.name, create=False) as store:
        # What is only said leaves no trace, not even of a record that has no link yet.
        with nullcontext() if arguments.yes else store.preview():
            links = _links(package, store, arguments)
            steps = steps_of(package, store, links)
            foreseen = Erased()
            if not arguments.yes:
                wanted = wanted_of(package, store, links)
                foreseen.elsewhere = shown_elsewhere(package, store, links, wanted)
                foreseen.alike = alike(package, store, links, wanted)
        if not steps:
            stderr.write(
                f"{package.name}: no record is called {arguments.record}: name it SYSTEM:ID ({', '.join(package.systems)}), or by "
                "the value of a match key\n"
            )
            return FAILED
        unsaid = [step for step in steps if step.rule is None]
        if unsaid:
            stderr.write(f"{package.name}: {unsaid[0].said}: nothing was done\n")
            return FAILED
        if not arguments.yes:
            _tell(Redacted(stdout, ()), arguments, steps, foreseen, done=False)
            return AWAITS
        connected = connect(package, sorted(set(links.values())), arguments.env, stderr)
        if connected is None:
            return FAILED
        out = Redacted(stdout, connected.secrets)
        result = asyncio.run(
            erase(
                package,
                links,
                systems=connected.systems,
                store=store,
                clock=connected.clock,
                actor=actor(arguments.by),
            )
        )
        _tell(out, arguments, steps, result, done=True)
    return NEEDS_PERSON if result.failed or result.elsewhere else IN_STEP


def _links(package: Package, store: SqliteStore, arguments: argparse.Namespace) -> dict[int, str]:
    """The links of the person; a record without one gets a link of its own, to be remembered by."""
    found = {row.link_id: entity.name for entity, row in links_of(package, store, arguments.record, arguments.entity)}
    system, _, remote_id = arguments.record.partition(":")
    for entity in package.entities:
        if system not in package.systems or not remote_id or arguments.entity not in (None, entity):
            continue
        for row in store.members(entity, system, [remote_id]).values():
            if row.link_id is None:
                found[_adopted(store, entity, row.member_id)] = entity
    return together(package, store, found)


def _adopted(store: StateStore, entity: str, member_id: int) -> int:
    link_id = store.reserve_links(1)
    with store.transaction():
        store.add_links([(link_id, entity, 1, NO_VALUES, 0, 0)])
        store.attach([(link_id, None, None, member_id)])
    return link_id


def _tell(out: Redacted, arguments: argparse.Namespace, steps: list[Step], result: Erased, *, done: bool) -> None:
    if arguments.json:
        document = {
            "format_version": FORMAT_VERSION,
            "kind": "erase",
            "at": time.time(),
            "steps": [
                {
                    "entity": step.entity,
                    "link": step.link_id,
                    "system": step.system,
                    "record": step.remote_id,
                    "action": step.rule.action if step.rule is not None else None,
                    "reason": step.rule.reason if step.rule is not None else "",
                }
                for step in steps
            ],
            "done": result.done,
            "failed": result.failed,
            "elsewhere": result.elsewhere,
            "alike": result.alike,
            "left": list(_LEFT),
        }
        out.line(json.dumps(document))
        return
    if not done:
        for step in steps:
            out.line(step.said)
        for line in result.elsewhere:
            out.line(f"{line}: change it there and `run` first, then nothing of it is left here")
        for line in result.alike:
            out.line(f"perhaps: {line}, and erase it too")
        out.line(
            "all values of this person in the state go: agreed ones, shadows, keys, journal, snapshots, what waits"
        )
        out.line("nothing was done: say `--yes`")
        return
    for line in result.done:
        out.line(f"done: {line}")
    for line in result.failed:
        out.line(f"LEFT TO DO: {line}")
    if result.failed:
        out.line("nothing of the state was forgotten yet, so that it can go on: ask again with the same words")
        return
    out.line(f"forgotten here: {result.rows} rows")
    for line in result.elsewhere:
        out.line(f"LEFT TO DO: {line}: change it there, `run`, then `prune` what it was, or erase that record")
    for line in result.alike:
        out.line(f"perhaps: {line}, and erase it too")
    for line in _LEFT:
        out.line(f"told: {line}")
