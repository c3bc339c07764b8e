"""What must not happen, whatever a system answers or holds."""

import gc
import logging
import traceback
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_runtime.connectors.calls import UnsafeAddress, UnsafeId, base_of, path_of, same_origin, segment
from syncline_runtime.connectors.decoding import DEPTH, NotJson, decode, encode
from syncline_runtime.connectors.transport import LARGEST_BODY
from syncline_runtime.declaration import Call, HeaderAuth, Listing, Operation, Paging, Text
from syncline_runtime.ports import Refused, SystemFailure, Unknown, Write
from syncline_runtime.settings import SecretText
from tests.runtime.connectors.loopback import Loopback, Reply, Reset, Silence, script
from tests.runtime.connectors.worlds import CANARY, CRM, contacts, listed, system

EVIL_IDS = [
    "../admin", "..", ".", "a/b", "a\\b", "a?b", "a#b", "a%2fb", "a%b", "%2e%2e", "/", "//host", "", " ", "a b", "a\nb", "a\x00b",
    "a\tb", "a\rb", "x/../y", "..%2f", "a/", "?x=1", "#", "\x7f",
]  # fmt: skip


@pytest.mark.parametrize("identity", EVIL_IDS)
def test_an_id_that_would_change_the_address_is_refused(identity):
    with pytest.raises(UnsafeId):
        path_of(Text("/records/{id}"), {"id": identity}.__getitem__)


@given(st.text(min_size=1))
def test_an_id_never_leaves_its_segment(identity):
    try:
        path = path_of(Text("/records/{id}/notes"), {"id": identity}.__getitem__)
    except UnsafeId:
        return
    assert path.count("/") == 3
    assert path.isascii()
    assert not set(path) & set("?#\\ \r\n\t")
    assert segment(identity) not in (".", "..")


async def test_an_evil_id_is_refused_before_anything_is_sent():
    async with Loopback(script(Reply(200, {"token": "t"}))) as server:
        port = system(server.url, contacts())
        await port.open()
        outcomes = await port.update("contacts", [Write({"name": "x"}, identity) for identity in EVIL_IDS])
        await port.close()
    assert {type(outcome) for outcome in outcomes} == {Refused}
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com",
        "http://10.0.0.7",
        "http://169.254.169.254/latest",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "ftp://crm.example.com",
        "file:///etc/passwd",
        "crm.example.com",
        "",
        "https://",
        "https://user:pass@crm.example.com",
        "https://crm.example.com?x=1",
        "https://crm.example.com#x",
        "https://crm.example.com/a b",
        "https://crm.example.com\r\nHost: x",
        "https://crm.example.com\\@evil.example.com",
        "https://[::1",
        "https://crm.example.com:99999",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_not_safe_is_refused(url):
    with pytest.raises(UnsafeAddress):
        base_of(Text("{url}/api"), {"url": url}.__getitem__)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://crm.example.com", "https://crm.example.com/api"),
        ("https://crm.example.com/", "https://crm.example.com/api"),
        (" https://crm.example.com:8443/x ", "https://crm.example.com:8443/x/api"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090/api"),
        ("http://localhost:8090", "http://localhost:8090/api"),
        ("http://[::1]:8090", "http://[::1]:8090/api"),
    ],
)
def test_an_address_that_is_safe_is_taken(url, base):
    assert base_of(Text("{url}/api"), {"url": url}.__getitem__) == base


def test_a_setting_inside_an_address_stays_one_segment():
    lookup = {"url": "https://erp.example.com", "database": "shop & co"}.__getitem__
    with pytest.raises(UnsafeId):
        base_of(Text("{url}/{database}/rpc"), lookup)
    assert base_of(Text("https://{shop}.example.com/x"), {"shop": "ana"}.__getitem__) == "https://ana.example.com/x"
    with pytest.raises(UnsafeId):
        base_of(Text("https://{shop}.example.com/x"), {"shop": "evil.com/?"}.__getitem__)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("operation", ["list", "create"])
async def test_no_redirect_is_followed(status, operation):
    async with Loopback(script(Reply(200, {}))) as other:
        hop = Reply(status, None, {"Location": f"{other.url}/api/records"})
        async with Loopback(script(Reply(200, {"token": "t"}), hop)) as server:
            port = system(server.url, contacts())
            await port.open()
            if operation == "list":
                with pytest.raises(SystemFailure, match=r"redirects to .* not followed"):
                    await listed(port)
            else:
                assert isinstance((await port.create("contacts", [Write({})]))[0], Unknown)
            await port.close()
    assert other.asked == []


@pytest.mark.parametrize("style", ["next", "link"])
async def test_a_listing_does_not_go_on_at_another_host(style):
    async with Loopback(script(Reply(200, {"items": []}))) as other:
        page = {"items": [{"id": "a", "updated": ""}], "next": f"{other.url}/api/records?page=2"}
        answer = Reply(200, page, {"Link": f'<{other.url}/x>; rel="next"'})
        async with Loopback(script(Reply(200, {"token": "t"}), answer)) as server:
            listing = replace(contacts().list, paging=Paging(style=style, next="next"))
            port = system(server.url, contacts(list=listing))
            await port.open()
            with pytest.raises(SystemFailure, match="another host"):
                await listed(port)
            await port.close()
    assert other.asked == []


