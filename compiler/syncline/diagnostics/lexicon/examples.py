"""Words for examples: records that the compiler runs through the maps and the truth rules."""

from syncline.diagnostics.lexicon.entry import Entry

EXAMPLES = {
    "example.fails": Entry(
        'the example "{title}" does not hold: {problem}',
        "The example says what somebody relied on; the spec, as it stands, does something else.",
        "Mend the line that the example is about, or, if the spec is right, the example.",
        {
            "read-here": "read here",
            "written-here": "written and read back here",
            "sent-here": "written here",
            "left-here": "written here",
            "decided-here": "decided here",
        },
        {
            "read": "`{field}` of {place} reads as {got}, not as {expected}",
            "written": "{expected}, written to {place}, is read back as {got} in `{field}`",
            "sent": "`{field}` of {place} is written as {got}, not as {expected}",
            "left": "`{field}` of {place} ends as {got}, not as {expected}",
            "unmapped": "no line of the map to {place} carries `{field}`",
            "decided": "`{field}` becomes {got}, not {expected}",
            "held": "`{field}` is not {expected}, a person is asked: {got}",
            "refused-read": "the record is refused, expected {expected}, got {got}",
            "refused-write": "the values cannot be written, expected {expected}, got {got}",
            "refused-package": "a function of one's own cannot be used, expected {expected}, got {got}",
        },
    ),
    "example.shape": Entry(
        'the example "{name}" {problem}',
        "An example shows what a system holds and what has to become of it; without either, it could not fail.",
        "Show what a system holds, and what it `is`; or, for the truth rules, what was `given`, what the systems show now, and "
        "what it is `then`.",
        {},
        {
            "entity-alone": "shows a record of the entity without saying `is`, `given` or `then`",
            "system-expected": "says `is` or `given` of a system's record",
            "nothing-expected": "does not say what is expected",
            "no-record": "shows no record of a system",
            "mixed": "says both `is` and `given` or `then`",
            "several": "says the same thing of the entity twice",
            "entities": "is about two entities",
        },
    ),
    "example.unmapped": Entry(
        "there is no map of {entity} to {resource}, of which the example shows a record",
        "The record would not be read at all.",
        "Name the resource that the entity is mapped to, or add the map.",
    ),
    "example.unsynced": Entry(
        'the example "{name}" asks what becomes of {entity}, which no sync is about',
        "Which system is right is said in a sync; without one nothing is decided.",
        "Add a `sync` of {entity}, or say what a record `is` instead.",
    ),
}
