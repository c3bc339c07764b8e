"""When a sync runs, and what is taken for granted while it does."""

from collections.abc import Iterable, Iterator

from syncline.guarantees.asked import creates, place, updates
from syncline.guarantees.guarantee import Guarantee, Topic
from syncline.guarantees.owning import choices, verdict
from syncline.guarantees.writing import read_lag, settle_seconds
from syncline.model.references import several
from syncline.model.spec import Map, Sync
from syncline.source import Span
from syncline_runtime.declaration import Newest


def triggers(sync: Sync) -> Iterator[Guarantee]:
    """How each `run` line is served: by `serve`, or by a timer that calls `run`."""
    for trigger in sync.triggers:
        full, what = ("`run --full`", "everything is read") if trigger.full else ("`run`", "what changed is read")
        match trigger.kind:
            case "every":
                often = f"every {_interval(trigger.seconds or 0)}"
                verdict = "by-serve"
                statement = f"while `serve` runs, {what} {often}; without it a timer of yours calls {full} as often"
            case "daily":
                verdict = "by-serve"
                statement = (
                    f"while `serve` runs, {what} daily at {trigger.at} in {trigger.zone}, and at once if that hour was missed; "
                    f"without it a timer of yours calls {full}"
                )
            case "webhook":
                told = " and ".join(side.system.name for side in sync.maps if unheard(side) is None)
                verdict = "by-serve"
                statement = (
                    f"while `serve` runs, a webhook of {told} has the record that it names read at once; a webhook that is lost, "
                    "late, double or forged changes nothing: the next of the other runs sees what it did not tell"
                )
            case "after":
                verdict = "ordered"
                statement = (
                    f"a run of both does {trigger.after} first; `serve` runs it when {trigger.after} has nothing left to do, "
                    "`run` goes on whether or not something of it waits"
                )
        yield Guarantee(Topic.TRIGGERS, verdict, statement, (trigger.span,))
    if not sync.triggers:
        yield Guarantee(Topic.TRIGGERS, "when-called", "it runs when it is called", (sync.span,))


def unheard(side: Map) -> str | None:
    """Why no webhook tells of records of a map, in a word; None where one does."""
    declared, system = side.resource.declaration, side.system
    hooks = system.connector.declaration.webhooks
    if hooks is None or declared.webhook is None:
        return "no-webhook"
    if hooks.secret not in system.settings:
        return "no-secret"
    return "no-read" if declared.read is None else None


def _interval(seconds: int) -> str:
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds % length == 0:
            count = seconds // length
            return unit if count == 1 else f"{count} {unit}s"
    return "second" if seconds == 1 else f"{seconds} seconds"


def assumptions(sync: Sync) -> Iterator[Guarantee]:
    """What must be true of the systems and of the installation for the rest to hold."""
    for side in sync.maps:
        yield from _of_system(sync, side.system.name)
    trusted = [
        (side, step) for side in sync.maps for line in side.lines for step in line.pipeline if step.name == "python"
    ]
    if trusted:
        yield _assumed(
            "trusted-code",
            "a codec of one's own undoes when reading what it did when writing",
            *(step.span for _, step in trusted),
        )
    if functions := [rule for rule in sync.all_rules if rule.function]:
        yield _assumed(
            "trusted-code",
            "a merge function of one's own is commutative, associative and idempotent",
            *(rule.span for rule in functions),
        )
    open_choices = [choice for choice in choices(sync) if not verdict(choice).disjoint or not verdict(choice).complete]
    if open_choices:
        yield _assumed(
            "owner-conditions",
            "of the conditions that say who owns exactly one holds: where several do, the first written decides, where none does, "
            "a person",
            *(choice.rules[0].span for choice in open_choices),
        )
    newest = [rule for rule in sync.all_rules if rule.rule == "newest"]
    if newest:
        skew = Newest(otherwise=()).skew_seconds
        yield _assumed(
            "clocks",
            f"the clocks of the systems that `newest` compares are within {skew:g} s of one another",
            *(rule.span for rule in newest),
        )
    yield _assumed("one-state", "one state file serves these systems, and no other tool writes the same fields")
    yield _assumed(
        "no-automation",
        "no automation that the spec does not declare changes inside a system what the others then carry back: it would be taken "
        "for a person's edit",
    )


def _of_system(sync: Sync, name: str) -> Iterator[Guarantee]:
    side = next(side for side in sync.maps if side.system.name == name)
    resource, declared = side.resource, side.resource.declaration
    identity = next((native.span for native in resource.fields.values() if native.identity), resource.span)
    yield _assumed("stable-ids", f"{name} never gives the `{declared.identity}` of one record to another", identity)
    if shared := list(several(side)):
        names = dict.fromkeys(target.name for _, _, targets in shared for target in targets)
        yield _assumed(
            "distinct-ids",
            f"{name} never gives records of {_listed(names)} the same id",
            *dict.fromkeys(native.span for _, native, _ in shared),
        )
    version = next((native for native in resource.fields.values() if native.version), None)
    since = declared.list.since if declared.list is not None else None
    if since is not None and version is not None:
        lag = (
            f"shows it in listings within {since.lag_seconds:g} s"
            if since.lag_seconds
            else "shows it in listings at once"
        )
        yield _assumed(
            "versions", f"{name} changes `{since.field}` with every change, never backwards, and {lag}", version.span
        )
    if declared.list is not None and declared.list.complete:
        yield _assumed("complete-listing", f"a full listing of {name} leaves no record out", *place(resource, "list"))
    if declared.read is not None:
        yield _assumed(
            "fresh-reads",
            f"reading a record of {name} by its id shows it as it "
            + (f"was at most {old:g} s before" if (old := read_lag(side)) else "is"),
            *place(resource, "read"),
        )
    counter = next((native for native in resource.fields.values() if native.counts), None)
    if counter is not None and updates(sync, side):
        yield _assumed(
            "counter", f"{name} adds one to `{counter.name}` with each write to a record, ours included", counter.span
        )
    marker = next((native for native in resource.fields.values() if native.marker), None)
    if marker is not None and creates(sync, side):
        yield _assumed(
            "marker",
            f"{name} keeps what a create puts into `{marker.name}`, nobody else changes it, and a listing can be asked for it",
            marker.span,
        )
    natives = {native.name: native for line in side.lines for native in line.natives if native.absent_is_null}
    if natives:
        yield _assumed(
            "absent-is-null",
            f"{name} leaves {_listed(natives)} out of a record only where that is null: also what it hides from the "
            "account of the sync then counts as emptied",
            *(native.span for native in natives.values()),
        )
    if updates(sync, side) and declared.update is not None:
        yield _assumed(
            "partial-updates",
            f"an update in {name} leaves the fields alone that it does not send",
            *place(resource, "update"),
        )
    if creates(sync, side) or updates(sync, side):
        yield _assumed(
            "settling",
            f"what {name} has not carried out {settle_seconds(side):g} s after the wave of the write was begun, it never will",
            side.system.connector.places.get("timeout", side.system.connector.span),
        )
        yield _assumed(
            "normalisation",
            f"{name} keeps match fields as they were written, but for what `normalises` and the codecs of the map say",
            side.span,
        )


def _listed(names: Iterable[str]) -> str:
    *rest, last = (f"`{name}`" for name in names)
    return f"{', '.join(rest)} and {last}" if rest else last


def _assumed(verdict: str, statement: str, *because: Span) -> Guarantee:
    return Guarantee(Topic.ASSUMPTIONS, verdict, statement, because)
