"""A log of a run: one line for each event, as JSON or as `name=value`; ids, fields, rules and counts, never a value of a record."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from syncline_runtime.executing.context import Reporter
from syncline_runtime.executor import Report
from syncline_runtime.records import ActionKind, Correlation, Decision
from syncline_runtime.telling import Redacted

Format: TypeAlias = Literal["json", "text"]
LOG_VERSION: Final = 1
"""Of the JSON lines, in the one that begins a run; bumped when a reader of the former would misread."""


class Logged:
    """A reporter that logs what it is told and passes it on; `run_id` is asked at the first event, when there is a run."""

    def __init__(
        self, inner: Reporter, out: Redacted, format_: Format, now: Callable[[], float], run_id: Callable[[], int]
    ) -> None:
        self.telling = inner.telling
        self._inner = inner
        self._out = out
        self._as_json = format_ == "json"
        self._now = now
        self._run_id = run_id
        self._run: int | None = None

    def phase(self, entity: str, phase: str, done: int) -> None:
        self._event("phase", entity=entity, phase=phase, done=done)
        self._inner.phase(entity, phase, done)

    def decided(self, decision: Decision) -> None:
        link = decision.link
        about = {"entity": link.entity, "link": link.link_id}
        for change in decision.changes:
            self._event(
                "agreed",
                **about,
                field=change.field,
                origin=change.origin or "",
                row=change.row,
                rule=change.rule,
                line=change.line,
            )
        for loser in decision.losers:
            self._event("overwritten", **about, field=loser.field, system=loser.system, line=loser.line)
        for conflict in decision.conflicts:
            self._event(
                "conflict", **about, field=conflict.field, systems=sorted(conflict.candidates), line=conflict.line
            )
        for action in decision.actions:
            self._event(
                "held" if action.kind is ActionKind.HOLD else "planned",
                **about,
                action=action.kind.value,
                system=action.system,
                id=action.remote_id or "",
                fields=sorted(action.fields),
                line=action.line,
            )
        self._inner.decided(decision)

    def placed(self, entity: str, system: str, remote_id: str, correlation: Correlation) -> None:
        if correlation.action != "create":
            self._event(
                "placed",
                entity=entity,
                system=system,
                id=remote_id,
                situation=correlation.situation.value,
                action=correlation.action,
                rule=correlation.rule,
            )
        self._inner.placed(entity, system, remote_id, correlation)

    def refused(
        self, entity: str, system: str, remote_id: str, reason: str, field: str, detail: str, place: str
    ) -> None:
        # What a server says of a record may quote it: the reason's code is enough, `review` shows the rest.
        self._event("refused", entity=entity, system=system, id=remote_id, reason=reason, field=field, place=place)
        self._inner.refused(entity, system, remote_id, reason, field, detail, place)

    def end(self, report: Report, requests: Mapping[str, int]) -> None:
        """What the run came to."""
        for summary in report.summaries:
            document = summary.document()
            counts = {name: value for name, value in document.items() if isinstance(value, int)}
            self._event(
                "done", entity=summary.entity, **counts, observed=summary.observed, by_system=document["by_system"]
            )
        for system, line in report.failures.items():
            self._event("failed", system=system, problem=line)
        self._event("end", status=report.status, exit_code=report.exit_code, requests=dict(requests))

    def problem(self, line: str) -> None:
        """One line for people that ends the run or goes with its end."""
        self._event("problem", text=line)

    def begin_anew(self) -> None:
        """What comes next is of another run."""
        self._run = None

    def aside(self, event: str, **values: Any) -> None:
        """An event of no run."""
        self._line({"at": self._at(), "event": event, **values})

    def _event(self, event: str, **values: Any) -> None:
        if self._run is None:
            self._run = self._run_id()
            self._event("begin", log_version=LOG_VERSION)
        self._line({"at": self._at(), "run": self._run, "event": event, **values})

    def _at(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds")

    def _line(self, line: Mapping[str, Any]) -> None:
        self._out.line(
            json.dumps(line) if self._as_json else " ".join(f"{name}={_spelled(line[name])}" for name in line)
        )


def _spelled(value: Any) -> str:
    match value:
        case list():
            text = ",".join(map(str, value))
        case dict():
            text = json.dumps(value)
        case _:
            text = str(value)
    return json.dumps(text) if not text or not text.isprintable() or any(one in text for one in ' "=') else text
