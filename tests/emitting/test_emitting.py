"""From a resolved spec to a package that imports, reads, writes and says what it does."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from syncline.emitting import EmissionRefused, emit
from syncline.lowering import lower
from syncline.view import Constant, Module
from syncline_runtime.codecs import CodecError
from syncline_runtime.declaration import RUNTIME_API, Ask, FieldMap, Owned, Package, RuntimeMismatch, When
from syncline_runtime.values import ABSENT, Money
from tests.emitting.models import crm_erp


def write(files: dict[str, str], folder: Path) -> None:
    folder.mkdir()
    for path, text in files.items():
        (folder / path).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    folder = tmp_path_factory.mktemp("out")
    write(emit(lower(crm_erp())), folder / "crm_erp")
    sys.path.insert(0, str(folder))
    yield import_module("crm_erp").PACKAGE
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "crm_erp"]:
        del sys.modules[name]


@pytest.fixture
def crm(package: Package) -> FieldMap:
    return package.mapping("Company", "crm")


@pytest.fixture
def erp(package: Package) -> FieldMap:
    return package.mapping("Company", "erp")


NATIVE = {
    "vat_number": "abc-123.456-xyz",
    "domain": "Acme.MX",
    "name": "  Ana ",
    "phone": "55 1234 5678",
    "lifecyclestage": "subscriber",
    "credit_limit": 12345,
    "tags": "b;a",
    "street": "",
    "since": "2024-02-29",
    "short_name": "Ana",
}


def test_reading_goes_through_wire_codecs_and_types(crm: FieldMap) -> None:
    assert crm.read(NATIVE) == {
        "vat": "ABC123456XYZ",
        "domain": "acme.mx",
        "name": "Ana",
        "phone": "+525512345678",
        "lifecycle": "lead",
        "credit_limit": Money(Decimal("123.45"), "MXN"),
        "tags": frozenset({"a", "b"}),
        "address.street": None,
        "since": date(2024, 2, 29),
        "=short_name": "Ana",
    }


def test_a_field_that_is_not_shown_is_absent_and_never_written(crm: FieldMap) -> None:
    assert set(crm.read({}).values()) == {ABSENT}
    assert crm.write({"vat": ABSENT}, None) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [("vat_number", "short"), ("lifecyclestage", "unknown"), ("name", "x" * 121), ("since", "2024-02-30"), ("tags", 7)],
)
def test_a_value_outside_the_type_is_refused(crm: FieldMap, field: str, value: object) -> None:
    with pytest.raises(CodecError):
        crm.read({field: value})


def test_writing_mirrors_reading(crm: FieldMap) -> None:
    values = crm.read(NATIVE)
    written = crm.write(values, None)
    assert written["lifecyclestage"] == "lead"
    assert written["credit_limit"] == 12345
    assert written["street"] == ""
    assert written["tags"] == "a;b"
    assert crm.read(written) == values


def test_a_table_keeps_the_old_spelling_of_the_same_member(crm: FieldMap) -> None:
    assert crm.write({"lifecycle": "lead"}, {"lifecyclestage": "subscriber"}) == {"lifecyclestage": "subscriber"}
    assert crm.write({"lifecycle": "customer"}, {"lifecyclestage": "subscriber"}) == {"lifecyclestage": "customer"}


def test_an_expression_is_written_into_its_output_slot(crm: FieldMap) -> None:
    assert crm.write({"name": "x" * 60}, None)["short_name"] == "x" * 40
    assert "short_name" not in crm.write({"name": ABSENT}, None)


def test_a_table_that_cannot_be_read_back_shows_an_output_slot(erp: FieldMap) -> None:
    assert erp.read({"customer_rank": 0})["=customer_rank"] == 0
    assert "lifecycle" not in erp.read({"customer_rank": 0})
    assert [flow.field for flow in erp.flows if flow.native == ("customer_rank",)] == ["=customer_rank"]


def test_the_equalities_of_where_are_set_on_creates_only(erp: FieldMap) -> None:
    assert erp.write({}, None) == {"is_company": True}
    assert erp.write({}, {"is_company": True}) == {}
    assert erp.in_scope is not None
    assert erp.in_scope({"is_company": True})
    assert not erp.in_scope({"is_company": False})


def test_normalising_does_what_the_system_declares(crm: FieldMap, erp: FieldMap) -> None:
    assert crm.normalise is not None
    assert crm.normalise({"domain": " Acme.MX", "name": " Ana "}) == {"domain": "acme.mx", "name": " Ana "}
    assert erp.normalise is None


def test_flows_say_what_each_line_does(crm: FieldMap, erp: FieldMap) -> None:
    flows = {flow.field: flow for flow in crm.flows}
    assert flows["vat"].when is When.PRESENT
    assert (flows["vat"].contributes, flows["vat"].writes, flows["vat"].exact) == (True, True, False)
    assert (flows["credit_limit"].contributes, flows["credit_limit"].writes) == (False, True)
    assert flows["since"].exact
    assert not flows["address.street"].exact  # "" and null are one in that system
    assert flows["since"].line == 49
    assert {flow.field: flow for flow in erp.flows}["name"].exact


def test_policy_is_declared_for_contested_fields_only(package: Package) -> None:
    (sync,) = package.syncs
    assert isinstance(sync.rules["vat"], Owned)
    assert sync.rules["vat"].by == "erp"
    assert isinstance(sync.rules["address.street"], Ask)
    assert "phone" not in sync.rules
    create = sync.creates["erp"].when
    assert create is not None
    assert create({"lifecycle": "customer"})
    assert not create({"lifecycle": "lead"})
    assert sync.systems == ("crm", "erp")


def test_the_shape_decodes_what_the_state_keeps(package: Package) -> None:
    entity = package.entities["Company"]
    stored = b'{"credit_limit":["1.5","MXN"],"tags":["a"],"since":"2024-02-29","address.street":null}'
    assert msgspec.json.decode(stored, type=entity.shape) == {
        "credit_limit": Money(Decimal("1.5"), "MXN"),
        "tags": frozenset({"a"}),
        "since": date(2024, 2, 29),
        "address.street": None,
    }
    assert entity.defaults == {"lifecycle": "lead"}
    assert entity.pii == {"phone"}


def test_a_mapping_line_says_where_it_comes_from() -> None:
    company = emit(lower(crm_erp()))["company.py"]
    for line in company.splitlines():
        if "_get(" in line or "_put(" in line:
            assert "  # crm_erp.sync:" in line, line


def test_a_package_for_another_runtime_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = replace(lower(crm_erp()), api=RUNTIME_API + 1, name="other_api")
    write(emit(view), tmp_path / "other_api")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RuntimeMismatch, match="pip install -U syncline-runtime"):
        import_module("other_api")


@pytest.mark.parametrize(
    "value",
    [
        "__import__('os')",
        "lambda: 0",
        "[x for x in ()]",
        'eval("1")',
        "().__class__",
        "1)\nimport os\n(2",
        'f"{1}"',
        "(yield)",
    ],
)
def test_code_that_was_not_meant_is_refused(value: str) -> None:
    view = lower(crm_erp())
    strange = Module(file="strange.py", doc="", declarations=(Constant("X", value),))
    with pytest.raises(EmissionRefused):
        emit(replace(view, modules=(*view.modules, strange)))
