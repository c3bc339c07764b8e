"""The search for malformed specs that are dealt with badly: a small part of it, and that it would notice."""

import pytest

from tests import fuzz


def test_a_few_cases_of_every_kind_are_dealt_with() -> None:
    numbers = range(60)
    assert {fuzz.case(7, number).kind for number in numbers} == set(fuzz.KINDS)
    assert {fuzz.complaint(fuzz.case(7, number).data)[0] for number in numbers} == {""}


def test_a_case_is_the_same_each_time() -> None:
    assert [fuzz.case(3, number) for number in range(20)] == [fuzz.case(3, number) for number in range(20)]
    assert fuzz.case(3, 0) != fuzz.case(4, 0)


def test_an_exception_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(fuzz, "check_spec", failing)
    assert "RecursionError: too deep" in fuzz.complaint(b"spec a version 1")[0]


def test_a_slow_case_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "SECONDS", -1.0)
    assert "processor time" in fuzz.complaint(b"spec a version 1")[0]
