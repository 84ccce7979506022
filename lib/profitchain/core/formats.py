"""How numbers and periods are written: digits, signs, units, intervals; the periods."""

from __future__ import annotations

import re
from collections.abc import Sequence

from babel import numbers as babel_numbers
from babel.dates import format_date, format_interval, format_skeleton

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.i18n import N_, NN_, _, locale, ngettext, pgettext
from profitchain.core.periods import Period

MINUS, THIN_SPACE = "\N{MINUS SIGN}", "\N{THIN SPACE}"
TOO_FEW = N_("too few to say")
ALONE = "a unit alone"  # the context of a unit without a number
MOST_DECIMALS = 4
COUNTS = {"orders", "customers", "answers", "responses", "rows", "days", "invitations", "count",
          "contacts", "alarms"}  # fmt: skip

_GRADES = (N_("contradictory"), N_("weak"), N_("moderate"), N_("strong"))  # as in `GRADES`
_UNIT = re.compile(r"(?P<currency>[A-Z]{3})(?P<rest> .+)?")


def period_label(period: Period | str) -> str:
    """Return a period as a reader would say it.

    Examples
    --------
    >>> period_label("2026Q3"), period_label("2026-03"), period_label("2026")
    ('July–September 2026', 'March 2026', '2026')
    >>> period_label("2026-W14"), period_label("2026FY04")
    ('week 14 of 2026', 'April 2026–March 2027')
    """
    period = Period(period)
    if period.every == "week":
        return _("week {week} of {year}", week=period.week, year=period.year_name)
    if period.first_day.day > 1:
        return period_short(period)
    if period.every == "quarter" or period.year_starts:
        return _days_of(period, "yMMMM")
    return _day_in(period, "yMMMM" if period.every == "month" else "y")


def period_heading(period: Period | str) -> str:
    """Return a period as it stands alone: with its days, unless it is of whole months.

    Examples
    --------
    >>> period_heading("2026-W14"), period_heading("2026Q3")
    ('Week 14 of 2026 (30 Mar–5 Apr)', 'July–September 2026')
    >>> period_heading("2026FY1231")
    'FY 2026/27 (31 Dec 2026–30 Dec 2027)'
    """
    period, label = Period(period), period_label(period)
    if period.every != "week" and period.first_day.day == 1:
        return label
    days = _days_of(period, "MMMd" if period.every == "week" else "yMMMd")
    return in_brackets(label[:1].upper() + label[1:], days)


def _days_of(period: Period, skeleton: str) -> str:
    days = period.first_day, period.last_day
    return format_interval(*days, skeleton, locale=locale()).replace(THIN_SPACE, "")


def period_short(period: Period | str) -> str:
    """Return a period in few letters, for axes and table heads.

    Examples
    --------
    >>> period_short("2026Q3"), period_short("2026-03"), period_short("2026")
    ('Q3 2026', 'Mar 2026', '2026')
    >>> period_short("2026-W14"), period_short("2026FY04Q3"), period_short("2026FY04")
    ('W14 2026', 'Q3 2026/27', 'FY 2026/27')
    """
    period = Period(period)
    if period.every == "week":
        return _("W{week} {year}", week=period.week, year=period.year_name)
    if period.year_starts and period.quarter:
        return _("Q{quarter} {year}", quarter=period.quarter, year=period.year_name)
    if period.year_starts:
        return _("FY {year}", year=period.year_name)
    return _day_in(period, {"month": "yMMM", "quarter": "yQQQ", "year": "y"}[period.every])


def _day_in(period: Period, skeleton: str) -> str:
    return format_skeleton(skeleton, period.first_day, locale=locale())


def period_part(period: Period) -> str:
    """Return a week, month or quarter without its year, in few letters.

    Examples
    --------
    >>> (
    ...     period_part(Period("2026Q3")),
    ...     period_part(Period("2026-03")),
    ...     period_part(Period("2026-W14")),
    ... )
    ('Q3', 'Mar', 'W14')
    """
    if period.every == "week":
        return _("W{week}", week=period.week)
    form = "MMM" if period.every == "month" else "QQQ"
    of_year = period.first_day
    if period.year_starts and period.quarter:
        of_year = of_year.replace(month=3 * period.quarter, day=1)
    return format_date(of_year, form, locale=locale())


