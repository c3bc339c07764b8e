"""Words for connectors: a kind of system that is not described as the runtime understands it."""

from syncline.diagnostics.lexicon.entry import Entry

CONNECTORS = {
    "connector.unknown-word": Entry(
        "`{name}` is not known here ({what})",
        "A connector that says something the runtime does not understand would be reached in another way than meant.",
        "Known here: {known}.",
    ),
    "connector.malformed": Entry(
        "`{name}` is not said in a form the compiler understands",
        "The runtime would call the system in another way than meant.",
        "Write it like `{expected}`.",
    ),
    "connector.run-on": Entry(
        "`{following}` stands in the clause of `{name}`",
        "Each clause has a line of its own, or a comma before it; otherwise it would be read as a part of the one before.",
        "Begin a new line at `{following}`, or put a comma before it.",
    ),
    "connector.no-identity": Entry(
        "resource `{resource}` has no identity",
        "Without a stable id, a record cannot be found again: each run would create it anew.",
        "Mark the field of its id: `id : text identity`.",
    ),
    "connector.counter-as-cursor": Entry(
        "`{field}` counts the writes to each record, and `since` asks by it what changed in all",
        "The counts of two records do not say which changed later: a listing since the highest one leaves out what changed.",
        "Mark another field `version`, one that moves on in all records together, and leave `counts writes` here.",
    ),
    "connector.marker-unsearchable": Entry(
        "`{field}` takes marks, and no record of {resource} can be looked for by it",
        "After a create without an answer the record is looked for by its mark; what cannot be asked for is never found.",
        'Say in `list` how a field is asked for: `filter "where" join "&" equals "{{field}}={{value}}"`.',
    ),
    "connector.never-null": Entry(
        "`{field}` is {fact}: it is never null, and what lacks it is no record that has it empty",
        "A record without its {fact} field is one that was not shown whole. Taken for an emptied one, it would be wiped elsewhere.",
        "Take `null absent` away here.",
    ),
    "connector.since-without-version": Entry(
        "`since` needs a field that is marked `version`",
        "What changed since the last run can only be told by a field that moves with every change.",
        "Mark it: `updated : instant version precision 1 ms`.",
    ),
    "connector.deleted-unread": Entry(
        "`deleted` of {resource} needs `read`",
        "What a feed calls deleted is read once before it counts: it may be back, or the feed may be late.",
        'Say how one record is read: `read GET "/contacts/{{id}}" {{ missing 404 }}`.',
    ),
    "connector.retry-unknown": Entry(
        "a request that was answered with {status} is sent again at once, and nobody knows whether it was carried out",
        "`throttle` names refusals: nothing was done, try later. After {status} a record may have been made; sent again, it is "
        "made twice.",
        "Take {status} out: the runtime then looks whether the write arrived before it sends it again.",
    ),
    "connector.read-writes": Entry(
        "`{operation}` is a {verb}, which writes",
        "A plan reads and promises to change nothing; by this call it would.",
        "Read with GET, or with POST where the API searches by it.",
    ),
}
