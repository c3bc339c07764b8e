"""What the runtime notices in a system: changes, deletions, and its own writes coming back."""

from collections.abc import Iterator

from syncline.guarantees.asked import creates, place, says_what_it_stored, updates
from syncline.guarantees.guarantee import Guarantee, Topic
from syncline.guarantees.writing import read_lag
from syncline.model.spec import Map, Sync
from syncline.model.spelling import spelled
from syncline.source import Span
from syncline_runtime.declaration import Listing, OnDelete
from syncline_runtime.paging import ordered


def resuming(sync: Sync, side: Map) -> Iterator[Guarantee]:
    """Whether a run that broke off goes on where it was."""
    resource = side.resource
    listing = resource.declaration.list
    if listing is None:
        return
    protocol = side.system.connector.declaration.protocol
    if listing.since is None:
        yield Guarantee(
            Topic.RESUMING,
            "lists-again",
            "every run lists all records from the beginning, for no change cursor is declared; what was read is not lost",
            place(resource, "list"),
        )
        return
    inside = protocol == "sql" or ordered(listing)
    yield Guarantee(
        Topic.RESUMING,
        "resumes" if inside else "resumes-by-listing",
        (
            "a listing of changes that breaks off goes on from the last batch of 1,000 records that was kept"
            if inside
            else "a listing of changes that breaks off begins again at the cursor of the last one that ended, for its order is "
            "not that of the changes"
        )
        + "; a full listing begins again",
        (*place(resource, "list since", "list"), *_version(side)),
    )


def deletions(sync: Sync, side: Map) -> Iterator[Guarantee]:
    """How a record that vanishes there is noticed."""
    resource = side.resource
    declared = resource.declaration
    noticed = False
    if declared.archive is not None:
        noticed = True
        field, value = declared.archive
        yield Guarantee(
            Topic.DELETIONS,
            "by-flag",
            f"a record that shows `{field}` = {_literal(value)} counts as deleted, as soon as a listing shows it",
            place(resource, "archive"),
        )
    if declared.deleted is not None:
        noticed = True
        yield Guarantee(
            Topic.DELETIONS,
            "by-feed",
            "each run asks for the records that were deleted since the last one; each is read once before it counts",
            place(resource, "deleted"),
        )
    listing = declared.list
    if listing is None:
        return
    if not listing.complete:
        yield Guarantee(
            Topic.DELETIONS,
            "absence-says-nothing",
            "absence from its listing is no evidence, for the listing may leave records out",
            place(resource, "list partial"),
        )
    elif declared.read is None:
        yield Guarantee(
            Topic.DELETIONS,
            "absence-not-confirmed",
            "absence from its listing is not acted upon, for without `read` it cannot be confirmed",
            place(resource, "list"),
        )
    else:
        noticed = True
        yield Guarantee(
            Topic.DELETIONS,
            "by-absence-confirmed",
            f"absence from {_full_listings(listing)} is confirmed by two readings that find nothing"
            + (
                f", {apart:g} s apart"
                if (apart := max(listing.since.lag_seconds if listing.since else 0, read_lag(side)))
                else ""
            )
            + "; a listing that lacks more than ten and over half of the known records is no evidence without `--approve delete`",
            (*place(resource, "list"), *place(resource, "read")),
        )
    if not noticed:
        yield Guarantee(
            Topic.DELETIONS,
            "not-noticed",
            "deletions here are not looked for, and not carried to other systems",
            place(resource, "list partial", "list"),
        )
    for rule in sync.deletes:
        if rule.system.name == side.system.name:
            yield Guarantee(
                Topic.DELETIONS,
                f"deleted-elsewhere-{rule.policy.value}",
                f"when a record is noticed to be deleted elsewhere, this one is {_POLICY[rule.policy.value]}"
                + ("" if rule.when is None else f", if it was last agreed that {spelled(rule.when)}")
                + (", or held for a person if it was edited" if rule.unless_edited and rule.policy in _ACTING else ""),
                (rule.span,),
            )


_POLICY = {
    "never": "kept, and kept in step",
    "propagate": "deleted",
    "archive": "archived",
    "unlink": "left alone from then on",
    "recreate": "used to create the other anew",
    "hold": "held for a person",
}
_ACTING = (OnDelete.PROPAGATE, OnDelete.ARCHIVE, OnDelete.UNLINK)


def _full_listings(listing: Listing) -> str:
    if listing.since is None:
        return "a listing (each run makes a full one)"
    return "a full listing (the first run, `run --full`, and a run after the spec has changed)"


def echo(sync: Sync, side: Map) -> Iterator[Guarantee]:
    """How our own writes are told from edits when they show again."""
    resource = side.resource
    declared = resource.declaration
    written = [
        (name, operation)
        for name, operation, asked in (
            ("create", declared.create, creates(sync, side)),
            ("update", declared.update, updates(sync, side)),
        )
        if operation is not None and asked
    ]
    silent = [name for name, operation in written if not says_what_it_stored(side, operation)]
    if not written:
        yield Guarantee(Topic.ECHO, "nothing-written", "no value is written here, so none comes back", (side.span,))
        return
    if not silent:
        yield Guarantee(
            Topic.ECHO,
            "by-stored-value",
            "an echo is recognised by its values: what the system says it stored is remembered, field by field",
            place(resource, "update returns", "read many", "read", "update", "create"),
        )
    else:
        yield Guarantee(
            Topic.ECHO,
            "by-sent-value",
            f"an echo is recognised by its values as they were sent, for the answer to {' and '.join(silent)} does not show what "
            "was stored: a change that the system makes to them, and that no `normalises` declares, passes for an edit",
            place(resource, *silent),
        )
    normalised = [native for line in side.lines for native in line.natives if native.normalises]
    if normalised:
        yield Guarantee(
            Topic.ECHO,
            "normalisation-declared",
            "what the system makes of "
            + ", ".join(f"`{native.name}`" for native in normalised)
            + " is taken into account",
            tuple(native.span for native in normalised),
        )


def _version(side: Map) -> tuple[Span, ...]:
    return tuple(native.span for native in side.resource.fields.values() if native.version)


def _literal(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
    return str(value)