def as_difference(estimate: MaybeEstimate) -> MaybeEstimate:
    """Return a difference of shares in percentage points; anything else as it is."""
    if isinstance(estimate, Estimate) and estimate.unit == "share":
        return estimate.times(100, unit="percentage points")
    return estimate


def decimals(unit: str, largest: float) -> int:
    """Return how many decimals a figure deserves: two or three significant digits.

    `largest` is the largest magnitude shown beside it (of value, low and high), in `unit`.
    """
    if unit in ("share", "percentage points"):
        percent = largest * (100 if unit == "share" else 1)
        return 1 if percent >= 1 or percent == 0 else 2 if percent >= 0.1 else 3
    if unit == "points":
        return 1
    if unit in ("score", "ratio"):
        return 2
    if unit == "p":
        return 3
    if currency := _UNIT.fullmatch(unit):
        return _money_decimals(currency["currency"], largest)
    return 0 if largest >= 100 else 1 if largest >= 10 else 2


def plain(value: float, unit: str, *, places: int | None = None, bare: bool = False) -> str:
    """Return one figure in words, without its interval.

    Parameters
    ----------
    places : decimals; by default what `decimals` says, none for a whole count.
    bare : leave out unit words, keep only signs (% and currency), as a table cell does.

    Examples
    --------
    >>> plain(0.3123, "share"), plain(-4.21, "points"), plain(1240.3, "EUR"), plain(1, "orders")
    ('31.2%', '−4.2 points', '€1,240', '1 order')
    >>> plain(2, "grade"), plain(1.084, "ratio")
    ('moderate', '1.08')
    """
    if unit == "grade":
        return _(_GRADES[round(value)])
    whole = unit in COUNTS and float(value).is_integer()
    places = (0 if whole else decimals(unit, abs(value))) if places is None else places
    if unit == "p" and value < 0.001:
        return _("below {limit}", limit="0.001")
    money = _UNIT.fullmatch(unit)
    if money:
        text = _currency(value, money["currency"], places)
    else:
        text = digits(value * 100 if unit == "share" else value, places)
    text = text.replace("-", MINUS)
    if unit == "share":
        return f"{text}%"
    return text if bare else text + _unit_words(unit, text)


def p_words(p: float) -> str:
    """Return a test's p-value as it stands in brackets.

    Examples
    --------
    >>> p_words(0.0123), p_words(0.0001)
    ('p = 0.012', 'p below 0.001')
    """
    if p < 0.001:
        return _("p below {limit}", limit="0.001")
    return _("p = {p}", p=f"{p:.3f}")


def number(estimate: MaybeEstimate, *, difference: bool = False, sign: bool = False) -> str:
    """Return a figure alone, for places whose interval stands beside it.

    Examples
    --------
    >>> number(Estimate(value=0.3123, low=0.289, high=0.336, n=1204, unit="share"))
    '31.2%'
    """
    estimate = as_difference(estimate) if difference else estimate
    if isinstance(estimate, NotEstimable):
        return _(TOO_FEW)
    text = plain(estimate.value, estimate.unit, places=places_of(estimate))
    is_more = sign and estimate.value > 0 and re.search("[1-9]", text)
    return f"+{text}" if is_more else text


def interval(estimate: MaybeEstimate, *, difference: bool = False, bare: bool = False) -> str:
    """Return an interval's two ends; `bare` where the figure with its unit words stands before.

    Examples
    --------
    >>> interval(Estimate(value=4.2, low=-1, high=9.4, n=80, unit="points"))
    '−1.0 to 9.4 points'
    """
    estimate = as_difference(estimate) if difference else estimate
    if isinstance(estimate, NotEstimable):
        return _(TOO_FEW)
    unit, places = estimate.unit, places_of(estimate)
    low = plain(estimate.low, unit, places=places, bare=True)
    return ends(low, plain(estimate.high, unit, places=places, bare=bare))


def ends(low: str, high: str) -> str:
    """Return an interval's two ends as words."""
    return _("{low} to {high}", low=low, high=high)


def in_brackets(text: str, aside: str) -> str:
    """Return text with something in brackets behind it."""
    return _("{text} ({aside})", text=text, aside=aside)


