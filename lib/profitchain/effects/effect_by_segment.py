"""For whom a point counts: segments of customers, and what ten more NPS points would mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from profitchain.core.estimates import MaybeEstimate, NotEstimable, Reason, to_frame
from profitchain.effects.one_more_point import Scale, fit_along_scale
from profitchain.effects.repeat_effect import adjustment
from profitchain.stats.clusters import clusters
from profitchain.stats.comparisons import EVERYBODY, verdict_of
from profitchain.stats.disclosure_control import unless_withheld, withheld
from profitchain.stats.glm import Fit, Quantities, fitted
from profitchain.stats.margins import average_effect, estimates, raised, stacked, standardised
from profitchain.stats.model_design import Outcome, refusal
from profitchain.stats.model_matrix import as_it_is, categories, named_levels
from profitchain.stats.ratios import CLUSTERED, holm

GROUPS = ("detractors", "passives", "promoters")
LOWEST = np.array([0.0, 7.0, 9.0])  # of the three groups of the Net Promoter Score
HALVES = "half by each of the first two steps"
# share of all answers that moves, and the group from which, so that the score gains ten points
MOVES = {
    "detractors become passives": (0.10, "10 of 100 answers move from 0-6 to 7-8"),
    "passives become promoters": (0.10, "10 of 100 answers move from 7-8 to 9-10"),
    "detractors become promoters": (0.05, "5 of 100 answers move from 0-6 to 9-10"),
    HALVES: (0.10, "5 of 100 answers move from 0-6 to 7-8, and 5 from 7-8 to 9-10"),
}
# change of the groups' shares, by mechanism: each makes ten points
STEPS = np.array([[-0.10, 0.10, 0.0], [0.0, -0.10, 0.10], [-0.05, 0.0, 0.05], [-0.05, 0.0, 0.05]])


def per_10_nps(
    cells: pd.DataFrame, *, kind: str = "nps", controls: Sequence[str] = (), level: float = 0.95
) -> pd.DataFrame:
    """Return what ten more NPS points go with, for each way in which answers may move.

    The Net Promoter Score counts groups: no customer has ten points to gain. Each row says which
    share of all answers changes its group; they then return as often as the new group, both
    groups taken at the history of all answers (a logit on three groups, standardised).

    Returns
    -------
    One row a mechanism: mechanism, moves (in words), moved_share, possible (whether the groups
    left now hold so many answers), value, low, high (change of the repeat rate over all answers,
    a share), n, why, unit.
    """
    shares, moves = zip(*MOVES.values(), strict=True)
    labels = {"mechanism": list(MOVES), "moves": moves, "moved_share": shares}
    effects = _moved(cells, kind, controls, level)
    frame = to_frame(effects, **labels, possible=possible(cells))
    return frame.assign(unit="share")


def repeat_effect_per_10_nps(
    cells: pd.DataFrame, *, kind: str = "nps", controls: Sequence[str] = (), level: float = 0.95
) -> MaybeEstimate:
    """Return the headline of `per_10_nps`: half of it by each of the first two steps.

    The same number as that of detractors who become promoters, since 5 of 100 answers leave the
    detractors and 5 join the promoters either way.
    """
    return _moved(cells, kind, controls, level)[list(MOVES).index(HALVES)]


def effect_by_segment(
    cells: pd.DataFrame,
    segment: str,
    *,
    scale: Scale | None = None,
    controls: Sequence[str] = (),
    smallest: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return the effect of one point in each segment, and whether it differs from all the others'.

    Each segment has its own logit; the effect is that of `one_more_point` on a scale, and the slope
    of a straight line where none is given. Several are compared at once, so p-values are Holm's.

    Returns
    -------
    One row a segment, the largest effect first: segment, value, low, high (share per point), n,
    why, difference (from the mean of the other segments), p_adjusted, verdict.
    """
    refused = refusal(cells) if cells["n"].sum() == 0 else None
    if segment not in cells:
        refused = Reason.of("no_such_segment", segment=segment)
    if refused:
        frame = to_frame([NotEstimable(refused, n=int(cells["n"].sum()))], segment=["all"])
        return frame.assign(difference=np.nan, p_adjusted=np.nan, verdict="")
    names = named_levels(cells[segment])
    others = [control for control in controls if control != segment]
    parts = {name: cells[(names == name).to_numpy()] for name in sorted(names.unique())}
    sizes = pd.Series({name: min(part["n"].sum(), clusters(part)) for name, part in parts.items()})
    effects = unless_withheld(
        withheld(sizes, smallest), sizes, smallest,
        lambda name: _within(parts[name], scale, others),
    )  # fmt: skip
    rows = [
        effect
        if isinstance(effect, NotEstimable)
        else estimates(effect, unit="share", level=level, method=CLUSTERED)[0]
        for effect in effects.values()
    ]
    frame = to_frame(rows, segment=list(effects))
    frame["difference"], p_values = _against_others(list(effects.values()))
    frame["p_adjusted"] = holm(pd.Series(p_values, dtype=float))
    frame["verdict"] = [
        verdict_of(row.difference, row.p_adjusted, 1 - level) for row in frame.itertuples()
    ]
    return frame.sort_values(["value", "segment"], ascending=[False, True], ignore_index=True)


