"""Whether the conclusion hangs on choices that could as well have been made otherwise.

A specification is one way to ask the same question: how the score enters, what is adjusted for,
how long an answer is followed; calendar months are held alike in all. All of them are run and none
is picked (Simonsohn, Simmons and Nelson 2020, Nature Human Behaviour 4: 1208-1214; Steegen et al.
2016, Perspectives on Psychological Science 11: 702-712). Every effect is in share per point: a
contrast of two sides of the scale is divided by the distance of their mean scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable, to_frame
from profitchain.effects.repeat_effect import repeat_effect
from profitchain.evidence.held_alike import with_month
from profitchain.sources.company import Company
from profitchain.stats.glm import fitted
from profitchain.stats.margins import estimates, standardised
from profitchain.stats.model_matrix import MONTH, categories

SENSIBLE = 0.1  # a cut leaves at least this share of the answers on either side
NONE, ALL, WITH_SEGMENTS = "none", "all", "all and all segments"
ALL_BUT = "all but "  # and a control
AS, FOR, LENGTH = "score as", "adjusted for", "days followed"  # kinds of choices
CLEAR = {"up": "positive", "down": "negative", "no clear change": "unclear"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """One way to ask: how the score enters (a cut, or as points), what is adjusted for, how long.

    `adjusted_for` names the set of `controls`: a constant above, or `ALL_BUT` and a control.
    """

    cut: float | None
    adjusted_for: str
    controls: tuple[str, ...]
    window: int


def specification_curve(
    windows: pd.DataFrame,
    firm: Company,
    *,
    cells: pd.DataFrame,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the effect of one point under every choice, the smallest first.

    At the firm's own window every form of the score meets every set of controls; at the other
    windows every form meets all the controls.

    Parameters
    ----------
    windows : one row a cell and window
        Reads `window` (days) and the columns of `cells`; may have no rows.
    cells : the cells of the firm's own window, as in `repeat_effect`.

    Returns
    -------
    One row a specification: cut (the lowest score of its upper side, NaN where the score enters as
    points), adjusted_for, window (days), is_own (as elsewhere on the pages), value, low, high
    (share per point), n, why, clear ("positive", "negative", "unclear"; "" without a number).
    """
    specifications = list(_specifications(windows, firm, cells))
    by_days = _cells_by_days(windows, firm, cells)
    effects = [_effect(by_days[row.window], row, level) for row in specifications]
    frame = to_frame(
        effects,
        cut=[np.nan if row.cut is None else row.cut for row in specifications],
        adjusted_for=[row.adjusted_for for row in specifications],
        window=[row.window for row in specifications],
    )
    own = frame["cut"].isna() & (frame["adjusted_for"] == ALL)
    frame["is_own"] = own & (frame["window"] == firm.repeat_within_days)
    frame["clear"] = [
        "" if isinstance(row, NotEstimable) else CLEAR[row.verdict] for row in effects
    ]
    return frame.sort_values("value", ignore_index=True, kind="stable")


def clear_share(curve: pd.DataFrame) -> MaybeEstimate:
    """Return the share of specifications that are clear in the direction in which most are.

    A count of everything, so its own interval; `n` counts the specifications that gave a number.
    """
    sides = curve.loc[curve["clear"] != "", "clear"]
    if sides.empty:
        return NotEstimable("no_specification_gave_a_number")
    share = max(int((sides == side).sum()) for side in ("positive", "negative")) / len(sides)
    return Estimate(
        value=share, low=share, high=share, n=len(sides), unit="share",
        method="specifications counted",
    )  # fmt: skip


