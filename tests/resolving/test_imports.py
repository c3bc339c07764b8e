"""Files: what is imported is seen, each file once, and neither cycles nor missing files are silent."""

from collections.abc import Callable
from typing import Any

Resolve = Callable[..., Any]

SHARED = """
type Vat = text(20)
entity Company { vat : Vat }
"""


def test_types_entities_and_systems_of_an_imported_file_are_seen_and_its_syncs_are_not(resolved: Resolve) -> None:
    files = {"parts/shared.sync": f"{SHARED}\nsystem x = nothing {{}}\nsync Company across x {{}}"}
    result = resolved('spec s version 1\nimport "shared.sync"\nentity Order { vat : Vat }', files, "parts/main.sync")
    assert result.found == [("name.unknown-connector", "nothing")]
    assert set(result.spec.entities) == {"Company", "Order"}
    assert result.spec.syncs == ()
    assert result.spec.entities["Company"].span.source.name == "parts/shared.sync"


def test_a_file_reached_twice_is_read_once(resolved: Resolve) -> None:
    files = {"a.sync": 'import "c.sync"', "b.sync": 'import "c.sync"', "c.sync": SHARED}
    result = resolved('spec s version 1\nimport "a.sync"\nimport "b.sync"', files)
    assert result.found == []
    assert list(result.spec.entities) == ["Company"]


def test_paths_are_relative_to_the_importing_file(resolved: Resolve) -> None:
    files = {"sub/a.sync": 'import "../c.sync"', "c.sync": SHARED}
    assert resolved('spec s version 1\nimport "sub/a.sync"', files).found == []


def test_a_cycle_is_reported_at_the_import_that_closes_it(resolved: Resolve) -> None:
    files = {"a.sync": 'import "b.sync"', "b.sync": f'import "a.sync"\n{SHARED}'}
    result = resolved('spec s version 1\nimport "a.sync"', files)
    assert result.found == [("import.cycle", 'import "a.sync"')]
    cycle = result.only("import.cycle")
    assert cycle.span.source.name == "b.sync"
    assert [label.span.source.name for label in cycle.labels] == ["main.sync"]
    assert list(result.spec.entities) == ["Company"]


def test_a_file_that_imports_the_main_file_closes_a_cycle(resolved: Resolve) -> None:
    result = resolved('spec s version 1\nimport "a.sync"', {"a.sync": 'import "main.sync"'})
    assert [code for code, _ in result.found] == ["import.cycle"]


def test_what_is_not_there_is_reported_where_it_is_named_and_nothing_follows_from_it(resolved: Resolve) -> None:
    result = resolved('spec s version 1\nuse nowhere\nimport "gone.sync"\nsystem x = nowhere {}\nentity E { f : text }')
    assert result.found == [("import.missing", "nowhere"), ("import.missing", '"gone.sync"')]


def test_names_that_a_missing_file_may_declare_are_not_called_unknown(resolved: Resolve) -> None:
    result = resolved("""spec s version 1
import "gone.sync"
entity Order { vat : Vat, ref : Ordr, total : moneey }
map Company to erp.things { a <-> b }
sync Company across erp, web { delete in erp never }
""")
    assert result.found == [("import.missing", '"gone.sync"'), ("type.unknown", "Ordr"), ("type.unknown", "moneey")]


def test_a_quoted_name_does_not_lead_out_of_the_library(resolved: Resolve) -> None:
    files = {"library:../main": "connector shop over sql { setting url : secret }"}
    assert resolved("spec s version 1\nuse `../main`", files).found == [("import.missing", "`../main`")]


def test_a_connector_of_the_library_is_loaded_by_name(resolved: Resolve) -> None:
    library = {"library:shop": "connector shop over sql { setting url : secret }"}
    result = resolved('spec s version 1\nuse shop\nsystem x = shop { url: secret("URL") }', library)
    assert result.found == []
    assert result.spec.systems["x"].connector.name == "shop"


def test_a_name_that_two_files_declare_is_a_duplicate_that_names_both(resolved: Resolve) -> None:
    result = resolved('spec s version 1\nimport "a.sync"\nentity Company { x : text }', {"a.sync": SHARED})
    duplicate = result.only("name.duplicate")
    assert duplicate.span.source.name == "main.sync"
    assert duplicate.labels[0].span.source.name == "a.sync"


def test_a_chain_of_imports_ends_in_a_diagnostic(resolved: Resolve) -> None:
    files = {f"f{number}.sync": f'import "f{number + 1}.sync"' for number in range(400)}
    assert [code for code, _ in resolved('spec s version 1\nimport "f0.sync"', files).found] == ["import.too-deep"]


def test_the_hash_covers_every_file(resolved: Resolve) -> None:
    text = 'spec s version 1\nimport "a.sync"'
    one, same, other = (resolved(text, {"a.sync": body}).spec.sha256 for body in (SHARED, SHARED, SHARED + "\n"))
    assert one == same != other
    assert len(one) == 64


def test_the_header_is_asked_for_of_the_main_file_only(resolved: Resolve) -> None:
    assert [code for code, _ in resolved("entity E { f : text }").found] == ["spec.header-missing"]
    assert resolved('spec s version 1\nimport "a.sync"', {"a.sync": "spec a version 9"}).found == []
    assert resolved("spec s version 1\nspec t version 2").found == [("spec.header-duplicate", "spec t version 2")]
    assert resolved("spec s version 1.5").found == [("spec.version", "1.5")]
    header = resolved("## Doc.\nspec s version 3\n").spec
    assert (header.name, header.version, header.doc) == ("s", 3, "Doc.")
