"""What loyal, new, referred, member and complaining customers did, as claims put it.

Of each end of a period what was known of a customer then, and what came in the next period: so
nobody is loyal by what is judged. Loyal: three days with an order or more; new: one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy

from profitchain.benefits import prices
from profitchain.benefits.acquisition import REFERRAL
from profitchain.benefits.channels import referral_conversion
from profitchain.benefits.complaint_handling import complaint_handling
from profitchain.benefits.offers import rows_by_group
from profitchain.claims.from_scores import as_points, p_figure
from profitchain.claims.verdicts import Design, Figure, at_99, percent_of
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.panel.edition import Edition
from profitchain.panel.loyal_years import PAYBACK_MONTHS
from profitchain.programmes.memberships import programme_effects
from profitchain.stats.event_rates import rate_ratio
from profitchain.stats.ratios import Linearised, linearise
from profitchain.stats.shrinkage import cochran_q

PROGRAMME_DESIGNS: dict[str, Design] = {"raw": "followed", "did": "adjusted", "lot": "lot"}
REPEATS_OF_LOYAL = 2  # days with an order after the first one
FEWEST_NEW = 10


def referrals_of_loyal(edition: Edition) -> Figure | NotEstimable:
    """Return how many times as many customers the loyal refer in a period as the new do."""
    if "referrals" not in edition.company.tables:
        return NotEstimable("needs_table", table="referrals")
    rows = _snapshots(edition)
    if isinstance(rows, NotEstimable):
        return rows
    later = rows[["row", "back", "referrals"]].assign(back=rows["back"] + 1)
    both = rows.merge(later, on=["row", "back"], suffixes=("", "_later"))
    both = both.assign(new_referrals=both["referrals_later"] - both["referrals"], periods=1)
    return referrals_of_loyal_of(both, edition.smallest)


def referrals_of_loyal_of(rows: pd.DataFrame, smallest: int = 0) -> Figure | NotEstimable:
    """Return the ratio of referrals a period (rows: cluster, repeats, new_referrals, periods)."""
    loyal, new = _loyal_and_new(rows)
    if few := _few(loyal, new, smallest):
        return few
    apart = rate_ratio(loyal, new, events="new_referrals", exposure="periods")
    return Figure.of(at_99(apart), "followed")


def value_of_promoters(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent the best scores bring more in the next period than others."""
    rows = _snapshots(edition)
    if isinstance(rows, NotEstimable):
        return rows
    if edition.company.main is None or "score" not in rows:
        return NotEstimable("needs_main_question")
    scored = rows.dropna(subset=["score"])
    groups = rows_by_group(scored, edition.company.main)
    if len(groups) < 2:
        return NotEstimable("all_scores_the_same", n=len(scored))
    best = groups[list(groups)[-1]]
    return _more(best, scored.drop(best.index), _money(rows), edition.smallest)


