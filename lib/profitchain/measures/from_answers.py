"""Scores and rates of a caller's own answers: plain columns, no company needed.

Intervals are clustered by customer where customers are told apart; else each row counts as one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from profitchain.core.errors import ParameterError
from profitchain.core.estimates import Estimate, MaybeEstimate
from profitchain.measures.satisfaction import answers_to
from profitchain.sources.settings import Question
from profitchain.stats import plain_frames, ratios

Column: TypeAlias = "pd.Series | np.ndarray | Sequence[object]"
Scale = tuple[float, float]
SHARE, POINTS = (0.0, 1.0), (-100.0, 100.0)
NPS_SCALE, USUAL_SCALE, EFFORT_SCALE = (0, 10), (1, 5), (1, 7)


def net_promoter_score(
    scores: Column, *, customer: Column | None = None, level: float = 0.95
) -> MaybeEstimate:
    """Return the share answering 9 or 10 less the share answering 0 to 6, in points.

    Parameters
    ----------
    scores : answers from 0 to 10; missing ones are left out, and `method` says how many.
    customer : who answered, in the same order.

    Returns
    -------
    Estimate in "points", from -100 to 100.

    References
    ----------
    Reichheld (2003), Harvard Business Review 81(12): 46-54.

    Examples
    --------
    >>> nps = net_promoter_score([10, 9, 9, 8, 7, 3, None, 10, 10, 0])
    >>> round(nps.value, 1), nps.n, nps.unit
    (33.3, 9, 'points')
    """
    question = Question(name="score", kind="nps")
    sums, left_out = _answers(scores, customer, question)
    return _stated(sums, "balance", "points", POINTS, left_out=left_out, level=level)


def csat(
    scores: Column,
    *,
    customer: Column | None = None,
    scale: Scale = USUAL_SCALE,
    satisfied_from: float | None = None,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the share of answers that are satisfied: by default the upper two of the scale.

    Parameters
    ----------
    scores, customer : as in `net_promoter_score`.
    satisfied_from : the lowest score that counts as satisfied.

    Examples
    --------
    >>> csat([5, 4, 4, 3, 1, 5, 5, 2]).value
    0.625
    """
    question = _question("csat", scale, satisfied_from)
    sums, left_out = _answers(scores, customer, question)
    return _stated(sums, "satisfied", "share", SHARE, left_out=left_out, level=level)


