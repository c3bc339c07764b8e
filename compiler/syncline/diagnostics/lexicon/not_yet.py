"""Words for what the language says and this release does not execute yet."""

from syncline.diagnostics.lexicon.entry import Entry

WHY = "It would be ignored in silence: better a clear refusal now than a flow that is missing in production."


def _later(what: str, mend: str) -> Entry:
    return Entry(f"{what} is not executed yet", WHY, mend)


NOT_YET = {
    "not-yet.protocol": _later("the protocol `{protocol}`", "Use one of {known}."),
    "not-yet.path": _later(
        "`{path}`, a path through the reference `{through}`,", "Map a field of the resource itself."
    ),
    "not-yet.keyed-element": _later("`{name}`, an element by its key,", "Map a field of the resource itself."),
    "not-yet.collection": _later("`{type}`, a collection of records,", "Map the elements as an entity of their own."),
    "not-yet.codec-path": _later("a setting of `{codec}` that is read from a field", "Write it as text."),
}
