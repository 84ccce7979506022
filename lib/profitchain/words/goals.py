"""Goals and benchmarks: what the page of what needs somebody may say of them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from profitchain.core.estimates import Estimate, MaybeEstimate, NotEstimable
from profitchain.core.formats import interval, number, plain
from profitchain.core.i18n import N_, _
from profitchain.panel.edition import Edition
from profitchain.watch import goals as aims
from profitchain.watch.goals import Goal, Standing
from profitchain.words.catalogue import words_of
from profitchain.words.presentation import Presentation, Said
from profitchain.words.reasons import text
from profitchain.words.watch import metric_name

STATES = {aims.REACHED: N_("reached"), aims.MISSED: N_("not reached")}
POSITIONS = words_of("goals", "positions")


def goals_in_brief(found: Sequence[Goal] | NotEstimable, *, edition: Edition) -> list[Said]:
    """Return the chance of the goal that comes first, and how many are past."""
    if isinstance(found, NotEstimable):
        return [Said("goals_none", {"why": text(found)})]
    open_ = [one for one in found if one.state == aims.OPEN and isinstance(one.chance, Estimate)]
    if not open_:
        return [Said("goals_past")]
    first = min(open_, key=lambda one: (one.by, one.metric))
    values = {
        "metric": metric_name(first.metric, edition), "target": plain(first.target, first.unit),
        "day": f"{first.by:%Y-%m-%d}", "chance": plain(_value(first.chance), "share", places=0),
    }  # fmt: skip
    return [Said("goals", values)]


def goals(found: Sequence[Goal] | NotEstimable, *, edition: Edition) -> Presentation:
    """Return each goal with the chance to reach it, or whether it was reached."""
    if isinstance(found, NotEstimable):
        return Presentation(_no_rows("measure"), "none", {"empty": text(found)})
    rows = pd.DataFrame(
        {
            "measure": [metric_name(one.metric, edition) for one in found],
            "target": [plain(one.target, one.unit) if one.unit else f"{one.target:g}"
                       for one in found],
            "by": [f"{one.by:%Y-%m-%d}" for one in found],
            "now": [number(one.now) if isinstance(one.now, Estimate) else "–" for one in found],
            "chance": [_chance_in_words(one) for one in found],
        }
    )  # fmt: skip
    return Presentation(rows, "what", {"empty": ""})


def _chance_in_words(one: Goal) -> str:
    if one.state in STATES:
        return _(STATES[one.state])
    if isinstance(one.chance, NotEstimable):
        return text(one.chance)
    return plain(one.chance.value, "share", places=0)


def benchmarks(found: Sequence[Standing] | NotEstimable, *, edition: Edition) -> Presentation:
    """Return where the firm stands beside each stated range."""
    if isinstance(found, NotEstimable):
        return Presentation(_no_rows("measure"), "none", {"empty": text(found)})
    units = [getattr(one.own, "unit", "") or "ratio" for one in found]
    rows = pd.DataFrame(
        {
            "measure": [metric_name(one.metric, edition) for one in found],
            "ours": [_own_in_words(one) for one in found],
            "range": [
                _("{low} to {high}", low=plain(one.low, unit), high=plain(one.high, unit))
                for one, unit in zip(found, units, strict=True)
            ],
            "verdict": [_(POSITIONS[one.position]) for one in found],
            "source": [f"{one.source}, {one.year}" if one.year else one.source for one in found],
        }
    )
    known = any(one.position != aims.GREY for one in found)
    return Presentation(rows, "what" if known else "grey", {"empty": ""})


def _own_in_words(one: Standing) -> str:
    if isinstance(one.own, NotEstimable):
        return text(one.own)
    return _("{value} ({interval})", value=number(one.own), interval=interval(one.own, bare=True))


def _value(one: MaybeEstimate) -> float:
    assert isinstance(one, Estimate)
    return one.value


def _no_rows(name: str) -> pd.DataFrame:
    return pd.DataFrame({name: []})