def by_choice(curve: pd.DataFrame) -> pd.DataFrame:
    """Return, for each choice, the middle one of the effects that it takes part in, and the ends.

    Returns
    -------
    One row a choice: choice (a cut, NaN for points; what is adjusted for; days), kind ("score as",
    "adjusted for", "days followed"), value (median), least, most (share per point), specifications,
    clear (how many of them).
    """
    rows = curve[curve["clear"] != ""]
    rows = rows.assign(is_clear=rows["clear"] != "unclear")
    frames = []
    for column, kind in {"cut": AS, "adjusted_for": FOR, "window": LENGTH}.items():
        frame = rows.groupby(column, dropna=False).agg(
            value=("value", "median"),
            least=("value", "min"),
            most=("value", "max"),
            specifications=("value", "size"),
            clear=("is_clear", "sum"),
        )
        frame = frame.rename_axis("choice").reset_index().assign(kind=kind)
        order = "value" if kind == FOR else "choice"
        frames.append(frame.sort_values(order, na_position="first", kind="stable"))
    return pd.concat([frame.astype({"choice": object}) for frame in frames], ignore_index=True)


def cuts_of(cells: pd.DataFrame) -> list[float]:
    """Return the scores at which the scale can be cut in two: a tenth of all answers either side.

    A cut is named by the lowest score above it.
    """
    counts = cells.groupby("score")["n"].sum().sort_index()
    below = counts.cumsum().shift(1).iloc[1:] / max(counts.sum(), 1)
    return [float(cut) for cut in below.index[below.between(SENSIBLE, 1 - SENSIBLE)]]


def contrast(
    cells: pd.DataFrame, cut: float, *, controls: Sequence[str] = (), level: float = 0.95
) -> MaybeEstimate:
    """Return how much likelier a repeat is at or above a cut than below it, per point between them.

    The standardised probabilities of the two sides (a logit with one 0/1 column), divided by the
    distance of the two sides' mean scores, which is taken as given.
    """
    model = fitted(cells, categories([cut]), controls=controls)
    if isinstance(model, NotEstimable):
        return model
    side = (cells["score"] >= cut).to_numpy()
    scores, n = cells["score"].to_numpy(float), cells["n"].to_numpy(float)
    apart = np.average(scores[side], weights=n[side]) - np.average(scores[~side], weights=n[~side])
    rates = standardised(model, [scores[~side].max(), cut])
    return estimates(rates.combine(np.array([-1.0, 1.0]) / apart), unit="share", level=level)[0]


def control_sets(firm: Company) -> Mapping[str, tuple[str, ...]]:
    """Return every set of controls that is tried, by its name: none, all, each left out, more.

    The month is held alike in each of them.
    """
    controls = tuple(name for name in firm.controls if name != MONTH)
    sets = {ALL: controls, NONE: ()}
    if len(controls) > 1:
        for left in controls:
            sets[ALL_BUT + left] = tuple(name for name in controls if name != left)
    if further := tuple(name for name in firm.segments if name not in controls):
        sets[WITH_SEGMENTS] = controls + further
    return {name: these for name, these in sets.items() if these or name == NONE}


def _cells_by_days(
    windows: pd.DataFrame, firm: Company, cells: pd.DataFrame
) -> dict[int, pd.DataFrame]:
    by_days = {int(days): rows for days, rows in windows.groupby("window")}
    return by_days | {firm.repeat_within_days: cells}


def _specifications(
    windows: pd.DataFrame, firm: Company, cells: pd.DataFrame
) -> Iterator[Specification]:
    own, sets = firm.repeat_within_days, control_sets(firm)
    widest = ALL if ALL in sets else NONE
    others = sorted({int(days) for days in windows["window"].unique()} - {own})
    for cut in (None, *cuts_of(cells)):
        for name, days in [(name, own) for name in sets] + [(widest, days) for days in others]:
            yield Specification(cut=cut, adjusted_for=name, controls=sets[name], window=days)


def _effect(cells: pd.DataFrame, specification: Specification, level: float) -> MaybeEstimate:
    cut, controls = specification.cut, with_month(cells, specification.controls)
    if cut is None:
        return repeat_effect(cells, controls=controls, level=level)
    if not 0 < (cells["score"] >= cut).sum() < len(cells):
        return NotEstimable("all_on_one_side_of_cut", n=int(cells["n"].sum()))
    return contrast(cells, cut, controls=controls, level=level)
