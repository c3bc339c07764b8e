"""Normalisation that nobody declared: which stored values are renderings of what was sent, and by which declaration."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_runtime.normalising import normalisation


@pytest.mark.parametrize(
    ("sent", "stored", "declared"),
    [
        (" Ana ", "Ana", "trim"),
        ("Ana", "ANA", "upper"),
        (" Ana ", "ana", "trim, lower"),
        ("Ana  Maria", "Ana Maria", "trim"),
        ("a very long name", "a very long", "truncate(11)"),
        ("  A VERY LONG NAME", "a very long", "trim, lower, truncate(11)"),
        ("a name", "A NA", "upper, truncate(4)"),
        ("+49 30 12-34", "+49301234", "reformat"),
        ("", None, "trim"),
        ("  ", None, "trim"),
        (None, "", "reformat"),
        (Decimal("1.006"), Decimal("1.01"), "round(2)"),
        (Decimal("1234.5"), Decimal("1234"), "round(0)"),
        (datetime(2026, 1, 1, 8, 0, 1, 5, UTC), datetime(2026, 1, 1, 8, 0, 1, 0, UTC), "reformat"),
        (frozenset({"Red", "blue"}), frozenset({"red", "blue"}), "lower"),
    ],
)
def test_a_rendering_is_named_by_its_declaration(sent: Any, stored: Any, declared: str) -> None:
    assert normalisation(sent, stored) == declared


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("Ana", "Bob"),
        ("Anna", "Ann"),
        ("Ana Maria", "Ana"),
        ("Ana Maria", "Ana M"),
        ("Ana Maria", "ANA"),
        ("Ana", ""),
        ("Ana", None),
        (True, False),
        (1, 2),
        (Decimal("1.5"), Decimal("2")),
        (Decimal("1"), Decimal("100")),
        (frozenset({"red", "blue"}), frozenset({"red"})),
        (frozenset({"red"}), frozenset({"red", "blue"})),
        (frozenset({"red"}), frozenset({"green"})),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
    ],
)
def test_another_value_is_no_rendering(sent: Any, stored: Any) -> None:
    assert normalisation(sent, stored) is None


@given(st.text(max_size=12))
def test_trimming_and_folding_are_always_recognised(text: str) -> None:
    for stored in (text.strip(), text.strip().lower(), text.strip().upper()):
        assert stored == text or normalisation(text, stored) is not None
