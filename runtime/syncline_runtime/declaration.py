"""What a generated package declares: frozen values that the executor reads and never changes.

A generated module *declares* and *maps*; this package *does*. Everything here is data, but for the pure functions
(`read`, `write`, predicates) that the generated modules define and hand over by reference.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum, Flag
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from syncline_runtime.values import Native, Shown, Value

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass

RUNTIME_API = 1
"""Bumped by hand whenever a package generated for the former number would no longer run correctly."""

Values: TypeAlias = Mapping[str, Shown]
"""The fields of an entity by dotted name (`address.street`), as one system shows them or as the hub holds them.

A key that starts with `=` is an *output slot*: what a one-way expression line writes (`=short_name` for
`truncate(name, 40) -> short_name`). Output slots are compared and rewritten, and never flow back.
"""


class RuntimeMismatch(ImportError):
    """The generated package and the installed runtime do not fit together."""


def require_runtime(api: int, package: str) -> None:
    """Raise RuntimeMismatch, with its remedy, unless this runtime executes packages generated for `api`."""
    if api == RUNTIME_API:
        return
    remedy = (
        "upgrade it with `pip install -U syncline-runtime`"
        if api > RUNTIME_API
        else "generate the package again with `syncline build` (or install the older syncline-runtime)"
    )
    raise RuntimeMismatch(
        f"package {package!r} was generated for runtime API {api}, the installed syncline-runtime offers {RUNTIME_API}: {remedy}"
    )


# -- systems -----------------------------------------------------------------------------------------------------------


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

    `many` is the largest number of records in one call; `atomic` says that one bad record refuses the whole call.
    `answer` is the dotted path of the record (or of the list of records) in the answer; `returns` says what stands there.
    `each` is the template of one record of a batch, of which the slots `records` and `updates` are then made (None: its values);
    `item` is the path of the record within one item of a batch's answer. `batch` is the same operation for several records,
    where that is another call. `idempotency` names a header that takes a key of the write; for `idempotency_seconds` the same key
    with the same body does nothing twice, also in another run (0: nobody says for how long).
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
    """

    name: str
    kind: str
    path: tuple[str, ...] = ()
    writable: bool = True
    child: Child | None = None
    states: Mapping[Any, "Operation"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Which webhooks speak of a resource's records: `id` is the dotted path of the record's id in the payload, `events` the values
    at the path `event` (all webhooks, if there is none)."""

    id: str
    event: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """How a system signs its webhooks: `standard` is Standard Webhooks with HMAC-SHA256. `secret` names a setting."""

    scheme: Literal["standard"]
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """What stands behind a reference: `field` of the record of `resource` whose id the field `reference` holds, spelled so."""

    reference: str
    resource: str
    field: str
    spelled: str = "plain"  # a wire spelling of references (codecs.WIRE)
    null: str = ""  # how the system spells null there (codecs.NULLS)


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
    merged: str = ""  # field that names the record into which this one was merged
    through: Mapping[str, Through] = field(default_factory=dict)  # by path, what maps read and write behind references
    lock: Literal["none", "etag", "version"] = "none"
    webhook: Hook | None = None


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
    """An instance of a connector with its settings and the resources the spec uses."""

    name: str
    connector: Connector
    settings: Mapping[str, SettingSource]
    resources: Mapping[str, Resource]


# -- entities and maps -------------------------------------------------------------------------------------------------


class When(Flag):
    """The conditions on writing a line, which must all hold."""

    ALWAYS = 0
    ON_CREATE = 1
    INTO_EMPTY = 2
    PRESENT = 4

    @property
    def said(self) -> str:
        """The conditions in the language's words."""
        words = (
            (When.ON_CREATE, "only on create"),
            (When.INTO_EMPTY, "only into empty"),
            (When.PRESENT, "only when present"),
        )
        return " ".join(phrase for one, phrase in words if one in self) or "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One line of a map. `field` is the entity's field, or an output slot (`=name`).

    `contributes`: an edit in this system may change the entity (`<-`, `<->`). `writes`: the system is kept in step (`->`, `<->`).
    `native` names the resource's fields that the line reads and writes. `exact`: the system can hold every value of the field
    unchanged; otherwise what it shows is what `read(write(values))` says. `refers`: the field is a reference to a record of one of
    these entities, of which `read` shows the remote id and `write` takes it; `needed`: no record is created here without it.
    `by`: the field of that record which is shown for it, instead of its id. `hears`: of a nested collection, the fields of its
    elements that this system may change.
    """

    field: str
    native: tuple[str, ...]
    contributes: bool
    writes: bool
    when: When = When.ALWAYS
    exact: bool = True
    refers: tuple[str, ...] = ()
    operated: bool = False  # operations set it, so that no create does
    needed: bool = False
    hears: tuple[str, ...] = ()
    by: str = ""
    line: int = 0  # of the spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A condition that waits for a date: `holds(values, now)`, and the dates that it compares with the present (null: none)."""

    holds: Callable[[Mapping[str, Any], datetime], bool]
    dates: Callable[[Mapping[str, Any]], tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """An equality of a map's `where`: native spelling."""

    field: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a map writes of another record: `field` of the one of `entity` that the reference `via` holds."""

    via: str
    entity: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMap:
    """How one entity stands in one resource of one system. The functions are pure and straight-line.

    read(native) -> values shown, output slots included; raises CodecError.
    write(values, old) -> native fields by resource field name, all writable lines; `old` is the record
        as it stands, or None on create.
    normalise(native) -> native as the system will store it (declared `normalises`), or None where nothing is declared.
    in_scope(native): the map's `where`, evaluated here. applies(values): the map's `when`; `waits` is it where it waits for a date.
    """

    entity: str
    system: str
    resource: str
    flows: tuple[Flow, ...]
    read: Callable[[Native], dict[str, Any]]
    write: Callable[[Mapping[str, Any], Native | None], Native]
    normalise: Callable[[Native], Native] | None = None
    looks: Mapping[str, Look] = field(
        default_factory=dict
    )  # by path, what `write` is given beside the entity's own fields
    where: tuple[Condition, ...] = ()
    in_scope: Callable[[Native], bool] | None = None
    applies: Callable[[Mapping[str, Any]], bool] | None = None
    waits: Timed | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRule:
    """A rule of identity: records with equal values in all `fields` are the same; `ask` only proposes to a person.

    `placeholders` are patterns (`info@*`) whose values are no key.
    """

    fields: tuple[str, ...]
    ask: bool = False
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A field that holds records of its own: `shape` is the TypedDict of one, `key` the field by which one is told from another
    (None: the list is one value), `refers` its fields that are references, each with the entities it may be of."""

    shape: Any
    key: str | None = None
    refers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ByKey:
    """A reference that a system shows as a field of the record instead of its id; no two records of `entity` have the same."""

    entity: str
    field: str


Targets: TypeAlias = tuple[str, ...] | Collection | ByKey
"""What a field refers to: a record of one of some entities, one by its key, or what the elements of a collection do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackReference:
    """The records of `entity` that refer to a record in their field `via`."""

    entity: str
    via: str


Computation: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, tuple[Mapping[str, Any], ...]]], dict[str, Any]]
"""The computed fields of an entity, from the agreed values of a record and of those that its back-references collect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The hub's idea of a record. `shape` is the TypedDict of its fields, which the state store decodes into.

    `back` are its back-references, `computed` the fields that `compute` makes, each with its line of the spec.
    """

    name: str
    shape: Any
    fields: tuple[str, ...]
    kinds: Mapping[str, str]  # field -> type kind (codecs registry)
    required: frozenset[str] = frozenset()
    pii: frozenset[str] = frozenset()
    match: tuple[MatchRule, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    collections: Mapping[str, Collection] = field(default_factory=dict)
    back: Mapping[str, BackReference] = field(default_factory=dict)
    computed: Mapping[str, int] = field(default_factory=dict)
    compute: Computation | None = None


# -- policy ------------------------------------------------------------------------------------------------------------


class Drift(Enum):
    """What happens to an edit by a system that is not the field's owner."""

    OVERWRITE = "overwrite"
    KEEP = "keep"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """`owned by SYSTEM`."""

    by: str
    drift: Drift = Drift.OVERWRITE
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefers:
    """`prefers A then B`: everybody may edit; when several did, the first listed that changed wins."""

    order: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """`newest else A`: the newest edit if the gap exceeds `skew_seconds`, else the tie-break's order."""

    otherwise: tuple[str, ...]
    skew_seconds: float = 2.0
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """`union`, `max`, `min` or a pure function of one's own: commutative, associative, idempotent."""

    by: Literal["union", "max", "min", "python"]
    function: Callable[[tuple[Value, ...]], Value] | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """`ask`: to the review queue; that field only is held."""

    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`owned by SYSTEM when …`: the rule of the records for whose values `when` holds."""

    when: Callable[[Mapping[str, Any]], bool]
    rule: Owned


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The first case that holds decides, else `otherwise`. The conditions see the values agreed by then: the fields they ask
    about are decided before."""

    cases: tuple[Case, ...]
    otherwise: Owned | Prefers | Newest | Merged | Ask = Ask()
    line: int = 0


Rule: TypeAlias = Owned | Prefers | Newest | Merged | Ask | Cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """`create in SYSTEM when …|never`; `when` None means always; `waits` is the same where it asks for the time."""

    allowed: bool
    when: Callable[[Mapping[str, Any]], bool] | None = None
    waits: Timed | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Updating:
    """`update in SYSTEM when …|never`."""

    allowed: bool
    when: Callable[[Mapping[str, Any]], bool] | None = None
    waits: Timed | None = None
    line: int = 0


class OnDelete(Enum):
    """What happens in a system when the record was deleted in another."""

    NEVER = "never"
    PROPAGATE = "propagate"
    ARCHIVE = "archive"
    UNLINK = "unlink"
    RECREATE = "recreate"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """`delete in SYSTEM …`. `cases` come first, each with a condition on the values agreed before the deletion. `by` is the person
    who decided so about one link, whatever the spec says."""

    policy: OnDelete
    unless_edited: bool = False
    when: Callable[[Mapping[str, Any]], bool] | None = None
    cases: tuple["Deletion", ...] = ()
    by: str = ""
    line: int = 0

    @property
    def policies(self) -> frozenset[OnDelete]:
        """Every policy that may apply."""
        return frozenset((self.policy, *(case.policy for case in self.cases)))

    def of(self, values: Mapping[str, Any]) -> "Deletion":
        """The clause for a record with these values."""
        return next((case for case in self.cases if case.when is not None and case.when(values)), self)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimit:
    """`guard OP over N and P%`: held when both are exceeded, per system and run."""

    operation: Literal["create", "update", "delete"]
    count: int
    percent: float
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """`erase purge|clear|keep in SYSTEM "why"`: what becomes of one person's data there. `clears` are the native fields that
    hold personal data, with how each is spelled when it is empty."""

    action: Literal["purge", "clear", "keep"]
    reason: str = ""
    clears: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """`run every …`, `run full every …`."""

    seconds: int
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """`run daily at "02:00" in "Europe/Oslo"`, `run full daily …`: `at` by the clocks of the zone."""

    at: str
    zone: str
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OnWebhook:
    """`run on webhook`."""


Trigger: TypeAlias = Every | Daily | OnWebhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """The policy of one entity across systems. `systems` is in the order of the spec, which every tie falls back on.

    `rules` has an entry for each contested field; a field without one has a single contributing system.
    `together` lists groups of fields that are decided as one. `unknown`: a create without an answer is looked for, and sent again
    where it has not shown (`look`), or waits for a person instead (`hold`).
    """

    entity: str
    systems: tuple[str, ...]
    rules: Mapping[str, Rule]
    together: tuple[tuple[str, ...], ...] = ()
    creates: Mapping[str, Creation] = field(default_factory=dict)
    updates: Mapping[str, Updating] = field(default_factory=dict)
    deletes: Mapping[str, Deletion] = field(default_factory=dict)
    empty: Literal["propagates", "ignored"] = "propagates"
    out_of_scope: Literal["unlink", "keep", "archive"] = "unlink"
    merged: Literal["hold", "follow"] = "hold"
    unknown: Literal["look", "hold"] = "look"
    guards: tuple[GuardLimit, ...] = ()
    after: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    erases: Mapping[str, Erasure] = field(default_factory=dict)
    line: int = 0


# -- derivations -------------------------------------------------------------------------------------------------------


def derived_from(origin: str) -> str:
    """What a derivation from an entity is called among the systems of a sync; no system of a spec can bear that name."""
    return f"from {origin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """`derive ENTITY from ORIGIN once when …` (`once`) or `… while …`: records of `entity` that follow from those of `origin`.

    holds(values, before, now): the condition, over the agreed values of a record of `origin` and those that they were before.
    read(values): what the derived record shows, by its own fields; beside that, `itself` are those that refer to the record that
    it follows from. `asks` are the fields of `origin` that the condition reads.
    A rule takes part in the sync of `entity` as a system of its own, of which the ids are those of the links of `origin`.
    """

    entity: str
    origin: str
    once: bool
    holds: Callable[[Mapping[str, Any], Mapping[str, Any], datetime], bool]
    read: Callable[[Mapping[str, Any]], dict[str, Any]]
    flows: tuple[Flow, ...]
    dates: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None = None  # as of `Timed`
    itself: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    text: str = ""  # the condition in the language's words
    line: int = 0

    @property
    def system(self) -> str:
        """What the rule is called among the systems of the sync."""
        return derived_from(self.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What stored state depends on: by subject (``"field `Contact.phone`"``) its aspects, each spelled in a text.

    Names in back-quotes may be renamed: `renamed` gives, by the new name (`Client`, `Client.tel`, `Stage#lost`), the former one.
    """

    aspects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A whole generated package: what `python -m NAME` runs. `stamp` is what its state must be of."""

    name: str
    source: str  # file name of the spec, for messages: `crm_erp.sync`
    spec_version: int
    spec_sha256: str
    systems: Mapping[str, System]
    entities: Mapping[str, Entity]
    mappings: tuple[FieldMap, ...]
    syncs: tuple[Sync, ...]
    stamp: Stamp = Stamp()
    derivations: tuple[Derivation, ...] = ()

    def mapping(self, entity: str, system: str) -> FieldMap:
        """The map of `entity` in `system`. Raises KeyError where the spec has none."""
        for candidate in self.mappings:
            if candidate.entity == entity and candidate.system == system:
                return candidate
        raise KeyError((entity, system))
