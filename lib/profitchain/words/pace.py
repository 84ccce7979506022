"""How soon customers come back: whether groups differ, and with one more point."""

from __future__ import annotations

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import digits, in_brackets, interval, number, p_words
from profitchain.core.i18n import N_, _, listed
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
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said, source
from profitchain.words.scores import percent, spread

CLEAR = 0.05  # a test's p below this counts as a sign
RATED = N_("Customers with an answer in the lookback")
GROUPS = (N_("satisfied"), N_("not satisfied"))  # of customers, in exhibits
TERMS = words_of("pace", "terms")
HELD = words_of("pace", "held")


def return_by_satisfaction(
    curves: pd.DataFrame, steps: pd.DataFrame, *, edition: Edition
) -> Presentation:
    """Return how soon customers order again by satisfaction (`steps`: the curves, thinned)."""
    days, drawn = edition.company.repeat_within_days, curves.dropna(subset=["value"])
    shares = {}
    for name, rows in drawn.groupby("group", sort=False):
        share = share_again_within(rows.reset_index(drop=True), days)
        if isinstance(share, Estimate):
            shares[str(name)] = share
    n = int(drawn.groupby("group")["n"].max().sum())
    values: dict[str, object] = {"source": source(RATED, n)}
    options = {"group": "group", "x_label": _("days")}
    if len(shares) < 2:
        return Presentation(steps, "few", values, options)
    (worst, low), *_middle, (best, high) = shares.items()
    values |= {"high": percent(high.value), "best": _(best)}
    values |= {"low": percent(low.value), "worst": _(worst)}
    return Presentation(steps, "apart", values, options)


def groups_differ(test: MaybeEstimate, *, edition: Edition) -> list[Said]:
    """Return whether the groups come back at different paces, nothing adjusted."""
    if isinstance(test, NotEstimable):
        return [Said("untested", {"why": reasons.text(test)})]
    key = "paces_differ" if test.value < CLEAR else "paces_alike"
    return [Said(key, {"p": p_words(test.value)})]


def hazard_ratios(
    ratios: pd.DataFrame, model: CoxModel | NotEstimable, *, edition: Edition
) -> Presentation:
    """Return hazard ratios with their terms in words."""
    rows = ratios.assign(term=ratios["term"].map(TERMS))
    first, n = rows.iloc[0], model.of if isinstance(model, CoxModel) else model.n
    says = "terms"
    if isinstance(model, CoxModel) and first["term"] == TERMS[SCORE]:
        says = "sooner" if first["low"] > 1 else "later" if first["high"] < 1 else "no_link"
    return Presentation(rows, says, {"source": source(RATED, n), "values": spread(rows)})


def lasting(
    model: CoxModel | NotEstimable, parts: EarlyAndLate, n: int, *, edition: Edition
) -> list[Said]:
    """Return what one more point goes with in the pace of the next order, and whether it lasts.

    `n` counts the customers with an answer, of whom the model may know a sample.
    """
    ratio, even = hazard_ratio_per_point(model), proportionality_test(model)
    if isinstance(ratio, NotEstimable):
        return [Said("no_pace", {"why": reasons.text(ratio)})]
    clear = not ratio.low <= 1 <= ratio.high
    said = [Said("other_pace" if clear else "one_pace", {"ratio": ratio})]
    if isinstance(model, CoxModel) and model.left_out:
        terms = listed(_(HELD[term]) for term in model.left_out)
        said.append(Said("left_out", {"terms": terms}))
    if ratio.n < n:
        said.append(Said("sample", {"some": digits(ratio.n, 0), "all": digits(n, 0)}))
    if isinstance(even, NotEstimable):
        return said
    if even.value >= CLEAR:
        return [*said, Said("lasts", {"p": p_words(even.value)})]
    day = f"{parts.day:.0f}"
    early, late = _in_part(parts.early), _in_part(parts.late)
    values = {"p": p_words(even.value), "day": day, "early": early, "late": late}
    return [*said, Said("changes", values)]


def _in_part(ratio: MaybeEstimate) -> str:
    if isinstance(ratio, NotEstimable):
        return number(ratio)
    return in_brackets(number(ratio), interval(ratio, bare=True))
