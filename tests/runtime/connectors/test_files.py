"""CSV and JSON Lines in a real folder."""

import json
from datetime import date
from decimal import Decimal

import pytest

from syncline_runtime.connectors import open_system
from syncline_runtime.declaration import Condition, Connector, NativeField, Resource, System
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.ports import Applied, Gone, Refused, Stale, SystemFailure, Unavailable, Write
from tests.runtime.connectors.worlds import StillClock, listed

CSV = 'code,name,city\r\nA,Ana,Oslo\r\nB,"Bo, Ltd\nInc",Bergen\r\n'


def people(location="people.csv", **changes):
    fields = {"code": "text", "name": "text", "city": "text"}
    values = {
        "name": "people",
        "identity": "code",
        "location": location,
        "fields": {name: NativeField(name=name, kind=kind) for name, kind in fields.items()},
    }
    return Resource(**{**values, **changes})


def folder_of(path, resource=None, **settings):
    resource = resource or people()
    declared = System(
        name="drop",
        connector=Connector(name="drop", protocol="files"),
        settings={},
        resources={resource.name: resource},
    )
    clock = StillClock()
    return open_system(declared, {"folder": str(path), **settings}, clock, TokenBucket(None, clock))


async def test_rows_are_read_in_order_with_a_version_of_their_content(tmp_path):
    (tmp_path / "people.csv").write_bytes(CSV.encode("utf-8-sig"))
    port = folder_of(tmp_path)
    await port.open()
    records, pages = await listed(port, "people")
    found = await port.read("people", ["B", "Z"], fields=("name",))
    oslo, _ = await listed(port, "people", where=[Condition(field="city", value="Oslo")])
    assert [(record.remote_id, record.native) for record in records] == [
        ("A", {"code": "A", "name": "Ana", "city": "Oslo"}),
        ("B", {"code": "B", "name": "Bo, Ltd\nInc", "city": "Bergen"}),
    ]
    assert found == {"B": records[1], "Z": None}
    assert oslo == records[:1]
    assert pages[-1].last
    assert records[0].version != records[1].version


async def test_writing_keeps_the_style_of_the_file_and_the_other_columns(tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes(
        CSV.replace("city", "city,note").replace("Oslo", "Oslo,keep").replace("Bergen", "Bergen,").encode("utf-8-sig")
    )
    port = folder_of(tmp_path)
    await port.open()
    created = await port.create("people", [Write({"code": "C", "name": 'Cy "C"', "city": None}), Write({"code": "A"})])
    updated = await port.update("people", [Write({"city": "Rome"}, "A"), Write({"city": "x"}, "Z")])
    deleted = await port.delete("people", [Write({}, "B"), Write({}, "B")])
    assert isinstance(created[0], Applied)
    assert created[0].record is not None
    assert created[0].record.native == {"code": "C", "name": 'Cy "C"', "city": "", "note": ""}
    assert isinstance(created[1], Refused)
    assert [type(outcome) for outcome in (*updated, *deleted)] == [Applied, Gone, Applied, Gone]
    assert file.read_bytes() == (b'\xef\xbb\xbfcode,name,city,note\r\nA,Ana,Rome,keep\r\nC,"Cy ""C""",,\r\n')
    assert [entry.name for entry in tmp_path.iterdir()] == ["people.csv"]


async def test_what_was_written_is_read_again_as_told(tmp_path):
    port = folder_of(tmp_path, people(identity="code"))
    await port.open()
    native = {"code": "D", "name": Decimal("1E+2"), "city": date(2026, 1, 2)}
    [outcome] = await port.create("people", [Write(native)])
    records, _ = await listed(port, "people")
    assert isinstance(outcome, Applied)
    assert records == [outcome.record]
    assert records[0].native == {"code": "D", "name": "100", "city": "2026-01-02"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"code,name,city\nA,Ana\n", "people.csv, line 2: 2 values under 3 columns"),
        (b"code,name,city\nA,Ana,Oslo\nB,B\xe9,x\n", "people.csv, line 3: byte 4 is not utf-8"),
        (b"code,name,city\nA,Ana,Oslo\nA,B,x\n", "people.csv, line 3: code 'A' stands on line 2"),
        (b'code,name,city\nA,"Ana"x,Oslo\n', "people.csv, line 2: "),
        (b"code,name\nA,Ana\n", "people.csv has no column city"),
        (b"code,code,city\n", "people.csv, line 1: a column has no name or one that stands twice: 'code'"),
    ],
)
async def test_a_broken_file_is_refused_with_its_line_and_left_alone(tmp_path, content, message):
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    port = folder_of(tmp_path)

    async def open_and_list():
        await port.open()
        await listed(port, "people")

    with pytest.raises(SystemFailure) as caught:
        await open_and_list()
    outcomes = await port.create("people", [Write({"code": "Q", "name": "Q", "city": "Q"})])
    assert str(caught.value).startswith(f"drop: {message}")
    if "no column" not in message:
        assert isinstance(outcomes[0], Unavailable)
        assert file.read_bytes() == content


