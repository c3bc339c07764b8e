"""Systems: every setting known, given, of its kind; secrets never in the spec; no plain http off this machine."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline_runtime.declaration import FromEnvironment, Literally

Resolve = Callable[..., Any]

CONNECTOR = """spec s version 1
connector web over rest {
  setting url   : url
  setting key   : secret
  setting port  : integer?
  setting quick : boolean?
  base "{url}"
  resource things { id : text identity }
}
"""


def web(says: str) -> str:
    """A spec with one connector, which says this, and a system of it."""
    head = 'spec s version 1\nconnector web over rest {\n  setting url : url\n  base "{url}"\n'
    return head + says + '}\nsystem x = web { url: env("URL") }\n'


def system(resolved: Resolve, settings: str) -> Any:
    return resolved(f"{CONNECTOR}system x = web {{ {settings} }}")


def test_settings_keep_where_their_values_come_from(resolved: Resolve) -> None:
    result = system(resolved, 'url: env("URL"), key: secret("KEY"), port: 80, quick: true')
    assert result.found == []
    assert result.spec.systems["x"].settings == {
        "url": FromEnvironment("URL", False, kind="url"),
        "key": FromEnvironment("KEY", True),
        "port": Literally(80),
        "quick": Literally(True),
    }


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ('url: "https://a.example"', [("setting.missing", "x")]),
        ('url: "https://a.example", key: "hunter2"', [("secret.literal", '"hunter2"')]),
        ('url: "https://a.example", key: env("KEY")', [("secret.literal", 'env("KEY")')]),
        ('url: "https://me:pw@a.example", key: secret("K")', [("secret.literal", '"https://me:pw@a.example"')]),
        ('url: "http://a.example", key: secret("K")', [("url.insecure", '"http://a.example"')]),
        ('url: "http://127.0.0.1.a.example", key: secret("K")', [("url.insecure", '"http://127.0.0.1.a.example"')]),
        ('url: "a.example", key: secret("K")', [("setting.type", '"a.example"')]),
        ('url: "ftp://a.example", key: secret("K")', [("setting.type", '"ftp://a.example"')]),
        ('url: "http://[", key: secret("K")', [("setting.type", '"http://["')]),
        ('url: env("U"), key: secret(), port: 1', [("setting.variable", "secret()")]),
        ('url: env("U V"), key: secret("K")', [("setting.variable", 'env("U V")')]),
        ('url: env("U"), key: secrt("K")', [("name.unknown-function", "secrt")]),
        ('url: env("U"), key: secret("K"), prot: 1', [("setting.unknown", "prot")]),
        ('url: env("U"), key: secret("K"), port: "x"', [("setting.type", '"x"')]),
        ('url: env("U"), key: secret("K"), port: 1.5', [("setting.type", "1.5")]),
        ('url: env("U"), key: secret("K"), quick: yes', [("setting.type", "yes")]),
        ('url: env("U"), key: secret("K"), url: env("V")', [("name.duplicate", "url")]),
    ],
)
def test_a_faulty_setting_is_reported_at_its_place(resolved: Resolve, settings: str, found: list[Any]) -> None:
    assert system(resolved, settings).found == found


@pytest.mark.parametrize("url", ["http://127.0.0.1:8090", "http://localhost/x", "http://[::1]:80", "http://127.9.9.9"])
def test_plain_http_on_this_machine_is_fine(resolved: Resolve, url: str) -> None:
    assert system(resolved, f'url: "{url}", key: secret("K")').found == []


@pytest.mark.parametrize(
    ("ways", "found"),
    [
        ('proxy: env("PROXY"), authorities: "ca.pem"', []),
        ('proxy: secret("PROXY")', []),
        ('proxy: "http://proxy.example:3128"', []),
        ('proxy: "http://me:pw@proxy.example"', [("secret.literal", '"http://me:pw@proxy.example"')]),
        ('proxy: "socks5://proxy.example"', [("setting.type", '"socks5://proxy.example"')]),
        ("authorities: 1", [("setting.type", "1")]),
        ('proxi: env("PROXY")', [("setting.unknown", "proxi")]),
    ],
)
def test_any_system_behind_http_may_name_a_proxy_and_authorities(
    resolved: Resolve, ways: str, found: list[Any]
) -> None:
    assert system(resolved, f'url: env("U"), key: secret("K"), {ways}').found == found


def test_a_database_has_no_proxy(resolved: Resolve) -> None:
    result = resolved("""spec s version 1
