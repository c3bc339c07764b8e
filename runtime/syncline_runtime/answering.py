"""What an answer means: (status or failure, facts of the body, attempt) -> Accept | Refresh | Retry | Fail. Pure.

A write is repeated only when it certainly did not happen; where nobody knows, the outcome is Unknown and never repeated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import TypeAlias

from syncline_runtime.ports import Gone, Outcome, Refused, Stale, Unavailable, Unknown


class Failure(Enum):
    """How a call ended without an answer that can be understood."""

    NOT_SENT = "no connection"
    NO_ANSWER = "no complete answer"  # sent, then a time-out or a broken connection
    UNREADABLE = "an answer that cannot be read"  # too large, not JSON, not what was agreed
    UNSAFE = "an answer that is refused"  # a redirect, another host


class Purpose(Enum):
    """What the call is for."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    LOGIN = "login"

    @property
    def writes(self) -> bool:
        """Whether repeating the call could do something twice."""
        return self in (Purpose.CREATE, Purpose.UPDATE, Purpose.DELETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One answer, or the lack of one. `error` says that the body carries an error in the system's own form."""

    status: int | None = None
    failure: Failure | None = None
    retry_after: float | None = None
    error: bool = False
    code: str = ""
    message: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the connector declares of its answers, and how long we try."""

    throttle: tuple[int, ...] = (429,)
    refresh_on: tuple[int, ...] = ()
    missing: tuple[int, ...] = (404,)
    stale: tuple[str, ...] = ()
    locked: bool = False  # the write carries an expected version: 409 and 412 speak of it
    idempotent: bool = False  # the write carries an idempotency key: repeating it is safe
    attempts: int = 5
    longest_wait: float = 120.0


@dataclass(frozen=True, slots=True)
class Accept:
    """The answer is good."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """The session has ended: log in again and repeat the call, once."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Repeat the call after `after` seconds; `throttled`: nobody else should call before, either."""

    after: float
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    """Give up on this call in this run."""

    outcome: Outcome


Verdict: TypeAlias = Accept | Refresh | Retry | Fail


def judge(facts: Facts, purpose: Purpose, rules: Rules, *, attempt: int, refreshed: bool, jitter: float) -> Verdict:
    """The verdict on attempt number `attempt` (from 1); `jitter` is a random number in [0, 1)."""
    if facts.failure is not None:
        return _without_answer(facts, purpose, rules, attempt, jitter)
    status = facts.status or 0
    if facts.error and facts.code and facts.code in rules.stale:
        return Fail(Stale(facts.message))
    if status in rules.throttle or status == 425 or (status == 503 and facts.retry_after is not None):
        return _again(facts, rules, attempt, jitter, throttled=True)
    if status in rules.refresh_on and not refreshed and purpose is not Purpose.LOGIN:
        return Refresh()
    if 200 <= status < 300:
        return Fail(_refused(facts)) if facts.error else Accept()
    if status in rules.missing or status == 410:
        return Fail(_refused(facts) if purpose in (Purpose.CREATE, Purpose.LOGIN) else Gone())
    if status == 412 or (status == 409 and rules.locked):
        return Fail(Stale(facts.message))
    if status == 401 and purpose.writes:
        # The session is at fault, not the record: nothing is wrong with it that a person should mend.
        return Fail(Unavailable(_told(facts)))
    if status == 408 or (status >= 500 and (purpose.writes or status not in (501, 505))):
        return _server_trouble(facts, purpose, rules, attempt, jitter)
    return Fail(_refused(facts))


def _without_answer(facts: Facts, purpose: Purpose, rules: Rules, attempt: int, jitter: float) -> Verdict:
    match facts.failure:
        case Failure.NOT_SENT:
            return _again(facts, rules, attempt, jitter)
        case Failure.NO_ANSWER if not purpose.writes or rules.idempotent:
            verdict = _again(facts, rules, attempt, jitter)
            return Fail(Unknown(facts.message)) if purpose.writes and isinstance(verdict, Fail) else verdict
        case _:
            # An answer that cannot be read comes from a server that did something.
            return Fail(Unknown(facts.message) if purpose.writes else Unavailable(facts.message))


def _server_trouble(facts: Facts, purpose: Purpose, rules: Rules, attempt: int, jitter: float) -> Verdict:
    """A 5xx. A gateway's says nothing about the write behind it; a 500 in the system's own form says that it failed."""
    if not purpose.writes or rules.idempotent or (facts.status == 500 and facts.error):
        verdict = _again(facts, rules, attempt, jitter)
        undecided = rules.idempotent and not (facts.status == 500 and facts.error)
        return Fail(Unknown(_told(facts))) if undecided and isinstance(verdict, Fail) else verdict
    return Fail(Unknown(_told(facts)))


def _again(facts: Facts, rules: Rules, attempt: int, jitter: float, *, throttled: bool = False) -> Verdict:
    wait = backoff(attempt, jitter)
    if facts.retry_after is not None:
        # A server that says 0 is asked again soon, yet not at once: some say 0 and mean "later".
        wait = max(facts.retry_after, wait / 8)
    if attempt >= rules.attempts:
        return Fail(Unavailable(f"{_told(facts)} ({attempt} attempts)"))
    if wait > rules.longest_wait:
        return Fail(Unavailable(f"{_told(facts)} (asks to wait {wait:.0f} s)"))
    return Retry(wait, throttled)


def backoff(attempt: int, jitter: float) -> float:
    """Seconds to wait after attempt number `attempt`: doubling from one to thirty, of which half is left to chance."""
    longest: float = min(30.0, 2.0 ** (attempt - 1))
    return longest * (0.5 + 0.5 * jitter)


def _refused(facts: Facts) -> Refused:
    return Refused(facts.code or str(facts.status), facts.message or f"HTTP {facts.status}", facts.fields)


def _told(facts: Facts) -> str:
    if facts.status is None:
        return facts.message
    return f"HTTP {facts.status}: {facts.message}" if facts.message else f"HTTP {facts.status}"


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for: a number, or a date (RFC 9110 §10.2.3); None where it says nothing."""
    if not value:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    return max(0.0, seconds) if seconds == seconds and seconds != float("inf") else None
