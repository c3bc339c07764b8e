"""How systems are reached: connectors, their resources, operations and settings."""

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Literally:
    """A setting written in the spec."""

    value: str | int | bool


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """A setting read from the environment (or `.env`) as its `kind` says; `secret` values are never shown anywhere."""

    variable: str
    secret: bool
    kind: Literal["text", "url", "secret", "integer", "boolean", "path"] = "text"


SettingSource: TypeAlias = Literally | FromEnvironment


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder that stands for a whole value in a call: a setting, or one of the names of `SLOTS`."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text with `{name}` placeholders, each percent-encoded where it stands in a path."""

    template: str


SLOTS = (
    "id",  # remote id of the one record
    "ids",  # remote ids of a batch
    "values",  # the one record's fields to write, native spelling
    "records",  # a batch's fields to write, in order
    "updates",  # a batch of updates, spliced into the list where it stands: [id], values, [id], values …
    "fields",  # names of the fields to read
    "filter",  # the conditions of a listing
    "sort",  # the order of a listing
    "since",  # the change cursor, native spelling
    "page",  # page number
    "offset",
    "limit",  # page size
    "cursor",  # opaque page token
    "version",  # the version a conditional write expects
    "field",  # name and value of an equality condition
    "value",
    "token",  # what a login answered
)
"""Placeholders that the protocol engines fill, beside the connector's own settings."""

Body: TypeAlias = "Slot | Text | str | int | bool | tuple[Body, ...] | Mapping[str, Body] | None"
"""A JSON-like template: plain values stand for themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: `verb` is an HTTP method for `rest`, `CALL` for `jsonrpc` (then `target` names the method and `body` its
    parameters)."""

    verb: str
    target: Text
    body: Body = None
    query: Mapping[str, Body] = field(default_factory=dict)
    headers: Mapping[str, Body] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """How records are read one by one or written.

    `many` is the largest number of records in one call; `atomic` says that one bad record refuses the whole call, so
    that no answer to another record of it is believed.
    `answer` is the dotted path of the record (or of the list of records) in the answer; `returns` says what stands there.
    `each` is the template of one record of a batch, of which the slots `records` and `updates` are then made (None: its values);
    `item` is the path of the record within one item of a batch's answer. `batch` is the same operation for several records,
    where that is another call. `idempotency` names a header that takes a key of the write; for `idempotency_seconds` the same key
    with the same body does nothing twice, also in another run (0: nobody says for how long). A reading may show its record as it
    was up to `lag_seconds` before.
    """

    call: Call
    many: int = 1
    atomic: bool = False
    answer: str = ""
    returns: Literal["record", "id", "nothing"] = "nothing"
    missing: tuple[int, ...] = (404,)
    each: Body = None
    item: str = ""
    batch: "Operation | None" = None
    idempotency: str = ""
    idempotency_seconds: float = 0.0
    lag_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How a listing goes on. `size` is the largest page; the parameters name query parameters (rest) — jsonrpc uses slots.

    `keyset` adds the condition `after` (slots `id` and `since`: identity and version of the last record) to the filter.
    """

    style: Literal["none", "number", "offset", "cursor", "next", "link", "keyset"]
    size: int = 100
    page_parameter: str = "page"
    size_parameter: str = "limit"
    first: int = 1
    next: str = ""  # dotted path of the next cursor or URL in the answer
    cursor_parameter: str = "cursor"
    after: Body = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """How a listing is limited to what changed. `condition` holds Slot("since") or `{since}`; the stored cursor is the true
    maximum of `field`, the overlap of `lag_seconds` plus one unit of precision is applied when asking."""

    condition: Body
    field: str
    spelling: str = "iso"  # a wire spelling of instants (codecs.WIRE) or "text" for an opaque or numeric version
    inclusive: bool = True
    precision_ms: int = 1000
    lag_seconds: float = 0.0
    fallback: str = ""  # field that stands in while `field` is null (a creation time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How all records, or those changed since a cursor, are listed. `complete` says that no record is ever left out."""

    call: Call
    items: str = ""
    paging: Paging = Paging(style="none")
    since: Since | None = None
    sort: Body = None
    sort_parameter: str = "sort"
    filter_parameter: str = "filter"
    filter_join: str = ""  # joins textual conditions; empty: conditions are a list
    equals: Body = None  # template of an equality, with slots `field` and `value`; None: filtered here, not there
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A value that lives in an embedded list of child records, one child for each value of `kind_field` (Tryton's
    `contact_mechanisms` of type `email`). The first child of that kind is the field; writing null removes it."""

    list: str  # field of the record that holds the children
    value: str  # field of the child that is the value
    kind_field: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeField:
    """A field of a resource: `path` is where it stands in the record as delivered, if that is not its name.

    Connectors deliver and take records by `name`: paths are theirs to follow. Over `sql`, values are Python values by `kind`
    (Decimal, date, aware datetime, bool, bytes, str, int), whatever the database keeps; over `files` CSV, all are text. A field
    with `states` is written by operations alone, each of which brings the record to one value; a new record has its own.
    `absent_is_null`: the system leaves the field out of what it delivers where it is null.
    """

    name: str
    kind: str
    path: tuple[str, ...] = ()
    writable: bool = True
    child: Child | None = None
    states: Mapping[Any, "Operation"] = field(default_factory=dict)
    absent_is_null: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Which webhooks speak of a resource's records: `id` is the dotted path of the record's id in the payload, `events` the values
    at the path `event` (all webhooks, if there is none)."""

    id: str
    event: str = ""
    events: tuple[str, ...] = ()


