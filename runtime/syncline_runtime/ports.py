"""The ports of the executor. Behind each stands a connector, a store, a clock or a limiter; in simulation, a twin."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from syncline_runtime.declaration import Condition
from syncline_runtime.values import Native

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True)
class NativeRecord:
    """A record as delivered; `version` is the raw text of the resource's version field (or its ETag)."""

    remote_id: str
    native: Native
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Unidentified:
    """What stands where a record is expected, and cannot be told from others: `place` says where ("page 2, record 7"), `why` what
    is wrong ("has no id"); `native` is what it shows, None where it is no record at all."""

    place: str
    why: str
    native: Native | None = None


Reading: TypeAlias = NativeRecord | Unidentified | None
"""What is answered for one id: None where there is no such record, Unidentified where something stands that is no record."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `cursor` is the true high-water mark of all pages so far, to be stored once this page is accounted
    for; `read_at` is when its request was sent. `unidentified` are those of its records that nobody can call by an id: with one
    of them a listing is no evidence of what is not in it."""

    records: Sequence[NativeRecord]
    cursor: str | None
    read_at: float
    last: bool
    unidentified: Sequence[Unidentified] = ()


@dataclass(frozen=True, slots=True)
class Deletions:
    """One page of a feed of deletions: the `ids` of records that are told to be gone, and a `cursor` as that of a Page;
    `unidentified` are those of its items that name no record."""

    ids: Sequence[str]
    cursor: str | None
    unidentified: Sequence[Unidentified] = ()


@dataclass(frozen=True, slots=True)
class Write:
    """One write: `native` by resource field name, only what is to change (all of it for a create)."""

    native: Native
    remote_id: str | None = None
    version: str | None = None  # expected, where the resource has a lock
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """The write happened. `record` is what the system says it stored, None where it does not say; `as_sent` that it shows each
    field that was sent just as it was sent, False where nobody compared; `read_back` that it was read afterwards, so that
    somebody may have edited it since."""

    remote_id: str
    record: NativeRecord | None = None
    as_sent: bool = False
    read_back: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The write definitely did not happen and will not by repeating it (4xx). `fields` are native names with messages."""

    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stale:
    """The record changed since it was read (412, 409): observe again and decide again."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """The record is not there (404, 410)."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The write did not happen, the system is busy or down; retries are used up for this run."""

    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether the write happened (time-out, reset, 502, 504)."""

    message: str


Outcome: TypeAlias = Applied | Refused | Stale | Gone | Unavailable | Unknown


class SystemFailure(Exception):
    """A system cannot be used at all in this run: wrong credentials, unreachable, a listing that fails after retries.

    `system`, `setting` (the one at fault, if known), `answer` (what the server said) and `remedy` make one line for people.
    """

    def __init__(self, system: str, problem: str, *, setting: str = "", answer: str = "", remedy: str = "") -> None:
        super().__init__(problem)
        self.system, self.problem, self.setting, self.answer, self.remedy = system, problem, setting, answer, remedy

    def __str__(self) -> str:
        parts = [f"{self.system}: {self.problem}"]
        if self.setting:
            parts.append(f"setting {self.setting}")
        if self.answer:
            parts.append(f"the server answered: {self.answer}")
        if self.remedy:
            parts.append(self.remedy)
        return "; ".join(parts)


class System(Protocol):
    """A system instance, behind its protocol. Retries, throttling and the rate budget are inside."""

    name: str

    async def open(self) -> None:
        """Log in and check the settings. Raises SystemFailure."""

    async def close(self) -> None:
        """Release connections."""

    def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        """List a resource page by page, all of it or (with `since`, a stored cursor) what changed. Raises SystemFailure."""

    def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        """What the feed of a resource's deletions (`Resource.deleted`) tells, page by page, all of it or from a stored cursor on.
        Raises SystemFailure."""

    async def read(self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]) -> Mapping[str, Reading]:
        """Read records by id. Raises SystemFailure."""

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Create records; one outcome each, in order."""

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Update records; one outcome each, in order."""

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Delete records; one outcome each, in order."""


class Clock(Protocol):
    """Time is a port: `now` in seconds since the epoch, `sleep` in seconds."""

    def now(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Limiter(Protocol):
    """The call budget of one system instance, shared by all its users."""

    async def acquire(self, calls: int = 1) -> None: ...

    def throttled(self, retry_after: float) -> None:
        """Nobody calls before `retry_after` seconds have passed."""
