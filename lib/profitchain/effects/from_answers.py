"""Effects on a caller's own frame: one row an answer, columns by name, no company needed.

The same fits as those of the pages: each answer is a cell of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import pandas as pd

from profitchain.core.errors import ContractError, ParameterError
from profitchain.core.estimates import MaybeEstimate
from profitchain.effects import dose_response as dose_responses
from profitchain.effects import effect_by_segment as segment_effects
from profitchain.effects import one_more_point
from profitchain.effects import repeat_effect as repeat_effects
from profitchain.stats import plain_frames
from profitchain.stats.model_matrix import Linear

NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "complex")
RESERVED = ("score", "cluster", "n", "repeats", "orders", "spend", "margin", "month", "person")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCells:
    """A caller's answers as the fits read them: one cell an answer, and the controls by name.

    Cells hold `score`, `cluster`, `n` (1), `repeats` (0 or 1), `spend` where the outcome is an
    amount, and the controls. `left_out` rows had something missing.
    """

    cells: pd.DataFrame
    controls: tuple[str, ...]
    left_out: int

    def said(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a result with the count of left out rows in its `attrs`."""
        frame.attrs["left_out"] = self.left_out
        return frame


def read_answers(
    answers: pd.DataFrame,
    *,
    score: str,
    outcome: str,
    customer: str,
    controls: Sequence[str] = (),
    month: str | None = None,
    is_amount: bool = False,
    level: float = 0.95,
    **others: str,
) -> AnswerCells:
    """Return a frame's answers as cells, checked.

    Parameters
    ----------
    answers : one row an answer.
    score, outcome, customer : columns: a number, 0 or 1 (an amount, if `is_amount`), an id.
    controls : columns held fixed: numbers enter as they are, anything else as categories.
    month : a column of dates; each month gets a level of its own.
    others : further columns, kept as they are under our names, missing values too.
    """
    plain_frames.check_level(level)
    if controls is None or isinstance(controls, str):
        right = [controls] if controls else []
        raise ParameterError(f"controls={controls!r} is no list. Write controls={right!r}.")
    named = {"score": score, "outcome": outcome, "customer": customer, "month": month, **others}
    rows = plain_frames.columns_of(answers, **named)
    given = plain_frames.columns_of(answers, **{str(name): name for name in controls})
    read = plain_frames.numbers if is_amount else plain_frames.zero_or_one
    value = read(rows["outcome"], outcome)
    columns = {
        "score": plain_frames.scores(rows["score"], score),
        "cluster": plain_frames.clusters(rows["customer"]),
        "n": 1,
        "repeats": (value != 0).astype(float).where(value.notna()),
        **({"spend": value} if is_amount else {}),
        **{name: rows[name] for name in others},
    }
    parts = [_control(str(name), column) for name, column in given.items()]
    if month is not None:
        parts.append(("month", plain_frames.days(rows["month"], month).dt.strftime("%Y-%m")))
    cells = pd.DataFrame(columns | dict(parts))
    names = tuple(name for name, _column in parts)
    linear = [name for name in names if isinstance(name, Linear)]
    cells, left_out = plain_frames.complete(cells, ["score", "cluster", "repeats", *linear])
    for name in linear:  # in units of its own, or what is very large or small would not be fitted
        spread = cells[name].max() - cells[name].min()
        cells[name] = (cells[name] - cells[name].mean()) / (spread or 1)
    return AnswerCells(cells=cells, controls=names, left_out=left_out)


def _control(name: str, column: pd.Series) -> tuple[str, pd.Series]:
    """Return a control by the name it has among the cells, a number as one that enters linearly."""
    ours = f"own {name}" if name in RESERVED else name
    if len(column) and column.isna().all():
        raise ContractError(f"{name!r} holds no value at all. Leave it out of controls.")
    kind = pd.api.types.infer_dtype(column, skipna=True)  # numbers may stand as objects
    if kind in NUMBERS:
        return Linear(ours), plain_frames.numbers(column, name)
    if kind.startswith("mixed") and column.map(lambda value: isinstance(value, Real)).any():
        raise ContractError(
            f"{name!r} holds numbers and other things. Give numbers alone, or categories: "
            f"df.assign({name}=df[{name!r}].astype(str))."
        )
    return ours, column


