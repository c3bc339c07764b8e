"""What should be told in words; made where the project asks for DOCS."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.model.spec import Spec


def check_documentation(spec: Spec) -> Iterator[Diagnostic]:
    """docs.missing, docs.personal, for the entities of the spec's own file."""
    for entity in spec.entities.values():
        if entity.span.source.name != spec.file:
            continue
        if not entity.doc:
            yield Diagnostic("docs.missing", entity.span, {"entity": entity.name}, severity=Severity.WARNING)
        for field in entity.fields.values():
            if field.pii and not field.doc:
                facts = {"entity": entity.name, "field": field.name}
                yield Diagnostic("docs.personal", field.span, facts, severity=Severity.WARNING)
