"""Whether our totals agree with the firm's own books, measure by measure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.core.periods import Period

if TYPE_CHECKING:
    from profitchain.panel.edition import Edition

MEASURES = ("revenue", "orders", "active_customers")
AGREES, DIFFERS = "agrees", "differs"
COLUMNS = ("measure", "ours", "books", "difference", "apart", "unit", "verdict")


def books_of(edition: Edition) -> pd.DataFrame | None:
    """Return the firm's control totals; None where it gives none."""
    return edition.table("control_totals") if edition.has("control_totals") else None


def compared(
    totals: Mapping[str, MaybeEstimate],
    books: pd.DataFrame | None,
    period: Period,
    *,
    tolerance: float,
) -> pd.DataFrame:
    """Return our totals of a period beside those of the books.

    Parameters
    ----------
    totals : by measure, counted in full.
    books : one row a period and measure
        Reads `period`, `measure`, `amount` (whole units); None where the firm gives none.
    tolerance : the share of the books' amount by which ours may differ.

    Returns
    -------
    One row a measure that the books name for this period: measure, ours, books, difference (ours
    less the books'), apart (its share of the books', NaN where they say 0), unit, verdict
    ("agrees", "differs").
    """
    if books is None:
        return pd.DataFrame(columns=COLUMNS)
    here = books[books["period"].astype(str) == str(period)].set_index("measure")["amount"]
    rows = [
        _row(name, totals[name], float(here[name]), tolerance)
        for name in MEASURES
        if name in here.index and isinstance(totals.get(name), Estimate)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def parted(found: pd.DataFrame) -> pd.DataFrame:
    """Return the measures that differ by more than the tolerance, the farthest first."""
    apart = found[found["verdict"] == DIFFERS]
    return apart.sort_values("apart", key=lambda share: -share.abs(), na_position="first")


def _row(name: str, ours: Estimate, books: float, tolerance: float) -> dict[str, object]:
    difference = round(ours.value - books, 2)
    apart = difference / abs(books) if books else float("nan")
    within = abs(difference) <= tolerance * abs(books) + 1e-9
    verdict = AGREES if within else DIFFERS
    values = (name, ours.value, books, difference, apart, ours.unit, verdict)
    return dict(zip(COLUMNS, values, strict=True))
