"""Webhooks of simulated systems: signed, sent, lost, repeated, late, out of order; by the real door into the real inbox."""

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from syncline_runtime.declaration import Package, Resource
from syncline_runtime.receiving import PATH, Door
from syncline_runtime.signing import Signing
from syncline_runtime.simulation.matching import placed
from syncline_runtime.simulation.server import Server, Table
from syncline_runtime.simulation.world import World
from syncline_runtime.state import SqliteStore, StateFailure
from syncline_runtime.values import Native
from syncline_runtime.webhooks import Event

_KEY: Final = b"the secret that only two share.."
_TRIES: Final = 4
_AGAIN_SECONDS: Final = 20.0


class _Call(NamedTuple):
    """One webhook: `shown` is the record as it was when it changed, None for one that is gone."""

    system: str
    event_id: str
    body: bytes
    place: tuple[str, str, str]
    shown: Native | None


@dataclass(slots=True)
class Hooks:
    """The way from systems to the inbox. `opened` opens the state between runs; `inbox_of_run` is that of the run under way.

    `payloads` are what accepted calls said of records (system, resource, id), for an engine that believes them.
    """

    package: Package
    world: World
    opened: Callable[[], SqliteStore]
    payloads: dict[tuple[str, str, str], Native | None] = field(default_factory=dict)
    listening: bool = True
    _run: SqliteStore | None = None
    _idle: SqliteStore | None = None
    _door: Door | None = None
    _serial: int = 0

    def connect(self, servers: Mapping[str, Server]) -> None:
        """From now on, systems call about what changes in them."""
        calling = {name: server for name, server in servers.items() if server.declared.connector.webhooks is not None}
        self._door = Door(
            dict.fromkeys(calling, Signing("standard", _KEY)),
            {name: server.declared.resources for name, server in calling.items()},
            keep=self._keep,
            now=self.world.now,
            tell=lambda line: self.world.tell("door", "refuses", line.partition(":")[0]),
        )
        for name, server in calling.items():
            server.changed = lambda table, remote_id, name=name: self._call(name, table, remote_id)  # type: ignore[misc]

    def begin(self, store: SqliteStore) -> None:
        """A run begins, over this state; whoever was down listens again."""
        self.rest()
        self._run, self.listening = store, True

    def end(self, *, listening: bool) -> None:
        """The run is over; the process goes on listening unless it died."""
        self._run, self.listening = None, listening

    def rest(self) -> None:
        """Let go of the state."""
        if self._idle is not None:
            self._idle.close()
            self._idle = None

    def _call(self, system: str, table: Table, remote_id: str) -> None:
        """A system calls about a record that changed, once, never or twice, now or much later."""
        world, resource = self.world, table.resource
        if resource.webhook is None:
            return
        if world.happens("hook_lost"):
            return
        native = table.native(remote_id)
        self._serial += 1
        # Thin and full payloads: what a full one holds beside the id is never used.
        full = world.rng.random() < 0.5
        body = _body(resource, remote_id, native if full else None)
        place = (system, resource.name, remote_id)
        call = _Call(system, f"{system}-{self._serial}", body, place, deepcopy(native))
        for _ in range(2 if world.happens("hook_twice") else 1):
            delay = world.rng.uniform(40.0, 600.0) if world.happens("hook_late") else world.rng.uniform(0.05, 3.0)
            world.later(delay, lambda: self._deliver(call, _TRIES))

    def _deliver(self, call: _Call, tries: int) -> None:
        world = self.world
        status = 503 if not self.listening or self._door is None else self._answer(self._door, call)
        if status == 204:
            world.counts["hooks"] += 1
            world.tell(call.system, "calls", f"about {call.place[2]}")
            self.payloads[call.place] = call.shown
        elif tries > 1:
            world.later(_AGAIN_SECONDS, lambda: self._deliver(call, tries - 1))
        else:
            world.counts["hooks given up"] += 1

    def _answer(self, door: Door, call: _Call) -> int:
        sent = str(int(self.world.now()))
        signed = hmac.new(_KEY, f"{call.event_id}.{sent}.".encode() + call.body, sha256).digest()
        headers = {
            "webhook-id": call.event_id,
            "webhook-timestamp": sent,
            "webhook-signature": f"v1,{b64encode(signed).decode()}",
        }
        return door.answer(PATH + call.system, headers, call.body)

    def _keep(self, system: str, event: Event) -> None:
        if self.world.happens("locked"):
            raise StateFailure("the database is in use by another process")
        store = self._run
        if store is None:
            self._idle = self._idle or self.opened()
            store = self._idle
        with store.transaction():
            store.inbox.receive(system, event.event_id, self.world.now(), event.records, event.body_sha256)
        if self.world.happens("fsync"):
            raise StateFailure("disk I/O error")


def _body(resource: Resource, remote_id: str, native: Native | None) -> bytes:
    hook = resource.webhook
    assert hook is not None
    identity: str | int = remote_id
    declared = resource.fields.get(resource.identity)
    if declared is not None and declared.kind == "integer":
        with suppress(ValueError):
            identity = int(remote_id)
    document = _placed(hook.id, identity)
    if hook.event and hook.events:
        _join(document, _placed(hook.event, hook.events[0]))
    if native is not None and isinstance(document, dict):
        document["record"] = native
    return msgspec.json.encode(document, enc_hook=str)


def _placed(path: str, value: object) -> object:
    """A document with `value` at the path of a hook; `*` is the first element of a list."""
    return placed(path.replace("*", "0"), value)


def _join(document: object, other: object) -> None:
    """Put another document's members into one."""
    if isinstance(document, dict) and isinstance(other, dict):
        for name, value in other.items():
            if name in document:
                _join(document[name], value)
            else:
                document[name] = value
    elif isinstance(document, list) and isinstance(other, list):
        for one, more in zip(document, other, strict=False):
            _join(one, more)
