"""What other scores would be worth: scenarios of who rises, and where on the scale a point counts.

All scenarios come from one fitted model, a mean of money that is exponential in the terms, the
score a line that may bend at the edges of its bands. It is read at the history of all answers
(`margins.standardised`), so that scenarios add up: each is a sum of differences between the same
levels. Cells are as in `repeat_effect`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from profitchain.core.estimates import (
    Estimate,
    MaybeEstimate,
    NotEstimable,
    Reason,
    to_columns,
    to_frame,
)
from profitchain.effects.dose_response import bands_of, inner_edges, span
from profitchain.effects.effect_by_segment import LOWEST, MOVES, STEPS, by_group, possible
from profitchain.effects.repeat_effect import adjustment
from profitchain.effects.value_of_a_point import money_of
from profitchain.sources.settings import Question
from profitchain.stats.comparisons import is_clear
from profitchain.stats.disclosure_control import customers_by, withheld
from profitchain.stats.glm import Fit, Quantities, fitted
from profitchain.stats.margins import estimates, standardised
from profitchain.stats.model_matrix import as_it_is, broken_line, named_levels
from profitchain.stats.ratios import CLUSTERED

MOST_STEPS = 12  # of the scale; longer scales are looked at in wider steps
NPS_POINTS = (1, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """A model of money along the scale, ready to be read at any score.

    `scores` are those given, `shares` their shares of all answers; `bends` is where the line may
    change its slope; `up` is 1 where a higher score is better and -1 where a lower one is.
    """

    model: Fit
    scores: np.ndarray
    shares: np.ndarray
    bends: tuple[float, ...]
    scale: tuple[float, float]
    up: float
    unit: str
    level: float = 0.95

    @property
    def n(self) -> int:
        """How many answers the model rests on."""
        return self.model.design.answers

    @property
    def worst_and_best(self) -> tuple[float, float]:
        return self.scale if self.up > 0 else (self.scale[1], self.scale[0])

    @property
    def at_the_top(self) -> float:
        """The share of answers that can't rise any more."""
        return float(self.shares[self.scores == self.worst_and_best[1]].sum())

    def raised(self, scores: np.ndarray, points: float) -> np.ndarray:
        """Return scores so many points better, none beyond the end of the scale."""
        return np.clip(scores + self.up * points, *self.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A scenario: which share of all answers goes from which score to which.

    `name` is a message, `values` are what stands in it.
    """

    name: str
    starts: np.ndarray
    targets: np.ndarray
    shares: np.ndarray
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The scenario's name in findings, the same in every language."""
        return self.name.format(**self.values)

    @property
    def label(self) -> Reason:
        """The scenario's name, for words to say."""
        return Reason.of("scenario", template=self.name, **self.values)

    @property
    def moved(self) -> float:
        """The share of all answers whose score changes."""
        return float(self.shares[self.targets != self.starts].sum())


def levels_of_money(
    cells: pd.DataFrame,
    question: Question,
    *,
    controls: Sequence[str] = (),
    currency: str,
    smallest: int = 10,
    level: float = 0.95,
) -> Levels | NotEstimable:
    """Return the model of money along the question's scale; a straight line where few answers."""
    outcome, n = money_of(cells), int(cells["n"].sum())
    if n and outcome not in cells:
        return NotEstimable("no_money", n=n)
    bands = bands_of(question.scale, question.kind)
    bends = tuple(inner_edges(cells, bands, smallest)) if n else ()
    model = fitted(cells, broken_line(bends), controls=controls, outcome=outcome)
    if isinstance(model, NotEstimable) and bends:
        bends = ()
        model = fitted(cells, as_it_is, controls=controls, outcome=outcome)
    if isinstance(model, NotEstimable):
        return model
    counts = cells[cells["n"] > 0].groupby("score")["n"].sum()
    return Levels(
        model=model, scores=counts.index.to_numpy(float), shares=counts.to_numpy(float) / n,
        bends=bends, scale=question.scale, up=-1.0 if question.easy_is == "low" else 1.0,
        unit=currency, level=level,
    )  # fmt: skip


def changed(levels: Levels | NotEstimable, moves: Sequence[Move]) -> list[MaybeEstimate]:
    """Return what each scenario goes with, per answer and window."""
    if isinstance(levels, NotEstimable):
        return [levels for _move in moves]
    if not moves:
        return []
    points = np.unique(np.concatenate([[*move.starts, *move.targets] for move in moves]))
    weights = np.zeros((len(moves), len(points)))
    for row, move in zip(weights, moves, strict=True):
        np.add.at(row, np.searchsorted(points, move.targets), move.shares)
        np.add.at(row, np.searchsorted(points, move.starts), -move.shares)
    return _estimates(levels, standardised(levels.model, points).combine(weights))


def up_to(levels: Levels, cut: float, name: str) -> Move:
    """Return the scenario in which all answers worse than `cut` rise to it."""
    reach = np.maximum if levels.up > 0 else np.minimum
    return Move(
        name=name, values={"cut": f"{cut:g}"}, starts=levels.scores,
        targets=reach(levels.scores, cut), shares=levels.shares,
    )  # fmt: skip


def worst_group(
    levels: Levels, cells: pd.DataFrame, segment: str, *, smallest: int = 10
) -> Move | None:
    """Return the scenario in which a segment's least satisfied group rises to the mean of all.

    Its answers all rise by as many points as it lies below. None where no group lies below.
    """
    names = named_levels(cells[segment])
    sums = cells.assign(group=names, points=cells["score"] * cells["n"])
    sums = sums.groupby("group")[["n", "points"]].sum()
    mean = sums["points"].sum() / sums["n"].sum()
    customers = customers_by(cells.assign(group=names), "group", "n")
    below = levels.up * (mean - sums["points"] / sums["n"])[~withheld(customers, smallest)]
    if len(sums) < 2 or below.empty or below.max() <= 0:
        return None
    group = below.idxmax()
    counts = cells[(names == group) & (cells["n"] > 0)].groupby("score")["n"].sum()
    starts = counts.index.to_numpy(float)
    return Move(
        name="{segment}: {group} up to the mean of all",
        values={"segment": segment, "group": str(group)},
        starts=starts,
        targets=levels.raised(starts, float(below.max())),
        shares=counts.to_numpy(float) / sums["n"].sum(),
    )


def standard_moves(
    levels: Levels | NotEstimable,
    cells: pd.DataFrame,
    question: Question,
    *,
    segments: Sequence[str] = (),
    smallest: int = 10,
) -> list[Move]:
    """Return the page's scenarios: the unsatisfied up, each segment's worst group up."""
    if isinstance(levels, NotEstimable):
        return []
    is_nps = question.kind == "nps"
    cut = LOWEST[1] if is_nps else question.satisfied_at
    name = "All below {cut} reach {cut}" if levels.up > 0 else "All above {cut} reach {cut}"
    name = "Every detractor becomes a passive" if is_nps else name
    worst = [
        worst_group(levels, cells, segment, smallest=smallest)
        for segment in segments
        if segment in cells
    ]
    return [up_to(levels, cut, name), *filter(None, worst)]


def scenario_table(levels: Levels | NotEstimable, moves: Sequence[Move]) -> pd.DataFrame:
    """Return the scenarios, per answer and within the window.

    Returns
    -------
    One row a scenario, its name in findings as index: scenario, answers_moved (share of all),
    per_answer_ value, low, high, why, unit; n. One row that says why where there is no model.
    """
    effects: list[MaybeEstimate]
    if isinstance(levels, NotEstimable):
        nowhere = np.array([0.0])
        moves = [Move(name="All scenarios", starts=nowhere, targets=nowhere, shares=nowhere)]
        effects = [levels]
    else:
        effects = changed(levels, moves)
    shares = [move.moved for move in moves]
    names = pd.DataFrame({"scenario": [move.label for move in moves], "answers_moved": shares})
    return _beside(names, effects).set_axis([move.key for move in moves])


def nps_table(
    cells: pd.DataFrame,
    question: Question,
    *,
    controls: Sequence[str] = (),
    currency: str,
) -> pd.DataFrame:
    """Return what 1, 5 and 10 more NPS points go with in money, by each way to gain them.

    A mean model on three groups, standardised; `possible` says whether the groups left now hold
    so many answers.

    Returns
    -------
    As `scenario_table`, with NPS_points and possible; no rows where the question has no NPS.
    """
    if question.kind != "nps":
        return pd.DataFrame()
    model = by_group(cells, kind=question.kind, controls=controls, outcome=money_of(cells))
    names: list[pd.DataFrame] = []
    effects: list[MaybeEstimate] = []
    for points in NPS_POINTS:
        part = points / 10
        columns = {
            "scenario": list(MOVES),
            "NPS_points": points,
            "answers_moved": [share * part for share, _moves in MOVES.values()],
            "possible": ["yes" if can else "no" for can in possible(cells, points)],
        }
        names.append(pd.DataFrame(columns))
        if isinstance(model, NotEstimable):
            effects += [model] * len(MOVES)
            continue
        moved = standardised(model, LOWEST).combine(STEPS * part)
        method = f"Poisson mean model on three groups; {adjustment(model)}; {CLUSTERED}"
        effects += estimates(moved, unit=currency, method=method)
    return _beside(pd.concat(names, ignore_index=True), effects)


def steps_of_money(starts: pd.DataFrame, *, currency: str) -> pd.DataFrame:
    """Return `by_start` as it is recorded: step as plain text ("6 to 7"), unit; none if unknown."""
    known = starts[[isinstance(step, Reason) for step in starts["step"]]]
    spans = [dict(step.values) for step in known["step"]]
    return known.assign(
        step=["{low:g} to {high:g}".format(**span) for span in spans], unit=currency
    )


def clear_stretch(steps: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return the steps that lie together round the largest one that is clearly worth something.

    Clear after a correction for all steps that were tried (Bonferroni); empty where none is.

    Parameters
    ----------
    steps : what a further point goes with, by step, from the worst score up.

    Examples
    --------
    >>> worth = {"6 to 7": (8, 4), "7 to 8": (11, 6), "8 to 9": (2, 5)}
    >>> steps = {
    ...     step: Estimate(value=value, low=value - half, high=value + half, n=90, unit="EUR")
    ...     for step, (value, half) in worth.items()
    ... }
    >>> list(clear_stretch(steps))
    ['6 to 7', '7 to 8']
    """
    names = list(steps)
    clear = [one.value > 0 and is_clear(one, of=len(steps)) for one in steps.values()]
    if not any(clear):
        return {}
    first = max((at for at, is_clear in enumerate(clear) if is_clear),
                key=lambda at: steps[names[at]].value)  # fmt: skip
    last = first
    while first > 0 and clear[first - 1]:
        first -= 1
    while last + 1 < len(names) and clear[last + 1]:
        last += 1
    return {name: steps[name] for name in names[first : last + 1]}


def by_start(levels: Levels | NotEstimable) -> pd.DataFrame:
    """Return what one more point goes with from each score on, if all answers stood there.

    Scales of more than twelve points are looked at in wider steps.

    Returns
    -------
    One row a step, from the worst score up: step ("6 to 7"), value, low, high (per answer within
    the window, a point), n (of the whole model: answers that stand at its start may be too few to
    be told), why. One row that says why where the line may not bend: its steps would only repeat
    the model's own form.
    """
    if isinstance(levels, NotEstimable):
        return to_frame([levels], step=["all"])
    if not levels.bends:
        return to_frame([NotEstimable("line_could_not_bend", n=levels.n)], step=["all"])
    low, high = levels.scale
    width = max(1.0, np.ceil((high - low) / MOST_STEPS))
    edges = np.unique([*np.arange(low, high, width), high])[:: int(levels.up)]
    starts, targets = edges[:-1, None], edges[1:, None]
    moves = [
        Move(name="", starts=start, targets=target, shares=1 / np.abs(target - start))
        for start, target in zip(starts, targets, strict=True)
    ]
    names = [span(start, end) for start, end in itertools.pairwise(edges)]
    return to_frame(changed(levels, moves), step=names)


def mending_and_delighting(levels: Levels | NotEstimable) -> dict[str, MaybeEstimate]:
    """Return what a point goes with at the bottom of the scale, at its top, and the difference.

    The lowest and the highest band of the line that may bend; NotEstimable where it may not.
    """
    names = ("mending", "delighting", "difference")
    if isinstance(levels, NotEstimable):
        return dict.fromkeys(names, levels)
    if not levels.bends:
        return dict.fromkeys(names, NotEstimable("ends_not_apart", n=levels.n))
    edges = [levels.scale[0], *levels.bends, levels.scale[1]][:: int(levels.up)]
    points = np.array([edges[0], edges[1], edges[-2], edges[-1]])
    bottom, top = 1 / abs(points[1] - points[0]), 1 / abs(points[3] - points[2])
    weights = np.array([[-bottom, bottom, 0, 0], [0, 0, -top, top], [-bottom, bottom, top, -top]])
    effects = _estimates(levels, standardised(levels.model, points).combine(weights))
    return dict(zip(names, effects, strict=True))


def _estimates(levels: Levels, quantities: Quantities) -> list[MaybeEstimate]:
    method = f"Poisson mean model, standardised; {adjustment(levels.model)}; {CLUSTERED}"
    return [*estimates(quantities, unit=levels.unit, level=levels.level, method=method)]


def _beside(names: pd.DataFrame, effects: Sequence[MaybeEstimate]) -> pd.DataFrame:
    """Return names with what each row goes with, per answer and within the window."""
    both = to_columns(effects, "per_answer")
    return pd.concat([names, both], axis=1).assign(n=[effect.n for effect in effects])