def profit_of_loyal(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent the loyal bring more in the next period than the new."""
    rows = _snapshots(edition)
    if isinstance(rows, NotEstimable):
        return rows
    return _more(*_loyal_and_new(rows), _money(rows), edition.smallest)


def spend_of_members(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent members of the largest programme spend more: raw, by joining.

    Raw members chose to join; difference in differences compares with others who bought then; a
    draw by lot, where there was one, says most and comes last.
    """
    found = programme_effects(edition)
    if isinstance(found, NotEstimable):
        return found
    if found.empty:
        return NotEstimable("nothing_counted")
    return spend_of_members_of(found[found["programme"] == found["programme"].iloc[0]])


def spend_of_members_of(rows: pd.DataFrame) -> Figure | NotEstimable:
    """Return the figure of one programme (rows: design, relative, doubtful).

    They are as `programme_effects` has them. What is doubtful says no more than who chose.
    """
    by_design = dict(zip(rows["design"], rows["relative"], strict=True))
    doubtful = set(rows.loc[rows["doubtful"], "design"])
    known = {
        name: percent_of(at_99(by_design[name]))
        for name in PROGRAMME_DESIGNS
        if isinstance(by_design.get(name), Estimate)
    }
    if not known:
        none: MaybeEstimate = by_design.get("raw", NotEstimable("nothing_counted"))
        return none if isinstance(none, NotEstimable) else NotEstimable("nothing_counted")
    judged = list(known)[-1]
    design: Design = "followed" if judged in doubtful else PROGRAMME_DESIGNS[judged]
    return Figure(readings=known, design=design)


def repeats_of_members(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent more of the members order in the next period: raw."""
    rows = _members(edition)
    if isinstance(rows, NotEstimable):
        return rows
    rows = rows.assign(came=(rows["next_orders"] > 0).astype(int))
    found = _more(*_in_and_out(rows), "came", edition.smallest)
    if isinstance(found, NotEstimable):
        return found
    return Figure(readings={"raw": found.own}, design="followed")


def price_of_loyal(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent the loyal pay more for the same product in the same month."""
    found = prices.price_difference(edition)
    if isinstance(found, NotEstimable):
        return found
    return Figure.of(percent_of(at_99(found)), "followed")


def return_after_handling(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points more come back after a complaint handled, history held alike."""
    found = complaint_handling(edition)
    if isinstance(found, NotEstimable):
        return found
    return Figure.of(as_points(at_99(found.difference)), "adjusted")


def orders_of_loyal_referrals(edition: Edition) -> Figure | NotEstimable:
    """Return by how many points more order of those whom loyal customers refer than of others."""
    found = referral_conversion(edition)
    if isinstance(found, NotEstimable):
        return found
    return Figure.of(as_points(at_99(found.difference)), "followed")


def margin_of_referred(edition: Edition) -> Figure | NotEstimable:
    """Return by how many percent the referred bring more in their first year than other new."""
    if not edition.has("newcomer_months"):
        return NotEstimable("margin_not_own")
    return margin_of_referred_of(edition.table("newcomer_months"), edition.smallest)


def margin_of_referred_of(months: pd.DataFrame, smallest: int = 0) -> Figure | NotEstimable:
    """Return the gap of mean margins (delta method on the logarithm).

    Parameters
    ----------
    months : channel, months, customers, margin, squares, as `newcomer_months`.
    """
    if REFERRAL not in set(months["channel"]):
        return NotEstimable("needs_table", table="customers.acquisition_channel")
    year = months[months["months"] == PAYBACK_MONTHS]
    is_referred = year["channel"] == REFERRAL
    sides = [_mean(year[is_referred], smallest), _mean(year[~is_referred], smallest)]
    for side in sides:
        if isinstance(side, NotEstimable):
            return side
    apart = times([side for side in sides if isinstance(side, tuple)])
    return Figure.of(percent_of(at_99(apart), less=1), "followed")


def value_by_channel(edition: Edition) -> Figure | NotEstimable:
    """Return the p-value of the test that newcomers of all channels bring alike in a year."""
    if not edition.has("newcomer_months"):
        return NotEstimable("margin_not_own")
    return value_by_channel_of(edition.table("newcomer_months"), edition.smallest)


def value_by_channel_of(months: pd.DataFrame, smallest: int = 0) -> Figure | NotEstimable:
    """Return Cochran's test of equal means over channels (as `margin_of_referred_of` reads)."""
    year = months[(months["months"] == PAYBACK_MONTHS) & (months["channel"] != "")]
    means = [_mean(rows, smallest) for _, rows in year.groupby("channel")]
    known = [one for one in means if isinstance(one, tuple)]
    if len(known) < 2:
        return NotEstimable("only_one_group")
    values, variances = (np.array([one[place] for one in known]) for place in (0, 1))
    q = float(cochran_q(values, variances))
    return p_figure(float(scipy.stats.chi2.sf(q, len(known) - 1)), sum(one[2] for one in known))


def _mean(rows: pd.DataFrame, smallest: int) -> tuple[float, float, int] | NotEstimable:
    """Return mean margin a newcomer, the variance of that mean, and how many they are."""
    n, margin, squares = (float(rows[name].sum()) for name in ("customers", "margin", "squares"))
    if n < max(smallest, FEWEST_NEW) or margin <= 0:
        return NotEstimable("too_few_customers", n=int(n), needed=max(smallest, FEWEST_NEW))
    mean = margin / n
    return mean, max(squares / n - mean**2, 0.0) / (n - 1), int(n)


def times(sides: list[tuple[float, float, int]]) -> Estimate:
    """Return the first mean as so many times the second; each side is mean, variance, n."""
    (value, variance, n), (other, of_other, m) = sides
    error = float(np.sqrt(variance / value**2 + of_other / other**2))
    ratio, factor = value / other, float(np.exp(scipy.stats.norm.ppf(0.975) * error))
    return Estimate(value=ratio, low=ratio / factor, high=ratio * factor, n=n + m, unit="ratio",
                    method="delta method on the logarithm")  # fmt: skip


def _snapshots(edition: Edition) -> pd.DataFrame | NotEstimable:
    """Return customers at earlier ends of periods whose next period is known."""
    if not edition.has("customers"):
        return NotEstimable("needs_table", table="orders")
    return edition.table("customers").reset_index(drop=True)


def _members(edition: Edition) -> pd.DataFrame | NotEstimable:
    if "memberships" not in edition.company.tables:
        return NotEstimable("needs_table", table="memberships")
    return _snapshots(edition)


def _in_and_out(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return rows[rows["member"] == 1], rows[rows["member"] != 1]


def _loyal_and_new(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return rows[rows["repeats"] >= REPEATS_OF_LOYAL], rows[rows["repeats"] == 0]


def _money(rows: pd.DataFrame) -> str:
    return "next_margin" if "next_margin" in rows else "next_revenue"


def _few(first: pd.DataFrame, second: pd.DataFrame, smallest: int) -> NotEstimable | None:
    fewest = min(int(one["cluster"].nunique()) for one in (first, second))
    if fewest < max(smallest, FEWEST_NEW):
        return NotEstimable("too_few_customers", n=fewest, needed=max(smallest, FEWEST_NEW))
    return None


def _more(
    first: pd.DataFrame, second: pd.DataFrame, column: str, smallest: int
) -> Figure | NotEstimable:
    """Return by how many percent a column's mean a customer and period is higher.

    Parameters
    ----------
    first, second : one row a customer and end of a period; read cluster and the column, where NaN
        (of the last end) is left out.
    """
    if column not in first:
        return NotEstimable("no_such_column", column="revenue")
    sides = [rows.dropna(subset=[column]).assign(n=1) for rows in (first, second)]
    if few := _few(sides[0], sides[1], smallest):
        return few
    found: list[tuple[float, float, int]] = []
    for rows in sides:
        linear = linearise(rows, column, "n")
        if not isinstance(linear, Linearised) or linear.value <= 0:
            return NotEstimable("nothing_counted", n=len(rows))
        found.append((linear.value, linear.variance, linear.n))
    own: MaybeEstimate = percent_of(at_99(times(found)), less=1)
    return Figure.of(own, "followed")
