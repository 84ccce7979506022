"""Texts of customers that a person has released: read from the firm's own folder, never written.

`<company>/lists/<period>/verbatims.csv` holds what `report --lists` proposed. Whoever answers for
it reads a row, mends its text and writes `yes` under `released`; such rows are shown, no others.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.panel.edition import Edition

FOLDER, FILE = "lists", "verbatims.csv"
COLUMNS = ("released", "topic", "rule", "group", "text")
YES = {"yes", "y", "x", "1", "true", "是", "ja"}
MOST_OF_A_TOPIC = 3


def place_of(edition: Edition) -> Path:
    """Return where an edition's texts for release lie."""
    return edition.company.folder / FOLDER / str(edition.period) / FILE


def released(edition: Edition) -> pd.DataFrame:
    """Return the texts that may be shown, three a topic at most: topic, group, text.

    None where company.yml says `privacy: {verbatims: none}`, or nobody released any.
    """
    path, nothing = place_of(edition), pd.DataFrame(columns=["topic", "group", "text"])
    if edition.company.privacy.verbatims == "none" or not path.is_file():
        return nothing
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    missing = [name for name in ("released", "topic", "text") if rows and name not in rows[0]]
    if missing:
        raise ParameterError(
            f"{FOLDER}/{edition.period}/{FILE} has no column '{missing[0]}'. Keep its columns "
            f"{', '.join(COLUMNS)}, or delete it and run: profitchain report --lists."
        )
    shown = [row for row in rows if str(row["released"]).strip().lower() in YES and row["text"]]
    frame = pd.DataFrame(shown, columns=["topic", "group", "text"]) if shown else nothing
    return frame.groupby("topic", sort=False).head(MOST_OF_A_TOPIC).reset_index(drop=True)
