"""Money: an amount never travels without its currency, and minor units follow ISO 4217.

Exponents: ISO 4217, list one (the maintenance agency's table of active codes). A vendor that departs from it (some count
ISK or UGX in hundredths) says so in its connector.
"""

from decimal import Decimal
from typing import Any, Final

from syncline_runtime.codecs.numbers import BOUND, Number, plain, shifted
from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.values import ABSENT, Absent, Money

_BY_EXPONENT: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY "
    "COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
MINOR_UNITS: Final = {code: exponent for exponent, codes in _BY_EXPONENT.items() for code in codes.split()}
"""Currency code -> decimals of its minor unit."""


def minor_unit(currency: str) -> int:
    """The decimals of a currency's minor unit; raises CodecError (`money.unknown-currency`)."""
    try:
        return MINOR_UNITS[currency]
    except KeyError:
        raise refusal("money.unknown-currency", "a currency of ISO 4217 with a minor unit", currency) from None


def money_get(value: object) -> Money | Absent | None:
    """Two native fields `(amount, currency)` as money; the currency in any case. Refuses one without the other."""
    match value:
        case (amount, currency):
            pass
        case _:
            raise wrong_type("an amount and a currency", value)
    if amount is None or amount is ABSENT:
        return amount
    if currency is ABSENT:
        return ABSENT
    if type(currency) is not str or len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise refusal("money.no-currency", "a currency code of three letters beside the amount", currency)
    return Money(_amount(amount), currency.upper())


def money_put(value: object) -> tuple[Number, str | Absent | None]:
    """Money as the native fields `(amount, currency)`; null empties the amount and leaves the currency alone."""
    if type(value) is Money:
        return value.amount, value.currency
    if value is None:
        return None, ABSENT
    if value is ABSENT:
        return ABSENT, ABSENT
    raise wrong_type("money", value)


def money_counted_get(value: object, unit: str = "minor") -> Money | Absent | None:
    """Two native fields `(count, currency)`: an integer count of the currency's minor units (12345, "mxn" is 123.45 MXN)."""
    counted = money_get(value)
    return money_minor_get(counted.amount, counted.currency) if type(counted) is Money else counted


def money_counted_put(value: object, unit: str = "minor") -> tuple[int | Absent | None, str | Absent | None]:
    """Money as `(count, currency)`; refuses an amount that is no whole number of the currency's minor units."""
    _, currency = money_put(value)
    return money_minor_put(value, currency) if isinstance(
        currency, str
    ) else None if value is None else ABSENT, currency


def money_in_get(value: object, currency: str) -> Money | Absent | None:
    """An amount that the system keeps without a currency, as money of `currency`."""
    if value is None or value is ABSENT:
        return value
    return Money(_amount(value), currency)


def money_in_put(value: object, currency: str) -> Number:
    """The amount; refuses money of another currency."""
    if type(value) is Money:
        if value.currency == currency:
            return value.amount
        raise refusal("money.other-currency", f"money in {currency}", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("money", value)


def money_minor_get(value: object, currency: str, unit: str = "minor") -> Money | Absent | None:
    """An integer count of minor units as money of `currency` (12345 of MXN is 123.45, of JPY 12345)."""
    if value is None or value is ABSENT:
        return value
    amount = _amount(value)
    if type(value) is not int and amount != amount.to_integral_value():
        raise refusal("money.not-minor", "a whole number of minor units", value)
    return Money(shifted(amount, -minor_unit(currency)), currency)


def money_minor_put(value: object, currency: str, unit: str = "minor") -> int | Absent | None:
    """The integer count of minor units; refuses another currency, and an amount that is no whole number of them."""
    amount = money_in_put(value, currency)
    if amount is None or amount is ABSENT:
        return amount
    assert isinstance(amount, Decimal)
    units = shifted(amount, minor_unit(currency))
    if units != units.to_integral_value():
        raise refusal("value.too-precise", f"an amount in whole minor units of {currency}", value)
    return int(units)


def _amount(value: Any) -> Decimal:
    if type(value) is Decimal:
        return plain(value)
    if type(value) is int and -BOUND < value < BOUND:
        return Decimal(value)
    raise wrong_type("a decimal or an integer of at most 100 digits as amount", value)
