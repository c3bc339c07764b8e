"""Guarantees that are asked for and cannot be given: a record made twice, a deletion nobody can see, a schedule too dear."""

from collections.abc import Iterator, Sequence

from syncline.checks.capabilities import rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label, Severity
from syncline.guarantees.asked import place
from syncline.guarantees.cost import Scheduled, dearest, lists_all, login, needed, scheduled
from syncline.guarantees.running import unheard
from syncline.guarantees.writing import may_duplicate
from syncline.model.spec import Map, Spec, Sync
from syncline_runtime.declaration import OnDelete

_FEW = 10_000
"""Records that a collection soon has, whatever it is of."""


def check_outcomes(sync: Sync) -> Iterator[Diagnostic]:
    """create.may-duplicate, delete.by-absence."""
    for side in sync.maps:
        for rule in may_duplicate(sync, side)[:1]:
            creating = rule_of(sync.creates, side.system)
            yield Diagnostic(
                "create.may-duplicate",
                creating.span if creating is not None else side.span,
                {"system": side.system.name, "key": tuple(field.name for field in rule.fields)},
                (Label(place(side.resource, "list partial")[0], "partial-here"),),
            )
    if not any(map(_is_partial, sync.maps)):
        return
    for deleting in sync.deletes:
        others = [side for side in sync.maps if side.system.name != deleting.system.name]
        partial = [side for side in others if _is_partial(side)]
        if deleting.policy in (OnDelete.PROPAGATE, OnDelete.ARCHIVE) and partial and not any(map(_notices, others)):
            yield Diagnostic(
                "delete.by-absence",
                deleting.span,
                {"system": deleting.system.name, "sources": tuple(side.system.name for side in partial)},
                tuple(Label(place(side.resource, "list partial")[0], "partial-here") for side in partial),
            )


def _is_partial(side: Map) -> bool:
    listing = side.resource.declaration.list
    return listing is not None and not listing.complete


def _notices(side: Map) -> bool:
    """Whether the runtime notices a deletion there: by a flag or a feed, or by absence that a reading confirms."""
    declared = side.resource.declaration
    return (declared.archive is not None or declared.deleted is not None) or (
        declared.list is not None and declared.list.complete and declared.read is not None
    )


def check_webhooks(sync: Sync) -> Iterator[Diagnostic]:
    """trigger.not-served, trigger.webhook-alone."""
    hooks = [trigger for trigger in sync.triggers if trigger.kind == "webhook"]
    if not hooks:
        return
    reasons = {side.system.name: unheard(side) for side in sync.maps}
    if reasons and all(reasons.values()):
        order = ("no-read", "no-secret", "no-webhook")
        problem = next(one for one in order if one in reasons.values())
        side = next(side for side in sync.maps if reasons[side.system.name] == problem)
        declared = side.system.connector.declaration.webhooks
        facts: dict[str, Fact] = {
            "systems": tuple(reasons),
            "system": side.system.name,
            "resource": side.resource.name,
            "setting": declared.secret if declared is not None else "",
            "problem": problem,
        }
        yield Diagnostic("trigger.not-served", hooks[0].span, facts, (Label(side.resource.span, "resource-here"),))
    elif all(trigger.kind in ("webhook", "after") for trigger in sync.triggers):
        told = tuple(name for name, reason in reasons.items() if reason is None)
        yield Diagnostic("trigger.webhook-alone", hooks[0].span, {"entity": sync.entity.name, "systems": told})


def check_schedules(spec: Spec, *, changed: int = 0, records: int = 0) -> Iterator[Diagnostic]:
    """cost.exceeds-rate, when `changed` records change between two runs and systems without a change cursor hold `records`."""
    for uses in scheduled((spec,)).values():
        if _exceeds(uses, changed, records):
            yield _too_dear(uses, changed, records)


def check_listings(spec: Spec) -> Iterator[Diagnostic]:
    """cost.lists-all, where not even a small collection can be listed as often as the schedule wants, though nothing changes."""
    for uses in scheduled((spec,)).values():
        rate = uses[0].side.system.connector.declaration.rate
        if rate is None or _exceeds(uses, 0, 0):
            continue
        for one in uses:
            needs = login(one.side) + dearest(one.sync, one.side, 0, _FEW)
            allowed = rate.calls / rate.seconds * one.seconds
            if not lists_all(one.side) or needs <= allowed:
                continue
            resource, connector = one.side.resource, one.side.system.connector
            yield Diagnostic(
                "cost.lists-all",
                one.span,
                {
                    "resource": resource.name,
                    "system": one.side.system.name,
                    "records": f"{_FEW:,}",
                    "run": f"{needs:,}",
                    "allowed": f"{allowed:,.0f}",
                },
                (
                    *(Label(span, "listing-here") for span in place(resource, "list")[:1]),
                    Label(connector.places.get("rate", connector.span), "rate-here"),
                ),
                severity=Severity.HINT,
            )


def check_schedules_together(specs: Sequence[Spec]) -> Iterator[Diagnostic]:
    """cost.exceeds-rate of several specs on one account, of which none exceeds the rate by itself."""
    alone = [scheduled((spec,)) for spec in specs]
    for account, uses in scheduled(specs).items():
        own = [each[account] for each in alone if account in each]
        if _exceeds(uses, 0, 0) and not any(_exceeds(each, 0, 0) for each in own):
            yield _too_dear(uses, 0, 0)


def _exceeds(uses: Sequence[Scheduled], changed: int, records: int) -> bool:
    rate = uses[0].side.system.connector.declaration.rate
    return rate is not None and needed(uses, changed, records) > rate.calls / rate.seconds


def _too_dear(uses: Sequence[Scheduled], changed: int, records: int) -> Diagnostic:
    sync, side, _, span = uses[0]
    connector = side.system.connector
    rate = connector.declaration.rate
    allowed = 0.0 if rate is None else rate.calls / rate.seconds * 3600
    return Diagnostic(
        "cost.exceeds-rate",
        span,
        {
            "system": side.system.name,
            "entity": sync.entity.name,
            "run": login(side) + dearest(sync, side, changed, records),
            "needed": f"{needed(uses, changed, records) * 3600:,.0f}",
            "allowed": f"{allowed:,.0f}",
        },
        (
            Label(connector.places.get("rate", connector.span), "rate-here"),
            *(Label(other.span, "too", {"entity": other.sync.entity.name}) for other in uses[1:]),
        ),
    )
