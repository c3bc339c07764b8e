"""Changes of the systems: instances, their connectors, and the resources and fields that maps use."""

from collections.abc import Iterable, Iterator, Mapping

from syncline.evolution.change import Change, Fact
from syncline.evolution.entities import described, narrower
from syncline.evolution.reaching import uses_of
from syncline.model.spec import ConnectorModel, NativeField, ResourceModel, Spec, System
from syncline.model.spelling import literal, natives_in, spelled_pipeline
from syncline.source import Span
from syncline_runtime.declaration import FromEnvironment, Listing, Literally, Resource, SettingSource, Since

CALLS = (
    "base",
    "auth",
    "rate",
    "throttle",
    "errors",
    "timeout_seconds",
    "concurrency",
    "headers",
    "encoding",
    "webhooks",
)
_WORDS = {"errors": "error", "timeout_seconds": "timeout"}
OPERATIONS = ("read", "create", "update", "delete", "lock", "webhook")
LISTED = ("call", "items", "paging", "sort", "sort_parameter", "filter_parameter", "filter_join", "equals")
_HARMLESS = ("native.facts", "native.widened")
ASKED = ("condition", "inclusive", "precision_ms", "lag_seconds")


def system_changes(old: Spec, new: Spec) -> Iterator[Change]:
    """Systems that came, went or changed."""
    for name, system in old.systems.items():
        if name not in new.systems:
            yield Change("system.removed", name, system.span, None, effects=uses_of(old, name))
    for name, system in new.systems.items():
        if name not in old.systems:
            yield Change("system.added", name, None, system.span)
        elif old.systems[name].connector.name != system.connector.name:
            former = old.systems[name]
            facts: dict[str, Fact] = {"old": former.connector.name, "new": system.connector.name}
            yield Change("system.connector", name, former.span, system.span, facts, uses_of(new, name))
        else:
            yield from _system(old, new, old.systems[name], system)


def _system(old: Spec, new: Spec, before: System, after: System) -> Iterator[Change]:
    for setting in dict.fromkeys((*before.settings, *after.settings)):
        was, now = before.settings.get(setting), after.settings.get(setting)
        if was != now or type(_value(was)) is not type(_value(now)):
            secret = any(isinstance(one, FromEnvironment) and one.secret for one in (was, now))
            facts: dict[str, Fact] = {"setting": setting, "old": source_of(was), "new": source_of(now)}
            code = "system.secret" if secret else "system.setting"
            yield Change(code, after.name, before.span, after.span, facts)
    if before.cleared_for_pii is not after.cleared_for_pii:
        facts = {"old": _cleared(before), "new": _cleared(after)}
        yield Change("system.clearance", after.name, before.span, after.span, facts)
    yield from _connector(new, after.name, before.connector, after.connector)
    used = used_by(old, before.name), used_by(new, after.name)
    for name, resource in after.resources.items():
        if name in before.resources and name in used[0] and name in used[1]:
            natives = used[0][name] & used[1][name]
            yield from _resource(new, after.name, before.resources[name], resource, natives)


def _connector(spec: Spec, system: str, before: ConnectorModel, after: ConnectorModel) -> Iterator[Change]:
    old, new = before.declaration, after.declaration
    if old.protocol != new.protocol:
        facts: dict[str, Fact] = {"old": old.protocol, "new": new.protocol}
        yield Change("connector.protocol", system, before.span, after.span, facts, uses_of(spec, system))
    words = tuple(word for word in CALLS if getattr(old, word) != getattr(new, word))
    if words:
        said = tuple(_WORDS.get(word, word) for word in words)
        places = _place(before.places, said, before.span), _place(after.places, said, after.span)
        yield Change("connector.calls", system, *places, {"words": said})


def _resource(
    spec: Spec, system: str, before: ResourceModel, after: ResourceModel, natives: frozenset[str]
) -> Iterator[Change]:
    old, new = before.declaration, after.declaration
    subject = f"{system}.{after.name}"

    def change(code: str, was: str, now: str, *words: str) -> Iterator[Change]:
        if was != now:
            places = _place(before.places, words, before.span), _place(after.places, words, after.span)
            yield Change(code, subject, *places, {"old": was, "new": now}, uses_of(spec, system, after.name))

    yield from change("resource.identity", old.identity, new.identity)
    yield from change("resource.location", old.location or "nowhere", new.location or "nowhere")
    yield from change("resource.cursor", cursor_of(old), cursor_of(new), "list.since")
    yield from change("resource.complete", complete_or_not(old.list), complete_or_not(new.list), "list")
    yield from change("resource.archive", archived(old), archived(new), "archive")
    words = _other_calls(old, new)
    if words and old.location == new.location:  # the place stands in every call
        places = _place(before.places, words, before.span), _place(after.places, words, after.span)
        yield Change("resource.calls", subject, *places, {"words": words})
    for name in after.fields:
        if name in natives and name in before.fields:
            former, field = before.fields[name], after.fields[name]
            for code, facts in _native(former, field):
                own = () if code in _HARMLESS else uses_of(spec, system, after.name, name)
                yield Change(code, f"{subject}.{name}", former.span, field.span, facts, own)


