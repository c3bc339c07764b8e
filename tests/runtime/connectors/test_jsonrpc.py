"""JSON-RPC as an ERP speaks it, over a real server on loopback."""

import base64
import json
from decimal import Decimal

import pytest

from syncline_runtime.declaration import (
    Call,
    Connector,
    Errors,
    Listing,
    Login,
    NativeField,
    Operation,
    Paging,
    Resource,
    Since,
    Slot,
    Text,
)
from syncline_runtime.ports import Applied, Refused, Stale, SystemFailure, Unidentified, Unknown, Write
from tests.runtime.connectors.loopback import Asked, Loopback, Reply, Reset
from tests.runtime.connectors.worlds import CANARY, listed, system

ERP = Connector(
    name="erp",
    protocol="jsonrpc",
    base=Text("{url}/{database}/rpc"),
    auth=Login(
        call=Call(verb="CALL", target=Text("common.db.login"), body=(Slot("email"), {"password": Slot("password")})),
        token=Text("{email}:{0}:{1}"),
        encode="base64",
        prefix="Session ",
    ),
    errors=Errors(message="error.1.0 | error.1 | error.0", code="error.0", stale=("ConcurrencyException",)),
    timeout_seconds=0.5,
)
CONTEXT = {"active_test": False}
FIELDS = {
    "id": NativeField(name="id", kind="integer"),
    "write_date": NativeField(name="write_date", kind="instant"),
    "name": NativeField(name="name", kind="text"),
    "language": NativeField(name="language", kind="text", path=("lang.", "code"), writable=False),
    "active": NativeField(name="active", kind="boolean"),
}


def parties(size=2, many=4):
    search = Call(
        verb="CALL",
        target=Text("model.party.party.search_read"),
        body=(Slot("filter"), Slot("offset"), Slot("limit"), Slot("sort"), Slot("fields"), CONTEXT),
    )
    return Resource(
        name="parties",
        identity="id",
        fields=FIELDS,
        version="write_date",
        version_spelling="tagged",
        list=Listing(
            call=search,
            paging=Paging(style="offset", size=size),
            since=Since(
                condition=("write_date", ">=", Slot("since")), field="write_date", spelling="tagged", precision_ms=0
            ),
            sort=(("write_date", "ASC"), ("id", "ASC")),
            equals=(Slot("field"), "=", Slot("value")),
        ),
        read=Operation(
            call=Call(
                verb="CALL",
                target=Text("model.party.party.search_read"),
                body=((("id", "in", Slot("ids")),), 0, None, None, Slot("fields"), CONTEXT),
            ),
            many=many,
            returns="record",
        ),
        create=Operation(
            call=Call(verb="CALL", target=Text("model.party.party.create"), body=(Slot("records"), CONTEXT)),
            many=many,
            atomic=True,
            returns="id",
        ),
        update=Operation(
            call=Call(verb="CALL", target=Text("model.party.party.write"), body=(Slot("updates"), CONTEXT)),
            many=many,
            atomic=True,
        ),
        delete=Operation(
            call=Call(verb="CALL", target=Text("model.party.party.delete"), body=(Slot("ids"), CONTEXT)), many=many
        ),
        archive=("active", False),
    )


def moment(second, micro=0):
    return {
        "__class__": "datetime",
        "year": 2026,
        "month": 1,
        "day": 1,
        "hour": 0,
        "minute": 0,
        "second": second,
        "microsecond": micro,
    }


