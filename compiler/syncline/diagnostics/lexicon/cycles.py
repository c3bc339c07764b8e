"""Words for loops of writes."""

from syncline.diagnostics.lexicon.entry import Entry

CYCLES = {
    "cycle.endless": Entry(
        "an edit of `{field}` comes back to it as another edit: {loop}{problem}",
        "Each lap is taken for an edit that somebody made: the systems write to one another without end.",
        "Let one of these steps flow one way only, take the field out of one of the syncs, or have the automation listen to a "
        "field that no sync writes (`when`).",
        {
            "then-read": "`{source}` is read into `{target}`",
            "then-write": "`{source}` is written to `{target}`",
            "then-choice": "`{target}` is written of the record that `{source}` holds",
            "then-overwrite": "`{source}` is not taken from there, and is written again",
            "then-follow": "`{target}` follows from `{source}`",
            "then-automation": "the system sets `{target}` when `{source}` changes",
        },
        {
            "unknown": "; nobody can tell that this ever ends",
            "moves": "; {first} becomes {second} in the next lap, and so on",
        },
    ),
}
