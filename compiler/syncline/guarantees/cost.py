"""How many calls a run makes, as formulas of counts: derived from paging, batches, guard reads, child reads and logins."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from syncline.guarantees.asked import (
    batch_size,
    creates,
    goes_unguarded,
    place,
    reads_back,
    updated_by,
    updates,
    wave,
)
from syncline.guarantees.guarantee import Budget, Share, Thousand
from syncline.model.spec import Arrow, Map, Spec, Sync, System
from syncline.source import Span
from syncline_runtime.declaration import Listing, Login, Operation, Rate, SettingSource
from syncline_runtime.paging import ordered

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass

SEARCHED = 1_000_000
"""Beyond so many records between two runs nobody asks for the capacity of a schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one run has to do in one system. `listed`: records that its listing shows; `everything`: it lists all records;
    `missing`: linked records that a listing of everything no longer shows; `told`: those that a feed of deletions names."""

    listed: int = 0
    everything: bool = False
    created: int = 0
    updated: int = 0
    archived: int = 0
    deleted: int = 0
    missing: int = 0
    told: int = 0


def calls(side: Map, load: Load) -> int:
    """The calls of one sync's run in one system, its login aside. Retries, renewed logins, refused batches that are sent again in
    halves and records that are read once more because they were set aside come on top."""
    if not counted(side):
        return 0
    resource = side.resource.declaration
    total = pages(resource.list, load.listed, everything=load.everything) if resource.list is not None else 0
    if load.everything and resource.list is not None and resource.list.complete and resource.read is not None:
        total += 2 * ceil(load.missing / resource.read.many)
    feed = None if resource.deleted is None else resource.deleted.list
    if feed is not None and resource.read is not None:
        total += pages(feed, load.told, everything=False) + ceil(load.told / resource.read.many)
    total += written(side, resource.create, load.created, guarded=False, children=False)
    total += written(side, resource.update, load.updated, guarded=not goes_unguarded(side), children=True)
    total += written(side, resource.update, load.archived, guarded=True, children=False)
    total += written(side, resource.delete, load.deleted, guarded=True, children=False, silent=False)
    return total


def counted(side: Map) -> bool:
    """Whether the system is reached by calls over HTTP."""
    return side.system.connector.declaration.protocol in ("rest", "jsonrpc")


def login(side: Map) -> int:
    """The calls that open the system, once a run."""
    return int(isinstance(side.system.connector.declaration.auth, Login))


def pages(listing: Listing, count: int, *, everything: bool) -> int:
    """The calls of a listing that shows `count` records, no two of which share a version."""
    size = listing.paging.size
    match listing.paging.style:
        case "none":
            return 1
        case "cursor" | "next" | "link":
            return max(1, ceil(count / size))
    if count == 0:
        return 1
    if count < size:
        # Of a listing of everything a short first page may only be a small one: one more call tells.
        return 1 if not everything else 3 if count == 1 and ordered(listing) else 2
    if ordered(listing) and size > 1:
        # Each page after the first begins with the last record of the one before.
        return (count - 1) // (size - 1) + 1
    return count // size + 1


def written(
    side: Map, operation: Operation | None, count: int, *, guarded: bool, children: bool, silent: bool = True
) -> int:
    """The calls of `count` writes: in waves, each guarded by reading its records, then sent in batches.

    `silent`: what the system stored is asked for where its answer does not say it.
    """
    if operation is None or count == 0:
        return 0
    many, resource = batch_size(operation), side.resource.declaration
    at_once = resource.read.many if resource.read is not None else 0
    used = operation.batch if operation.batch is not None else operation
    asks_again = silent and reads_back(resource)
    child_lists = children and _has_children(side) and at_once > 0

    def batch(size: int) -> int:
        if size == 0:
            return 0
        one = used if size > 1 else operation
        answered = one.returns == "record"
        found = ceil(size / max(1, used.many)) if used.many > 1 else size
        found += ceil(size / at_once) if child_lists else 0
        return found + (ceil(size / at_once) if asks_again and not answered else 0)

    def of_wave(size: int) -> int:
        reads = ceil(size / at_once) if guarded and at_once else 0
        return reads + (size // many) * batch(many) + batch(size % many)

    full, rest = divmod(count, wave(many))
    return full * of_wave(wave(many)) + of_wave(rest)


def _has_children(side: Map) -> bool:
    return side.system.connector.declaration.protocol == "jsonrpc" and any(
        native.child is not None for line in side.lines if line.arrow is not Arrow.READ for native in line.natives
    )


def lists_all(side: Map) -> bool:
    """Whether every run lists every record, for want of a change cursor."""
    listing = side.resource.declaration.list
    return listing is None or listing.since is None


def quiet(side: Map) -> Load:
    """A run in which nothing changed: the newest record is shown again, for a cursor is asked for inclusively."""
    return Load(listed=1) if not lists_all(side) else Load(everything=True)


def thousand(sync: Sync, source: Map, count: int = 1000, records: int = 0) -> Thousand:
    """The calls when `count` records change in one system; of a system that lists all, `records` are there."""
    now: dict[str, int] = {}
    later: dict[str, int] = {}
    for side in sync.maps:
        touched = count if updated_by(sync, side, source) else 0
        shown = count if side is source else 0
        if lists_all(side):
            shown = max(shown, records)
        load = Load(listed=shown, everything=lists_all(side), updated=touched)
        now[side.system.name] = calls(side, load)
        seen_again = touched and counted(side) and not lists_all(side)
        later[side.system.name] = calls(side, Load(listed=touched)) if seen_again else 0
    return Thousand(source.system.name, now, later)


def share(sync: Sync, side: Map) -> Share:
    """What one system costs in a sync."""
    resource = side.resource
    because = place(resource, "list page", "list")
    return Share(
        system=side.system.name,
        counted=counted(side),
        login=login(side),
        quiet=login(side) + calls(side, quiet(side)) if counted(side) else 0,
        lists_all=lists_all(side),
        formulas=_formulas(sync, side) if counted(side) else {},
        because=because,
    )


def _formulas(sync: Sync, side: Map) -> dict[str, str]:
    resource = side.resource.declaration
    found: dict[str, str] = {}
    if resource.list is not None:
        found["listing of n records"] = _pages_formula(resource.list)
    if resource.deleted is not None and resource.deleted.list is not None and resource.read is not None:
        reads = _per(1, resource.read.many)
        found["n deletions told"] = f"a listing: {_pages_formula(resource.deleted.list)}; {reads} reads"
    if creates(sync, side) and resource.create is not None:
        found["n creates"] = _write_formula(side, resource.create, guarded=False, children=False)
    if updates(sync, side) and resource.update is not None:
        found["n updates"] = _write_formula(side, resource.update, guarded=not goes_unguarded(side), children=True)
    if resource.read is not None and resource.list is not None and resource.list.complete:
        found["n records missing from a full listing"] = (
            f"2⌈n/{resource.read.many}⌉" if resource.read.many > 1 else "2n"
        )
    return found | _behind(side)


def _behind(side: Map) -> dict[str, str]:
    """What following references costs, once in a run for each record that is referred to and each value that is looked for."""
    found: dict[str, str] = {}
    written = {
        native.name for line in side.lines if line.arrow is not Arrow.READ for native in line.natives if native.ways
    }
    for path, native in side.paths.items():
        for way in native.ways:
            target = side.system.resources[way.target].declaration
            what = f"n records of {way.target} behind `{way.reference.name}`"
            if target.read is not None:
                found[what] = f"{_per(1, target.read.many)} reads"
            elif target.list is not None:
                found[what] = f"a listing: {_pages_formula(target.list)}"
        if path in written:
            found[f"n values written to `{path}`"] = "n listings of the records that have them"
    return found


def _pages_formula(listing: Listing) -> str:
    size = listing.paging.size
    match listing.paging.style:
        case "none":
            return "1"
        case "cursor" | "next" | "link":
            return f"⌈n/{size}⌉, at least 1"
    if ordered(listing) and size > 1:
        return f"⌊(n−1)/{size - 1}⌋ + 1"
    return f"⌊n/{size}⌋ + 1"


def _write_formula(side: Map, operation: Operation, *, guarded: bool, children: bool) -> str:
    """The formula for full waves: by what each wave of writes costs."""
    many, resource = batch_size(operation), side.resource.declaration
    at_once = resource.read.many if resource.read is not None else 0
    size = wave(many)
    used = operation.batch if operation.batch is not None else operation
    batches = [min(many, size - start) for start in range(0, size, many)]

    def read_in_batches() -> int:
        return sum(ceil(batch / at_once) for batch in batches)

    parts = []
    if guarded and at_once:
        parts.append(f"{_per(ceil(size / at_once), size)} guard reads")
    if children and _has_children(side) and at_once:
        parts.append(f"{_per(read_in_batches(), size)} reads of child lists")
    parts.append(f"{_per(len(batches), size)} writes")
    if used.returns != "record" and reads_back(resource):
        parts.append(f"{_per(read_in_batches(), size)} reads of what was stored")
    return " + ".join(parts)


def _per(count: int, size: int) -> str:
    """`count` calls for each wave of `size` records, as a formula of n records."""
    if size % count == 0:
        return _over(size // count)
    return f"{count}⌈n/{size}⌉"


def _over(size: int) -> str:
    return f"⌈n/{size}⌉" if size > 1 else "n"


# -- schedules ---------------------------------------------------------------------------------------------------------


Account: TypeAlias = tuple[str, frozenset[tuple[str, SettingSource]]]
"""What systems share that are reached with the same settings: the connector's name and the settings."""


