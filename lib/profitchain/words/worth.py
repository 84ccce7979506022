"""The words on what a point of satisfaction is worth: "goes with", in money."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, number, plain
from profitchain.core.i18n import N_, _
from profitchain.effects.value_of_a_point import Base
from profitchain.measures.reconciliation import parted
from profitchain.panel.edition import Edition
from profitchain.words.captions import FOLLOWED, Caption, source
from profitchain.words.prose import listed, sentence
from profitchain.words.reasons import text
from profitchain.words.repeat_effect import upward

WORDS = {"margin": N_("margin"), "spend": N_("revenue")}
NOT_CHECKED = N_("Not checked against the books: they give no totals for this period.")
BOOKED = {
    "revenue": N_("revenue"),
    "orders": N_("orders"),
    "active_customers": N_("active customers"),
}

NAMES = (  # of rows, as `effects` has them; translated where they are shown
    N_("come back"), N_("orders, of those who do"), N_("spend, of those who do"),
    N_("margin, of those who do"), N_("spend per answer, all together"),
    N_("margin per answer, all together"), N_("one mean, every point the same"),
    N_("in two steps: come back, then spend"), N_("a line that may bend, tops stay"),
    N_("one customer, one window"), N_("one active customer, a year"),
    N_("the whole active base, a year"), N_("a year"),
)  # fmt: skip


def books_sentence(checked: pd.DataFrame, tolerance: float) -> str:
    """Return a warning that our totals part from the books, or "" where they agree."""
    apart = parted(checked)
    if apart.empty:
        return ""
    totals = [
        _(
            "{measure} {ours}, theirs {books}",
            measure=_(BOOKED[row.measure]),
            ours=plain(row.ours, row.unit),
            books=plain(row.books, row.unit),
        )
        for row in apart.itertuples()
    ]
    return _(
        "**Our totals part from the books** by more than {tolerance}: {measures}. Until that is "
        "cleared up, read the money on this page with care.",
        tolerance=f"{tolerance:.1%}",
        measures=listed(totals),
    )


def worth_sentence(yearly: Mapping[str, MaybeEstimate], edition: Edition, money: str) -> str:
    """Return the page's answer: what one more point goes with, for all customers and a year."""
    worth, main = yearly[money], edition.company.main
    label = main.label if main else ""
    if isinstance(worth, NotEstimable):
        unsaid = N_("What one more point on “{label}” is worth can't be said: {why}")
        return _(unsaid, label=label, why=text(worth))
    template = N_(
        "One more point on “{label}” from every customer of the active base goes with **{size} "
        "more {what} a year** ({shown:evidence}){assumed}."
    )
    if worth.spans_zero:
        template = N_(
            "**No clear worth** of one more point on “{label}”: from the whole active base it goes "
            "with a difference in {what} a year of {said}, an interval that spans zero{assumed}."
        )
    elif worth.value < 0:
        template = N_(
            "One more point on “{label}” from every customer of the active base goes with **{size} "
            "less {what} a year** ({shown:evidence}){assumed}."
        )
    return sentence(
        template, label=label, what=_(WORDS[money]), assumed=assumed_clause(edition, money),
        said=worth, shown=upward(worth), size=number(upward(worth)),
    )  # fmt: skip


def revenue_sentence(yearly: Mapping[str, MaybeEstimate], money: str) -> str:
    """Return the same worth in revenue, where the first sentence speaks of margin."""
    worth = yearly["spend"]
    if money == "spend" or isinstance(worth, NotEstimable) or worth.spans_zero:
        return ""
    more = N_("In revenue that is {size} more a year ({shown:evidence}).")
    less = N_("In revenue that is {size} less a year ({shown:evidence}).")
    size = number(upward(worth))
    return sentence(more if worth.value >= 0 else less, size=size, shown=upward(worth))


def base_sentence(base: Base | NotEstimable) -> str:
    """Return to how many customers an effect is multiplied out, and how often."""
    if isinstance(base, NotEstimable):
        return _("The active base can't be counted: {why}", why=text(base))
    return _(
        "{customers} bought within the 365 days up to the period's end, {active} of them in a mean "
        "window of {days}. So each counts in {windows_each} windows a year, {windows} in all. That "
        "is counted, not estimated.",
        customers=plain(base.customers, "customers"), active=digits(base.active, 0),
        days=plain(base.within_days, "days"), windows_each=digits(base.windows_each, 1),
        windows=digits(base.windows, 0),
    )  # fmt: skip


