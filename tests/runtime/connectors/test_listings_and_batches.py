"""The other ways in which REST systems page, and batches of which one record is bad."""

from dataclasses import replace

import pytest

from syncline_runtime.connectors.children import commanded, shown
from syncline_runtime.connectors.paths import MISSING
from syncline_runtime.declaration import Call, Child, HeaderAuth, NativeField, Operation, Paging, Slot, Text
from syncline_runtime.ports import Applied, Gone, Refused, SystemFailure, Unavailable, Unknown, Write
from tests.runtime.connectors.loopback import Asked, Loopback, Reply
from tests.runtime.connectors.worlds import CANARY, CRM, contacts, listed, system

KEYED = replace(CRM, auth=HeaderAuth(header="Authorization", value=Text("{email}:{password}"), encode="basic"))


class Shelf:
    """Serves `count` records by cursor, next URL, Link header, or after the last id."""

    def __init__(self, count):
        self.rows = [
            {"id": f"r{number:02d}", "updated": f"2026-01-01 00:00:{number:02d}.000Z"} for number in range(count)
        ]

    def __call__(self, asked: Asked):
        query = asked.query
        after = query.get("filter", "").removeprefix("id > '").removesuffix("'")
        rows = [row for row in self.rows if row["id"] > after] if after.startswith("r") else self.rows
        start = int(query.get("cursor", 0))
        size = int(query["limit"])
        answer = {"data": {"items": rows[start : start + size]}}
        headers = {}
        if start + size < len(rows):
            answer["paging"] = {"next": str(start + size), "url": f"/api/records?limit={size}&cursor={start + size}"}
            headers["Link"] = f'</api/x>; rel="prev", </api/records?limit={size}&cursor={start + size}>; rel="next"'
        return Reply(200, answer, headers)


def shelf(style, **paging):
    listing = replace(
        contacts().list,
        items="data.items",
        sort="id",
        since=None,
        paging=Paging(style=style, size=3, **paging),
    )
    return contacts(list=listing)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 6, 7])
@pytest.mark.parametrize(
    ("style", "how"),
    [
        ("cursor", {"next": "paging.next"}),
        ("next", {"next": "paging.url"}),
        ("link", {}),
        ("keyset", {"after": Text("id > '{id}'")}),
    ],
)
async def test_every_style_of_paging_brings_every_record_once(style, how, count):
    async with Loopback(Shelf(count)) as server:
        port = system(server.url, shelf(style, **how), KEYED)
        await port.open()
        records, pages = await listed(port)
        await port.close()
    assert [record.remote_id for record in records] == [f"r{number:02d}" for number in range(count)]
    assert pages[-1].last
    assert server.asked[0].headers["authorization"].startswith("Basic ")


async def test_a_cursor_that_comes_twice_ends_the_listing_with_one_line():
    def stuck(asked):
        return Reply(200, {"data": {"items": [{"id": "a", "updated": ""}]}, "paging": {"next": "same"}})

    async with Loopback(stuck) as server:
        port = system(server.url, shelf("cursor", next="paging.next"), KEYED)
        await port.open()
        with pytest.raises(SystemFailure, match="gives the same cursor twice"):
            await listed(port)
        await port.close()


class Batches:
    """Takes batches as a whole or not at all; refuses names with a `!`; ids are `0`, `1`, …."""

    def __init__(self):
        self.stored = {}
        self.sizes = []

    def __call__(self, asked: Asked):
        if asked.path == "/api/batch":
            requests = asked.document["requests"]
            self.sizes.append(len(requests))
            answers = [self.one(request, dry=True) for request in requests]
            if any(answer.status >= 400 for answer in answers):
                return Reply(400, {"message": "Batch transaction failed."})
            answers = [self.one(request) for request in requests]
            return Reply(200, [{"status": answer.status, "body": answer.body} for answer in answers])
        self.sizes.append(1)
        return self.one({"method": asked.method, "url": asked.path, "body": asked.document})

    def one(self, request, dry=False):
        if "!" in request["body"].get("name", ""):
            return Reply(400, {"message": "Failed.", "data": {"name": {"message": "Not like this."}}})
        if request["method"] == "PATCH" and request["url"].rpartition("/")[2] not in self.stored:
            return Reply(404, {"message": "Not found."})
        if dry:
            return Reply(200, None)
        key = str(len(self.stored)) if request["method"] == "POST" else request["url"].rpartition("/")[2]
        self.stored[key] = {**self.stored.get(key, {"id": key, "updated": "x"}), **request["body"]}
        return Reply(200, self.stored[key])


