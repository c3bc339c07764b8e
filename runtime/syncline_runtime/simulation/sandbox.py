"""A sandbox: a real HTTP server on loopback that behaves as a connector declares, for trying a spec without touching a real system.

It answers the calls that the declaration describes and nothing else: login, listings with paging and change cursor, reads, creates,
updates and deletes, over `rest` and `jsonrpc`. What real systems do beyond their declaration is not imitated.
"""

import base64
import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from syncline_runtime import codecs
from syncline_runtime.declaration import Call, Child, HeaderAuth, Listing, Login, Operation, Resource, System, Text
from syncline_runtime.simulation.matching import matched, matched_text, placed

Delivered = dict[str, Any]

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that is gone before it was answered: what was asked of the system is done."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Sandbox:
    """One system on loopback, running from `start` to `stop`. Thread-safe.

    `records` holds, by resource and id, the records as delivered. `faults` are statuses that the next requests get instead of an
    answer. `requests` counts what was asked, `writes` what changed something on the system's behalf.
    """

    def __init__(self, system: System, credentials: Mapping[str, str]) -> None:
        self.system = system
        self.records: dict[str, dict[str, Delivered]] = {name: {} for name in system.resources}
        self.faults: deque[int] = deque()
        self.requests = 0
        self.writes = 0
        self._lists = {
            field.child.list
            for resource in system.resources.values()
            for field in resource.fields.values()
            if field.child is not None
        }
        self._credentials = dict(credentials)
        self._lock = threading.Lock()
        self._counter = 0
        self._last = datetime.now(UTC)
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """The address that the system's `url` setting must have."""
        assert self._server is not None, "the sandbox is not started"
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> "Sandbox":
        """Listen on a free loopback port."""
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name=f"sandbox {self.system.name}", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening; the records stay."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def add(self, resource: str, values: Mapping[str, Any]) -> str:
        """A record that a person makes, by field name and native spelling; the answer is its id."""
        with self._lock:
            declared = self.system.resources[resource]
            return str(self._create(declared, self._as_delivered(declared, values))[declared.identity])

    def edit(self, resource: str, identity: str, values: Mapping[str, Any]) -> None:
        """A person's edit, by field name and native spelling."""
        with self._lock:
            declared = self.system.resources[resource]
            self._update(declared, identity, self._as_delivered(declared, values, self.records[resource][identity]))

    def remove(self, resource: str, identity: str) -> None:
        """A person deletes a record."""
        with self._lock:
            del self.records[resource][identity]

    def shown(self, resource: str, identity: str, field: str) -> Any:
        """The value of a field as a person would see it."""
        declared = self.system.resources[resource].fields[field]
        record: Any = self.records[resource][identity]
        if declared.child is not None:
            return next((child[declared.child.value] for child in _children(record, declared.child)), None)
        for name in declared.path or (field,):
            record = (record or {}).get(name)
        return record

    def answer(self, verb: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        """The status and document that one request gets."""
        with self._lock:
            self.requests += 1
            if self.faults:
                return self.faults.popleft(), {"message": "the sandbox was asked to fail"}
            try:
                return 200, self._dispatch(
                    verb, target, headers, json.loads(body, parse_float=Decimal) if body else None
                )
            except _Refused as refused:
                return self._error(refused)
            except (KeyError, TypeError, ValueError) as error:
                return self._error(_Refused(400, f"the request is not understood: {type(error).__name__} {error}"))

    # -- requests ------------------------------------------------------------------------------------------------------

    def _dispatch(self, verb: str, target: str, headers: Mapping[str, str], body: Any) -> Any:
        connector = self.system.connector
        if connector.protocol == "jsonrpc":
            return {
                "id": body.get("id"),
                "result": self._call("CALL", body.get("method", ""), {}, headers, body.get("params")),
            }
        parts = urlsplit(target)
        base = (connector.base.template if connector.base else "").replace("{url}", "")
        if not parts.path.startswith(base):
            raise _Refused(404, "there is nothing at this address")
        return self._call(verb, parts.path[len(base) :], dict(parse_qsl(parts.query)), headers, body)

    def _call(self, verb: str, target: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any) -> Any:
        auth = self.system.connector.auth
        if isinstance(auth, Login) and (slots := _asked(auth.call, verb, target, body)) is not None:
            return self._log_in(auth, slots)
        self._authorise(auth, headers)
        for resource in self.system.resources.values():
            operations: tuple[tuple[Operation | None, Callable[..., Any]], ...] = (
                (resource.read, self._read),
                (resource.create, self._create_asked),
                (resource.update, self._update_asked),
                (resource.delete, self._delete_asked),
            )
            for operation, act in operations:
                if (
                    operation
                    and (operation.batch is not None)
                    and (answer := self._batch(resource, operation.batch, verb, target, body))
                ):
                    return answer
                if operation and (slots := _asked(operation.call, verb, target, body)) is not None:
                    return act(resource, operation, slots)
            # The listing last: where all is one call, as in `search_read`, its template fits a reading too.
            if resource.list and (slots := _asked(resource.list.call, verb, target, body)) is not None:
                return self._list(resource, resource.list, {**slots, **query})
        raise _Refused(404, "there is nothing at this address")

    def _batch(self, resource: Resource, batch: Operation, verb: str, target: str, body: Any) -> Any:
        """The answers to a batch whose items have a template of their own, or None where the request is none."""
        asked = _asked(batch.call, verb, target, body)
        if asked is None or batch.each is None:
            return None
        each = [matched(batch.each, item) for item in asked.get("records", [])]
        if not each or None in each:
            return None
        act = self._create_asked if any("id" not in (slots or {}) for slots in each) else self._update_asked
        one = replace(batch, answer="", returns="record")
        return placed(
            batch.answer, [{"status": 200, **placed(batch.item, act(resource, one, slots or {}))} for slots in each]
        )

    def _log_in(self, login: Login, slots: Mapping[str, Any]) -> Any:
        for name, given in slots.items():
            if self._credentials.get(name, given) != given:
                raise _Refused(400, "Failed to authenticate.")
        if isinstance(login.token, Text):
            parts = [part for part in login.token.template.replace("}", "{").split("{") if part[:1].isdigit()]
            return [self._token(int(part)) for part in parts]
        return placed(str(login.token), self._token(0))

    def _authorise(self, auth: "Login | HeaderAuth | None", headers: Mapping[str, str]) -> None:
        match auth:
            case None:
                return
            case HeaderAuth(header=header, value=value, encode=encode):
                expected = self._filled(value)
                if encode == "basic":
                    expected = "Basic " + base64.b64encode(expected.encode()).decode()
            case Login(header=header):
                token = self._token(0)
                if isinstance(auth.token, Text):
                    token = self._filled(auth.token)
                    for place in range(4):
                        token = token.replace(f"{{{place}}}", str(self._token(place)))
                if auth.encode == "base64":
                    token = base64.b64encode(token.encode()).decode()
                expected = auth.prefix + token
        if headers.get(header.lower()) != expected:
            raise _Refused(401, "The session is not valid.")

    def _filled(self, text: Text) -> str:
        filled = text.template
        for name, value in self._credentials.items():
            filled = filled.replace(f"{{{name}}}", value)
        return filled

    def _token(self, place: int) -> str:
        return f"sandbox-{self.system.name}-{place}"

    def _error(self, refused: _Refused) -> tuple[int, Any]:
        errors = self.system.connector.errors
        if errors.in_success and refused.status not in (401, 403):
            return 200, {errors.in_success: ["UserError", [refused.message, ""]]}
        return refused.status, placed(errors.message.split("|")[0].strip() or "message", refused.message)

    # -- listing and reading -------------------------------------------------------------------------------------------

    def _list(self, resource: Resource, listing: Listing, slots: Mapping[str, Any]) -> Any:
        found = list(self.records[resource.name].values())
        for condition in _conditions(listing, slots.get(listing.filter_parameter, slots.get("filter"))):
            found = [record for record in found if self._passes(resource, listing, record, condition)]
        version = resource.version
        if version is not None:
            found.sort(
                key=lambda record: (self._moment(resource, record[version]), str(record[resource.identity]).zfill(20))
            )
        paging = listing.paging
        size = int(slots.get(paging.size_parameter, slots.get("limit")) or paging.size)
        match paging.style:
            case "number":
                start = (int(slots.get(paging.page_parameter, paging.first)) - paging.first) * size
            case "offset":
                start = int(slots.get(paging.page_parameter, slots.get("offset")) or 0)
            case "cursor":
                start = int(slots.get(paging.cursor_parameter) or 0)
            case _:
                start, size = 0, max(1, len(found))
        page = [self._delivered(resource, record) for record in found[start : start + size]]
        document = placed(listing.items, page)
        if paging.style == "cursor" and start + size < len(found):
            document |= placed(paging.next, str(start + size))
        return document

    def _passes(self, resource: Resource, listing: Listing, record: Delivered, condition: Any) -> bool:
        since = listing.since
        if since is not None and (slots := matched(since.condition, condition)) is not None:
            shown, bound = (self._moment(resource, value) for value in (record[since.field], slots["since"]))
            return bool(shown >= bound if since.inclusive else shown > bound)
        if listing.equals is not None and (slots := matched(listing.equals, condition)) is not None:
            return str(record.get(slots["field"])) == str(slots["value"])
        raise _Refused(400, f"the condition {condition!r} is not understood")

    def _read(self, resource: Resource, operation: Operation, slots: Mapping[str, Any]) -> Any:
        records = self.records[resource.name]
        if "ids" in slots:
            return placed(
                operation.answer,
                [self._delivered(resource, records[key]) for key in map(str, slots["ids"]) if key in records],
            )
        return placed(operation.answer, self._delivered(resource, self._known(resource, slots["id"])))

    def _known(self, resource: Resource, identity: Any) -> Delivered:
        try:
            return self.records[resource.name][str(identity)]
        except KeyError:
            raise _Refused(404, "The requested resource wasn't found.") from None

    def _delivered(self, resource: Resource, record: Delivered) -> Delivered:
        """Child lists are delivered under their name with a dot, as they are asked for by dotted name; what is null is left out
        where the system does that."""
        for field in resource.fields.values():
            if field.absent_is_null and field.child is None:
                record = _without_null(record, field.path or (field.name,))
        return {(f"{name}." if name in self._lists else name): value for name, value in record.items()}

    # -- writing -------------------------------------------------------------------------------------------------------

    def _create_asked(self, resource: Resource, operation: Operation, slots: Mapping[str, Any]) -> Any:
        many = "records" in slots
        made = [self._create(resource, values) for values in (slots["records"] if many else [slots["values"]])]
        self.writes += len(made)
        answers = [
            record[resource.identity] if operation.returns == "id" else self._delivered(resource, record)
            for record in made
        ]
        return placed(operation.answer, answers if many else answers[0])

    def _update_asked(self, resource: Resource, operation: Operation, slots: Mapping[str, Any]) -> Any:
        updates = slots.get("updates") or [[slots["id"]], slots["values"]]
        changed = [
            self._update(resource, identity, values)
            for identities, values in zip(updates[::2], updates[1::2], strict=True)
            for identity in identities
        ]
        self.writes += len(changed)
        return (
            placed(operation.answer, self._delivered(resource, changed[0])) if operation.returns == "record" else None
        )

    def _delete_asked(self, resource: Resource, operation: Operation, slots: Mapping[str, Any]) -> Any:
        for identity in slots.get("ids", [slots.get("id")]):
            del self.records[resource.name][str(self._known(resource, identity)[resource.identity])]
            self.writes += 1

    def _create(self, resource: Resource, values: Mapping[str, Any]) -> Delivered:
        self._counter += 1
        numeric = resource.fields[resource.identity].kind == "integer"
        identity: Any = self._counter if numeric else f"{resource.name[:3]}{self._counter:012d}"
        record: Delivered = {resource.identity: identity, **{name: [] for name in self._lists}}
        self.records[resource.name][str(identity)] = record
        return self._update(resource, identity, values)

    def _update(self, resource: Resource, identity: Any, values: Mapping[str, Any]) -> Delivered:
        record = self._known(resource, identity)
        for name, value in values.items():
            if name in self._lists and isinstance(value, list):
                self._command(record[name], value)
            else:
                _merge(record, {name: value})
        if resource.counter:
            record[resource.counter] = int(record.get(resource.counter) or 0) + 1
        if resource.version is not None and resource.version != resource.counter:
            self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
            record[resource.version] = self._spelled(resource, self._last)
        return record

    def _command(self, children: list[Delivered], commands: list[Any]) -> None:
        for verb, *arguments in commands:
            match verb:
                case "create":
                    for values in arguments[0]:
                        self._counter += 1
                        children.append({"id": self._counter, **values})
                case "write":
                    for child in children:
                        if child["id"] in arguments[0]:
                            child.update(arguments[1])
                case "delete" | "remove":
                    children[:] = [child for child in children if child["id"] not in arguments[0]]

    def _as_delivered(
        self, resource: Resource, values: Mapping[str, Any], record: Delivered | None = None
    ) -> Delivered:
        """A person's values by field name, as a write would send them."""
        found: Delivered = {}
        for name, value in values.items():
            child = resource.fields[name].child
            if child is None:
                _merge(found, placed(".".join(resource.fields[name].path or (name,)), value))
                continue
            commands = found.setdefault(child.list, [])
            known = [one["id"] for one in _children(record or {}, child)]
            if known:
                commands.append(["delete", known] if value is None else ["write", known, {child.value: value}])
            elif value is not None:
                commands.append(["create", [{child.kind_field: child.kind, child.value: value}]])
        return found

    def _spelled(self, resource: Resource, moment: datetime) -> Any:
        if not resource.version_is_time:
            self._counter += 1
            return self._counter
        milliseconds = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        return getattr(codecs, codecs.WIRE["instant", resource.version_spelling].put)(milliseconds)

    def _moment(self, resource: Resource, spelled: Any) -> Any:
        if not resource.version_is_time:
            return int(spelled)
        return getattr(codecs, codecs.WIRE["instant", resource.version_spelling].get)(spelled)


def _asked(call: Call, verb: str, target: str, body: Any) -> dict[str, Any] | None:
    """The slots of a request that fits a call."""
    if verb != call.verb:
        return None
    slots = matched_text(call.target.template, target, path=call.verb != "CALL")
    if slots is None:
        return None
    found = matched(call.body, body) if call.body is not None else {}
    return None if found is None else {**slots, **found}


def _conditions(listing: Listing, asked: Any) -> list[Any]:
    if not asked:
        return []
    if isinstance(asked, str):
        return asked.split(listing.filter_join) if listing.filter_join else [asked]
    return list(asked)


def _merge(record: Delivered, values: Mapping[str, Any]) -> None:
    """Set values in a record, nested objects member by member."""
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(record.get(name), dict) and "__class__" not in value:
            _merge(record[name], value)
        else:
            record[name] = value


def _without_null(record: Delivered, path: tuple[str, ...]) -> Delivered:
    """The record without what stands at a path, if that is null."""
    first, *rest = path
    held = record.get(first)
    if rest and isinstance(held, dict):
        return {**record, first: _without_null(held, tuple(rest))}
    return record if held is not None else {name: value for name, value in record.items() if name != first}


def _children(record: Delivered, child: Child) -> list[Delivered]:
    return [one for one in record.get(child.list, []) if one.get(child.kind_field) == child.kind]


def _handler(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, document = sandbox.answer(self.command, self.path, headers, body)
            payload = _ENCODER.encode(document)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one

        def log_message(self, format: str, *arguments: object) -> None:
            """A sandbox is quiet: the runs against it tell what happened."""

    return Handler
