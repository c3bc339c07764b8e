"""Personal data: it goes only where it may, and every system says how one person's is erased."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label, Severity
from syncline.guarantees.personal import personal_lines, personal_paths, unwritable
from syncline.model.spec import Arrow, EraseRule, Field, Map, Spec, Sync
from syncline.model.spelling import names_in
from syncline.source import Span


def check_privacy(sync: Sync) -> Iterator[Diagnostic]:
    """pii.not-cleared, pii.no-erase, erase.not-possible."""
    rules = {rule.system.name: rule for rule in sync.erases}
    without: list[Map] = []
    for side in sync.maps:
        if not side.system.cleared_for_pii:
            yield from _not_cleared(side)
        rule = rules.get(side.system.name)
        if rule is not None:
            yield from _possible(side, rule)
        elif personal_lines(side):
            without.append(side)
    if without:
        name = next(iter(personal_lines(without[0]).values()))
        field = sync.entity.fields[name]
        facts: dict[str, Fact] = {
            "entity": sync.entity.name,
            "field": name,
            "systems": tuple(side.system.name for side in without),
        }
        labels = (Label(field.span, "declared-here"),)
        yield Diagnostic("pii.no-erase", sync.span, facts, labels, severity=Severity.WARNING)


def check_marks(spec: Spec) -> Iterator[Diagnostic]:
    """pii.not-marked: what is made of personal data, in another record or in another field, is personal data."""
    for derivation in spec.derivations:
        for line in derivation.lines:
            names = () if line.expression is None else names_in(line.expression)
            personal = [field for name in names if (field := derivation.origin.fields.get(name)) and field.pii]
            if personal and line.field is not None and not line.field.pii:
                yield _not_marked(line.span, derivation.entity.name, line.field, derivation.origin.name, personal[0])
    for entity in spec.entities.values():
        for computed in entity.fields.values():
            for name in () if computed.computed is None or computed.pii else names_in(computed.computed):
                head, _, rest = name.partition(".")
                back = entity.back.get(head)
                owner = entity if back is None else spec.entities[back.entity]
                read = owner.fields.get(name if back is None else rest)
                if read is not None and read.pii:
                    yield _not_marked(computed.span, entity.name, computed, owner.name, read)


def _not_marked(span: Span, entity: str, field: Field, owner: str, personal: Field) -> Diagnostic:
    facts: dict[str, Fact] = {"field": f"{entity}.{field.name}", "source": f"{owner}.{personal.name}"}
    labels = [Label(personal.span, "declared-here")]
    if field.span is not span:
        labels.append(Label(field.span, "to-be-marked"))
    return Diagnostic("pii.not-marked", span, facts, tuple(labels))


def _not_cleared(side: Map) -> Iterator[Diagnostic]:
    own = ((line, name, side.entity.fields[name]) for line, name in personal_lines(side).items())
    for line, name, field in (*own, *personal_paths(side)):
        found = side.lines[line]
        if found.arrow is Arrow.READ:
            continue
        labels = [Label(field.span, "declared-here")]
        never = side.system.connector.places.get("pii")
        if never is not None:
            labels.append(Label(never, "never-here"))
        yield Diagnostic("pii.not-cleared", found.span, {"field": name, "system": side.system.name}, tuple(labels))


def _possible(side: Map, rule: EraseRule) -> Iterator[Diagnostic]:
    resource = side.resource.declaration
    facts: dict[str, Fact] = {"system": side.system.name, "resource": resource.name, "native": "", "field": ""}
    here = Label(side.resource.span, "resource-here")
    if rule.action == "purge" and resource.delete is None:
        yield Diagnostic("erase.not-possible", rule.span, {**facts, "problem": "no-delete"}, (here,))
    if rule.action != "clear" or not personal_lines(side):
        return
    if resource.update is None:
        yield Diagnostic("erase.not-possible", rule.span, {**facts, "problem": "no-update"}, (here,))
        return
    for native, name in unwritable(side):
        problem = "required" if native.writable else "read-only"
        told = {**facts, "native": native.name, "field": name, "problem": problem}
        yield Diagnostic("erase.not-possible", rule.span, told, (Label(native.span, "native-here"),))