Scheme: TypeAlias = Literal["standard", "stripe", "hubspot", "shopify"]
SCHEMES: Final[tuple[Scheme, ...]] = ("standard", "stripe", "hubspot", "shopify")
"""How webhooks may be signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """How a system signs its webhooks (`signing`). `secret` names a setting, `address` another, where the address is
    signed."""

    scheme: Scheme
    secret: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """What stands behind a reference: `field` of the record of `resource` whose id the field `reference` holds, spelled so."""

    reference: str
    resource: str
    field: str
    spelled: str = "plain"  # a wire spelling of references (codecs.WIRE)
    null: str = ""  # how the system spells null there (codecs.NULLS)
    absent_is_null: bool = False  # a record that lacks the reference refers to nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A kind of record in a system. `location` is a table, a file, or a model where the protocol needs one."""

    name: str
    identity: str
    fields: Mapping[str, NativeField]
    location: str = ""
    version: str | None = None  # field whose value changes with each change and orders changes (updated_at)
    version_spelling: str = "iso"
    version_is_time: bool = True
    version_fallback: str = ""  # field that stands in while `version` is null (a creation time)
    list: Listing | None = None
    read: Operation | None = None
    create: Operation | None = None
    update: Operation | None = None
    delete: Operation | None = None
    archive: tuple[str, Any] | None = None  # field and native value that stand for "archived"
    deleted: "Resource | None" = None  # a listing of those that are gone: `id`, and `at` where it tells when
    merged: str = ""  # field that names the record into which this one was merged
    counter: str = ""  # field to which each write to the record adds one
    marker: str = ""  # field that takes a mark of ours, by which a record that we made is found
    through: Mapping[str, Through] = field(default_factory=dict)  # by path, what maps read and write behind references
    lock: Literal["none", "etag", "version"] = "none"
    webhook: Hook | None = None


def deletions_of(resource: str) -> str:
    """What the feed of deletions of a resource, or of a system, is called where its cursor is kept."""
    return f"{resource} deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A call that answers a token; `token` is its dotted path, or a Text over the answer's paths and settings."""

    call: Call
    token: Body
    encode: Literal["plain", "base64"] = "plain"
    header: str = "Authorization"
    prefix: str = ""
    refresh_on: tuple[int, ...] = (401,)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderAuth:
    """A constant header made from settings: API key, bearer or basic."""

    header: str
    value: Text
    encode: Literal["plain", "basic"] = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Where an answer carries an error: dotted paths (`data.*.message`: one message for each key of `data`); `in_success` is the
    path whose presence in a 2xx answer means failure; `stale` are the codes that say "changed since it was read"."""

    message: str = ""
    fields: str = ""
    code: str = ""
    in_success: str = ""
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A system instance's budget: `calls` per `seconds`, shared by everything that talks to it."""

    calls: int
    seconds: float


WAYS: Final = {"proxy": "url", "authorities": "path"}
"""Settings, by kind, that a system behind HTTP may have beside those of its connector: the proxy through which it is reached, and
the file with the certificates of those who vouch for it (PEM), the machine's own being asked otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """How a kind of system is reached."""

    name: str
    protocol: Literal["rest", "jsonrpc", "sql", "files"]
    base: Text | None = None
    auth: Login | HeaderAuth | None = None
    rate: Rate | None = None
    throttle: tuple[int, ...] = (429,)
    errors: Errors = Errors()
    timeout_seconds: float = 30.0
    concurrency: int = 4
    headers: Mapping[str, Text] = field(default_factory=dict)  # sent with every call
    encoding: Literal["json", "form"] = "json"  # of request bodies
    webhooks: Webhooks | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An instance of a connector with its settings and the resources the spec uses.

    `place_of`: the system of the spec that this is one place of. Where several maps keep one entity in a system, each goes by a
    place of its own (`crm.leads`): of a link, one of them at most has the record, which may move to another.
    """

    name: str
    connector: Connector
    settings: Mapping[str, SettingSource]
    resources: Mapping[str, Resource]
    place_of: str = ""

    @property
    def account(self) -> str:
        """The system of the spec, whose limits and settings its places share."""
        return self.place_of or self.name
