"""What followed scores, as claims put it: repeat orders, spend, complaints, contacts, referrals."""

from __future__ import annotations

import pandas as pd

from profitchain.benefits import after_scores
from profitchain.benefits.offers import rows_by_group
from profitchain.claims.verdicts import LEVEL, Figure, at_99, percent_of, weaker
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.effects.dose_response import bands_of, linearity
from profitchain.effects.effect_by_segment import repeat_effect_per_10_nps
from profitchain.effects.elasticity import sales_elasticity
from profitchain.effects.repeat_effect import lookback, repeat_effect
from profitchain.panel.edition import Edition
from profitchain.panel.response_windows import OFFERED
from profitchain.sources.settings import Question
from profitchain.stats.comparisons import RatioParts
from profitchain.stats.event_rates import rate_ratio, rate_slope
from profitchain.stats.ratios import change, ratio

MORE = 5.0  # percent more score, as claims have it


def repeat_gain_per_10_nps(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent the repeat rate rises for ten NPS points: raw, adjusted."""
    cells = _link(edition)
    if isinstance(cells, NotEstimable):
        return cells
    rate = ratio(cells, **share_of("repeats"))
    if isinstance(rate, NotEstimable):
        return rate
    kind = _main(edition).kind
    found = {
        name: repeat_effect_per_10_nps(cells, kind=kind, controls=controls, level=LEVEL)
        for name, controls in _both(edition).items()
    }
    each = {name: percent_of(one, factor=100 / rate.value) for name, one in found.items()}
    return Figure(readings=each, design="adjusted")


def repeat_by_score(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points the repeat rate differs for one more point: raw, adjusted."""
    cells = _link(edition)
    if isinstance(cells, NotEstimable):
        return cells
    each = {
        name: as_points(repeat_effect(cells, controls=controls, level=LEVEL))
        for name, controls in _both(edition).items()
    }
    return Figure(readings=each, design="adjusted")


def spend_gain_per_point(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent spend in the window differs for one more point: raw, adjusted."""
    cells = _link(edition)
    if isinstance(cells, NotEstimable):
        return cells
    mean = float((cells["score"] * cells["n"]).sum() / max(cells["n"].sum(), 1))
    return _spend(edition, cells, factor=100 / mean if mean > 0 else 0.0)


def spend_gain_per_5_percent(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent spend differs for 5% more score: raw, adjusted."""
    cells = _link(edition)
    return cells if isinstance(cells, NotEstimable) else _spend(edition, cells, factor=MORE)


def _spend(edition: Edition, cells: pd.DataFrame, *, factor: float) -> Figure | NotEstimable:
    if "spend" not in cells:
        return NotEstimable("needs_table", table="orders.revenue")
    each = {
        name: percent_of(at_99(sales_elasticity(cells, controls=controls)), factor=factor)
        for name, controls in _both(edition).items()
    }
    return Figure(readings=each, design="adjusted")


def bent_curve(edition: Edition) -> Figure | NotEstimable:
    """Return the p-value of the test that every point of the scale counts the same."""
    cells = _link(edition)
    if isinstance(cells, NotEstimable):
        return cells
    main = _main(edition)
    found = linearity(cells, bands=bands_of(main.scale, main.kind),
                      controls=edition.company.controls, smallest=edition.smallest)  # fmt: skip
    return found if isinstance(found, NotEstimable) else p_figure(found.p, found.n)


def p_figure(p: float, n: int) -> Figure:
    """Return a test's p-value as a figure: as a reading it is its own interval."""
    own = Estimate(value=p, low=p, high=p, n=n, unit="p", level=LEVEL)
    return Figure.of(own, "adjusted")


def churn_gap(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent fewer of the satisfied ordered nothing within the window."""
    cells = _link(edition)
    if isinstance(cells, NotEstimable):
        return cells
    return churn_gap_of(cells, _main(edition), edition.smallest)


def churn_gap_of(cells: pd.DataFrame, main: Question, smallest: int = 0) -> Figure | NotEstimable:
    """Return the gap of those who left, best group of scores against the worst.

    Parameters
    ----------
    cells : one row a cluster and score; reads score, cluster, n, repeats.
    """
    groups = rows_by_group(cells.assign(left=cells["n"] - cells["repeats"]), main)
    return _less(groups, events="left", exposure="n", smallest=smallest)


def complaint_gap(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent fewer complaints came: for each customer, for each order."""
    found = after_scores.complaints(edition)
    if isinstance(found, NotEstimable):
        return found
    cells = _better_is_higher(edition.table("complaint_cells").assign(customers=1), edition)
    groups = rows_by_group(cells, _main(edition))
    a_customer = _less(groups, events="complaints", exposure="customers",
                       smallest=edition.smallest)  # fmt: skip
    if isinstance(a_customer, NotEstimable):
        return a_customer
    an_order = percent_of(at_99(found.apart), less=1, factor=-100)
    readings = {"customer": a_customer.own, "order": an_order}
    return Figure(readings=readings, design="followed", all_judged=True)


def _less(
    groups: dict[str, pd.DataFrame], *, events: str, exposure: str, smallest: int
) -> Figure | NotEstimable:
    """Return by how many percent the best group's rate is below the worst one's."""
    names = list(groups)
    if len(names) < 2:
        return NotEstimable("all_scores_the_same")
    fewest = min(int(groups[name]["cluster"].nunique()) for name in (names[0], names[-1]))
    if fewest < smallest:
        return NotEstimable("too_few_customers", n=fewest, needed=smallest)
    apart = rate_ratio(groups[names[-1]], groups[names[0]], events=events, exposure=exposure)
    own = percent_of(at_99(apart), less=1, factor=-100)
    return Figure.of(own, "followed")


def complaints_by_score(edition: Edition) -> Figure | NotEstimable:
    """Return how many complaints more for each 100 later orders go with one more point."""
    found = after_scores.complaints(edition)
    if isinstance(found, NotEstimable):
        return found
    return Figure.of(as_points(at_99(found.slope)), "followed")


def contacts_per_5_percent(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent contacts for each later order differ for 5% more score."""
    if not edition.has("complaint_cells"):
        return NotEstimable("needs_table", table="contacts")
    return contacts_of(_better_is_higher(edition.table("complaint_cells"), edition))


def contacts_of(cells: pd.DataFrame) -> Figure | NotEstimable:
    """Return the slope of contacts, for 5% of the mean score, in percent of their mean rate.

    Parameters
    ----------
    cells : one row a cluster and score; reads score, cluster, orders, contacts.
    """
    slope = rate_slope(cells, events="contacts", exposure="orders")
    if isinstance(slope, NotEstimable):
        return slope
    weight = cells["orders"]
    mean = float((cells["score"] * weight).sum() / weight.sum())
    rate = float(cells["contacts"].sum() / weight.sum())
    return Figure.of(percent_of(at_99(slope), factor=MORE * mean / rate), "followed")


def repeats_and_referrals(edition: Edition) -> Figure | NotEstimable:
    """Return the less clear of two: more repeats, and more referrals, for one more point."""
    repeats, referred = repeat_by_score(edition), after_scores.referrals(edition)
    if isinstance(repeats, NotEstimable):
        return repeats
    if isinstance(referred, NotEstimable):
        return referred
    both = (repeats.own, as_points(at_99(referred.slope)))
    return Figure.of(weaker(*both), "adjusted")


def offers_taken(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points more of the best scores took up an offer than of the worst."""
    if not edition.has("offer_cells"):
        return NotEstimable("needs_table", table="offers")
    if edition.company.main is None:
        return NotEstimable("needs_main_question")
    cells = edition.table("offer_cells").dropna(subset=["score"])
    cells = _better_is_higher(cells[cells["lot"] == OFFERED], edition)
    return offers_taken_of(cells, _main(edition), edition.smallest)


def offers_taken_of(
    cells: pd.DataFrame, main: Question, smallest: int = 0
) -> Figure | NotEstimable:
    """Return the difference of the shares that accepted (one row a cluster: n, accepted, score)."""
    groups = rows_by_group(cells, main)
    if len(groups) < 2:
        return NotEstimable("all_scores_the_same", n=int(cells["n"].sum()))
    names = list(groups)
    apart = change(groups[names[-1]], groups[names[0]], **share_of("accepted"),
                   smallest=smallest, level=LEVEL)  # fmt: skip
    return Figure.of(as_points(apart), "followed")


def _link(edition: Edition) -> pd.DataFrame | NotEstimable:
    """Return the answers whose window has closed, a higher score better; or why there are none."""
    main = edition.company.main
    if main is None:
        return NotEstimable("needs_main_question")
    if not edition.has("link_cells"):
        return NotEstimable("needs_table", table="orders")
    cells = lookback(edition.table("link_cells"))
    if cells["n"].sum() == 0:
        return NotEstimable("no_window_closed")
    return _better_is_higher(cells, edition)


def _main(edition: Edition) -> Question:
    """Return the main question, a higher score better (as `_better_is_higher` makes the cells)."""
    main = edition.company.main
    assert main is not None  # these cells are made of its answers
    return main.model_copy(update={"easy_is": "high"}) if main.easy_is == "low" else main


def _better_is_higher(cells: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    main = edition.company.main
    if main is None or main.easy_is != "low":
        return cells
    return cells.assign(score=sum(main.scale) - cells["score"])


def share_of(numerator: str) -> RatioParts:
    """Return how `ratio` and `change` take a share of the rows' `n`."""
    return RatioParts(numerator=numerator, denominator="n", unit="share", bounds=(0.0, 1.0),
                      counts="")  # fmt: skip


def _both(edition: Edition) -> dict[str, tuple[str, ...]]:
    """Return what to adjust for, by the name of the reading."""
    return {"raw": (), "adjusted": tuple(edition.company.controls)}


def as_points(estimate: MaybeEstimate) -> MaybeEstimate:
    """Return a share as percentage points (of each 100)."""
    return estimate.times(100, unit="points") if isinstance(estimate, Estimate) else estimate
