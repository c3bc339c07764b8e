"""Whether the state is of the spec that runs, and carrying it over where it is not."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from syncline_runtime.declaration import Package, Sync
from syncline_runtime.evolving import Aspects, Difference, differences, digest_of, plain, renames_of
from syncline_runtime.executing.context import BATCH
from syncline_runtime.executing.sides import sides
from syncline_runtime.identity import keys
from syncline_runtime.migrating import (
    ForgetCursor,
    ForgetEntity,
    ForgetField,
    ForgetSystem,
    NoneHolds,
    Rename,
    Step,
    Work,
    steps,
    unknown_answers,
)
from syncline_runtime.rows import Row
from syncline_runtime.stores import StateStore

_STAMP = "stamp"


class SpecChanged(Exception):
    """The spec changed in a way that stored state does not bear; the message is one line: what, and the command that mends it."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What a changed spec asks for: its steps, and in a line each what bars them."""

    steps: tuple[Step, ...]
    barred: tuple[str, ...]


def admit(package: Package, store: StateStore) -> None:
    """Let a package work with a state: one of its own spec, or of one that differs in harmless things.

    Raises SpecChanged. Must be called inside a transaction.
    """
    stored = _stored(store)
    if stored == package.stamp.aspects:
        return
    if stored is not None:
        unsafe = [one for one in differences(stored, package.stamp) if not one.safe]
        if unsafe:
            raise SpecChanged(_refusal(package, unsafe))
    if package.stamp.aspects:
        store.save_setting(_STAMP, digest_of(package.stamp))


def fingerprint(package: Package) -> str:
    """By what a state tells that records were decided by another spec: its stamp, or without one its text."""
    return sha256(digest_of(package.stamp).encode()).hexdigest() if package.stamp.aspects else package.spec_sha256


def rehearse(package: Package, store: StateStore) -> tuple[str, ...]:
    """Admit the package, after carrying the state over where that is needed and nothing bars it: for a plan, which is undone.

    What was carried over, a line each. Raises SpecChanged.
    """
    try:
        admit(package, store)
        return ()
    except SpecChanged:
        migration = prepared(package, store)
        if migration.barred:
            raise
        carry_out(package, store, migration)
        return tuple(told(step.difference) for step in migration.steps)


def prepared(
    package: Package, store: StateStore, keep: Collection[str] = (), forget: Collection[str] = ()
) -> Migration:
    """What the package asks of the state, without doing it."""
    stored = _stored(store)
    if stored is None:
        return Migration((), ())
    found = steps(stored, package.stamp, keep, forget)
    barred = [f"nobody asked about {answer!r}" for answer in unknown_answers(found, (*keep, *forget))]
    barred += [f"{plain(step.difference.subject)}: {step.says}" for step in found if step.asks]
    unknown = store.evolution.unknown_outcomes()
    if found and unknown:
        barred.append(
            f"{unknown} writes have no known outcome: run the package as it was once more, so that it finds out"
        )
    former = {new: old for old, new in renames_of(stored, package.stamp).items()}
    for step in found:
        for work in step.work:
            if isinstance(work, NoneHolds) and (bar := _held(store, work, former)):
                barred.append(bar)
    return Migration(found, tuple(barred))


def carry_out(package: Package, store: StateStore, migration: Migration) -> None:
    """Do the steps of a migration that nothing bars, and stamp the state. Must be called inside a transaction."""
    for work in dict.fromkeys(work for step in migration.steps for work in step.work):
        _do(package, store, work)
    for sync in package.syncs:
        _renew_keys(package, store, sync)
    store.save_setting(_STAMP, digest_of(package.stamp))


def _stored(store: StateStore) -> Aspects | None:
    text = store.setting(_STAMP)
    if text is None:
        return None
    stored: Aspects = json.loads(text)
    return stored


