"""The guarantee report for people and for programs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from syncline.diagnostics.rendering import printable, where
from syncline.guarantees.guarantee import Budget, Guarantee, Report, Share, SyncReport, Thousand, Topic
from syncline.source import Span

FORMAT_VERSION = "1.0"
"""Of the JSON form: the first number changes when a reader would break, the second when something is added.

{"format_version", "reports": [{"spec", "version", "file", "sha256", "syncs": [{
    "entity", "file", "line", "column",
    "systems": [{"system", "resource", "guarantees": [GUARANTEE], "cost": {"counted", "login", "quiet", "lists_all", "formulas"}}],
    "guarantees": [GUARANTEE],
    "thousand_changes": [{"changed_in", "calls": {SYSTEM: n}, "afterwards": {SYSTEM: n}, "total"}],
    "schedules": [{"system", "seconds", "calls", "quiet", "capacity", "follows_from": [PLACE]}]}]}]}
GUARANTEE: {"topic", "verdict", "statement", "follows_from": [PLACE]}; PLACE: {"file", "line", "column", "text"}.
Calls are counted over HTTP, without retries; `calls` of a schedule fit between two runs, `capacity` is null beyond a million.
"""

_TITLES = {
    Topic.RESUMING: "resuming",
    Topic.DELETIONS: "deletions",
    Topic.ECHO: "echo",
    Topic.DUPLICATES: "duplicates",
    Topic.LOST_UPDATES: "lost updates",
    Topic.UNKNOWN_OUTCOMES: "unknown outcome",
    Topic.FOLLOWING: "following",
    Topic.TRIGGERS: "triggers",
    Topic.PERSONAL_DATA: "personal data",
    Topic.ASSUMPTIONS: "assumed",
}


def text(report: Report) -> str:
    """The report for people: by sync and system, each statement with the places it follows from."""
    lines = [f"{report.file}: what {report.spec} promises, with what the connectors declare"]
    for sync in report.syncs:
        lines += ["", f"sync {sync.entity}"]
        for side in sync.sides:
            lines += ["", f"  in {side.system} ({side.resource})"]
            lines += _statements(side.guarantees)
            lines += _cost(side.cost)
        lines += ["", "  over all"]
        lines += _statements([one for one in sync.guarantees if one.topic is Topic.FOLLOWING])
        lines += _statements([one for one in sync.guarantees if one.topic is Topic.TRIGGERS])
        lines += _totals(sync)
        lines += _statements([one for one in sync.guarantees if one.topic is Topic.ASSUMPTIONS])
    return "".join(printable(line).rstrip() + "\n" for line in lines)


def _statements(guarantees: Sequence[Guarantee]) -> Iterator[str]:
    before = None
    for one in guarantees:
        title = _TITLES[one.topic] if one.topic is not before else ""
        before = one.topic
        yield f"    {title:<15} {one.statement}"
        if one.because:
            yield f"    {'':<15}   {', '.join(dict.fromkeys(map(where, one.because)))}"


def _cost(cost: Share) -> Iterator[str]:
    if not cost.counted:
        yield f"    {'calls':<15} none over HTTP"
        return
    quiet = f"{cost.quiet} in a quiet run" if not cost.lists_all else f"{cost.quiet} in a run over an empty system"
    login = ", the login among them" if cost.login else ""
    yield f"    {'calls':<15} {quiet}{login}"
    for occasion, formula in cost.formulas.items():
        yield f"    {'':<15} {occasion}: {formula}"
    yield f"    {'':<15}   {', '.join(dict.fromkeys(map(where, cost.because)))}"


def _totals(sync: SyncReport) -> Iterator[str]:
    for index, one in enumerate(sync.thousands):
        yield f"    {'calls' if not index else '':<15} 1,000 changes in {one.changed_in}: {_by_system(one)}"
    for index, budget in enumerate(sync.budgets):
        yield f"    {'schedule' if not index else '':<15} {_schedule(budget)}"
        yield f"    {'':<15}   {', '.join(map(where, budget.because))}"


def _by_system(one: Thousand) -> str:
    now = ", ".join(f"{count:,} in {system}" for system, count in one.calls.items() if count) or "none"
    later = ", ".join(f"{count:,} in {system}" for system, count in one.afterwards.items() if count)
    return (
        f"{now}"
        + (f"; {later} by the next run, which sees what was written" if later else "")
        + f"; {one.total:,} in all"
    )


def _schedule(budget: Budget) -> str:
    fits = f"{budget.system} allows {budget.calls:g} calls between two runs, a quiet run makes {budget.quiet}"
    if budget.capacity is None:
        return f"{fits}; over a million changes fit"
    if budget.capacity < 0:
        return f"{fits}: it cannot be held"
    return f"{fits}; up to {budget.capacity:,} changes fit"


def as_document(reports: Iterable[Report]) -> dict[str, Any]:
    """The reports as JSON values; the form is described at `FORMAT_VERSION`."""
    return {"format_version": FORMAT_VERSION, "reports": [_report(report) for report in reports]}


def as_json(reports: Iterable[Report]) -> str:
    """The reports as a JSON document."""
    return json.dumps(as_document(reports), ensure_ascii=False, indent=2) + "\n"


def _report(report: Report) -> dict[str, Any]:
    return {
        "spec": report.spec,
        "version": report.version,
        "file": report.file,
        "sha256": report.sha256,
        "syncs": [_sync(sync) for sync in report.syncs],
    }


def _sync(sync: SyncReport) -> dict[str, Any]:
    place = _place(sync.span)
    del place["text"]
    return {
        "entity": sync.entity,
        **place,
        "systems": [
            {
                "system": side.system,
                "resource": side.resource,
                "guarantees": [_guarantee(one) for one in side.guarantees],
                "cost": {
                    "counted": side.cost.counted,
                    "login": side.cost.login,
                    "quiet": side.cost.quiet,
                    "lists_all": side.cost.lists_all,
                    "formulas": dict(side.cost.formulas),
                },
            }
            for side in sync.sides
        ],
        "guarantees": [_guarantee(one) for one in sync.guarantees],
        "thousand_changes": [
            {
                "changed_in": one.changed_in,
                "calls": dict(one.calls),
                "afterwards": dict(one.afterwards),
                "total": one.total,
            }
            for one in sync.thousands
        ],
        "schedules": [
            {
                "system": budget.system,
                "seconds": budget.seconds,
                "calls": budget.calls,
                "quiet": budget.quiet,
                "capacity": budget.capacity,
                "follows_from": [_place(span) for span in budget.because],
            }
            for budget in sync.budgets
        ],
    }


def _guarantee(one: Guarantee) -> dict[str, Any]:
    return {
        "topic": one.topic.value,
        "verdict": one.verdict,
        "statement": one.statement,
        "follows_from": [_place(span) for span in dict.fromkeys(one.because)],
    }


def _place(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    return {"file": span.source.name, "line": line, "column": column, "text": " ".join(span.text.split())}
