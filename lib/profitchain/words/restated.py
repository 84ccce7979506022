"""The words on published numbers that would be stated otherwise today: which, how much, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from profitchain.core.estimates import Estimate
from profitchain.core.formats import digits, in_brackets, interval, number, period_short
from profitchain.core.i18n import _, ngettext
from profitchain.core.periods import Period
from profitchain.panel.edition import Edition
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation

MOST_ROWS = 20
REASONS = words_of("restated", "reasons")


def restated(rows: pd.DataFrame, *, edition: Edition) -> Presentation:
    """Return what was published, what it would be today and why; the largest differences alone.

    Parameters
    ----------
    rows : as `pages.restatements.restatements` returns them.
    """
    shown = pd.DataFrame(
        [_row(row) for row in rows.head(MOST_ROWS).to_dict("records")],
        columns=[
            "period",
            "measure",
            "published",
            "now",
            "difference",
            "interval widths",
            "reason",
        ],
    )
    values = {
        "count": digits(len(rows), 0),
        "smallest": digits(edition.smallest, 0),
        "empty": _("No published number would be stated otherwise today."),
    }
    return Presentation(shown, "some" if len(rows) else "none", values)


def caution(rows: pd.DataFrame) -> str:
    """Return a warning of those that lie outside of their published interval; "" without one."""
    count = int(rows["leaves"].astype(bool).sum())
    return ngettext(
        "{n} published number would lie outside of its interval today: see “What came in”.",
        "{n} published numbers would lie outside of their intervals today: see “What came in”.",
        count,
    ) if count else ""  # fmt: skip


def _row(row: Mapping[str, Any]) -> dict[str, object]:
    unit, n = str(row["unit"]), 0
    published, now, difference = (
        Estimate(value=value, low=low, high=high, n=n, unit=unit)
        for value, low, high in (
            (row["published"], row["low"], row["high"]),
            (row["now"], row["now"], row["now"]),
            (row["difference"], row["difference"], row["difference"]),
        )
    )
    figure, ends = number(published), interval(published, bare=True)
    return {
        "period": period_short(Period(str(row["period"]))),
        "measure": row["label"],
        "published": figure if published.low == published.high else in_brackets(figure, ends),
        "now": number(now),
        "difference": number(difference, difference=True),
        "interval widths": row["widths"],
        "reason": _(REASONS[str(row["reason"])]),
    }
