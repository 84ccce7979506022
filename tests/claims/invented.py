"""Editions of plain frames, whose truth is planted: what an estimand reads, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from profitchain.sources.settings import Question

NPS = Question(name="nps", column="nps", kind="nps", scale=(0.0, 10.0), label="Would recommend")
WORST, BEST = np.arange(0, 7), np.array([9, 10])


def edition_of(
    tables: Mapping[str, pd.DataFrame],
    *,
    given: tuple[str, ...] = (),
    main: Question | None = NPS,
    controls: tuple[str, ...] = (),
    drivers: tuple[str, ...] = (),
) -> SimpleNamespace:
    """Return what passes for an edition: summaries by name, and what a company says."""
    questions = {name: Question(name=name, kind="driver", scale=(1.0, 5.0)) for name in drivers}
    company = SimpleNamespace(
        main=main, controls=controls, currency="EUR", discount_rate=0.1, folder=Path("/nowhere"),
        tables=dict.fromkeys(given), drivers=(), questions=questions,
        driving=list(questions.values()), driving_columns=[],
    )  # fmt: skip
    return SimpleNamespace(
        company=company, smallest=10, stands_for=1.0, assumed_margin=None, has=tables.__contains__,
        table=lambda name: tables[name].copy(),
    )  # fmt: skip


def people(draw: np.random.Generator, many: int, each: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return customers, some rows each, and how eager each one is: that moves all their rows."""
    who = np.repeat(np.arange(many), each)
    return who, draw.gamma(4, 0.25, many)[who]


def scores(draw: np.random.Generator, rows: int) -> np.ndarray:
    """Return scores of the worst and best groups, half each."""
    best = draw.random(rows) < 0.5
    return np.where(best, draw.choice(BEST, rows), draw.choice(WORST, rows)).astype(float)


def complaint_cells(draw: np.random.Generator, gap: float) -> pd.DataFrame:
    """Return orders and complaints by score: the best complain less by a gap (a share)."""
    who, eager = people(draw, 3_000, 1)
    score = scores(draw, len(who))
    factor = np.where(score >= 9, 1 - gap, 1.0)
    orders = draw.integers(1, 4, len(who))
    complaints = draw.poisson(0.15 * eager * factor * orders)
    return pd.DataFrame({"cluster": who, "score": score, "orders": orders, "contacts": complaints,
                         "complaints": complaints})  # fmt: skip


def snapshots(draw: np.random.Generator, gap: float, *, by: str, many: int = 4_000) -> pd.DataFrame:
    """Return customers at ends of periods; the loyal, or the best scores, bring more by a gap."""
    who, eager = people(draw, many)
    repeats = np.where(draw.random(many) < 0.5, 0, 3)[who]
    score = scores(draw, len(who))
    better = score >= 9 if by == "score" else repeats >= 2
    margin = draw.gamma(9, 2, len(who)) * np.sqrt(eager) * np.where(better, 1 + gap, 1.0)
    came = draw.random(len(who)) < 0.9
    return pd.DataFrame({
        "row": who, "back": np.tile([1, 2], many), "cluster": who, "repeats": repeats,
        "score": score, "next_margin": np.where(came, margin, 0.0),
    })  # fmt: skip


def newcomer_months(draw: np.random.Generator, gaps: Mapping[str, float]) -> pd.DataFrame:
    """Return newcomers' margin of a year by channel; each channel brings more by its gap."""
    rows = []
    for channel, gap in gaps.items():
        n = 40_000
        total = draw.gamma(1.2 * n, 30 * (1 + gap))  # the sum of n gammas of shape 1.2
        squares = n * 1.2 * 2.2 * (30 * (1 + gap)) ** 2
        rows.append((channel, n, 12, n, total, squares))
    names = ["channel", "new", "months", "customers", "margin", "squares"]
    return pd.DataFrame(rows, columns=names)


def cost_tables(
    draw: np.random.Generator, ratio: float, referred: float = 1.0
) -> dict[str, pd.DataFrame]:
    """Return costs and customers: winning costs `ratio` times keeping, referring part of it."""
    won, sent, kept = (int(draw.poisson(mean)) for mean in (2_000, 400, 3_000))
    costs = pd.DataFrame({
        "purpose": ["acquisition", "referral", "retention"], "channel": ["search", "", ""],
        "amount": [10 * ratio * 2_000.0, 10 * ratio * referred * 400.0, 10 * 3_000.0],
    })  # fmt: skip
    cells = pd.DataFrame({"came": ["won", "referred", "kept"], "customers": [won, sent, kept],
                          "revenue": [9e4, 9e4, 9e4], "cluster": [1, 2, 3]})  # fmt: skip
    months = pd.DataFrame({"channel": ["search", "referral"], "new": [won, sent], "months": 12})
    return {"channel_costs": costs, "growth_cells": cells, "newcomer_months": months}