def batch(method, url, atomic):
    return Operation(
        call=Call(verb="POST", target=Text("/batch"), body={"requests": Slot("records")}),
        many=4,
        atomic=atomic,
        returns="record",
        each={"method": method, "url": Text(url), "body": Slot("values")},
        item="body",
    )


def batched(*, atomic=True):
    plain = contacts()
    return contacts(
        create=replace(plain.create, batch=batch("POST", "/api/records", atomic)),
        update=replace(plain.update, batch=batch("PATCH", "/api/records/{id}", atomic)),
    )


async def test_batches_are_as_large_as_allowed_and_one_bad_record_stops_nobody_else():
    async with Loopback(Batches()) as server:
        port = system(server.url, batched(), replace(KEYED, concurrency=1))
        await port.open()
        created = await port.create("contacts", [Write({"name": name}) for name in ("a", "b", "c!", "d", "e", "f")])
        ids = [outcome.remote_id for outcome in created if isinstance(outcome, Applied)]
        updated = await port.update(
            "contacts", [Write({"name": "x"}, ids[0]), Write({"name": "!"}, ids[1]), Write({"name": "y"}, "99")]
        )
        evil = await port.update("contacts", [Write({"name": "x"}, "../x"), Write({"name": "z"}, ids[2])])
        await port.close()
    refused = Refused("400", "Failed.", {"name": "Not like this."})
    assert [type(outcome) for outcome in created] == [Applied, Applied, Refused, Applied, Applied, Applied]
    assert created[2] == refused
    assert [outcome.record.native["name"] for outcome in created if isinstance(outcome, Applied)] == [
        "a",
        "b",
        "d",
        "e",
        "f",
    ]
    assert isinstance(updated[0], Applied)
    assert updated[1:] == [refused, Gone()]
    assert [type(outcome) for outcome in evil] == [Refused, Applied]
    assert server.handler.sizes[0] == 4


@pytest.mark.parametrize("answer", [[], [{"status": 200, "body": {"id": "a"}}], {"ok": True}, None])
async def test_a_batch_whose_answers_do_not_fit_is_unknown(answer):
    async with Loopback(lambda asked: Reply(200, answer)) as server:
        port = system(server.url, batched(), KEYED)
        await port.open()
        outcomes = await port.create("contacts", [Write({"name": "a"}), Write({"name": "b"})])
        await port.close()
    assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]


async def test_a_record_of_an_atomic_batch_is_not_done_because_its_answer_says_so():
    made = []

    def undone(asked):
        if not asked.path.endswith("/batch"):
            return Reply(422, {"message": "no"})
        names = [one["body"]["name"] for one in asked.document["requests"]]
        if "b" not in names:
            made.extend(names)
        answers = [
            {"status": 422, "body": {"message": "no"}}
            if name == "b"
            else {"status": 201, "body": {"id": f"{len(made)}"}}
            for name in names
        ]
        return Reply(200, answers)

    async with Loopback(undone) as server:
        port = system(server.url, batched(), replace(KEYED, concurrency=1))
        await port.open()
        outcomes = await port.create("contacts", [Write({"name": name}) for name in "abcd"])
        await port.close()
    assert [type(outcome) for outcome in outcomes] == [Applied, Refused, Applied, Applied]
    assert sorted(made) == ["a", "c", "d"]


