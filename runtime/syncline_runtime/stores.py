"""The stores of durable state, a protocol for each part of it; the state store holds them together."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from syncline_runtime.rows import (
    EVERYTHING,
    Answer,
    AuditEntry,
    IntentRow,
    LinkRow,
    MemberRow,
    Only,
    OpenConflict,
    PastRun,
    Quarantined,
    Row,
    Waiting,
)
from syncline_runtime.traced import Alike, Trace, Wanted


class ReviewStore(Protocol):
    """The part of the state that is kept for people. Writers must be called inside the store's `transaction()`."""

    def quarantine(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, link_id, reason_code, field, detail, place, fingerprint, run_id)."""

    def release(self, rows: Iterable[Row]) -> None:
        """Out of quarantine: (entity, system, remote_id, link_id)."""

    def release_fields(self, rows: Iterable[Row]) -> None:
        """One field of each: (entity, system, remote_id, link_id, field)."""

    def release_records(self, entity: str, system: str, remote_ids: Sequence[str], kind: str = "") -> None:
        """Records without regard to a link, held for any reason or for one of a `kind` (record, identity)."""

    def release_untold(self, rows: Iterable[Row]) -> None:
        """What this run did not tell again of those it tells of: (entity, system, remote_id, link_id, run_id); refused
        writes stay."""

    def contest(self, rows: Iterable[Row]) -> list[tuple[int, str, str]]:
        """A value that was written did not stay: (entity, link_id, system, field, print, run_id); those (link, system, field) to
        which that happened three times with the same value, in runs that follow one another."""

    def fought(self, rows: Sequence[Row], since_run: int, since: float) -> list[Row]:
        """Of changes that are about to be agreed on, (entity, link_id, system, field, value), those with which a system has put its
        value in the place of another's for the third time, since a run or a time."""

    def name_records(self, rows: Iterable[Row]) -> None:
        """What is held of a record that had no id has one now: (remote_id, entity, system, link_id)."""

    def any_held_writes(self) -> bool:
        """Whether any link has something in quarantine."""

    def release_links(self, entity: str, link_ids: Iterable[int]) -> None:
        """Nothing is left to be written for these links."""

    def held_records(self, entity: str, system: str, remote_ids: Sequence[str]) -> set[str]:
        """Those of the records that are in quarantine without regard to a link."""

    def held_writes(self, entity: str) -> dict[tuple[int, str], list[tuple[str, bytes | None, str]]]:
        """Writes that were refused or held: (link, system) -> remote id, fingerprint, field at fault of each."""

    def quarantined(
        self, limit: int | None = None, *, only: Only = EVERYTHING, after: Quarantined | None = None
    ) -> list[Quarantined]:
        """Records that wait for a person, the first `limit` of those that come after one."""

    def quarantined_for(self, entity: str, code: str) -> list[tuple[Quarantined, bytes | None]]:
        """What waits of an entity for one reason, with the fingerprint of each."""

    def open_conflicts(self, rows: Iterable[Row]) -> None:
        """(link_id, field, entity, candidates, reason, line, run_id)."""

    def conflicts_of(self, link_ids: Sequence[int]) -> set[tuple[int, str]]: ...

    def close_conflicts(self, rows: Iterable[Row]) -> None:
        """(link_id, field)."""

    def conflicts(
        self, limit: int | None = None, *, only: Only = EVERYTHING, after: OpenConflict | None = None
    ) -> list[OpenConflict]:
        """Fields that wait for a person, the first `limit` of those that come after one."""

    def journal(self, rows: Iterable[Row]) -> None:
        """(run_id, at, kind, entity, link_id, system, field, value, kept, reason, line): rows of the audit, or `AuditEntry`."""

    def journal_entries(self, kind: str) -> list[Row]:
        """(entity, link_id, system, field, value, kept, reason, line), oldest first."""

    def drifts(self, link_id: int) -> dict[tuple[str, str], str | None]:
        """The values of kept drift that the journal told last: (system, field) -> value."""

    def history(self, link_id: int) -> list[AuditEntry]:
        """What is told of a link, oldest first."""

    def bury(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, link_id, generation, cause, snapshot, confirmed_at)."""

    def buried(self, entity: str, system: str, remote_ids: Sequence[str]) -> frozenset[str]:
        """Of some records, those that were deleted and did not come back."""

    def mark_dirty(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, not_before, reason)."""

    def clear_dirty(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id)."""

    def due(self, entity: str, system: str, now: float, *, after: str = "", limit: int | None = None) -> list[str]:
        """Ids to be read by now, quarantined records included: those that come after one, the first `limit`."""

    def next_due(self, entity: str) -> float | None:
        """When the first record is to be read again, None where none is."""

    def earliest_after(self, run_id: int) -> float | None:
        """When the runs after one began, by the clock of each: the least of these times, None where there was none."""

    def runs(self, limit: int) -> list[PastRun]: ...

    def counts(self, *names: str) -> dict[str, dict[str, int]]:
        """Per entity: live links, held links, records without a link, quarantined, conflicts, open intents; or those named."""


class EvolutionStore(Protocol):
    """The part of the state that changes when the spec does. All methods must be called inside the store's `transaction()`."""

    def unknown_outcomes(self) -> int:
        """How many writes are under way or have no known outcome."""

    def rename_entity(self, old: str, new: str) -> None: ...

    def rename_fields(self, entity: str, names: Mapping[str, str]) -> None: ...

    def rename_targets(self, entity: str, fields: Mapping[str, Collection[str]], names: Mapping[str, str]) -> None: ...

    def rename_members(self, entity: str, field: str, names: Mapping[str, str]) -> None: ...

    def forget_field(self, entity: str, field: str, *, agreed: bool, system: str | None) -> None: ...

    def forget_entity(self, entity: str) -> int: ...

    def forget_system(self, system: str, entity: str | None) -> int: ...

    def forget_cursor(self, entity: str, system: str) -> None: ...

    def holding(self, entity: str, field: str, values: Sequence[str]) -> int:
        """How many links have agreed on one of the values, alone or in a collection."""

    def drop_all_keys(self, entity: str) -> None: ...

    def shown(self, entity: str, system: str, after: int, limit: int) -> list[tuple[int, str, bytes]]:
        """Records that are not gone: (member_id, remote_id, what they show), those after `after`."""


