"""What joining did where customers join one after another: groups by when they joined.

Callaway and Sant'Anna (2021), J. Econometrics 225: 200-230: the effect on those who joined in month
g, in month t, is their change since a base before g beside that of customers who hadn't joined.
Effects are added up by months since joining, each group by its customers. The months next to
joining are left out of base and effect (`around`). Changes are shares of what was before
(Wooldridge 2023, Econometrics J. 26: C31-C66): seasons, shocks and leaving take more from those who
buy more.

An order often makes a member, and who will join later has not left yet. So those who hadn't joined
in g stay the comparison whatever they do later, and what later members among them gained by joining
themselves, which those who joined before show, is taken off. What an order means is the caller's to
hold alike (`Joining.alike`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from profitchain.core.estimates import NotEstimable
from profitchain.programmes.contrasts import FEWEST_MEMBERS, Contrast, added, scaled

NEVER = 10**6
MOST_LEVERAGE = 0.5
MOST_JOINED = 0.5  # of those compared with, in the month looked at
METHOD = "Callaway and Sant'Anna, changes as shares (Wooldridge)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """`base`: periods before joining that are the comparison; `around`: left out before joining.

    `horizon`: effects of 1 to so many periods after joining (`since`: the first). `as_shares`:
    changes are shares of the base, and who hadn't joined in the group's period is a comparison;
    else changes are differences, as published, and nobody is who joins before the period looked at.
    `fewest` members in all, and `others` to compare those alike with, counted by how they weigh
    (Kish).
    """

    base: int = 6
    around: int = 1
    since: int = 1
    horizon: int = 12
    as_shares: bool = True
    fewest: int = FEWEST_MEMBERS
    others: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What is known of customers: `outcomes` (customers x periods), and the period each joined in.

    Outcomes are NaN as long as somebody was no customer. `alike` (customers x periods) is a code:
    members are compared with customers of the same code in the period of joining; below 0, they
    are not compared.
    """

    outcomes: np.ndarray
    joined: np.ndarray
    alike: np.ndarray


def joining_effect(panel: Joining, timing: Timing) -> Contrast | NotEstimable:
    """Return what joining brought over the horizon: the effects by periods since, added up.

    Fewer periods where no more are known of enough members; scaled to the horizon then, from half
    of it on.
    """
    groups, found = list(_groups(panel, timing)), list[Contrast]()
    one = None
    for since in range(timing.since, timing.horizon + 1):
        cells = _cells_at(panel, groups, timing, since, [one.value for one in found])
        one = _mean_effect(cells, len(panel.joined))
        if one is None or one.treated < timing.fewest:
            break
        found.append(_with_errors_of_gains(one, cells, found) if timing.as_shares else one)
    if not found:
        n = 0 if one is None else one.treated
        return NotEstimable("too_few_alike", n=n, members=n, needed=timing.fewest)
    wanted = timing.horizon - timing.since + 1
    if len(found) < wanted / 2:
        return NotEstimable("too_short_since_joining", n=found[0].treated, months=len(found))
    return scaled(added(found), wanted / len(found))


def drift_before(panel: Joining, timing: Timing) -> Contrast | NotEstimable:
    """Return by how much members had moved away from the others before anybody joined.

    The base against as many periods before it, as a change over the horizon: it must be near zero.
    """
    backs = [effect_at(panel, timing, -timing.around - timing.base - 1 - back)
             for back in range(timing.base)]  # fmt: skip
    parts = [one for one in backs if one is not None and one.treated >= timing.fewest]
    if not parts:
        return NotEstimable("too_few_before_joining", n=int((panel.joined < NEVER).sum()))
    return scaled(added(parts), -timing.horizon / len(parts))