async def test_a_batch_that_answers_per_record_is_told_per_record():
    answers = [
        {"status": 201, "body": {"id": "a", "updated": "x"}},
        {"status": 422, "body": {"message": "no", "data": {"name": {"message": "blank"}}}},
        {"status": 503, "body": None},
    ]
    async with Loopback(lambda asked: Reply(207, answers)) as server:
        port = system(server.url, batched(atomic=False), KEYED)
        await port.open()
        outcomes = await port.create("contacts", [Write({"name": name}) for name in "abc"])
        await port.close()
    assert isinstance(outcomes[0], Applied)
    assert outcomes[1] == Refused("422", "no", {"name": "blank"})
    assert isinstance(outcomes[2], Unknown)


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (["b", "a", "c"], {"a": "A", "b": "B", "c": "C"}),
        (["c", "a"], {"a": "A", "c": "C"}),
        (["a", "a", "c"], {"a": "A", "c": "C"}),
        (["x", "y", "z"], {}),
    ],
)
async def test_the_answers_of_a_batch_belong_to_the_records_that_they_name(answered, expected):
    answers = [{"status": 200, "body": {"id": key, "updated": "x", "name": key.upper()}} for key in answered]
    async with Loopback(lambda asked: Reply(200, answers)) as server:
        port = system(server.url, batched(), KEYED)
        await port.open()
        outcomes = await port.update("contacts", [Write({"name": "n"}, key) for key in "abc"])
        await port.close()
    shown = {one.remote_id: one.record.native["name"] for one in outcomes if isinstance(one, Applied)}
    assert shown == expected
    assert [type(one) for key, one in zip("abc", outcomes, strict=True) if key not in expected] == [Unknown] * (
        3 - len(expected)
    )


async def test_an_idempotency_key_makes_a_create_repeatable():
    answers = [Reply(504), Reply(200, {"id": "a", "updated": "x"})]
    create = replace(contacts().create, idempotency="Idempotency-Key")
    async with Loopback(lambda asked: answers.pop(0)) as server:
        port = system(server.url, contacts(create=create), KEYED)
        await port.open()
        [outcome] = await port.create("contacts", [Write({"name": "a"}, idempotency_key="k-1")])
        await port.close()
    assert isinstance(outcome, Applied)
    assert [asked.headers["idempotency-key"] for asked in server.asked] == ["k-1", "k-1"]


async def test_an_etag_guards_an_update():
    def guarded(asked):
        good = asked.headers.get("if-match") == '"1"'
        return Reply(200, {"id": "a", "updated": "x"}, {"ETag": '"2"'}) if good else Reply(412, {"message": "stale"})

    async with Loopback(guarded) as server:
        port = system(server.url, contacts(lock="etag"), KEYED)
        await port.open()
        [good] = await port.update("contacts", [Write({"name": "a"}, "a", version='"1"')])
        [stale] = await port.update("contacts", [Write({"name": "a"}, "a", version='"0"')])
        await port.close()
    assert isinstance(good, Applied)
    assert good.record is not None
    assert good.record.version == '"2"'
    assert type(stale).__name__ == "Stale"


async def test_forms_and_nested_fields_are_spelled_as_declared():
    fields = {
        **contacts().fields,
        "city": NativeField(name="city", kind="text", path=("address", "city")),
    }
    async with Loopback(lambda asked: Reply(200, {"id": "a", "updated": "x", "address": {"city": "Oslo"}})) as server:
        port = system(server.url, contacts(fields=fields), replace(KEYED, encoding="form"))
        await port.open()
        [outcome] = await port.create("contacts", [Write({"name": "Ana & co", "city": "Oslo"})])
        await port.close()
    assert server.asked[0].body == b"name=Ana+%26+co&address%5Bcity%5D=Oslo"
    assert outcome.record.native["city"] == "Oslo"