class AnswerStore(Protocol):
    """What people decided. Writers must be called inside the store's `transaction()`."""

    def give(self, rows: Iterable[Row]) -> None:
        """(at, actor, kind, entity, link_id, system, remote_id, field, value, seen). An earlier one to the same is void."""

    def open(self, entity: str) -> list[Answer]:
        """Those that are still to be carried out, or hold for good, in the order in which they were given."""

    def close(self, rows: Iterable[Row]) -> None:
        """(state, run_id, told, answer_id): `done` or `void`, and what came of it."""

    def told_apart(self, entity: str) -> list[tuple[str, str, float]]:
        """The records of which a person said that each is one of its own, and when: (system, remote_id, at)."""

    def released(self, entity: str) -> dict[tuple[int, str], float]:
        """The creates (link, system) of which a person said that what has their key there is something else, and when."""


class AwaitingStore(Protocol):
    """The part of the state that keeps the dates that records wait for. Writers must be called inside `transaction()`."""

    def wait(self, rows: Iterable[Row]) -> None:
        """The next date of each link, and when it was looked at: (link_id, entity, due_at, looked_at)."""

    def forget(self, link_ids: Iterable[int]) -> None:
        """These links wait for nothing any more."""

    def looked_at(self, link_ids: Sequence[int]) -> dict[int, float]:
        """Of the links that wait, when their conditions were judged last."""

    def bring_back(self, entity: str, now: float) -> None:
        """Unsettle the links whose date has come; they stay noted until they are decided."""

    def next(self, entity: str) -> tuple[int, float] | None:
        """How many links wait for a date, and the first of these; None where none does."""


