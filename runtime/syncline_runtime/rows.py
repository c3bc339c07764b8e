"""Rows of the state, as the executor and people read them."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeAlias

Row: TypeAlias = tuple[Any, ...]
"""What is written: the columns each method names, in that order."""

SAME: Final = b""
"""In place of a document that is to be stored or sent: the document of its link, as that is stored."""


NO_VALUES: Final = b"{}"
"""The document of a link or record of which no field is known."""


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
    """A write whose outcome is not known. `body` is what was sent, where the same may be sent again under the same key."""

    intent_id: int
    link_id: int
    system: str
    op: str
    remote_id: str | None
    sent: bytes
    pre: bytes | None
    if_version: str | None
    resolve_after: float
    sent_at: float
    idempotency_key: str | None
    body: bytes | None
    run_id: int


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


class AuditEntry(NamedTuple):
    """A row of the audit: what happened to a field, a record or many records, who did it and why.

    `value` and `kept` are packed values (`pack_value`): what was there and what came of it; for a value that did not win, that
    value and the one that did. `reason` names the row of the decision table and the rule, `line` that of the spec. `batch`: the
    records of one wave, each (link_id, remote_id, its document; read back: the document's code). `seq` is given when it is
    stored.
    """

    run_id: int
    at: float
    action: str
    entity: str
    link_id: int
    system: str = ""
    field: str = ""
    value: str | None = None
    kept: str | None = None
    reason: str = ""
    line: int = 0
    actor: str = "engine"
    batch: Sequence[tuple[int, str, bytes]] | None = None
    seq: int = 0


class Only(NamedTuple):
    """Of what waits for a person, that of an entity, a field, a kind; or what is about some links or records (system, id)."""

    entity: str | None = None
    field: str | None = None
    kind: str | None = None
    links: Sequence[int] | None = None
    records: Sequence[tuple[str, str]] = ()

    @property
    def named(self) -> bool:
        """Whether single links or records are asked for."""
        return self.links is not None


EVERYTHING: Final = Only()