def test_only_the_same_scheme_host_and_port_are_the_same_origin():
    base = "https://crm.example.com/api"
    assert same_origin("https://crm.example.com:443/other?x", base)
    for other in (
        "http://crm.example.com",
        "https://crm.example.com:444",
        "https://evil.com",
        "//evil.com",
        "https://[x",
    ):
        assert not same_origin(other, base)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b'{"items": [NaN]}',
        b'{"items": [Infinity]}',
        b'{"items": [], "items": []}',
        b'{"items": [{"id": "a", "id" : "b"}]}',
        b'{"items": ["\\ud800"]}',
        b'{"items": "\xff"}',
        b"[" * 100_000,
        b'{"items":' * (DEPTH + 1) + b"[]" + b"}" * (DEPTH + 1),
        b'{"items": [' + b"1" * 5000 + b"]}",
        b'{"items": {}}',
        b'{"items": null}',
        b'{"items": [null]}',
        b'{"items": [{"name": "no id"}]}',
        b'{"items": [{"id": {"$ne": 1}}]}',
        b'{"items": [{"id": ""}]}',
        b"null",
        b"[]",
        b'"text"',
        b"\xef\xbb\xbf{}",
    ],
)
async def test_a_malicious_page_is_one_clear_line(body):
    async with Loopback(script(Reply(200, {"token": "t"}), Reply(200, body))) as server:
        port = system(server.url, contacts())
        await port.open()
        with pytest.raises(SystemFailure) as caught:
            await listed(port)
        await port.close()
    assert str(caught.value).startswith("crm: could not list contacts")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_are_a_document_or_not_json(body):
    try:
        document = decode(body)
    except NotJson:
        return
    if b"e" not in body.lower():
        assert decode(encode(document)) == document


def test_a_key_that_only_looks_repeated_is_taken():
    assert decode(b'{"a": "\\":", "b" : {"a": 1}, "c": "\\"a\\": 1"}') == {"a": '":', "b": {"a": 1}, "c": '"a": 1'}


@pytest.mark.parametrize("compressed", [False, True])
async def test_an_answer_that_is_too_large_is_refused(compressed):
    import gzip

    body = b'{"items": ["' + b"x" * LARGEST_BODY + b'"]}'
    headers = {"Content-Encoding": "gzip"} if compressed else {}
    answer = Reply(200, gzip.compress(body, 1) if compressed else body, headers)
    async with Loopback(script(Reply(200, {"token": "t"}), answer)) as server:
        port = system(server.url, contacts())
        await port.open()
        with pytest.raises(SystemFailure, match="larger than 10 MiB"):
            await listed(port)
        await port.close()


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(400, {"message": f"bad {CANARY}", "code": CANARY, "data": {"name": {"message": CANARY}}}),
        Reply(401, {"message": f"bad {CANARY}"}),
        Reply(403, {"message": "x " * 500 + CANARY}),
        Reply(500, f"<html>{CANARY}"),
        Reply(302, None, {"Location": f"https://evil.example.com/?p={CANARY.replace('/', '%2F')}"}),
        Reply(200, f'{{"{CANARY}": nope'),
        Reply(200, {"items": [{"no": CANARY}]}),
        Reset(),
        Silence(),
    ],
)
async def test_no_secret_is_ever_shown(trouble, caplog):
    caplog.set_level(logging.DEBUG)
    connector = replace(CRM, auth=HeaderAuth(header="Authorization", value=Text("Bearer {password}")))
    shown = []
    async with Loopback(script(trouble)) as server:
        port = system(server.url, contacts(), connector)
        await port.open()
        for work in (
            listed(port),
            port.read("contacts", ["a"], fields=()),
            port.create("contacts", [Write({"name": "x"})]),
        ):
            try:
                shown.append(repr(await work))
            except SystemFailure as failure:
                shown.append(
                    "".join(traceback.format_exception(failure)) + str(failure) + repr(failure) + repr(failure.__dict__)
                )
        shown.append(repr(port) + repr(SecretText(CANARY)) + f"{SecretText(CANARY)}" + str(SecretText(CANARY)))
        await port.close()
    assert server.asked[0].headers["authorization"] == f"Bearer {CANARY}"
    for text in (*shown, caplog.text):
        assert CANARY not in text
        assert CANARY.replace("/", "%2F") not in text
    gc.collect()


async def test_credentials_that_would_break_the_header_are_refused():
    connector = replace(CRM, auth=HeaderAuth(header="X-Key", value=Text("{password}")))
    async with Loopback(script(Reply(200, {}))) as server:
        port = system(server.url, contacts(), connector, password=SecretText("abcd\r\nX-Evil: 1"))
        with pytest.raises(SystemFailure, match="setting password") as caught:
            await port.open()
        await port.close()
    assert "abcd" not in str(caught.value)


async def test_a_placeholder_that_nothing_fills_is_told_as_the_connector_s_mistake():
    operation = Operation(call=Call(verb="GET", target=Text("/x/{nosuch}")))
    async with Loopback(script(Reply(200, {"token": "t"}))) as server:
        port = system(server.url, contacts(read=operation, list=Listing(call=operation.call)))
        await port.open()
        with pytest.raises(SystemFailure, match="placeholder that nothing fills; setting nosuch"):
            await listed(port)
        await port.close()
