"""What a point of satisfaction is worth, in money of the last 365 days: what its page may say."""

from __future__ import annotations

import pandas as pd
from babel.dates import format_date

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.core.estimates import counted as counted_in_full
from profitchain.core.formats import as_difference, digits, interval, number, places_of, plain
from profitchain.core.i18n import N_, _, locale
from profitchain.effects.value_of_a_point import PARTS, Worth
from profitchain.measures.data_quality import differing
from profitchain.panel.edition import Edition
from profitchain.sources.settings import Question
from profitchain.words import catalogue
from profitchain.words.captions import assumed_share, drawn_from, drawn_sentences, source
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said, known_values
from profitchain.words.presentation import text as message_text
from profitchain.words.prose import TEXT, first_capital, listed
from profitchain.words.reasons import text
from profitchain.words.repeat_effect import upward

PAGE = "08_worth"
WORDS = {"margin": N_("margin"), "spend": N_("revenue")}
BOOKED = words_of("worth", "booked")
NAMES = (  # of rows, as `effects` has them; translated where they are shown
    N_("first 90 days"), N_("day 91 to 180"), N_("day 181 to 365"),
    N_("experiences of the extra orders"), N_("straight line"), N_("line that may bend"),
    N_("all together"), N_("this page's figure"),
)  # fmt: skip
BY_EARLIER_ORDERS = words_of("worth", "by_earlier_orders")  # short enough for a phone


def answer(
    figure: Worth, checked: pd.DataFrame, money: str, *, edition: Edition
) -> list[Said | str]:
    """Return the figure, how soon it comes, and before them whether our totals part from books."""
    apart = books(checked, edition=edition).says == "apart"
    said: list[Said | str] = books_agreement(checked, edition=edition) if apart else []
    return [
        *said,
        worth_sentence(figure.total, figure.share, edition, money),
        *_when(figure),
    ]


def books_agreement(checked: pd.DataFrame, *, edition: Edition) -> list[Said | str]:
    """Return whether our totals agree with those of the books."""
    shown = books(checked, edition=edition)
    apart = differing(checked)
    totals = [
        _(
            "{measure} {ours}, theirs {books}",
            measure=_(BOOKED[row.measure]),
            ours=plain(row.ours, row.unit),
            books=plain(row.books, row.unit),
        )
        for row in apart.itertuples()
    ] or [_(BOOKED[name]) for name in checked["measure"]]
    return [Said(shown.says, {**shown.values, "measures": listed(totals)})]


def worth_sentence(worth: MaybeEstimate, share: MaybeEstimate, edition: Edition, money: str) -> str:
    """Return the figure: what the year would have brought, had each experience been better."""
    said = _worth_said(worth, share, edition, money)
    values = known_values(edition) | dict(said.values)
    return message_text(catalogue.page(PAGE)["answer"], said.key, values)


def _worth_said(worth: MaybeEstimate, share: MaybeEstimate, edition: Edition, money: str) -> Said:
    main = edition.company.main
    assert main is not None  # without it, the page has nothing to say
    if isinstance(worth, NotEstimable):
        return Said("unknown", {"why": text(worth)})
    key = "unclear" if worth.spans_zero else "higher" if worth.value > 0 else "lower"
    shown = worth if worth.spans_zero else upward(worth)
    values = {
        "day": last_day(edition),
        "limit": _limit(main),
        "what": _(WORDS[money]),
        "size": number(shown),
        "ends": interval(shown, bare=True),
        "part": number(upward(share)) if isinstance(share, Estimate) else "",
    }
    return Said(key, values)


def _limit(main: Question) -> str:
    """Return where the best end of a scale stops answers that were a point better."""
    low, high = (f"{end:g}" for end in main.scale)
    if main.easy_is == "low":
        return _("none below {best}", best=low)
    return _("none above {best}", best=high)


def _when(worth: Worth) -> list[Said | str]:
    """Return how soon the worth comes, or, where follow-up is too short, what is known so far."""
    if isinstance(worth.total, Estimate):
        first, second, third = (number(worth.parts[part]) for part in PARTS)
        key = "forward" if worth.brought_forward else "by_age"
        return [Said(key, {"first": first, "second": second, "third": third})]
    within = worth.within
    if isinstance(within, NotEstimable):
        return []
    ends = interval(within, bare=True)
    return [Said("so_far", {"size": number(within), "ends": ends, "followed": worth.days})]


def counted(checked: pd.DataFrame, *, edition: Edition) -> list[Said | str]:
    """Return what was checked against the books, and from how many customers all is told."""
    return [
        *books_agreement(checked, edition=edition),
        guests_share_note(edition),
        *drawn_sentences("The worth of a point", edition.facts),
    ]


def guests_share_note(edition: Edition) -> str:
    """Return how much of the year's revenue was guests', whom no worth counts, or ""."""
    year = edition.table("worth_year").iloc[0]
    if not year.get("guest_orders", 0):
        return ""
    guests = counted_in_full(int(year["guest_orders"]), unit="orders")
    revenue = counted_in_full(round(float(year["guest_spend"]), 2), unit=edition.company.currency)
    return _(
        "{orders} of the year, worth {revenue}, were guests' and can't be followed: the figure is "
        "of the others alone, its share of all the year's money.",
        orders=number(guests),
        revenue=number(revenue),
    )


