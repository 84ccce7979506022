"""The sentences on what a point of satisfaction is worth: "goes with", in money."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import MINUS, digits, ends, number, plain
from profitchain.core.i18n import N_, _, following, ngettext
from profitchain.effects.power import MORE_TO_HALVE
from profitchain.effects.scenarios import Levels
from profitchain.effects.value_of_a_point import Base
from profitchain.measures.reconciliation import parted
from profitchain.panel.edition import Edition
from profitchain.words.prose import listed, sentence
from profitchain.words.reasons import text
from profitchain.words.repeat_effect import upward

WORDS = {"margin": N_("margin"), "spend": N_("revenue")}
CLAIMED = 3.0  # percent more spend for 1% more satisfaction, as often quoted
NOT_CHECKED = N_("Not checked against the books: they give no totals for this period.")
BOOKED = {
    "revenue": N_("revenue"),
    "orders": N_("orders"),
    "active_customers": N_("active customers"),
}


def books_sentence(found: pd.DataFrame, tolerance: float) -> str:
    """Return a warning that our totals part from the books, or "" where they agree."""
    apart = parted(found)
    if apart.empty:
        return ""
    told = [
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
        measures=listed(told),
    )


def worth_sentence(yearly: Mapping[str, MaybeEstimate], edition: Edition, money: str) -> str:
    """Return the page's answer: what one more point goes with, for all customers and a year."""
    said, label = yearly[money], edition.company.main.label
    words = {"what": _(WORDS[money]), "label": label, "assumed": assumed_clause(edition, money)}
    if isinstance(said, NotEstimable):
        why = {"label": label, "why": text(said)}
        return _("What one more point on “{label}” is worth can't be said: {why}", **why)
    if said.spans_zero:
        return sentence(
            "**No clear worth** of one more point on “{label}”: from the whole active base it goes "
            "with a difference in {what} a year of {said}, an interval that spans zero{assumed}.",
            said=said, **words,
        )  # fmt: skip
    words |= {"shown": upward(said), "size": number(upward(said))}
    if said.value >= 0:
        return sentence(
            "One more point on “{label}” from every customer of the active base goes with **{size} "
            "more {what} a year** ({shown:evidence}){assumed}.",
            **words,
        )
    return sentence(
        "One more point on “{label}” from every customer of the active base goes with **{size} "
        "less {what} a year** ({shown:evidence}){assumed}.",
        **words,
    )


def revenue_sentence(yearly: Mapping[str, MaybeEstimate], money: str) -> str:
    """Return the same worth in revenue, where the first sentence speaks of margin."""
    said = yearly["spend"]
    if money == "spend" or isinstance(said, NotEstimable) or said.spans_zero:
        return ""
    words = {"size": number(upward(said)), "shown": upward(said)}
    if said.value >= 0:
        return sentence("In revenue that is {size} more a year ({shown:evidence}).", **words)
    return sentence("In revenue that is {size} less a year ({shown:evidence}).", **words)


def ends_sentence(parts: Mapping[str, MaybeEstimate], *, or_nothing: bool = False) -> str:
    """Return whether a point counts for more at the bottom of the scale or at its top.

    `or_nothing`: say nothing rather than why it can't be said.
    """
    apart = parts["difference"]
    if isinstance(apart, NotEstimable):
        why = text(apart)
        unsaid = _("Whether mending or delighting counts for more can't be said: {why}", why=why)
        return "" if or_nothing else unsaid
    detail = sentence(
        "Per customer and window, a point goes with {mending:number} ({mending:interval}) "
        "at the bottom of the scale and {delighting:number} ({delighting:interval}) at its top; "
        "their difference is {difference:number} ({difference:interval}).",
        **parts,
    )
    mending, delighting = _("**Mending counts for more.**"), _("**Delighting counts for more.**")
    head = mending if apart.value > 0 else delighting
    if apart.spans_zero:
        head = _("**No clear difference between mending and delighting.**")
    return following(head, detail)