class Scheduled(NamedTuple):
    """One system of a sync that runs every so many `seconds`, as `span` says."""

    sync: Sync
    side: Map
    seconds: int
    span: Span


def account(system: System) -> Account:
    """The account that a system is reached by: those of the same share what the other side allows."""
    return system.connector.name, frozenset(system.settings.items())


def scheduled(specs: Sequence[Spec]) -> dict[Account, list[Scheduled]]:
    """The scheduled use of each account, in the order of the specs."""
    found: dict[Account, list[Scheduled]] = {}
    for sync in (sync for spec in specs for sync in spec.syncs):
        schedule = every(sync)
        for side in sync.maps if schedule is not None else ():
            if schedule is not None and counted(side):
                found.setdefault(account(side.system), []).append(Scheduled(sync, side, *schedule))
    return found


def every(sync: Sync) -> tuple[int, Span] | None:
    """The shortest interval of a sync's `run every` and `run daily`, in seconds, and where it stands."""
    lengths = [(86_400 if one.kind == "daily" else one.seconds, one.span) for one in sync.triggers]
    found = [(seconds, span) for seconds, span in lengths if seconds]
    return min(found, key=lambda one: one[0]) if found else None


def needed(uses: Sequence[Scheduled], changed: int, records: int) -> float:
    """Calls per second on an account, when before each run `changed` records changed in the system of the sync where that is
    dearest, and `records` are there."""
    return sum((login(one.side) + dearest(one.sync, one.side, changed, records)) / one.seconds for one in uses)


