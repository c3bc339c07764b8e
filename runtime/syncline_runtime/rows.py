"""Rows of the state, as the executor and people read them."""

from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = tuple[Any, ...]
"""What is written: the columns each method names, in that order."""


class MemberRow(NamedTuple):
    """A row of `member` as the executor reads it; documents are packed."""

    member_id: int
    system: str
    remote_id: str
    link_id: int | None
    state: str
    shadow: bytes | None
    seen: bytes | None
    renders: bytes | None
    version: str | None
    as_of: float
    missing_since: float | None
    first_seen: float


class LinkRow(NamedTuple):
    """A row of `link`."""

    link_id: int
    generation: int
    status: str
    doc: bytes
    opened_run: int


class IntentRow(NamedTuple):
    """A write whose outcome is not known."""

    intent_id: int
    link_id: int
    system: str
    op: str
    remote_id: str | None
    sent: bytes
    pre: bytes | None
    if_version: str | None
    resolve_after: float


class Quarantined(NamedTuple):
    """A record that waits for a person; `place` is `file:line` of the spec."""

    entity: str
    system: str
    remote_id: str
    link_id: int
    reason_code: str
    field: str
    detail: str
    place: str
    first_run: int
    last_run: int
    times: int


class OpenConflict(NamedTuple):
    """A field that waits for a person; `candidates` maps system to packed value."""

    link_id: int
    field: str
    entity: str
    candidates: str
    reason: str
    line: int
    opened_run: int


class Waiting(NamedTuple):
    """A link that waits for another record: for the link of `remote_id`, or ("") until `target_link` has a record in `system`."""

    link_id: int
    entity: str
    system: str
    field: str
    target: str
    remote_id: str
    target_link: int


class PastRun(NamedTuple):
    """A run; `summary` as `end_run` was given it."""

    run_id: int
    started: float
    ended: float | None
    status: str
    summary: dict[str, Any]


class Answer(NamedTuple):
    """What a person decided: `kind` is take, delete, keep, recreate, link, separate, retry, dismiss or approve; `value` is packed,
    or names the other record; `seen` is what the person decided upon: if that changed, the answer is void."""

    answer_id: int
    at: float
    actor: str
    kind: str
    entity: str
    link_id: int
    system: str
    remote_id: str
    field: str
    value: str | None
    seen: str
    state: str
    run_id: int
    told: str