def base_sentence(base: Base | NotEstimable) -> str:
    """Return to how many customers an effect is multiplied out, and how often."""
    if isinstance(base, NotEstimable):
        return _("The active base can't be counted: {why}", why=text(base))
    return _(
        "{customers} bought within the 365 days up to the period's end, {active} of them in a mean "
        "window of {days}. So each counts in {windows_each} windows a year, {windows} in all. That "
        "is counted, not estimated.",
        customers=plain(base.customers, "customers"),
        active=digits(base.active, 0),
        days=plain(base.within_days, "days"),
        windows_each=digits(base.windows_each, 1),
        windows=digits(base.windows, 0),
    )


def tops_sentence(levels: Levels | NotEstimable) -> str:
    """Return how many answers can't rise any more."""
    if isinstance(levels, NotEstimable):
        return _("No scenario can be told: {why}", why=text(levels))
    return _(
        "{share} of the answers already stand at the best end of the scale and stay there.",
        share=f"{levels.at_the_top:.0%}",
    )


def elasticity_sentence(found: MaybeEstimate) -> str:
    """Return by how many percent sales differ for 1% more score, beside what is often claimed."""
    if isinstance(found, NotEstimable):
        return _("What 1% more satisfaction goes with can't be said: {why}", why=text(found))
    words = {
        "size": f"{digits(abs(found.value), 2)}%",
        "evidence": _(
            "{level} interval {ends}; n = {n}",
            level=f"{found.level:.0%}",
            ends=ends(_percent(found.low), _percent(found.high)),
            n=digits(found.n, 0),
        ),
        "unclear": _(", an interval that spans zero") if found.spans_zero else "",
    }
    more = _(
        "At the present mean, 1% more score goes with {size} more sales ({evidence}){unclear}.",
        **words,
    )
    less = _(
        "At the present mean, 1% more score goes with {size} less sales ({evidence}){unclear}.",
        **words,
    )
    return following(more if found.value >= 0 else less, _claim_sentence(found))


def books_note(found: pd.DataFrame, tolerance: float) -> str:
    """Return whether our totals were checked against the books, and with what outcome."""
    if found.empty:
        return _(NOT_CHECKED)
    return books_sentence(found, tolerance) or _(
        "Our {measures} agree with the books within {tolerance}.",
        measures=listed(_(BOOKED[name]) for name in found["measure"]),
        tolerance=f"{tolerance:.1%}",
    )


def plan_sentences(
    effect: MaybeEstimate, smallest: MaybeEstimate, months: MaybeEstimate
) -> tuple[str, str]:
    """Return the smallest effect to be found, and what would halve the interval."""
    seen = sentence(
        "Answers like these would find a difference of {smallest:difference_number} for one more "
        "point four times in five; the one measured is {effect:difference}.",
        otherwise="The smallest effect that would be found can't be said: {why}",
        smallest=smallest, effect=effect,
    )  # fmt: skip
    if isinstance(months, NotEstimable):
        why = text(months)
        return seen, _("How long it takes to halve the interval can't be said: {why}", why=why)
    return seen, ngettext(
        "Half as wide an interval takes four times the answers: {answers} more, or {n} more month "
        "at this period's rate.",
        "Half as wide an interval takes four times the answers: {answers} more, or {n} more months "
        "at this period's rate.",
        round(months.value),
        n=digits(months.value, 0),
        answers=digits(MORE_TO_HALVE * months.n, 0),
    )


def assumed_clause(edition: Edition, money: str) -> str:
    """Return the assumption on margin, or "" where orders carry their own."""
    share = assumed_share(edition, money)
    return _("; margin is assumed at {share} of revenue", share=share) if share else ""


def _claim_sentence(found: Estimate) -> str:
    """Return whether the effect that is often claimed lies inside an interval."""
    claimed = f"{CLAIMED:g}%"
    if found.low <= CLAIMED <= found.high:
        return _("The often quoted {claimed} lies inside it.", claimed=claimed)
    return _("The often quoted {claimed} lies outside it.", claimed=claimed)


def assumed_share(edition: Edition, money: str) -> str:
    """Return the share of revenue that is assumed to be margin, or "" where orders carry theirs."""
    rate = edition.assumed_margin
    return f"{rate:.0%}" if rate and money == "margin" else ""


def _percent(value: float) -> str:
    return f"{digits(value, 2)}%".replace("-", MINUS)
