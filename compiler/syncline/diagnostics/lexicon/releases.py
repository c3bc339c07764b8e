"""Words for what a spec does to what already runs, and for systems that are not what they were."""

from syncline.diagnostics.lexicon.entry import Entry

_LABELS = {"released-as": "released as this"}


def _release(code: str, *mends: str) -> Entry:
    meant = f'Where it is meant, say so above the declaration: `allow {code} "why"`.'
    return Entry("against the released version, {change}", "{why}.", (*mends, meant), _LABELS)


RELEASES = {
    "release.data": _release("release.data", "{then}."),
    "release.state": _release("release.state", "{then}."),
    "release.api": _release("release.api", "{then}."),
    "release.behaviour": _release("release.behaviour"),
    "lock.drift": Entry(
        "{aspect} of {what} is `{new}`, and was `{old}` when the spec was locked",
        "The connector now says something else of the system: values would be read, written or found otherwise than they were "
        "tried.",
        "Look at what has changed, then lock it anew: `syncline lock {file}`.",
    ),
    "lock.unreadable": Entry(
        "`{lock}` is no lock of this compiler",
        "Nothing would tell any more that a system is not what it was.",
        "Make it anew: `syncline lock {file}`.",
    ),
}