class InboxStore(Protocol):
    """What systems called about. Writers must be called inside the store's `transaction()`."""

    def receive(
        self, system: str, event_id: str, at: float, records: Sequence[tuple[str, str]], body_sha256: str
    ) -> bool:
        """Keep an event with the records (resource, remote id) it names; False for one that was kept before."""

    def waiting(self) -> dict[tuple[str, str], list[str]]:
        """The records that events name and nobody has marked yet: (system, resource) -> remote ids."""

    def take(self) -> None:
        """All that is waiting has been marked to be read."""

    def purge(self, before: float) -> None:
        """Forget the events of long ago."""


class ErasureStore(Protocol):
    """How the state forgets a person. Writers must be called inside the store's `transaction()`."""

    def close(self, link_ids: Sequence[int]) -> None:
        """These links are being erased: no run decides them any more, and their records stay theirs."""

    def leave(self, link_id: int, system: str, deleted_at: float | None) -> None:
        """The record of a system is done with: what is known of it is that it is left alone, and when it was deleted."""

    def forget(self, link_ids: Sequence[int]) -> int:
        """Forget the values of links and their records, in every table; how many rows held some. What was done stays, by ids."""

    def scrub(self) -> None:
        """Overwrite what was freed, in the file and in its log. Outside a transaction."""


class TraceStore(Protocol):
    """Where a person's values stand beside their own records."""

    def values(self, link_ids: Collection[int], fields: Mapping[str, frozenset[str]]) -> list[tuple[str, str, Any]]:
        """What links show, or once had agreed, in some fields of their entities: (entity, field, value as documents spell it)."""

    def of(self, wanted: Wanted, besides: Collection[int]) -> list[Trace]:
        """Where records of other links, or of none, show one of the values."""

    def alike(self, wanted: Wanted, besides: Collection[int]) -> list[Alike]:
        """Records of other links, or of none, that show just a value of the person in the same field; the first of them."""

    def forget(self, wanted: Wanted) -> int:
        """Forget what is only remembered, of whatever record, where one of the values stands in it; how many rows."""


class ReferringStore(Protocol):
    """The part of the state that keeps references the other way round. Writers must be called inside `transaction()`."""

    def put(self, rows: Sequence[Row]) -> None:
        """What each link refers to now, None for nothing: (entity, field, link_id, target)."""

    def of(self, entity: str, field: str, targets: Sequence[int]) -> dict[int, list[int]]:
        """By target, the links of an entity that refer to it in a field, in their order."""