class Erp:
    """Holds parties; refuses names with a `!`, edits of archived parties, and whole batches because of one."""

    def __init__(self, count=0):
        self.rows = {number: self.row(number, f"N{number}") for number in range(1, count + 1)}
        self.troubles = []
        self.calls = []

    def row(self, number, name):
        return {"id": number, "name": name, "write_date": moment(number, 5), "lang": 1, "active": True}

    def __call__(self, asked: Asked):
        assert set(asked.document) == {"id", "method", "params"}
        assert asked.path == "/shop/rpc/"
        method, params = asked.document["method"], asked.document["params"]
        if method == "common.db.login":
            if params != ["ana@example.com", {"password": CANARY}]:
                return Reply(401, "<html>", {"Content-Type": "text/html"})
            return Reply(200, {"id": 1, "result": [7, "key-canary-1", None]})
        expected = base64.b64encode(b"ana@example.com:7:key-canary-1").decode()
        if asked.headers["authorization"] != f"Session {expected}":
            return Reply(401, "")
        assert params[-1] == CONTEXT
        name = method.rpartition(".")[2]
        self.calls.append((name, params))
        if name != "search_read" and self.troubles:
            return self.troubles.pop(0)
        result = getattr(self, name)(*params[:-1])
        return result if isinstance(result, Reply) else Reply(200, {"id": 1, "result": result})

    def refusal(self, text, kind="UserError"):
        return Reply(200, {"id": 1, "error": [kind, [text, "", None]]})

    def search_read(self, domain, offset, limit, order, fields):
        rows = sorted(self.rows.values(), key=lambda row: row["id"])
        for field, operator, value in domain:
            if operator == "in":
                rows = [row for row in rows if row[field] in value]
            elif operator == "=":
                rows = [row for row in rows if row[field] == value]
            else:
                rows = [row for row in rows if json.dumps(row[field]) >= json.dumps(value)]
        rows = rows[offset : None if limit is None else offset + limit]
        return [self.shown(row, fields) for row in rows]

    def shown(self, row, fields):
        shown = {name: row[name] for name in fields if "." not in name}
        if "lang.code" in fields:
            shown["lang."] = {"id": 1, "code": "de"}
        return shown

    def create(self, records):
        if bad := [record for record in records if "!" in record["name"]]:
            return self.refusal(f"bad name {bad[0]['name']}")
        if any(record.get("active") is False for record in records):
            return self.refusal("cannot create an archived party")
        ids = [len(self.rows) + 1 + index for index in range(len(records))]
        for number, record in zip(ids, records, strict=True):
            self.rows[number] = {**self.row(number, ""), **record, "name": record["name"].strip()}
        return ids

    def write(self, *pairs):
        for [number], values in zip(pairs[::2], pairs[1::2], strict=True):
            if number not in self.rows:
                return self.refusal("record does not exist")
            if "!" in values.get("name", ""):
                return self.refusal("bad name")
            if not self.rows[number]["active"] and set(values) != {"active"}:
                return self.refusal("archived")
        for [number], values in zip(pairs[::2], pairs[1::2], strict=True):
            self.rows[number].update(values)
        return None

    def delete(self, ids):
        for number in ids:
            self.rows.pop(number, None)
        return


async def erp(server, **how):
    port = system(server.url, parties(**how), ERP, database="shop")
    await port.open()
    return port


@pytest.mark.parametrize("count", range(6))
async def test_all_pages_are_read_and_nested_fields_stand_under_their_name(count):
    async with Loopback(Erp(count)) as server:
        port = await erp(server)
        pages = [page async for page in port.pages("parties", fields=("name", "language"))]
        await port.close()
    records = [record for page in pages for record in page.records]
    assert [record.remote_id for record in records] == [str(number) for number in range(1, count + 1)]
    assert all(record.native["language"] == "de" for record in records)
    if count:
        assert pages[-1].cursor == records[-1].version == f"2026-01-01T00:00:0{count}.000005+00:00"
        assert "lang.code" in server.handler.calls[0][1][4]


async def test_what_changed_is_asked_in_the_system_s_own_spelling():
    async with Loopback(Erp(5)) as server:
        port = await erp(server)
        records, _ = await listed(port, "parties", since="2026-01-01T00:00:04.000005+00:00")
        await port.close()
    assert server.handler.calls[0][1][0] == [["write_date", ">=", moment(4, 5)]]
    assert [record.remote_id for record in records] == ["4", "5"]


async def test_batches_are_created_and_read_back_as_stored_in_one_call_each():
    async with Loopback(Erp()) as server:
        port = await erp(server)
        outcomes = await port.create("parties", [Write({"name": f" P{number} "}) for number in range(4)])
        await port.close()
    assert [name for name, _ in server.handler.calls] == ["create", "search_read"]
    assert [outcome.remote_id for outcome in outcomes] == ["1", "2", "3", "4"]
    assert [outcome.record.native["name"] for outcome in outcomes] == ["P0", "P1", "P2", "P3"]


async def test_one_bad_record_of_a_batch_stops_nobody_else():
    async with Loopback(Erp()) as server:
        port = await erp(server, many=8)
        outcomes = await port.create("parties", [Write({"name": name}) for name in ("A", "B", "C!", "D", "E", "F!")])
        await port.close()
    assert [type(outcome) for outcome in outcomes] == [Applied, Applied, Refused, Applied, Applied, Refused]
    assert outcomes[2] == Refused("UserError", "bad name C!")
    assert [row["name"] for row in server.handler.rows.values()] == ["A", "B", "D", "E"]


