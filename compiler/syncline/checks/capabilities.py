"""Capabilities: nothing is asked of a system that its resource does not offer, and nothing it requires is left out."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.contest import Contest
from syncline.model.spec import Arrow, DeleteRule, Line, Map, Sync, System, WriteRule
from syncline_runtime.declaration import OnDelete, When


def check_writes(field_map: Map) -> Iterator[Diagnostic]:
    """write.read-only, state.no-operation."""
    for line in field_map.lines:
        if line.arrow is Arrow.READ or line.picked:
            continue
        for native in line.natives:
            if not native.writable:
                yield Diagnostic(
                    "write.read-only",
                    line.native_span,
                    {"native": native.name, "system": field_map.system.name, "field": line.slot.removeprefix("=")},
                    (Label(native.span, "native-here"),),
                )
    for line in field_map.lines:
        if line.arrow is not Arrow.READ and len(line.natives) == 1 and line.natives[0].states and not line.picked:
            yield from _unreachable(line)


def _unreachable(line: Line) -> Iterator[Diagnostic]:
    """Values that are written to a field that operations set, and that none of them sets."""
    native = line.natives[0]
    table = next((step.table for step in line.pipeline if step.table), None)
    written = () if table is None else tuple(natives[0] for _, natives in table)
    # Read by a connector's own spelling, a state is a text; what is no table may be any of them.
    missing = tuple(str(value) for value in written if value is not None and value not in native.states)
    if table is None or missing:
        facts: dict[str, Fact] = {
            "native": native.name,
            "problem": "any" if table is None else "some",
            "missing": missing,
            "known": tuple(str(value) for value in native.states),
        }
        yield Diagnostic("state.no-operation", line.native_span, facts, (Label(native.span, "native-here"),))


def check_capabilities(sync: Sync) -> Iterator[Diagnostic]:
    """write.not-offered, create.required-missing, create.no-value, message.no-key."""
    contest = Contest(sync)
    for field_map in sync.maps:
        if field_map.sends:
            yield from _message(sync, field_map)
            continue
        if field_map.resource.declaration.list is None:
            yield _not_offered(sync, field_map, "list", "", field_map)
        creating = rule_of(sync.creates, field_map.system)
        updating = rule_of(sync.updates, field_map.system)
        writes = any(line.arrow is not Arrow.READ for line in field_map.lines)
        if writes and (creating is None or creating.allowed) and (sync.several or sync.derivations):
            if field_map.resource.declaration.create is None:
                yield _not_offered(sync, field_map, "create", f"create in {field_map.system.account} never", creating)
            else:
                yield from _required(sync, field_map)
                yield from _unfillable(sync, contest, field_map)
        updates = any(line.arrow is not Arrow.READ and When.ON_CREATE not in line.when for line in field_map.lines)
        if updates and (updating is None or updating.allowed) and field_map.resource.declaration.update is None:
            yield _not_offered(sync, field_map, "update", f"update in {field_map.system.account} never", updating)
    for rule in sync.deletes:
        found = sync.map_of(rule.system)
        if found is None:
            continue
        if rule.policy is OnDelete.PROPAGATE and found.resource.declaration.delete is None:
            yield _not_offered(sync, found, "delete", f"delete in {rule.system.account} unlink", rule)
        if rule.policy is OnDelete.ARCHIVE:
            # What archives a record is an update of its flag.
            missing = "archive" if found.resource.declaration.archive is None else "update"
            if missing == "archive" or found.resource.declaration.update is None:
                yield _not_offered(sync, found, missing, f"delete in {rule.system.account} unlink", rule)


def _message(sync: Sync, field_map: Map) -> Iterator[Diagnostic]:
    """What is sent at least once must be known by a key when it is sent again."""
    yield from _required(sync, field_map)
    create = field_map.resource.declaration.create
    if create is not None and not (create.idempotency and create.idempotency_seconds and create.batch is None):
        facts: dict[str, Fact] = {"entity": sync.entity.name, "system": field_map.system.name}
        yield Diagnostic("message.no-key", field_map.span, facts, (Label(field_map.resource.span, "resource-here"),))


def rule_of(rules: tuple[WriteRule, ...], system: System) -> WriteRule | None:
    """The rule for a system, if there is one."""
    return next((rule for rule in rules if rule.system.name == system.name), None)


def _required(sync: Sync, field_map: Map) -> Iterator[Diagnostic]:
    written = {native.column for line in field_map.lines if line.arrow is not Arrow.READ for native in line.natives}
    written |= {equality.native.column for equality in field_map.where}
    for native in field_map.resource.fields.values():
        if native.required and native.name not in written:
            yield Diagnostic(
                "create.required-missing",
                field_map.span,
                {"native": native.name, "system": field_map.system.name, "resource": field_map.resource.name},
                (Label(native.span, "native-here"), Label(sync.span, "this-sync")),
            )


def _unfillable(sync: Sync, contest: Contest, field_map: Map) -> Iterator[Diagnostic]:
    """Required fields that only the system itself could fill: a record born elsewhere is never created in it."""
    name = field_map.system.name
    for line in field_map.lines:
        field = line.field
        if field is None or line.arrow is Arrow.READ or field.type.nullable or field.default is not None:
            continue
        sources = contest.contributors(field.name)
        if (
            sources
            and all(source.account == field_map.system.account for source in sources)
            and sync.several
            and all(field.name not in one.filled for one in sync.derivations)
        ):
            yield Diagnostic(
                "create.no-value",
                line.span,
                {"field": field.name, "system": name, "entity": sync.entity.name},
                (Label(field.span, "declared-here"), Label(sync.span, "this-sync")),
            )


def _not_offered(
    sync: Sync, field_map: Map, operation: str, instead: str, rule: "WriteRule | DeleteRule | Map | None"
) -> Diagnostic:
    return Diagnostic(
        "write.not-offered",
        rule.span if rule is not None else field_map.span,
        {
            "operation": operation,
            "resource": field_map.resource.name,
            "system": field_map.system.name,
            "entity": sync.entity.name,
            "instead": instead,
        },
        (Label(field_map.resource.span, "resource-here"),),
    )