def dearest(sync: Sync, side: Map, changed: int, records: int) -> int:
    """The calls of a run in one system, when `changed` records changed in the system where that is dearest."""
    least = calls(side, quiet(side))
    found = (
        [thousand(sync, source, changed, records).calls[side.system.name] for source in sync.maps] if changed else []
    )
    if lists_all(side) and records:
        found.append(calls(side, Load(listed=records, everything=True)))
    return max([least, *found])


def capacity(uses: Sequence[Scheduled], rate: Rate) -> int | None:
    """The most records that may change before each run within a rate: -1 where even a quiet run is too dear, None beyond what is
    searched."""
    allowed = rate.calls / rate.seconds
    if needed(uses, SEARCHED, 0) <= allowed:
        return None
    low, high = -1, SEARCHED
    while high - low > 1:
        middle = (low + high) // 2
        if needed(uses, middle, 0) <= allowed:
            low = middle
        else:
            high = middle
    return low


def capacities(spec: Spec) -> dict[Account, int | None]:
    """The capacity of the schedules of each account whose connector declares a rate."""
    return {
        of: capacity(uses, rate)
        for of, uses in scheduled((spec,)).items()
        if (rate := uses[0].side.system.connector.declaration.rate) is not None
    }


def budgets(sync: Sync, known: Mapping[Account, int | None]) -> tuple[Budget, ...]:
    """The schedule of a sync against the rates of its systems; `known` are the capacities of their accounts."""
    schedule = every(sync)
    if schedule is None:
        return ()
    seconds, span = schedule
    found = []
    for side in sync.maps:
        rate = side.system.connector.declaration.rate
        if rate is None or not counted(side):
            continue
        found.append(
            Budget(
                system=side.system.name,
                seconds=seconds,
                calls=rate.calls / rate.seconds * seconds,
                quiet=login(side) + calls(side, quiet(side)),
                capacity=known[account(side.system)],
                because=(span, side.system.connector.places.get("rate", side.system.connector.span)),
            )
        )
    return tuple(found)
