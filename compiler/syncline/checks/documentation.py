"""What should be told in words; made where the project asks for DOCS."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.model.spec import Spec


def check_documentation(spec: Spec) -> Iterator[Diagnostic]:
    """docs.missing, for the entities of the spec's own file."""
    for entity in spec.entities.values():
        if not entity.doc and entity.span.source.name == spec.file:
            yield Diagnostic("docs.missing", entity.span, {"entity": entity.name}, severity=Severity.WARNING)
