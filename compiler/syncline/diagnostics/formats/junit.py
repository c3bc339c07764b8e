"""A JUnit report: a suite for each spec, a failed case for each finding, one that passes for a spec without any."""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from syncline.diagnostics.diagnostic import Severity
from syncline.diagnostics.formats.reported import Reported
from syncline.diagnostics.rendering import printable, where
from syncline.diagnostics.words import worded


def junit(found: Sequence[Reported], specs: Iterable[str]) -> str:
    """XML; `specs` are the files that were checked. A hint is a case that passes, with its words as output."""
    files = dict.fromkeys((*specs, *(each.file for each in found)))
    root = Element("testsuites", name="syncline check")
    tests = failures = 0
    for file in files:
        own = [each for each in found if each.file == file]
        failed = sum(each.diagnostic.severity is not Severity.HINT for each in own)
        suite = SubElement(
            root, "testsuite", name=printable(file), tests=str(max(1, len(own))), failures=str(failed), errors="0"
        )
        for each in own:
            _case(suite, each)
        if not own:
            SubElement(suite, "testcase", name="check", classname=printable(file))
        tests, failures = tests + max(1, len(own)), failures + failed
    root.set("tests", str(tests))
    root.set("failures", str(failures))
    root.set("errors", "0")
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, encoding="unicode")}\n'


def _case(suite: Element, each: Reported) -> None:
    found = each.diagnostic
    words = worded(found)
    name = f"{found.code} {each.declaration}".strip()
    case = SubElement(
        suite,
        "testcase",
        name=printable(f"{name} ({found.span.line}:{found.span.column})"),
        classname=printable(each.file),
    )
    text = "\n".join(printable(part) for part in (where(found.span), words.message, words.why, words.mend) if part)
    if found.severity is Severity.HINT:
        SubElement(case, "system-out").text = text
    else:
        failure = SubElement(case, "failure", message=printable(words.message), type=found.severity.value)
        failure.text = text
