"""Where on its scale a point of satisfaction counts: score by score, as a curve, band by band.

Cells are as in `repeat_effect`; frames hold NaN only in rows whose `why` says the reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from profitchain.core.estimates import NotEstimable, Reason, to_frame, with_n
from profitchain.effects.repeat_effect import adjustment, nothing
from profitchain.stats.glm import fitted
from profitchain.stats.margins import Wald, estimates, standardised, wald_test
from profitchain.stats.model_matrix import (
    Basis,
    broken_line,
    categories,
    restricted_cubic,
    spline_knots,
)

MOST = 0.5  # share of answers after whose scores all or none came back: these are the finding
FEWEST_SCORES = 4  # fewer distinct scores can't show whether a line is straight
CURVE_POINTS = 41

Band = tuple[float, float]


def bands_of(scale: tuple[float, float], kind: str) -> list[Band]:
    """Return the bands of a scale within which a point's effect is looked at.

    The Net Promoter Score has its own: below and up to 6, to 8, to 10. Other scales are cut at the
    middle and at three quarters.

    Examples
    --------
    >>> bands_of((0, 10), "nps"), bands_of((1, 5), "csat")
    ([(0, 6), (6, 8), (8, 10)], [(1, 3), (3, 4), (4, 5)])
    """
    low, high = scale
    inner = [int(np.floor(low + share * (high - low) + 0.5)) for share in (0.5, 0.75)]
    inner = [6, 8] if kind == "nps" else inner
    edges = sorted({low, *inner, high})
    return list(itertools.pairwise(edges))


def adjusted_rates(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), smallest: int = 10, level: float = 0.95
) -> pd.DataFrame:
    """Return the repeat probability at each score if all else were as it is (score as categories).

    A score with fewer than `smallest` answers joins its nearest neighbour, as does one after which
    all or none came back, unless most answers are so.

    Returns
    -------
    One row a score, or group of scores: score (of a group: the mean), value, low, high, n,
    merged ("0 to 2", or ""), why.
    """
    if cells["n"].sum() == 0:
        return nothing(cells).assign(merged="")
    groups = score_groups(cells, smallest=smallest)
    labels = {"score": groups["score"], "merged": groups["merged"]}
    if len(groups) < 2 and cells["score"].nunique() > 1:
        return to_frame([NotEstimable("all_or_none_back", n=int(n)) for n in groups["n"]], **labels)
    model = fitted(cells, categories(groups["lowest"].iloc[1:].to_numpy()), controls=controls)
    if isinstance(model, NotEstimable):
        return to_frame([model] * len(groups), **labels)
    means = standardised(model, groups["lowest"].to_numpy())
    rates = estimates(means, unit="share", share=True, level=level)
    return to_frame(map(with_n, rates, groups["n"]), **labels)


def repeat_curve(
    cells: pd.DataFrame, *, controls: Sequence[str] = (), level: float = 0.95
) -> pd.DataFrame:
    """Return the repeat probability along the scale from a smooth curve (restricted cubic spline).

    Returns
    -------
    One row a point of the curve: score, value, low, high (shares), n (all answers), why.
    """
    if cells["n"].sum() == 0:
        return nothing(cells)
    distinct = np.unique(cells["score"])
    if len(distinct) < FEWEST_SCORES:
        return to_frame([_few_scores(cells)] * len(distinct), score=distinct)
    model = fitted(cells, spline(cells), controls=controls)
    if isinstance(model, NotEstimable):
        return to_frame([model] * len(distinct), score=distinct)
    grid = np.linspace(distinct[0], distinct[-1], CURVE_POINTS)
    rates = estimates(standardised(model, grid), unit="share", share=True, level=level)
    return to_frame(rates, score=grid)


def at_whole_scores(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the points of a curve that lie at whole scores, as they are recorded."""
    whole = curve["score"].round()
    return curve.assign(score=whole)[np.isclose(curve["score"], whole)]


def linearity(
    cells: pd.DataFrame,
    *,
    bands: Sequence[Band] = (),
    controls: Sequence[str] = (),
    smallest: int = 10,
) -> Wald | NotEstimable:
    """Return a test that each point of the scale counts the same (on the logit scale).

    Scales with six or more distinct scores: a line that may bend at the edges of `bands`, fixed
    before the data are seen, or the spline's bent terms without any; four or five: the scores as
    categories beyond the straight line. A small p-value says that the line is bent; a large one
    does not say that it is straight.
    """
    groups = score_groups(cells, smallest=smallest)
    if len(groups) < FEWEST_SCORES:
        return _few_scores(cells)
    if len(groups) < 6:
        basis, how = broken_line(groups["lowest"].iloc[1:-1]), "scores as categories"
    elif inner := inner_edges(cells, bands, smallest):
        bends = " and ".join(f"{edge:g}" for edge in inner)
        basis, how = broken_line(inner), f"a line that may bend at {bends}"
    else:
        basis, how = spline(cells), "restricted cubic spline"
    model = fitted(cells, basis, controls=controls)
    if isinstance(model, NotEstimable):
        return model
    if model.penalised:  # Wald tests have no power there (Hauck and Donner 1977, JASA 72: 851-853)
        return NotEstimable("bend_where_all_or_none", n=model.design.answers)
    bent = np.eye(len(model.coefficients.values))[1 : model.design.score_terms]
    method = f"Wald test, {how} against a straight line; {adjustment(model)}"
    return wald_test(model.coefficients.combine(bent), method)


