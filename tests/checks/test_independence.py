"""One run shows every independent mistake, and none that only follows from another."""

from syncline.diagnostics.pages import PRELUDE, sample
from syncline.pipeline import check_spec

ENTITY = "entity Customer { email : email, name : text(100), vat : text(20)?, match email }\n"
MAPS = """\
map Customer to crm.contacts  { email <-  email, name <-> name, vat <- vat }
map Customer to shop.contacts { email  -> email, name <-> name, vat -> vat }
"""
SYNC = "sync Customer from crm to shop { delete in shop never, truth { name newest else crm } }\n"


def codes(spec: str) -> list[str]:
    checked = check_spec("example.sync", f"{PRELUDE}{spec}".encode(), {"sample.sync": sample().encode()}.get)
    return [found.code for found in checked.diagnostics]


def test_the_sound_spec_reports_nothing() -> None:
    assert codes(ENTITY + MAPS + SYNC) == []


def test_mistakes_of_different_phases_show_in_one_run() -> None:
    spec = (
        ENTITY + MAPS.replace("vat -> vat", "truncate(name, 20) -> number") + SYNC.replace("newest else crm", "union")
    )
    assert codes(spec + "entity Other { it : string }\n") == [
        "write.read-only",
        "truth.unlawful-merge",
        "type.unknown",
    ]


def test_a_faulty_field_is_not_missed_again_where_it_is_mapped() -> None:
    assert codes(ENTITY.replace("text(20)", "string") + MAPS + SYNC) == ["type.unknown"]


def test_a_faulty_line_is_not_missed_as_a_source_or_as_a_required_field() -> None:
    assert codes(ENTITY + MAPS.replace("vat <- vat", "vat <- vta") + SYNC) == ["map.native-unknown"]
    assert codes(ENTITY + MAPS.replace("email  -> email", "email -> mail") + SYNC) == ["map.native-unknown"]


def test_a_faulty_rule_is_not_missed_as_a_rule() -> None:
    assert codes(ENTITY + MAPS + SYNC.replace("newest else crm", "owned by erp")) == ["truth.unknown-system"]
    assert codes(ENTITY + MAPS + SYNC.replace("delete in shop never", "delete in shop")) == ["sync.action"]


def test_a_line_that_does_not_parse_is_not_missed_by_name_or_by_absence() -> None:
    assert codes(ENTITY.replace("vat : text", "vat = text") + MAPS + SYNC) == ["syntax.unexpected"]
    assert codes(ENTITY + MAPS.replace("vat <- vat", "vat < - vat") + SYNC) == ["syntax.unexpected"]
    assert codes("entity Customer {\n  email = email\n}\n") == ["syntax.unexpected"]
    assert codes("enum Stage {\n  lead = 1\n}\n") == ["syntax.unexpected"]


def test_a_system_that_is_faulty_does_not_hide_its_maps() -> None:
    spec = 'system web = sample { url: "http://shop.example.com", token: secret("T") }\n' + ENTITY
    assert codes(spec + "map Customer to web.contacts { nmae <-> name, email <-> email }\n") == [
        "url.insecure",
        "map.field-unknown",
    ]