def _native(old: NativeField, new: NativeField) -> Iterator[tuple[str, dict[str, Fact]]]:
    widened = _widened(old, new)
    for code, was, now in (
        ("native.widened" if widened else "native.type", typed(old), typed(new)),
        ("native.spelling", spelling_of(old), spelling_of(new)),
        ("native.normalises", spelled_pipeline(old.normalises), spelled_pipeline(new.normalises)),
        ("native.facts", facts_of(old), facts_of(new)),
    ):
        if was != now:
            yield code, {"old": was or "nothing", "new": now or "nothing"}


def _widened(old: NativeField, new: NativeField) -> bool:
    """Whether the field only takes more than before."""
    alike = (old.type.kind, old.references, old.type.nullable) == (new.type.kind, new.references, new.type.nullable)
    return alike and old.type.kind in ("text", "decimal") and not narrower(old.type, new.type)


def used_by(spec: Spec, system: str) -> Mapping[str, frozenset[str]]:
    """The fields that the maps of a system use, by resource."""
    found: dict[str, set[str]] = {}
    for mapping in spec.maps:
        if mapping.system.name == system:
            names = found.setdefault(mapping.resource.name, set())
            names.update(native.name for line in mapping.lines for native in line.natives)
            names.update(one.native.name for one in mapping.where)
            if mapping.where_expression is not None:
                names.update(natives_in(mapping.where_expression))
    return {name: frozenset(natives) for name, natives in found.items()}


def _value(source: SettingSource | None) -> object:
    return source.value if isinstance(source, Literally) else None


def source_of(source: SettingSource | None) -> str:
    match source:
        case None:
            return "not given"
        case Literally(value=value):
            return literal(value)
        case FromEnvironment(variable=variable, secret=secret, kind=kind):
            return f"{'secret' if secret else 'env'}({literal(variable)})" + ("" if kind == "text" else f" as {kind}")


def _cleared(system: System) -> str:
    return "cleared" if system.cleared_for_pii else "not cleared"


def cursor_of(resource: Resource) -> str:
    """What the stored cursor is a value of, and how it is spelled."""
    since = None if resource.list is None else resource.list.since
    parts = [resource.version or "nothing"]
    if resource.version is not None:
        parts.append(f"spelled {resource.version_spelling}" + ("" if resource.version_is_time else ", no time"))
    if resource.version_fallback:
        parts.append(f"fallback {resource.version_fallback}")
    if since is not None and (since.field, since.spelling, since.fallback) != (
        resource.version,
        resource.version_spelling,
        resource.version_fallback,
    ):
        parts.append(f"since {since.field} spelled {since.spelling} fallback {since.fallback or 'nothing'}")
    return " ".join(parts)


def complete_or_not(listing: Listing | None) -> str:
    return "complete" if listing is not None and listing.complete else "partial"


def archived(resource: Resource) -> str:
    """How a record tells that it is archived, or was merged into another."""
    merged = f", merged into {resource.merged}" if resource.merged else ""
    if resource.archive is None:
        return "not told" + merged
    name, value = resource.archive
    return f"{name} = {literal(value)}{merged}"


def _other_calls(old: Resource, new: Resource) -> tuple[str, ...]:
    words = [word for word in (*OPERATIONS, "deleted") if getattr(old, word) != getattr(new, word)]
    if parts_of(old.list, LISTED) != parts_of(new.list, LISTED):
        words.insert(0, "list")
    if parts_of(_since(old), ASKED) != parts_of(_since(new), ASKED):
        words.insert(0, "list.since")
    return tuple(words)


def _since(resource: Resource) -> Since | None:
    return None if resource.list is None else resource.list.since


def parts_of(value: object, names: Iterable[str]) -> tuple[object, ...] | None:
    return None if value is None else tuple(getattr(value, name) for name in names)


def typed(native: NativeField) -> str:
    return described(native.type) + (f" of {native.references}" if native.references else "")


def spelling_of(native: NativeField) -> str:
    """Where and how the value stands in a record."""
    child = native.child
    where = f" at {literal('.'.join(native.path))}" if native.path else ""
    if child is not None:
        where += f" child {child.list}({child.kind_field}: {literal(child.kind)}) {child.value}"
    absent = ", left out where it is null" if native.absent_is_null else ""
    return f"spelled {native.wire}" + (f", null as {native.null}" if native.null else "") + absent + where


def facts_of(native: NativeField) -> str:
    marks = ("identity", "version", "counts", "marker", "required", "unique")
    said = [mark for mark in marks if getattr(native, mark)]
    said += [f"set {value} by {one.call.verb} {one.call.target.template}" for value, one in native.states.items()]
    return ", ".join([*said, "written" if native.writable else "readonly"])


def _place(places: Mapping[str, Span], words: Iterable[str], otherwise: Span) -> Span:
    """Where the first of the words is declared."""
    for word in words:
        for key in (word, word.partition(".")[0]):
            if key in places:
                return places[key]
    return otherwise
