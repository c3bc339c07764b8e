"""REST over a real server on loopback."""

from dataclasses import replace

import pytest

from syncline_runtime.declaration import Call, Condition, NativeField, Operation, Text
from syncline_runtime.ports import Applied, Gone, Refused, SystemFailure, Unavailable, Unidentified, Unknown, Write
from tests.runtime.connectors.loopback import Asked, Loopback, Reply, Reset, Silence, script
from tests.runtime.connectors.worlds import CANARY, TOKEN, StillClock, contacts, listed, system


class Office:
    """A small back office: logs in, lists by page number, filter and order, and takes writes as `answers` say."""

    def __init__(self, records=(), answers=()):
        self.records = [dict(record) for record in records]
        self.answers = list(answers)
        self.token = TOKEN

    def __call__(self, asked: Asked):
        if asked.path == "/api/login":
            good = asked.document == {"identity": "ana@example.com", "password": CANARY}
            return Reply(200, {"token": self.token}) if good else Reply(400, {"message": "Failed to authenticate."})
        if asked.headers.get("authorization") != self.token:
            return Reply(401, {"message": "expired"})
        if self.answers:
            return self.answers.pop(0)
        return self.listing(asked)

    def listing(self, asked: Asked):
        rows = sorted(self.records, key=lambda row: (row["updated"], row["id"]))
        since = asked.query.get("filter", "").removeprefix("updated >= '").removesuffix("'")
        rows = [row for row in rows if row["updated"] >= since]
        size = int(asked.query["perPage"])
        start = (int(asked.query["page"]) - 1) * size
        return Reply(200, {"items": rows[start : start + size]})


def at(second: int) -> str:
    return f"2026-01-01 00:00:{second:02d}.000Z"


def rows(count: int, second=lambda number: number):
    return [{"id": f"r{number:02d}", "updated": at(second(number)), "name": f"N{number}"} for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7, 9])