def effect_at(panel: Joining, timing: Timing, since: int) -> Contrast | None:
    """Return the mean effect `since` periods after joining, over all groups that allow it.

    What later members among the comparison gained is still in it.
    """
    cells = _cells_at(panel, list(_groups(panel, timing)), timing, since, [])
    return _mean_effect(cells, len(panel.joined))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Who joined in one period or hadn't yet (customers' `rows`), and what each had before.

    `sides` holds members and others of each kind, as places among the rows.
    """

    period: int
    rows: np.ndarray
    base: np.ndarray
    sides: list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """Members who joined together, those alike they are compared with, in one period.

    `above` is what each member had above what was to be expected, `own` the outcome, `left` what
    each of the others had so, by how much they weigh (HC2: MacKinnon and White 1985,
    J. Econometrics 29: 305-325). `weight` is how many members one of the others stands for,
    `gained` the number of these who had joined, by periods since (0 and 1 together).
    """

    members: np.ndarray
    others: np.ndarray
    above: np.ndarray
    own: np.ndarray
    left: np.ndarray
    weight: float
    gained: np.ndarray


def _groups(panel: Joining, timing: Timing) -> Iterator[_Group]:
    periods = panel.outcomes.shape[1]
    for period in np.unique(panel.joined[panel.joined < periods]).tolist():
        end = period - timing.around
        start = max(end - timing.base, 0)
        if end <= start:
            continue
        rows = np.flatnonzero((panel.joined >= period) & (panel.alike[:, period] >= 0))
        before = panel.outcomes[rows, start:end]
        known = (~np.isnan(before)).sum(axis=1)
        rows, before, known = rows[known > 0], before[known > 0], known[known > 0]
        alike, is_member = panel.alike[rows, period], panel.joined[rows] == period
        sides = [
            (
                np.flatnonzero(is_member & (alike == code)),
                np.flatnonzero(~is_member & (alike == code)),
            )
            for code in np.unique(alike[is_member])
        ]
        yield _Group(period=period, rows=rows, base=np.nansum(before, axis=1) / known, sides=sides)


def _cells_at(
    panel: Joining, groups: list[_Group], timing: Timing, since: int, gains: list[float]
) -> list[_Cell]:
    """Return who joined in each period beside those alike, as far as somebody is there.

    `gains`: what joining brought in the first, second ... period after it, as far as it is known;
    it is taken off the others who joined since.
    """
    found, known_gains = [], np.array([*gains, 0.0])
    for group in groups:
        at, periods = group.period + since, panel.outcomes.shape[1]
        if not 0 <= at < periods:
            continue
        now, joined = panel.outcomes[group.rows, at], panel.joined[group.rows]
        ahead = group.period if timing.as_shares else max(at, group.period) + timing.around
        is_known = ~np.isnan(now)
        is_other = is_known & (joined > ahead)
        for members, others in group.sides:
            members, others = members[is_known[members]], others[is_other[others]]
            later = others[joined[others] <= at]
            periods_since = np.maximum(at - joined[later], 1)
            now[later] -= known_gains[np.minimum(periods_since, len(known_gains)) - 1]
            gained = np.bincount(periods_since)
            if not len(members) or gained.sum() > MOST_JOINED * len(others):
                continue
            if (cell := _cell(group, now, (members, others), gained, timing)) is not None:
                found.append(cell)
    return found


def _cell(
    group: _Group, now: np.ndarray, sides: tuple[np.ndarray, np.ndarray], gained: np.ndarray,
    timing: Timing,
) -> _Cell | None:  # fmt: skip
    members, others = sides
    base = group.base
    counts = base if timing.as_shares else np.ones(len(base))
    weighed = counts[others].sum()
    if not weighed > 0 or weighed**2 < timing.others * (counts[others] ** 2).sum():
        return None
    if timing.as_shares:
        expected = base * _ratio(now[others], base[others])
    else:
        expected = base + (now - base)[others].mean()
    above = now - expected
    leverage = np.clip(counts[others] / weighed, 0, MOST_LEVERAGE)
    return _Cell(
        members=group.rows[members], others=group.rows[others], above=above[members],
        own=now[members], left=above[others] / np.sqrt(1 - leverage),
        weight=float(counts[members].sum() / weighed), gained=gained,
    )  # fmt: skip


def _ratio(after: np.ndarray, before: np.ndarray) -> float:
    """Return the ratio of two means, less its bias of first order (Beale 1962)."""
    means, off = (after.mean(), before.mean()), before - before.mean()
    pairs = len(before) * (len(before) - 1)
    return float((means[0] * means[1] + off @ after / pairs) / (means[1] ** 2 + off @ off / pairs))


def _mean_effect(cells: list[_Cell], many: int) -> Contrast | None:
    treated = sum(len(cell.members) for cell in cells)
    if not treated:
        return None
    value = sum(cell.above.sum() for cell in cells) / treated
    level = sum(cell.own.sum() for cell in cells) / treated
    parts, level_parts, compared = np.zeros(many), np.zeros(many), np.zeros(many, bool)
    for cell in cells:
        parts[cell.members] += (cell.above - value) / treated
        level_parts[cell.members] += (cell.own - level) / treated
        parts[cell.others] -= cell.left * cell.weight / treated
        compared[cell.others] = True
    spread = np.sqrt(treated / max(treated - 1, 1))
    return Contrast(value=float(value), parts=parts * spread, level=float(level),
                    level_parts=level_parts * spread, treated=treated,
                    compared=int(compared.sum()), method=METHOD)  # fmt: skip


def _with_errors_of_gains(one: Contrast, cells: list[_Cell], before: list[Contrast]) -> Contrast:
    """Return an effect with the errors of the gains that were taken off, those of `before`.

    What nobody knew yet, in the first period, is the effect itself.
    """
    gained = np.zeros(len(before) + 2)
    for cell in cells:
        gained[: len(cell.gained)] += cell.weight * cell.gained / one.treated
    parts = one.parts
    for share, earlier in zip(gained[1:], before, strict=False):
        parts = parts + share * earlier.parts
    own = 1 - gained[len(before) + 1]
    return replace(one, value=float(one.value / own), parts=parts / own)
