"""Invented firms with an event that touched some regions, and shocks that hit a region's months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate
from profitchain.effects.event_answers import Shock, latest_event
from profitchain.evidence.event_study import event_effect

MONTHS, HAPPENED = 24, 12  # the event stands at the beginning of the second year
START = pd.Timestamp("2024-01-01")
LASTING = 0.7  # of a region's shock, that is left a month later
DAY = pd.Timestamp("2025-01-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFirm:
    """How many regions, of which touched; what the event moved, and what a point does.

    `shock` : standard deviation of a region's share that returns, from month to month; scores have
    ten times as much. `before` : by how much a month the touched drift before and after.
    """

    regions: int = 12
    touched: int = 6
    answers: int = 6000
    moved: float = -1.5
    effect: float = 0.0
    shock: float = 0.03
    before: float = 0.0


FIRMS = (
    *(EventFirm(regions=regions, touched=touched, shock=shock)
      for regions, touched in ((8, 4), (16, 8), (50, 25), (50, 4)) for shock in (0.03, 0.05)),
    *(EventFirm(regions=regions, touched=touched, effect=effect)
      for regions, touched in ((8, 4), (16, 8), (50, 25)) for effect in (0.034, 0.068)),
)  # fmt: skip


def event_firm(firm: EventFirm, rng: np.random.Generator) -> pd.DataFrame:
    """Return answers of two years, of customers with a hidden habit that moves both.

    Columns: answered_on, region, score, repeat, cluster. Regions differ anyhow, and every month has
    its own level. The share that returns is straight in the score.
    """
    answers = firm.answers
    who = rng.integers(0, answers // 2, answers)
    hidden = rng.standard_normal(answers // 2)[who]
    region = who % firm.regions
    day = rng.integers(0, 731, answers)
    month = np.minimum((day // 30.4375).astype(int), MONTHS - 1)
    after = day >= (DAY - START).days
    touched = region < firm.touched
    level = 0.03 * np.sin(month)
    own = 0.04 * rng.standard_normal(firm.regions)[region]
    moved = firm.moved * (touched & after)
    score = 6.5 + 0.8 * hidden + 10 * (level + own + _shocks(firm, rng)[region, month])
    score = np.round(score + moved + 1.5 * rng.standard_normal(answers))
    share = 0.45 + firm.effect * (score - 6.5) + level + 0.05 * hidden + own
    share = share + _shocks(firm, rng)[region, month] + firm.before * touched * (month - HAPPENED)
    return pd.DataFrame(
        {
            "answered_on": START + pd.to_timedelta(day, unit="D"),
            "region": np.char.add("region ", (region + 1).astype(str)),
            "score": score,
            "repeat": (rng.random(answers) < np.clip(share, 0, 1)).astype(int),
            "cluster": who,
        }
    )


def event_of(firm: EventFirm) -> pd.DataFrame:
    """Return the event that touched them, one row a region."""
    names = [f"region {place + 1}" for place in range(firm.touched)]
    return pd.DataFrame({"event": "new carrier", "happened_on": DAY, "region": names})


def certify_events(firms: int, kinds: tuple[EventFirm, ...] = FIRMS) -> pd.DataFrame:
    """Return how often a valid event is clear: false alarms where a point does nothing, else power.

    Returns
    -------
    One row a kind: regions, touched, shock, effect, firms, judged (share in which the design gave a
    number), clear (share in which it was clear of zero).
    """
    rows = []
    for kind in kinds:
        found = []
        for seed in range(firms):
            answers = event_firm(kind, np.random.default_rng([seed, kind.regions]))
            shock = latest_event(answers, event_of(kind))
            found.append(event_effect(shock) if isinstance(shock, Shock) else shock)
        numbers = [one for one in found if isinstance(one, Estimate)]
        rows.append(
            {
                "regions": kind.regions, "touched": kind.touched, "shock": kind.shock,
                "effect": kind.effect, "firms": firms, "judged": len(numbers) / firms,
                "clear": sum(not one.spans_zero for one in numbers) / firms,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _shocks(firm: EventFirm, rng: np.random.Generator) -> np.ndarray:
    """Return each region's shock of each month (regions x months)."""
    luck = rng.standard_normal((firm.regions, MONTHS))
    for month in range(1, MONTHS):
        luck[:, month] = LASTING * luck[:, month - 1] + np.sqrt(1 - LASTING**2) * luck[:, month]
    return firm.shock * luck
