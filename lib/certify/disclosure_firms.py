"""Small invented firms for an attack on what they publish: many of their groups are tiny."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

FIRST, DAYS = pd.Timestamp("2024-01-01"), 731  # two years to the end of 2025
ORDERS_AN_ANSWER = 2


def write_firm(
    folder: Path, answers: int, seed: int, *, groups: Mapping[str, int], smallest: int
) -> None:
    """Write a firm's tables: so many answers a year, customers of a few uneven groups.

    Parameters
    ----------
    groups : how many each segment has.
    smallest : the customers of a group that may be shown.
    """
    rng = np.random.default_rng(seed)
    n, many = 2 * answers, 2 * answers
    customers = pd.DataFrame({"customer_id": [f"C{k:04}" for k in range(many)]})
    for segment, count in groups.items():
        drawn = rng.choice(count, many, p=rng.dirichlet(np.ones(count)))
        customers[segment] = [f"{segment} {group}" for group in drawn]
    size = ORDERS_AN_ANSWER * n
    orders = pd.DataFrame({
        "order_id": [f"O{k:05}" for k in range(size)],
        "customer_id": customers["customer_id"].to_numpy()[rng.integers(0, many, size)],
        "ordered_at": (FIRST + pd.to_timedelta(np.sort(rng.integers(0, DAYS, size)), "D")),
        "revenue": rng.integers(500, 20_000, size) / 100,
    })  # fmt: skip
    answered = orders[rng.random(size) < 1 / ORDERS_AN_ANSWER]
    responses = answered[["customer_id", "ordered_at"]].rename(
        columns={"ordered_at": "responded_at"}
    )
    responses.insert(0, "response_id", [f"R{k:05}" for k in range(len(responses))])
    responses["nps"] = rng.integers(0, 11, len(responses))
    folder.mkdir(parents=True)
    tables = {"customers": customers, "orders": orders, "responses": responses}
    for name, rows in tables.items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    told = {
        "name": f"Firm of {answers}", "currency": "EUR", "report_every": "quarter",
        "tables": {name: {"file": f"{name}.csv"} for name in tables},
        "questions": {"nps": {"kind": "nps"}}, "main_question": "nps",
        "segments": list(groups), "repeat_within_days": 30, "gross_margin": 0.4,
        "privacy": {"smallest_group": smallest},
    }  # fmt: skip
    (folder / "company.yml").write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")


def erase(folder: Path, customers: list[str]) -> None:
    """Remove customers from all tables of a firm, as if they had never been."""
    for path in folder.glob("*.csv"):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        rows[~rows["customer_id"].isin(customers)].to_csv(path, index=False)
