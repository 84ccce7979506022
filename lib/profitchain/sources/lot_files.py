"""Tests by lot that a firm keeps beside its tables: who was drawn for what, and from when on.

`tests/NAME.csv` has one row a customer (customer_id, arm: treated or held, stratum, and if the firm
adds it `reached`: 1 or 0), `tests/NAME.yml` the design. `profitchain new-test` writes both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "tests"
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
