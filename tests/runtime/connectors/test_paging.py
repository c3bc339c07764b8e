"""Listings against a model of a server, at every size and order."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_runtime.declaration import Call, Listing, Paging, Since, Text
from syncline_runtime.paging import EndlessListing, PageFacts, first, following, ordered

CALL = Call(verb="GET", target=Text("/x"))


@dataclass
class Server:
    """Rows of (version, id); at most `cap` a page."""

    rows: list[tuple[int, str]]
    cap: int

    def page(self, paging, step):
        rows = [
            row
            for row in sorted(self.rows)
            if step.boundary is None or paging.style == "keyset" or row[0] >= step.boundary
        ]
        size = min(paging.size, self.cap)
        match paging.style:
            case "number":
                start = (step.number - paging.first) * size
            case "offset":
                start = step.offset
            case "cursor":
                start = int(step.token or 0)
            case _:
                rows = sorted(self.rows, key=lambda row: row[1])
                start = sum(step.last_id is not None and row[1] <= step.last_id for row in rows)
        shown = rows[start : start + size]
        token = str(start + size) if start + size < len(rows) else None
        return PageFacts(ids=[row[1] for row in shown], versions=[row[0] for row in shown], token=token)


def walk(paging, server, by_version, everything=True, between=lambda page: None):
    step = first(paging)
    seen = []
    requests = 0
    while step is not None:
        facts = server.page(paging, step)
        requests += 1
        seen += [identity for identity in facts.ids if identity not in step.seen]
        step = following(paging, step, facts, by_version=by_version, everything=everything)
        between(requests)
    return seen, requests


@given(
    st.sampled_from(["number", "offset", "cursor", "keyset"]),
    st.lists(st.integers(0, 4), max_size=30),
    st.integers(1, 8),
    st.integers(1, 8),
    st.booleans(),
    st.sampled_from([0, 1]),
)
def test_every_record_is_seen_once_also_when_the_server_gives_smaller_pages(
    style, versions, size, cap, by_version, begin
):
    paging = Paging(style=style, size=size, first=begin)
    server = Server([(version, f"{number:03d}") for number, version in enumerate(versions)], cap)
    seen, requests = walk(paging, server, by_version and style in ("number", "offset"))
    assert sorted(seen) == [identity for _, identity in sorted(server.rows, key=lambda row: row[1])]
    assert requests <= 2 * len(versions) + 2


@given(st.lists(st.integers(0, 99), min_size=1, max_size=30, unique=True), st.integers(2, 5), st.data())
def test_a_record_that_moves_to_the_end_hides_no_other(versions, size, data):
    server = Server([(version, f"{number:03d}") for number, version in enumerate(versions)], 99)
    moves = iter(data.draw(st.lists(st.integers(0, len(versions) - 1), max_size=4)))

    def move(_):
        index = next(moves, None)
        if index is not None:
            server.rows[index] = (max(row[0] for row in server.rows) + 1, server.rows[index][1])

    seen, _ = walk(Paging(style="number", size=size), server, True, between=move)
    assert set(seen) == {identity for _, identity in server.rows}


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (100, 2), (250, 3), (300, 4), (99, 2)])
def test_a_full_listing_asks_once_more_only_where_it_cannot_know(count, requests):
    server = Server([(number, f"{number:03d}") for number in range(count)], 999)
    assert walk(Paging(style="offset", size=100), server, False)[1] == requests


def test_an_incremental_listing_of_few_changes_is_one_request():
    server = Server([(number, f"{number:03d}") for number in range(99)], 999)
    assert walk(Paging(style="number", size=100), server, True, everything=False)[1] == 1


@pytest.mark.parametrize("style", ["cursor", "next", "link", "number", "offset", "keyset"])
def test_a_listing_that_does_not_advance_is_found_out(style):
    paging = Paging(style=style, size=2)
    stuck = PageFacts(ids=["a", "b"], versions=[None, None], token="same")

    def turn():
        step = first(paging)
        for _ in range(5):
            step = following(paging, step, stuck, by_version=False, everything=True)

    with pytest.raises(EndlessListing):
        turn()


@pytest.mark.parametrize(
    ("sort", "field", "expected"),
    [
        ("updated,id", "updated", True),
        ("+updated,id", "updated", True),
        ("updated asc", "updated", True),
        ("-updated", "updated", False),
        ("id", "updated", False),
        ((("updated", "ASC"), ("id", "ASC")), "updated", True),
        (("updated", "id"), "updated", True),
        (None, "updated", False),
    ],
)
def test_a_listing_is_ordered_by_what_it_is_sorted_by_first(sort, field, expected):
    listing = Listing(call=CALL, paging=Paging(style="number"), since=Since(condition=None, field=field), sort=sort)
    assert ordered(listing) is expected