def _refusal(package: Package, unsafe: Sequence[Difference]) -> str:
    more = f" (and {len(unsafe) - 1} more)" if len(unsafe) > 1 else ""
    return (
        f"{package.source} has changed since the last run, and not only in what is safe: {told(unsafe[0])}{more}; see what "
        f"that does with `python -m {package.name} migrate`, then do it with `python -m {package.name} migrate --apply`"
    )


def told(one: Difference) -> str:
    """A difference in words."""
    subject = plain(one.subject)
    if not one.aspect:
        if one.old is None or one.new is None:
            return f"{subject} is {'new' if one.old is None else 'gone'}"
        return f"{subject} was {one.old.replace('#', '.')}"
    old, new = ("nothing" if text is None else plain(text) for text in (one.old, one.new))
    if one.aspect == "calls":
        return f"{subject} is called otherwise"
    return f"{one.aspect} of {subject} is {new}, formerly {old}"


def _held(store: StateStore, work: NoneHolds, former: dict[str, str]) -> str:
    # Nothing is renamed yet: the stored names are the former ones.
    entity, field = former.get(f"{work.entity}.{work.field}", f"{work.entity}.{work.field}").split(".", 1)
    count = store.evolution.holding(entity, field, work.members)
    if not count:
        return ""
    return (
        f"{count} records of {work.entity} have {work.field} {' or '.join(work.members)}: "
        "move them to another member first, with the package as it was"
    )


def _do(package: Package, store: StateStore, work: Work) -> None:
    evolution = store.evolution
    match work:
        case Rename(names):
            _rename(package, store, dict(names))
        case ForgetEntity(entity):
            evolution.forget_entity(entity)
        case ForgetField(entity, field, agreed, system):
            evolution.forget_field(entity, field, agreed=agreed, system=system)
        case ForgetSystem(system, entity):
            evolution.forget_system(system, entity)
        case ForgetCursor(system, entity):
            evolution.forget_cursor(entity, system)
        case NoneHolds():
            pass


def _rename(package: Package, store: StateStore, names: Mapping[str, str]) -> None:
    evolution = store.evolution
    fields: dict[str, dict[str, str]] = {}
    members: dict[str, dict[str, str]] = {}
    entities: dict[str, str] = {}
    for old, new in names.items():
        if "#" in new:
            enum, _, member = new.partition("#")
            members.setdefault(enum, {})[old.partition("#")[2]] = member
        elif "." in new:
            entity, _, field = new.partition(".")
            former = old.partition(".")[2]
            if former != field:
                fields.setdefault(entity, {})[former] = field
        else:
            entities[old] = new
            evolution.rename_entity(old, new)
    for entity, renamed in fields.items():
        evolution.rename_fields(entity, renamed)
    for subject, aspects in package.stamp.aspects.items():
        enum = aspects.get("members", "").partition("#")[0].strip("`")
        if enum in members:
            entity, _, field = plain(subject.removeprefix("field ")).partition(".")
            evolution.rename_members(entity, field, members[enum])
    for declared in package.entities.values() if entities else ():
        references: dict[str, Collection[str]] = {
            name: tuple(collection.refers) for name, collection in declared.collections.items() if collection.refers
        }
        references |= dict.fromkeys((name for name, kind in declared.kinds.items() if kind == "ref"), ())
        if references:
            evolution.rename_targets(declared.name, references, entities)


def _renew_keys(package: Package, store: StateStore, sync: Sync) -> None:
    """Make the index of correlation anew: rules, names or values of its keys may have changed."""
    entity, evolution = package.entities[sync.entity], store.evolution
    evolution.drop_all_keys(entity.name)
    for side in sides(package, sync, entity).values():
        after = 0
        while rows := evolution.shown(entity.name, side.system, after, BATCH):
            after = rows[-1][0]
            found: list[Row] = []
            for _, remote_id, document in rows:
                known = keys(entity, side.packing.unpack(document))
                found += [
                    (entity.name, rule, key, side.system, remote_id)
                    for rule, key in enumerate(known)
                    if key is not None
                ]
            store.add_keys(found)
