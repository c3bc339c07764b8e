"""Records that a listing shows without an identity: each waits for a person under its place, and nothing is made of it; the others
go on."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from syncline_runtime.executing.context import Context
from syncline_runtime.executing.sides import Side
from syncline_runtime.executing.taking import forget, set_nameless_aside
from syncline_runtime.ports import NativeRecord, Page, Unidentified

CODE: Final = "listing.unidentified"

_OTHER: Final = re.compile(r"[^a-z0-9]+")


def told_apart(page: Page, number: int) -> Page:
    """The page, but that a record whose id no database can look for counts as one without."""
    if "\x00" not in "".join([record.remote_id for record in page.records]):
        return page
    why = "has an id with a NUL character in it"
    bad = [
        Unidentified(f"page {number}, record {place}", why, record.native)
        for place, record in enumerate(page.records, 1)
        if "\x00" in record.remote_id
    ]
    good = [record for record in page.records if "\x00" not in record.remote_id]
    return replace(page, records=good, unidentified=[*page.unidentified, *bad])


def stand_in(one: Unidentified) -> str:
    """What is called by its place, for want of an id: `page-2-record-7`."""
    return _OTHER.sub("-", one.place.lower())


def set_aside(context: Context, side: Side, found: Sequence[Unidentified], read_at: float) -> list[str]:
    """Tell of records without identity and keep their keys, so that nothing is created for what is there, in the caller's
    transaction; what they are called."""
    name, resource = context.entity.name, side.resource
    told = {stand_in(one): one for one in found}
    details = {
        called: f"{one.place} of the listing of {resource.name} {one.why}: mend it in {side.system}, and the next run takes it in; "
        "until then nothing is made of it, and what the listing does not show does not count as deleted"
        for called, one in told.items()
    }
    context.store.review.quarantine(
        (name, side.system, called, 0, CODE, "", detail, "", None, context.run_id) for called, detail in details.items()
    )
    for called, detail in details.items():
        context.reporter.refused(name, side.system, called, CODE.partition(".")[2], "", detail, "")
    shown = [NativeRecord(called, one.native) for called, one in told.items() if one.native is not None]
    set_nameless_aside(context, side, shown, read_at)
    return list(told)


def release(context: Context, side: Side, still: Iterable[str]) -> None:
    """After a listing, in the caller's transaction: of those told before, all but the ones `still` there are mended or gone."""
    kept = frozenset(still)
    held = context.store.review.quarantined_for(context.entity.name, CODE)
    over = [row.remote_id for row, _ in held if row.system == side.system and row.remote_id not in kept]
    if over:
        forget(context, side, over)