async def test_a_row_without_identity_is_told_and_stays_where_it_is(tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes(b"code,name,city\nA,Ana,Oslo\n,Nobody,Rome\nB,Bo,Bari\n")
    port = folder_of(tmp_path)
    await port.open()
    records, pages = await listed(port, "people")
    [outcome] = await port.update("people", [Write({"city": "Turin"}, "B")])
    assert [record.remote_id for record in records] == ["A", "B"]
    [one] = pages[0].unidentified
    assert (one.place, one.why, one.native["name"]) == ("line 3", "has no code", "Nobody")
    assert isinstance(outcome, Applied)
    assert file.read_bytes() == b"code,name,city\nA,Ana,Oslo\n,Nobody,Rome\nB,Bo,Turin\n"


async def test_a_file_in_which_no_row_has_an_identity_is_refused(tmp_path):
    (tmp_path / "people.csv").write_bytes(b"code,name,city\n,Ana,Oslo\n,Bo,Rome\n")
    port = folder_of(tmp_path)
    await port.open()
    with pytest.raises(SystemFailure, match=r"people\.csv, line 2: it has no code, nor have the others"):
        await listed(port, "people")


async def test_json_lines_keep_types_and_nested_values(tmp_path):
    file = tmp_path / "people.jsonl"
    file.write_text('{"code": 7, "address": {"city": "Oslo", "zip": "1"}, "price": 1.10}\n\n')
    fields = {
        "code": NativeField(name="code", kind="integer"),
        "city": NativeField(name="city", kind="text", path=("address", "city")),
        "price": NativeField(name="price", kind="decimal"),
    }
    port = folder_of(tmp_path, people("people.jsonl", fields=fields))
    await port.open()
    records, _ = await listed(port, "people")
    [changed] = await port.update("people", [Write({"city": "Rome"}, "7")])
    [created] = await port.create("people", [Write({"city": "Bari", "price": Decimal("2.50")})])
    assert records[0].native["city"] == "Oslo"
    assert str(records[0].native["price"]) == "1.10"
    assert isinstance(changed, Applied)
    assert isinstance(created, Applied)
    assert created.remote_id == "8"
    assert [json.loads(line, parse_float=Decimal) for line in file.read_text().splitlines()] == [
        {"code": 7, "address": {"city": "Rome", "zip": "1"}, "price": Decimal("1.10")},
        {"code": 8, "address": {"city": "Bari"}, "price": Decimal("2.50")},
    ]


async def test_broken_json_lines_are_refused_with_their_line(tmp_path):
    (tmp_path / "people.jsonl").write_text('{"code": "A"}\n{"code": NaN}\n')
    port = folder_of(tmp_path, people("people.jsonl"))
    await port.open()
    with pytest.raises(SystemFailure, match=r"people\.jsonl, line 2: it is not valid JSON"):
        await listed(port, "people")


async def test_a_locked_update_of_a_changed_row_is_stale(tmp_path):
    (tmp_path / "people.csv").write_text(CSV, newline="")
    port = folder_of(tmp_path, people(lock="version"))
    await port.open()
    records, _ = await listed(port, "people")
    version = records[0].version
    assert isinstance((await port.update("people", [Write({"city": "Rome"}, "A", version)]))[0], Applied)
    assert (await port.update("people", [Write({"city": "Bari"}, "A", version)])) == [Stale()]


async def test_a_character_that_the_encoding_lacks_refuses_that_record_only(tmp_path):
    (tmp_path / "people.csv").write_bytes("code;name;city\nA;José;Oslo\n".encode("latin-1"))
    port = folder_of(tmp_path, delimiter=";", encoding="latin-1")
    await port.open()
    outcomes = await port.create("people", [Write({"code": "B", "name": "漢"}), Write({"code": "C", "name": "Zoë"})])
    assert [type(outcome) for outcome in outcomes] == [Refused, Applied]
    assert (tmp_path / "people.csv").read_bytes() == "code;name;city\nA;José;Oslo\nC;Zoë;\n".encode("latin-1")


@pytest.mark.parametrize("location", ["../people.csv", "/etc/people.csv", "people.xlsx"])
def test_a_location_outside_the_folder_or_of_another_kind_is_refused(tmp_path, location):
    with pytest.raises(SystemFailure):
        folder_of(tmp_path, people(location))


async def test_a_missing_folder_is_told_with_its_setting(tmp_path):
    with pytest.raises(SystemFailure, match="drop: the folder is not there; setting folder"):
        await folder_of(tmp_path / "nowhere").open()
