"""What codecs do to values that a reader can check by hand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from syncline_runtime import codecs
from syncline_runtime.codecs import CODECS, CodecError, table, table_get, table_put
from syncline_runtime.values import ABSENT, Money

STAGES = table({"open": ("appointment", "qualified"), "won": "closedwon", "lost": 7, "late": False}, "open")


# -- tables ------------------------------------------------------------------------------------------------------------


def test_a_table_keeps_the_old_spelling_of_the_same_member() -> None:
    for native in ("appointment", "qualified", "closedwon", 7, False, "something else"):
        assert table_put(table_get(native, STAGES), STAGES, native) == native


def test_a_table_writes_the_first_spelling_when_the_member_changes() -> None:
    assert table_put("open", STAGES, "closedwon") == "appointment"
    assert table_put("won", STAGES, "qualified") == "closedwon"
    assert table_put("won", STAGES, None) == "closedwon"


def test_a_table_tells_true_from_one_and_text_from_number() -> None:
    flags = table({"yes": True, "one": 1, "text": "1"})
    assert [table_get(native, flags) for native in (True, 1, "1")] == ["yes", "one", "text"]
    with pytest.raises(CodecError, match=r"codec\.unknown-value"):
        table_get(0, flags)
    with pytest.raises(CodecError, match=r"codec\.unknown-value"):
        table_get(False, flags)


def test_a_native_listed_for_two_members_is_written_but_not_read() -> None:
    ranks = table({"lead": 0, "qualified": 0, "customer": 1})
    assert table_put("qualified", ranks) == 0
    assert table_get(1, ranks) == "customer"
    with pytest.raises(CodecError, match=r"codec\.unknown-value"):
        table_get(0, ranks)


def test_a_table_may_list_null() -> None:
    stages = table({"none": None, "won": "closedwon"})
    assert table_get(None, stages) == "none"
    assert table_put("none", stages) is None
    assert table_put(None, stages) is None


def test_an_unlisted_native_is_refused_without_otherwise() -> None:
    with pytest.raises(CodecError, match=r"codec\.unknown-value"):
        table_get("new", table({"won": "closedwon"}))


# -- examples that a reader can check by hand --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("native", "currency", "amount"),
    [
        (12345, "MXN", "123.45"),
        (12345, "JPY", "12345"),
        (12345, "KWD", "12.345"),
        (-5, "EUR", "-0.05"),
        (12345, "CLF", "1.2345"),
    ],
)
def test_minor_units_follow_the_currency(native: int, currency: str, amount: str) -> None:
    assert codecs.money_minor_get(native, currency) == Money(Decimal(amount), currency)
    assert codecs.money_minor_put(Money(Decimal(amount), currency), currency) == native
    assert codecs.money_counted_get((native, currency.lower())) == Money(Decimal(amount), currency)
    assert codecs.money_counted_put(Money(Decimal(amount), currency)) == (native, currency)


def test_half_a_yen_and_other_peoples_money_are_refused() -> None:
    with pytest.raises(CodecError, match=r"value\.too-precise"):
        codecs.money_minor_put(Money(Decimal("0.5"), "JPY"), "JPY")
    with pytest.raises(CodecError, match=r"money\.other-currency"):
        codecs.money_in_put(Money(Decimal(1), "EUR"), "MXN")
    with pytest.raises(CodecError, match=r"money\.no-currency"):
        codecs.money_get((Decimal(1), None))
    with pytest.raises(CodecError, match=r"money\.unknown-currency"):
        codecs.money_minor_get(1, "XXQ")
    with pytest.raises(CodecError, match=r"money\.unknown-currency"):
        codecs.money_counted_get((1, "xxq"))
    with pytest.raises(CodecError, match=r"money\.not-minor"):
        codecs.money_counted_get((Decimal("0.5"), "eur"))
    with pytest.raises(CodecError, match=r"value\.too-precise"):
        codecs.money_counted_put(Money(Decimal("0.005"), "EUR"))


def test_no_amount_in_minor_units_leaves_its_currency_alone() -> None:
    assert codecs.money_counted_put(None) == codecs.money_put(None)
    assert codecs.money_counted_put(ABSENT) == codecs.money_put(ABSENT)
    assert codecs.money_counted_get((None, "eur")) is None
    assert codecs.money_counted_get((ABSENT, "eur")) is ABSENT


@pytest.mark.parametrize(
    ("value", "result"), [("2.345", "2.35"), ("2.355", "2.36"), ("-2.345", "-2.35"), ("2.3449", "2.34")]
)
def test_halves_are_rounded_away_from_zero(value: str, result: str) -> None:
    assert codecs.round_put(Decimal(value), 2) == Decimal(result)
    assert codecs.round_get(Decimal(value), 2) == Decimal(value)


def test_clocks_going_forward_skip_an_hour_and_going_back_repeat_one() -> None:
    berlin = "Europe/Berlin"
    with pytest.raises(CodecError, match=r"time\.skipped"):
        codecs.zone_get(datetime(2026, 3, 29, 2, 30), berlin)
    early, late = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    wall = datetime(2026, 10, 25, 2, 30)
    assert codecs.zone_put(early, berlin) == codecs.zone_put(late, berlin) == wall
    assert codecs.zone_get(wall, berlin) == codecs.zone_get(wall.replace(fold=1), berlin) == early
    assert CODECS["zone"].equal(early, late, berlin)


def test_a_two_digit_year_has_a_century_of_its_own() -> None:
    assert codecs.date_get("01.02.69", "%d.%m.%y") == date(1969, 2, 1)
    assert codecs.date_get("01.02.68", "%d.%m.%y") == date(2068, 2, 1)
    with pytest.raises(CodecError, match=r"codec\.short-year"):
        codecs.date_put(date(1950, 1, 1), "%d.%m.%y")


@pytest.mark.parametrize(
    "native", ["31/02/2026", "1/2/2026", "٠١/٠٢/٢٠٢٦", "01/02/2026 ", "01/02/26", "2026/01/02", ""]
)
def test_a_date_is_read_as_its_pattern_says_or_not_at_all(native: str) -> None:
    with pytest.raises(CodecError, match=r"value\.not-a-date"):
        codecs.date_get(native, "%d/%m/%Y")


@pytest.mark.parametrize("native", ["55 5555 0100", "(55) 5555-0100", "+52 55 5555 0100", "+525555550100"])
def test_spellings_of_a_phone_number_are_one(native: str) -> None:
    assert codecs.e164_get(native, "MX") == "+525555550100"


@pytest.mark.parametrize("native", ["", "n/a", "12", "55 5555 0100 ext. 12"])
def test_what_is_no_phone_number_or_more_than_one_is_refused(native: str) -> None:
    with pytest.raises(CodecError, match=r"value\.not-a-phone"):
        codecs.e164_get(native, "MX")


def test_a_name_of_several_words_is_not_torn_apart() -> None:
    assert codecs.join_get(("Ana", "Ruiz"), " ") == "Ana Ruiz"
    assert codecs.join_get(("Ana", None), " ") == codecs.join_get(("Ana", ""), " ") == "Ana"
    for fields in (("Juan Carlos", "Ruiz"), (None, "Ruiz")):
        with pytest.raises(CodecError, match=r"codec\.separator"):
            codecs.join_get(fields, " ")
    with pytest.raises(CodecError, match=r"codec\.separator"):
        codecs.join_put("Juan Carlos Ruiz", " ", 2)


def test_a_placeholder_is_absence_and_does_not_bounce_back() -> None:
    assert codecs.none_get("Unknown", "Unknown") is None
    assert codecs.none_get("unknown", "Unknown") == "unknown"
    with pytest.raises(CodecError, match=r"codec\.placeholder"):
        codecs.none_put("Unknown", "Unknown")


def test_json_keeps_every_digit_and_refuses_what_has_no_canonical_form() -> None:
    assert codecs.json_get("[0.10000000000000000001, 1e2]") == (Decimal("0.10000000000000000001"), Decimal(100))
    for native in ('{"a": 1}', "NaN", "Infinity", "[", "1e999", "1" * 101, '[{"a": 1}]'):
        with pytest.raises(CodecError):
            codecs.json_get(native)


def test_a_number_of_the_spec_is_the_same_however_the_wire_spells_numbers() -> None:
    assert codecs.none_get(Decimal("0"), 0) is None
    assert codecs.none_get(False, 0) is False
    assert codecs.bool_get(Decimal(1), 1, 0) is True
    assert codecs.wire_decimal_number_put(codecs.none_put(None, -1)) == Decimal(-1)
    assert codecs.wire_integer_number_put(codecs.percent_put(Decimal("0.16"))) == 16


def test_percent_moves_the_point_exactly() -> None:
    assert codecs.percent_get(16) == Decimal("0.16")
    assert codecs.percent_put(Decimal("0.16")) == Decimal(16)


def test_durations_of_a_unit_are_counted_exactly() -> None:
    assert codecs.epoch_get(Decimal("1.000001"), "s") == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        seconds=1, microseconds=1
    )
    assert codecs.epoch_put(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "s") == -1