def _moved(
    cells: pd.DataFrame, kind: str, controls: Sequence[str], level: float
) -> list[MaybeEstimate]:
    model = by_group(cells, kind=kind, controls=controls)
    if isinstance(model, NotEstimable):
        return [model] * len(MOVES)
    groups = standardised(model, LOWEST)
    method = f"logit on three groups; {adjustment(model)}; {CLUSTERED}"
    return list(estimates(groups.combine(STEPS), unit="share", level=level, method=method))


def by_group(
    cells: pd.DataFrame, *, kind: str, controls: Sequence[str] = (), outcome: Outcome = "repeats"
) -> Fit | NotEstimable:
    """Return the model of an outcome on detractors, passives and promoters, or why it is none."""
    if kind != "nps":
        return NotEstimable("no_net_promoter_question", n=int(cells["n"].sum()))
    counts = _counts(cells)
    n = int(counts["n"].sum())
    if n and not cells["score"].between(0, 10).all():
        return NotEstimable("scores_outside_nps", n=n)
    refused = next(filter(None, map(_cannot_tell, GROUPS, counts["n"], counts["repeats"])), None)
    if n and refused:
        return NotEstimable(refused, n=n)
    return fitted(cells, categories(LOWEST[1:]), controls=controls, outcome=outcome)


def _cannot_tell(group: str, answers: float, repeats: float) -> Reason | None:
    """Return why one of the three groups tells of no effect, or None."""
    if answers == 0:
        return Reason.of("group_gave_no_answers", group=group)
    return Reason("group_all_alike") if repeats in (0, answers) else None


def _counts(cells: pd.DataFrame) -> pd.DataFrame:
    """Return answers and repeats of detractors, passives and promoters."""
    place = np.searchsorted(LOWEST[1:], cells["score"].to_numpy(float), side="right")
    sums = {name: np.bincount(place, cells[name].to_numpy(float), 3) for name in ("n", "repeats")}
    return pd.DataFrame(sums, index=list(GROUPS))


def possible(cells: pd.DataFrame, points: float = 10) -> list[bool]:
    """Return for each of `MOVES` whether its groups hold answers enough for so many points."""
    counts, part = _counts(cells)["n"], points / 100
    detractors, passives, _promoters = (counts / max(counts.sum(), 1.0)).tolist()
    both = min(detractors, passives) >= part / 2
    return [detractors >= part, passives >= part, detractors >= part / 2, both]


def _within(
    cells: pd.DataFrame, scale: Scale | None, controls: Sequence[str]
) -> Quantities | NotEstimable:
    model = (
        fit_along_scale(cells, controls=controls)
        if scale
        else fitted(cells, as_it_is, controls=controls)
    )
    if isinstance(model, NotEstimable):
        return model
    return raised(model, 1.0, scale) if scale else average_effect(model)


def _against_others(effects: Sequence[Quantities | NotEstimable]) -> np.ndarray:
    """Return each effect's difference from the others' mean (by answers) and its p-value."""
    results = np.full((2, len(effects)), np.nan)
    estimated = {at: effect for at, effect in enumerate(effects) if isinstance(effect, Quantities)}
    if len(estimated) < 2:
        return results
    n = np.array([effect.n for effect in estimated.values()], float)
    weights = np.eye(len(n)) - (1 - np.eye(len(n))) * n / (n.sum() - n)[:, None]
    contrasts = stacked(list(estimated.values())).combine(weights)
    ratios = contrasts.values / np.sqrt(np.diag(contrasts.covariance))
    results[:, list(estimated)] = contrasts.values, 2 * stats.t.sf(np.abs(ratios), contrasts.df)
    return results


def effect_by_segments(
    cells: pd.DataFrame,
    segments: Sequence[str],
    *,
    scale: Scale | None = None,
    controls: Sequence[str] = (),
    smallest: int = 10,
) -> pd.DataFrame:
    """Return the effect of one point in every group of several segments.

    Returns
    -------
    One row a group: group, segment, value, low, high (share per point), n, why, difference,
    p_adjusted (Holm's, over the groups of one segment), verdict.
    """
    cells = cells if segments else cells.assign(**{EVERYBODY: "all answers"})
    frames = [
        effect_by_segment(cells, segment, scale=scale, controls=controls, smallest=smallest)
        .rename(columns={"segment": "group"})
        .assign(segment=segment)
        for segment in segments or [EVERYBODY]
    ]
    return pd.concat(frames, ignore_index=True)