class StateStore(Protocol):
    """Durable state, in batches. Writers must be called inside `transaction()`; rows are tuples of the columns they name."""

    identity: str

    @property
    def review(self) -> ReviewStore: ...

    @property
    def awaiting(self) -> AwaitingStore: ...

    @property
    def referring(self) -> ReferringStore: ...

    @property
    def evolution(self) -> EvolutionStore: ...

    @property
    def answers(self) -> AnswerStore: ...

    @property
    def inbox(self) -> InboxStore: ...

    @property
    def erasure(self) -> ErasureStore: ...

    @property
    def traces(self) -> TraceStore: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable at the end; refused when another process has taken the lease over."""

    def preview(self) -> AbstractContextManager[None]:
        """Everything inside is seen inside and undone at the end: the store of a plan."""

    def tentative(self) -> AbstractContextManager[Callable[[], None]]:
        """Everything inside is seen inside, and undone at the end unless the given callable was called: then all of it is kept."""

    def acquire(self, name: str, now: float, seconds: float) -> None:
        """Take the lease of a sync. Raises StateFailure while another living process holds it."""

    def release(self) -> None:
        """Give the lease back."""

    def begin_run(self, now: float, spec_sha256: str) -> int: ...

    def end_run(self, run_id: int, now: float, status: str, summary: Mapping[str, Any]) -> None: ...

    def setting(self, key: str) -> str | None: ...

    def save_setting(self, key: str, value: str) -> None: ...

    def cursor(self, entity: str, system: str) -> tuple[str | None, float | None] | None:
        """The stored high-water mark and when the last full listing ended; None before the first page."""

    def save_cursor(self, entity: str, system: str, value: str | None, run_id: int, full_at: float | None) -> None: ...

    def begin_listing(self, entity: str, system: str) -> bool:
        """Forget which ids the former full listing of `system` showed; they never outlive the connection. Whether any record is
        known that this one could miss."""

    def add_listed(self, system: str, remote_ids: Iterable[str]) -> None: ...

    def unlisted(self, entity: str, system: str, after: int, limit: int) -> list[MemberRow]:
        """Known members that the full listing did not show, gone ones aside."""

    def count_unlisted(self, entity: str, system: str) -> int:
        """Linked, live members that the full listing did not show."""

    def count_members(self, entity: str, system: str) -> int:
        """Linked, live members."""

    def troubled(self, entity: str, system: str) -> list[MemberRow]:
        """Members whose absence is suspected but not confirmed."""

    def members(self, entity: str, system: str, remote_ids: Sequence[str]) -> dict[str, MemberRow]: ...

    def stage(self, entity: str, system: str, rows: Iterable[Row]) -> None:
        """Records without a link: (remote_id, seen, version, as_of, first_seen, state)."""

    def see(self, rows: Iterable[Row]) -> None:
        """Accepted observations: (state, seen, version, as_of, missing_since, member_id)."""

    def renew_versions(self, rows: Iterable[Row]) -> None:
        """Same content under a new version: (version, member_id)."""

    def render(self, rows: Iterable[Row]) -> None:
        """What was sent where something else was stored: (renders, member_id)."""

    def rename(self, rows: Iterable[Row]) -> None:
        """Records that go on under another id: (remote_id, member_id)."""

    def forget_members(self, member_ids: Iterable[int]) -> None: ...

    def unlinked(self, entity: str, system: str, after: int, limit: int) -> list[MemberRow]: ...

    def any_unlinked(self, entity: str, system: str) -> bool:
        """Whether a system has records without a link, those included that are set aside."""

    def add_keys(self, rows: Iterable[Row]) -> set[tuple[str, str]]:
        """(entity, rule, key, system, remote_id). The records (system, remote_id) that share one of these keys with another."""

    def drop_keys(self, rows: Iterable[Row]) -> None:
        """(entity, rule, key, system, remote_id)."""

    def holders(
        self, entity: str, rule: int, keys: Sequence[str], *, gone: bool = False
    ) -> list[tuple[str, str, str, int | None, str]]:
        """Who holds each key: (key, system, remote_id, link_id, state), gone records left out unless asked for; a closed link
        counts as none."""

    def reserve_links(self, count: int) -> int:
        """The first of `count` new link ids."""

    def add_links(self, rows: Iterable[Row]) -> None:
        """(link_id, entity, generation, doc, unsettled, opened_run)."""

    def attach(self, rows: Iterable[Row]) -> None:
        """(link_id, shadow, seen, member_id). A shadow is a document or `SAME`, here and below."""

    def account(self, rows: Iterable[Row]) -> None:
        """What was decided upon: (state, shadow, seen, renders, member_id)."""

    def decided(self, rows: Iterable[Row]) -> None:
        """(doc, status, generation, unsettled, link_id); a doc of None stays as it is."""

    def close_links(self, rows: Iterable[Row]) -> None:
        """(cause, closed_run, link_id): tombstones. Their members stay attached, so that no survivor is taken for new."""

    def unsettle(self, link_ids: Iterable[int]) -> None:
        """Something has happened to these links: they are to be decided."""

    def unsettle_all(self, entity: str) -> None:
        """Look at every live link again: the spec has changed."""

    def settle(self, link_ids: Iterable[int]) -> None: ...

    def unsettled(self, entity: str, after: int, limit: int, *, as_seen: bool = True) -> list[LinkRow]:
        """Links in which something is left to do; without `as_seen` only those that are to be decided."""

    def link_as_seen(self, entity: str, system: str, rows: Sequence[Row], run_id: int) -> None:
        """Give records that nobody shares a key with a link each, agreed on what they show: (remote_id, doc, version, as_of)."""

    def part_shared(self, entity: str, records: Iterable[tuple[str, str]]) -> None:
        """Of the records (system, remote_id), take those out of their links that were linked as they were seen, and for which
        nothing was done since: they are to be placed together with whoever shares a key with them."""

    def part_all(self, entity: str, system: str) -> None:
        """The same for all records of a system: its listing was not complete."""

    def links(self, link_ids: Sequence[int]) -> list[LinkRow]: ...

    def members_of(self, link_ids: Sequence[int]) -> dict[int, list[MemberRow]]: ...

    def links_of(self, entity: str, system: str, remote_ids: Sequence[str]) -> dict[str, int]:
        """The link of each record that has one."""

    def remotes_of(self, entity: str, system: str, link_ids: Sequence[int]) -> dict[int, str]:
        """The record that each link has in a system, missing and gone ones left out."""

    def wait(self, rows: Iterable[Row]) -> None:
        """(link_id, entity, system, field, target, remote_id, target_link): a link waits until the record `remote_id` of `target`
        has a link, or ("") until `target_link` has a record in the system."""

    def stop_waiting(self, link_ids: Iterable[int]) -> None: ...

    def wake(self, entity: str) -> int:
        """Unsettle the links of `entity` that need wait no longer; how many there are."""

    def count_waiting(self, entity: str) -> int:
        """Links of `entity` that wait for others."""

    def waiting(self, limit: int | None = None) -> list[Waiting]:
        """Who waits for whom."""

    def lone(self, link_ids: Sequence[int]) -> dict[int, str]:
        """Of the links whose only record is live and accounted for, with nothing seen since: its system."""

    def systems_of(self, link_ids: Sequence[int], *, standing: bool = False) -> dict[int, frozenset[str]]:
        """The systems that have a record in each link, gone ones left out; `standing`: and those that have left it."""

    def count_links(self, entity: str) -> int:
        """Live links."""

    def write_ahead(
        self, where: tuple[str, str, str], rows: Sequence[Row], sent_at: float, resolve_after: float, run_id: int
    ) -> int:
        """Writes about to be sent, `where` (entity, system, op): (link_id, remote_id, sent, pre, if_version, body); their wave, a
        number that is never given twice. What is sent is a document or `SAME`."""

    def end_wave(self, wave_id: int) -> None:
        """All outcomes are known and recorded, or kept as intents."""

    def break_waves(self, entity: str, now: float) -> None:
        """After a crash: nobody knows what became of the writes that were under way, nor when the last of them was sent. They are
        given as long as each wave was from its beginning, from `now` on."""

    def idempotency_keys(self, wave_id: int, count: int) -> list[str]:
        """The keys of the writes of a wave, in order: never given twice."""

    def keep_intents(self, rows: Iterable[Row]) -> None:
        """Unknown outcomes: (link_id, entity, system, op, remote_id, sent, pre, if_version, resolve_after, run_id, sent_at,
        idempotency_key, body)."""

    def close_intents(self, intent_ids: Iterable[int]) -> None:
        """The outcome is known and recorded."""

    def postpone_intents(self, rows: Iterable[Row]) -> None:
        """Until when a write may still land: (resolve_after, intent_id)."""

    def give_up_intents(self, intent_ids: Iterable[int]) -> None:
        """The write can no longer land; kept, in case it does."""

    def given_up_creates(self, entity: str, system: str) -> list[bytes]:
        """What was sent by creates that were given up, and whose link is closed."""

    def open_intents(self, entity: str) -> list[IntentRow]: ...

    def purge_intents(self, before: float) -> None: ...

    def add_members(self, entity: str, system: str, rows: Iterable[Row]) -> None:
        """Created or adopted records: (remote_id, link_id, shadow, seen, renders, version, as_of, first_seen).

        A record that was staged before its creation was recognised is taken over."""

    def written(self, rows: Iterable[Row]) -> None:
        """Acknowledged updates: (shadow, seen, renders, version, as_of, member_id)."""