def books_note(checked: pd.DataFrame, tolerance: float) -> str:
    """Return whether our totals were checked against the books, and with what outcome."""
    if checked.empty:
        return _(NOT_CHECKED)
    return books_sentence(checked, tolerance) or _(
        "Our {measures} agree with the books within {tolerance}.",
        measures=listed(_(BOOKED[name]) for name in checked["measure"]),
        tolerance=f"{tolerance:.1%}",
    )


def assumed_clause(edition: Edition, money: str) -> str:
    """Return the assumption on margin, or "" where orders carry their own."""
    share = assumed_share(edition, money)
    return _("; margin is assumed at {share} of revenue", share=share) if share else ""


def assumed_share(edition: Edition, money: str) -> str:
    """Return the share of revenue that is assumed to be margin, or "" where orders carry theirs."""
    rate = edition.assumed_margin
    return f"{rate:.0%}" if rate and money == "margin" else ""


def chain_caption(steps: pd.DataFrame, edition: Edition, money: str) -> Caption:
    """Return the caption of the steps from score to money."""
    main = edition.company.main
    return {
        "message": _chain_message(steps),
        "measure": _(
            "Per answer within {days}, and the difference for one more point of “{question}”, "
            "adjusted; pp: percentage points",
            days=window_days(edition),
            question=main.label if main else "",
        ),
        "source": followed_source(steps["n"].max(), edition, money),
    }


def models_caption(ways: Mapping[str, MaybeEstimate], edition: Edition, money: str) -> Caption:
    """Return the caption of the same effect in several models."""
    return {
        "message": _("The same point, counted in three ways"),
        "measure": _(
            "Difference in {what} for one more point, per customer within {days}, adjusted; 95% "
            "intervals",
            what=_(WORDS[money]),
            days=window_days(edition),
        ),
        "source": followed_source(max(effect.n for effect in ways.values()), edition, money),
    }


def base_caption(out: Mapping[str, MaybeEstimate], edition: Edition, money: str) -> Caption:
    """Return the caption of an effect on its way from one customer to the whole base."""
    last = list(out.values())[-1]
    message, what = _("No clear worth of a point"), _(WORDS[money])
    if isinstance(last, Estimate) and not last.spans_zero:
        size = number(upward(last).times(1, unit=edition.company.currency))
        more = _("One more point goes with {size} more {what} a year", size=size, what=what)
        less = _("One more point goes with {size} less {what} a year", size=size, what=what)
        message = more if last.value >= 0 else less
    return {
        "message": message,
        "measure": _(
            "Difference in {what} for one more point, adjusted; 95% intervals, the number of "
            "customers counted in full",
            what=what,
        ),
        "source": followed_source(max(effect.n for effect in out.values()), edition, money),
    }


def books_caption(checked: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of our totals beside those of the books."""
    message = (
        _("Our totals agree with the books") if len(checked) else _("Not checked against the books")
    )
    if len(parted(checked)):
        message = _("Our totals part from the books")
    return {
        "message": message,
        "measure": _(
            "Totals of the period; apart: the difference as a share of the books' figure; up to "
            "{tolerance} is let pass",
            tolerance=f"{edition.company.control_tolerance:.1%}",
        ),
        "source": _("Orders, counted in full; the books' control totals"),
        "units": {"apart": "share"},
        "empty": _(NOT_CHECKED),
    }


def books_table(checked: pd.DataFrame) -> pd.DataFrame:
    """Return totals and books as a table: measure with its unit, ours, books, apart, verdict."""
    names = [
        _("revenue, {currency}", currency=row.unit)
        if row.measure == "revenue"
        else BOOKED[row.measure]
        for row in checked.itertuples()
    ]
    return checked.assign(measure=names).drop(columns=["unit"])


def _chain_message(steps: pd.DataFrame) -> str:
    clear = ((steps["one_more_point_low"] > 0) | (steps["one_more_point_high"] < 0)).tolist()
    if not any(clear):
        return _("No step from score to money is clear")
    if not any(clear[1:-1]):
        return _("The worth lies in coming back, not in larger baskets")
    if clear[0]:
        return _("More come back, and what they then buy differs too")
    return _("What those who come back buy differs")


def window_days(edition: Edition) -> str:
    """Return the firm's window for an order after an answer, in words."""
    return plain(edition.company.repeat_within_days, "days")


def followed_source(n: float, edition: Edition, money: str) -> str:
    """Return the source note of answers followed to the end, and what is assumed on margin."""
    rows, share = source(_(FOLLOWED), int(n)), assumed_share(edition, money)
    if not share:
        return rows
    return _("{source}; margin is assumed at {share} of revenue", source=rows, share=share)