@pytest.mark.parametrize("second", [lambda n: n, lambda n: 7, lambda n: n // 4], ids=["apart", "at once", "in groups"])
async def test_every_record_is_listed_once_at_every_page_boundary(count, second):
    async with Loopback(Office(rows(count, second))) as server:
        port = system(server.url, contacts())
        await port.open()
        records, pages = await listed(port)
        await port.close()
    assert [record.remote_id for record in records] == [f"r{number:02d}" for number in range(count)]
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    newest = f"2026-01-01T00:00:{second(count - 1):02d}+00:00" if count else None
    assert pages[-1].cursor == newest


def edited_after_the_first_page(records, number):
    """An office in which somebody edits one of some records once the first page of a listing is on its way."""
    office, pages = Office(records), []

    def answering(asked):
        answer = office(asked)
        if asked.query.get("page"):
            pages.append(asked.query["page"])
            if len(pages) == 1:
                office.records[number] = {**office.records[number], "updated": at(30), "name": "edited"}
        return answer

    return answering


async def shown_by(answering):
    """What a listing of all shows, and its pages."""
    async with Loopback(answering) as server:
        port = system(server.url, contacts())
        await port.open()
        shown = await listed(port)
        await port.close()
    return shown


async def test_a_record_that_moves_to_the_end_while_listing_hides_no_other():
    records, _ = await shown_by(edited_after_the_first_page(rows(6), 0))
    assert {record.remote_id for record in records} == {f"r{number:02d}" for number in range(6)}


async def test_the_last_record_of_a_page_that_is_edited_before_the_next_is_shown_again():
    records, pages = await shown_by(edited_after_the_first_page(rows(4), 2))
    assert [record.native["name"] for record in records if record.remote_id == "r02"] == ["N2", "edited"]
    assert pages[-1].cursor == "2026-01-01T00:00:30+00:00"


async def test_a_group_of_one_version_that_was_disturbed_is_asked_for_again():
    office = Office(rows(8, lambda number: 1 if number < 7 else 9))

    def edit_between_pages(asked):
        answer = office(asked)
        if asked.query.get("page") == "2" and office.records[0]["updated"] == at(1):
            office.records[0]["updated"] = at(5)
        return answer

    async with Loopback(edit_between_pages) as server:
        port = system(server.url, contacts())
        await port.open()
        records, pages = await listed(port)
        again, _ = await listed(port, since=pages[-1].cursor)
        await port.close()
    assert len({record.remote_id for record in records}) == 7
    assert pages[-1].cursor == "2026-01-01T00:00:01+00:00"
    assert len({record.remote_id for record in again}) == 8


async def test_what_changed_is_asked_with_one_unit_of_overlap_and_the_true_maximum_is_kept():
    async with Loopback(Office(rows(5))) as server:
        port = system(server.url, contacts())
        await port.open()
        records, pages = await listed(port, since="2026-01-01T00:00:04+00:00")
        await port.close()
    assert server.asked[1].query["filter"] == "updated >= '2026-01-01 00:00:03.999Z'"
    assert [record.remote_id for record in records] == ["r04"]
    assert pages[-1].cursor == "2026-01-01T00:00:04+00:00"


async def test_conditions_are_joined_and_one_that_cannot_be_quoted_is_left_to_the_map():
    async with Loopback(Office()) as server:
        port = system(server.url, contacts())
        await port.open()
        where = [Condition(field="name", value="Ana"), Condition(field="name", value="x' || '1'='1")]
        await listed(port, where=where, since="2026-01-01T00:00:04+00:00")
        await port.close()
    assert server.asked[1].query["filter"] == "name = 'Ana' && updated >= '2026-01-01 00:00:03.999Z'"


async def test_decimals_survive_to_the_last_digit_both_ways():
    body = b'{"items": [{"id": "a", "updated": "", "price": 12345678901234567890.10}]}'
    async with Loopback(Office(answers=[Reply(200, body), Reply(200, {"items": []}), Reply(200, b"{}")])) as server:
        port = system(server.url, contacts())
        await port.open()
        records = [record async for page in port.pages("contacts", fields=("price",)) for record in page.records]
        price = records[0].native["price"]
        await port.update("contacts", [Write({"price": price}, "a")])
        await port.close()
    assert str(price) == "12345678901234567890.10"
    assert server.asked[-1].body == b'{"price":12345678901234567890.10}'


@pytest.mark.parametrize(
    ("headers", "waited"), [({"Retry-After": "7"}, 7.0), ({}, 0.75), ({"Retry-After": "0"}, 0.09375)]
)
async def test_a_throttled_call_waits_as_told_or_backs_off(headers, waited):
    clock = StillClock()
    async with Loopback(Office(rows(1), [Reply(429, {"message": "slow down"}, headers)])) as server:
        port = system(server.url, contacts(), clock=clock)
        await port.open()
        records, _ = await listed(port)
        await port.close()
    assert len(records) == 1
    assert sum(clock.slept) == pytest.approx(waited)


@pytest.mark.parametrize("trouble", [Reply(500, "<html>"), Reset(), Reset(partial=True), Reply(503, None)])
async def test_a_read_is_repeated_after_trouble(trouble):
    async with Loopback(Office(rows(2), [trouble])) as server:
        port = system(server.url, contacts())
        await port.open()
        records, _ = await listed(port)
        await port.close()
    assert len(records) == 2


async def test_a_read_that_never_succeeds_is_one_line():
    async with Loopback(Office(answers=[Reply(500, {"message": "boom"})] * 9)) as server:
        port = system(server.url, contacts())
        await port.open()
        with pytest.raises(SystemFailure) as caught:
            await listed(port)
        await port.close()
    assert str(caught.value) == "crm: could not list contacts; the server answered: HTTP 500: boom (5 attempts)"


@pytest.mark.parametrize("trouble", [Silence(), Reset(), Reset(partial=True), Reply(502, "<html>"), Reply(504, None)])
@pytest.mark.parametrize("operation", ["create", "update", "delete"])
async def test_a_write_that_may_have_happened_is_unknown_and_not_repeated(trouble, operation):
    async with Loopback(Office(answers=[trouble])) as server:
        port = system(server.url, contacts())
        await port.open()
        [outcome] = await getattr(port, operation)(
            "contacts", [Write({"name": "x"}, None if operation == "create" else "a")]
        )
        await port.close()
        assert isinstance(outcome, Unknown)
        assert len(server.asked) == 2


async def test_a_write_that_was_throttled_did_not_happen_and_is_repeated():
    async with Loopback(Office(answers=[Reply(429), Reply(200, {"id": "a", "name": "x", "updated": at(1)})])) as server:
        port = system(server.url, contacts())
        await port.open()
        [outcome] = await port.create("contacts", [Write({"name": "x"})])
        await port.close()
    assert isinstance(outcome, Applied)
    assert outcome.record is not None
    assert (outcome.remote_id, outcome.record.native["name"], outcome.record.version) == ("a", "x", at(1))


async def test_a_refused_write_names_its_fields():
    error = {
        "code": "invalid",
        "message": "Failed to create record.",
        "data": {"name": {"message": "Cannot be blank."}},
    }
    async with Loopback(Office(answers=[Reply(400, error)])) as server:
        port = system(server.url, contacts())
        await port.open()
        [outcome] = await port.create("contacts", [Write({"name": ""})])
        await port.close()
    assert outcome == Refused("invalid", "Failed to create record.", {"name": "Cannot be blank."})


async def test_a_missing_record_is_gone_on_writing_and_none_on_reading():
    async with Loopback(Office(answers=[Reply(404, {"message": "x"})] * 3)) as server:
        port = system(server.url, contacts())
        await port.open()
        assert await port.update("contacts", [Write({"name": "x"}, "a")]) == [Gone()]
        assert await port.delete("contacts", [Write({}, "a")]) == [Gone()]
        assert await port.read("contacts", ["a"], fields=("name",)) == {"a": None}
        await port.close()


@pytest.mark.parametrize(
    ("answer", "why"),
    [({"error": "maintenance"}, "has no id"), (["x"], "is no record but list"), ({"id": {}}, "has no id")],
)
async def test_a_success_that_holds_no_record_is_told_of_the_one_that_was_asked_for(answer, why):
    good = {"id": "b", "updated": at(1)}
    async with Loopback(Office(answers=[Reply(200, answer), Reply(200, good)])) as server:
        port = system(server.url, contacts())
        await port.open()
        found = {one: (await port.read("contacts", [one], fields=("name",)))[one] for one in "ab"}
        await port.close()
    assert found["a"] == Unidentified("what is answered for a", why)
    assert found["b"].native == good


async def test_a_system_that_answers_nothing_but_such_is_no_system():
    async with Loopback(Office(answers=[Reply(200, {"error": "maintenance"})] * 101)) as server:
        port = system(server.url, contacts())
        await port.open()
        with pytest.raises(SystemFailure, match=r"could not read contacts: what is answered for .* has no id"):
            await port.read("contacts", [f"r{number}" for number in range(101)], fields=())
        await port.close()


async def test_an_expired_session_is_renewed_once_for_all_waiting_calls():
    office = Office()
    async with Loopback(office) as server:
        port = system(server.url, contacts())
        await port.open()
        office.token = "another-token"
        office.answers = [Reply(200, {"id": name, "updated": at(1)}) for name in "abc"]
        outcomes = await port.create("contacts", [Write({"name": name}) for name in "abc"])
        await port.close()
    assert sorted(outcome.remote_id for outcome in outcomes) == ["a", "b", "c"]
    assert [asked.path for asked in server.asked].count("/api/login") == 2


async def test_a_session_that_cannot_be_renewed_ends_the_reading_with_one_line():
    def never_good(asked):
        return Reply(200, {"token": TOKEN}) if asked.path == "/api/login" else Reply(401, {"message": f"bad {TOKEN}"})

    async with Loopback(never_good) as server:
        port = system(server.url, contacts())
        await port.open()
        with pytest.raises(SystemFailure) as caught:
            await listed(port)
        [outcome] = await port.update("contacts", [Write({}, "a")])
        await port.close()
    assert str(caught.value) == (
        "crm: the credentials are not accepted; setting email or password; the server answered: HTTP 401: bad ***"
    )
    assert outcome == Unavailable("HTTP 401: bad ***")


async def test_a_wrong_password_is_one_line_without_the_password():
    async with Loopback(script(Reply(400, {"message": f"no {CANARY}"}))) as server:
        port = system(server.url, contacts())
        with pytest.raises(SystemFailure) as caught:
            await port.open()
        await port.close()
    assert str(caught.value) == (
        "crm: the credentials are not accepted; setting email or password; the server answered: HTTP 400: no ***"
    )


async def test_an_address_without_a_login_is_told_by_the_settings_of_the_address():
    async with Loopback(script(Reply(404, {"message": "x"}))) as server:
        port = system(server.url, contacts())
        with pytest.raises(SystemFailure) as caught:
            await port.open()
        await port.close()
    assert str(caught.value) == (
        "crm: there is nothing to log in to at its address; setting url; the server answered: HTTP 404: x"
    )


async def test_no_more_calls_at_once_than_declared():
    async with Loopback(Office(answers=[Reply(200, {"id": str(n), "updated": at(1)}) for n in range(12)])) as server:
        port = system(server.url, contacts())
        await port.open()
        outcomes = await port.create("contacts", [Write({"name": "x"})] * 12)
        await port.close()
    assert len(outcomes) == 12
    assert server.connections <= 3


async def test_operations_bring_a_record_to_its_state_after_it_was_written():
    won = Operation(call=Call(verb="POST", target=Text("/contacts/{id}/win")))
    declared = contacts()
    declared = replace(
        declared, fields={**declared.fields, "state": NativeField(name="state", kind="text", states={"won": won})}
    )
    answers = [Reply(200, {"id": "r01", "updated": at(1), "name": "Ana", "state": "new"}), Reply(200, {})]
    office = Office([], answers)
    async with Loopback(office) as server:
        port = system(server.url, declared)
        await port.open()
        (outcome,) = await port.update("contacts", [Write({"name": "Ana", "state": "won"}, "r01")])
        assert outcome == Applied("r01")
        assert [(one.method, one.path) for one in server.asked[-2:]] == [
            ("PATCH", "/api/records/r01"),
            ("POST", "/api/contacts/r01/win"),
        ]
        assert "state" not in server.asked[-2].document
        (refused,) = await port.update("contacts", [Write({"state": "lost"}, "r01")])
        assert isinstance(refused, Refused)
        office.answers.append(Reply(200, {"id": "r02", "updated": at(2), "name": "Bo", "state": "new"}))
        (made,) = await port.create("contacts", [Write({"name": "Bo", "state": "won"}, None, None, "key")])
        assert isinstance(made, Applied)
        assert "state" not in server.asked[-1].document
        await port.close()
