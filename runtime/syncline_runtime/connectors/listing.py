"""Listing a resource over HTTP, page by page."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final
from urllib.parse import urljoin

from syncline_runtime import cursors
from syncline_runtime.answering import Purpose
from syncline_runtime.connectors.calls import filled, same_origin
from syncline_runtime.connectors.highwater import HighWater
from syncline_runtime.connectors.paths import asked_name, text_at
from syncline_runtime.connectors.records import NotARecord, Shape, items_at
from syncline_runtime.connectors.session import Answered, Failed, Session
from syncline_runtime.declaration import Condition, Listing, Text
from syncline_runtime.paging import EndlessListing, PageFacts, Step, first, following, ordered
from syncline_runtime.ports import NativeRecord, Page, SystemFailure, Unidentified

_QUOTING: Final = re.compile(r"['\"\\\\]")
ALL_WRONG: Final = 100
"""So many records without identity, and none with, are no bad records but a wrong declaration."""


async def pages(
    session: Session,
    shape: Shape,
    *,
    fields: Sequence[str],
    where: Sequence[Condition],
    since: str | None,
) -> AsyncIterator[Page]:
    """The pages of a listing. Raises SystemFailure."""
    resource = shape.resource
    listing = resource.list
    if listing is None:
        raise SystemFailure(session.system.name, f"{resource.name} has no listing")
    if since is not None and listing.since is None:
        raise SystemFailure(session.system.name, f"{resource.name} cannot be listed by what changed")
    own = (listing.since.field, listing.since.fallback) if listing.since is not None else ()
    asked = shape.asked([*fields, *own])
    equalities = _equalities(session, shape, listing, where)
    by_version = ordered(listing)
    spelling = listing.since.spelling if listing.since else "text"
    water = HighWater(spelling, by_version, since)
    step: Step | None = first(listing.paging)
    identified, nameless = False, list[Unidentified]()
    while step is not None:
        slots, query = _request(session, shape, listing, step, asked, equalities, since)
        url = step.token if listing.paging.style in ("next", "link") else None
        answer = await session.exchange(listing.call, slots, Purpose.READ, url=url, query=None if url else query)
        if isinstance(answer, Failed):
            raise session.failure(answer, f"list {resource.name}")
        try:
            delivered = items_at(answer.document, listing.items, resource.name)
        except NotARecord as error:
            raise SystemFailure(session.system.name, f"could not list {resource.name}: {error}") from None
        records, unidentified, ids = shape.records(delivered, step.pages)
        versions = _versions(records, listing)
        fresh = records if not step.seen else _unseen(records, versions, step)
        if unidentified:
            shown = iter(versions)
            versions = [next(shown) if identity else None for identity in ids]
        facts = PageFacts(ids=ids, versions=versions, token=_token(session, listing, answer))
        try:
            onward = following(listing.paging, step, facts, by_version=by_version, everything=since is None)
        except EndlessListing as error:
            raise SystemFailure(session.system.name, f"could not list {resource.name}: {error}") from None
        cursor = water.after(answer, facts.ids, versions, step, onward)
        identified = identified or bool(records)
        if not identified and since is None and not where:
            nameless += unidentified
            if nameless and (onward is None or len(nameless) > ALL_WRONG):
                raise SystemFailure(
                    session.system.name,
                    f"could not list {resource.name}: none of its records can be told from others; {nameless[0].place}, "
                    f"{nameless[0].why}",
                    remedy=f"see that the connector names the right field as the identity of {resource.name}",
                )
        yield Page(fresh, cursor, answer.sent_at, onward is None, unidentified)
        step = onward


def _unseen(records: Sequence[NativeRecord], versions: Sequence[Any], step: Step) -> list[NativeRecord]:
    """The records of a page but for those that the page before ended with, as long as nobody has changed them since."""
    return [
        record
        for record, version in zip(records, versions, strict=True)
        if record.remote_id not in step.seen or version != step.boundary
    ]


def _versions(records: Sequence[NativeRecord], listing: Listing) -> list[Any]:
    """The version of each record of a page, None where it could not be asked for."""
    since = listing.since
    if since is None:
        return [None] * len(records)
    field, fallback = since.field, since.fallback
    if fallback:
        versions = [cursors.shown(record.native, field, fallback) for record in records]
    else:
        versions = [record.native.get(field) for record in records]
    # One look at all texts of a page: hardly any system has such a version.
    if _QUOTING.search("".join(version for version in versions if type(version) is str)) is None:
        return versions
    return [version if _quotable(version) else None for version in versions]


def _quotable(value: Any) -> bool:
    """Whether a value can stand in a textual condition: how a system quotes inside a text is not declared."""
    return not isinstance(value, str) or _QUOTING.search(value) is None


def _equalities(session: Session, shape: Shape, listing: Listing, where: Sequence[Condition]) -> list[Any]:
    """The conditions that the system can check for us; the map's own filter checks all of them again."""
    if listing.equals is None:
        return []
    conditions = []
    for condition in where:
        value = condition.value
        if isinstance(listing.equals, Text) and not _quotable(value):
            continue
        slots = {"field": asked_name(shape.resource, condition.field), "value": value}
        conditions.append(filled(listing.equals, session.lookup(slots)))
    return conditions


