"""What a connector promises beyond its calls stands in the report: as what follows from it, and as what is assumed."""

from pathlib import Path

from syncline.guarantees.reporting import report
from syncline.pipeline import check_spec

NORTHWIND = Path(__file__).parents[2] / "specs" / "examples" / "northwind.sync"
CHANGES = {
    '  error { message: "error.message" }': "  null { absent }",
    "    company    : text(80) required": "    company    : text(80) required\n    mark : text(64) marker\n"
    "    revision : integer counts writes",
    '      filter "where" join "&"': '      filter "where" join "&" equals "{field}={value}"',
    '    read   GET    "/accounts/{id}" { returns record }': '    read GET "/accounts/{id}" { returns record, lag 5 seconds }',
}


def statements(*, promised: bool) -> dict[str, str]:
    """What the report says of the CRM and assumes, by verdict."""
    text = NORTHWIND.read_text()
    for line, other in CHANGES.items():
        assert line in text
        text = text.replace(line, other, 1) if promised else text
    found = check_spec("northwind.sync", text.encode(), {}.get)
    assert found.model is not None, found.diagnostics
    (sync,) = report(found.model).syncs
    side = next(one for one in sync.sides if one.system == "crm")
    return {one.verdict: one.statement for one in (*side.guarantees, *sync.guarantees)}


def test_what_is_promised_is_told() -> None:
    without, told = statements(promised=False), statements(promised=True)
    assert told.keys() - without.keys() == {"absent-is-null", "by-mark", "counted", "counter", "marker"}
    assert "`phone`" in told["absent-is-null"]
    assert "`company`" not in told["absent-is-null"]
    assert told["counter"] == "crm adds one to `revision` with each write to a record, ours included"
    assert "`mark`" in told["by-mark"]
    assert "in the 5 s by which the guard read may be late" in told["guarded"]
    assert "5 s apart" in told["by-absence-confirmed"]