def effect_by_band(
    cells: pd.DataFrame,
    *,
    bands: Sequence[Band],
    controls: Sequence[str] = (),
    smallest: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Return what one more point goes with in each band of the scale.

    The score enters as a line that bends at the bands' edges; a band's effect is the difference of
    the standardised probabilities at its two ends, divided by its width.

    Returns
    -------
    One row a band: band, value, low, high (share per point), n (answers in the band), why.
    """
    labels = [span(low, high) for low, high in bands]
    counts = _in_bands(cells, bands)
    thick = _thick(cells, bands, smallest)
    model = fitted(cells, broken_line(inner_edges(cells, bands, smallest)), controls=controls)
    if isinstance(model, NotEstimable):
        return to_frame([with_n(model, n) for n in counts], band=labels)
    ends = standardised(model, [end for band in bands for end in band])
    widths = np.array([[high - low] for low, high in bands])
    slopes = ends.combine(np.kron(np.eye(len(bands)), [-1.0, 1.0]) / widths)
    too_few = NotEstimable("too_few_in_band", smallest=smallest)
    effects = estimates(slopes, unit="share", level=level)
    rows = [effect if enough else too_few for effect, enough in zip(effects, thick, strict=True)]
    return to_frame(map(with_n, rows, counts), band=labels)


def score_groups(cells: pd.DataFrame, *, smallest: int) -> pd.DataFrame:
    """Return the scores, each thin one joined to its nearest neighbour until all can stand.

    Thin: fewer than `smallest` answers, or all or none came back, unless most answers are so.

    Returns
    -------
    One row a group, ascending: lowest, highest, score (mean), n, repeats, merged.
    """
    sums = cells[cells["n"] > 0].groupby("score")[["n", "repeats"]].sum()
    rows = [(score, score, score * n, n, back) for score, n, back in sums.itertuples()]
    same = (sums["repeats"] == 0) | (sums["repeats"] == sums["n"])
    joined = sums["n"][same].sum() < MOST * sums["n"].sum()
    while len(rows) > 1 and (
        thin := [row for row in rows if row[3] < smallest or (joined and row[4] in (0, row[3]))]
    ):
        place = rows.index(min(thin, key=lambda row: row[3]))
        other = _neighbour(rows, place)
        first, second = sorted((rows[place], rows[other]))
        joined = (first[0], second[1], *(a + b for a, b in zip(first[2:], second[2:], strict=True)))
        rows[min(place, other) : max(place, other) + 1] = [joined]
    groups = pd.DataFrame(rows, columns=["lowest", "highest", "product", "n", "repeats"])
    groups["score"] = groups["product"] / groups["n"]
    spans = zip(groups["lowest"], groups["highest"], strict=True)
    groups["merged"] = ["" if low == high else span(low, high) for low, high in spans]
    return groups.drop(columns="product")


def span(start: float, end: float) -> Reason:
    """Return a stretch of the scale, which words say as "6 to 8"."""
    return Reason.of("span", low=float(start), high=float(end))


def _thick(cells: pd.DataFrame, bands: Sequence[Band], smallest: int) -> np.ndarray:
    telling = _in_bands(cells, bands)
    if len(bands) > 1:  # answers on the first band's upper edge tell of no slope
        telling[0] -= cells.loc[cells["score"] == bands[0][1], "n"].sum()
    return telling >= smallest


def inner_edges(cells: pd.DataFrame, bands: Sequence[Band], smallest: int) -> list[float]:
    """Return the edges between bands that both hold enough answers to tell a bend."""
    if not bands:
        return []
    thick = _thick(cells, bands, smallest)
    both = thick[1:] & thick[:-1]
    return [band[0] for band, enough in zip(bands[1:], both, strict=True) if enough]


def spline(cells: pd.DataFrame) -> Basis:
    """Return the restricted cubic spline of these answers' scores."""
    scores, n = (cells[name].to_numpy(float) for name in ("score", "n"))
    return restricted_cubic(spline_knots(scores, n))


def _neighbour(rows: Sequence[tuple[float, ...]], place: int) -> int:
    """Return the place of the group nearest on the scale; of two, the smaller."""
    around = [other for other in (place - 1, place + 1) if 0 <= other < len(rows)]

    def far(other: int) -> tuple[float, float]:
        first, second = rows[min(place, other)], rows[max(place, other)]
        return second[0] - first[1], rows[other][3]

    return min(around, key=far)


def _in_bands(cells: pd.DataFrame, bands: Sequence[Band]) -> np.ndarray:
    """Return the answers of each band; one on an edge belongs to the band below it."""
    inner = [band[0] for band in bands[1:]]
    place = np.searchsorted(inner, cells["score"].to_numpy(float), side="left")
    return np.bincount(place, cells["n"].to_numpy(float), len(bands)).astype(float)


def _few_scores(cells: pd.DataFrame) -> NotEstimable:
    return NotEstimable("too_few_scores_for_a_bend", n=int(cells["n"].sum()))
