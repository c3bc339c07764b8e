"""Words for records that follow from others."""

from syncline.diagnostics.lexicon.entry import Entry

DERIVATIONS = {
    "derive.duplicate": Entry(
        "{entity} follows from {origin} by two rules",
        "Of each {origin} there is one {entity} for each rule, and nothing tells the two rules apart when they change places.",
        "Join them: `… once when a becomes b or c becomes d`.",
        {"first-here": "the first rule"},
    ),
    "derive.only-reads": Entry(
        "a line of a derivation has {problem}",
        "There is no system on its other side: the values of the one record are taken for the other as they are.",
        "Write `field <- expression`.",
        {},
        {
            "arrow": "no other arrow than `<-`",
            "codec": "no codec",
            "condition": "no condition",
            "target": "a field on its left",
        },
    ),
    "derive.unsynced": Entry(
        "{entity} is in no sync, so that {problem}",
        "The rule would never do anything.",
        "Write `sync {entity} across …`, or leave the derivation out.",
        {"entity-declared-here": "declared here"},
        {"made": "nothing keeps the records that are made", "origin": "its records are never seen"},
    ),
    "derive.cycle": Entry(
        "{through} follow from each other, round and round",
        "Each record that is made would make the next: there is no end to it.",
        "Leave one of the derivations out.",
    ),
    "derive.no-value": Entry(
        "this derivation leaves `{field}` open, which is required where `{system}` is written",
        "Each {entity} that is made would be set aside instead of being created.",
        "Add a line (`{field} <- …`), give the field a default, or make it optional (`?`).",
        {"declared-here": "required here", "written-here": "written here"},
    ),
    "derive.contested": Entry(
        "`{field}` is kept in step by this derivation, and `{system}` may change it",
        "An edit there would be undone by the next change of what it follows from, or undo it: nothing says who is right.",
        "Let `{system}` only be written (`->`), or say `once when`: the record is then its own.",
        {"source": "`{system}` may change it here"},
    ),
    "back-reference.type": Entry(
        "`{name}` collects the records that refer to this one, and is declared as `{found}`",
        "There may be any number of them, and each is a record of its own.",
        "Write `{name} : list<ENTITY> via FIELD`.",
    ),
    "back-reference.via": Entry(
        "`{name}` is no reference from {owner} to {entity}",
        "Nothing would ever be collected.",
        ("References from there: {known}.", "Declare it there: `{name} : ref {entity}`."),
    ),
    "back-reference.use": Entry(
        "`{name}` is collected, and is no value of the record itself",
        "Which records refer to it changes without the record, so that nothing would notice.",
        "Compute a field from it, which is kept up to date: `paid : money = sum({name}.paid)`, and use that.",
    ),
    "computed.in-record": Entry(
        "`{name}` is part of the record {record}, and cannot be computed there",
        "A record is used in several entities, each with fields of its own.",
        "Declare it in the entity.",
    ),
    "computed.read": Entry(
        "`{name}` is computed, and nothing else may fill it",
        "What flowed in would be gone with the next computation.",
        "Write it only (`->`), or declare a field of its own for what flows in.",
    ),
    "computed.circle": Entry(
        "{through} are computed from each other",
        "No value is the first, so there is none.",
        "Compute one of them from fields that flow in.",
    ),
    "state.no-operation": Entry(
        "`{native}` is set by operations, and {problem}",
        "The write would be refused for each such record, run after run.",
        "Give the line a table of which each first spelling has its operation in the connector, or only read it (`<-`). "
        "Operations here: {known}.",
        {"native-here": "declared here"},
        {"any": "any text may be written to it", "some": "none of them sets {missing}"},
    ),
    "message.no-key": Entry(
        "`{system}` sends each {entity}, and does not know one that comes twice",
        "When a request has no answer nobody can tell whether the message went out: it would be lost, or sent again.",
        'Declare the header in which the system takes a key, and for how long it remembers it: `create POST "…" {{ idempotency '
        '"Idempotency-Key" 24 hours }}`; or sync with a resource that can be listed.',
        {"resource-here": "declared here"},
    ),
    "condition.time": Entry(
        "`is past` has a different answer tomorrow, and nothing here looks again then",
        "A value that changes by itself is no value of a record: it would be written at some time or other, or never.",
        "Ask for the time where a record is created or updated, belongs to a map, or makes another one follow: "
        "`create in … when starts is past`.",
    ),
    "expression.duration": Entry(
        "a {unit} has no fixed length",
        "A month later is four weeks later, or five: the result would depend on the month.",
        "Count in days or weeks: `30 days`.",
    ),
    "condition.becomes": Entry(
        "`becomes` asks for a change, and this condition is about a state",
        "It is asked of a record as it is, as often as anything happens to it; there is no state before.",
        "Use `is`. The edge itself is seen by `derive … once when … becomes …`.",
    ),
}
