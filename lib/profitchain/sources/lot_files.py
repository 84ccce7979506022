"""Lots that a firm keeps beside its tables: who was drawn for what, and from when on.

`tests/NAME.csv` has one row a customer (customer_id, arm: treated or held, stratum, and if the firm
adds it `reached`: 1 or 0), `tests/NAME.yml` the design. `profitchain new-test` writes both.
`lists/left_alone.csv` remembers whom each list of unhappy customers left alone; `report --lists`
writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profitchain.core.errors import CompanyError, ProfitchainError
from profitchain.core.periods import Period

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "tests"
LISTS, LEFT_ALONE = "lists", "left_alone.csv"
OF_LISTS = ("period", "customer_id", "left_alone")
_MADE_SAFE = r"^'(?=[=+\-@\t\r\n])"  # what was written lest a spreadsheet take an id for a formula
CALL_DAYS = 90  # from the day after a list's period on, in which an order counts
TREATED, HELD = "treated", "held"
COLUMNS = ("customer_id", "arm", "stratum", "reached")
_REACHED = {"1": 1, "true": 1, "yes": 1, "0": 0, "false": 0, "no": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFile:
    """An assignment by lot: `rows` has customer_id, arm, stratum, reached (NULL: not said).

    `fault` says why it can't be used ("": it can): a key of `words.reasons`.
    """

    name: str
    action: str
    starts_on: date
    days: int
    share: float
    rows: pd.DataFrame
    fault: str = ""

    @property
    def span(self) -> tuple[date, date, date]:
        """The first day of as long before, the first day, and the first day after the test."""
        length = timedelta(days=self.days)
        return self.starts_on - length, self.starts_on, self.starts_on + length


def lot_files(folder: Path, until: date) -> list[LotFile]:
    """Return a firm's tests that began by a day, by their names.

    Parameters
    ----------
    folder : the firm's.
    until : the period's last day; who looks at an earlier period knows of no later test.
    """
    designs = sorted((folder / FOLDER).glob("*.yml"))
    tests = [_read(design) for design in designs]
    return [test for test in tests if test.starts_on <= until]


def lot_hashes(folder: Path) -> list[str]:
    """Return name and content hash of every file of a firm's tests."""
    paths = [
        path for path in sorted((folder / FOLDER).glob("*")) if path.suffix in (".csv", ".yml")
    ]
    return [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths]


def drawn_lists(folder: Path) -> pd.DataFrame:
    """Return whom a firm's lists named: period, customer_id, left_alone (yes, no), as written.

    Raises CompanyError where the file can't be read.
    """
    import pandas as pd

    path = folder / LISTS / LEFT_ALONE
    if not path.exists():
        return pd.DataFrame(columns=list(OF_LISTS), dtype=str)
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)[list(OF_LISTS)]
        periods = {name: Period(name) for name in rows["period"].unique()}
    except (OSError, UnicodeDecodeError, ValueError, LookupError, ProfitchainError) as why:
        raise CompanyError(
            f"{LISTS}/{LEFT_ALONE}, which remembers whom the lot left alone, can't be read "
            f"({why}). Put back the file that `report --lists` wrote, or remove it to begin anew."
        ) from why
    rows["customer_id"] = rows["customer_id"].str.replace(_MADE_SAFE, "", regex=True)
    ends = rows["period"].map({name: period.last_day for name, period in periods.items()})
    return rows.loc[ends.sort_values(kind="stable").index].reset_index(drop=True)


def closed_lists(folder: Path, until: date) -> pd.DataFrame:
    """Return the customers of lists whose days are over by a day, each as drawn first.

    Returns
    -------
    One row a customer: customer_id, starts_on (a date), left_alone (1 or 0).
    """
    rows = drawn_lists(folder)
    days = [Period(name).shift(1).first_day for name in rows["period"]]
    rows = rows.assign(starts_on=days, left_alone=(rows["left_alone"] == "yes").astype(int))
    is_over = [day + timedelta(days=CALL_DAYS - 1) <= until for day in days]
    rows = rows.loc[is_over].drop_duplicates("customer_id")
    return rows[["customer_id", "starts_on", "left_alone"]].reset_index(drop=True)


def closed_hash(folder: Path, until: date) -> str:
    """Return a hash of what an edition reads of earlier lists; "" where there is none."""
    rows = closed_lists(folder, until)
    return hashlib.sha256(rows.to_csv().encode()).hexdigest() if len(rows) else ""


def _read(path: Path) -> LotFile:
    """Return one test; with its fault where a file is broken."""
    import yaml

    try:
        design = yaml.safe_load(path.read_text(encoding="utf-8"))
        parts = _parts(design if isinstance(design, dict) else {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError):
        nothing: dict[str, Any] = {
            "action": path.stem,
            "starts_on": date.min,
            "days": 1,
            "share": 0.5,
        }
        return LotFile(name=path.stem, **nothing, rows=_no_rows(), fault="lot_design_unreadable")
    rows, fault = _rows(path.with_suffix(".csv"))
    return LotFile(name=path.stem, **parts, rows=rows, fault=fault)


def _parts(design: Mapping[str, Any]) -> dict[str, Any]:
    starts_on, days, share = design["starts_on"], int(design["days"]), float(design["share"])
    if not isinstance(starts_on, date) or days < 1 or not 0 < share < 1:
        raise ValueError(design)
    return {"action": str(design["action"]), "starts_on": starts_on, "days": days, "share": share}


def _rows(path: Path) -> tuple[pd.DataFrame, str]:
    import pandas as pd

    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError):
        return _no_rows(), "lot_file_unreadable"
    if not {"customer_id", "arm"} <= set(rows.columns):
        return _no_rows(), "lot_file_unreadable"
    rows["customer_id"] = rows["customer_id"].str.strip()
    rows["arm"] = rows["arm"].str.strip().str.lower()
    if not set(rows["arm"]) <= {TREATED, HELD} or (rows["customer_id"] == "").any():
        return _no_rows(), "lot_file_unreadable"
    if rows["customer_id"].duplicated().any():
        return _no_rows(), "lot_customer_twice"
    if "stratum" not in rows:
        rows["stratum"] = ""
    reached = rows["reached"] if "reached" in rows else pd.Series("", index=rows.index)
    rows["reached"] = reached.str.strip().str.lower().map(_REACHED).astype("Int64")
    return rows[list(COLUMNS)], ""


def _no_rows() -> pd.DataFrame:
    import pandas as pd

    kinds = {"customer_id": str, "arm": str, "stratum": str, "reached": "Int64"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
