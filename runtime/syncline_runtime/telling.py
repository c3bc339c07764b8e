"""What a plan and a run tell people, as text or JSON lines of one document. Every secret is struck out on its way."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TextIO

from syncline_runtime.declaration import Package
from syncline_runtime.executing.summary import DONE, Summary
from syncline_runtime.records import Action, ActionKind, Correlation, Decision, FieldChange, value_text
from syncline_runtime.rows import PastRun, Waiting
from syncline_runtime.state.packing import tagged
from syncline_runtime.values import ABSENT, Shown

FORMAT_VERSION = 1
"""Of every JSON document; bumped when a reader of the former would misread."""

_LONGEST = 60


class Redacted:
    """A text stream that strikes secrets out, whatever wrote them. That its reader goes away stops nothing that is under way."""

    def __init__(self, stream: TextIO, secrets: Iterable[str]) -> None:
        self._stream = stream
        self._read = True
        # The longest first, so that no secret within another leaves its rest; too short ones would only blot out other text.
        self._secrets = sorted({secret for secret in secrets if len(secret) >= 4}, key=len, reverse=True)

    def line(self, text: str = "") -> None:
        """Write one line."""
        self.write(text + "\n")

    def write(self, text: str) -> None:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        self._unless_gone(lambda: self._stream.write(text))

    def flush(self) -> None:
        self._unless_gone(self._stream.flush)

    def _unless_gone(self, tell: Callable[[], object]) -> None:
        if self._read:
            try:
                tell()
            except BrokenPipeError:
                self._read = False


def shown(value: Shown) -> str:
    """A value on one line, shortened; what is not shown by a system is `(absent)`."""
    text = "(absent)" if value is ABSENT else value_text(value)
    plain = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 1] + "…"


class Quiet:
    """Tells nothing, or where the work stands on a terminal."""

    telling = False

    def __init__(self, progress: TextIO | None = None) -> None:
        self._progress = progress

    def phase(self, entity: str, phase: str, done: int) -> None:
        if self._progress is not None:
            self._progress.write(f"\r\x1b[K{entity}: {phase} {done}")
            self._progress.flush()

    def end(self) -> None:
        """Clear the line of progress."""
        if self._progress is not None:
            self._progress.write("\r\x1b[K")
            self._progress.flush()

    def decided(self, decision: Decision) -> None:
        return None

    def placed(self, entity: str, system: str, remote_id: str, correlation: Correlation) -> None:
        return None

    def refused(
        self, entity: str, system: str, remote_id: str, reason: str, field: str, detail: str, place: str
    ) -> None:
        return None


class TextPlan(Quiet):
    """A plan, or a run under way, for people: record by record, field by field."""

    telling = True

    def __init__(self, out: Redacted, package: Package, progress: TextIO | None = None) -> None:
        super().__init__(progress)
        self._out = out
        self._source = package.source

    def _place(self, line: int) -> str:
        return f"  [{self._source}:{line}]" if line else ""

    def decided(self, decision: Decision) -> None:
        if not (decision.actions or decision.changes or decision.losers or decision.conflicts):
            return
        self.end()
        link, out = decision.link, self._out
        members = ", ".join(f"{system} {member.remote_id}" for system, member in link.members.items())
        out.line(f"{link.entity} {members}")
        for change in decision.changes:
            source = f"from {change.origin}: " if change.origin else ""
            out.line(
                f"    {change.field}: {shown(change.before)} → {shown(change.after)}"
                f"  ({change.row}, {source}{change.rule}){self._place(change.line)}"
            )
        for loser in decision.losers:
            lost = f"{loser.field}: {shown(loser.value)} of {loser.system} is overwritten"
            out.line(f"    {lost} ({loser.reason}){self._place(loser.line)}")
        for conflict in decision.conflicts:
            sides = ", ".join(f"{system} {shown(value)}" for system, value in conflict.candidates.items())
            field = f"{conflict.field}: " if conflict.field else ""
            out.line(f"    ? {field}{sides or 'held'} — {conflict.reason}{self._place(conflict.line)}")
        for action in decision.actions:
            target = f" {action.remote_id}" if action.remote_id else ""
            out.line(f"  > {action.kind.value} in {action.system}{target}: {action.reason}{self._place(action.line)}")
            if action.kind in (ActionKind.CREATE, ActionKind.UPDATE):
                for field, (before, after) in action.fields.items():
                    out.line(f"      {field}: {shown(before)} → {shown(after)}")

    def placed(self, entity: str, system: str, remote_id: str, correlation: Correlation) -> None:
        if correlation.action == "create":
            return
        self.end()
        detail = f" ({correlation.detail})" if correlation.detail else ""
        if correlation.action == "link":
            partners = ", ".join(f"{name} {other}" for name, other in correlation.matches.items())
            self._out.line(f"{entity} {system} {remote_id} is {partners}: {correlation.rule}")
        else:
            self._out.line(
                f"{entity} {system} {remote_id}: {correlation.situation.value}, {correlation.action}{detail}"
            )

    def refused(
        self, entity: str, system: str, remote_id: str, reason: str, field: str, detail: str, place: str
    ) -> None:
        self.end()
        self._out.line(refusal_line(entity, system, remote_id, reason, field, detail, place))


class JsonPlan(Quiet):
    """A plan for machines: one document, written while it is found out."""

    telling = True

    def __init__(self, out: Redacted, package: Package) -> None:
        super().__init__()
        self._out = out
        self._first = True
        head = {"format_version": FORMAT_VERSION, "kind": "plan", "package": package.name, "source": package.source}
        out.write(json.dumps(head)[:-1] + ', "records": [')

    def _record(self, document: Mapping[str, Any]) -> None:
        self._out.write(("\n" if self._first else ",\n") + json.dumps(document))
        self._first = False

    def decided(self, decision: Decision) -> None:
        if not (decision.actions or decision.changes or decision.losers or decision.conflicts):
            return
        link = decision.link
        self._record(
            {
                "record": "decision",
                "entity": link.entity,
                "members": {system: member.remote_id for system, member in link.members.items()},
                "changes": [_change(change) for change in decision.changes],
                "overwritten": [
                    {
                        "field": loser.field,
                        "system": loser.system,
                        "value": _json(loser.value),
                        "reason": loser.reason,
                        "line": loser.line,
                    }
                    for loser in decision.losers
                ],
                "conflicts": [
                    {
                        "field": conflict.field,
                        "candidates": {system: _json(value) for system, value in conflict.candidates.items()},
                        "reason": conflict.reason,
                        "line": conflict.line,
                    }
                    for conflict in decision.conflicts
                ],
                "actions": [_action(action) for action in decision.actions],
            }
        )

    def placed(self, entity: str, system: str, remote_id: str, correlation: Correlation) -> None:
        if correlation.action == "create":
            return
        self._record(
            {
                "record": "placement",
                "entity": entity,
                "system": system,
                "id": remote_id,
                "situation": correlation.situation.value,
                "action": correlation.action,
                "matches": dict(correlation.matches),
                "rule": correlation.rule,
                "detail": correlation.detail,
            }
        )

    def refused(
        self, entity: str, system: str, remote_id: str, reason: str, field: str, detail: str, place: str
    ) -> None:
        self._record(
            {
                "record": "refusal",
                "entity": entity,
                "system": system,
                "id": remote_id,
                "reason": reason,
                "field": field,
                "detail": detail,
                "place": place,
            }
        )

    def close(self, summaries: Iterable[Summary]) -> None:
        """End the document with its totals."""
        self._out.line('\n], "totals": ' + json.dumps([summary.document() for summary in summaries]) + "}")


def _change(change: FieldChange) -> dict[str, Any]:
    return {
        "field": change.field,
        "before": _json(change.before),
        "after": _json(change.after),
        "row": change.row,
        "origin": change.origin,
        "rule": change.rule,
        "line": change.line,
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "kind": action.kind.value,
        "system": action.system,
        "id": action.remote_id,
        "fields": {name: {"before": _json(old), "after": _json(new)} for name, (old, new) in action.fields.items()},
        "reason": action.reason,
        "line": action.line,
    }


def _json(value: Shown) -> Any:
    return ["absent"] if value is ABSENT else tagged(value)


# -- summaries ---------------------------------------------------------------------------------------------------------


def summary_lines(summary: Summary, requests: Mapping[str, int], *, planned: bool) -> list[str]:
    """What a sync did or, `planned`, would do."""
    if planned:
        counted = {(system, DONE[kind]): count for (system, kind), count in summary.planned.items() if kind in DONE}
    else:
        counted = summary.done
    parts = [f"linked {summary.linked}"]
    for word in DONE.values():
        by_system = {system: count for (system, done), count in counted.items() if done == word}
        if by_system or word in ("created", "updated", "deleted"):
            where = ", ".join(f"{system} {count}" for system, count in sorted(by_system.items()))
            parts.append(f"{word} {sum(by_system.values())}" + (f" ({where})" if where else ""))
    parts += [f"conflicts {summary.conflicts}", f"quarantined {summary.quarantined}", f"held {len(summary.held)}"]
    lines = [f"{summary.entity}{' would be' if planned else ''}: " + " · ".join(parts)]
    extra = []
    for entity, count in summary.derived.items():
        extra.append(f"{count} {entity} {'would follow' if planned else 'followed'} from it")
    for entity, count in summary.passed.items():
        extra.append(f"no {entity} follows from {count} of it, where the condition held at first sight")
    if summary.next_date is not None:
        wait = _counted(summary.awaiting, "record waits", "records wait")
        extra.append(f"{wait} for a date, the first for {_when(summary.next_date)}: run again then")
    if summary.losers:
        extra.append(f"{_counted(summary.losers, 'overwritten value is', 'overwritten values are')} in the journal")
    if summary.waiting:
        until = "" if summary.waits_until is None else f", the first until {_when(summary.waits_until)}: run again then"
        wait = _counted(summary.waiting, "record waits", "records wait")
        extra.append(
            f"{wait} for a create under way, for a deletion to be over, or for other systems' listings to catch up{until}"
        )
    if summary.deferred:
        wait = _counted(summary.deferred, "record waits", "records wait")
        extra.append(f"{wait} for others that they refer to: `status` tells for which")
    if summary.unknown:
        why = "; ".join(f"{system}: {message}" for system, message in summary.doubts.items())
        told = _counted(summary.unknown, "write with unknown outcome", "writes with unknown outcome") + (
            f" ({why})" if why else ""
        )
        extra.append(f"{told}: the next run looks before it repeats them")
    extra += [
        f"{where} was stored otherwise than sent, {times} times (W-NORM): its connector should say `normalises({declared})`"
        for where, (times, declared) in sorted(summary.normalised.items())
    ]
    extra += [
        f"{_counted(times, 'write of others was', 'writes of others were')} overwritten in {system} where they met ours, unseen: "
        "`audit show --action unseen-edit` names the records"
        for system, times in sorted(summary.between.items())
    ]
    extra += [
        f"{_counted(times, 'write', 'writes')} without an answer may have been undone by somebody in {system} (W-ABA): "
        "`audit show --action maybe-undone` names the records"
        for system, times in sorted(summary.undone.items())
    ]
    lines += [f"  {line}" for line in (*extra, *(f"held: {held}" for held in summary.held))]
    seen = ", ".join(f"{system} {count}" for system, count in summary.observed.items())
    sent = ", ".join(f"{system} {count}" for system, count in requests.items() if count)
    spent = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in summary.seconds.items())
    lines.append(
        "  " + " · ".join(part for part in (f"read {seen}", f"requests {sent}" if sent else "", spent) if part)
    )
    return lines


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(" ", "seconds" if at % 60 else "minutes")


def refusal_line(entity: str, system: str, remote_id: str, reason: str, field: str, detail: str, place: str) -> str:
    """One line for a record that waits for a person."""
    where = " ".join(part for part in (entity, system, remote_id) if part)
    return f"{where}: {field + ': ' if field else ''}{detail} ({reason})" + (f"  [{place}]" if place else "")


def waiting_line(row: Waiting, members: Mapping[str, str]) -> str:
    """One line for a record that waits for another: for whom, and what brings it on."""
    known = ", ".join(f"{system} {remote_id}" for system, remote_id in members.items())
    if row.remote_id == "=":
        return f"{row.entity} {known}: {row.field} waits for a {row.target} with the key that {row.system} shows"
    if row.remote_id:
        return (
            f"{row.entity} {known}: {row.field} waits for {row.target} {row.remote_id} of {row.system}, which is not in step: "
            "out of its map's `where`, without a key, or held"
        )
    return (
        f"{row.entity} {known}: {row.field} waits in {row.system} for a {row.target} (link {row.target_link}) that has no record "
        "there: not created by the sync's `create` clause, refused, or held"
    )


def run_line(run: PastRun, when: str) -> str:
    """One line for a past run."""
    parts = []
    for sync in run.summary.get("syncs", ()):
        counts = ", ".join(f"{word} {sync[word]}" for word in ("linked", *DONE.values()) if sync.get(word))
        parts.append(f"{sync['entity']}: {counts or 'nothing to do'}")
    took = "" if run.ended is None else f" in {run.ended - run.started:.1f} s"
    return f"run {run.run_id}  {when}  {run.status}{took}  " + "; ".join(parts)


def progress_stream() -> TextIO | None:
    """The terminal, if there is one to show progress on."""
    return sys.stderr if sys.stderr.isatty() else None