def repeat_effect(
    answers: pd.DataFrame,
    *,
    score: str,
    outcome: str,
    customer: str,
    controls: Sequence[str] = (),
    month: str | None = None,
    scale: tuple[float, float] | None = None,
    level: float = 0.95,
) -> MaybeEstimate:
    """Return by how much the repeat probability differs, on average, for one more point.

    With `scale`, as the pages do: if every answer were one point higher and none above the top, on
    a line that may bend. Without, the slope of a straight line: the average marginal effect of a
    logit. Intervals are clustered by customer (Student's t, as many degrees of freedom as customers
    of equal weight, less one).

    Parameters
    ----------
    answers : one row an answer
        Rows without a score, outcome or customer are left out; `method` says how many.
    score : column with the score.
    outcome : column with 1 where the customer ordered again in time, 0 where not.
    customer : column that tells customers apart.
    controls : columns known before the answer: numbers enter as they are, others as categories,
        of which those with fewer than ten answers are put together.
    month : column with the answer's date; each month gets a level of its own.
    scale : the lowest and the highest score of the question, (0, 10).

    Returns
    -------
    Estimate in "share" (0.02: two more in a hundred order again), or NotEstimable.

    Examples
    --------
    Without a scale it is what statsmodels gives, here to eight digits:

    >>> import statsmodels.formula.api as smf
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame(
    ...     {"customer_id": np.repeat(range(300), 2), "nps": rng.integers(0, 11, 600)}
    ... )
    >>> df["ordered_again"] = (rng.random(600) < 0.2 + 0.05 * df["nps"]).astype(int)
    >>> effect = repeat_effect(df, score="nps", outcome="ordered_again", customer="customer_id")
    >>> fit = smf.logit("ordered_again ~ nps", df).fit(
    ...     disp=False, cov_type="cluster", cov_kwds={"groups": df["customer_id"]}
    ... )
    >>> margin = fit.get_margeff()
    >>> np.allclose(effect.value, margin.margeff, rtol=0, atol=1e-8)
    True
    >>> from scipy.stats import t
    >>> half = t.ppf(0.975, 299) * margin.margeff_se
    >>> np.allclose([effect.value - half, effect.value + half], [[effect.low], [effect.high]])
    True
    """
    found = read_answers(answers, score=score, outcome=outcome, customer=customer,
                         controls=controls, month=month, level=level)  # fmt: skip
    how: Mapping[str, Any] = {"controls": found.controls, "level": level}
    if scale is None:
        effect = repeat_effects.repeat_effect(found.cells, **how)
    else:
        plain_frames.numbers(answers[score], score, scale)
        effect = one_more_point.repeat_effect_per_point(found.cells, scale=scale, **how)
    return plain_frames.with_left_out(effect, found.left_out)


def spend_effect(
    answers: pd.DataFrame,
    *,
    score: str,
    amount: str,
    customer: str,
    controls: Sequence[str] = (),
    month: str | None = None,
    unit: str = "orders",
    level: float = 0.95,
) -> MaybeEstimate:
    """Return what one more point goes with in orders or money per answer.

    The average marginal effect of a mean model that is exponential in the terms (Poisson quasi-
    likelihood), clustered by customer.

    Parameters
    ----------
    answers, score, customer, controls, month : as in `repeat_effect`.
    amount : column with the orders or the money that followed the answer, 0 where none did.
    unit : "orders", or the currency's code where `amount` is money.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame({"customer": range(400), "csat": rng.integers(1, 6, 400)})
    >>> df["spend"] = rng.gamma(2, 5 * df["csat"])
    >>> effect = spend_effect(df, score="csat", amount="spend", customer="customer", unit="EUR")
    >>> round(effect.value), effect.unit
    (10, 'EUR')
    """
    found = read_answers(answers, score=score, outcome=amount, customer=customer,
                         controls=controls, month=month, is_amount=True, level=level)  # fmt: skip
    effect = repeat_effects.effect_of_a_point(
        found.cells, outcome="spend", controls=found.controls, unit=unit, level=level
    )
    return plain_frames.with_left_out(effect, found.left_out)


def dose_response(
    answers: pd.DataFrame,
    *,
    score: str,
    outcome: str,
    customer: str,
    controls: Sequence[str] = (),
    month: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the repeat probability at each score if all else were as it is (score as categories).

    Scores with fewer than ten answers, or after which all or none came back, join a neighbour.

    Parameters
    ----------
    answers, score, outcome, customer, controls, month : as in `repeat_effect`.

    Returns
    -------
    One row a score or group of scores: score (of a group: the mean), merged ("0 to 2", or ""),
    value, low, high (shares), n, why (where there is no value). `attrs["left_out"]` counts rows
    with something missing.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame({"customer": range(400), "csat": rng.integers(1, 6, 400)})
    >>> df["again"] = rng.random(400) < 0.1 * df["csat"] + 0.2
    >>> curve = dose_response(df, score="csat", outcome="again", customer="customer")
    >>> curve["value"].is_monotonic_increasing, len(curve)
    (True, 5)
    """
    found = read_answers(answers, score=score, outcome=outcome, customer=customer,
                         controls=controls, month=month, level=level)  # fmt: skip
    rates = dose_responses.adjusted_rates(found.cells, controls=found.controls, level=level)
    return found.said(rates)


def effect_by_segment(
    answers: pd.DataFrame,
    *,
    segment: str,
    score: str,
    outcome: str,
    customer: str,
    controls: Sequence[str] = (),
    month: str | None = None,
    smallest: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the effect of one point in each segment, and whether it differs from the others'.

    Each segment has its own logit; several are compared at once, so p-values are Holm's.

    Parameters
    ----------
    answers, score, outcome, customer, controls, month : as in `repeat_effect`.
    segment : column with each answer's segment.
    smallest : segments with fewer customers or answers get no number.

    Returns
    -------
    One row a segment, the largest effect first: segment, value, low, high (share per point), n,
    why, difference (from the mean of the other segments), p_adjusted, verdict.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(7)
    >>> df = pd.DataFrame({"customer": range(900), "csat": rng.integers(1, 6, 900)})
    >>> df["region"] = np.where(rng.random(900) < 0.5, "north", "south")
    >>> df["again"] = rng.random(900) < 0.3 + 0.1 * (df["csat"] - 1) * (df["region"] == "north")
    >>> by = effect_by_segment(
    ...     df, segment="region", score="csat", outcome="again", customer="customer"
    ... )
    >>> by["segment"].tolist(), by["verdict"].tolist()
    (['north', 'south'], ['above the rest', 'below the rest'])
    """
    found = read_answers(answers, score=score, outcome=outcome, customer=customer,
                         controls=controls, month=month, segment=segment, level=level)  # fmt: skip
    plain_frames.option("smallest", smallest, example=10, above=0)
    effects = segment_effects.effect_by_segment(
        found.cells, "segment", controls=found.controls, smallest=smallest, level=level
    )
    return found.said(effects)
