"""How often customers refer others, complain and send back, by the score they gave before.

Referrals are counted for each 100 answers, each followed for a quarter: who stayed longer had
longer to refer, so it is time at risk that is counted. Complaints are counted for each 100 later
orders, not answers: who buys more has more to complain of. So are refunds. Contacts about the order
that the answer was about are left out, for they came before the score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from profitchain.benefits.offers import rows_by_group
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.panel.edition import Edition
from profitchain.panel.experiences import REFERRING_DAYS
from profitchain.panel.panel import SECONDS_A_DAY
from profitchain.stats.event_rates import event_rate, rate_ratio, rate_slope
from profitchain.stats.ratios import ratio

PER = 100
QUARTER = REFERRING_DAYS * SECONDS_A_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterScores:
    """How often something followed, by groups of scores from worst to best.

    `apart` is the best group's rate as so many times the worst one's; `slope` the difference in the
    rate (for one unit of exposure) for one more point.
    """

    rates: Mapping[str, MaybeEstimate]
    apart: MaybeEstimate
    slope: MaybeEstimate


def referrals(edition: Edition) -> AfterScores | NotEstimable:
    """Return referrals for each 100 answers in the quarter after, by the score given."""
    if missing := _lacking(edition, "referrals", "referral_cells"):
        return missing
    cells = edition.table("referral_cells")
    return after_scores(cells.assign(quarters=cells["exposure"] / QUARTER), edition,
                        events="referrals", exposure="quarters")  # fmt: skip


def complaints(edition: Edition) -> AfterScores | NotEstimable:
    """Return complaints for each 100 later orders, by the last score given before the order."""
    if missing := _lacking(edition, "contacts", "complaint_cells"):
        return missing
    cells = edition.table("complaint_cells")
    if "complaints" not in cells:
        return NotEstimable("no_such_column", column="is_complaint")
    return after_scores(cells, edition, events="complaints", exposure="orders")


def refunds(edition: Edition) -> AfterScores | NotEstimable:
    """Return refunds for each 100 later orders, by the last score given before the order.

    A firm whose books hold no row below zero has none, or has them in its revenue: not known.
    """
    if not edition.has("return_cells"):
        return NotEstimable("needs_main_question")
    cells = edition.table("return_cells")
    if not cells["refunds"].sum():
        return NotEstimable("no_refunds_in_orders", n=int(cells["orders"].sum()))
    return after_scores(cells, edition, events="refunds", exposure="orders")


def paid_back_by_group(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return the share of later orders' revenue that was paid back, by group of score before."""
    main = edition.company.main
    if main is None or not edition.has("return_cells"):
        return {}
    cells = edition.table("return_cells")
    if "paid_back" not in cells or not cells["paid_back"].sum():
        return {}
    return {
        name: ratio(rows, numerator="paid_back", denominator="revenue", unit="share",
                    bounds=(0.0, 1.0), counts="orders", smallest=edition.smallest)
        for name, rows in rows_by_group(cells, main).items()
    }  # fmt: skip


def after_scores(
    cells: pd.DataFrame, edition: Edition, *, events: str, exposure: str
) -> AfterScores:
    """Return rates for each 100 of exposure by group of scores, how far apart, and the slope.

    Parameters
    ----------
    cells : one row a score and cluster; reads `score`, `cluster` and the two columns.
    """
    main = edition.company.main
    assert main is not None  # these cells are made of its answers
    if main.easy_is == "low":
        cells = cells.assign(score=sum(main.scale) - cells["score"])
    groups = rows_by_group(cells, main.model_copy(update={"easy_is": "high"}))
    how = {"events": events, "exposure": exposure}
    rates = {name: event_rate(rows, **how, per=PER, smallest=edition.smallest)
             for name, rows in groups.items()}  # fmt: skip
    names = list(groups)
    apart: MaybeEstimate = NotEstimable("all_scores_the_same", n=int(cells[events].sum()))
    if len(names) > 1:
        apart = rate_ratio(groups[names[-1]], groups[names[0]], **how)
    return AfterScores(rates=rates, apart=apart, slope=rate_slope(cells, **how))


def contact_cost_by_group(edition: Edition) -> dict[str, MaybeEstimate]:
    """Return the cost of contacts for each 100 later orders by group of the score before."""
    main = edition.company.main
    if main is None or not edition.has("complaint_cells"):
        return {}
    cells = edition.table("complaint_cells")
    if "contact_cost" not in cells:
        return {}
    currency, values = edition.company.currency, {}
    for name, rows in rows_by_group(cells, main).items():
        each = ratio(rows, numerator="contact_cost", denominator="orders", unit=currency,
                     smallest=edition.smallest)  # fmt: skip
        values[name] = each.times(PER) if isinstance(each, Estimate) else each
    return values


def cost_of_a_complaint(edition: Edition) -> float | None:
    """Return what a complaint costs on average, as the firm's contacts say; None if they don't."""
    if not edition.has("complaint_cells"):
        return None
    sums = edition.table("complaint_cells").sum(numeric_only=True)
    if "complaint_cost" not in sums or not sums["complaints"]:
        return None
    return float(sums["complaint_cost"] / sums["complaints"])


def _lacking(edition: Edition, table: str, cells: str) -> NotEstimable | None:
    """Return why nothing can be counted: no such table, or no score."""
    if edition.has(cells):
        return None
    if table not in edition.company.tables:
        return NotEstimable("needs_table", table=table)
    return NotEstimable("needs_main_question")