def _request(
    session: Session,
    shape: Shape,
    listing: Listing,
    step: Step,
    asked: list[str],
    equalities: list[Any],
    since: str | None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The slots of one page's call, and what is added to its query."""
    paging = listing.paging
    conditions = list(equalities)
    if paging.style == "keyset" and step.last_id is not None:
        slots = {"id": shape.spelled_id(step.last_id), "since": step.boundary}
        conditions.append(filled(paging.after, session.lookup(slots)))
    if listing.since is not None:
        bound: Any = None
        if paging.style != "keyset" and step.boundary is not None:
            bound = step.boundary
        elif since is not None:
            try:
                bound = cursors.asked(since, listing.since)
            except ValueError:
                raise SystemFailure(
                    session.system.name,
                    f"the stored cursor of {shape.resource.name} is not one of this declaration",
                    remedy="run once with a full listing",
                ) from None
        if bound is not None:
            conditions.append(filled(listing.since.condition, session.lookup({"since": bound})))
    joined: Any = conditions
    if listing.filter_join:
        joined = listing.filter_join.join(str(condition) for condition in conditions)
    sort = filled(listing.sort, session.lookup({}))
    slots = {
        "fields": asked,
        "filter": joined,
        "sort": sort,
        "page": step.number,
        "offset": step.offset,
        "limit": paging.size,
        "cursor": step.token,
    }
    if session.connector.protocol == "jsonrpc":
        return slots, {}
    query: dict[str, Any] = {}
    if paging.style != "none":
        query[paging.size_parameter] = paging.size
    if paging.style == "number":
        query[paging.page_parameter] = step.number
    if paging.style == "offset":
        query[paging.page_parameter] = step.offset
    if paging.style == "cursor" and step.token is not None:
        query[paging.cursor_parameter] = step.token
    if sort:
        query[listing.sort_parameter] = sort
    if conditions:
        query[listing.filter_parameter] = joined
    return slots, query


def _token(session: Session, listing: Listing, answer: Answered) -> str | None:
    paging = listing.paging
    match paging.style:
        case "cursor":
            return text_at(answer.document, paging.next) or None
        case "next":
            found = text_at(answer.document, paging.next)
        case "link":
            found = _next_link(answer.headers.get("link", ""))
        case _:
            return None
    if not found:
        return None
    url = urljoin(session.base + "/", found)
    if not same_origin(url, session.base):
        raise SystemFailure(
            session.system.name, f"the listing goes on at another host, which is refused: {session.redacted(url)}"
        )
    return url


def _next_link(header: str) -> str:
    """The target of `rel="next"` in a Link header (RFC 8288)."""
    for part in header.split(","):
        target, *parameters = part.strip().split(";")
        if any(parameter.replace('"', "").replace(" ", "").lower() == "rel=next" for parameter in parameters):
            return target.strip().removeprefix("<").removesuffix(">")
    return ""
