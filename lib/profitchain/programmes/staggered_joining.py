"""What joining did where customers join one after another: groups by when they joined.

Callaway and Sant'Anna (2021), J. Econometrics 225: 200-230: the effect on those who joined in month
g, in month t, is their change since a base before g less the change of those who had not joined by
t. Effects are added up by months since joining, each group by its customers. Who joins later are
people of the same kind as those who join now; who never joins need not be. The months next to
joining are left out (`around`): what makes customers join (an order) isn't what joining does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from profitchain.core.estimates import NotEstimable
from profitchain.programmes.contrasts import FEWEST_MEMBERS, Contrast

NEVER = 10**6
METHOD = "Callaway and Sant'Anna, later members as comparison"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """`base`: periods before joining that are the comparison; `around`: left out before joining.

    `horizon`: effects of 1 to so many periods after joining (`since`: the first); `later_only`:
    those who never join are no comparison.
    """

    base: int = 3
    around: int = 1
    since: int = 1
    horizon: int = 12
    later_only: bool = True
    fewest: int = FEWEST_MEMBERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What is known of customers: `outcomes` (customers x periods), and the period each joined in.

    `known` is the first period in which each is a customer, `place` a code: compared are customers
    of the same place, so that what hits a place in a month hits both sides.
    """

    outcomes: np.ndarray
    joined: np.ndarray
    known: np.ndarray
    place: np.ndarray


def joining_effect(panel: Joining, timing: Timing) -> Contrast | NotEstimable:
    """Return what joining brought over the horizon: the effects by periods since, added up.

    Fewer periods where no more are known of enough members; scaled to the horizon then, from half
    of it on.
    """
    found = []
    for since in range(timing.since, timing.horizon + 1):
        one = effect_at(panel, timing, since)
        if one is None or one.treated < timing.fewest:
            break
        found.append(one)
    if not found:
        return NotEstimable("nobody_joins_later", n=int((panel.joined < NEVER).sum()))
    wanted = timing.horizon - timing.since + 1
    if len(found) < wanted / 2:
        return NotEstimable("too_short_since_joining", n=found[0].treated, months=len(found))
    factor = wanted / len(found)
    return Contrast(
        value=factor * sum(one.value for one in found),
        parts=factor * np.sum([one.parts for one in found], axis=0),
        level=factor * sum(one.level for one in found),
        level_parts=factor * np.sum([one.level_parts for one in found], axis=0),
        treated=found[0].treated, compared=found[0].compared, method=METHOD,
    )  # fmt: skip


def drift_before(panel: Joining, timing: Timing) -> Contrast | NotEstimable:
    """Return by how much members had moved away from later members before anybody joined.

    The base against as many periods before it, as a change over the horizon: it must be near zero.
    """
    parts: list[Contrast] = []
    for back in range(timing.base):
        one = effect_at(panel, timing, -timing.around - timing.base - 1 - back)
        if one is not None and one.treated >= timing.fewest:
            parts.append(one)
    if not parts:
        return NotEstimable("too_few_before_joining", n=int((panel.joined < NEVER).sum()))
    factor = -timing.horizon / len(parts)
    return Contrast(
        value=factor * sum(one.value for one in parts),
        parts=factor * np.sum([one.parts for one in parts], axis=0),
        level=0.0, level_parts=np.zeros(len(panel.joined)),
        treated=parts[0].treated, compared=parts[0].compared, method=METHOD,
    )  # fmt: skip


def effect_at(panel: Joining, timing: Timing, since: int) -> Contrast | None:
    """Return the mean effect `since` periods after joining, over all groups that allow it."""
    groups = [
        found
        for group in np.unique(panel.joined[panel.joined < NEVER])
        for found in _of_group(panel, timing, int(group), since)
    ]
    treated = sum(len(found.members) for found in groups)
    if not treated:
        return None
    value = sum(found.above.sum() for found in groups) / treated
    level = sum(found.own.sum() for found in groups) / treated
    many = len(panel.joined)
    parts, level_parts, compared = np.zeros(many), np.zeros(many), np.zeros(many, bool)
    for found in groups:
        parts[found.members] += (found.above - value) / treated
        level_parts[found.members] += (found.own - level) / treated
        n = len(found.others)
        weight = len(found.members) / (treated * np.sqrt(n * (n - 1)))
        parts[found.others] -= weight * found.left
        compared[found.others] = True
    spread = np.sqrt(treated / max(treated - 1, 1))
    return Contrast(value=float(value), parts=parts * spread, level=float(level),
                    level_parts=level_parts * spread, treated=treated,
                    compared=int(compared.sum()), method=METHOD)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Members of one place who joined together, those they are compared with, and both changes.

    `above` is each member's change less the others' mean, `own` the outcome, `left` what each of
    the others' change is beside their mean.
    """

    members: np.ndarray
    others: np.ndarray
    above: np.ndarray
    own: np.ndarray
    left: np.ndarray


def _of_group(panel: Joining, timing: Timing, group: int, since: int) -> list[_Group]:
    """Return who joined in one period, by place, as far as somebody is there to compare with."""
    at, end = group + since, group - timing.around
    start, periods = end - timing.base, panel.outcomes.shape[1]
    if start < 0 or not 0 <= at < periods:
        return []
    change = panel.outcomes[:, at] - panel.outcomes[:, start:end].mean(axis=1)
    is_known = panel.known <= min(end - 1, at)
    ahead = max(at, group) + timing.around
    is_other = is_known & (panel.joined > ahead)
    if timing.later_only:
        is_other &= panel.joined < NEVER
    is_member = is_known & (panel.joined == group)
    found = []
    for place in np.unique(panel.place[is_member]):
        members = np.flatnonzero(is_member & (panel.place == place))
        others = np.flatnonzero(is_other & (panel.place == place))
        if len(others) < 2:
            continue
        mean = change[others].mean()
        own = panel.outcomes[members, at]
        found.append(
            _Group(members=members, others=others, above=change[members] - mean, own=own,
                   left=change[others] - mean)
        )  # fmt: skip
    return found
