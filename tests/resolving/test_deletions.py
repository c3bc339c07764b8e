"""A feed of deletions: where it says which record went, and when."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline_runtime.declaration import Text

Resolve = Callable[..., Any]

SPEC = """spec s version 1
connector web over rest {{
  setting url : url
  base "{{url}}"
  resource things {{
    id   : text identity
    list GET "/things"
    read GET "/things/{{id}}" {{ missing 404 }}
    {deleted}
  }}
}}
system x = web {{ url: env("URL") }}
"""


def declared(resolved: Resolve, deleted: str) -> Any:
    return resolved(SPEC.format(deleted=deleted))


def test_a_feed_is_a_listing_of_ids_and_moments(resolved: Resolve) -> None:
    result = declared(
        resolved,
        """deleted GET "/events" {
          items "events"
          id "subject.id"
          at "created_at"
          since "from={since}"
          page cursor(after, limit)
        }""",
    )
    assert result.found == []
    feed = result.spec.systems["x"].resources["things"].declaration.deleted
    assert (feed.identity, feed.version) == ("id", "at")
    assert {name: field.path for name, field in feed.fields.items()} == {"id": ("subject", "id"), "at": ("created_at",)}
    assert feed.list.call.target == Text("/events")
    assert (feed.list.items, feed.list.since.field, feed.list.paging.style) == ("events", "at", "cursor")


def test_a_feed_that_tells_no_moment_is_asked_for_whole(resolved: Resolve) -> None:
    result = declared(resolved, 'deleted GET "/gone" { items "ids" }')
    feed = result.spec.systems["x"].resources["things"].declaration.deleted
    assert (result.found, feed.version, feed.list.since) == ([], None, None)


@pytest.mark.parametrize(
    ("deleted", "code"),
    [
        ('deleted GET "/gone" { since "from={since}" }', "connector.malformed"),
        ('deleted GET "/gone" { id }', "connector.malformed"),
        ("deleted", "connector.malformed"),
        ('deleted DELETE "/gone" { items "ids" }', "connector.read-writes"),
        ('deleted GET "/gone" { itmes "ids" }', None),
    ],
)
def test_what_is_no_feed_is_told(resolved: Resolve, deleted: str, code: str | None) -> None:
    result = declared(resolved, deleted)
    assert result.found
    if code is not None:
        assert code in {found[0] for found in result.found}, result.found


def test_a_feed_without_read_is_refused(resolved: Resolve) -> None:
    text = SPEC.format(deleted='deleted GET "/gone"').replace('    read GET "/things/{id}" { missing 404 }\n', "")
    assert [code for code, _ in resolved(text).found] == ["connector.deleted-unread"]