def evidence(estimate: Estimate, *, difference: bool = False) -> str:
    """Return what stands in brackets behind a figure: its interval and its n."""
    within = interval(estimate, difference=difference, bare=True)
    level, n = f"{estimate.level:.0%}", digits(estimate.n, 0)
    return _("{level} interval {ends}; n = {n}", level=level, ends=within, n=n)


def places_of(estimate: Estimate) -> int:
    """Return how many decimals an estimate is written with."""
    return places_for((estimate.value, estimate.low, estimate.high), estimate.unit)


def places_for(ends: Sequence[float], unit: str, largest: float | None = None) -> int:
    """Return how many decimals a value, its low and its high need so that the ends can be told.

    They must differ from each other, and one more decimal keeps them from looking like zero.

    `largest` is the largest magnitude shown beside them, where there are others.
    """
    if unit in COUNTS and all(float(end).is_integer() for end in ends):
        return 0
    places = decimals(unit, max(map(abs, ends)) if largest is None else largest)
    width = (max(ends) - min(ends)) * (100 if unit == "share" else 1)
    while 0 < width < 2 * 10**-places and places < MOST_DECIMALS:
        places += 1
    scale = 100 if unit == "share" else 1
    is_zero = width and any(end and abs(end * scale) < 0.5 * 10**-places for end in ends[1:])
    return min(places + bool(is_zero), MOST_DECIMALS)


def _money_decimals(currency: str, largest: float) -> int:
    minor = babel_numbers.get_currency_precision(currency)
    if largest >= (100 if minor else 10):
        return 0
    return 3 if 0 < largest < 0.1 else 2


def currency_sign(unit: str) -> str:
    """Return the sign of the money that a unit is in; "" where it isn't money.

    Examples
    --------
    >>> currency_sign("EUR a year"), currency_sign("orders")
    ('€', '')
    """
    money = _UNIT.fullmatch(unit)
    return babel_numbers.get_currency_symbol(money["currency"], locale=locale()) if money else ""


def _currency(value: float, currency: str, places: int) -> str:
    pattern = "¤#,##0" + ("." + "0" * places if places else "")
    return babel_numbers.format_currency(
        value, currency, format=pattern, locale=locale(), currency_digits=False
    )


def digits(value: float, places: int) -> str:
    """Return a number with so many decimals and its thousands parted; no minus before zero."""
    pattern = "#,##0" + ("." + "0" * places if places else "")
    text = babel_numbers.format_decimal(value, format=pattern, locale=locale())
    return text.lstrip("-") if not re.search(r"[1-9]", text) else text


def unit_name(unit: str, value: float = 2) -> str:
    """Return what a unit is called in words behind a number; as it is where it has no name.

    Examples
    --------
    >>> unit_name("orders", 1), unit_name("points"), unit_name("a year")
    ('order', 'points', 'a year')
    """
    if names := _UNITS.get(unit):
        return ngettext(*names, value)
    money = _UNIT.fullmatch(unit)
    return money["currency"] + _unit_words(unit, "") if money else _(unit)


def unit_alone(unit: str) -> str:
    """Return what a unit is called in a heading, where no number stands before it."""
    return pgettext(ALONE, _UNITS[unit][1]) if unit in _UNITS else unit_name(unit)


def units_alone() -> list[str]:
    """Return the units that can be translated for a heading."""
    return [many for _one, many in _UNITS.values()]


_UNITS = {
    "points": NN_("points", "points"),
    "percentage points": NN_("percentage points", "percentage points"),
    "orders": NN_("order", "orders"),
    "customers": NN_("customer", "customers"),
    "answers": NN_("answer", "answers"),
    "responses": NN_("response", "responses"),
    "rows": NN_("row", "rows"),
    "days": NN_("day", "days"),
    "invitations": NN_("invitation", "invitations"),
    "hours": NN_("hour", "hours"),
    "contacts": NN_("contact", "contacts"),
    "alarms": NN_("alarm", "alarms"),
}


def _unit_words(unit: str, text: str) -> str:
    if money := _UNIT.fullmatch(unit):
        rest = money["rest"] or ""
        return rest and pgettext("a unit", " {unit}", unit=_(rest.strip()))
    if unit in ("score", "ratio", "count", "p", ""):
        return ""
    return pgettext("a unit", " {unit}", unit=unit_name(unit, 1 if text == "1" else 2))
