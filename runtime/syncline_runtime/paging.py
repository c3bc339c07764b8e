"""How a listing goes on: from one page's facts to the next request. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncline_runtime.declaration import Listing, Paging

PAGE_CAP = 200_000
"""A listing of more pages than this does not end."""


class EndlessListing(Exception):
    """The listing does not advance: the same cursor twice, or more pages than any listing has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a listing. `boundary` is the version from which an ordered listing goes on, `seen` the identities
    at that boundary that were delivered already; `last_id` is the last identity of a keyset; `full` is the size of a page
    that is not the last, as the first page showed it; `previous` holds the identities of the page before."""

    pages: int = 1
    number: int = 1
    offset: int = 0
    token: str | None = None
    last_id: str | None = None
    boundary: Any = None
    seen: frozenset[str] = frozenset()
    full: int = 0
    previous: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a page showed: identities and versions of its records in order, "" and None for one without identity, and the token
    or URL of the next page."""

    ids: Sequence[str]
    versions: Sequence[Any]
    token: str | None = None


def first(paging: Paging) -> Step:
    """The first request of a listing."""
    return Step(number=paging.first)


def ordered(listing: Listing) -> bool:
    """Whether the listing can go on from the last version seen: sorted by its change field, asked inclusively.

    Page numbers and offsets over such an order skip a record when another one changes and moves to the end; going on from the
    version instead never does.
    """
    since = listing.since
    if since is None or not since.inclusive or since.fallback or listing.paging.style not in ("number", "offset"):
        return False
    match listing.sort:
        case str() as sort:
            return sort.replace(":", " ").split(",")[0].strip().removeprefix("+").split(" ")[0] == since.field
        case ((str() as name, *_), *_) | (str() as name, *_):
            return name.split(" ")[0] == since.field
        case _:
            return False


def following(paging: Paging, step: Step, facts: PageFacts, *, by_version: bool, everything: bool) -> Step | None:
    """The next request, or None after the last page. Raises EndlessListing.

    `by_version`: the listing is `ordered`. `everything`: it is asked for all records, so that a missing one would mean something.
    """
    if step.pages >= PAGE_CAP:
        raise EndlessListing(f"the listing has not ended after {PAGE_CAP} pages")
    count = len(facts.ids)
    onward = replace(step, pages=step.pages + 1)
    match paging.style:
        case "none":
            return None
        case "cursor" | "next" | "link":
            if not facts.token:
                return None
            if facts.token == step.token:
                raise EndlessListing("the listing gives the same cursor twice")
            return replace(onward, token=facts.token)
    full = step.full
    if step.pages == 1:
        # A server that quietly gives smaller pages than asked for shows on the first page: there, one more request tells.
        full = min(count, paging.size) if everything else paging.size
    if count == 0 or count < full:
        return None
    onward = replace(onward, full=full)
    if paging.style == "keyset":
        last = next((place for place in reversed(range(count)) if facts.ids[place]), None)
        if last is None:
            raise EndlessListing("no record of a page has an identity from which it could go on")
        if facts.ids[last] == step.last_id:
            raise EndlessListing("the listing gives the same record last twice")
        return replace(onward, last_id=facts.ids[last], boundary=facts.versions[last])
    last_version = facts.versions[-1]
    if by_version and last_version not in (None, "") and last_version != step.boundary:
        seen = frozenset(
            identity for identity, version in zip(facts.ids, facts.versions, strict=True) if version == last_version
        )
        return replace(onward, number=paging.first, offset=0, boundary=last_version, seen=seen, previous=())
    if list(facts.ids) == list(step.previous):
        raise EndlessListing("the listing gives the same page twice")
    return replace(onward, number=step.number + 1, offset=step.offset + count, previous=facts.ids)
