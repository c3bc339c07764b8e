"""A feed of deletions: a listing that names the records that are gone."""

from collections.abc import Mapping, Sequence
from typing import Any

from syncline.model.spec import NativeField
from syncline.model.types import Type
from syncline.resolving.directives import item_name
from syncline.resolving.findings import Findings
from syncline.resolving.operations import resolve_listing
from syncline.syntax import declarations as syntax
from syncline.syntax.expressions import Text
from syncline_runtime import declaration as runtime

EXPECTED = {
    "id": 'id "id"',
    "at": 'at "deletedAt"',
    "deleted": 'deleted GET "/contacts/deleted" { items "results" }',
}


def resolve_deletions(
    item: syntax.Directive, timing: Mapping[str, float], substitutions: Mapping[str, str], findings: Findings
) -> runtime.Resource:
    """What `deleted VERB "path" { … }` declares, as a resource of its own: each record has an `id`, and `at` says when it went."""
    paths = {"id": "id", "at": ""}
    rest: list[syntax.Item] = []
    for entry in item.items or ():
        name = item_name(entry)
        if name not in paths:
            rest.append(entry)
            continue
        words: Sequence[Any] = entry.words if isinstance(entry, syntax.Directive) else ()
        match words:
            case [Text(value=path)] if path:
                paths[name] = path
            case _:
                findings.malformed(name, entry.span, EXPECTED[name])
    moment = NativeField(name="at", type=Type("instant"), span=item.span, wire="iso", version=True)
    if not paths["at"] and any(item_name(entry) == "since" for entry in rest):
        findings.malformed("deleted", item.span, EXPECTED["at"])
    asked = syntax.Directive(item.name, item.words, tuple(rest), item.doc, item.span)
    listing = resolve_listing(asked, moment, "", timing, substitutions, findings)
    fields = {"id": runtime.NativeField(name="id", kind="text", path=tuple(paths["id"].split(".")))}
    if paths["at"]:
        fields["at"] = runtime.NativeField(name="at", kind="instant", path=tuple(paths["at"].split(".")))
    return runtime.Resource(
        name="deleted", identity="id", fields=fields, version="at" if paths["at"] else None, list=listing
    )