async def test_updates_go_as_pairs_and_only_the_bad_one_is_refused():
    async with Loopback(Erp(3)) as server:
        port = await erp(server)
        outcomes = await port.update(
            "parties", [Write({"name": "x"}, "1"), Write({"name": "!"}, "2"), Write({"name": "y"}, "9")]
        )
        deleted = await port.delete("parties", [Write({}, "1"), Write({}, "99")])
        await port.close()
    assert [type(outcome) for outcome in outcomes] == [Applied, Refused, Refused]
    assert server.handler.calls[0][1][:-1] == [[1], {"name": "x"}, [2], {"name": "!"}, [9], {"name": "y"}]
    assert [type(outcome) for outcome in deleted] == [Applied, Applied]
    assert sorted(server.handler.rows) == [2, 3]


async def test_a_record_is_revived_before_it_is_edited_and_edited_before_it_is_archived():
    office = Erp(2)
    office.rows[1]["active"] = False
    async with Loopback(office) as server:
        port = await erp(server)
        outcomes = await port.update(
            "parties", [Write({"name": "back", "active": True}, "1"), Write({"active": False, "name": "gone"}, "2")]
        )
        created = await port.create("parties", [Write({"name": "old", "active": False})])
        await port.close()
    assert [type(outcome) for outcome in (*outcomes, *created)] == [Applied] * 3
    assert [(row["name"], row["active"]) for row in office.rows.values()] == [
        ("back", True),
        ("gone", False),
        ("old", False),
    ]


async def test_a_conflict_of_versions_is_stale():
    async with Loopback(Erp(1)) as server:
        port = await erp(server)
        server.handler.troubles = [
            Reply(200, {"id": 1, "error": ["ConcurrencyException", "Records were modified in the meanwhile"]})
        ] * 2
        outcomes = await port.update("parties", [Write({"name": "x"}, "1")])
        await port.close()
    assert outcomes == [Stale("Records were modified in the meanwhile")]


async def test_a_batch_without_an_answer_is_unknown_for_each_and_sent_once():
    async with Loopback(Erp()) as server:
        port = await erp(server)
        server.handler.troubles = [Reset()]
        outcomes = await port.create("parties", [Write({"name": "a"}), Write({"name": "b"})])
        await port.close()
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]
    assert [name for name, _ in server.handler.calls] == ["create"]


async def test_what_an_answer_does_not_name_may_be_the_record_in_it_that_has_no_id():
    async with Loopback(Erp(3)) as server:
        port = await erp(server)
        server.handler.rows[2]["id"] = None
        server.handler.search_read = lambda domain, *_: [server.handler.rows[1], server.handler.rows[2]]
        found = await port.read("parties", ["1", "2", "77"], fields=("name",))
        await port.close()
    assert found["1"].native["name"] == "N1"
    assert [found[one] for one in ("2", "77")] == [
        Unidentified(f"what is answered for {one}", "may be record 2 of that answer, which has no id")
        for one in ("2", "77")
    ]


async def test_reading_by_id_tells_the_missing_ones():
    async with Loopback(Erp(5)) as server:
        port = await erp(server)
        found = await port.read("parties", ["5", "1", "77", "2", "3"], fields=("name",))
        await port.close()
    assert {key: record and record.native["name"] for key, record in found.items()} == {
        "5": "N5",
        "1": "N1",
        "77": None,
        "2": "N2",
        "3": "N3",
    }


async def test_a_wrong_password_is_one_line_without_it():
    async with Loopback(Erp()) as server:
        port = system(server.url, parties(), ERP, database="shop", email="bob@example.com")
        with pytest.raises(SystemFailure) as caught:
            await port.open()
        await port.close()
    assert str(caught.value) == (
        "crm: the credentials are not accepted; setting email or password; the server answered: HTTP 401"
    )


async def test_an_error_in_a_good_answer_ends_a_listing():
    async with Loopback(Erp()) as server:
        port = await erp(server)
        server.handler.search_read = lambda *_: server.handler.refusal("not searchable")
        with pytest.raises(
            SystemFailure, match="could not list parties; the server answered: HTTP 200: UserError: not sea"
        ):
            await listed(port, "parties")
        await port.close()


async def test_tagged_decimals_pass_untouched():
    async with Loopback(Erp()) as server:
        port = await erp(server)
        price = {"__class__": "Decimal", "decimal": "99999999999999999999.1234"}
        await port.create("parties", [Write({"name": "a", "price": price, "plain": Decimal("1.10")})])
        await port.close()
    assert server.handler.calls[0][1][0] == [{"name": "a", "price": price, "plain": Decimal("1.10")}]
