"""Least privilege: what a package never needs is refused before it reaches a connector, whatever asks for it."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Creation, Deletion, OnDelete, Updating
from syncline_runtime.ports import Write
from syncline_runtime.privileges import OnlyNeeded, needed
from syncline_runtime.reviewed import WriteForbidden
from syncline_runtime.simulation.twin import Table, Twin
from tests.runtime.executing.conftest import FakeClock, package

KEPT = {"erp": Deletion(policy=OnDelete.NEVER)}


def clauses(**changes: Any) -> Any:
    spec = package("crm", "erp")
    return replace(spec, syncs=(replace(spec.syncs[0], **changes),))


@pytest.mark.parametrize(
    ("changes", "operations"),
    [
        ({}, {"create", "update", "delete"}),
        ({"deletes": {"erp": Deletion(policy=OnDelete.NEVER)}}, {"create", "update"}),
        ({"deletes": {"erp": Deletion(policy=OnDelete.ARCHIVE)}}, {"create", "update"}),
        ({"deletes": {}}, {"create", "update", "delete"}),
        ({"deletes": {"erp": Deletion(policy=OnDelete.UNLINK)}}, {"create", "update"}),
        (
            {"deletes": {"erp": Deletion(policy=OnDelete.HOLD, cases=(Deletion(policy=OnDelete.PROPAGATE),))}},
            {"create", "update", "delete"},
        ),
        ({"creates": {"erp": Creation(allowed=False)}, "deletes": KEPT}, {"update"}),
        ({"updates": {"erp": Updating(allowed=False)}, "deletes": KEPT}, {"create"}),
        (
            {"updates": {"erp": Updating(allowed=False)}, "deletes": KEPT, "out_of_scope": "archive"},
            {"create", "update"},
        ),
    ],
)
def test_what_a_package_needs_follows_from_its_clauses(changes: dict[str, Any], operations: set[str]) -> None:
    assert needed(clauses(**changes), "erp") == {(operation, "customers") for operation in operations}


def test_a_side_that_is_only_read_needs_nothing() -> None:
    spec = package("crm", "erp", one_way=True)
    assert needed(spec, "crm") == frozenset()
    assert needed(spec, "nobody") == frozenset()


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
async def test_what_is_not_needed_does_not_pass(operation: str) -> None:
    twin = Twin("erp", FakeClock(), customers=Table())
    remote_id = twin.put("customers", title="Ana")
    write = [Write({"title": "Bo"}, None if operation == "create" else remote_id)]
    with pytest.raises(WriteForbidden, match=f"never lets anybody {operation} customers"):
        await getattr(OnlyNeeded(twin, frozenset()), operation)("customers", write)
    assert twin.calls == []
    await getattr(OnlyNeeded(twin, frozenset({(operation, "customers")})), operation)("customers", write)
    assert twin.calls == [(operation, "customers", 1)]
