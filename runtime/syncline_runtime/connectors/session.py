"""A session with one HTTP system: credentials, budget, retries, and answers turned into facts."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from syncline_runtime.answering import (
    Accept,
    Facts,
    Fail,
    Failure,
    Purpose,
    Refresh,
    Retry,
    Rules,
    judge,
    retry_after,
)
from syncline_runtime.connectors.calls import (
    Lookup,
    Unfilled,
    base_of,
    filled,
    settings_in,
    text_of,
    with_query,
)
from syncline_runtime.connectors.decoding import NotJson, decode
from syncline_runtime.connectors.paths import MISSING, at, text_at, texts_at
from syncline_runtime.connectors.transport import Reply, Request, Transport, TransportFailure, UnusableWay
from syncline_runtime.declaration import WAYS, Call, Connector, HeaderAuth, Login, System, Text
from syncline_runtime.ports import Clock, Limiter, Outcome, Refused, Stale, SystemFailure, Unavailable, Unknown
from syncline_runtime.settings import SecretText, Settings, plain

LOG_IN: Final = "log in"
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Answered:
    """A good answer: what stands in it, its headers, when its request was sent, and the server's time less the exchange's."""

    document: Any
    headers: Mapping[str, str]
    sent_at: float
    server_time: datetime | None


@dataclass(frozen=True, slots=True)
class Failed:
    """No good answer; `status` is the last one seen, `failure` says why there is none."""

    outcome: Outcome
    status: int | None = None
    failure: Failure | None = None


Compose: TypeAlias = Callable[[str, Connector, Call, Lookup], Request]
"""(base, connector, call, lookup) -> request, without credentials. Raises UnsafeId."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What tells the HTTP protocols apart: how a call becomes a request, where the payload and an error stand."""

    compose: Compose
    payload: str
    in_success: str


