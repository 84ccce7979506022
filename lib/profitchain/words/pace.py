"""How soon customers come back, in words: whether groups differ, and with one more point."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, interval, number, p_words
from profitchain.core.i18n import N_, _, following, listed
from profitchain.lifetime.cox_model import (
    SCORE,
    CoxModel,
    EarlyAndLate,
    hazard_ratio_per_point,
    proportionality_test,
)
from profitchain.measures.loyalty import share_again_within
from profitchain.panel.edition import Edition
from profitchain.words import reasons
from profitchain.words.captions import Caption, source
from profitchain.words.prose import sentence
from profitchain.words.scores import percent, spread

CLEAR = 0.05  # a test's p below this counts as a sign
RATED = N_("Customers with an answer in the lookback")
GROUPS = (N_("satisfied"), N_("not satisfied"))  # of customers, in exhibits
TERMS = {
    SCORE: N_("one more point"),
    "prior_orders": N_("twice the orders before"),
    "recency_days": N_("twice the days since the last order"),
    "tenure_days": N_("twice the days as a customer"),
    "contacts": N_("a contact in the year before"),
    "complaints": N_("a complaint among them"),
}
HELD = {
    "prior_orders": N_("orders before"),
    "recency_days": N_("days since the last order"),
    "tenure_days": N_("days as a customer"),
    "contacts": N_("contacts"),
    "complaints": N_("complaints"),
}
ONE_PACE = N_("**No clear difference in pace**: one more point goes with a ratio of {ratio}.")
FASTER = N_(
    "One more point goes with a pace of the next order **{times} times** as fast "
    "({ratio:evidence})."
)


def return_curves_caption(curves: pd.DataFrame, edition: Edition) -> Caption:
    """Return the caption of the time to the next order by satisfaction."""
    days, drawn = edition.company.repeat_within_days, curves.dropna(subset=["value"])
    shares = {}
    for name, rows in drawn.groupby("group", sort=False):
        share = share_again_within(rows.reset_index(drop=True), days)
        if isinstance(share, Estimate):
            shares[str(name)] = share
    message = _("How soon customers order again after an answer")
    if len(shares) > 1:
        (worst, low), *_middle, (best, high) = shares.items()
        message = _(
            "{high} of {best} ordered again within {days} days, {low} of {worst}",
            high=percent(high.value), best=_(best), days=days,
            low=percent(low.value), worst=_(worst),
        )  # fmt: skip
    groups = [
        _("{group} {share} ({ends})", group=_(name), share=number(share), ends=interval(share))
        for name, share in shares.items()
    ]
    measure = _("Share who ordered again, by days since the answer")
    if groups:
        measure = _(
            "Share who ordered again, by days since the answer; within {days} days: {groups}",
            days=days, groups=listed(groups),
        )  # fmt: skip
    return {
        "message": message,
        "measure": measure,
        "source": source(_(RATED), int(drawn.groupby("group")["n"].max().sum())),
        "description": _(
            "{message}. The curves rise from 0; their values stand in the table.", message=message
        ),
        "unit": "share",
        "x_label": _("days"),
        "group": "group",
    }


def log_rank_sentence(test: MaybeEstimate) -> str:
    """Return whether the groups come back at different paces, nothing adjusted."""
    if isinstance(test, NotEstimable):
        return _("Whether the groups differ can't be tested: {why}", why=reasons.text(test))
    p = p_words(test.value)
    if test.value < CLEAR:
        return _("The groups come back at clearly different paces (log-rank test, {p}).", p=p)
    return _("No clear difference between the groups (log-rank test, {p}).", p=p)


def ratios_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """Return hazard ratios with their terms in words."""
    return ratios.assign(term=ratios["term"].map(TERMS))


def ratios_caption(ratios: pd.DataFrame, model: CoxModel | NotEstimable) -> Caption:
    """Return the caption of the hazard ratios (`ratios` as in `ratios_table`)."""
    first, n = ratios.iloc[0], model.of if isinstance(model, CoxModel) else model.n
    message = _("What goes with ordering again sooner")
    if isinstance(model, CoxModel) and first["term"] == TERMS[SCORE]:
        message = _("No clear link between the score and how soon they order")
        if first["low"] > 1:
            message = _("One more point goes with ordering again sooner")
        elif first["high"] < 1:
            message = _("One more point goes with ordering again later")
    return {
        "message": message,
        "measure": _("How many times as fast the next order comes, all else alike; 95% intervals"),
        "source": source(_(RATED), n),
        "description": _("{message}. {values}", message=message, values=spread(ratios)),
        "unit": "ratio",
        "reference": 1,
    }


def left_out_sentence(model: CoxModel) -> str:
    """Return which terms are not held alike, since they can't be told apart; "" where all are."""
    if not model.left_out:
        return ""
    return _(
        "Left out, as it hardly varies among those who ordered again: {terms}.",
        terms=listed(_(HELD[term]) for term in model.left_out),
    )


def pace_sentence(model: CoxModel | NotEstimable, parts: EarlyAndLate, n: int) -> str:
    """Return what one more point goes with in the pace of the next order, and whether it lasts.

    `n` counts the customers with an answer, of whom the model may know a sample.
    """
    ratio, even = hazard_ratio_per_point(model), proportionality_test(model)
    if isinstance(ratio, NotEstimable):
        return _("What one more point goes with can't be said: {why}", why=reasons.text(ratio))
    clear = not ratio.low <= 1 <= ratio.high
    head = sentence(FASTER if clear else ONE_PACE, ratio=ratio, times=f"{ratio.value:.2f}")
    if isinstance(model, CoxModel):
        head = following(head, left_out_sentence(model))
    if ratio.n < n:
        some, all_ = digits(ratio.n, 0), digits(n, 0)
        head = following(head, _("A sample of {some} of {all} customers.", some=some, all=all_))
    if isinstance(even, NotEstimable):
        return head
    p, day = p_words(even.value), f"{parts.day:.0f}"
    if even.value >= CLEAR:
        return following(head, _("The ratio is not seen to change with time ({p}).", p=p))
    early = _in_part(_("up to day {day}", day=day), parts.early)
    split = listed([early, _in_part(_("after day {day}", day=day), parts.late)])
    changes = _(
        "**The ratio changes with time** ({p}), so it is a mean: {split}.", p=p, split=split
    )
    return following(head, changes)


def _in_part(when: str, ratio: MaybeEstimate) -> str:
    if isinstance(ratio, NotEstimable):
        return _("{when} {ratio}", when=when, ratio=number(ratio))
    words = {"when": when, "ratio": number(ratio), "ends": interval(ratio)}
    return _("{when} {ratio} ({ends})", **words)