def last_day(edition: Edition) -> str:
    """Return the last day of the period, in words."""
    return format_date(edition.period.last_day, "long", locale=locale())


def assumed_clause(edition: Edition, money: str) -> str:
    """Return the assumption on margin, or "" where orders carry their own."""
    share = assumed_share(edition, money)
    return _("; margin is assumed at {share} of revenue", share=share) if share else ""


def worth(figure: Worth, money: str, *, edition: Edition) -> Presentation:
    """Return the figure and its parts by days since the experience."""
    parts = {"all together": figure.total, **figure.parts}
    rows = to_frame(parts.values(), label=[_(name) for name in parts])
    total, first, says = figure.total, figure.parts.get(PARTS[0]), "by_age"
    if isinstance(total, Estimate) and isinstance(first, Estimate):
        clear = not total.spans_zero and total.value > 0
        if total.spans_zero:
            says = "unclear"
        elif clear and figure.brought_forward:
            says = "forward"
        elif clear and first.value > total.value / 2:
            says = "soon"
    return Presentation(rows, says, _of_worth(figure, money, edition), {"lead": 1})


def chain(figure: Worth, repeat: MaybeEstimate, money: str, *, edition: Edition) -> Presentation:
    """Return the way from one point to the year's money: who returns, what each experience brings.

    An experience's money times the experiences is the figure; that more return is how it comes.
    """
    main, total, what = edition.company.main, figure.total, _(WORDS[money])
    assert main is not None  # without it, the page has nothing to say
    if isinstance(repeat, Estimate) and main.easy_is == "low":
        repeat = repeat.times(-1)
    each = total.times(1 / figure.orders) if isinstance(total, Estimate) else total
    steps = {
        _("more order again within {days}", days=window_days(edition)): as_difference(repeat),
        _("{what} an experience, over a year", what=what): each,
        _("experiences of the year"): counted_in_full(figure.orders, unit="orders"),
        _("{what} a year", what=what): total,
    }
    about = _("on “{question}”, {limit}", question=str(main.label), limit=_limit(main))
    options = {
        "start": (_("−1 point") if main.easy_is == "low" else _("+1 point"), about),
        "figures": [_step_figure(step) for step in steps.values()],
        "signs": ["→", "→", "×", "="],
    }
    says, size = "none", ""
    if isinstance(total, Estimate):
        says, size = "unclear" if total.spans_zero else "steps", number(total)
    values = {**_of_worth(figure, money, edition), "size": size, "what": what}
    units = [step.unit if isinstance(step, Estimate) else "" for step in steps.values()]
    rows = to_frame(steps.values(), step=list(steps), unit=units)
    return Presentation(rows, says, values, options)


def _step_figure(step: MaybeEstimate) -> str:
    """Return a step's number as its box has it: a difference of shares as so many in 100."""
    if isinstance(step, NotEstimable):
        return TEXT["too_few"]
    if step.unit == "orders":
        return digits(step.value, 0)
    if step.unit == "percentage points":
        size = plain(step.value, step.unit, places=places_of(step), bare=True)
        return _("{size} in 100", size=f"+{size}" if step.value > 0 else size)
    return number(step)


def models(figure: Worth, money: str, *, edition: Edition) -> Presentation:
    """Return the ways to count, and their mean, which is the figure."""
    ways = {"this page's figure": figure.total, **figure.models}
    rows = to_frame(
        ways.values(), label=[first_capital(_(BY_EARLIER_ORDERS.get(name, name))) for name in ways]
    )
    says = "none"
    if isinstance(figure.total, Estimate):
        above, below = (rows["low"] > 0).all(), (rows["high"] < 0).all()
        says = "above" if above else "below" if below else "unclear"
    return Presentation(rows, says, _of_worth(figure, money, edition), {"lead": 1})


def _of_worth(figure: Worth, money: str, edition: Edition) -> dict[str, object]:
    note = source(N_("Answers followed for at least 90 days"), figure.within.n)
    return {
        "What": first_capital(_(WORDS[money])),
        "orders": figure.orders,
        "source": drawn_from(note, edition.stands_for),
    }


def books(checked: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return our totals beside those of the books: measure with its unit, ours, books, apart."""
    names = [
        _("revenue, {currency}", currency=row.unit)
        if row.measure == "revenue"
        else BOOKED[row.measure]
        for row in checked.itertuples()
    ]
    says = "apart" if len(differing(checked)) else "agree" if len(checked) else "unchecked"
    tolerance = f"{edition.company.control_tolerance:.1%}"
    rows = checked.assign(measure=names).drop(columns=["unit"])
    return Presentation(rows, says, {"tolerance": tolerance})


def window_days(edition: Edition) -> str:
    """Return the firm's window for an order after an answer, in words."""
    return plain(edition.company.repeat_within_days, "days")
