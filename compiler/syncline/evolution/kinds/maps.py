"""Kinds of changes of how an entity stands in a system."""

from collections.abc import Mapping
from typing import Final

from syncline.evolution.change import Need
from syncline.evolution.kinds.kind import (
    API,
    APPROVAL,
    BACKFILL,
    BEHAVIOUR,
    CALLERS,
    DATA,
    DATA_STATE,
    FULL,
    NOTHING,
    PLAN,
    SAFE,
    Kind,
)

MAPS: Final[Mapping[str, Kind]] = {
    "map.added": Kind(
        SAFE, NOTHING, "the map of {subject} is new", "Nothing runs through it until a sync names the system.", ""
    ),
    "map.removed": Kind(
        API,
        CALLERS,
        "the map of {subject} is gone",
        "No sync used it; its functions are no longer generated.",
        "Change the code that calls them.",
    ),
    "map.resource": Kind(
        DATA_STATE,
        (Need.APPROVAL, Need.MIGRATION, Need.RELINK),
        "{subject} is now mapped to `{new}`, formerly to `{old}`",
        "Links, cursor and shadows are those of another resource: its records would be taken for deleted.",
        "Unlink the records of `{old}` first, then match those of `{new}` anew.",
    ),
    "map.where": Kind(
        DATA,
        BACKFILL,
        "{subject} is limited to `{new}`, formerly to `{old}`",
        "Records leave and enter the scope, and new ones are made with other fixed values.",
        FULL,
    ),
    "map.when": Kind(
        DATA,
        BACKFILL,
        "{subject} is used when `{new}`, formerly when `{old}`",
        "Records are made where there were none, and others are no longer kept in step.",
        FULL,
    ),
    "line.added": Kind(
        DATA,
        BACKFILL,
        "{subject} now flows: `{new}`",
        "Values that were nobody's business are read or overwritten; records that nobody edits stay as they are.",
        FULL,
    ),
    "line.removed": Kind(
        BEHAVIOUR,
        NOTHING,
        "{subject} is no longer written; it was `{old}`",
        "The system keeps the last value that it got.",
        "",
    ),
    "line.source-removed": Kind(
        DATA,
        APPROVAL,
        "{subject} no longer flows; it was `{old}`",
        "Edits made there are heard no more, and another system's value stands instead.",
        PLAN,
    ),
    "line.direction": Kind(
        DATA,
        BACKFILL,
        "{subject} now flows `{new}`, formerly `{old}`",
        "Who is written and who is heard has changed: values are overwritten that were not.",
        FULL,
    ),
    "line.native": Kind(
        DATA_STATE,
        (Need.APPROVAL, Need.MIGRATION, Need.BACKFILL),
        "{subject} is now `{new}` there, formerly `{old}`",
        "The stored shadow is that of another field: each difference would be taken for an edit.",
        "Forget what was last seen of the field before the first run, which reads every record once more.",
    ),
    "line.codec": Kind(
        DATA,
        BACKFILL,
        "{subject} is spelled `{new}`, formerly `{old}`",
        "The same value is read and written otherwise, so that records nobody edited are rewritten.",
        FULL,
    ),
    "line.table-extended": Kind(
        BEHAVIOUR,
        NOTHING,
        "{subject} knows more spellings: `{new}`, formerly `{old}`",
        "Records that waited for a person are now read; what is written stays the same.",
        "",
    ),
    "line.expression": Kind(
        DATA,
        BACKFILL,
        "{subject} is computed as `{new}`, formerly as `{old}`",
        "The result is another value for the same record, and is written.",
        FULL,
    ),
    "line.condition": Kind(
        DATA,
        BACKFILL,
        "{subject} is written {new}, formerly {old}",
        "Values are overwritten that were kept, or kept that were overwritten.",
        FULL,
    ),
}
