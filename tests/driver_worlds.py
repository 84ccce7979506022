"""Invented answers with drivers whose truth is known, as cells and as a firm."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

import profitchain as pc
from certify.driver_answers import DRIVERS, NAMES, answered

__all__ = ["DRIVERS", "NAMES", "answered", "cells_of", "firm"]


def cells_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows put together where they are alike."""
    keys = [name for name in rows if name != "n"]
    return rows.groupby(keys, dropna=False)["n"].sum().reset_index()


def firm(folder: Path, rows: pd.DataFrame, **settings: object) -> pc.Edition:
    """Return the edition of a firm that has these answers and nothing else."""
    days = pd.date_range("2026-01-01", "2026-09-30", periods=len(rows))
    rows = rows.assign(response_id=range(len(rows)), responded_at=days.strftime("%Y-%m-%d"))
    rows = rows.rename(columns={"cluster": "customer_id", "score": "nps"}).drop(columns="n")
    folder.mkdir(exist_ok=True)
    rows.to_csv(folder / "responses.csv", index=False)
    questions = {"nps": {"kind": "nps"}} | {name: {"kind": "driver"} for name in NAMES}
    questions |= settings.pop("questions", {})
    tables = {"responses": {"file": "responses.csv"}}
    company = {"name": "Firm", "currency": "EUR", "tables": tables, "questions": questions}
    company |= {"main_question": "nps", "controls": [], **settings}
    (folder / "company.yml").write_text(json.dumps(company), encoding="utf-8")
    return pc.open_edition(folder, "2026Q3")
