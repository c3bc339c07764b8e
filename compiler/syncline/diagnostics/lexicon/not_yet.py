"""Words for what the language says and this release does not execute yet."""

from syncline.diagnostics.lexicon.entry import Entry

WHY = "It would be ignored in silence: better a clear refusal now than a flow that is missing in production."


def _later(what: str, mend: str) -> Entry:
    return Entry(f"{what} is not executed yet", WHY, mend)


NOT_YET = {
    "not-yet.protocol": _later("the protocol `{protocol}`", "Use one of {known}."),
    "not-yet.connector-word": _later("`{word}` in a connector", "Leave it out."),
    "not-yet.state-operation": _later(
        "a state that an operation sets (`{field}`)", "Leave it out, or map a field that can be written."
    ),
}
