"""Resources: the records of a kind of system, their fields and the operations it offers on them.

| in a resource | says |
|---|---|
| `resource NAME { … }` | a resource; over `sql` with `table "customers"`, over `files` with `file "customers.csv"` |
| `resource NAME(PARAMETER) { … }` | a template: `{PARAMETER}` stands in its texts |
| `resource NAME like TEMPLATE("value") { … }` | a resource made from a template, with fields of its own |
| `NAME : TYPE words` | a field: `identity`, `version`, `precision 1 ms`, `lag 2 s`, `fallback FIELD`, `unique`, `required`, |
|                     | `readonly`, `at "path"`, `child LIST(KIND_FIELD: "kind") VALUE_FIELD`, `spelled NAME`, |
|                     | `normalises(trim, lower)`, `counts writes`: each write to the record adds one to it, |
|                     | `marker`: takes a mark by which a record that we made is found |
| `list VERB "path" { items, page, since, sort, filter, query, params, body, partial }` | how records are listed |
| `read`, `create`, `update`, `delete VERB "path" { … }` | how one record, or up to `many`, are read and written |
| `read … { lag 5 seconds }` | a reading may show the record as it was up to so long before |
| `deleted VERB "path" { items, id, at, page, since, … }` | a feed of the records that are gone |
| `null absent` | what a record lacks is null, but for `required` fields; after a field: that field |
| `archive FIELD VALUE` | the value of a field that stands for "archived" |
| `merged FIELD` | the field that names the record into which this one was merged |
| `lock etag`, `lock version` | how a write can be made to fail when the record changed meanwhile |
| `readonly` | nothing is written here |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from syncline.diagnostics.diagnostic import Label
from syncline.model.spec import NativeField, ResourceModel
from syncline.resolving.deletions import EXPECTED as DELETED
from syncline.resolving.deletions import resolve_deletions
from syncline.resolving.directives import constant, item_name, seconds, word_text
from syncline.resolving.findings import Findings
from syncline.resolving.natives import Spelling, resolve_native
from syncline.resolving.operations import resolve_listing, resolve_operation
from syncline.source import Span
from syncline.syntax import declarations as syntax
from syncline.syntax.expressions import (
    Call,
    ListLiteral,
    Path,
    Text,
)
from syncline_runtime import declaration as runtime

OPERATIONS = ("read", "create", "update", "delete")
WORDS = ("list", *OPERATIONS, "deleted", "archive", "merged", "lock", "null", "readonly", "webhook")


@dataclass(frozen=True, slots=True)
class Template:
    """A resource with parameters, to be made `like`."""

    node: syntax.Directive
    parameters: tuple[str, ...]


def resolve_resource(
    node: syntax.Directive,
    spelling: Spelling,
    templates: dict[str, Template],
    resources: dict[str, ResourceModel],
    findings: Findings,
    *,
    extending: bool = False,
) -> None:
    """Add the resource, or the template, that a `resource` directive declares."""
    match node.words:
        case [Call(function=name, arguments=parameters)] if not extending:
            names = tuple(word_text(parameter.value) or "" for parameter in parameters)  # type: ignore[arg-type]
            templates[name.text] = Template(node, names)
            return
        case [Path() as path, *words]:
            name_text, span = word_text(path) or "", path.span
        case _:
            findings.malformed("resource", node.span, "resource contacts { … }")
            return
    known = resources.get(name_text)
    items: tuple[syntax.Item, ...] = node.items or ()
    substitutions: dict[str, str] = {}
    location = ""
    match words:
        case []:
            pass
        case [Path() as keyword, Text(value=place)] if word_text(keyword) in ("table", "file"):
            location = place
        case [Path() as keyword, Call(function=template_name, arguments=arguments)] if word_text(keyword) == "like":
            template = templates.get(template_name.text)
            if template is None:
                findings.unknown_word("resource template", template_name.text, template_name.span, templates)
                return
            values = [constant(argument.value) for argument in arguments]
            if len(values) != len(template.parameters) or not all(isinstance(value, str) for value in values):
                findings.malformed("like", node.span, f'like {template_name.text}("{template.parameters[0]}")')
                return
            substitutions = {
                f"{{{parameter}}}": str(value) for parameter, value in zip(template.parameters, values, strict=True)
            }
            items = (*(template.node.items or ()), *items)
        case _:
            findings.malformed("resource", node.span, 'resource customers table "customers" { … }')
            return
    if known is not None and not extending:
        findings.report("name.duplicate", span, Label(known.span, "first-here"), name=name_text, kind="resource")
        return
    if known is not None and not words:
        resources[name_text] = _extended(known, items, known.spelling or spelling, findings)
        return
    resources[name_text] = _resource(
        name_text, span, items, location, spelling, substitutions, node.doc or "", findings
    )


def _extended(
    known: ResourceModel, items: Sequence[syntax.Item], spelling: Spelling, findings: Findings
) -> ResourceModel:
    fields = dict(known.fields)
    for item in items:
        if isinstance(item, syntax.Property):
            added = resolve_native(item, spelling, findings)
            if added is not None:
                fields[added.name] = added
        else:
            findings.unknown_word("extended resource", item_name(item), item.name.span, ("NAME : TYPE",))
    declared = replace(known.declaration, fields={name: _runtime_field(found) for name, found in fields.items()})
    return replace(known, fields=fields, declaration=declared)


def _resource(
    name: str,
    span: object,
    items: Sequence[syntax.Item],
    location: str,
    spelling: Spelling,
    substitutions: Mapping[str, str],
    doc: str,
    findings: Findings,
) -> ResourceModel:
    if any(_absent_is_null(item) for item in items):
        spelling = replace(spelling, absent=True)
    fields: dict[str, NativeField] = {}
    timing: dict[str, float] = {"precision": 1.0, "lag": 0.0}
    fallback = ""
    for item in items:
        if isinstance(item, syntax.Property):
            found = resolve_native(item, spelling, findings)
            if found is not None:
                fields[found.name] = found
                if found.version:
                    timing |= _timing(item)
                    fallback = _fallback(item)
    identity = next((found.name for found in fields.values() if found.identity), None)
    version = next((found for found in fields.values() if found.version), None)
    counters = [found for found in fields.values() if found.counts]
    for one in counters[1:]:
        first = Label(counters[0].span, "first-here")
        findings.report("name.duplicate", one.span, first, name=one.name, kind="field that counts writes")
    # What can neither be listed nor read is the shape of records inside others.
    inside = not location and not substitutions and not any(isinstance(item, syntax.Directive) for item in items)
    if identity is None and not inside:
        findings.report("connector.no-identity", span, resource=name)  # type: ignore[arg-type]
    offered: dict[str, object] = (
        _implicit(spelling.protocol, version, location)
        if spelling.protocol in ("sql", "files") and not (inside and identity is None)
        else {}
    )
    for item in items:
        if isinstance(item, syntax.Directive):
            offered |= _resource_word(item, version, fallback, timing, substitutions, findings)
    if offered.get("deleted") is not None and offered.get("read") is None:
        place = next(item for item in items if isinstance(item, syntax.Directive) and item_name(item) == "deleted")
        findings.report("connector.deleted-unread", place.span, resource=name)
    if offered.pop("readonly", False):
        offered |= dict.fromkeys(("create", "update", "delete"))
    listing = offered.get("list")
    marked = next((found for found in fields.values() if found.marker), None)
    asked = spelling.protocol in ("sql", "files") or (
        isinstance(listing, runtime.Listing) and listing.equals is not None
    )
    if marked is not None and not asked:
        findings.report("connector.marker-unsearchable", marked.span, field=marked.name, resource=name)
    if version is not None and version.counts and isinstance(listing, runtime.Listing) and listing.since is not None:
        findings.report("connector.counter-as-cursor", version.span, field=version.name)
    declared = runtime.Resource(
        name=name,
        identity=identity or "id",
        fields={field_name: _runtime_field(found) for field_name, found in fields.items()},
        location=location or next(iter(substitutions.values()), ""),
        version=version.name if version else None,
        version_spelling=version.wire if version else "iso",
        version_fallback=fallback,
        version_is_time=version is None or version.type.kind == "instant",
        counter=counters[0].name if counters else "",
        marker=marked.name if marked is not None else "",
        **offered,  # type: ignore[arg-type]
    )
    return ResourceModel(
        name=name,
        fields=fields,
        declaration=declared,
        span=span,  # type: ignore[arg-type]
        doc=doc,
        places=places_of(items),
        spelling=spelling,
    )


def _absent_is_null(item: syntax.Item) -> bool:
    return (
        isinstance(item, syntax.Directive)
        and item.name.text == "null"
        and [word_text(word) for word in item.words] == ["absent"]
    )


def places_of(items: Sequence[syntax.Item]) -> dict[str, Span]:
    """Where the directives of a body stand, by word; those inside one by both words: `list since`."""
    found: dict[str, Span] = {}
    for item in items:
        if isinstance(item, syntax.Directive):
            name = item.name.text
            found[name] = item.name.span
            found |= {f"{name} {inner}": span for inner, span in places_of(item.items or ()).items()}
    return found


def _implicit(protocol: str, version: NativeField | None, location: str) -> dict[str, object]:
    """What every table and every file offers without saying so."""
    since = (
        runtime.Since(condition=None, field=version.name, spelling=version.wire)
        if version and protocol == "sql"
        else None
    )
    call = runtime.Call(verb=protocol.upper(), target=runtime.Text(location))
    many = runtime.Operation(call=call, many=500, returns="record")
    return {
        "list": runtime.Listing(call=call, paging=runtime.Paging(style="keyset", size=1000), since=since),
        **dict.fromkeys(OPERATIONS, many),
    }


def _resource_word(
    item: syntax.Directive,
    version: NativeField | None,
    fallback: str,
    timing: Mapping[str, float],
    substitutions: Mapping[str, str],
    findings: Findings,
) -> dict[str, object]:
    name = item.name.text
    match name, item.words:
        case "list", words if len(words) >= 2:
            return {"list": resolve_listing(item, version, fallback, timing, substitutions, findings)}
        case (("read" | "create" | "update" | "delete"), words) if len(words) >= 2:
            return {name: resolve_operation(item, substitutions, findings)}
        case (("create" | "update" | "delete"), [Path() as word]) if word_text(word) == "never":
            return {name: None}
        case "deleted", words if len(words) >= 2:
            return {"deleted": resolve_deletions(item, timing, substitutions, findings)}
        case "archive", [Path() as field_word, value]:
            return {"archive": (word_text(field_word), constant(value))}
        case "merged", [Path() as field_word]:
            return {"merged": word_text(field_word)}
        case "lock", [Path() as kind] if word_text(kind) in ("etag", "version"):
            return {"lock": word_text(kind)}
        case "readonly", []:
            return {"readonly": True}
        case "null", _ if _absent_is_null(item):
            return {}
        case "webhook", [Path() as first, Text(value=path)] if word_text(first) == "id":
            return {"webhook": runtime.Hook(id=path)}
        case "webhook", [Path() as first, Text(value=path), Path() as second, Text(value=kind), ListLiteral() as names]:
            events = tuple(constant(name) for name in names.items)
            texts = tuple(event for event in events if isinstance(event, str))
            if (word_text(first), word_text(second)) == ("id", "events") and texts and len(texts) == len(events):
                return {"webhook": runtime.Hook(id=path, event=kind, events=texts)}
    if name in WORDS:
        findings.malformed(name, item.span, EXPECTED.get(name, f'{name} GET "/contacts/{{id}}"'))
    else:
        findings.unknown_word("resource", name, item.name.span, WORDS)
    return {}


EXPECTED = {
    "archive": "archive active false",
    "deleted": DELETED["deleted"],
    "merged": "merged merged_into",
    "lock": "lock etag",
    "null": "null absent",
    "readonly": "readonly",
    "webhook": 'webhook id "data.id" events "type" ["contact.updated"]',
}


def _runtime_field(found: NativeField) -> runtime.NativeField:
    return runtime.NativeField(
        name=found.name,
        kind=found.type.kind,
        path=found.path,
        writable=found.writable,
        child=found.child,
        states=found.states,
        absent_is_null=found.absent_is_null,
    )


def _timing(item: syntax.Property) -> dict[str, float]:
    found: dict[str, float] = {}
    words = list(item.words)
    for at, word in enumerate(words[:-1]):
        name = word_text(word)
        if name in ("precision", "lag"):
            amount = seconds(words[at + 1])
            if amount is not None:
                found[name] = amount
    return found


def _fallback(item: syntax.Property) -> str:
    """The field that stands in while the version is null: `version fallback create_date`."""
    names = [word_text(word) for word in item.words]
    return next((after or "" for name, after in pairwise(names) if name == "fallback"), "")


def referring(resources: Mapping[str, ResourceModel], spelling: Spelling) -> dict[str, ResourceModel]:
    """The resources with their references spelled as the identities that they hold."""
    return {name: _referring(found, resources, spelling) for name, found in resources.items()}


def _referring(found: ResourceModel, resources: Mapping[str, ResourceModel], spelling: Spelling) -> ResourceModel:
    changed: dict[str, NativeField] = {}
    for native in found.fields.values():
        if native.type.kind != "ref" or native.type.targets[0] not in resources:
            continue
        target = resources[native.type.targets[0]]
        identity = target.fields.get(target.declaration.identity)
        whole = identity is not None and identity.type.kind == "integer"
        wire = "number" if whole and native.wire in ("plain", "blank") else native.wire
        changed[native.name] = replace(
            native, wire=wire, null=spelling.null_of("ref", wire), references=native.type.targets[0]
        )
    return replace(found, fields={**found.fields, **changed}) if changed else found