def top_two_box(
    scores: Column,
    *,
    customer: Column | None = None,
    scale: Scale = USUAL_SCALE,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the share of answers in the two highest scores of the scale.

    Parameters
    ----------
    scores, customer : as in `net_promoter_score`.

    Examples
    --------
    >>> top_two_box([7, 6, 6, 5, 1, 7], scale=(1, 7)).value
    0.6666666666666666
    """
    question = _question("rating", scale)
    sums, left_out = _answers(scores, customer, question)
    return _stated(sums, "top_two", "share", SHARE, left_out=left_out, level=level)


def mean_score(
    scores: Column,
    *,
    customer: Column | None = None,
    scale: Scale = USUAL_SCALE,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the mean score, with an interval that stays on the scale.

    Parameters
    ----------
    scores, customer : as in `net_promoter_score`.

    Examples
    --------
    >>> mean_score([5, 4, 4, 3, 1, 5]).value
    3.6666666666666665
    """
    question = _question("rating", scale)
    sums, left_out = _answers(scores, customer, question)
    return _stated(sums, "total", "score", scale, left_out=left_out, level=level)


def ces(
    scores: Column,
    *,
    customer: Column | None = None,
    scale: Scale = EFFORT_SCALE,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the customer effort score: the mean answer, by default on a scale of 1 to 7.

    Parameters
    ----------
    scores, customer : as in `net_promoter_score`.

    Examples
    --------
    >>> ces([7, 6, 6, 5, 2, 7]).value
    5.5
    """
    return mean_score(scores, customer=customer, scale=scale, level=level)


def ratio(
    rows: pd.DataFrame,
    *,
    numerator: str,
    denominator: str,
    customer: str | None = None,
    unit: str = "ratio",
    bounds: Scale | None = None,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the ratio of two columns' sums, with an interval clustered by customer.

    Every mean, share, score and rate of the pages is such a ratio.

    Parameters
    ----------
    rows : one row an answer, order or customer; rows with a missing value are left out.
    customer : column that tells customers apart; without it each row is one.
    bounds : ends of the scale, for an interval that stays on it (Wilson's).

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., ch. 6 and 9A.

    Examples
    --------
    >>> df = pd.DataFrame({"revenue": [10, 20, 60, 30, 20, 40], "orders": [1, 1, 3, 1, 1, 2]})
    >>> ratio(df, numerator="revenue", denominator="orders", unit="EUR").value
    20.0
    """
    if bounds is not None:
        _check_ends("bounds", bounds)
    columns = {"above": numerator, "below": denominator, "customer_if_any": customer}
    sums = plain_frames.columns_of(rows, **columns)
    for part in ("above", "below"):
        sums[part] = plain_frames.numbers(sums[part], str(columns[part]))
    return _ratio(sums, unit=unit, bounds=bounds, level=level)


def repeat_rate(
    answers: pd.DataFrame, *, outcome: str, customer: str | None = None, level: float = 0.95
) -> MaybeEstimate:
    """Return the share of answers that were followed by an order.

    Parameters
    ----------
    answers : one row an answer that was watched for the whole window; a missing outcome is left
        out.
    outcome : column with 1 where an order followed in time, else 0.
    customer : column that tells customers apart; without it each answer is one's.

    Examples
    --------
    >>> df = pd.DataFrame({"again": [1, 0, 0, 1, 1, 0, 0, 0]})
    >>> repeat_rate(df, outcome="again").value
    0.375
    """
    sums = plain_frames.columns_of(answers, above=outcome, customer_if_any=customer)
    sums["above"] = plain_frames.zero_or_one(sums["above"], outcome)
    return _ratio(sums.assign(below=1), unit="share", bounds=SHARE, level=level)


def response_rate(
    invitations: pd.DataFrame, *, answered: str, customer: str | None = None, level: float = 0.95
) -> MaybeEstimate:
    """Return the share of invitations that were answered.

    Parameters
    ----------
    invitations : one row an invitation.
    answered : column with 1 where an answer came, else 0.
    customer : column that tells customers apart; without it each invitation is one's.

    Examples
    --------
    >>> df = pd.DataFrame({"answered": [1, 0, 0, 1, 0], "who": ["a", "b", "c", "d", "e"]})
    >>> response_rate(df, answered="answered", customer="who").value
    0.4
    """
    return repeat_rate(invitations, outcome=answered, customer=customer, level=level)


def _question(
    kind: Literal["csat", "rating"], scale: Scale, satisfied_from: float | None = None
) -> Question:
    """Return a question of its own scale, or raise ParameterError for one that is none."""
    _check_ends("scale", scale)
    if satisfied_from is not None:
        plain_frames.option("satisfied_from", satisfied_from, example=scale[1], above=-math.inf)
    try:
        return Question(name="score", kind=kind, scale=scale, satisfied_from=satisfied_from)
    except ValueError:
        raise ParameterError(
            f"satisfied_from={satisfied_from!r} lies outside the scale {scale[0]:g} to "
            f"{scale[1]:g}. Give the lowest score that counts as satisfied."
        ) from None


def _check_ends(name: str, ends: Scale) -> None:
    """Raise ParameterError for what isn't two finite numbers, the lower first."""
    numbers = ends if isinstance(ends, tuple | list) and len(ends) == 2 else (math.nan,)
    good = all(isinstance(end, int | float) and math.isfinite(end) for end in numbers)
    if not good or numbers[0] >= numbers[-1]:
        raise ParameterError(
            f"{name}={ends!r} isn't a lowest and a highest number. Write both, as {name}=(0, 10)."
        )


def _column(values: Column) -> pd.Series:
    """Return what a caller gave as a column, its rows numbered anew."""
    try:
        column = pd.Series(values)
        return plain_frames.columns_of(column.to_frame("value"), value="value")["value"].rename(
            column.name
        )
    except (TypeError, ValueError):
        raise ParameterError(
            f"A column is needed, not {type(values).__name__}. Pass one value a row, as df['…']."
        ) from None


def _answers(
    scores: Column, customer: Column | None, question: Question
) -> tuple[pd.DataFrame, int]:
    """Return a question's answers with the sums its measures are made of, and how many lack one."""
    for name, argument in (("scores", scores), ("customer", customer)):
        if isinstance(argument, str | pd.DataFrame):
            raise ParameterError(
                f"{name} is a {'name' if isinstance(argument, str) else 'frame'}, not a column. "
                "Pass the column itself, as in df['…']."
            )
    column = _column(scores)
    who = pd.Series(range(len(column))) if customer is None else _column(customer)
    if len(who) != len(column):
        raise ParameterError(
            f"There are {len(column)} scores and {len(who)} customers. Pass two columns of one "
            "frame, a row an answer."
        )
    cells = pd.DataFrame({
        "question": question.name,
        "score": plain_frames.numbers(column, str(column.name or "scores"), question.scale),
        "cluster": plain_frames.clusters(who),
        "n": 1,
    })  # fmt: skip
    cells, left_out = plain_frames.complete(cells, ["score", "cluster"])
    return answers_to(cells, question), left_out


def _stated(
    sums: pd.DataFrame,
    numerator: str,
    unit: str,
    bounds: Scale | None,
    *,
    left_out: int,
    level: float,
    denominator: str = "answers",
) -> MaybeEstimate:
    plain_frames.check_level(level)
    estimate = ratios.ratio(
        sums, numerator=numerator, denominator=denominator, unit=unit, bounds=bounds, level=level
    )
    if bounds and isinstance(estimate, Estimate) and not bounds[0] <= estimate.value <= bounds[1]:
        raise ParameterError(
            f"bounds={bounds!r}: the ratio is {estimate.value:g}, which isn't within. Leave bounds "
            "out, or give the ends of the scale."
        )
    return plain_frames.with_left_out(estimate, left_out)


def _ratio(sums: pd.DataFrame, *, unit: str, bounds: Scale | None, level: float) -> MaybeEstimate:
    """Return above over below, by cluster where there is one, of the rows that have them all."""
    who = sums.get("customer_if_any", pd.Series(sums.index))
    sums, left_out = plain_frames.complete(
        sums.assign(cluster=plain_frames.clusters(who)), ["above", "below", "cluster"]
    )
    return _stated(sums, "above", unit, bounds, left_out=left_out, level=level, denominator="below")
