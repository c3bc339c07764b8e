"""The verdict on every kind of answer, as a table."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_runtime.answering import (
    Accept,
    Facts,
    Fail,
    Failure,
    Purpose,
    Refresh,
    Retry,
    Rules,
    backoff,
    judge,
    retry_after,
)
from syncline_runtime.ports import Gone, Refused, Stale, Unavailable, Unknown

RULES = Rules(refresh_on=(401,))
WRITES = (Purpose.CREATE, Purpose.UPDATE, Purpose.DELETE)
OTHERS = (Purpose.READ, Purpose.LOGIN)
STATUSES = (
    200,
    201,
    204,
    400,
    401,
    403,
    404,
    405,
    408,
    409,
    410,
    412,
    422,
    425,
    428,
    429,
    500,
    501,
    502,
    503,
    504,
    599,
)

# status: (on a read, on a create, on an update or delete); R means "again"
TABLE = {
    200: (Accept, Accept, Accept),
    204: (Accept, Accept, Accept),
    400: (Refused, Refused, Refused),
    401: (Refused, Unavailable, Unavailable),
    403: (Refused, Refused, Refused),
    404: (Gone, Refused, Gone),
    408: (Retry, Unknown, Unknown),
    409: (Refused, Refused, Refused),
    410: (Gone, Refused, Gone),
    412: (Stale, Stale, Stale),
    422: (Refused, Refused, Refused),
    425: (Retry, Retry, Retry),
    428: (Refused, Refused, Refused),
    429: (Retry, Retry, Retry),
    500: (Retry, Unknown, Unknown),
    501: (Refused, Unknown, Unknown),
    502: (Retry, Unknown, Unknown),
    503: (Retry, Unknown, Unknown),
    504: (Retry, Unknown, Unknown),
}


def verdict(facts, purpose, rules=RULES, attempt=1, refreshed=True):
    return judge(facts, purpose, rules, attempt=attempt, refreshed=refreshed, jitter=0.5)


def kind(found):
    return type(found.outcome) if isinstance(found, Fail) else type(found)


@pytest.mark.parametrize("status", TABLE)
def test_each_status_has_its_verdict(status):
    found = tuple(
        kind(verdict(Facts(status=status), purpose)) for purpose in (Purpose.READ, Purpose.CREATE, Purpose.UPDATE)
    )
    assert found == TABLE[status]
    assert kind(verdict(Facts(status=status), Purpose.DELETE)) == TABLE[status][2]


@pytest.mark.parametrize(
    ("failure", "reading", "writing"),
    [
        (Failure.NOT_SENT, Retry, Retry),
        (Failure.NO_ANSWER, Retry, Unknown),
        (Failure.UNREADABLE, Unavailable, Unknown),
        (Failure.UNSAFE, Unavailable, Unknown),
    ],
)
def test_each_lack_of_an_answer_has_its_verdict(failure, reading, writing):
    facts = Facts(failure=failure, message="x")
    assert {kind(verdict(facts, purpose)) for purpose in OTHERS} == {reading}
    assert {kind(verdict(facts, purpose)) for purpose in WRITES} == {writing}


@pytest.mark.parametrize(
    ("facts", "rules", "expected"),
    [
        (Facts(status=401), RULES, Refresh),
        (Facts(status=200, error=True, code="UserError"), RULES, Refused),
        (Facts(status=200, error=True, code="Conc"), Rules(stale=("Conc",)), Stale),
        (Facts(status=409), Rules(locked=True), Stale),
        (Facts(status=503, retry_after=2.0), RULES, Retry),
        (Facts(status=403, message="slow down"), Rules(throttle=(403,)), Retry),
        (Facts(status=500, error=True, message="it failed"), RULES, Retry),
        (Facts(status=422), Rules(missing=(404, 422)), Gone),
        (Facts(failure=Failure.NO_ANSWER), Rules(idempotent=True), Retry),
        (Facts(status=504), Rules(idempotent=True), Retry),
        (Facts(status=429, retry_after=3600.0), RULES, Unavailable),
    ],
)
def test_what_the_declaration_and_the_body_change(facts, rules, expected):
    assert kind(verdict(facts, Purpose.UPDATE, rules, refreshed=False)) == expected


@pytest.mark.parametrize(
    ("facts", "rules", "purpose", "expected"),
    [
        (Facts(status=429), RULES, Purpose.CREATE, Unavailable),
        (Facts(status=500, error=True, message="it failed"), RULES, Purpose.CREATE, Unavailable),
        (Facts(failure=Failure.NOT_SENT, message="x"), RULES, Purpose.CREATE, Unavailable),
        (Facts(failure=Failure.NO_ANSWER, message="x"), Rules(idempotent=True), Purpose.CREATE, Unknown),
        (Facts(status=502), Rules(idempotent=True), Purpose.CREATE, Unknown),
        (Facts(status=500), RULES, Purpose.READ, Unavailable),
        (Facts(failure=Failure.NO_ANSWER, message="x"), RULES, Purpose.READ, Unavailable),
    ],
)
def test_when_attempts_are_used_up_a_write_that_cannot_have_happened_is_never_unknown(facts, rules, purpose, expected):
    assert kind(verdict(facts, purpose, rules, attempt=5)) == expected


def test_no_write_that_may_have_happened_is_ever_repeated_or_called_undone():
    unsure = [Facts(failure=Failure.NO_ANSWER), *(Facts(status=status) for status in (408, 500, 502, 503, 504, 599))]
    for facts, purpose, attempt, refreshed in product(unsure, WRITES, range(1, 7), (True, False)):
        assert kind(verdict(facts, purpose, attempt=attempt, refreshed=refreshed)) is Unknown


@given(
    st.sampled_from(STATUSES),
    st.sampled_from(Purpose),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
    st.none() | st.floats(0, 1e6),
)
def test_trying_always_ends(status, purpose, attempt, refreshed, error, wait):
    facts = Facts(status=status, error=error, retry_after=wait)
    found = verdict(facts, purpose, attempt=attempt, refreshed=refreshed)
    if isinstance(found, Retry):
        assert attempt < RULES.attempts
        assert 0 < found.after <= RULES.longest_wait
    if isinstance(found, Refresh):
        assert not refreshed


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 0.5, 1), (2, 1, 2), (4, 4, 8), (9, 15, 30), (90, 15, 30)])
def test_backoff_doubles_to_half_a_minute_and_leaves_half_to_chance(attempt, least, most):
    assert (backoff(attempt, 0.0), backoff(attempt, 1.0)) == (least, most)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("-3", 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
        ("Thu, 99 Jan 1970 00:00:10 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value, seconds):
    assert retry_after(value, 60.0) == seconds


@given(st.text())
def test_any_retry_after_is_taken(value):
    found = retry_after(value, 60.0)
    assert found is None or found >= 0
