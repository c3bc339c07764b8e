"""JUnit: a failed case for each finding, a passed one for a spec without any."""

from xml.etree.ElementTree import fromstring

from syncline.diagnostics.diagnostic import Severity
from syncline.diagnostics.formats.junit import junit
from syncline.source import Source
from tests.diagnostics.formats.places import SPEC, at, found_in, placed


def test_findings_are_failed_cases_and_a_clean_spec_is_a_passed_one() -> None:
    root = fromstring(junit(found_in(SPEC, "text", "never"), ["a.sync", "b.sync"]))
    assert root.attrib == {"name": "syncline check", "tests": "3", "failures": "2", "errors": "0"}
    first, second = root.findall("testsuite")
    assert [len(case.findall("failure")) for case in first] == [1, 1]
    assert first[0].attrib["name"] == "truth.system-twice entity Customer / name (4:11)"
    assert [len(case) for case in second] == [0]


def test_a_hint_does_not_fail() -> None:
    root = fromstring(junit(found_in(SPEC, "text", severity=Severity.HINT), ["a.sync"]))
    assert root.get("failures") == "0"
    assert "stands twice" in (root.findtext(".//system-out") or "")


def test_characters_that_no_xml_may_hold_do_not_break_the_report() -> None:
    source = Source("\x1b\x00.sync", SPEC)
    assert fromstring(junit(placed(at(source, "text")), [])).find(".//failure") is not None
