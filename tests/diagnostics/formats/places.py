"""Findings at the words of a text, placed as the command line does it."""

from syncline.diagnostics.diagnostic import Diagnostic, Label, Severity
from syncline.diagnostics.formats.reported import Reported, reported
from syncline.source import Source, Span
from syncline.syntax.parsing import parse
from syncline.syntax.placing import declaration_path

SPEC = """\
spec example version 1
entity Customer {
  email : email
  name  : text
}
sync Customer across crm, erp {
  truth { name prefers crm then erp, email ask }
  delete in crm never
}
"""


def at(source: Source, part: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    start = source.text.index(part)
    label = Label(Span(source, 0, 4), "first-here")
    span = Span(source, start, start + len(part))
    return Diagnostic("truth.system-twice", span, {"name": "crm", "known": ()}, (label,), severity)


def placed(*found: Diagnostic) -> tuple[Reported, ...]:
    trees = {each.span.source.name: parse(each.span.source)[0] for each in found}
    return reported(found, lambda name: name, lambda span: declaration_path(trees[span.source.name], span.start))


def found_in(text: str, *parts: str, name: str = "a.sync", severity: Severity = Severity.ERROR) -> tuple[Reported, ...]:
    source = Source(name, text)
    return placed(*(at(source, part, severity) for part in parts))
