"""Invented answers with drivers whose truth is known; one row an answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

import profitchain as pc
from profitchain.drivers.moments import Driver

WEIGHTS = (0.85, 0.70, 0.50, 0.30)
NAMES = ("quality", "delivery", "service", "price")
DRIVERS = tuple(Driver(name=name, column=name) for name in NAMES)


def answered(
    rng: np.random.Generator,
    n: int = 600,
    *,
    rho: float = 0.45,
    weights: tuple[float, ...] = WEIGHTS,
    centre: float = 8.2,
    skipped: float = 0.0,
    halo: float = 0.0,
    noise: float = 1.4,
) -> pd.DataFrame:
    """Return answers, two a customer who answers alike: score 0 to 10, drivers 1 to 5.

    Parameters
    ----------
    rho : correlation of each two drivers; `centre`: the score's middle (8.2: four in ten say 10).
    halo : how much a mood, which is no driver's, moves the score beside; drivers show it by `rho`.
    skipped : share of each driver's answers that are missing.
    """
    who = np.repeat(np.arange(n // 2), 2)

    def alike(*shape: int) -> np.ndarray:
        own, new = rng.standard_normal((n // 2, *shape)), rng.standard_normal((n, *shape))
        return np.sqrt(0.4) * own[who] + np.sqrt(0.6) * new

    mood, parts = alike(1), alike(len(weights))
    felt = np.sqrt(rho) * mood + np.sqrt(1 - rho) * parts
    latent = centre + felt @ np.array(weights) + halo * mood[:, 0] + noise * alike()
    columns = np.clip(np.rint(3.8 + 0.9 * felt), 1, 5)
    columns[rng.random(columns.shape) < skipped] = np.nan
    names = [f"driver{place}" for place in range(len(weights))]
    names = list(NAMES) if len(weights) == len(NAMES) else names
    frame = pd.DataFrame(columns, columns=names)
    return frame.assign(score=np.clip(np.rint(latent), 0, 10), cluster=who, n=1)


def cells_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows put together where they are alike."""
    keys = [name for name in rows if name != "n"]
    return rows.groupby(keys, dropna=False)["n"].sum().reset_index()


def firm(folder: Path, rows: pd.DataFrame, **settings: object) -> pc.Edition:
    """Return the edition of a firm that has these answers and nothing else."""
    days = pd.date_range("2026-01-01", "2026-09-30", periods=len(rows))
    rows = rows.assign(response_id=range(len(rows)), responded_at=days.strftime("%Y-%m-%d"))
    rows = rows.rename(columns={"cluster": "customer_id", "score": "nps"}).drop(columns="n")
    rows.to_csv(folder / "responses.csv", index=False)
    questions = {"nps": {"kind": "nps"}} | {name: {"kind": "driver"} for name in NAMES}
    questions |= settings.pop("questions", {})
    tables = {"responses": {"file": "responses.csv"}}
    company = {"name": "Firm", "currency": "EUR", "tables": tables, "questions": questions}
    company |= {"main_question": "nps", "controls": [], **settings}
    (folder / "company.yml").write_text(json.dumps(company), encoding="utf-8")
    return pc.open_edition(folder, "2026Q3")
