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
    "connector.no-identity": Entry(
        "resource `{resource}` has no identity",
        "Without a stable id, a record cannot be found again: each run would create it anew.",
        "Mark the field of its id: `id : text identity`.",
    ),
    "connector.since-without-version": Entry(
        "`since` needs a field that is marked `version`",
        "What changed since the last run can only be told by a field that moves with every change.",
        "Mark it: `updated : instant version precision 1 ms`.",
    ),
}
