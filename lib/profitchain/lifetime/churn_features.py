"""What was known of a customer at a period's end that may tell whether they will order again.

Each feature is a column that the firm could have computed on that day. Whether a customer answered
a survey counts as history; only what they said is satisfaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

SATISFACTION = ("score", "score, by the age of the answer")
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnFeatures:
    """Which features a model reads, and what they are measured from.

    `satisfied`: whether the score is among them, as distance from `middle`; `ahead_of`: the
    snapshot that is predicted for, `per_year` periods making a year: those that lie whole years
    before it share its season (0: seasons aren't told apart).
    """

    satisfied: bool
    middle: float
    ahead_of: int
    per_year: int

    def in_season(self, rows: pd.DataFrame) -> pd.Series:
        """Return which snapshots lie whole years before the one predicted for, or are it."""
        return (rows["back"] - self.ahead_of) % self.per_year == 0

    def of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the features as columns, the constant first and satisfaction last.

        Parameters
        ----------
        rows : one row a customer and snapshot, as in `churn_model.forecast_churn`.
        """
        features = {"constant": np.ones(len(rows)), **_habits(rows)}
        if self.per_year:
            features["season"] = self.in_season(rows).to_numpy(float)
        features |= {name: _log(rows[name]) for name in ("contacts", "complaints") if name in rows}
        if "score" in rows:
            features["answered"] = rows["score"].notna().to_numpy(float)
        if self.satisfied:
            distance = (rows["score"] - self.middle).fillna(0.0).to_numpy(float)
            age = rows["score_age_days"].fillna(0.0).to_numpy(float) / DAYS_A_YEAR
            features |= dict(zip(SATISFACTION, (distance, distance * age), strict=True))
        return pd.DataFrame(features, index=rows.index)


def with_season(features: ChurnFeatures, rows: pd.DataFrame) -> ChurnFeatures:
    """Return features that tell the season apart only where the rows to learn from can.

    They need a snapshot of the same season that lies past the firm's first year: one of a firm
    that had only begun differs by more than its season.
    """
    same = rows[features.in_season(rows)]
    is_settled = bool(len(same)) and same["age_days"].max() >= DAYS_A_YEAR
    return features if is_settled else replace(features, per_year=0)


def recency_days(rows: pd.DataFrame) -> pd.Series:
    """Return the days since the last purchase day (reads `age_days`, `last_age_days`)."""
    return rows["age_days"] - rows["last_age_days"]


def _habits(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return features of buying: how long ago, against one's own pace, how often, how much."""
    recency, repeats = recency_days(rows), rows["repeats"].to_numpy(float)
    has_repeats = repeats > 0
    gap = np.maximum(rows["last_age_days"].to_numpy(float) / np.maximum(repeats, 1), 1.0)
    revenue = rows["revenue"].to_numpy(float)
    return {
        "recency": _log(recency),
        "recency in own gaps": np.where(has_repeats, np.log1p(recency.clip(lower=0) / gap), 0.0),
        "one purchase": (~has_repeats).astype(float),
        "repeats": np.log1p(repeats),
        "orders": _log(rows["orders"]),
        "days from first to last purchase": _log(rows["last_age_days"]),
        "revenue": np.sign(revenue) * np.log1p(np.abs(revenue)),
    }


def _log(column: pd.Series) -> np.ndarray:
    return np.asarray(np.log1p(column.fillna(0).clip(lower=0).to_numpy(float)))