async def test_a_server_that_is_not_there_is_one_line_with_its_setting():
    port = system("http://127.0.0.1:9", contacts(), KEYED)
    await port.open()
    with pytest.raises(SystemFailure) as caught:
        await listed(port)
    [outcome] = await port.create("contacts", [Write({"name": "a"})])
    await port.close()
    assert str(caught.value).startswith("crm: could not list contacts: ")
    assert str(caught.value).endswith("; setting url")
    assert CANARY not in str(caught.value)
    assert isinstance(outcome, Unavailable)


EMAIL = Child(list="ways", value="value", kind_field="type", kind="email")
PHONE = Child(list="ways", value="value", kind_field="type", kind="phone")
FIELDS = {
    "name": NativeField(name="name", kind="text"),
    "email": NativeField(name="email", kind="email", child=EMAIL),
    "phone": NativeField(name="phone", kind="phone", child=PHONE),
}
RECORD = {
    "ways.": [
        {"id": 4, "type": "phone", "value": "1"},
        {"id": 5, "type": "email", "value": "a@x"},
        {"id": 6, "type": "email", "value": "b@x"},
    ]
}


@pytest.mark.parametrize(
    ("native", "record", "expected"),
    [
        ({"name": "A", "email": "a@x"}, None, {"name": "A", "ways": [["create", [{"value": "a@x", "type": "email"}]]]}),
        ({"email": None, "phone": ""}, None, {}),
        ({"email": "c@x"}, RECORD, {"ways": [["write", [5], {"value": "c@x"}]]}),
        ({"email": "a@x"}, RECORD, {}),
        ({"email": None, "phone": "2"}, RECORD, {"ways": [["delete", [5]], ["write", [4], {"value": "2"}]]}),
        ({"phone": "2"}, {"ways.": []}, {"ways": [["create", [{"value": "2", "type": "phone"}]]]}),
    ],
)
def test_children_are_written_as_commands(native, record, expected):
    assert commanded(native, FIELDS, record) == expected


def test_a_child_shows_the_first_of_its_kind():
    assert shown(RECORD, EMAIL) == "a@x"
    assert shown({"ways": []}, EMAIL) is None
    assert shown({}, EMAIL) is MISSING


@pytest.mark.parametrize("spoiled", [{"name": "nobody"}, {"id": None}, {"id": ["r01"]}, None, "r01", 7])
@pytest.mark.parametrize("where", [0, 2, 3, 6])
@pytest.mark.parametrize(
    ("style", "how"),
    [
        ("cursor", {"next": "paging.next"}),
        ("next", {"next": "paging.url"}),
        ("link", {}),
        ("keyset", {"after": Text("id > '{id}'")}),
    ],
)
async def test_a_record_without_identity_is_told_by_page_and_place_and_the_others_come(style, how, where, spoiled):
    shelf_ = Shelf(7)

    def answer(asked):
        reply = shelf_(asked)
        items = reply.body["data"]["items"]
        reply.body["data"]["items"] = [spoiled if one["id"] == f"r{where:02d}" else one for one in items]
        return reply

    async with Loopback(answer) as server:
        port = system(server.url, shelf(style, **how), KEYED)
        await port.open()
        records, pages = await listed(port)
        await port.close()
    assert [record.remote_id for record in records] == [f"r{number:02d}" for number in range(7) if number != where]
    told = {(one.place, one.native == spoiled) for page in pages for one in page.unidentified}
    first = f"page {where // 3 + 1}, record {where % 3 + 1}"
    assert (first, type(spoiled) is dict or spoiled is None) in told
    assert len(told) == 1 or style == "keyset", "a keyset goes on from the last that has an identity"


async def test_a_listing_in_which_nothing_has_an_identity_is_refused():
    def answer(asked):
        return Reply(200, {"data": {"items": [{"uid": "a"}, {"uid": "b"}]}})

    async with Loopback(answer) as server:
        port = system(server.url, shelf("cursor", next="paging.next"), KEYED)
        await port.open()
        with pytest.raises(
            SystemFailure, match=r"page 1, record 1, has no id; see that the connector names the right field"
        ):
            await listed(port)
        await port.close()