class Session:
    """All exchanges with one system instance."""

    def __init__(
        self,
        system: System,
        settings: Settings,
        clock: Clock,
        limiter: Limiter,
        dialect: Dialect,
        jitter: Callable[[], float],
    ) -> None:
        self.system = system
        self.connector = system.connector
        self._settings = dict(settings)
        self._secrets = _spellings([value.reveal() for value in settings.values() if isinstance(value, SecretText)])
        self._tokens: list[SecretText] = []
        self._clock = clock
        self._limiter = limiter
        self._dialect = dialect
        self._jitter = jitter
        self._calls_at_once = asyncio.Semaphore(max(1, self.connector.concurrency))
        self._logging_in = asyncio.Lock()
        self._credentials: dict[str, str] = {}
        self._transport: Transport | None = None
        self.base = ""

    def lookup(self, slots: Mapping[str, Any]) -> Lookup:
        """Slots first, then settings."""

        def find(name: str) -> Any:
            return slots[name] if name in slots else plain(self._settings[name])

        return find

    async def open(self) -> None:
        """Check the address and log in. Raises SystemFailure."""
        if self.connector.base is None:
            raise SystemFailure(self.system.name, f"the connector {self.connector.name} declares no base address")
        try:
            self.base = base_of(self.connector.base, self.lookup({}))
        except (ValueError, Unfilled) as error:
            raise SystemFailure(
                self.system.name,
                f"the base address cannot be used: {self.redacted(str(error))}",
                setting=" or ".join(sorted(settings_in(self.connector.base))),
            ) from None
        ways = {name: str(plain(self._settings[name])) for name in WAYS if name in self._settings}
        try:
            self._transport = Transport(
                timeout_seconds=self.connector.timeout_seconds,
                encrypted=self.base.startswith("https:"),
                **ways,
            )
        except UnusableWay as error:
            raise SystemFailure(self.system.name, self.redacted(str(error)), setting=error.setting) from None
        match self.connector.auth:
            case HeaderAuth(header=header, value=value, encode=encode):
                text = text_of(value, self.lookup({}))
                if encode == "basic":
                    text = f"Basic {base64.b64encode(text.encode()).decode()}"
                self._keep({header: text})
            case Login() as login:
                await self._log_in(login, stale=None)
            case None:
                pass

    async def close(self) -> None:
        """Release connections."""
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    async def exchange(
        self,
        call: Call,
        slots: Mapping[str, Any],
        purpose: Purpose,
        *,
        missing: tuple[int, ...] = (404,),
        locked: bool = False,
        idempotent: bool = False,
        url: str | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered | Failed:
        """Make `call`, again where that is safe, until it is answered or given up.

        `url` replaces the address (a next page's), `query` and `headers` are added; `idempotent` says that an idempotency key
        is among them. Raises UnsafeId, and SystemFailure where the session cannot be renewed.
        """
        request = self._composed(call, slots, headers or {})
        if url is not None or query:
            request = replace(request, url=with_query(url or request.url, query or {}))
        rules = Rules(
            throttle=self.connector.throttle,
            refresh_on=self.connector.auth.refresh_on if isinstance(self.connector.auth, Login) else (),
            missing=missing,
            stale=self.connector.errors.stale,
            locked=locked,
            idempotent=idempotent,
        )
        return await self._settled(request, purpose, rules)

    def redacted(self, text: str) -> str:
        """A text for people: one line, without control characters, of bounded length, secrets as `***`."""
        for secret in (*self._tokens, *self._secrets):
            text = text.replace(secret.reveal(), "***")
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"

    def failure(self, failed: Failed, doing: str) -> SystemFailure:
        """What a failed read or login means for the run, in one line."""
        match failed.outcome:
            case Refused(code=code, message=message):
                told = message if code in ("", str(failed.status)) or code in message else f"{code}: {message}"
            case Stale(message) | Unavailable(message) | Unknown(message):
                told = message
            case _:
                told = f"HTTP {failed.status}"
        if failed.status is None:
            unheard = failed.failure in (Failure.NOT_SENT, Failure.NO_ANSWER)
            setting = self._base_settings() if unheard else ""
            return SystemFailure(self.system.name, f"could not {doing}: {told}", setting=setting)
        status = f"HTTP {failed.status}"
        answer = told if told.startswith(status) else f"{status}: {told}"
        if doing == LOG_IN and failed.status in (404, 410):
            problem = "there is nothing to log in to at its address"
            return SystemFailure(self.system.name, problem, setting=self._base_settings(), answer=answer)
        if failed.status == 401 or (doing == LOG_IN and isinstance(failed.outcome, Refused)):
            problem = "the credentials are not accepted"
        elif failed.status == 403:
            problem = f"the credentials do not suffice to {doing}"
        else:
            return SystemFailure(self.system.name, f"could not {doing}", answer=answer)
        return SystemFailure(self.system.name, problem, setting=" or ".join(self._credential_settings()), answer=answer)

    def _composed(self, call: Call, slots: Mapping[str, Any], extra: Mapping[str, str]) -> Request:
        try:
            request = self._dialect.compose(self.base, self.connector, call, self.lookup(slots))
            constant = {name: text_of(text, self.lookup({})) for name, text in self.connector.headers.items()}
        except Unfilled as error:
            raise SystemFailure(
                self.system.name,
                f"the connector {self.connector.name} calls {call.target.template} with a placeholder that nothing fills",
                setting=str(error.args[0]),
            ) from None
        headers = {"Accept": "application/json", **constant, **request.headers, **extra}
        return replace(request, headers=headers)

    async def _settled(self, request: Request, purpose: Purpose, rules: Rules) -> Answered | Failed:
        refreshed = False
        attempt = 0
        while True:
            attempt += 1
            credentials = {} if purpose is Purpose.LOGIN else self._credentials
            facts, answered = await self._once(
                replace(request, headers={**request.headers, **credentials}) if credentials else request
            )
            verdict = judge(facts, purpose, rules, attempt=attempt, refreshed=refreshed, jitter=self._jitter())
            match verdict:
                case Accept() if answered is not None:
                    return answered
                case Refresh() if isinstance(self.connector.auth, Login):
                    refreshed = True
                    attempt -= 1
                    await self._log_in(self.connector.auth, stale=credentials)
                case Retry(after, throttled):
                    if throttled:
                        self._limiter.throttled(after)
                    await self._clock.sleep(after)
                case Fail(outcome):
                    return Failed(outcome, facts.status, facts.failure)
                case _:
                    raise AssertionError(f"{verdict} without an answer")

    async def _once(self, request: Request) -> tuple[Facts, Answered | None]:
        if self._transport is None:
            raise SystemFailure(self.system.name, "it is not open")
        async with self._calls_at_once:
            await self._limiter.acquire()
            sent_at = self._clock.now()
            try:
                reply = await self._transport.send(request)
            except TransportFailure as failure:
                return Facts(failure=failure.failure, message=self.redacted(str(failure))), None
        return self._facts(reply, sent_at)

    def _facts(self, reply: Reply, sent_at: float) -> tuple[Facts, Answered | None]:
        good = 200 <= reply.status < 300
        if 300 <= reply.status < 400:
            where = self.redacted(reply.headers.get("location", "nowhere"))
            return Facts(
                status=reply.status, failure=Failure.UNSAFE, message=f"it redirects to {where}, which is not followed"
            ), None
        document: Any = None
        if reply.body and (good or "json" in reply.headers.get("content-type", "")):
            try:
                document = decode(reply.body)
            except NotJson as error:
                if good:
                    text = self.redacted(f"the answer cannot be read: {error}")
                    return Facts(status=reply.status, failure=Failure.UNREADABLE, message=text), None
        errors = self.connector.errors
        if good and document is not None:
            marked = at(document, errors.in_success or self._dialect.in_success) if self._in_success() else MISSING
            failed = marked is not MISSING and bool(marked)
        else:
            failed = not good and bool(text_at(document, errors.message) or text_at(document, errors.code))
        now = self._clock.now()
        facts = Facts(
            status=reply.status,
            retry_after=retry_after(reply.headers.get("retry-after"), now),
            error=failed,
            code=self.redacted(text_at(document, errors.code)) if failed else "",
            message=self.redacted(self._message(document, reply, failed)),
            fields={name: self.redacted(text) for name, text in texts_at(document, errors.fields).items()}
            if failed and errors.fields
            else {},
        )
        if not good or failed:
            return facts, None
        payload = at(document, self._dialect.payload) if document is not None else None
        return facts, Answered(
            None if payload is MISSING else payload, reply.headers, sent_at, _server_time(reply, now - sent_at)
        )

    def _in_success(self) -> bool:
        return bool(self.connector.errors.in_success or self._dialect.in_success)

    def _message(self, document: Any, reply: Reply, failed: bool) -> str:
        if failed:
            return text_at(document, self.connector.errors.message)
        if 200 <= reply.status < 300:
            return ""
        if document is not None:
            found = text_at(document, "message | error.message | error | detail | title")
            return found or ""
        if "text/plain" in reply.headers.get("content-type", ""):
            return reply.body[:_SHOWN].decode("utf-8", "replace")
        return ""

    async def _log_in(self, login: Login, stale: Mapping[str, str] | None) -> None:
        """Get a new token, unless somebody did since the one in `stale` was found wanting. Raises SystemFailure."""
        async with self._logging_in:
            if stale is not None and self._credentials != stale:
                return
            result = await self._settled(
                self._composed(login.call, {}, {}), Purpose.LOGIN, Rules(throttle=self.connector.throttle, attempts=3)
            )
            if isinstance(result, Failed):
                raise self.failure(result, LOG_IN)
            token = self._token(login, result.document)
            if not token:
                raise SystemFailure(
                    self.system.name,
                    "the credentials are not accepted: the answer to the login holds no token",
                    setting=" or ".join(self._credential_settings()),
                )
            if login.encode == "base64":
                token = base64.b64encode(token.encode()).decode()
            self._keep({login.header: login.prefix + token})

    def _token(self, login: Login, document: Any) -> str:
        def lookup(name: str) -> Any:
            found = at(document, name)
            if found is not MISSING and not isinstance(found, Mapping | list):
                return found
            return plain(self._settings[name])

        try:
            match login.token:
                case str() as path:
                    found = at(document, path)
                    return found if isinstance(found, str) else ""
                case template:
                    return str(filled(template, lookup))
        except Unfilled:
            return ""

    def _keep(self, credentials: dict[str, str]) -> None:
        bad = [name for name, value in credentials.items() if not value.isascii() or not value.isprintable()]
        if bad:
            raise SystemFailure(
                self.system.name,
                f"the credentials cannot be sent in the header {bad[0]}: they hold a line break or a character beyond ASCII",
                setting=" or ".join(self._credential_settings()),
            )
        self._credentials = credentials
        # Of a token, the last one too: a late answer may still repeat it.
        words = [word for value in credentials.values() for word in value.split()]
        self._tokens = [*_spellings(words), *self._tokens[:6]]

    def _credential_settings(self) -> list[str]:
        match self.connector.auth:
            case Login(call=call, token=token):
                names = settings_in(call) | settings_in(token)
            case HeaderAuth(value=value):
                names = settings_in(value)
            case None:
                names = frozenset()
        return sorted(names & self._settings.keys())

    def _base_settings(self) -> str:
        base: Text | None = self.connector.base
        return " or ".join(sorted(settings_in(base))) if base is not None else ""


def _spellings(secrets: list[str]) -> list[SecretText]:
    """Each secret, and the forms in which an answer might repeat it; too short ones would only blot out other text."""
    forms = {
        form
        for secret in secrets
        if len(secret) >= 4
        for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode())
    }
    return [SecretText(form) for form in sorted(forms, key=len, reverse=True)]


def _server_time(reply: Reply, elapsed: float) -> datetime | None:
    try:
        return parsedate_to_datetime(reply.headers["date"]) - timedelta(seconds=1 + max(0.0, elapsed))
    except (KeyError, ValueError):
        return None
