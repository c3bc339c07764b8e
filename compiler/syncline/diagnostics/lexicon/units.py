"""Words for units: money, percent, dates and times."""

from syncline.diagnostics.lexicon.entry import Entry

UNITS = {
    "unit.mismatch": Entry(
        "`{name}` is `{expected}` and stands beside `{found}`: {problem}",
        "Nothing would look wrong until somebody is charged a hundredfold, or a date is a day off.",
        "{hint}.",
        {},
        {
            "money-number": "a number is no amount of money before its currency is named",
            "percent-number": "16 may be 16 %, or sixteen times the whole",
            "instant-number": "a number may count seconds, milliseconds or something else",
            "duration-number": "a number may count seconds, minutes or something else",
            "instant-date": "which day it is at an instant depends on where one is",
            "instant-time": "what the clock shows at an instant depends on where one is",
            "instant-local": "the system keeps a time without its zone",
        },
    ),
    "unit.minor": Entry(
        "`{expression}` {problem}",
        "Out by a factor and back by the same one looks right in every system, and the customer has paid the wrong amount.",
        'Leave the factor to the codec, which knows each currency: `as money("EUR", minor)`, with the currency of the '
        "amounts; where a system says the currency, `[amount, currency] as money(minor)`, or `as money` of whole amounts.",
        {"back-here": "and back here"},
        {
            "written": "counts {factor} to one {currency}, which has {minor} decimals: {amount} would be sent as {sent} instead "
            "of {right}",
            "written-any": "counts {factor} to one of any currency; the yen has no cents: {amount} would be sent as {sent}, a "
            "demand for {sent} {currency}",
            "read": "takes {factor} for one {currency}, which has {minor} decimals: {amount} arrives as {right} and would be read "
            "as {read}",
            "read-any": "takes {factor} for one of any currency; the yen has no cents: {amount} arrives as {right} and would be "
            "read as {read}",
        },
    ),
    "unit.currency-lost": Entry(
        "the amount of `{name}` becomes `{target}` without its currency",
        "As numbers, 100 EUR and 100 JPY are the same, and whoever reads it next guesses.",
        'Let the currency flow beside it (`currency({name})`), or use a codec that checks it: `as money("EUR")`.',
    ),
    "unit.scale": Entry(
        "{problem}, `{native}` (`{type}`) keeps {room}",
        "The first amount with more is refused, and its record stays behind; or the system drops what does not fit.",
        (
            "The number may be meant in the smallest coin: {hint}.",
            "Give the field more decimals, or say `round({room})`.",
        ),
        {},
        {"currency": "{source} has {wide} decimals", "source": "`{source}` keeps {wide} decimals of the amount"},
    ),
}
