"""Every finding that a page shows can be said in every format."""

import json
from xml.etree.ElementTree import fromstring

import pytest
from jsonschema import Draft4Validator

from syncline.diagnostics.formats.github import github
from syncline.diagnostics.formats.gitlab import gitlab
from syncline.diagnostics.formats.junit import junit
from syncline.diagnostics.formats.reported import reported
from syncline.diagnostics.formats.sarif import sarif
from syncline.diagnostics.pages import pages
from tests.diagnostics.formats.test_sarif import SCHEMA
from tests.diagnostics.test_pages import NO_EXAMPLE, checked, examples

VALIDATOR = Draft4Validator(SCHEMA)


@pytest.mark.parametrize("area", sorted({code.partition(".")[0] for code in pages()}))
def test_every_format_takes_every_finding(area: str) -> None:
    for code in pages():
        if code in NO_EXAMPLE or code.partition(".")[0] != area:
            continue
        for data in examples(code, fails=True):
            found = reported(checked(code, data), lambda name: name, lambda span: "somewhere")
            document = json.loads(sarif(found, "1"))
            VALIDATOR.validate(document)
            assert len(document["runs"][0]["results"]) == len(found)
            assert len(json.loads(gitlab(found))) == len(found)
            assert len(fromstring(junit(found, [])).findall(".//testcase")) == len(found)
            lines = github(found).splitlines()
            shown = [line for line in lines if not line.startswith("::notice title=syncline::")]
            assert len(shown) == len(found)
