"""The connectors of the library do what they declare, against the systems they are for."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncline.pipeline import check_spec
from syncline_runtime.connectors import open_system
from syncline_runtime.declaration import Condition, Connector, System
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.ports import Applied, Gone, NativeRecord, Page, Refused, SystemFailure, Unavailable, Write
from syncline_runtime.ports import System as Port
from syncline_runtime.settings import SecretText, Setting

LIBRARY = Path(__file__).parents[2] / "specs" / "library"
SPEC = """
spec conformance version 1
use pocketbase, tryton, database
system crm = pocketbase { url: env("A"), email: env("B"), password: secret("C") }
system erp = tryton { url: env("D"), database: env("E"), user: env("F"), password: secret("G") }
system shop = database { url: secret("H") }
extend crm { resource contacts like collection("contacts") { fullname : text(200) required, email : email unique } }
extend erp {
  resource parties like model("party.party") {
    name   : text
    active : boolean
    email  : email child contact_mechanisms(type: "email") value
    phone  : phone child contact_mechanisms(type: "phone") value
  }
}
extend shop {
  resource customers table "customers" {
    id           : integer identity
    updated_at   : instant version
    full_name    : text(120)
    email        : email?
    credit_limit : decimal(24, 4)?
    archived     : boolean
  }
}
"""


class Clock:
    """Waits for nothing."""

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        return None


def port(name: str, settings: Mapping[str, Setting]) -> Port:
    """A port to a system of the spec."""
    checked = check_spec(
        "conformance.sync",
        SPEC.encode(),
        lambda file: (LIBRARY / f"{file.removeprefix('library:')}.sync").read_bytes(),
    )
    assert checked.model is not None, checked.diagnostics
    model = checked.model.systems[name]
    declared = System(
        name=name,
        connector=model.connector.declaration,
        settings={},
        resources={key: resource.declaration for key, resource in model.resources.items()},
    )
    assert isinstance(declared.connector, Connector)
    return open_system(declared, settings, Clock(), TokenBucket(declared.connector.rate, Clock()))


async def listed(system: Port, resource: str, **how: Any) -> tuple[dict[str, NativeRecord], list[Page]]:
    pages = [page async for page in system.pages(resource, fields=("email",), **how)]
    return {record.remote_id: record for page in pages for record in page.records}, pages


def ids(outcomes: Any) -> list[str]:
    return [outcome.remote_id for outcome in outcomes if isinstance(outcome, Applied)]


async def test_pocketbase(pocketbase: Any) -> None:
    settings = {"url": pocketbase.url, "email": pocketbase.email, "password": SecretText(pocketbase.password)}
    crm = port("crm", settings)
    await crm.open()
    writes = [Write({"fullname": f"N{number}", "email": f"n{number}@x.example"}) for number in range(120)]
    writes[60] = Write({"fullname": "", "email": "bad@x.example"})
    writes[70] = Write({"fullname": "x", "email": "n3@x.example"})
    outcomes = await crm.create("contacts", writes)
    records, pages = await listed(crm, "contacts")
    made = ids(outcomes)
    updated = await crm.update(
        "contacts", [*(Write({"fullname": "U"}, key) for key in made[:5]), Write({"fullname": "U"}, "nosuchid1234567")]
    )
    changed, _ = await listed(crm, "contacts", since=pages[-1].cursor)
    named, _ = await listed(crm, "contacts", where=[Condition(field="fullname", value="U")])
    deleted = await crm.delete("contacts", [Write({}, made[0]), Write({}, "nosuchid1234567")])
    found = await crm.read("contacts", made[:2], fields=("fullname",))
    await crm.close()
    assert [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, Applied)] == [60, 70]
    assert outcomes[60] == Refused("400", "Failed to create record.", {"fullname": "Cannot be blank."})
    assert outcomes[70] == Refused("400", "Failed to create record.", {"email": "Value must be unique."})
    assert set(records) == set(made) == set(pocketbase.client.all("contacts")) | {made[0]}
    assert ids(updated) == made[:5]
    assert updated[5] == Gone()
    assert set(made[:5]) <= set(changed)
    assert set(named) == set(made[:5])
    assert [type(outcome) for outcome in deleted] == [Applied, Gone]
    assert found[made[0]] is None
    assert found[made[1]] is not None
    with pytest.raises(SystemFailure) as caught:
        await port("crm", {**settings, "password": SecretText("wrong-password")}).open()
    assert str(caught.value) == (
        "crm: the credentials are not accepted; setting email or password; "
        "the server answered: HTTP 400: Failed to authenticate."
    )


async def test_tryton(tryton: Any) -> None:
    settings = {
        "url": tryton.url,
        "database": tryton.database,
        "user": tryton.user,
        "password": SecretText(tryton.password),
    }
    erp = port("erp", settings)
    await erp.open()
    before, _ = await listed(erp, "parties")
    writes = [Write({"name": f"N{number}", "email": f"n{number}@x.example", "phone": None}) for number in range(30)]
    writes[7] = Write({"name": "a bad\nname"})
    writes[9] = Write({"name": "a bad phone", "phone": "123"})
    writes[11] = Write({"name": "archived", "active": False})
    outcomes = await erp.create("parties", writes)
    made = ids(outcomes)
    records, pages = await listed(erp, "parties")
    edits = [
        Write({"email": "new@x.example", "phone": "+4722225555"}, made[0]),
        Write({"email": None, "active": False}, made[1]),
        Write({"name": "X"}, "999999"),
    ]
    updated = await erp.update("parties", edits)
    revived = await erp.update("parties", [Write({"name": "back", "active": True}, made[1])])
    changed, _ = await listed(erp, "parties", since=pages[-1].cursor)
    deleted = await erp.delete("parties", [Write({}, made[2])])
    found = await erp.read("parties", [made[2], made[3]], fields=("name", "email"))
    await erp.close()
    parties = tryton.client.parties()
    assert [number for number, outcome in enumerate(outcomes) if not isinstance(outcome, Applied)] == [7, 9]
    assert isinstance(outcomes[9], Refused)
    assert "123" in outcomes[9].message
    assert isinstance(outcomes[0], Applied)
    assert outcomes[0].record is not None
    assert outcomes[0].record.native["email"] == "n0@x.example"
    assert set(records) == set(before) | set(made)
    assert ids(updated) == made[:2]
    assert isinstance(updated[2], Refused)
    assert isinstance(revived[0], Applied)
    assert set(made[:2]) <= set(changed)
    assert (parties[made[0]]["email"], parties[made[0]]["phone"]) == ("new@x.example", "+47 22 22 55 55")
    assert (parties[made[1]]["name"], parties[made[1]]["active"]) == ("back", True)
    assert not parties[made[1]]["email"]
    assert not parties[made[9]]["active"]
    assert isinstance(deleted[0], Applied)
    assert made[2] not in parties
    assert found[made[2]] is None
    assert found[made[3]] is not None
    with pytest.raises(SystemFailure) as caught:
        await port("erp", {**settings, "password": SecretText("wrong-password")}).open()
    assert str(caught.value) == (
        "erp: the credentials are not accepted; setting password or user; the server answered: HTTP 401"
    )


async def test_postgresql(postgres: Any) -> None:
    shop = port("shop", {"url": SecretText(postgres.url)})
    await shop.open()
    writes = [
        Write(
            {"full_name": f"N{number}", "email": f"n{number}@x", "credit_limit": Decimal("99999999999999999999.1234")}
        )
        for number in range(1500)
    ]
    writes[5] = Write({"full_name": None})
    writes[7] = Write({"full_name": "x", "credit_limit": "abc"})
    writes[1100] = Write({"full_name": "x" * 300})
    writes[1101] = Write({"full_name": "x\x00"})
    outcomes = await shop.create("customers", writes)
    made = ids(outcomes)
    records, pages = await listed(shop, "customers")
    updated = await shop.update(
        "customers", [Write({"full_name": "U", "archived": True}, made[0]), Write({"full_name": "U"}, "999999")]
    )
    changed, _ = await listed(shop, "customers", since=pages[-1].cursor)
    archived, _ = await listed(shop, "customers", where=[Condition(field="archived", value=True)])
    deleted = await shop.delete("customers", [Write({}, made[0]), Write({}, made[0])])
    postgres.process.stop()
    lost = await shop.create("customers", [Write({"full_name": "x"})])
    with pytest.raises(SystemFailure, match="could not list customers; setting url; the server answered: "):
        await listed(shop, "customers")
    await shop.close()
    refused = {number: outcome for number, outcome in enumerate(outcomes) if isinstance(outcome, Refused)}
    assert {number: outcome.code for number, outcome in refused.items()} == {
        5: "not-null",
        7: "22P02",
        1100: "22001",
        1101: "value",
    }
    assert refused[5].fields == {"full_name": "a value is required"}
    assert isinstance(outcomes[0], Applied)
    assert outcomes[0].record is not None
    assert outcomes[0].record.native["credit_limit"] == Decimal("99999999999999999999.1234")
    assert len(records) == len(made) == 1496
    assert [type(outcome) for outcome in updated] == [Applied, Gone]
    assert made[0] in changed
    assert list(archived) == [made[0]]
    assert [type(outcome) for outcome in deleted] == [Applied, Gone]
    assert [type(outcome) for outcome in lost] == [Unavailable]
