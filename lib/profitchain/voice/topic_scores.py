"""By how much scores differ between comments that speak of a topic and like ones that don't.

A screening, no cause: customers write of what moved them, and nobody drew by lot who met what. All
topics stand side by side in one straight-line regression with the month and what is known of
customers; errors are by customer, p-values Holm's over the topics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from profitchain.core.estimates import (
    Estimate,
    MaybeEstimate,
    NotEstimable,
    product,
    to_columns,
    to_frame,
)
from profitchain.effects import value_of_a_point
from profitchain.panel.edition import Edition
from profitchain.stats.disclosure_control import too_small
from profitchain.stats.margins import estimates
from profitchain.stats.ols import dummies, least_squares
from profitchain.stats.ratios import holm
from profitchain.voice.shares import FEWEST_TEXTS, SURE, Texts, p_of, speaks

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
    speakers = {t: rows.loc[rows[speaks(t)] == 1, "customer"].nunique() for t in texts.topics}
    enough = [topic for topic, many in speakers.items() if many >= max(FEWEST_SPEAKERS, smallest)]
    stated: dict[str, MaybeEstimate] = {
        topic: _few(many, smallest) for topic, many in speakers.items() if topic not in enough
    }
    held = [dummies(rows[name].to_numpy()) for name in ["month", *controls]]
    others = np.column_stack(held) if held else np.ones((len(rows), 1))
    if enough:
        spoken = rows[[speaks(topic) for topic in enough]].to_numpy(float)
        scored, who = rows[[score]].to_numpy(float), rows["customer"].to_numpy()
        fitted = least_squares(spoken, scored, who, others=others)
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
    frame["p_adjusted"] = holm([p_of(one) for one in by_topic.values()])
    frame["clear"] = frame["p_adjusted"] <= SURE
    return frame.sort_values("value", na_position="last").reset_index(drop=True)


def worth_if_known(edition: Edition) -> MaybeEstimate:
    """Return what a point is worth in a year, as page 08 has it; why not, where it isn't known."""
    if edition.company.main is None or not edition.has("worth_cells"):
        return NotEstimable("worth_not_known")
    if edition.facts.get("no_money"):
        return NotEstimable("worth_not_known")
    money = value_of_a_point.money_to_speak_of(edition)
    return value_of_a_point.total_of_the_year(edition, money)


def of_all_answers(
    scores: pd.DataFrame, shares: pd.DataFrame, point: MaybeEstimate
) -> pd.DataFrame:
    """Return what each topic goes with in the mean score of all answers, and in a year's money.

    Points: its share times its difference, as if nobody spoke of it any more, all else stayed, and
    the silent were like those of their score who write.
    Money: these times what a point is worth. Arithmetic for an order of size, no promise: each
    step is a screening.

    Parameters
    ----------
    scores, shares : as `topic_scores` and `shares.topic_shares` give them.
    point : the worth of a point.

    Returns
    -------
    topic, value, low, high (points of the mean score), n, why, money_value, money_low, money_high,
    money_why, money_unit.
    """
    both = scores.merge(shares, on="topic", suffixes=("", "_share"))
    points = [
        product(
            Estimate.of(row, unit="score"),
            _share_of(row),
        )
        for row in both.itertuples()
    ]
    frame = to_frame(points, topic=both["topic"].tolist())
    money = [product(point, one) for one in points]
    return pd.concat([frame, to_columns(money, "money")], axis=1)


def _share_of(row: Any) -> MaybeEstimate:
    if row.why_share:
        return NotEstimable(row.why_share, n=row.n)
    ends = {"value": row.value_share, "low": row.low_share, "high": row.high_share}
    return Estimate(**ends, n=row.n, unit="share")