connector store over sql { setting url : secret }
system x = store { url: secret("U"), proxy: env("PROXY") }
""")
    assert ("setting.unknown", "proxy") in result.found


def test_a_literal_secret_is_not_repeated_in_the_facts(resolved: Resolve) -> None:
    found = system(resolved, 'url: env("U"), key: "hunter2"').only("secret.literal")
    assert "hunter2" not in repr((found.facts, found.labels))


def test_the_connector_that_was_meant_is_suggested(resolved: Resolve) -> None:
    found = resolved(f"{CONNECTOR}system x = wep {{}}").only("name.unknown-connector")
    assert found.facts["suggestion"] == "web"


def test_what_a_tenant_adds_is_part_of_the_system(resolved: Resolve) -> None:
    result = resolved(
        f'{CONNECTOR}system x = web {{ url: env("U"), key: secret("K") }}\n'
        "extend x { resource things { colour : text } }\nextend y { resource things { colour : text } }"
    )
    assert result.found == [("name.unknown-system", "y")]
    assert "colour" in result.spec.systems["x"].resources["things"].fields
    assert "colour" not in result.spec.systems["x"].connector.resources["things"].fields


def test_null_is_spelled_by_what_carries_the_value(resolved: Resolve) -> None:
    result = resolved(
        web("""  null { text: "", number: 0, date: "" }
  resource things {
    id      : text      identity
    name    : text
    rank    : integer
    price   : decimal   spelled text   # "0" is a price, "" is none
    since   : date
    changed : instant   spelled epoch_ms
    tags    : set<text> spelled comma
  }
""")
    )
    assert result.found == []
    fields = result.spec.systems["x"].resources["things"].fields
    assert {name: field.null for name, field in fields.items()} == {
        "id": "blank",
        "name": "blank",
        "rank": "zero",
        "price": "blank",
        "since": "blank",
        "changed": "zero",
        "tags": "",
    }


def test_what_is_left_out_is_null_where_that_is_said(resolved: Resolve) -> None:
    result = resolved("""spec s version 1
connector web over rest {
  setting url : url
  base "{url}"
  null { absent, text: "" }
  resource things {
    id      : text    identity
    changed : instant version
    code    : text    required
    name    : text
    rank    : integer
  }
}
connector other over rest {
  setting url : url
  base "{url}"
  resource whole { id : text identity, name : text, null absent }
  resource parts { id : text identity, name : text null absent, rank : integer }
  resource none  { id : text identity, name : text }
}
system x = web { url: env("URL") }
system y = other { url: env("URL") }
extend x { resource things { colour : text } }
extend y { resource whole { colour : text }, resource none { colour : text null absent } }
""")
    assert result.found == []

    def left_out(system: str, resource: str) -> set[str]:
        fields = result.spec.systems[system].resources[resource].fields
        return {name for name, field in fields.items() if field.absent_is_null}

    assert left_out("x", "things") == {"name", "rank", "colour"}
    assert left_out("y", "whole") == {"name", "colour"}
    assert left_out("y", "parts") == {"name"}
    assert left_out("y", "none") == {"colour"}
    assert result.spec.systems["y"].resources["parts"].fields["name"].type.nullable
    assert result.spec.systems["x"].resources["things"].fields["name"].null == "blank"


def test_what_is_never_null_is_never_left_out(resolved: Resolve) -> None:
    result = resolved(
        web("""  resource things {
    id   : text identity null absent
    code : text required null absent
    name : text null empty
    null
  }
""")
    )
    assert [code for code, _ in result.found] == [
        "connector.never-null",
        "connector.never-null",
        "connector.unknown-word",
        "connector.unknown-word",
        "connector.malformed",
    ]


def test_a_field_counts_writes(resolved: Resolve) -> None:
    result = resolved(
        web("""  resource things { id : text identity, changed : instant version, revision : integer counts writes }
  resource others { id : text identity, revision : text counts writes, second : integer counts }
  resource twice  { id : text identity, one : integer counts writes, two : integer counts writes }
""")
    )
    assert [code for code, _ in result.found] == ["connector.malformed", "connector.malformed", "name.duplicate"]
    things = result.spec.systems["x"].resources["things"]
    assert things.declaration.counter == "revision"
    assert not things.fields["revision"].writable


def test_a_reading_may_lag(resolved: Resolve) -> None:
    result = resolved(
        web("""  resource things {
    id : text identity
    read   GET   "/things/{id}" { lag 5 seconds, missing 404 }
    update PATCH "/things/{id}" { lag 5 seconds }
  }
  resource others { id : text identity, read GET "/others/{id}" { lag soon } }
""")
    )
    assert [code for code, _ in result.found] == ["connector.unknown-word", "connector.malformed"]
    read = result.spec.systems["x"].resources["things"].declaration.read
    assert read is not None
    assert read.lag_seconds == 5.0


def test_a_field_takes_marks(resolved: Resolve) -> None:
    result = resolved(
        web("""  resource things {
    id : text identity
    reference : text(64) marker
    list GET "/things" { filter "where" join "&" equals "{field}={value}" }
  }
  resource others { id : text identity, reference : text(20) marker, list GET "/others" }
  resource more   { id : text identity, reference : text marker, list GET "/more" }
""")
    )
    assert [code for code, _ in result.found] == ["connector.malformed", "connector.marker-unsearchable"]
    things = result.spec.systems["x"].resources["things"]
    assert things.declaration.marker == "reference"
    assert not things.fields["reference"].writable
