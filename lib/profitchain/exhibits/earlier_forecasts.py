"""What editions of earlier periods predicted, as they recorded it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from profitchain.core.periods import Period
from profitchain.disclosure.ledger import shelf
from profitchain.exhibits import findings
from profitchain.exhibits.findings_history import whole_editions
from profitchain.panel.edition import Edition


def earlier_findings(edition: Edition) -> list[Path]:
    """Return the records of the editions of earlier periods as long, the earliest first.

    Of those on the shelf that a report is made for, by default the project's.
    """
    editions = whole_editions(shelf() / edition.company.slug)
    made = {folder: Period(folder.name) for folder in editions}
    return [
        folder / "findings.json"
        for folder, period in made.items()
        if period.every == edition.period.every and period.first_day < edition.period.first_day
    ]


def earlier_forecasts(edition: Edition, id: str) -> pd.DataFrame:
    """Return what editions of earlier periods recorded of the period after theirs.

    One row a period predicted, the earliest first: period, value, low, high (95%).
    """
    rows = []
    for file in earlier_findings(edition):
        made = Period(file.parent.name)
        found = findings.findings_in(file.parent, made).findings
        of_next = (found["id"] == id) & (found["group"] == str(made.shift(1)))
        rows.append(found.loc[of_next, ["group", "value", "low", "high"]])
    empty = pd.DataFrame(columns=["group", "value", "low", "high"])
    both = pd.concat(rows, ignore_index=True) if rows else empty
    return both.rename(columns={"group": "period"})
