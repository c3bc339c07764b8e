"""Words for maps, codecs and identity."""

from syncline.diagnostics.lexicon.entry import Entry

KNOWN = "Known here: {known}."

MAPS = {
    "map.duplicate": Entry(
        "{entity} has a second map of one resource in `{system}`",
        "Each record would be read and written twice, under two sets of rules.",
        "Join them into one, or tell their records apart: `where` with another value of one field in each.",
    ),
    "map.not-apart": Entry(
        "a new {entity} could be created in `{one}` and in `{other}`: {problem}",
        "One record would get two places in `{system}`, and both would be kept in step.",
        "Give each map a `when` that no record meets together with the other, or say `create in {system} never`.",
        {"other": "the other map"},
        {"both": "both hold when {example}", "unsaid": "one of the maps has no `when`"},
    ),
    "map.field-unknown": Entry(
        "{entity} has no field `{name}`",
        "The system's field would be read and thrown away.",
        (KNOWN, "Declare it in `{entity}`."),
    ),
    "map.native-unknown": Entry(
        "`{resource}` has no field `{name}`",
        "The system ignores fields that it does not know, or refuses the whole record.",
        (KNOWN, "Declare it: `extend` adds the fields that only your instance has."),
    ),
    "map.field-twice": Entry(
        "`{name}` is mapped twice",
        "Two fields of the system would overwrite each other here, whichever is read last.",
        "Keep one line for it; only writing lines (`->`) without a codec may repeat a field.",
    ),
    "map.native-twice": Entry(
        "`{name}` is written twice",
        "The second line silently undoes the first in every record.",
        "Keep one of the lines, or make one of them read (`<-`).",
    ),
    "map.condition-idle": Entry(
        "`{condition}` has no effect: {problem}",
        "Whoever reads the line trusts a limit that is not there.",
        "Leave it out.",
        {},
        {
            "reads": "it speaks of writing, and this line only reads",
            "twice": "the line says it already",
            "new": "a record that is only now created is empty",
        },
    ),
    "path.not-unique": Entry(
        "`{name}` does not tell one record of `{owner}` from another",
        "Writing through `{path}` looks for the record that has the value: among several it would take any of them.",
        ("Unique there: {unique}.", "Go by a field that is unique there, or let the line lead the other way only."),
    ),
    "map.expression-two-way": Entry(
        "an expression cannot be written back",
        "From the result nobody can compute what went in, so the way back would invent data.",
        "Use a codec (`as …`), which is undone when writing, or an arrow of one way: `<-` or `->`.",
        {"arrow": "two-way here"},
    ),
    "map.comes-back": Entry(
        "what is computed for `{native}` is read back into `{field}`",
        "On the next run the result counts as an edit made in `{system}`: a placeholder becomes data, a prefix is added again.",
        "Say how `{system}` spells the value with a codec on one line (`<->`, `as none(…)` for a placeholder), or remove the "
        "line that reads it.",
        {"read-here": "read here as it stands"},
    ),
    "map.line-both-codec-and-expression": Entry(
        "this line has an expression and a codec",
        "It would have to be guessed which of the two comes first.",
        "Keep the codec on a plain field, or say everything in the expression.",
        {"expression": "the expression"},
    ),
    "map.target": Entry(
        "`{arrow}` leads into something that is no field",
        "A result can only be kept where there is a place for it.",
        "Write the name of a field at the head of the arrow.",
        {"arrow": "flows this way"},
    ),
    "match.duplicate": Entry(
        "this entity has a second `match`",
        "Two answers to what makes records the same join what should stay apart.",
        "Chain them in one: `match email then ask name`.",
        {"declared-here": "the first `match`"},
    ),
    "match.field-twice": Entry(
        "`{name}` stands twice in this match rule",
        "Said twice, a field makes no key stricter; another one was probably meant.",
        "Name another field, or remove it.",
    ),
    "match.unknown-field": Entry(
        "{entity} has no field `{name}`",
        "Records would never be recognised by it, and the first run would double them.",
        (KNOWN, "Name a field of {entity}."),
    ),
    "codec.unknown": Entry(
        "there is no codec `{name}`",
        "Nothing says how the value is spelled in the system.",
        (KNOWN, "Declare it with `codec {name} = …`."),
    ),
    "codec.arguments": Entry(
        "`{codec}` is not used like this: {problem}",
        "With a setting that was not meant, it would change every value that passes.",
        ("Write {expected}.", "Give it what it takes, or leave it out."),
        {},
        {
            "declared": "a codec that is declared in a spec takes no arguments",
            "number": "it is given {found} arguments",
            "type": "`{parameter}` is given a {found}",
            "value": "{detail}",
        },
    ),
    "codec.field-count": Entry(
        "this line joins {found} fields of the system, and its codec takes {expected}",
        "A field too many is lost when reading and invented when writing.",
        '`[a, b] as join(" ")` joins several, `[amount, currency] as money` two; every other codec takes one.',
    ),
    "codec.recursive": Entry(
        "`{name}` is declared by itself",
        "Taken step by step, it would never end.",
        "Write out the steps that were meant.",
    ),
    "codec.table-duplicate": Entry(
        "the table has two rows for `{name}`",
        "Only one of them could be written back.",
        'Put the spellings into one row: `{name}: ["a", "b"]`; the first is written, all are read.',
        {"declared-here": "the first row"},
    ),
    "codec.table-empty": Entry(
        "`{name}` has no spelling in this table",
        "A record with this value could not be written.",
        'Give it at least one: `{name}: "…"`.',
    ),
    "codec.table-type": Entry(
        "a table gives members or text, and this field is `{found}`",
        "No row could ever hold a value of the field.",
        "Use a codec that gives `{found}`, or make the field an `enum`.",
    ),
    "codec.too-long": Entry(
        "this codec has {found} steps, more than {limit}",
        "No reader can say any more what it does to a value.",
        "Say it in fewer steps.",
    ),
    "codec.type-mismatch": Entry(
        "a value of type `{found}` does not fit here",
        "It would be refused by the system, or change its meaning on the way.",
        (
            "`{codec}` takes {takes}.",
            "`{name}` is `{expected}`: let the last codec give that.",
            "One that does: {codecs}.",
        ),
    ),
}
