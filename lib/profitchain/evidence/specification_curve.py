"""Whether the conclusion hangs on choices that could as well have been made otherwise.

A specification is one way to ask the same question: how the score enters, what is adjusted for,
how long an answer is followed. All of them are run and none is picked (Simonsohn, Simmons and
Nelson 2020, Nature Human Behaviour 4: 1208-1214; Steegen et al. 2016, Perspectives on
Psychological Science 11: 702-712). Every effect is in share per point: a contrast of two sides of
the scale is divided by the distance of their mean scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.i18n import N_, _, ngettext
from profitchain.effects.repeat_effect import repeat_effect
from profitchain.sources.company import Company
from profitchain.stats.glm import fitted
from profitchain.stats.margins import estimates, standardised
from profitchain.stats.model_matrix import categories
from profitchain.stats.ratios import said_frame

SENSIBLE = 0.1  # a cut leaves at least this share of the answers on either side
POINTS, NONE, ALL = N_("points"), N_("none"), N_("all")
WITH_SEGMENTS = N_("all and all segments")
AS, FOR, LENGTH = N_("score as"), N_("adjusted for"), N_("days followed")  # kinds of choices
CLEAR = {"up": N_("positive"), "down": N_("negative"), "no clear change": N_("unclear")}
_HISTORY = {
    "prior_orders": N_("prior orders"),
    "recency": N_("recency"),
    "tenure": N_("tenure"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One specification: how the score enters (a cut, or none), what is adjusted for, how long."""

    form: str
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
    cells : the cells of the firm's own window, as in `links`.

    Returns
    -------
    One row a specification: form, cut (the lowest score of its upper side, NaN without sides),
    adjusted_for, window (days), is_own (as elsewhere on the pages), value, low, high (share per
    point), n, why, clear ("positive", "negative", "unclear"; "" where unsaid).
    """
    chosen = list(_choices(windows, firm, cells))
    followed = _by_window(windows, firm, cells)
    said = [_effect(followed[choice.window], choice, level) for choice in chosen]
    frame = said_frame(
        said,
        form=[choice.form for choice in chosen],
        cut=[np.nan if choice.cut is None else choice.cut for choice in chosen],
        adjusted_for=[choice.adjusted_for for choice in chosen],
        window=[choice.window for choice in chosen],
    )
    own = (frame["form"] == POINTS) & (frame["adjusted_for"] == ALL)
    frame["is_own"] = own & (frame["window"] == firm.repeat_within_days)
    frame["clear"] = [clearness(one) for one in said]
    return frame.sort_values("value", ignore_index=True, kind="stable")


def clearness(said: MaybeEstimate) -> str:
    """Return on which side of zero an interval lies: positive, negative, unclear; "" if unsaid."""
    if isinstance(said, NotEstimable):
        return ""
    return CLEAR[said.verdict]


def by_window(
    windows: pd.DataFrame, firm: Company, *, cells: pd.DataFrame, level: float = 0.95
) -> pd.DataFrame:
    """Return the adjusted effect of one point for each window, the shortest first.

    Returns
    -------
    One row a window: window (days), value, low, high (share per point), n, why.
    """
    followed = sorted(_by_window(windows, firm, cells).items())
    said = [repeat_effect(rows, controls=firm.controls, level=level) for _days, rows in followed]
    return said_frame(
        said, window=[ngettext("{n} day", "{n} days", days) for days, _rows in followed]
    )


def clear_share(curve: pd.DataFrame) -> MaybeEstimate:
    """Return the share of specifications that are clear in the direction in which most are.

    A count of everything, so its own interval; `n` counts the specifications that gave a number.
    """
    counts = curve["clear"].value_counts()
    known = int(counts.drop("", errors="ignore").sum())
    if known == 0:
        return NotEstimable(_("No specification gave a number."))
    most = max(int(counts.get(side, 0)) for side in ("positive", "negative")) / known
    return Estimate(
        value=most, low=most, high=most, n=known, unit="share", method="specifications counted"
    )


def by_choice(curve: pd.DataFrame) -> pd.DataFrame:
    """Return, for each choice, the middle one of the effects that it takes part in, and the ends.

    Returns
    -------
    One row a choice: choice, kind ("score as", "adjusted for", "days followed"), value (median),
    least, most (share per point), specifications, clear (how many of them).
    """
    kinds = {"form": AS, "adjusted_for": FOR, "window": LENGTH}
    known = curve[curve["clear"] != ""]
    places = known[["cut", "window"]].rename(columns={"cut": "form"}).assign(adjusted_for=-1)
    frames = []
    for column, kind in kinds.items():
        groups = known.groupby(column)
        values = groups["value"].agg(value="median", least="min", most="max", specifications="size")
        clear = (known["clear"] != "unclear").groupby(known[column]).sum()
        place = places[column].fillna(-1).groupby(known[column]).first()
        frame = values.assign(clear=clear, kind=kind, place=place).rename_axis("choice")
        frame = frame.reset_index().astype({"choice": str})
        frames.append(frame.sort_values(["place", "value"]))
    return pd.concat(frames, ignore_index=True).drop(columns="place")


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
    """Return every set of controls that is tried, by its name: none, all, each left out, more."""
    controls = tuple(firm.controls)
    sets = {ALL: controls, NONE: ()}
    if len(controls) > 1:
        for left in controls:
            word = _(_HISTORY.get(left, left.replace("_", " ")))
            rest = tuple(name for name in controls if name != left)
            sets[_("all but {control}", control=word)] = rest
    further = tuple(name for name in firm.segments if name not in controls)
    if further:
        sets[WITH_SEGMENTS] = controls + further
    return {name: these for name, these in sets.items() if these or name == NONE}


def _by_window(
    windows: pd.DataFrame, firm: Company, cells: pd.DataFrame
) -> dict[int, pd.DataFrame]:
    found = {int(days): rows for days, rows in windows.groupby("window")}
    return found | {firm.repeat_within_days: cells}


def _choices(windows: pd.DataFrame, firm: Company, cells: pd.DataFrame) -> Iterator[Choice]:
    own = firm.repeat_within_days
    cuts = {_("{score} or more", score=f"{cut:g}"): cut for cut in cuts_of(cells)}
    forms = {POINTS: None} | cuts
    sets = control_sets(firm)
    widest = ALL if ALL in sets else NONE
    others = sorted({int(days) for days in windows["window"].unique()} - {own})
    for form, cut in forms.items():
        pairs = [(name, own) for name in sets] + [(widest, days) for days in others]
        for name, days in pairs:
            yield Choice(form=form, cut=cut, adjusted_for=name, controls=sets[name], window=days)


def _effect(cells: pd.DataFrame, choice: Choice, level: float) -> MaybeEstimate:
    if choice.cut is None:
        return repeat_effect(cells, controls=choice.controls, level=level)
    if not 0 < (cells["score"] >= choice.cut).sum() < len(cells):
        return NotEstimable(_("All answers lie on one side of the cut."), n=int(cells["n"].sum()))
    return contrast(cells, choice.cut, controls=choice.controls, level=level)
