"""Kinds of changes of what a record is."""

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
    DATA_STATE_API,
    NOTHING,
    PLAN,
    RELINK,
    SAFE,
    STATE_API,
    Kind,
)

ENTITIES: Final[Mapping[str, Kind]] = {
    "entity.added": Kind(SAFE, NOTHING, "entity {subject} is new", "Nothing is stored of it yet.", ""),
    "entity.removed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "entity {subject} is gone",
        "Its stored links and shadows are nobody's, and its module is no longer generated.",
        "Say `renamed from {subject}` on the entity that follows it, or let its state go.",
    ),
    "entity.replaced": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "entity `{old}` is gone, and {subject} stands in its place",
        "Links and shadows of `{old}` are nobody's: all records are matched anew, as on a first run.",
        "If it is the same entity, say `entity {subject} renamed from {old}`.",
    ),
    "entity.renamed": Kind(
        API,
        (Need.CALLERS, Need.MIGRATION),
        "entity {subject} was `{old}`",
        "It stays the same entity; its module, class and stored links go by the new name.",
        "Carry the stored links of `{old}` over to `{subject}` before the first run, and change the imports.",
    ),
    "field.added": Kind(
        SAFE, NOTHING, "field {subject} is new", "It is written only where a map line says so, which is told apart.", ""
    ),
    "field.removed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "field {subject} is gone",
        "Its last agreed values are forgotten, and the generated type loses its key.",
        "Say `renamed from` on the field that follows it, or let its values go.",
    ),
    "field.replaced": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "field `{old}` is gone, and {subject} stands in its place",
        "The last agreed values of `{old}` are forgotten: where systems differ, nobody knows which was edited.",
        "If it is the same field, say `renamed from {old}`.",
    ),
    "field.renamed": Kind(
        API,
        (Need.CALLERS, Need.MIGRATION),
        "field {subject} was `{old}`",
        "It stays the same field; its key in the generated type and in stored values is the new name.",
        "Carry the stored values of `{old}` over before the first run, and change the code that reads the key.",
    ),
    "field.kind": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS, Need.BACKFILL),
        "field {subject} is now `{new}`, formerly `{old}`",
        "Its stored values are kept in another canonical form, so each record would look edited.",
        "Forget the stored values of the field before the first run, which reads every record once more.",
    ),
    "field.narrowed": Kind(
        DATA,
        BACKFILL,
        "field {subject} takes fewer values: `{new}`, formerly `{old}`",
        "Values that fitted are now refused, and their records wait for a person.",
        "Mend the values that no longer fit, then look at `plan`: the next run reads every record once more.",
    ),
    "field.widened": Kind(
        SAFE,
        NOTHING,
        "field {subject} takes more values: `{new}`, formerly `{old}`",
        "Every stored value still fits.",
        "",
    ),
    "field.required": Kind(
        DATA,
        BACKFILL,
        "field {subject} is now required",
        "Records without a value are no longer created, and an emptied one no longer empties the others.",
        "Fill the empty values, then look at `plan`: the next run reads every record once more.",
    ),
    "field.optional": Kind(
        DATA,
        APPROVAL,
        "field {subject} is now optional",
        "An emptied value now empties it in the other systems, as `empty` says.",
        PLAN,
    ),
    "field.members-added": Kind(
        API,
        CALLERS,
        "field {subject} has new members: {added}",
        "Code that tells the members apart meets one that it does not know.",
        "Change the code that tells the members apart.",
    ),
    "field.members-removed": Kind(
        DATA_STATE_API,
        (Need.MIGRATION, Need.BACKFILL, Need.CALLERS),
        "field {subject} has lost members: {removed}",
        "Stored values that are such a member no longer fit, and their records wait for a person.",
        "Move the records to another member in the systems first; the next run reads every record once more.",
    ),
    "field.members-renamed": Kind(
        API,
        (Need.CALLERS, Need.MIGRATION),
        "field {subject} calls {new} what was {old}",
        "They stay the same members; stored values and code that tells them apart go by the new name.",
        "Carry the stored values of the field over before the first run, and change the code that tells the members apart.",
    ),
    "field.default": Kind(
        DATA,
        APPROVAL,
        "the default of field {subject} is now {new}, formerly {old}",
        "Records that are made from now on get another value.",
        PLAN,
    ),
    "field.computed": Kind(
        DATA,
        APPROVAL,
        "field {subject} is computed as {new}, formerly as {old}",
        "Every record gets another value, which is written wherever the field is.",
        PLAN,
    ),
    "field.pii": Kind(
        BEHAVIOUR,
        APPROVAL,
        "field {subject} is now {new}, formerly {old}",
        "Personal data is kept out of what is shown and logged, other data is not.",
        "Let whoever answers for privacy agree.",
    ),
    "match.changed": Kind(
        DATA,
        RELINK,
        "{subject} is matched by `{new}`, formerly by `{old}`",
        "Records without a link meet others than before; links that stand are kept.",
        "Look in `plan` at what the next run would link and create.",
    ),
}
