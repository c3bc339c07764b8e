"""Marking: records that we made are found by the mark that went with them, whatever else somebody has made of them since."""

from collections.abc import Mapping
from typing import NamedTuple

from syncline_runtime.declaration import Condition
from syncline_runtime.executing.context import Context
from syncline_runtime.executing.repeating import unpacked
from syncline_runtime.executing.sides import Side
from syncline_runtime.executing.taking import take
from syncline_runtime.ports import SystemFailure
from syncline_runtime.rows import IntentRow


class Marked(NamedTuple):
    """The records that bear the mark of a create, when its system was asked for them."""

    ids: list[str]
    asked_at: float


def is_marked(side: Side, intent: IntentRow) -> bool:
    """Whether the record of an open create bears a mark: it was made when its system was known to take one."""
    marker = side.resource.marker
    return bool(marker and intent.idempotency_key and intent.body and marker in unpacked(intent.body))


async def ask_for_marks(context: Context) -> Mapping[int, Marked]:
    """Ask for the records of open creates by their marks, and take them in; by intent. A system that cannot be asked is marked
    down."""
    found: dict[int, Marked] = {}
    for side, intent in context.open_creates():
        if not is_marked(side, intent):
            continue
        asked_at, marker = context.clock.now(), side.resource.marker
        asked = (Condition(field=marker, value=intent.idempotency_key),)
        ids: list[str] = []
        try:
            async for page in context.systems[side.system].pages(side.resource.name, fields=side.fields, where=asked):
                records = [one for one in page.records if one.native.get(marker) == intent.idempotency_key]
                ids.extend(record.remote_id for record in records)
                with context.store.transaction():
                    take(context, side, records, page.read_at, side.list_lag, placing=False)
        except SystemFailure as failure:
            context.down.add(side.system)
            context.summary.failures[side.system] = str(failure)
            continue
        found[intent.intent_id] = Marked(list(dict.fromkeys(ids)), asked_at)
    return found
