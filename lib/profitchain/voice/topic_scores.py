"""By how much scores differ between comments that speak of a topic and like ones that don't.

A screening, no cause: customers write of what moved them, and nobody drew by lot who met what. All
topics stand side by side in one straight-line regression with the month and what is known of
customers; errors are by customer, p-values Holm's over the topics.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.measures.disclosure_control import too_small
from profitchain.stats.margins import estimates
from profitchain.stats.ols import dummies, least_squares
from profitchain.stats.ratios import holm
from profitchain.voice.shares import FEWEST_TEXTS, Texts

FEWEST_SPEAKERS = 20  # customers who speak of a topic, for it to be screened


def topic_scores(
    texts: Texts, *, score: str = "score", controls: Sequence[str] = (), smallest: int = 0
) -> pd.DataFrame:
    """Return the score of comments that speak of a topic less that of like ones that don't.

    Parameters
    ----------
    score : "score" of the main question, or "effort".
    controls : columns of the texts that are held alike beside the month and the other topics.

    Returns
    -------
    One row a topic, the lowest first: topic, value, low, high (points), n, why, p_adjusted, clear
    (whether it passes Holm at 5%).
    """
    periods = [*texts.before, *texts.span]
    rows = texts.comments(periods).dropna(subset=[score]) if len(texts.rows) else texts.rows
    if len(rows) < FEWEST_TEXTS:
        few = NotEstimable("too_few_texts", n=len(rows), texts=len(rows), needed=FEWEST_TEXTS)
        return _stated(dict.fromkeys(texts.topics, few))
    speakers = {t: rows.loc[rows[t] == 1, "customer"].nunique() for t in texts.topics}
    enough = [topic for topic, many in speakers.items() if many >= max(FEWEST_SPEAKERS, smallest)]
    stated: dict[str, MaybeEstimate] = {
        topic: _few(many, smallest) for topic, many in speakers.items() if topic not in enough
    }
    held = [dummies(rows[name].to_numpy()) for name in ["month", *controls]]
    others = np.column_stack(held) if held else np.ones((len(rows), 1))
    if enough:
        fitted = least_squares(
            rows[enough].to_numpy(float), rows[[score]].to_numpy(float),
            rows["customer"].to_numpy(), others=others,
        )  # fmt: skip
        if isinstance(fitted, NotEstimable):
            stated |= dict.fromkeys(enough, fitted)
        else:
            stated |= dict(zip(enough, estimates(fitted, unit="score", method="OLS"), strict=True))
    return _stated(stated)


def _few(speakers: int, smallest: int) -> NotEstimable:
    if speakers < smallest:
        return too_small(speakers, smallest)
    return NotEstimable("too_few_speakers", n=speakers, texts=speakers, needed=FEWEST_SPEAKERS)


def _stated(by_topic: dict[str, MaybeEstimate]) -> pd.DataFrame:
    frame = to_frame(by_topic.values(), topic=list(by_topic))
    frame["p_adjusted"] = holm([_p(one) for one in by_topic.values()])
    frame["clear"] = frame["p_adjusted"] <= 0.05
    return frame.sort_values("value", na_position="last").reset_index(drop=True)


def _p(estimate: MaybeEstimate) -> float:
    """Return the two-sided p-value that an interval implies."""
    if isinstance(estimate, NotEstimable):
        return np.nan
    error = (estimate.high - estimate.low) / 2 / scipy.stats.norm.ppf(0.975)
    return float(2 * scipy.stats.norm.sf(abs(estimate.value) / error)) if error else np.nan


def of_all_answers(scores: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Return what each topic goes with in the mean score of all: its share times its difference.

    Were nobody to speak of it and all else alike, the mean would be so much higher (lower, where
    the topic goes with better scores): arithmetic for an order of size. The interval joins both.

    Parameters
    ----------
    scores, shares : as `topic_scores` and `shares.topic_shares` give them.

    Returns
    -------
    topic, value, low, high (points of the mean score), n, why.
    """
    both = scores.merge(shares, on="topic", suffixes=("", "_share"))
    products = [_product(row) for row in both.itertuples()]
    return to_frame(products, topic=both["topic"].tolist())


def _product(row: object) -> MaybeEstimate:
    """Return a share times a difference, with the delta method's interval (Goodman 1960)."""
    for prefix in ("", "_share"):
        if getattr(row, f"why{prefix}"):
            return NotEstimable(getattr(row, f"why{prefix}"), n=row.n)  # type: ignore[attr-defined]
    difference, share = Estimate.of(row, unit="score"), row.value_share  # type: ignore[attr-defined]
    half = np.hypot(
        share * (difference.high - difference.low) / 2,  # type: ignore[union-attr]
        difference.value * (row.high_share - row.low_share) / 2,  # type: ignore[attr-defined,union-attr]
    )
    value = share * difference.value  # type: ignore[union-attr]
    ends = {"low": value - half, "high": value + half}
    return Estimate(value=value, **ends, n=row.n, unit="score", method="delta")  # type: ignore[attr-defined]
