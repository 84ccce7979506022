"""Whether customers whose complaint was handled in time come back more than those left.

A complaint is settled some days after it was made, and both sides are followed from that day, so
that nobody counts as handled for having stayed. They are compared within strata of like history
(the last score and the orders before), each stratum by how much it tells (Angrist and Pischke 2009,
Mostly Harmless Econometrics, 3.3.1). Scores rise again after any bad experience, handled or not
(regression to the mean): only by how much more they rise among the handled goes with handling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from profitchain.benefits.offers import rows_by_group
from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, with_n
from profitchain.panel.edition import Edition
from profitchain.sources.settings import Question
from profitchain.stats.clusters import totals
from profitchain.stats.ratios import ratio

HANDLED, LEFT = "handled", "left"
NO_SCORE = "no score"
FEWEST = 20  # complaints on either side
FEWEST_SCORED = 10
STRATA = ("group", "prior")
METHOD = "difference within strata of like history, clustered by customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintHandling:
    """What followed complaints handled in time, and those left.

    `rates` are the shares whose customers ordered again, `difference` that of the two within
    strata of like history; `rises` by how many points the next score lay above the one before,
    `rise_difference` the same within strata. `n` complaints of either side.
    """

    rates: Mapping[str, MaybeEstimate]
    difference: MaybeEstimate
    rises: Mapping[str, MaybeEstimate]
    rise_difference: MaybeEstimate
    n: Mapping[str, int]


def complaint_handling(edition: Edition) -> ComplaintHandling | NotEstimable:
    """Return what followed complaints handled within three days, and those left, or why not."""
    if "contacts" not in edition.company.tables:
        return NotEstimable("needs_table", table="contacts")
    if not edition.has("handling_cells"):
        columns = set(edition.table("complaint_cells")) if edition.has("complaint_cells") else set()
        lacking = "closed_at" if "complaints" in columns else "is_complaint"
        return NotEstimable("no_such_column", column=lacking)
    return handling_of(
        edition.table("handling_cells"), edition.company.main, smallest=edition.smallest
    )


def handling_of(
    cells: pd.DataFrame, question: Question | None, *, smallest: int = 0
) -> ComplaintHandling:
    """Return the comparison of complaints handled and left.

    Parameters
    ----------
    cells : one row a handling, score, prior and cluster
        Reads handled (bool), score (NaN: none before), prior (orders), cluster, n, came, both,
        before and after (sums of the scores of `both`).
    question : the score's; None where none is asked.
    smallest : fewer customers on a side, and nothing is said (privacy).
    """
    cells = with_group(cells, question).assign(rise=lambda t: t["after"] - t["before"])
    sides = {HANDLED: cells[cells["handled"]], LEFT: cells[~cells["handled"].astype(bool)]}
    n = {name: int(rows["n"].sum()) for name, rows in sides.items()}
    share = {"numerator": "came", "denominator": "n", "unit": "share", "bounds": (0.0, 1.0)}
    rise = {"numerator": "rise", "denominator": "both", "unit": "score"}
    return ComplaintHandling(
        rates={name: _enough(rows, "n", smallest) or ratio(rows, **share, smallest=smallest)
               for name, rows in sides.items()},
        difference=difference_within(cells, outcome="came", many="n", smallest=smallest),
        rises={name: _enough(rows, "both", smallest) or ratio(rows, **rise, smallest=smallest)
               for name, rows in sides.items()},
        rise_difference=difference_within(cells, outcome="rise", many="both", smallest=smallest),
        n=n,
    )  # fmt: skip


def with_group(cells: pd.DataFrame, question: Question | None) -> pd.DataFrame:
    """Return cells with `group`: that of the score before; `NO_SCORE` where there is none."""
    groups = pd.Series(NO_SCORE, index=cells.index)
    scored = cells.dropna(subset=["score"])
    if question is not None and len(scored):
        for name, rows in rows_by_group(scored, question).items():
            groups[rows.index] = name
    return cells.assign(group=groups)


def difference_within(
    cells: pd.DataFrame,
    *,
    outcome: str,
    many: str,
    strata: Sequence[str] = STRATA,
    smallest: int = 0,
) -> MaybeEstimate:
    """Return by how much the mean outcome of the handled differs from that of the left.

    Strata with one side alone tell nothing of it and don't count, in `n` neither.

    Parameters
    ----------
    cells : handled, cluster, the strata, sums of the outcome and how many they are of.
    """
    rows = cells[cells[many] > 0].assign(handled=lambda t: t["handled"].astype(float))
    rows = rows.assign(treated=rows["handled"] * rows[many])
    sums = rows.groupby(list(strata))[[many, "treated", outcome]].transform("sum")
    mixed = (sums["treated"] > 0) & (sums["treated"] < sums[many])
    rows, sums = rows[mixed], sums[mixed]
    sides = (rows[rows["handled"] > 0], rows[rows["handled"] == 0])
    if why := _enough(sides[0], many, smallest) or _enough(sides[1], many, smallest):
        return why
    n, y = rows[many].to_numpy(float), rows[outcome].to_numpy(float)
    above = rows["handled"].to_numpy() - (sums["treated"] / sums[many]).to_numpy()
    spread = float(n @ above**2)
    value = float(above @ y) / spread
    left = y - n * ((sums[outcome] / sums[many]).to_numpy() + value * above)
    parts = totals(rows.assign(part=above * left / spread), ["part"])["part"]
    count, terms = len(parts), 1 + len(rows.groupby(list(strata)))
    factor = count / max(count - terms, 1)
    half = float(scipy.stats.t.ppf(0.975, max(count - terms, 1)) * np.sqrt(factor * parts @ parts))
    unit = "share" if outcome == "came" else "score"
    estimate = Estimate(value=value, low=value - half, high=value + half, n=1, unit=unit,
                        method=METHOD)  # fmt: skip
    return with_n(estimate, int(n.sum()))


def first_contact_resolution(edition: Edition) -> MaybeEstimate:
    """Return the share of contacts not followed by another on the topic within a fortnight.

    Of the same customer; contacts of the period's last fortnight are left out: they are open still.
    """
    if not edition.has("contact_repeats"):
        return NotEstimable("needs_table", table="contacts")
    cells = edition.table("contact_repeats")
    cells = cells.assign(resolved=cells["contacts"] - cells["again"])
    return ratio(cells, numerator="resolved", denominator="contacts", unit="share",
                 bounds=(0.0, 1.0), smallest=edition.smallest)  # fmt: skip


def _enough(rows: pd.DataFrame, many: str, smallest: int) -> NotEstimable | None:
    """Return why one side tells too little, if it does."""
    n = int(rows[many].sum())
    needed = max(FEWEST if many == "n" else FEWEST_SCORED, smallest)
    return NotEstimable("too_few_complaints", n=n, needed=needed) if n < needed else None
