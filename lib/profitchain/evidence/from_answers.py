"""How sure an effect on a caller's own answers is: own past, noise, what may be hidden.

One row an answer, columns by name, no company needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from profitchain.core.estimates import MaybeEstimate, to_frame
from profitchain.effects.from_answers import read_answers
from profitchain.evidence import hidden_confounding, measurement_error, within_customer
from profitchain.stats import plain_frames


def within_customer_effect(
    answers: pd.DataFrame,
    *,
    score: str,
    outcome: str,
    customer: str,
    answered_on: str,
    controls: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the effect of a point against the customer's own past, by two designs.

    `fixed_effects` compares a customer's answers with that customer's own mean; it holds only where
    answering again doesn't hang on having come back. `earlier_answer_held` compares customers whose
    answer before was the same.

    Parameters
    ----------
    answers, score, outcome, customer, controls : as in `repeat_effect`.
    answered_on : column with the answer's date, by which a customer's answers follow each other.

    Returns
    -------
    Two rows: design, value, low, high (share per point), n, why, holds (the one to use).

    References
    ----------
    Nickell (1981), Econometrica 49: 1417-1426.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame({"who": np.repeat(range(500), 2), "csat": rng.integers(1, 6, 1000)})
    >>> df["on"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.tile([0, 90], 500), "D")
    >>> df["again"] = rng.random(1000) < 0.1 + 0.1 * df["csat"]
    >>> found = within_customer_effect(
    ...     df, score="csat", outcome="again", customer="who", answered_on="on"
    ... )
    >>> found["design"].tolist(), ((found["low"] < 0.1) & (found["high"] > 0.1)).tolist()
    (['earlier_answer_held', 'fixed_effects'], [True, True])
    """
    sample = read_answers(answers, score=score, outcome=outcome, customer=customer,
                          controls=controls, answered_on=answered_on)  # fmt: skip
    rows = sample.cells.rename(columns={"repeats": "repeat"})
    day = plain_frames.days(rows["answered_on"], answered_on)
    rows, undated = plain_frames.complete(
        rows.assign(person=rows["cluster"], answered_on=day), ["answered_on"]
    )
    rows = rows.sort_values(["person", "answered_on"], kind="stable", ignore_index=True)
    by = rows.groupby("person")["score"]
    rows = rows.assign(previous_score=by.shift(1), answered_again=by.shift(-1).notna().astype(int))
    past = within_customer.own_past(rows, controls=sample.controls, level=level)
    designs = ["earlier_answer_held", "fixed_effects"]
    frame = to_frame([past.earlier_answer, past.fixed_effects], design=designs)
    frame.attrs["left_out"] = sample.left_out + undated
    return frame.assign(holds=[not past.by_average, past.by_average])


def reliability(
    answers: pd.DataFrame,
    *,
    score: str,
    customer: str,
    answered_on: str,
    within_days: int = measurement_error.CLOSE,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return the share of the score's variance that a customer's second answer repeats.

    The intraclass correlation of two answers of one customer within some weeks.

    Parameters
    ----------
    answers, score, customer : as in `repeat_effect`.
    answered_on : column with the answer's date.
    within_days : how close two answers must lie; 50 such pairs at least.

    Returns
    -------
    Estimate in "ratio", at most 1; or NotEstimable.

    References
    ----------
    Spearman (1904), Am. J. Psychol. 15: 72-101.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame({"who": np.repeat(range(400), 2)})
    >>> df["csat"] = np.repeat(rng.normal(0, 2, 400), 2) + rng.normal(0, 1, 800)
    >>> df["on"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.tile([0, 14], 400), "D")
    >>> found = reliability(df, score="csat", customer="who", answered_on="on")
    >>> found.low < 0.8 < found.high
    True
    """
    rows = plain_frames.columns_of(answers, score=score, person=customer, answered_on=answered_on)
    rows["score"] = plain_frames.numbers(rows["score"], score)
    rows["person"] = plain_frames.clusters(rows["person"])
    rows["answered_on"] = plain_frames.days(rows["answered_on"], answered_on)
    rows, left_out = plain_frames.complete(rows, ["score", "person", "answered_on"])
    close = measurement_error.close_pairs(
        rows.assign(cluster=rows["person"]), within_days=within_days
    )
    return plain_frames.with_left_out(measurement_error.reliability(close, level=level), left_out)


def risk_ratio(
    answers: pd.DataFrame,
    *,
    score: str,
    outcome: str,
    customer: str,
    controls: Sequence[str] = (),
    month: str | None = None,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return how many times as likely a repeat is for one more point, all else as it is.

    Its `e_value` says how strong something hidden must be to explain it away.

    Parameters
    ----------
    answers, score, outcome, customer, controls, month : as in `repeat_effect`.

    Returns
    -------
    Estimate in "ratio"; 1 is no difference.

    Examples
    --------
    >>> import numpy as np
    >>> from profitchain.evidence.hidden_confounding import e_value
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame({"who": range(800), "csat": rng.integers(1, 6, 800)})
    >>> df["again"] = rng.random(800) < 0.1 * 1.4 ** df["csat"]
    >>> ratio = risk_ratio(df, score="csat", outcome="again", customer="who")
    >>> ratio.low < 1.4 < ratio.high, round(e_value(ratio).value, 1)
    (True, 2.3)
    """
    sample = read_answers(answers, score=score, outcome=outcome, customer=customer,
                          controls=controls, month=month)  # fmt: skip
    ratio = hidden_confounding.risk_ratio(sample.cells, controls=sample.controls, level=level)
    return plain_frames.with_left_out(ratio, sample.left_out)


def robustness_value(
    answers: pd.DataFrame,
    *,
    score: str,
    outcome: str,
    customer: str,
    controls: Sequence[str] = (),
    month: str | None = None,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return how much of score and outcome something hidden must explain to bring the effect to 0.

    Parameters
    ----------
    answers, score, outcome, customer, controls, month : as in `repeat_effect`.

    Returns
    -------
    Estimate in "share", of the variance of both that controls leave; its low end is what takes
    away that the effect is clear of zero.

    References
    ----------
    Cinelli and Hazlett (2020), JRSS B 82: 39-67.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame({"who": range(800), "csat": rng.integers(1, 6, 800)})
    >>> df["again"] = rng.random(800) < 0.1 + 0.1 * df["csat"]
    >>> robust = robustness_value(df, score="csat", outcome="again", customer="who")
    >>> 0.15 < robust.low < robust.value < 0.35
    True
    """
    sample = read_answers(answers, score=score, outcome=outcome, customer=customer,
                          controls=controls, month=month)  # fmt: skip
    line = hidden_confounding.straight_line(sample.cells, controls=sample.controls, level=level)
    robust, _clear_of_zero = hidden_confounding.robustness(line)
    return plain_frames.with_left_out(robust, sample.left_out)
