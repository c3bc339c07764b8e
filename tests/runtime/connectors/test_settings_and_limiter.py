"""Settings from the environment and `.env`; the call budget."""

import copy
import dataclasses
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyHttpUrl, TypeAdapter

from syncline_runtime.declaration import Connector, FromEnvironment, Literally, Rate, System
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.ports import SystemFailure
from syncline_runtime.settings import PLAIN_URL, SecretText, dotenv, environment, resolve
from tests.runtime.connectors.worlds import CANARY, StillClock

CRM = System(
    name="crm",
    connector=Connector(name="crm", protocol="rest"),
    settings={
        "url": FromEnvironment("CRM_URL", False),
        "password": FromEnvironment("CRM_PASSWORD", True),
        "size": Literally(7),
    },
    resources={},
)


def test_settings_come_from_the_environment_and_secrets_stay_hidden():
    settings = resolve(CRM, {"CRM_URL": "https://x", "CRM_PASSWORD": CANARY})
    assert settings == {"url": "https://x", "password": SecretText(CANARY), "size": 7}
    assert CANARY not in repr(settings) + str(settings["password"]) + f"{settings['password']:>20}"
    assert settings["password"].reveal() == CANARY


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("integer", " 42 ", 42), ("boolean", "yes", True), ("url", "https://erp.example/x", "https://erp.example/x")],
)
def test_a_variable_is_read_as_its_kind(kind, text, value):
    system = dataclasses.replace(CRM, settings={"it": FromEnvironment("IT", secret=False, kind=kind)})
    assert resolve(system, {"IT": text}) == {"it": value}


@given(st.from_regex(PLAIN_URL.__self__, fullmatch=True))
def test_what_is_plainly_an_address_is_one(text):
    TypeAdapter(AnyHttpUrl).validate_python(text)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:41234", "https://api.example.com/v2/x", "http://localhost:8090", "https://a-b.example"]
)
def test_plain_addresses_need_no_closer_look(text):
    assert PLAIN_URL(text)


@pytest.mark.parametrize(
    "text", ["http://", "https://a..b", "http://999.9.9.9", "http://a:99999", "ftp://a", "a.example"]
)
def test_what_is_no_address_is_looked_at_closely(text):
    assert not PLAIN_URL(text)


@pytest.mark.parametrize(("kind", "text"), [("integer", "canary"), ("boolean", "canary"), ("url", "canary")])
def test_a_variable_of_another_kind_is_one_line_that_does_not_show_it(kind, text):
    system = dataclasses.replace(CRM, settings={"it": FromEnvironment("IT", secret=False, kind=kind)})
    with pytest.raises(SystemFailure) as raised:
        resolve(system, {"IT": text})
    assert f"is no {kind}" in str(raised.value)
    assert "IT" in str(raised.value)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("copied", [pickle.dumps, copy.deepcopy])
def test_a_secret_is_not_to_be_stored(copied):
    with pytest.raises(TypeError, match="secret"):
        copied(SecretText(CANARY))


@pytest.mark.parametrize("variables", [{"CRM_URL": "https://x"}, {"CRM_URL": "https://x", "CRM_PASSWORD": ""}])
def test_a_missing_setting_is_one_line_that_names_it_and_its_remedy(variables):
    with pytest.raises(SystemFailure) as caught:
        resolve(CRM, variables)
    assert str(caught.value) == (
        "crm: a setting has no value; setting password; "
        "set the environment variable CRM_PASSWORD, or put CRM_PASSWORD=… into the file .env"
    )
    with pytest.raises(SystemFailure, match=r"or put CRM_PASSWORD=… into the file secrets/crm\.env$"):
        resolve(CRM, variables, Path("secrets/crm.env"))


def test_a_dotenv_file_is_read_under_the_environment(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(
        "\ufeff# ours\nA=1\nexport B = two words # why\nC='it # is'\nD=\"x\" # y\n\nE=\nF=a=b\nG=a#b\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("A", "from the process")
    found = environment(tmp_path)
    assert {name: found[name] for name in "ABCDEFG"} == {
        "A": "from the process",
        "B": "two words",
        "C": "it # is",
        "D": "x",
        "E": "",
        "F": "a=b",
        "G": "a#b",
    }


@pytest.mark.parametrize("line", [f"{CANARY}", f"A='{CANARY}", f"A='x' {CANARY}", f"1A={CANARY}", f"A B={CANARY}"])
def test_a_broken_line_of_a_dotenv_file_is_named_and_not_shown(tmp_path, line):
    (tmp_path / ".env").write_text(f"OK=1\n{line}\n")
    with pytest.raises(SystemFailure) as caught:
        dotenv(tmp_path / ".env")
    assert str(caught.value).startswith(".env:2: ")
    assert CANARY not in str(caught.value)


def test_a_dotenv_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / ".env").write_bytes(b"A=\xff")
    with pytest.raises(SystemFailure, match="cannot be read"):
        dotenv(tmp_path / ".env")


async def test_a_burst_is_granted_and_then_the_rate_holds():
    clock = StillClock()
    bucket = TokenBucket(Rate(calls=10, seconds=5.0), clock)
    start = clock.now()
    granted = []
    for _ in range(30):
        await bucket.acquire()
        granted.append(clock.now() - start)
    assert granted[:10] == [0.0] * 10
    assert granted[10:12] == pytest.approx([0.5, 1.0])
    assert granted[-1] == pytest.approx(10.0)


@given(st.integers(1, 20), st.floats(0.1, 100), st.lists(st.floats(0, 10), max_size=60))
async def test_never_more_than_a_burst_above_the_rate(calls, seconds, pauses):
    clock = StillClock()
    bucket = TokenBucket(Rate(calls=calls, seconds=seconds), clock)
    granted = []
    for pause in pauses:
        clock.moment += pause
        await bucket.acquire()
        granted.append(clock.now())
    for index, begin in enumerate(granted):
        within = sum(begin <= moment < begin + seconds * 0.999 for moment in granted[index:])
        assert within <= 2 * calls


async def test_when_the_server_says_wait_nobody_calls():
    clock = StillClock()
    bucket = TokenBucket(None, clock)
    await bucket.acquire()
    bucket.throttled(7.0)
    bucket.throttled(3.0)
    await bucket.acquire()
    assert clock.slept == [7.0]
    await bucket.acquire()
    assert clock.slept == [7.0]
